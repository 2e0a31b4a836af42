"""Who acts, and what each role may do. Every service method checks its `Actor`; pages only ask."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from hub.errors import NotAllowed


class Role(StrEnum):
    """A post in the shop, or a screen that stands for nobody."""

    KIOSK = "kiosk"
    BOARD = "board"
    RECEPTION = "reception"
    STYLIST = "stylist"
    MANAGER = "manager"
    TECHNICIAN = "technician"
    OWNER = "owner"
    SETUP = "setup"
    BRIDGE = "bridge"
    SYSTEM = "system"


class Right(StrEnum):
    """One thing that may be done."""

    CHECK_IN = "check_in"
    SEE_BOARD = "see_board"
    SEE_QUEUE = "see_queue"
    MOVE_QUEUE = "move_queue"
    SELL = "sell"
    HANDLE_SHIFT = "handle_shift"
    REFUND = "refund"
    SEE_MONEY = "see_money"
    SEE_CUSTOMERS = "see_customers"
    CHANGE_CATALOG = "change_catalog"
    CHANGE_STAFF = "change_staff"
    MOVE_STOCK = "move_stock"
    SEE_DEVICES = "see_devices"
    CHANGE_DEVICES = "change_devices"
    RESOLVE_PRINTS = "resolve_prints"
    PAIR_SCREENS = "pair_screens"
    SET_UP_SHOP = "set_up_shop"
    RECOVER = "recover"


_DESK = {
    Right.CHECK_IN,
    Right.SEE_BOARD,
    Right.SEE_QUEUE,
    Right.MOVE_QUEUE,
    Right.SELL,
    Right.SEE_CUSTOMERS,
    Right.SEE_DEVICES,
    Right.RESOLVE_PRINTS,
}
_MANAGER = _DESK | {
    Right.HANDLE_SHIFT,
    Right.REFUND,
    Right.SEE_MONEY,
    Right.CHANGE_CATALOG,
    Right.CHANGE_STAFF,
    Right.MOVE_STOCK,
    Right.CHANGE_DEVICES,
    Right.PAIR_SCREENS,
}
RIGHTS: dict[Role, frozenset[Right]] = {
    Role.KIOSK: frozenset({Right.CHECK_IN}),
    Role.BOARD: frozenset({Right.SEE_BOARD}),
    Role.RECEPTION: frozenset(_DESK),
    Role.STYLIST: frozenset({Right.SEE_BOARD, Right.SEE_QUEUE, Right.MOVE_QUEUE}),
    Role.MANAGER: frozenset(_MANAGER),
    Role.TECHNICIAN: frozenset({Right.SEE_DEVICES, Right.CHANGE_DEVICES, Right.RESOLVE_PRINTS, Right.PAIR_SCREENS}),
    Role.OWNER: frozenset(_MANAGER | {Right.SET_UP_SHOP}),
    Role.SETUP: frozenset({Right.SET_UP_SHOP, Right.SEE_DEVICES, Right.CHANGE_DEVICES, Right.RESOLVE_PRINTS}),
    Role.BRIDGE: frozenset({Right.RECOVER, Right.SEE_DEVICES}),
    Role.SYSTEM: frozenset(Right),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who acts, in which role, at which station. `id` is a staff id, a screen's id or a process name."""

    id: str
    role: Role
    station: str

    def may(self, right: Right) -> bool:
        """Whether this role has the right."""
        return right in RIGHTS[self.role]

    def must(self, right: Right) -> None:
        """Raises NotAllowed when this role lacks the right."""
        if right not in RIGHTS[self.role]:
            raise NotAllowed(right=right, role=self.role)


SYSTEM = Actor(id="hub", role=Role.SYSTEM, station="hub")
