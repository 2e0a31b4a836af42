"""The label printer: labels printed once, or flagged.

A job goes: status → durable mark → bytes → status, until the printer has come to rest → done. Stopped before the first
byte: the job waits outside the printer. Behind it: the printer keeps what it has and goes on by itself, so nothing is ever
sent twice. A link that breaks after the first byte: unknown. Neither language has an answer in the order of the print,
so "at rest" must be seen twice: a printer may answer before it has begun.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import ClassVar

from pydantic import BaseModel

from devices.driver import Bell, Condition, Driver, Identity, Job, NoArguments, Pace, Result
from devices.drivers.label_printer import zpl
from devices.drivers.label_printer.label import CannotSet, Ink, LabelProfile, Part, PrintLabels, Square, Words, draw, place
from devices.drivers.label_printer.language import Language, NotAStatus, Status
from devices.drivers.label_printer.tspl import TSPL
from devices.drivers.label_printer.zpl import ZPL
from devices.errors import CannotConnect, LinkLost, Silent
from devices.transport import Transport
from hub.clock import Clock

ANSWER_MAX = 512
AT_ONCE_S = 0.002  # what has come already is read
LOOK_S = 0.25
AT_REST = 2  # looks in a row
A_LABEL_S = 5
CHUNK_BYTES = 4096
WRITE_S = 10.0
_LANGUAGES = {"zpl": ZPL, "tspl": TSPL}


class LabelPrinter(Driver):
    """One label printer. A network connection is made for each piece of work: most serve one client, and never tell anything unasked."""

    kind: ClassVar[str] = "label_printer"
    profile: ClassVar[type[LabelProfile]] = LabelProfile
    verbs: ClassVar[Mapping[str, type[BaseModel]]] = {"print": PrintLabels, "status": NoArguments}
    urgent: ClassVar[frozenset[str]] = frozenset({"status"})
    lasting: ClassVar[frozenset[str]] = frozenset({"print"})
    pace: ClassVar[Pace] = Pace(poll_s=3.0, poll_wait_s=6.0, miss_s=0.7, back_off_s_max=8.0)

    def __init__(self, profile: LabelProfile, link: Transport, clock: Clock) -> None:
        self._profile, self._link, self._clock = profile, link, clock
        self._language: Language = _LANGUAGES[profile.language]
        self._line = asyncio.Lock()  # one piece of work at a time; a job that waits outside the printer lets go of it
        self._is_open = False
        self._figures: dict[str, int | float | str | bool | None] = {"answers_refused": 0, "glyphs_missing": 0}
        self.bell = Bell(announce=lambda _: None, show=lambda _: None)

    async def identify(self) -> Identity:
        """Whether it answers at all, and its name where the language has one. Raises CannotConnect or LinkLost."""
        async with self._at_work():
            if await self._status() is None:
                return Identity(learned={"monitored": False})
            if self._language is not ZPL:
                return Identity(learned={"monitored": True})
            answer = await self._asked(zpl.ASK_NAME, lambda said: b"\x03" in said)
            model, firmware, dots_mm = zpl.name(answer or b"")
            learned = {"monitored": True, **({"dots_mm": dots_mm} if dots_mm else {})}
            return Identity(model=model, firmware=firmware, learned=learned)

    async def poll(self) -> Condition:
        """Ask for its state. Raises CannotConnect, LinkLost, or Silent where only an answer proves it is there."""
        async with self._at_work():
            if not self._profile.monitored:
                return self._seen(None)
            status = await self._status()
            if status is None and not self._link.proves_presence:
                await self._wash()  # in the middle of a picture that broke off a question is a part of the picture
                status = await self._status()
                if status is None:
                    raise Silent
            return self._seen(status)

    async def run(self, job: Job) -> Result:
        """Carry out print or status. Raises CannotConnect or LinkLost only when nothing was written."""
        if job.verb == "print":
            return await self._print(job, job.args)
        if not self._line.locked():  # else a job has it, which looks all the time
            self.bell.show(await self.poll())
        return Result.done()

    async def stop(self) -> None:
        """Let go of the printer."""
        self._is_open = False
        await self._link.close()

    # the job

    async def _print(self, job: Job, order: PrintLabels) -> Result:
        try:
            inks = await asyncio.to_thread(self._inks, order)
        except CannotSet as why:
            return Result.refused(why.reason)
        data = self._language.say(inks, self._profile, order.count)
        held, torn, last_word = "", job.after_break, self._clock.monotonic()
        while not job.expired(self._clock.now()):
            try:
                async with self._at_work():
                    if torn:
                        await self._wash()
                        torn = False
                    stopped = await self._stopped_by()
                    if not stopped:
                        return await self._sent(job, data, order.count)
            except (LinkLost, CannotConnect):
                if not held:
                    raise
                return Result.later("unreachable")  # switched off to change the roll: it comes back
            if stopped != "silent":
                last_word = self._clock.monotonic()
            elif not self._link.proves_presence and self._clock.monotonic() - last_word > self._profile.silent_s_max:
                return Result.later(stopped)  # on a serial line nothing else shows that it is there
            if stopped != held:
                await job.moved("held", stopped)
                held = stopped
            await self._clock.sleep(LOOK_S)
        return Result.failed("expired")

    def _inks(self, order: PrintLabels) -> list[Ink]:
        """Raises CannotSet."""
        missing, inks = 0, []
        for part in place(order.label, self._profile):
            ink, lost = self._inked(part)
            inks.append(ink)
            missing += lost
        self._figures["glyphs_missing"] = missing
        return inks

    def _inked(self, part: Part) -> tuple[Ink, int]:
        """The printer's own fonts have no bold and no Chinese, and its QR codes no quiet zone."""
        if isinstance(part, Square):
            return draw(part)
        if isinstance(part, Words) and (part.set_line.bold or not self._language.plain.fullmatch(part.set_line.text)):
            return draw(part)
        return part, 0

    async def _stopped_by(self) -> str:
        """Why no byte may be sent now. A printer that is monitored and silent may be anything but ready. Raises LinkLost."""
        if not self._profile.monitored:
            return ""
        status = await self._look()
        if status is None:
            return "silent"
        return status.stopped_by or ("buffer_full" if status.full else "")

    async def _sent(self, job: Job, data: bytes, count: int) -> Result:
        await job.before_writing()
        try:
            await self._write(data)
            await job.moved("printing", "")
            if not self._profile.monitored:
                return Result.done("unmonitored")
            return await self._at_rest(job, self._profile.confirm_s_max + count * A_LABEL_S)
        except LinkLost:
            return Result.unknown("lost_while_printing")

    async def _at_rest(self, job: Job, within_s: float) -> Result:
        """Wait until it has printed what it has; while it is stopped the time does not run. Raises LinkLost."""
        held, rests = "", 0
        began = last_word = self._clock.monotonic()
        while rests < AT_REST:
            await self._clock.sleep(LOOK_S)
            status = await self._look()
            now = self._clock.monotonic()
            if status is not None:
                last_word = now
                if status.stopped_by:
                    began = now
                if status.stopped_by != held:
                    held = status.stopped_by
                    await job.moved("held" if held else "printing", held)
            rests = rests + 1 if status and not (status.stopped_by or status.busy) else 0
            if now - last_word > self._profile.silent_s_max or now - began > within_s:
                return Result.unknown("no_confirmation")
        return Result.done()

    # the link

    @asynccontextmanager
    async def _at_work(self) -> AsyncIterator[None]:
        """The link is open inside. A line that does not show whether somebody is there is kept open."""
        async with self._line:
            if not self._is_open:
                await self._link.open()
                self._is_open = True
            try:
                yield
            finally:
                if self._link.proves_presence:
                    await self.stop()

    async def _wash(self) -> None:
        """End what a broken job left open; prints nothing. Raises LinkLost."""
        await self._write(self._language.wash(self._profile))

    async def _write(self, data: bytes) -> None:
        """Raises LinkLost."""
        for at in range(0, len(data), CHUNK_BYTES):
            await self._link.write(data[at : at + CHUNK_BYTES], WRITE_S)

    async def _look(self) -> Status | None:
        """The state now, shown to the shop. Raises LinkLost."""
        status = await self._status()
        self.bell.show(self._seen(status))
        return status

    async def _status(self) -> Status | None:
        """None when no answer came that can be understood. Raises LinkLost."""
        answer = await self._asked(self._language.ask, self._language.whole)
        if answer is None:
            return None
        try:
            return self._language.status(answer)
        except NotAStatus:
            self._figures["answers_refused"] = int(self._figures["answers_refused"] or 0) + 1
            return None

    async def _asked(self, question: bytes, whole: Callable[[bytes], bool]) -> bytes | None:
        """None when no whole answer came in time. Raises LinkLost."""
        answer = b""
        try:
            async with asyncio.timeout(self._profile.answer_wait_s):
                while await self._link.read(AT_ONCE_S):  # a late answer to an earlier question
                    pass
                await self._link.write(question, WRITE_S)
                while not whole(answer) and len(answer) <= ANSWER_MAX:
                    answer += await self._link.read(self._profile.answer_wait_s)
        except TimeoutError:
            return None
        return answer

    def _seen(self, status: Status | None) -> Condition:
        if status is None:
            return Condition(reason="silent" if self._profile.monitored else "unmonitored", figures=dict(self._figures))
        self._figures["labels_left"] = status.labels_left
        why = status.stopped_by or ("buffer_full" if status.full else "")
        return Condition(reason=why or ("no_font" if self._figures["glyphs_missing"] else ""), figures=dict(self._figures))
