"""How long a walk-in will wait: the day played forward, guest by guest, to the next free stylist.

Two plays give the range she is shown: in the short one a stylist takes the next guest while a colour processes, in the
long one only after the whole service.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from hub.catalog.model import Service, ServiceId
from hub.staff.model import StaffId, StaffMember
from hub.visits.model import NobodyCanDoThis, Stage, Visit, Wait, WalkIn

STILL_BUSY_S = 300  # a service that runs over is taken to need five minutes more
ROUND_S = 300

ServiceOf = Callable[[ServiceId], Service]


def estimate(wish: WalkIn, queue: Sequence[Visit], stylists: Sequence[StaffMember], service_of: ServiceOf, now: datetime) -> Wait:
    """The range of seconds until a stylist who can do all of `wish` is free, rounded up to five minutes.

    Raises NobodyCanDoThis when no stylist (or not the wished one) has the skills.
    """
    able = [s for s in stylists if can_do(s, wish.services) and wish.stylist in {None, s.id}]
    if not able:
        raise NobodyCanDoThis(services=len(wish.services))
    short, who = _first_free(able, _play(queue, stylists, service_of, now, lambda s: s.working_minutes))
    long, _ = _first_free(able, _play(queue, stylists, service_of, now, lambda s: s.minutes))
    return Wait(from_s=_rounded(min(short, long)), to_s=_rounded(max(short, long)), stylist=who)


def can_do(stylist: StaffMember, services: Iterable[ServiceId]) -> bool:
    """Whether she has every skill; no skills listed means all."""
    return not stylist.skills or set(services) <= set(stylist.skills)


def _play(
    queue: Sequence[Visit], stylists: Sequence[StaffMember], service_of: ServiceOf, now: datetime, minutes_of: Callable[[Service], int]
) -> dict[StaffId, float]:
    """Seconds until each stylist is free, when everybody before has been served in order."""
    free: dict[StaffId, float] = {s.id: 0.0 for s in stylists}
    for visit in sorted(queue, key=lambda v: (v.stage is Stage.WAITING, v.ticket)):
        if visit.stage is Stage.SERVED:
            continue
        needed = 60.0 * sum(minutes_of(service_of(s)) for s in visit.services)
        who = visit.stylist or visit.wanted_stylist
        if visit.stage is Stage.IN_SERVICE and visit.started_at:
            needed = max(needed - (now - visit.started_at).total_seconds(), STILL_BUSY_S)
        if who not in free:
            able = [s for s in stylists if can_do(s, visit.services)] or stylists
            who = min(able, key=lambda s: free[s.id]).id if able else None
        if who is not None:
            free[who] += needed
    return free


def _first_free(able: Sequence[StaffMember], free: dict[StaffId, float]) -> tuple[float, StaffId]:
    who = min(able, key=lambda s: free[s.id]).id
    return free[who], who


def _rounded(seconds: float) -> int:
    return -int(-seconds // ROUND_S) * ROUND_S
