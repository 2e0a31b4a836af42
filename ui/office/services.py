"""What the office asks of the shop beyond what the desk asks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from hub.access import Actor, Role
from hub.catalog.columns import Kind
from hub.catalog.importing import ImportPlan
from hub.catalog.price_list import Imported
from hub.equipment import DeviceSpec
from hub.equipment.model import PrintJob
from hub.ids import TapId
from hub.staff.model import StaffDraft, StaffMember
from ui.station.services import DeskServices


class Importing(Protocol):
    """Price lists from files."""

    async def plan(self, actor: Actor, source: bytes, kind: Kind, /) -> ImportPlan:
        """What a file would do; nothing is changed."""
        ...

    async def apply(self, actor: Actor, plan: ImportPlan, tap_id: TapId, /) -> Imported:
        """Take it in, all or nothing. Raises ImportRefused, BarcodeTaken."""
        ...


class People(Protocol):
    """Who works here, for those who may change it."""

    def everyone(self, actor: Actor, /) -> list[StaffMember]:
        """Everybody, those who left too."""
        ...

    async def add(self, actor: Actor, draft: StaffDraft, tap_id: TapId, pin: str | None = None, /) -> StaffMember:
        """A new person. Raises NotAllowed, InvalidInput, PIN errors."""
        ...

    async def change(self, actor: Actor, staff_id: str, draft: StaffDraft, tap_id: TapId, /) -> StaffMember:
        """Everything of a person at once. Raises NotAllowed, LastOwner."""
        ...

    async def set_pin(self, actor: Actor, staff_id: str, pin: str, tap_id: TapId, old_pin: str | None = None, /) -> None:
        """A new PIN; one's own needs the old one. Raises PIN errors."""
        ...

    async def unlock(self, actor: Actor, staff_id: str, tap_id: TapId, /) -> None:
        """Forget her wrong tries."""
        ...


class Paired(Protocol):
    """A paired screen."""

    @property
    def id(self) -> Any:
        """Its name in the shop's data."""
        ...

    @property
    def role(self) -> Role:
        """Kiosk or board."""
        ...

    @property
    def station(self) -> str:
        """Where it stands."""
        ...

    @property
    def seen_at(self) -> datetime:
        """When it last asked for anything, UTC."""
        ...


class Screens(Protocol):
    """Pairing of screens."""

    async def new_code(self, actor: Actor, role: Role, station: str, minutes: int, /) -> str:
        """A code that works once. Raises NotAllowed, InvalidInput."""
        ...

    def screens(self, actor: Actor, /) -> Sequence[Paired]:
        """Every paired screen."""
        ...

    async def unpair(self, actor: Actor, screen: Any, /) -> None:
        """Take a screen's access away."""
        ...


class Machines(Protocol):
    """Devices, for those who may change them."""

    async def candidates(self, actor: Actor, /) -> list[dict[str, Any]]:
        """What could be adopted. Raises DeviceBusy."""
        ...

    async def adopt(self, actor: Actor, spec: DeviceSpec, tap_id: TapId, /) -> str:
        """Take a device in. Raises DeviceBusy, DeviceRefused."""
        ...

    async def remove(self, actor: Actor, device: str, /) -> None:
        """Let a device go."""
        ...

    async def test_print(self, actor: Actor, device: str, tap_id: TapId, /) -> PrintJob:
        """A test receipt on one printer."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeServices:
    """Everything the office's pages ask. `base_url` is how other screens reach this hub; empty takes the address of the page."""

    desk: DeskServices
    importing: Importing
    people: People
    screens: Screens
    machines: Machines
    dead_letters: Callable[[], Sequence[Any]]
    base_url: str = ""
