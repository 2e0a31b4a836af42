"""What the office asks beyond the desk, in memory. Reading price lists is the real thing, over the catalogue in memory."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from hub.access import Actor, Right, Role
from hub.catalog.model import ImportId
from hub.catalog.price_list import Imported, PriceListKind, compare
from hub.ids import Id, TapId
from hub.staff.model import StaffDraft, StaffId, StaffMember, check_pin_rules


class PeopleDouble:
    """The part of the staff that only those who may change it see; whoever is one brings `shop`, `people`, `pins` and `member`."""

    shop: Any
    people: list[StaffMember]
    pins: dict[str, str | None]
    member: Any

    def everyone(self, actor: Actor) -> list[StaffMember]:
        actor.must(Right.CHANGE_STAFF)
        return list(self.people)

    async def add(self, actor: Actor, draft: StaffDraft, tap_id: TapId, pin: str | None = None) -> StaffMember:
        draft = draft.checked()
        if pin:
            check_pin_rules(pin, draft.role)
        made = StaffMember(id=StaffId.new(), name=draft.name, role=draft.role, stylist=draft.stylist)
        self.people.append(made)
        self.pins[made.id] = pin
        self.shop.announce("StaffAdded")
        return made

    async def change(self, actor: Actor, staff_id: str, draft: StaffDraft, tap_id: TapId) -> StaffMember:
        draft, people = draft.checked(), self.people
        place = next(n for n, person in enumerate(people) if person.id == staff_id)
        people[place] = replace(people[place], name=draft.name, role=draft.role, stylist=draft.stylist, active=draft.active)
        self.shop.announce("StaffChanged")
        return people[place]

    async def set_pin(self, actor: Actor, staff_id: str, pin: str, tap_id: TapId, old_pin: str | None = None) -> None:
        member = self.member(staff_id)
        check_pin_rules(pin, member.role)
        if staff_id == actor.id and self.pins.get(staff_id) != old_pin:
            raise self.shop.wrong_pin(tries_left=3)
        self.pins[staff_id] = pin
        self.shop.announce("PinSet")

    async def unlock(self, actor: Actor, staff_id: str, tap_id: TapId) -> None:
        self.shop.announce("StaffUnlocked")


@dataclass(frozen=True)
class ScreenDouble:
    id: str
    role: Role
    station: str
    seen_at: datetime


class ScreensDouble:
    def __init__(self, shop: Any) -> None:
        self.shop = shop
        self.paired = [ScreenDouble(Id.new(), Role.BOARD, "wall-1", datetime.now(UTC))]
        self.codes: list[tuple[str, str, int]] = []

    async def new_code(self, actor: Actor, role: Role, station: str, minutes: int) -> str:
        actor.must(Right.PAIR_SCREENS)
        self.codes.append((role, station, minutes))
        return "K7WQ3MZP"

    def screens(self, actor: Actor) -> list[ScreenDouble]:
        return self.paired

    async def unpair(self, actor: Actor, screen: str) -> None:
        self.paired = [each for each in self.paired if each.id != screen]
        self.shop.announce("ScreenUnpaired")


class TakingIn:
    """The catalogue's part of an import."""

    def __init__(self, shop: Any) -> None:
        self.shop = shop

    def shop_itself(self) -> Any:
        return self.shop.catalog.shop()

    async def products(self, listed: Any) -> Imported:
        compared = compare({p.code: p for p in self.shop.catalog.products}, listed)
        now = {p.code: p for p in self.shop.catalog.products}
        for row in listed:
            now[row.code] = row.over(now.get(row.code))
        self.shop.catalog.products = list(now.values())
        self.shop.announce("CatalogImported")
        added, changed = len(compared.added), len(compared.changed)
        return Imported(id=ImportId.new(), what=PriceListKind.PRODUCTS, added=added, changed=changed, same=len(listed) - added - changed)
