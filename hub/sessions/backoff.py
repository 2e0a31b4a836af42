"""The brake on guessing: every try is counted durably before it is judged.

After some free wrong tries in a row each further one waits twice as long as the one before, and a subject may be guessed
only so often an hour, whatever happens in between. Because a try counts before anyone knows whether it is right, neither
parallel tries nor pulling the plug gives a free one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from hub.clock import Clock
from hub.db import Db, Tx
from hub.errors import PersonError
from hub.sessions import tables
from hub.sessions.steady import Steady
from hub.sessions.tables import stored

HOUR = timedelta(hours=1)


class TooManyTries(PersonError):
    """Too many wrong tries: nothing was checked, and this try did not count. `wait_s` is the time left, in seconds."""

    code = "too_many_tries"
    hint = "Wait until the time shown is over, or ask a manager to unlock you."
    status = 429


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """What is counted and how it is held. `forget_s`: a subject left alone that long starts afresh; None: never."""

    subject: str
    free: int = 5
    first_wait_s: int = 30
    longest_wait_s: int = 3600
    per_hour: int | None = None
    forget_s: int | None = None

    def wait_s(self, wrong: int) -> int:
        """The pause after this many tries in a row without a right one."""
        if wrong < self.free:
            return 0
        return min(self.first_wait_s << min(wrong - self.free, 30), self.longest_wait_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """A try that was counted. `wrong` is the tries in a row for the first limit, this one included."""

    wrong: int
    limits: tuple[Limit, ...]
    guesses: tuple[int, ...]


class Backoff:
    """Counts tries. Its methods are steps of the caller's transaction; `db` is open and migrated."""

    def __init__(self, db: Db, clock: Clock) -> None:
        self._time = Steady(clock, tables.latest_known(db))

    def count(self, tx: Tx, limits: Sequence[Limit]) -> Counted:
        """Count one try against every limit. Raises TooManyTries when one of them is not free to be tried now."""
        now = self._time.now()
        tx.execute("DELETE FROM guesses WHERE at <= ?", (stored(now - HOUR),))
        tx.execute("DELETE FROM tries WHERE forget_at <= ?", (stored(now),))
        free_from = max(_free_from(tx, limit) or now for limit in limits)
        if free_from > now:
            raise TooManyTries(wait_s=-((now - free_from) // timedelta(seconds=1)))
        wrong = [_add_try(tx, limit, now) for limit in limits]
        guesses = [_add_guess(tx, limit, now) for limit in limits if limit.per_hour is not None]
        return Counted(wrong=wrong[0], limits=tuple(limits), guesses=tuple(guesses))

    def forgive(self, tx: Tx, counted: Counted) -> None:
        """That try was right: the row of wrong ones is over. The wrong ones before it still count against the hour."""
        tx.executemany("DELETE FROM tries WHERE subject = ?", [(limit.subject,) for limit in counted.limits])
        tx.executemany("DELETE FROM guesses WHERE guess = ?", [(guess,) for guess in counted.guesses])

    def unlock(self, tx: Tx, subject: str) -> None:
        """Forget every try of the subject, because someone who may do so vouches for it."""
        tx.execute("DELETE FROM tries WHERE subject = ?", (subject,))
        tx.execute("DELETE FROM guesses WHERE subject = ?", (subject,))


def _free_from(tx: Tx, limit: Limit) -> datetime | None:
    """When the subject may be tried again; None for at once."""
    waits = []
    if row := tx.one("SELECT not_before FROM tries WHERE subject = ?", (limit.subject,)):
        waits.append(datetime.fromisoformat(row["not_before"]))
    if limit.per_hour is not None:
        full = tx.one("SELECT at FROM guesses WHERE subject = ? ORDER BY at DESC LIMIT 1 OFFSET ?", (limit.subject, limit.per_hour - 1))
        if full:
            waits.append(datetime.fromisoformat(full["at"]) + HOUR)
    return max(waits, default=None)


def _add_try(tx: Tx, limit: Limit, now: datetime) -> int:
    row = tx.one("SELECT wrong FROM tries WHERE subject = ?", (limit.subject,))
    wrong = int(row["wrong"]) + 1 if row else 1
    not_before = now + timedelta(seconds=limit.wait_s(wrong))
    forget_at = stored(now + timedelta(seconds=limit.forget_s)) if limit.forget_s is not None else None
    tx.execute("INSERT OR REPLACE INTO tries VALUES (?, ?, ?, ?, ?)", (limit.subject, wrong, stored(now), stored(not_before), forget_at))
    return wrong


def _add_guess(tx: Tx, limit: Limit, now: datetime) -> int:
    return int(tx.execute("INSERT INTO guesses (subject, at) VALUES (?, ?)", (limit.subject, stored(now))).lastrowid)
