"""What the kiosk asks of the shop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hub.catalog import Catalog
from hub.clock import Clock
from hub.customers import Customers
from hub.equipment import PrintJob
from hub.staff import Staff
from hub.visits import VisitId, Visits
from ui.refresh import ActorNow, Refresh
from ui.widgets import Beat


@dataclass(frozen=True, slots=True, kw_only=True)
class KioskServices:
    """Everything the kiosk page is a function of. `ticket_print` gives the print job of a visit's ticket, if there is one."""

    visits: Visits
    catalog: Catalog
    staff: Staff
    customers: Customers
    ticket_print: Callable[[VisitId], PrintJob | None]
    clock: Clock
    who: ActorNow
    refresh: Refresh
    on_beat: Callable[[Beat], Any]
    version: str
    idle_s: float = 60.0
    done_s: float = 20.0
