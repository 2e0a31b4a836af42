"""The only clock: wall time in UTC, the shop's business day, and sleeping. Tests move it.

Order is never taken from here: the journal's sequence number is the order of things.
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

DAY_STARTS = timedelta(hours=4)  # a sale at 01:30 still belongs to the evening before


class Clock:
    """Real time. `now()` never runs behind a time it was told of by `not_before`; a clock set back meanwhile sets it back, too."""

    def __init__(self, zone: str = "Asia/Shanghai") -> None:
        self.zone = ZoneInfo(zone)
        self._floor = datetime.min.replace(tzinfo=UTC)
        self._day_of_quarter: tuple[int, ZoneInfo, date] | None = None

    def now(self) -> datetime:
        """UTC, aware, never earlier than the floor (a board without a battery starts in the past)."""
        return max(self._wall(), self._floor)

    def not_before(self, known: datetime) -> None:
        """Raise the floor: `known` is a time that has certainly passed, such as that of the last journal line."""
        self._floor = max(self._floor, known)

    def monotonic(self) -> float:
        """Seconds for durations and time-outs; unaffected by the wall clock."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait `seconds` of this clock's time."""
        await asyncio.sleep(seconds)

    def local(self, moment: datetime) -> datetime:
        """`moment` in the shop's zone."""
        return moment.astimezone(self.zone)

    def business_day(self, moment: datetime | None = None) -> date:
        """The shop's day `moment` (default: now) belongs to; it turns at 04:00 local time."""
        moment = moment or self.now()
        quarter = int(moment.timestamp()) // 900  # every zone is whole quarters of an hour from UTC: one answer for each
        known = self._day_of_quarter
        if known is None or known[0] != quarter or known[1] is not self.zone:
            day = (self.local(moment).replace(tzinfo=None) - DAY_STARTS).date()
            known = self._day_of_quarter = (quarter, self.zone, day)
        return known[2]

    def _wall(self) -> datetime:
        return datetime.now(UTC)


class MovedClock(Clock):
    """Time that stands still until `forward` moves it; for tests and simulations."""

    def __init__(self, start: datetime, zone: str = "Asia/Shanghai") -> None:
        super().__init__(zone)
        self._moment = start
        self._waiting: list[tuple[float, asyncio.Future[None]]] = []
        self._elapsed = 0.0

    def monotonic(self) -> float:
        """Seconds moved so far."""
        return self._elapsed

    async def sleep(self, seconds: float) -> None:
        """Wait until `forward` has moved time by `seconds`."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((self._elapsed + seconds, waiter))
        await waiter

    def forward(self, **by: float) -> None:
        """Move time by `timedelta(**by)` and wake every sleeper whose time has come."""
        step = timedelta(**by)
        self._moment += step
        self._elapsed += step.total_seconds()
        due = [w for at, w in self._waiting if at <= self._elapsed]
        self._waiting = [(at, w) for at, w in self._waiting if at > self._elapsed]
        for waiter in due:
            if not waiter.done():
                waiter.set_result(None)

    def set_wall(self, moment: datetime) -> None:
        """Set the wall clock alone, backwards too, as a person or a bad time server would."""
        self._moment = moment

    def _wall(self) -> datetime:
        return self._moment
