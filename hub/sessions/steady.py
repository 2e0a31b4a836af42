"""Time for limits: near UTC, but it only ever goes on.

While the program runs, it is the monotonic clock: setting the wall clock locks nobody out and frees nobody. Across a
restart it goes on from the wall clock or from the latest stored moment, whichever is later: a board that starts in the
past waits out what was left of a lock, and never more than that.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from hub.clock import Clock


class Steady:
    """The moments of one run. `known` is a time that has certainly passed."""

    def __init__(self, clock: Clock, known: datetime | None) -> None:
        self._clock = clock
        now = clock.now()
        self._base = max(now, known) if known else now
        self._since = clock.monotonic()

    def now(self) -> datetime:
        """UTC, aware; never earlier than any moment given before."""
        return self._base + timedelta(seconds=self._clock.monotonic() - self._since)
