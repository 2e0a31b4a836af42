"""What the printer says of itself, sorted out of one stream of bytes that answers several kinds of questions.

Every answer is told by its fixed bits: DLE EOT (b & 93h = 12h), automatic status (head b & 93h = 10h, three more with
b & 90h = 0), GS r (b & 90h = 0), blocks from a head in 35 37 3B 3D 5F (hex) to NUL. Anything else is dropped and counted.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import TypeVar

from devices.transport import Transport

T = TypeVar("T")

BLOCK_HEADS = frozenset(b"\x35\x37\x3b\x3d\x5f")
BLOCK_MAX = 96
KEPT_MAX = 16
WRITE_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Answers to DLE EOT 1, 2 and 4, as bits mean them."""

    offline: bool
    pin3_high: bool
    cover_open: bool
    paper_out: bool
    error: bool
    paper_low: bool

    @classmethod
    def of(cls, printer: int, offline: int, paper: int) -> Status:
        """From the three bytes."""
        return cls(
            offline=bool(printer & 0x08),
            pin3_high=bool(printer & 0x04),
            cover_open=bool(offline & 0x04),
            paper_out=bool(offline & 0x20) or paper & 0x60 == 0x60,
            error=bool(offline & 0x40),
            paper_low=bool(paper & 0x0C),
        )

    @property
    def stopped_by(self) -> str:
        """Why the printer keeps what it is sent without printing it; empty when it prints."""
        if self.cover_open:
            return "cover_open"
        if self.paper_out:
            return "paper_out"
        if self.error:
            return "printer_error"
        return ""


class Demux:
    """Sorts bytes as they come, in pieces of any size."""

    def __init__(self) -> None:
        self.realtime: deque[int] = deque(maxlen=KEPT_MAX)
        self.sensor: deque[int] = deque(maxlen=KEPT_MAX)
        self.blocks: deque[bytes] = deque(maxlen=KEPT_MAX)
        self.automatic = 0
        self.dropped = 0
        self._block: bytearray | None = None
        self._automatic_left = 0

    def feed(self, data: bytes) -> None:
        """Take bytes from the printer."""
        for byte in data:
            if self._block is not None:
                self._in_block(byte)
            elif self._automatic_left and byte & 0x90 == 0:
                self._automatic_left -= 1
                self.automatic += self._automatic_left == 0
            else:
                self._automatic_left = 0
                self._fresh(byte)

    def _fresh(self, byte: int) -> None:
        if byte in BLOCK_HEADS:
            self._block = bytearray()
        elif byte & 0x93 == 0x12:
            self.realtime.append(byte)
        elif byte & 0x93 == 0x10:
            self._automatic_left = 3
        elif byte & 0x90 == 0:
            self.sensor.append(byte)
        else:
            self.dropped += 1

    def _in_block(self, byte: int) -> None:
        block = self._block
        if block is None:
            return
        if byte == 0:
            self.blocks.append(bytes(block))
            self._block = None
        elif len(block) >= BLOCK_MAX:
            self.dropped += len(block)
            self._block = None
        else:
            block.append(byte)


class Conversation:
    """Questions and answers over an open link; one at a time, the caller holds the line."""

    def __init__(self, link: Transport, answer_wait_s: float, *, together: bool = True) -> None:
        self._link, self._wait_s = link, answer_wait_s
        self.together = together  # whether the printer hears every question of one packet
        self.heard = Demux()

    async def write(self, data: bytes) -> None:
        """Raises LinkLost."""
        await self._link.write(data, WRITE_S)

    async def ask(self, about: int) -> int | None:
        """DLE EOT `about`; None when nothing sensible came in time. Raises LinkLost."""
        return next(iter(await self._answers((about,))), None)

    async def status(self) -> Status | None:
        """None when the printer does not answer all three questions. Raises LinkLost.

        They go out together: on a network the time is in the way there and back. A printer that answers only some of them is
        asked one by one from then on.
        """
        if self.together:
            answers = await self._answers((1, 2, 4))
            if len(answers) == 3:
                return Status.of(*answers)
            if not answers:
                return None
            self.together = False
        one_by_one = []
        for about in (1, 2, 4):
            answer = await self.ask(about)
            if answer is None:
                return None
            one_by_one.append(answer)
        return Status.of(*one_by_one)

    async def fence(self, within_s: float) -> int | None:
        """The answer to a GS r written before; None when it has not come in time. Raises LinkLost."""
        return await self._first(self.heard.sensor, within_s)

    async def block(self, about: int) -> str:
        """GS I `about` as text; empty when the printer does not tell. Raises LinkLost."""
        self.heard.blocks.clear()
        await self.write(bytes((0x1D, 0x49, about)))
        said = await self._first(self.heard.blocks, self._wait_s)
        return said.decode("ascii", "replace").strip()[:64] if said else ""

    async def drain(self) -> None:
        """Forget late answers to earlier questions. Raises LinkLost."""
        while data := await self._link.read(0.01):
            self.heard.feed(data)
        self.heard.realtime.clear()
        self.heard.sensor.clear()

    async def _answers(self, questions: tuple[int, ...]) -> list[int]:
        """To DLE EOT of each, in order; fewer when not all came in time."""
        self.heard.realtime.clear()
        await self.write(b"".join(bytes((0x10, 0x04, about)) for about in questions))
        answers: list[int] = []
        while len(answers) < len(questions) and (answer := await self._first(self.heard.realtime, self._wait_s)) is not None:
            answers.append(answer)
        return answers

    async def _first(self, box: deque[T], within_s: float) -> T | None:
        loop = asyncio.get_running_loop()
        until = loop.time() + within_s
        while not box:
            left = until - loop.time()
            if left <= 0:
                return None
            self.heard.feed(await self._link.read(left))
        return box.popleft()
