"""The receipt printer: printed once, or flagged.

A job goes: status (DLE EOT 1, 2, 4) → durable mark → bytes in chunks, watched → fence (GS r 1 after the cut) → done.
No paper or an open cover before the first byte: the job waits outside the printer. In the middle: the printer keeps what
it has and prints it after the reload, so nothing is ever sent twice. A link that breaks after the first byte: unknown.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import ClassVar

from pydantic import BaseModel

from devices.driver import Bell, Condition, Driver, Identity, Job, NoArguments, Pace, Result
from devices.drivers.receipt_printer import escpos
from devices.drivers.receipt_printer.drawer import Drawer
from devices.drivers.receipt_printer.profile import PrinterProfile, PrintOrder
from devices.drivers.receipt_printer.status import Conversation, Status
from devices.errors import CannotConnect, LinkLost, Silent
from devices.transport import Transport
from hub.clock import Clock

HOLD_POLL_S = 0.25
FENCE_AGAIN_S = 2.0
FENCE_LOOK_S = 0.3  # no answer to the fence for so long: look why
DRAWER_OPEN_POLL_S = 0.5
_MODEL, _SERIAL, _FIRMWARE = 67, 68, 65


class _NotReady(Exception):
    """The job may not begin; carries how it ends."""

    def __init__(self, result: Result) -> None:
        self.result = result
        super().__init__(result.reason)


class ReceiptPrinter(Driver):
    """One ESC/POS printer with its drawer."""

    kind: ClassVar[str] = "receipt_printer"
    profile: ClassVar[type[PrinterProfile]] = PrinterProfile
    verbs: ClassVar[Mapping[str, type[BaseModel]]] = {"print": PrintOrder, "kick": NoArguments, "status": NoArguments}
    urgent: ClassVar[frozenset[str]] = frozenset({"kick", "status"})
    lasting: ClassVar[frozenset[str]] = frozenset({"print", "kick"})
    pace: ClassVar[Pace] = Pace(poll_s=3.0, poll_wait_s=6.0, miss_s=0.7, back_off_s_max=8.0)

    def __init__(self, profile: PrinterProfile, link: Transport, clock: Clock) -> None:
        self._profile, self._link, self._clock = profile, link, clock
        self._talk = Conversation(link, profile.answer_wait_s)
        self._line = asyncio.Lock()  # one question at a time; a held job lets go of it while it waits
        self._users = 0
        # a network printer that answers nothing shows that it is there by letting us connect, so before each piece of work
        self._holds = link.keeps_open and (profile.monitored or not link.proves_presence)
        self._is_open = False  # only of a link that is held
        self._asked_to_tell = self._tells = False  # automatic status, only over a link that is held
        self._drawer = Drawer(profile, clock)
        self._figures: dict[str, int | float | str | bool | None] = {}
        self.bell = Bell(announce=lambda _: None, show=lambda _: None)

    def follow(self, before: Driver) -> None:
        """The drawer that stood open when the connection broke stands open still."""
        if isinstance(before, ReceiptPrinter):
            self._drawer = before._drawer  # noqa: SLF001 - of its own kind

    async def identify(self) -> Identity:
        """Whether it answers at all, and its name where it tells one. Raises CannotConnect or LinkLost."""
        async with self._at_work(), self._line:
            status = await self._talk.status()
            if status is None:
                return Identity(learned={"monitored": False})
            if status.stopped_by or status.offline:  # GS I waits in line until the printer prints again
                return Identity(learned={"monitored": True})
            model = await self._talk.block(_MODEL)
            if not model:
                return Identity(learned={"monitored": True})
            return Identity(
                model=model,
                serial=await self._talk.block(_SERIAL),
                firmware=await self._talk.block(_FIRMWARE),
                learned={"monitored": True},
            )

    async def poll(self) -> Condition:
        """Ask for its state. Raises CannotConnect, LinkLost, or Silent where only an answer proves it is there."""
        async with self._at_work(), self._line:
            if not self._profile.monitored:
                return self._seen(None)
            status = await self._talk.status()
            if status is None:
                if not self._link.proves_presence:
                    raise Silent
                await self._open_anew()
            elif self._holds and self._tells is self._asked_to_tell and not (status.stopped_by or status.offline):
                self._asked_to_tell = True  # at every poll of one that does: it may have been switched off and on
                await self._talk.write(escpos.TELL)
            return self._seen(status)

    def pause_s(self) -> float:
        """Soon again while the drawer is open and nobody would tell: the till waits for it to be closed."""
        return DRAWER_OPEN_POLL_S if self._drawer.may_move and not self._tells else self.pace.poll_s

    async def rest(self) -> None:
        """Listen to what the printer tells. Raises LinkLost."""
        if not self._asked_to_tell:
            await super().rest()
            return
        until = self._clock.monotonic() + self.pause_s()
        while (left := until - self._clock.monotonic()) > 0:
            told = await self._talk.listen(left)
            if told is not None:
                self._tells = True
                self.bell.show(self._seen(told))

    async def run(self, job: Job) -> Result:
        """Carry out print, kick or status. Raises CannotConnect or LinkLost only when nothing was written."""
        if job.verb == "print":
            return await self._print(job, job.args)
        if job.verb == "kick":
            return await self._kick(job)
        self.bell.show(await self.poll())
        return Result.done()

    async def resume(self, job: Job) -> Result:
        """Wait until the printer prints again; what came out of it then only a person can see."""
        async with self._at_work():
            try:
                await self._while_stopped(job)
            except LinkLost:
                return Result.unknown("lost_while_printing")
        return Result.unknown("restarted_while_held")

    async def stop(self) -> None:
        """Let go of the printer."""
        self._users, self._is_open = 0, False
        self._asked_to_tell = self._tells = False
        await self._link.close()

    # the job

    async def _print(self, job: Job, order: PrintOrder) -> Result:
        try:
            encoded = await self._encoded(order)
        except escpos.BadBarcode as bad:
            return Result.refused(bad.code)
        self._figures["glyphs_missing"] = encoded.glyphs_missing
        async with self._at_work():
            try:
                await self._ready(job)
            except _NotReady as not_ready:
                return not_ready.result
            parts = self._whole(job, encoded)
            await job.before_writing()
            try:
                unbroken = await self._send(job, parts)
                if not self._profile.monitored:
                    return Result.done("unmonitored")
                result = await self._confirmed(job)
                return result if unbroken else Result.unknown("no_confirmation")
            except LinkLost:
                return Result.unknown("lost_while_printing")

    def _whole(self, job: Job, encoded: escpos.Encoded) -> list[bytes]:
        first = [escpos.wash(self._profile)] if job.after_break else []
        last = [escpos.ASK_PAPER] if self._profile.monitored else []
        return escpos.chunks([*first, *encoded.pieces, *last], self._profile.chunk_bytes)

    async def _encoded(self, order: PrintOrder) -> escpos.Encoded:
        plain = escpos.encode(order.document, self._profile, order.copy_no)
        if plain is not None:
            return plain
        return await asyncio.to_thread(escpos.encode_and_draw, order.document, self._profile, order.copy_no)

    async def _ready(self, job: Job) -> None:
        """Return when the first byte may be sent. Raises _NotReady, or CannotConnect and LinkLost before any hold."""
        held = ""
        last_word = self._clock.monotonic()
        while True:
            if job.expired(self._clock.now()):
                raise _NotReady(Result.failed("expired"))
            try:
                status = await self._look(may_open=True)
            except (LinkLost, CannotConnect):
                if not held:
                    raise
                raise _NotReady(Result.later("unreachable")) from None  # switched off to change the roll: it comes back
            stopped = status.stopped_by if status else self._may_be_gone
            if not stopped:
                return
            if status is not None:
                last_word = self._clock.monotonic()
            elif self._clock.monotonic() - last_word > self._profile.silent_s_max:
                raise _NotReady(Result.later(stopped))
            if stopped != held:
                await job.moved("held", stopped)
                held = stopped
            await self._clock.sleep(HOLD_POLL_S)

    @property
    def _may_be_gone(self) -> str:
        """The reason to send nothing to a printer that is silent: on a serial line nothing else shows that it is there."""
        return "silent" if self._profile.monitored and not self._link.proves_presence else ""

    async def _send(self, job: Job, parts: list[bytes]) -> bool:
        """Every part, with a look between them while the printer answers. Raises LinkLost.

        False when it may have lost some of them: behind a serial line a printer that is switched off and on is only silent for a while.
        """
        watched, unbroken = self._profile.monitored, True
        async with self._line:
            await self._talk.drain()
            self._talk.owed += watched
        for at, part in enumerate(parts):
            if at and watched:
                status = await self._look()
                watched = status is not None
                unbroken = unbroken and (watched or not self._may_be_gone)
                if status and status.stopped_by:
                    await self._while_stopped(job)
            async with self._line:
                await self._talk.write(part)
            if at == 0:  # told after the first bytes are on their way: it must not delay them
                await job.moved("printing", "")
        return unbroken

    async def _confirmed(self, job: Job) -> Result:
        """Wait for the fence. Raises LinkLost."""
        began = last_word = asked = self._clock.monotonic()
        may_ask_again = True  # what answers after a silence on a serial line may have lost the receipt, and would answer anything
        while True:
            async with self._line:
                if await self._talk.fence(FENCE_LOOK_S) is not None:
                    self._figures["fence_ms"] = round((self._clock.monotonic() - began) * 1000, 1)
                    return Result.done()
            status = await self._look()
            now = self._clock.monotonic()
            may_ask_again = may_ask_again and not (status is None and self._may_be_gone)
            if status is not None:
                last_word = now
                if status.stopped_by:
                    await self._while_stopped(job)
                    began = last_word = self._clock.monotonic()
                    continue
                if may_ask_again and now - asked > FENCE_AGAIN_S:  # its answer may have been lost on the line; asking again prints nothing
                    asked = now
                    self._talk.owed += 1
                    async with self._line:
                        await self._talk.write(escpos.ASK_PAPER)
            if now - last_word > self._profile.silent_s_max or now - began > self._profile.confirm_s_max:
                return Result.unknown("no_confirmation")

    async def _while_stopped(self, job: Job) -> None:
        """Held: the printer has bytes of this job and keeps them. Returns when it prints again. Raises LinkLost."""
        held = ""
        last_word = self._clock.monotonic()
        while True:
            status = await self._look()
            now = self._clock.monotonic()
            if status is None:
                if now - last_word > self._profile.silent_s_max:
                    raise LinkLost(printer="silent while stopped")
            else:
                last_word = now
                if not status.stopped_by:
                    if held:
                        await job.moved("printing", "")
                    return
                if status.stopped_by != held:
                    held = status.stopped_by
                    await job.moved("held", held)
            await self._clock.sleep(HOLD_POLL_S)

    async def _kick(self, job: Job) -> Result:
        """Open the drawer, once. While the printer is stopped its own way past the line is used."""
        async with self._at_work(), self._line:
            status = await self._status_or_open() if self._profile.monitored else None
            if job.expired(self._clock.now()):
                return Result.failed("expired")
            await job.before_writing()
            self._drawer.kicked()
            at_once = self._users > 1 or (status is not None and bool(status.stopped_by))
            try:
                await self._talk.write(escpos.pulse_at_once(self._profile) if at_once else escpos.pulse(self._profile))
                if status is None:
                    return Result.done("unmonitored") if not self._profile.monitored else Result.unknown("no_confirmation")
                if not at_once:
                    self._talk.heard.sensor.clear()
                    self._talk.owed += 1
                    await self._talk.write(escpos.ASK_PAPER)
                    confirmed = await self._talk.fence(2.0) is not None
                else:
                    confirmed = await self._talk.ask(1) is not None
                return Result.done() if confirmed else Result.unknown("no_confirmation")
            except LinkLost:
                return Result.unknown("cut_short")

    # the link

    @asynccontextmanager
    async def _at_work(self) -> AsyncIterator[None]:
        """The link is open inside. One that serves a single client is closed by the last who leaves."""
        if self._users == 0:
            await self._open()
        self._users += 1
        try:
            yield
        finally:
            self._users = max(0, self._users - 1)
            if self._users == 0 and not self._holds:
                await self._link.close()

    async def _open(self) -> None:
        if self._is_open:
            return
        await self._link.open()
        self._talk = Conversation(self._link, self._profile.answer_wait_s, together=self._talk.together)
        self._is_open = self._holds

    async def _open_anew(self) -> bool:
        """A held connection may be to nobody: make it again, unless it holds a job. Raises CannotConnect."""
        may = self._is_open and self._link.proves_presence and self._users == 1
        if may:
            self._is_open = self._asked_to_tell = self._tells = False
            await self._open()
        return may

    async def _status_or_open(self) -> Status | None:
        """Before anything is written: the state now, over a connection that is to somebody. Raises LinkLost or CannotConnect."""
        try:
            status = await self._talk.status()
        except LinkLost:
            if not await self._open_anew():
                raise
            return await self._talk.status()
        if status is None:
            await self._open_anew()
        return status

    async def _look(self, *, may_open: bool = False) -> Status | None:
        """The state now, shown to the shop. Raises LinkLost, or CannotConnect where it `may_open`."""
        if not self._profile.monitored:
            return None
        async with self._line:
            status = await (self._status_or_open() if may_open else self._talk.status())
        self.bell.show(self._seen(status))
        return status

    def _seen(self, status: Status | None) -> Condition:
        if status is None:
            return Condition(reason="silent" if self._profile.monitored else "unmonitored", figures=dict(self._figures))
        if told := self._drawer.see(high=status.pin3_high):
            self.bell.announce(told)
        self._figures["drawer_open"] = self._drawer.is_open
        self._figures["answers_dropped"] = self._talk.heard.dropped
        why = status.stopped_by or self._drawer.reason
        if not why and status.offline:
            why = "says_offline"
        if not why and self._figures.get("glyphs_missing"):
            why = "no_font"
        return Condition(reason=why or ("paper_low" if status.paper_low else ""), figures=dict(self._figures))
