"""One conversation with a terminal: a command of ours, its acknowledgement, then everything the terminal tells until it says that it is over.

While a command runs the terminal leads: each message is answered with 80 00. A message before our acknowledgement belongs to an earlier
conversation and is never taken for an answer of this one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from devices.drivers.card_terminal import zvt
from devices.drivers.card_terminal.receipt import Papers
from devices.drivers.card_terminal.wire import Wire
from devices.drivers.card_terminal.zvt import Apdu
from devices.errors import LinkLost, Silent
from hub.clock import Clock

OVER = frozenset({zvt.COMPLETION, zvt.ABORT})
Told = Callable[[Apdu], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a terminal may take, in seconds: between two messages (T4), and for all of it."""

    silence_s: float
    whole_s: float


@dataclass(slots=True, kw_only=True)
class Heard:
    """What the terminal told in one conversation. `refused`: it said no to the command itself. `over`: it said that it is over."""

    refused: int | None = None
    fields: dict[int, bytes] = field(default_factory=dict, repr=False)  # of its last status information
    told_status: bool = False
    said_yes: bool = False  # at any time
    over: Apdu | None = None
    papers: Papers = field(default_factory=Papers, repr=False)

    @property
    def code(self) -> int | None:
        """The result it told: of the abort, else of the status information."""
        if self.over is not None and self.over.control == zvt.ABORT:
            return zvt.result_code(self.over, {})
        return self.told_code

    def no(self) -> int | None:
        """Its code when it clearly did nothing: it refused, told a failure, or aborted. Never after it once said yes."""
        if self.refused is not None:
            return self.refused
        if self.said_yes:
            return None
        aborted = self.over is not None and self.over.control == zvt.ABORT
        return self.told_code or (self.code or zvt.LONG if aborted else None)

    @property
    def told_code(self) -> int | None:
        """The result in its status information alone."""
        said = self.fields.get(zvt.RESULT)
        return said[0] if said else None


class Dialogue:
    """Conversations over one connection, one at a time."""

    def __init__(self, wire: Wire, answer_s: float, clock: Clock) -> None:
        self._wire, self._answer_s, self._clock = wire, answer_s, clock  # an acknowledgement may take so long (T3)
        self.stray: Told = lambda _: None  # called for what belongs to no conversation of now
        self.step: Told = lambda _: None  # called for each intermediate status
        self._abort = asyncio.Event()
        self._abort_said: asyncio.Future[int] | None = None
        self.running = False

    async def hear_out(self, within_s: float) -> None:
        """Take what came unasked; wait for the first of it for so long. Raises LinkLost."""
        await self._more(within_s)
        while (apdu := await self._take()) is not None:
            await self._stray(apdu)

    async def abort(self) -> int:
        """Ask the terminal to stop what runs; its answer, 0 for yes. Raises Silent."""
        asked = self._abort_said = asyncio.get_running_loop().create_future()
        self._abort.set()
        try:
            return await asyncio.wait_for(asyncio.shield(asked), self._answer_s)
        except TimeoutError:
            raise Silent from None
        finally:
            self._abort.clear()
            self._abort_said = None
            asked.cancel()

    async def hold(self, command: Apdu, patience: Patience, heard: Heard) -> None:
        """Say `command` and fill `heard` until it is over or refused. Raises LinkLost or Silent, with `heard` as far as it came."""
        self.running = True
        try:
            await self._say(command)
            await self._agreed(heard)
            until = self._clock.monotonic() + patience.whole_s
            while heard.refused is None and heard.over is None:
                apdu = await self._next(min(patience.silence_s, until - self._clock.monotonic()))
                await self._took(apdu, heard)
        finally:
            self.running = False

    async def _agreed(self, heard: Heard) -> None:
        """Until the command is acknowledged or refused."""
        until = self._clock.monotonic() + self._answer_s
        while True:
            apdu = await self._take()
            if apdu is None:
                if not await self._more(max(0.001, until - self._clock.monotonic())) and self._clock.monotonic() >= until:
                    raise Silent
            elif not apdu.is_answer:
                await self._stray(apdu)
            else:
                heard.refused = None if apdu.agrees else apdu.control & 0xFF
                return

    async def _next(self, within_s: float) -> Apdu:
        """The next message of the terminal; meanwhile our wish to stop is passed on. Raises Silent."""
        until = self._clock.monotonic() + within_s
        while True:
            apdu = await self._take()
            if apdu is not None:
                return apdu
            left = until - self._clock.monotonic()
            if left <= 0:
                raise Silent
            await self._more_or_abort(left)

    async def _more_or_abort(self, within_s: float) -> None:
        coming = asyncio.ensure_future(self._more(within_s))
        wanted = asyncio.ensure_future(self._abort.wait())
        try:
            await asyncio.wait({coming, wanted}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            wanted.cancel()
            if coming.cancel():
                await asyncio.wait({coming})
        if not coming.cancelled():
            coming.result()
        elif self._abort.is_set():
            self._abort.clear()
            await self._say(Apdu(zvt.ABORT_WISH))

    async def _took(self, apdu: Apdu, heard: Heard) -> None:
        if apdu.is_answer:  # to our wish to stop
            if self._abort_said is not None and not self._abort_said.done():
                self._abort_said.set_result(0 if apdu.agrees else apdu.control & 0xFF)
            return
        if apdu.control == zvt.STATUS:
            heard.fields, heard.told_status = zvt.bitmaps(apdu.data), True
            heard.said_yes = heard.said_yes or heard.told_code == 0
        elif apdu.control == zvt.PROGRESS:
            self.step(apdu)
        elif apdu.control in {zvt.PRINT_LINE, zvt.PRINT_BLOCK}:
            heard.papers.add(apdu)
        elif apdu.control in OVER:
            heard.over = apdu
        await self._answer(apdu, heard)

    async def _answer(self, apdu: Apdu, heard: Heard) -> None:
        """80 00. What was told last counts, even when the line breaks under our answer."""
        try:
            await self._say(zvt.YES)
        except (LinkLost, Silent):
            if heard.over is not apdu:
                raise

    async def _stray(self, apdu: Apdu) -> None:
        self.stray(apdu)
        if not apdu.is_answer:
            await self._say(zvt.YES)

    async def _say(self, apdu: Apdu) -> None:
        await self._wire.send(apdu, self._answer_s)

    async def _take(self) -> Apdu | None:
        try:
            return await self._wire.take()
        except zvt.NotZvt:
            raise LinkLost(why="not ZVT") from None

    async def _more(self, within_s: float) -> bool:
        return await self._wire.more(within_s)
