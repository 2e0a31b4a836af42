from __future__ import annotations

import asyncio

import pytest

from hub.access import SYSTEM
from hub.catalog.model import ProductDraft
from hub.errors import InvalidInput, NotFound
from hub.ids import TapId
from hub.pos import LineKind, LineWish
from hub.pos.model import BasketClosed, PriceChanged


@pytest.fixture
async def basket(salon):
    return await salon.shop.pos.open_basket(salon.desk, "t1", None, TapId.new())


def shampoo(salon):
    return LineWish(kind=LineKind.PRODUCT, item=salon.shampoo.id)


async def test_scanning_twice_is_two_pieces_on_one_line(salon, basket):
    for _ in range(2):
        basket = await salon.shop.pos.add_scanned(salon.desk, basket.id, "6901234567892", TapId.new())
    assert [(x.name, x.quantity, x.amount) for x in basket.lines] == [("洗发水", 2, 13600)]


async def test_one_scan_sent_twice_is_one_piece(salon, basket):
    tap = TapId.new()
    for _ in range(2):
        basket = await salon.shop.pos.add_scanned(salon.desk, basket.id, "6901234567892", tap)
    assert basket.total == 6800


async def test_nought_pieces_takes_the_line_away(salon, basket):
    basket = await salon.shop.pos.add_line(salon.desk, basket.id, shampoo(salon), TapId.new())
    basket = await salon.shop.pos.change_quantity(salon.desk, basket.id, basket.lines[0].id, 0, TapId.new())
    assert basket.lines == ()


async def test_a_line_of_another_basket_cannot_be_touched(salon, basket):
    basket = await salon.shop.pos.add_line(salon.desk, basket.id, shampoo(salon), TapId.new())
    other = await salon.shop.pos.open_basket(salon.desk, "t1", None, TapId.new())
    assert other.id != basket.id
    with pytest.raises(NotFound):
        await salon.shop.pos.change_quantity(salon.desk, other.id, basket.lines[0].id, 5, TapId.new())
    with pytest.raises(InvalidInput):
        await salon.shop.pos.change_quantity(salon.desk, basket.id, basket.lines[0].id, -1, TapId.new())


async def test_a_visit_has_one_open_basket_at_whichever_till(salon):
    visit = await salon.walk_in()
    pos = salon.shop.pos
    found = await asyncio.gather(*(pos.open_basket(salon.desk, f"t{n}", visit.id, TapId.new()) for n in range(5)))
    assert len({b.id for b in found}) == 1


async def test_a_price_changed_meanwhile_is_seen_in_the_basket_and_stops_the_old_total(salon, basket):
    basket = await salon.shop.pos.add_line(salon.desk, basket.id, shampoo(salon), TapId.new())
    old = salon.shampoo
    draft = ProductDraft(code=old.code, category=old.category, names=old.names, barcode=old.barcode, price=7000, tax=old.tax, stocked=True)
    await salon.shop.catalog.change_product(SYSTEM, old.id, draft, TapId.new())
    with pytest.raises(PriceChanged):
        await salon.sell(basket=basket.id)
    assert salon.shop.pos.basket(salon.desk, basket.id).total == 7000


async def test_a_paid_or_cleared_basket_is_over(salon, basket):
    basket = await salon.shop.pos.add_line(salon.desk, basket.id, shampoo(salon), TapId.new())
    await salon.sell(basket=basket.id)
    with pytest.raises(BasketClosed):
        await salon.shop.pos.add_line(salon.desk, basket.id, shampoo(salon), TapId.new())
    with pytest.raises(BasketClosed):
        await salon.shop.pos.clear_basket(salon.desk, basket.id, TapId.new())
    with pytest.raises(BasketClosed):
        await salon.sell(basket=basket.id)
