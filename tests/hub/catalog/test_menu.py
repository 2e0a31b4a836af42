from __future__ import annotations

import asyncio

import pytest

from hub.catalog import BarcodeTaken, CodeTaken, Names, NoLongerSold, ProductId, ServiceId, UnknownBarcode
from hub.catalog.values import ValueRefused
from hub.errors import NotAllowed, NotFound, TapReused
from hub.ids import TapId


async def test_a_new_service_is_on_the_menu_at_once_and_after_a_restart(shop, restarted) -> None:
    assert shop.catalog.services_offered() == []
    colour = await shop.catalog.add_service(shop.manager, shop.cut(code="COL", phases="40+35p+25"), TapId.new())
    assert shop.catalog.services_offered() == [colour]
    assert (colour.minutes, colour.working_minutes) == (100, 65)
    assert shop.catalog.service(colour.id) == colour
    assert (await restarted(shop)).catalog.services_offered() == [colour]


async def test_the_menu_keeps_the_order_in_which_services_were_added(shop) -> None:
    for code in ("Z", "A", "M"):
        await shop.catalog.add_service(shop.manager, shop.cut(code=code), TapId.new())
    assert [service.code for service in shop.catalog.services_offered()] == ["Z", "A", "M"]


async def test_a_price_change_is_told_with_the_price_before(shop) -> None:
    service = await shop.catalog.add_service(shop.manager, shop.cut(), TapId.new())
    dearer = await shop.catalog.change_service(shop.manager, service.id, shop.cut(price=18800), TapId.new())
    assert dearer.price == shop.catalog.service(service.id).price == 18800
    told = shop.told("ServiceChanged")
    assert [(body["change"], body["price"], body["price_was"]) for body in told] == [("added", 16800, 16800), ("changed", 18800, 16800)]
    assert {body["service"] for body in told} == {service.id}


async def test_changing_nothing_tells_nothing(shop) -> None:
    service = await shop.catalog.add_service(shop.manager, shop.cut(), TapId.new())
    await shop.catalog.change_service(shop.manager, service.id, shop.cut(), TapId.new())
    assert len(shop.lines()) == 1


async def test_a_retired_service_leaves_the_menu_but_never_the_books(shop) -> None:
    service = await shop.catalog.add_service(shop.manager, shop.cut(), TapId.new())
    retired = await shop.catalog.retire_service(shop.manager, service.id, TapId.new())
    assert not retired.active
    assert shop.catalog.services_offered() == []
    assert shop.catalog.every_service() == [retired]
    assert shop.catalog.service(service.id) == retired
    assert await shop.db.write(shop.catalog.service_for_sale, service.id) == retired  # the guest in the chair can pay
    await shop.catalog.retire_service(shop.manager, service.id, TapId.new())
    assert [body["change"] for body in shop.told("ServiceChanged")] == ["added", "retired"]
    back = await shop.catalog.change_service(shop.manager, service.id, shop.cut(), TapId.new())
    assert shop.catalog.services_offered() == [back] == [service]
    assert shop.told("ServiceChanged")[-1]["change"] == "offered_again"


async def test_the_same_tap_adds_one_service(shop) -> None:
    tap = TapId.new()
    answers = await asyncio.gather(*(shop.catalog.add_service(shop.manager, shop.cut(), tap) for _ in range(20)))
    assert len({service.id for service in answers}) == 1
    assert len(shop.told("ServiceChanged")) == 1
    with pytest.raises(TapReused):
        await shop.catalog.add_service(shop.manager, shop.cut(price=1), tap)


async def test_a_code_is_given_once_even_when_two_managers_type_it_at_once(shop) -> None:
    answers = await asyncio.gather(
        *(shop.catalog.add_service(shop.manager, shop.cut(code=code), TapId.new()) for code in ("cut-1", "CUT-1", "Cut-1")),
        return_exceptions=True,
    )
    assert sum(isinstance(answer, CodeTaken) for answer in answers) == 2
    other = await shop.catalog.add_service(shop.manager, shop.cut(code="CUT-2"), TapId.new())
    with pytest.raises(CodeTaken):
        await shop.catalog.change_service(shop.manager, other.id, shop.cut(code="CUT-1"), TapId.new())


async def test_only_who_may_change_the_catalogue_does(shop) -> None:
    service = await shop.catalog.add_service(shop.manager, shop.cut(), TapId.new())
    product = await shop.catalog.add_product(shop.manager, shop.shampoo(), TapId.new())
    before = len(shop.lines())
    for nobody in (shop.reception, shop.kiosk):
        for wish in (
            shop.catalog.add_service(nobody, shop.cut(code="X"), TapId.new()),
            shop.catalog.change_service(nobody, service.id, shop.cut(price=1), TapId.new()),
            shop.catalog.retire_service(nobody, service.id, TapId.new()),
            shop.catalog.add_product(nobody, shop.shampoo(code="X", barcode=None), TapId.new()),
            shop.catalog.change_product(nobody, product.id, shop.shampoo(price=1), TapId.new()),
            shop.catalog.retire_product(nobody, product.id, TapId.new()),
            shop.catalog.take_in_services(nobody, [], TapId.new()),
            shop.catalog.take_in_products(nobody, [], TapId.new()),
        ):
            with pytest.raises(NotAllowed):
                await wish
    assert len(shop.lines()) == before
    assert shop.catalog.service(service.id) == service


async def test_what_is_not_in_this_shop_is_not_found(shop) -> None:
    with pytest.raises(NotFound):
        shop.catalog.service(ServiceId.new())
    with pytest.raises(NotFound):
        shop.catalog.product(ProductId.new())
    with pytest.raises(NotFound):
        await shop.db.write(shop.catalog.service_for_sale, ServiceId.new())
    with pytest.raises(NotFound):
        await shop.db.write(shop.catalog.product_for_sale, ProductId.new())
    with pytest.raises(NotFound):
        await shop.catalog.retire_service(shop.manager, ServiceId.new(), TapId.new())
    with pytest.raises(NotFound):
        await shop.catalog.change_product(shop.manager, ProductId.new(), shop.shampoo(), TapId.new())


async def test_the_scanner_finds_a_product(shop) -> None:
    product = await shop.catalog.add_product(shop.manager, shop.shampoo(), TapId.new())
    assert shop.catalog.product_by_barcode(shop.ean(1)) == product
    assert shop.catalog.product_by_barcode(f" {shop.ean(1)}\r\n") == product
    assert shop.catalog.product(product.id) == product
    assert await shop.db.write(shop.catalog.product_for_sale, product.id) == product


@pytest.mark.parametrize("code", ["6901234567892", "6901234567890", "hello", "", "\x00\x00", "9" * 500, "CS1:0198"])
async def test_a_code_nobody_knows_says_what_to_do(shop, code: str) -> None:
    await shop.catalog.add_product(shop.manager, shop.shampoo(), TapId.new())
    with pytest.raises(UnknownBarcode) as unknown:
        shop.catalog.product_by_barcode(code)
    assert "Search for the product by name" in unknown.value.hint
    assert len(unknown.value.facts["barcode"]) <= 40


async def test_a_retired_product_is_named_at_the_scanner_but_what_is_in_the_basket_is_sold(shop) -> None:
    product = await shop.catalog.add_product(shop.manager, shop.shampoo(), TapId.new())
    await shop.catalog.retire_product(shop.manager, product.id, TapId.new())
    with pytest.raises(NoLongerSold):
        shop.catalog.product_by_barcode(shop.ean(1))
    assert shop.catalog.search_products("SH-250") == []
    assert shop.catalog.favourite_products(10) == []
    assert (await shop.db.write(shop.catalog.product_for_sale, product.id)).id == product.id
    assert [body["change"] for body in shop.told("ProductChanged")] == ["added", "retired"]


async def test_a_barcode_belongs_to_one_product(shop) -> None:
    await shop.catalog.add_product(shop.manager, shop.shampoo(), TapId.new())
    with pytest.raises(BarcodeTaken) as taken:
        await shop.catalog.add_product(shop.manager, shop.shampoo(code="OTHER"), TapId.new())
    assert taken.value.facts["other"] == "SH-250"
    other = await shop.catalog.add_product(shop.manager, shop.shampoo(code="OTHER", barcode=None), TapId.new())
    with pytest.raises(BarcodeTaken):
        await shop.catalog.change_product(shop.manager, other.id, shop.shampoo(code="OTHER"), TapId.new())
    with pytest.raises(CodeTaken):
        await shop.catalog.add_product(shop.manager, shop.shampoo(barcode=shop.ean(2)), TapId.new())
    assert len(shop.told("ProductChanged")) == 2


async def test_a_product_may_change_its_barcode_and_give_the_old_one_away(shop) -> None:
    product = await shop.catalog.add_product(shop.manager, shop.shampoo(), TapId.new())
    await shop.catalog.change_product(shop.manager, product.id, shop.shampoo(barcode=shop.ean(2)), TapId.new())
    heir = await shop.catalog.add_product(shop.manager, shop.shampoo(code="HEIR"), TapId.new())
    assert shop.catalog.product_by_barcode(shop.ean(1)) == heir
    assert shop.catalog.product_by_barcode(shop.ean(2)).id == product.id


async def test_favourites_come_first_at_the_till(shop) -> None:
    for n, favourite in enumerate((False, True, False, True)):
        await shop.catalog.add_product(shop.manager, shop.shampoo(code=f"P{n}", barcode=None, favourite=favourite), TapId.new())
    assert [product.code for product in shop.catalog.favourite_products(3)] == ["P1", "P3", "P0"]
    assert [product.code for product in shop.catalog.search_products("  ")] == ["P1", "P3", "P0", "P2"]


@pytest.mark.parametrize(
    "wrong", [{"price": -1}, {"price": 10**10}, {"tax": -1}, {"tax": 10001}, {"code": ""}, {"category": ""}, {"names": Names()}]
)
def test_a_draft_that_cannot_be_kept_is_never_made(shop, wrong: dict[str, object]) -> None:
    with pytest.raises(ValueRefused):
        shop.cut(**wrong)
    with pytest.raises(ValueRefused):
        shop.shampoo(**wrong)


async def test_the_menu_read_in_between_is_never_older_than_the_answer(shop) -> None:
    """Ten managers add services while everybody reads the menu: who has been answered sees what she added."""

    async def add(n: int) -> None:
        service = await shop.catalog.add_service(shop.manager, shop.cut(code=f"S{n}"), TapId.new())
        assert service in shop.catalog.services_offered()
        dearer = await shop.catalog.change_service(shop.manager, service.id, shop.cut(code=f"S{n}", price=n), TapId.new())
        assert shop.catalog.service(service.id) == dearer

    for start in range(0, 100, 10):
        await asyncio.gather(*(add(start + n) for n in range(10)))
    assert len(shop.catalog.services_offered()) == 100


async def test_an_act_whose_asker_went_away_still_shows_on_the_menu(shop) -> None:
    assert shop.catalog.services_offered() == []
    asked = asyncio.ensure_future(shop.catalog.add_service(shop.manager, shop.cut(), TapId.new()))
    await asyncio.sleep(0)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    await shop.db.write(lambda tx: None)  # the writer has done what came before
    assert [service.code for service in shop.catalog.services_offered()] == ["CUT"]
