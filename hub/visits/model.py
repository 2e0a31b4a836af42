"""A guest in the shop, from the door to the till."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from hub.catalog.model import ServiceId
from hub.customers.model import CustomerId
from hub.errors import PersonError
from hub.ids import Id
from hub.staff.model import StaffId

TICKET_CODE = "CS1:"  # what the QR code on a queue ticket begins with; the visit's id follows


class VisitId(Id):
    """One guest's visit."""


class Stage(StrEnum):
    """Where a guest is."""

    WAITING = "waiting"
    CALLED = "called"
    SEATED = "seated"
    IN_SERVICE = "in_service"
    SERVED = "served"
    PAID = "paid"
    LEFT = "left"


FOLLOWS: dict[Stage, frozenset[Stage]] = {
    Stage.WAITING: frozenset({Stage.CALLED, Stage.SEATED, Stage.LEFT}),
    Stage.CALLED: frozenset({Stage.WAITING, Stage.SEATED, Stage.LEFT}),
    Stage.SEATED: frozenset({Stage.WAITING, Stage.IN_SERVICE, Stage.LEFT}),
    Stage.IN_SERVICE: frozenset({Stage.SEATED, Stage.SERVED}),
    Stage.SERVED: frozenset({Stage.IN_SERVICE, Stage.PAID}),
    Stage.PAID: frozenset(),
    Stage.LEFT: frozenset({Stage.WAITING}),
}
IN_THE_SHOP = (Stage.WAITING, Stage.CALLED, Stage.SEATED, Stage.IN_SERVICE, Stage.SERVED)


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkIn:
    """What a guest without an appointment asks for at the door. No stylist means anyone, soonest."""

    services: tuple[ServiceId, ...]
    stylist: StaffId | None = None
    customer: CustomerId | None = None
    language: str = "zh_CN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """The estimate a guest is shown, in seconds from now; `stylist` is who would be free then."""

    from_s: int
    to_s: int
    stylist: StaffId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One guest of the day. `ticket` counts from 1 each business day; `stylist` is who serves, once somebody does."""

    id: VisitId
    ticket: int
    day: date
    stage: Stage
    arrived_at: datetime
    services: tuple[ServiceId, ...]
    language: str
    wanted_stylist: StaffId | None
    stylist: StaffId | None
    customer: CustomerId | None
    wait_s: int
    moved_at: datetime
    started_at: datetime | None

    @property
    def ticket_code(self) -> str:
        """What the QR code on the ticket says; scanned at the till it opens this visit's basket."""
        return f"{TICKET_CODE}{self.id}"

    def moved_to(self, stage: Stage, at: datetime) -> Visit:
        """This visit one stage on. Raises VisitCannotMove when `stage` does not follow."""
        if stage not in FOLLOWS[self.stage]:
            raise VisitCannotMove(ticket=self.ticket, now=self.stage, wanted=stage)
        started = at if stage is Stage.IN_SERVICE and self.started_at is None else self.started_at
        return replace(self, stage=stage, moved_at=at, started_at=started)


class VisitCannotMove(PersonError):
    """The person asked for a stage that does not follow; nothing was changed."""

    code = "visit_cannot_move"
    hint = "Refresh the queue: someone else may have moved this guest."


class NothingChosen(PersonError):
    """A walk-in without any service."""

    code = "nothing_chosen"
    hint = "Choose at least one service."
    status = 422


class NobodyCanDoThis(PersonError):
    """No active stylist has the skill for all that was chosen."""

    code = "nobody_can_do_this"
    hint = "Choose another stylist, or fewer services."
