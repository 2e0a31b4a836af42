"""What the kiosk asks of the shop: the part of each service its page uses, and nothing more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from hub.access import Actor
from hub.catalog.model import Service, Shop
from hub.clock import Clock
from hub.customers.model import CustomerId, PhoneAndWishes
from hub.ids import TapId
from hub.staff.model import StaffMember
from hub.visits.model import Visit, VisitId, Wait, WalkIn
from ui.refresh import ActorNow, Refresh
from ui.widgets import Beat


class Visits(Protocol):
    """The queue of the day."""

    def estimate(self, wish: WalkIn, /) -> Wait:
        """What she would wait."""
        ...

    async def check_in(self, actor: Actor, wish: WalkIn, tap_id: TapId, /) -> Visit:
        """A number, a place, a ticket."""
        ...


class Catalog(Protocol):
    """What is offered."""

    def shop(self) -> Shop:
        """The shop itself."""
        ...

    def services_offered(self) -> Sequence[Service]:
        """What a guest may choose."""
        ...


class Staff(Protocol):
    """Who works here."""

    def stylists(self) -> Sequence[StaffMember]:
        """Who may be asked for."""
        ...


class Customers(Protocol):
    """The customer file."""

    async def enrol(self, actor: Actor, wishes: PhoneAndWishes, tap_id: TapId, /) -> CustomerId:
        """Find or make the file of this phone, and keep what she agreed to."""
        ...


class TicketJob(Protocol):
    """The print job of a ticket. `state` is queued, printing, printed, held, uncertain or failed; `reason` says why it waits."""

    @property
    def state(self) -> str:
        """How far it is."""
        ...

    @property
    def reason(self) -> str:
        """Why it does not go on, such as no_printer; empty when it does."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class KioskServices:
    """Everything the kiosk page is a function of. `ticket_print` gives the print job of a visit's ticket, if there is one."""

    visits: Visits
    catalog: Catalog
    staff: Staff
    customers: Customers
    ticket_print: Callable[[VisitId], TicketJob | None]
    clock: Clock
    who: ActorNow
    refresh: Refresh
    on_beat: Callable[[Beat], Any]
    version: str
    idle_s: float = 60.0
    done_s: float = 20.0
