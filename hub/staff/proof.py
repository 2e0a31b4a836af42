"""Proof by PIN: a try is counted durably, then checked outside the writer, then judged in the transaction it is for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import structlog

from hub.access import SYSTEM, Actor
from hub.clock import Clock
from hub.db import Db, Tx
from hub.errors import InvalidInput
from hub.journal import Journal
from hub.sessions import Backoff, Counted, Limit
from hub.staff import tables
from hub.staff.events import PinRefused
from hub.staff.model import StaffId, StaffMember, WrongPin
from hub.staff.pins import PinHasher
from hub.staff.tables import PinRow

log = structlog.get_logger()

T = TypeVar("T")
GUESSES_PER_HOUR = 10
STATION_CHARS_MAX = 64
STATION_FORGOTTEN_S = 24 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class _Guess:
    """A counted try, with what it is to be checked against."""

    staff: StaffId
    station: str
    counted: Counted
    pin: PinRow | None


class PinProof:
    """Judges PINs, and holds whoever guesses: per person and per station."""

    def __init__(self, db: Db, journal: Journal, clock: Clock, pins: PinHasher) -> None:
        self._db, self._journal, self._pins = db, journal, pins
        self._backoff = Backoff(db, clock)

    async def of(self, staff_id: StaffId, pin: str, station: str, act: Callable[[Tx, StaffMember], T]) -> T:
        """What the step `act` returns, done only if this is the PIN of this active person, in one transaction.

        Raises WrongPin, or TooManyTries (then nothing was checked); InvalidInput for a station without a name.
        """
        if not 1 <= len(station) <= STATION_CHARS_MAX:
            raise InvalidInput(field="station")
        guess = await self._db.write(self._count, staff_id, station)
        right = guess.pin is not None and await self._pins.is_right(guess.pin.hash, staff_id, pin)
        done: tuple[T] | None = await self._db.write(self._judge, guess, act if right else None)
        if done is not None:
            return done[0]
        log.warning("wrong pin", staff=staff_id, station=station, tries=guess.counted.wrong)
        raise WrongPin(tries_left=max(0, guess.counted.limits[0].free - guess.counted.wrong))

    def unlock(self, tx: Tx, staff_id: StaffId, station: str | None = None) -> None:
        """Step: forget the tries for this person, and at this station."""
        self._backoff.unlock(tx, _guessing(staff_id).subject)
        if station is not None:
            self._backoff.unlock(tx, _guessing_at(station).subject)

    def _count(self, tx: Tx, staff_id: StaffId, station: str) -> _Guess:
        counted = self._backoff.count(tx, [_guessing(staff_id), _guessing_at(station)])
        return _Guess(staff=staff_id, station=station, counted=counted, pin=tables.pin_of(tx, staff_id))

    def _judge(self, tx: Tx, guess: _Guess, act: Callable[[Tx, StaffMember], T] | None) -> tuple[T] | None:
        member = tables.get(tx, guess.staff)
        if act is None or member is None or not member.active or tables.pin_of(tx, guess.staff) != guess.pin:
            refused = PinRefused(staff=guess.staff, tries=guess.counted.wrong)
            self._journal.append(tx, Actor(id=SYSTEM.id, role=SYSTEM.role, station=guess.station), refused)
            return None  # not raised: the line of the journal must stay
        self._backoff.forgive(tx, guess.counted)
        return (act(tx, member),)


def _guessing(staff_id: StaffId) -> Limit:
    return Limit(subject=f"staff:{staff_id}", per_hour=GUESSES_PER_HOUR)


def _guessing_at(station: str) -> Limit:
    return Limit(subject=f"station:{station}", forget_s=STATION_FORGOTTEN_S)
