"""A real shop on a real database, in moved time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub.access import SYSTEM, Actor, Role
from hub.app import Shop
from hub.catalog.model import Names, Phase, PhaseKind, Product, ProductDraft, Service, ServiceDraft
from hub.catalog.shop import ShopDraft
from hub.clock import MovedClock
from hub.ids import TapId
from hub.pos import LineKind, LineWish, Sale, SaleDraft, Tender, TenderKind
from hub.settings import Settings
from hub.staff.model import StaffDraft, StaffMember
from hub.visits import Visit, WalkIn

NOON = datetime(2026, 3, 14, 4, 0, tzinfo=UTC)  # 12:00 in Shanghai
TILL = "t1"
MANAGER_PIN = "482915"


def tap() -> TapId:
    return TapId.new()


@dataclass
class Salon:
    """A shop with a cut, a colour, a stocked shampoo, two stylists and an open shift."""

    shop: Shop
    clock: MovedClock
    cut: Service
    colour: Service
    shampoo: Product
    mei: StaffMember
    lin: StaffMember
    manager: StaffMember
    desk: Actor
    kiosk: Actor
    boss: Actor

    def wish(self, *services: Service, **more) -> WalkIn:
        return WalkIn(services=tuple(s.id for s in services or (self.cut,)), **more)

    async def walk_in(self, *services: Service, **more) -> Visit:
        return await self.shop.visits.check_in(self.kiosk, self.wish(*services, **more), tap())

    def draft(self, *lines: LineWish, **more) -> SaleDraft:
        """A cash sale of a shampoo, or of `lines` with their `total`."""
        lines = lines or (LineWish(kind=LineKind.PRODUCT, item=self.shampoo.id),)
        total = more.pop("total", sum(self.price(x) for x in lines))
        tenders = more.pop("tenders", (Tender(kind=TenderKind.CASH, amount=total, given=total),))
        return SaleDraft(till=TILL, lines=lines, tenders=tenders, total=total, **more)

    def price(self, line: LineWish) -> int:
        known = {x.id: x.price for x in (self.cut, self.colour, self.shampoo)}
        return known.get(line.item, 0) * line.quantity

    async def sell(self, *lines: LineWish, **more) -> Sale:
        return await self.shop.pos.complete_sale(self.desk, self.draft(*lines, **more), tap())


@pytest.fixture
def bare_shop(tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(Settings(store_dir=tmp_path / "store"), MovedClock(NOON))
    yield shop
    shop.close()


@pytest.fixture
async def salon(bare_shop: Shop) -> Salon:
    return await furnished(bare_shop)


async def furnished(shop: Shop) -> Salon:
    names = lambda zh: Names(zh_CN=zh, zh_TW=zh, en=zh)  # noqa: E731
    await shop.catalog.set_up(SYSTEM, ShopDraft(name="青丝"), tap())
    cut = ServiceDraft(
        code="CUT", category="cut", names=names("剪发"), phases=(Phase(kind=PhaseKind.WORKING, minutes=45),), price=12800, tax=600
    )
    phases = (
        Phase(kind=PhaseKind.WORKING, minutes=30),
        Phase(kind=PhaseKind.PROCESSING, minutes=45),
        Phase(kind=PhaseKind.WORKING, minutes=15),
    )
    colour = ServiceDraft(code="COLOUR", category="colour", names=names("染发"), phases=phases, price=38800, tax=600)
    shampoo = ProductDraft(code="SH1", category="care", names=names("洗发水"), barcode="6901234567892", price=6800, tax=1300, stocked=True)
    service, other = await asyncio.gather(shop.catalog.add_service(SYSTEM, cut, tap()), shop.catalog.add_service(SYSTEM, colour, tap()))
    product = await shop.catalog.add_product(SYSTEM, shampoo, tap())
    await shop.stock.receive(SYSTEM, product.id, 100, tap())
    mei = await shop.staff.add(SYSTEM, StaffDraft(name="梅", role=Role.STYLIST, stylist=True), tap())
    lin = await shop.staff.add(SYSTEM, StaffDraft(name="林", role=Role.STYLIST, stylist=True, skills=(service.id,)), tap())
    manager = await shop.staff.add(SYSTEM, StaffDraft(name="陈", role=Role.MANAGER), tap())
    boss = Actor(id=manager.id, role=Role.MANAGER, station="office")
    await shop.pos.open_shift(boss, TILL, 50000, tap())
    return Salon(
        shop=shop,
        clock=shop.clock,
        cut=service,
        colour=other,
        shampoo=product,
        mei=mei,
        lin=lin,
        manager=manager,
        desk=Actor(id=mei.id, role=Role.RECEPTION, station="desk"),
        kiosk=Actor(id="kiosk-1", role=Role.KIOSK, station="kiosk"),
        boss=boss,
    )
