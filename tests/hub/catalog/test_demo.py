from __future__ import annotations

from collections import Counter

import pytest

from hub.access import SYSTEM, Role
from hub.catalog.columns import StaffRow
from hub.catalog.demo import create_demo, pins_shown
from hub.catalog.model import PhaseKind, ProductId
from hub.catalog.shop import NOT_SET_UP, AlreadySetUp, ShopDraft
from hub.catalog.values import check_barcode
from hub.ids import TapId
from hub.staff.model import check_pin_rules


class Neighbours:
    """Staff and stock as the demo sees them: each honours its tap ids."""

    def __init__(self, fail_after: int = 10**6) -> None:
        self.people: dict[TapId, tuple[StaffRow, str]] = {}
        self.stock: dict[TapId, tuple[ProductId, int]] = {}
        self.left = fail_after

    async def add_staff(self, row: StaffRow, pin: str, tap: TapId) -> None:
        self._power()
        self.people[tap] = (row, pin)

    async def receive(self, product: ProductId, quantity: int, tap: TapId) -> None:
        self._power()
        self.stock[tap] = (product, quantity)

    def _power(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise ConnectionError


async def test_the_demo_shop_is_complete_and_marked_as_one(shop) -> None:
    beside = Neighbours()
    await create_demo(SYSTEM, shop.catalog, beside.add_staff, beside.receive)
    made = shop.catalog.shop()
    assert made.demo
    assert made.name == "青丝 · Qingsi Salon (演示)"
    assert shop.told("ShopSetUp") == [{"demo": True, "open_days": 7}]

    services, products = shop.catalog.services_offered(), shop.catalog.every_product()
    assert len(services) >= 14
    assert len({service.category for service in services}) >= 4
    assert sum(any(phase.kind is PhaseKind.PROCESSING for phase in service.phases) for service in services) >= 4
    assert len([product for product in products if product.barcode]) >= 24
    assert all(check_barcode(product.barcode).startswith("69") for product in products if product.barcode)
    for entry in (*services, *products):
        assert entry.names.zh_CN
        assert entry.names.zh_TW
        assert entry.names.en
    assert sum(product.favourite for product in shop.catalog.favourite_products(8)) >= 6

    roles = Counter(row.role for row, _ in beside.people.values())
    assert roles == {Role.STYLIST: 6, Role.RECEPTION: 1, Role.MANAGER: 1, Role.OWNER: 1}
    assert next(iter(beside.people.values()))[0].role is Role.OWNER  # the first person of a shop is its owner
    for row, pin in beside.people.values():
        check_pin_rules(pin, row.role)
    assert len({pin for _, pin in beside.people.values()}) == 9
    assert pins_shown(made) == {row.name: pin for row, pin in beside.people.values()}
    stocked = {product.id for product in products if product.stocked}
    assert {product for product, _ in beside.stock.values()} == stocked


async def test_a_real_shop_shows_no_pins(shop) -> None:
    assert pins_shown(NOT_SET_UP) == {}
    assert pins_shown(await shop.catalog.set_up(shop.owner, ShopDraft(name="x"), TapId.new())) == {}


async def test_a_shop_that_is_set_up_is_never_made_a_demo(shop) -> None:
    await shop.catalog.set_up(shop.owner, ShopDraft(name="x"), TapId.new())
    beside = Neighbours()
    with pytest.raises(AlreadySetUp):
        await create_demo(SYSTEM, shop.catalog, beside.add_staff, beside.receive)
    assert shop.catalog.every_service() == []
    assert beside.people == {}


@pytest.mark.parametrize("calls", [0, 5, 9, 20])
async def test_a_power_cut_while_the_demo_is_made_is_carried_on(shop, restarted, calls: int) -> None:
    beside = Neighbours(fail_after=calls)
    with pytest.raises(ConnectionError):
        await create_demo(SYSTEM, shop.catalog, beside.add_staff, beside.receive)
    assert not shop.catalog.is_set_up()
    again = await restarted(shop)
    beside.left = 10**6
    await create_demo(SYSTEM, again.catalog, beside.add_staff, beside.receive)
    whole = Neighbours()
    assert len(beside.people) == 9
    assert len(beside.stock) == sum(product.stocked for product in again.catalog.every_product())
    assert len(again.told("CatalogImported")) == 2
    assert again.catalog.shop().demo
    with pytest.raises(AlreadySetUp):
        await create_demo(SYSTEM, again.catalog, whole.add_staff, whole.receive)
