"""The drawer behind a printer: what the level of pin 3 says of it, and whose doing it was."""

from __future__ import annotations

from devices.driver import Announcement
from devices.drivers.receipt_printer.profile import PrinterProfile
from hub.clock import Clock

KICK_OPENS_S = 5.0  # a drawer that was still closed later than this after a kick was opened by somebody else
REVERSED_KICKS = 3  # that seemed to close it, with none in between that opened it: the level is the wrong way round


class Drawer:
    """Outlives connections. A level that has never changed is no sensor: without a drawer the pin is as steady as behind an open one."""

    def __init__(self, profile: PrinterProfile, clock: Clock) -> None:
        self._profile, self._clock = profile, clock
        self._high: bool | None = None  # the level last seen
        self._moves = False  # whether it was ever seen to change
        self._closed_at = self._opened_at = clock.monotonic()  # when it was last seen closed; since when it is open
        self._kicked_at: float | None = None  # of a kick that has moved nothing yet
        self._kicks_that_closed = 0

    @property
    def is_open(self) -> bool | None:
        """None while nobody can know."""
        return self._means_open() if self._moves else None

    @property
    def reason(self) -> str:
        """What is wrong with it; empty when nothing is."""
        if self._kicks_that_closed >= REVERSED_KICKS:
            return "drawer_reversed"
        open_s = self._clock.monotonic() - self._opened_at if self.is_open else 0
        return "drawer_open_too_long" if open_s >= self._profile.drawer_open_s_max else ""

    @property
    def may_move(self) -> bool:
        """Whether it is open, or was kicked just now: the till waits for it."""
        return bool(self.is_open) or self._kicked_by(self._clock.monotonic())

    def kicked(self) -> None:
        """A pulse is on its way to it."""
        self._kicked_at = self._clock.monotonic()

    def see(self, *, high: bool) -> Announcement | None:
        """The level now; what there is to tell of it."""
        if self._profile.drawer == "no_sensor":
            return None
        moved, self._high = self._high not in {None, high}, high
        told = self._moved() if moved else None
        if not self._means_open():
            self._closed_at = self._clock.monotonic()
        return told

    def _moved(self) -> Announcement:
        self._moves = True
        now = self._clock.monotonic()
        if not self._means_open():
            self._kicks_that_closed += self._kicked_by(now)
            self._kicked_at = None
            return Announcement(name="drawer_closed", body={})
        by_command = self._kicked_by(self._closed_at)
        if by_command:
            self._kicks_that_closed, self._kicked_at = 0, None
        self._opened_at = now
        return Announcement(name="drawer_opened", body={"by_command": by_command, "at": self._clock.now().isoformat()})

    def _kicked_by(self, moment: float) -> bool:
        return self._kicked_at is not None and moment - self._kicked_at <= KICK_OPENS_S

    def _means_open(self) -> bool:
        return self._high is (self._profile.drawer == "open_high")
