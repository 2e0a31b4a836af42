"""What scanners and card readers have in common: a line nobody writes to, on which short frames come whenever a person does something."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from typing import ClassVar

from pydantic import BaseModel

from devices.driver import Announcement, Bell, Condition, Driver, Identity, Job, NoArguments, Pace, Result
from devices.transport import Transport
from hub.clock import Clock

FRAME_MAX = 264
LOOK_S = 0.5
GARBAGE_IN_A_ROW = 5
STALE_READS_MAX = 20


class Refused(Exception):
    """A frame that holds nothing of the kind; `why` is a short code for the figures."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(why)


class Framer:
    """Cuts a stream into frames, at CR, LF or NUL unless told otherwise. A frame that grows too long is dropped up to the next end."""

    def __init__(self, ends: bytes = b"\r\n\x00") -> None:
        self._ends = ends
        self._frame = bytearray()
        self._overlong = False
        self.dropped = 0  # bytes

    @property
    def begun(self) -> bool:
        """Whether the start of a frame waits for its end."""
        return bool(self._frame) and not self._overlong

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Whole frames, without their ends; empty ones are left out."""
        for byte in data:
            if byte in self._ends:
                if frame := self.end():
                    yield frame
            elif self._overlong:
                self.dropped += 1
            elif len(self._frame) >= FRAME_MAX:
                self.dropped += len(self._frame) + 1
                self._frame.clear()
                self._overlong = True
            else:
                self._frame.append(byte)

    def end(self) -> bytes:
        """The frame so far ends here."""
        frame = bytes(self._frame)
        self._frame.clear()
        self._overlong = False
        return frame


class Listener(Driver):
    """A device that is only listened to. A kind says what a frame means, and by which names it counts."""

    verbs: ClassVar[Mapping[str, type[BaseModel]]] = {"status": NoArguments}
    pace: ClassVar[Pace] = Pace(poll_s=0.0, poll_wait_s=5.0, miss_s=0.25, back_off_s_max=1.0)
    private: ClassVar[bool] = True  # numbers of guests go over these lines
    counted: ClassVar[tuple[str, str]]  # the figures: how many were read, and when the last one was
    garbled: ClassVar[str]  # the reason when nothing but garbage comes

    def __init__(self, link: Transport, clock: Clock, ends: bytes = b"\r\n\x00", ends_by_pause_s: float | None = None) -> None:
        self._link, self._clock, self._pause_s = link, clock, ends_by_pause_s
        self._framer = Framer(ends)
        self._count = self._refused = self._garbage_bytes = self._bad_in_a_row = 0
        self._last: str | None = None
        self._last_refused = ""
        self.bell = Bell(announce=lambda _: None, show=lambda _: None)

    @abstractmethod
    def read(self, frame: bytes) -> Announcement | None:
        """What a frame tells; None when it tells nothing new. Raises Refused."""

    async def identify(self) -> Identity:
        """Whether the line can be opened; such a device says nothing of itself. Raises CannotConnect."""
        await self._link.open()
        return Identity()

    async def start(self, bell: Bell) -> None:
        """What came before anybody listened is thrown away. Raises LinkLost."""
        await super().start(bell)
        for _ in range(STALE_READS_MAX):
            if not await self._link.read(0.01):
                break

    async def poll(self) -> Condition:
        """Wait a moment for bytes. Raises LinkLost when the cable is gone."""
        ends_by_pause = self._pause_s is not None and self._framer.begun
        data = await self._link.read(self._pause_s if self._pause_s is not None and ends_by_pause else LOOK_S)
        for frame in self._framer.feed(data):
            self._take(frame)
        if not data and (late := self._framer.end()):
            if ends_by_pause:
                self._take(late)
            else:
                self._refuse(late, "cut_short")
        self._garbage_bytes += self._framer.dropped
        self._framer.dropped = 0
        return Condition(reason=self.garbled if self._bad_in_a_row >= GARBAGE_IN_A_ROW else "", figures=self._figures())

    async def run(self, job: Job) -> Result:  # noqa: ARG002 - every verb is answered alike
        """`status`: the state is told anyway."""
        return Result.done()

    async def stop(self) -> None:
        """Let go of the line."""
        await self._link.close()

    def _figures(self) -> dict[str, int | float | str | bool | None]:
        how_many, when = self.counted
        return {
            how_many: self._count,
            when: self._last,
            "refused": self._refused,
            "last_refused": self._last_refused,
            "garbage_bytes": self._garbage_bytes,
        }

    def _take(self, frame: bytes) -> None:
        try:
            news = self.read(frame)
        except Refused as refused:
            self._refuse(frame, refused.why)
            return
        self._bad_in_a_row = 0
        if news is not None:
            self._count += 1
            self._last = self._clock.now().isoformat()
            self.bell.announce(news)

    def _refuse(self, frame: bytes, why: str) -> None:
        self._bad_in_a_row += 1
        self._refused += 1
        self._last_refused = why
        self._garbage_bytes += len(frame)
