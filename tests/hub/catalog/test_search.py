from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.catalog import Names
from hub.ids import TapId

SHELF = [
    ("SH-250", "滋养洗发水 250ml", "滋養洗髮精 250ml", "Nourishing shampoo 250 ml"),
    ("SH-COL", "护色洗发水", "護色洗髮精", "Colour-care shampoo"),
    ("CO-250", "滋养护发素", "滋養潤髮乳", "Nourishing conditioner"),
    ("OI-100", "摩洛哥精油", "摩洛哥護髮油", "Argan oil"),
    ("SE-50", "发际精华", "髮際精華", "Crème sérum"),
    ("0012", "发夹", "髮夾", "Clip"),
]


async def fill(shop) -> None:
    for n, (code, cn, tw, en) in enumerate(SHELF, 1):
        draft = shop.shampoo(code=code, names=Names(zh_CN=cn, zh_TW=tw, en=en), barcode=shop.ean(n))
        await shop.catalog.add_product(shop.manager, draft, TapId.new())


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("洗发水", ["SH-250", "SH-COL"]),
        ("洗发", ["SH-250", "SH-COL"]),
        ("发", ["SH-250", "SH-COL", "CO-250", "SE-50", "0012"]),
        ("发水", ["SH-250", "SH-COL"]),
        ("水发", []),  # the order of characters counts
        ("洗髮", ["SH-250", "SH-COL"]),
        ("sham", ["SH-250", "SH-COL"]),
        ("SHAMPOO nour", ["SH-250"]),
        ("nourishing", ["SH-250", "CO-250"]),
        ("滋养 250", ["SH-250", "CO-250"]),  # the code's parts are words too
        ("sh", ["SH-250", "SH-COL"]),
        ("sh-2", ["SH-250"]),
        ("ＳＨ－２", ["SH-250"]),
        ("creme", ["SE-50"]),
        ("sérum", ["SE-50"]),
        ("001", ["0012"]),
        ("nothing", []),
        ("%", []),
        ('"', []),
        ("*", []),
        ("NEAR(", []),
        ("a OR b", []),
    ],
)
async def test_a_product_is_found_by_what_people_type(shop, typed: str, found: list[str]) -> None:
    await fill(shop)
    assert [product.code for product in shop.catalog.search_products(typed)] == found


async def test_the_beginning_of_a_barcode_finds_the_product(shop) -> None:
    await fill(shop)
    assert [product.code for product in shop.catalog.search_products(shop.ean(3))] == ["CO-250"]
    assert len(shop.catalog.search_products("699")) == len(SHELF)
    assert shop.catalog.search_products("6991") == []


async def test_the_exact_code_comes_before_longer_ones_and_names(shop) -> None:
    for code, name in (("A-10", "x"), ("B", "a-1 refill"), ("A-1", "y")):
        await shop.catalog.add_product(shop.manager, shop.shampoo(code=code, names=Names(en=name), barcode=None), TapId.new())
    assert [product.code for product in shop.catalog.search_products("a-1")] == ["A-1", "A-10", "B"]
    assert [product.code for product in shop.catalog.search_products("a-1", limit=2)] == ["A-1", "A-10"]


async def test_a_renamed_product_is_found_by_its_new_name_only(shop) -> None:
    product = await shop.catalog.add_product(shop.manager, shop.shampoo(), TapId.new())
    await shop.catalog.change_product(shop.manager, product.id, shop.shampoo(names=Names(zh_CN="发膜")), TapId.new())
    assert shop.catalog.search_products("洗发水") == []
    assert [found.id for found in shop.catalog.search_products("发膜")] == [product.id]
    await shop.catalog.change_product(shop.manager, product.id, shop.shampoo(code="NEW", names=Names(zh_CN="发膜")), TapId.new())
    assert shop.catalog.search_products("SH-250") == []
    assert [found.id for found in shop.catalog.search_products("new")] == [product.id]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=60) | st.text(alphabet="发洗sh \"*():^+-'\x00", max_size=20))
async def test_no_text_breaks_the_search(shop, text: str) -> None:
    if not shop.catalog.every_product():
        await fill(shop)
    assert len(shop.catalog.search_products(text)) <= len(SHELF)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(alphabet="洗发水护色素精油", min_size=1, max_size=6), st.text(alphabet="洗发水护色素精油", min_size=1, max_size=3))
async def test_any_run_of_chinese_characters_inside_a_name_finds_it(shop, name: str, typed: str) -> None:
    existing = {product.code: product for product in shop.catalog.every_product()}.get("SH-250")
    draft = shop.shampoo(names=Names(zh_CN=name))
    if existing:
        await shop.catalog.change_product(shop.manager, existing.id, draft, TapId.new())
    else:
        await shop.catalog.add_product(shop.manager, draft, TapId.new())
    assert bool(shop.catalog.search_products(typed)) == (typed in name)
