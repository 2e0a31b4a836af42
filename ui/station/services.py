"""What the front desk asks of the shop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hub.access import Actor
from hub.catalog import Catalog
from hub.clock import Clock
from hub.equipment import Equipment, Sensors
from hub.pos import Pos
from hub.staff import Staff
from hub.visits import Visits
from ui.refresh import ActorNow, Refresh


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskServices:
    """Everything the station's pages ask, handed over by the composition root.

    `holder_of(sid)` tells for whom a page is drawn without counting as use of the session; without it drawing counts as use.
    """

    visits: Visits
    pos: Pos
    catalog: Catalog
    staff: Staff
    equipment: Equipment
    sensors: Sensors
    clock: Clock
    refresh: Refresh
    actor_now: ActorNow
    holder_of: Callable[[str], Actor | None] | None = None
