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
FRAME_BYTES = 4
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

    @classmethod
    def of_automatic(cls, frame: bytes) -> Status:
        """From the four bytes of automatic status."""
        head, trouble, paper, _ = frame
        return cls(
            offline=bool(head & 0x08),
            pin3_high=bool(head & 0x04),
            cover_open=bool(head & 0x20),
            paper_out=bool(paper & 0x0C),
            error=bool(trouble & 0x6C),
            paper_low=bool(paper & 0x03),
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
        self.automatic = b""  # the newest whole frame, where it is newer than every answer in `realtime`
        self.dropped = 0
        self._block: bytearray | None = None
        self._frame = b""  # of an automatic status whose rest has not come

    def feed(self, data: bytes) -> None:
        """Take bytes from the printer."""
        for byte in data:
            if self._block is not None:
                self._in_block(byte)
            elif self._frame and byte & 0x90 == 0:
                self._frame += bytes((byte,))
                if len(self._frame) == FRAME_BYTES:
                    self.automatic, self._frame = self._frame, b""
            else:
                self._frame = b""
                self._fresh(byte)

    def _fresh(self, byte: int) -> None:
        if byte in BLOCK_HEADS:
            self._block = bytearray()
        elif byte & 0x93 == 0x12:
            self.realtime.append(byte)
            self.automatic = b""
        elif byte & 0x93 == 0x10:
            self._frame = bytes((byte,))
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
        self.owed = 0  # answers to GS r that have not come, and may yet

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
        answer = await self._first(self.heard.sensor, within_s)
        if answer is not None:
            self.owed = max(0, self.owed - 1)
        return answer

    async def listen(self, within_s: float) -> Status | None:
        """What the printer tells of itself, at once when it has told already; None when nothing came in time. Raises LinkLost."""
        if not self.heard.automatic:
            self.heard.feed(await self._link.read(within_s))
        told, self.heard.automatic = self.heard.automatic, b""
        return Status.of_automatic(told) if told else None

    async def block(self, about: int) -> str:
        """GS I `about` as text; empty when the printer does not tell. Raises LinkLost."""
        self.heard.blocks.clear()
        await self.write(bytes((0x1D, 0x49, about)))
        said = await self._first(self.heard.blocks, self._wait_s)
        return said.decode("ascii", "replace").strip()[:64] if said else ""

    async def drain(self) -> None:
        """Forget late answers to earlier questions, where some are owed. Raises LinkLost."""
        if not self.owed:
            self.heard.sensor.clear()
            return
        while data := await self._link.read(0.01):
            self.heard.feed(data)
        self.heard.realtime.clear()
        self.heard.sensor.clear()
        self.owed = 0

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
