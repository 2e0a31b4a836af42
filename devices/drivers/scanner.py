"""A barcode scanner on a serial line or USB-CDC: bytes to codes. Reads ahead of nobody: a code is announced as soon as its suffix is there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar, Literal

from pydantic import BaseModel, Field

from devices.driver import Announcement, Bell, Condition, Driver, Identity, Job, NoArguments, Pace, Profile, Result
from devices.drivers.codes import CODE_MAX, NotACode, read_code
from devices.transport import Transport
from hub.clock import Clock

FRAME_MAX = CODE_MAX + 8
LOOK_S = 0.5
GARBAGE_IN_A_ROW = 5
STALE_READS_MAX = 20
_ENDS = b"\r\n\x00"


class ScannerProfile(Profile):
    """How this scanner is set up."""

    suffix: Literal["cr_lf", "none"] = "cr_lf"  # none: the end of a code is a pause
    pause_s: float = Field(0.08, ge=0.02, le=1)  # no byte for so long ends a code that has no suffix


class Framer:
    """Cuts a stream into frames: at CR, LF or NUL, or at a pause. A frame that grows too long is dropped up to the next end."""

    def __init__(self) -> None:
        self._frame = bytearray()
        self._overlong = False
        self.dropped = 0  # bytes

    @property
    def begun(self) -> bool:
        """Whether the start of a code waits for its end."""
        return bool(self._frame) and not self._overlong

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Whole frames, without their ends; empty ones are left out."""
        for byte in data:
            if byte in _ENDS:
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


class Scanner(Driver):
    """One scanner."""

    kind: ClassVar[str] = "scanner"
    profile: ClassVar[type[ScannerProfile]] = ScannerProfile
    verbs: ClassVar[Mapping[str, type[BaseModel]]] = {"status": NoArguments}
    pace: ClassVar[Pace] = Pace(poll_s=0.0, poll_wait_s=5.0, miss_s=0.25, back_off_s_max=1.0)

    def __init__(self, profile: ScannerProfile, link: Transport, clock: Clock) -> None:
        self._profile, self._link, self._clock = profile, link, clock
        self._framer = Framer()
        self._figures: dict[str, int | float | str | bool | None] = {"scans": 0, "refused": 0, "garbage_bytes": 0, "last_scan": None}
        self._bad_in_a_row = 0
        self.bell = Bell(announce=lambda _: None, show=lambda _: None)

    async def identify(self) -> Identity:
        """Whether the line can be opened; a scanner says nothing of itself. Raises CannotConnect."""
        await self._link.open()
        return Identity()

    async def start(self, bell: Bell) -> None:
        """What was scanned before anybody listened is thrown away. Raises LinkLost."""
        await super().start(bell)
        for _ in range(STALE_READS_MAX):
            if not await self._link.read(0.01):
                break

    async def poll(self) -> Condition:
        """Wait a moment for bytes. Raises LinkLost when the cable is gone."""
        ends_by_pause = self._profile.suffix == "none" and self._framer.begun
        data = await self._link.read(self._profile.pause_s if ends_by_pause else LOOK_S)
        for frame in self._framer.feed(data):
            self._take(frame)
        if not data and (late := self._framer.end()):
            if ends_by_pause:
                self._take(late)
            else:
                self._refuse(len(late))
        self._figures["garbage_bytes"] = int(self._figures["garbage_bytes"] or 0) + self._framer.dropped
        self._framer.dropped = 0
        return Condition(reason="garbage" if self._bad_in_a_row >= GARBAGE_IN_A_ROW else "", figures=dict(self._figures))

    async def run(self, job: Job) -> Result:  # noqa: ARG002 - every verb is answered alike
        """`status`: the state is told anyway."""
        return Result.done()

    async def stop(self) -> None:
        """Let go of the line."""
        await self._link.close()

    def _take(self, frame: bytes) -> None:
        try:
            scan = read_code(frame)
        except NotACode as refused:
            self._figures["last_refused"] = refused.why
            self._refuse(len(frame))
            return
        self._bad_in_a_row = 0
        self._figures["scans"] = int(self._figures["scans"] or 0) + 1
        self._figures["last_scan"] = self._clock.now().isoformat()
        self.bell.announce(Announcement(name="scan", body=scan.model_dump()))

    def _refuse(self, size: int) -> None:
        self._bad_in_a_row += 1
        self._figures["refused"] = int(self._figures["refused"] or 0) + 1
        self._figures["garbage_bytes"] = int(self._figures["garbage_bytes"] or 0) + size
