"""A barcode scanner on a serial line, USB-CDC or as a keyboard: bytes to codes. A code is announced as soon as its suffix is there."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, field_validator

from devices.driver import Announcement, Profile
from devices.drivers.codes import read_code
from devices.drivers.in_store import InStore
from devices.drivers.listening import Listener
from devices.transport import Transport
from hub.clock import Clock


class ScannerProfile(Profile):
    """How this scanner is set up."""

    suffix: Literal["cr_lf", "none"] = "cr_lf"  # none: the end of a code is a pause
    pause_s: float = Field(0.08, ge=0.02, le=1)  # no byte for so long ends a code that has no suffix
    in_store: tuple[str, ...] = Field(("21IIIIIWWWWWC",), max_length=16)  # what the codes of the shop's own scale look like

    @field_validator("in_store")
    @classmethod
    def _are_patterns(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in patterns:
            InStore(pattern)
        return patterns


class Scanner(Listener):
    """One scanner."""

    kind: ClassVar[str] = "scanner"
    profile: ClassVar[type[ScannerProfile]] = ScannerProfile
    counted: ClassVar[tuple[str, str]] = ("scans", "last_scan")
    garbled: ClassVar[str] = "garbage"

    def __init__(self, profile: ScannerProfile, link: Transport, clock: Clock) -> None:
        super().__init__(link, clock, ends_by_pause_s=profile.pause_s if profile.suffix == "none" else None)
        self._in_store = [InStore(pattern) for pattern in profile.in_store]

    def read(self, frame: bytes) -> Announcement:
        """A code and what it tells. Raises NotACode."""
        scan = read_code(frame, self._clock.now().date(), self._in_store)
        return Announcement(name="scan", body=scan.model_dump(exclude_none=True))
