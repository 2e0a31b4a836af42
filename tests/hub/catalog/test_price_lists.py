from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.access import Role
from hub.catalog import BarcodeTaken, Names
from hub.catalog.columns import COLUMNS, Kind, StaffRow, StockRow
from hub.catalog.importing import ImportRefused, hand_over, rows_of
from hub.catalog.price_list import ListedProduct
from hub.catalog.sheets import FILE_BYTES_MAX
from hub.catalog.values import Reason, ValueRefused
from hub.errors import NotAllowed
from hub.ids import TapId

SERVICES = "code,category,name_zh_CN,name_en,phases,price,tax\n"
PRODUCTS = "code,category,name_zh_CN,barcode,price,tax\n"
TEMPLATES = Path(__file__).parents[3] / "docs" / "templates"


def found(plan) -> list[tuple[int, str, Reason]]:
    return [(problem.line, problem.column, problem.reason) for problem in plan.problems]


def products(*lines: str, head: str = PRODUCTS) -> bytes:
    return (head + "\n".join(lines)).encode()


async def take_in(shop, content: bytes, kind: Kind = Kind.PRODUCTS):
    plan = shop.importing.read_plan(content, kind)
    assert plan.problems == ()
    return await shop.importing.apply(shop.manager, plan, TapId.new())


@pytest.mark.parametrize("kind", Kind)
async def test_each_template_is_taken_as_it_is(shop, kind: Kind) -> None:
    for before in (Kind.SERVICES, Kind.PRODUCTS):
        if before is not kind:
            await take_in(shop, (TEMPLATES / f"{before}.csv").read_bytes(), before)
    plan = shop.importing.read_plan(TEMPLATES / f"{kind}.csv", kind)
    assert plan.problems == ()
    assert plan.rows
    header = (TEMPLATES / f"{kind}.csv").read_text("utf-8-sig").splitlines()[0].split(",")
    assert header == list(COLUMNS[kind])


async def test_a_trial_writes_nothing_and_says_what_would_happen(shop) -> None:
    plan = shop.importing.read_plan(products(f"A,x,甲,{shop.ean(1)},10,13%", "B,x,乙,,20,13%"), Kind.PRODUCTS)
    assert (len(plan.rows), plan.added, plan.changed, plan.same, plan.problems) == (2, 2, 0, 0, ())
    assert shop.catalog.every_product() == []
    assert shop.lines() == []


async def test_every_bad_cell_is_named_with_line_column_reason_and_value(shop) -> None:
    content = products(
        "A,x,甲,6901234567893,10,13%",
        ",,,abc,ten,13",
        "B,x,乙,,20,13%",
        "",
        "B,x,乙,,20,13%",
        f"C,x,丙,{shop.ean(1)},20,13%",
        f"D,x,丁,{shop.ean(1)},20,13%",
        "E,x,=1+1,,20,13%",
        "F,x,戊,,20,13%,too,much",
    )
    plan = shop.importing.read_plan(content, Kind.PRODUCTS)
    assert found(plan) == [
        (2, "barcode", Reason.BARCODE_CHECK_DIGIT),
        (3, "code", Reason.MISSING),
        (3, "category", Reason.MISSING),
        (3, "barcode", Reason.BARCODE_SHAPE),
        (3, "price", Reason.PRICE_SHAPE),
        (3, "tax", Reason.TAX_SHAPE),
        (3, "name_zh_CN", Reason.MISSING),
        (6, "code", Reason.CODE_TWICE),
        (8, "barcode", Reason.BARCODE_TWICE),
        (9, "name_zh_CN", Reason.FORMULA),
        (10, "", Reason.CELLS_TOO_MANY),
        (10, "", Reason.CELLS_TOO_MANY),
    ]
    assert plan.problems[0].value == "6901234567893"
    assert [row.code for row in rows_of(plan, ListedProduct)] == ["B", "C"]
    with pytest.raises(ImportRefused):
        await shop.importing.apply(shop.manager, plan, TapId.new())
    assert shop.catalog.every_product() == []


async def test_the_same_list_twice_changes_nothing(shop) -> None:
    content = products(f"A,x,甲,{shop.ean(1)},10,13%", "B,x,乙,,20,13%")
    first = await take_in(shop, content)
    assert (first.added, first.changed, first.same) == (2, 0, 0)
    before = shop.catalog.every_product()
    second = await take_in(shop, content)
    assert (second.added, second.changed, second.same) == (0, 0, 2)
    assert shop.catalog.every_product() == before
    assert len(shop.told("ProductChanged")) == 2
    assert [body["same"] for body in shop.told("CatalogImported")] == [0, 2]


async def test_an_existing_code_is_updated_and_the_change_is_told(shop) -> None:
    await take_in(shop, products("A,x,甲,,10,13%", "B,x,乙,,20,13%"))
    plan = shop.importing.read_plan(products("a,x,甲,,12,13%", "C,x,丙,,30,13%"), Kind.PRODUCTS)
    assert (plan.added, plan.changed, plan.same) == (1, 1, 0)
    await shop.importing.apply(shop.manager, plan, TapId.new())
    assert [(product.code, product.price) for product in shop.catalog.every_product()] == [("A", 1200), ("B", 2000), ("C", 3000)]
    told = shop.told("ProductChanged")[-2:]
    assert [(body["change"], body["price_was"], body["price"]) for body in told] == [("added", 3000, 3000), ("changed", 1000, 1200)]


async def test_a_column_the_list_does_not_have_stays_as_it_is(shop) -> None:
    names = Names(zh_CN="甲", zh_TW="甲甲", en="Alpha")
    await shop.catalog.add_product(shop.manager, shop.shampoo(code="A", names=names, favourite=True, stocked=False), TapId.new())
    await take_in(shop, products("A,shampoo,新,12,13%", head="code,category,name_zh_CN,price,tax\n"))
    after = shop.catalog.every_product()[0]
    assert after.names == Names(zh_CN="新", zh_TW="甲甲", en="Alpha")
    assert (after.barcode, after.favourite, after.stocked, after.price) == (shop.ean(1), True, False, 1200)
    await take_in(shop, products("A,shampoo,新,,12,13%"))  # the column is there and the cell empty: no barcode any more
    assert shop.catalog.every_product()[0].barcode is None


async def test_a_list_retires_and_offers_again(shop) -> None:
    head = "code,category,name_zh_CN,price,tax,active\n"
    await take_in(shop, products("A,x,甲,10,13%,no", "B,x,乙,10,13%,", head=head))
    assert [(product.code, product.active) for product in shop.catalog.every_product()] == [("A", False), ("B", True)]
    await take_in(shop, products("A,x,甲,10,13%,是", "B,x,乙,10,13%,否", head=head))
    assert [body["change"] for body in shop.told("ProductChanged")] == ["added", "added", "offered_again", "retired"]


async def test_a_barcode_of_another_product_of_the_shop_is_named_with_it(shop) -> None:
    await take_in(shop, products(f"A,x,甲,{shop.ean(1)},10,13%", "B,x,乙,,20,13%"))
    plan = shop.importing.read_plan(products(f"B,x,乙,{shop.ean(1)},20,13%", f"C,x,丙,{shop.ean(2)},20,13%"), Kind.PRODUCTS)
    assert found(plan) == [(2, "barcode", Reason.BARCODE_OF_ANOTHER)]
    assert plan.problems[0].value == f"{shop.ean(1)} (A)"
    assert [row.code for row in rows_of(plan, ListedProduct)] == ["C"]


async def test_two_products_may_swap_their_barcodes_in_one_list(shop) -> None:
    await take_in(shop, products(f"A,x,甲,{shop.ean(1)},10,13%", f"B,x,乙,{shop.ean(2)},20,13%"))
    await take_in(shop, products(f"A,x,甲,{shop.ean(2)},10,13%", f"B,x,乙,{shop.ean(1)},20,13%"))
    assert [product.barcode for product in shop.catalog.every_product()] == [shop.ean(2), shop.ean(1)]
    await take_in(shop, products("A,x,甲,,10,13%", f"C,x,丙,{shop.ean(2)},20,13%"))  # one lets go, a new one takes it
    assert shop.catalog.product_by_barcode(shop.ean(2)).code == "C"


async def test_a_shop_that_changed_since_the_trial_takes_in_all_or_nothing(shop) -> None:
    plan = shop.importing.read_plan(products("A,x,甲,,10,13%", f"B,x,乙,{shop.ean(1)},20,13%"), Kind.PRODUCTS)
    await shop.catalog.add_product(shop.manager, shop.shampoo(code="Z"), TapId.new())
    with pytest.raises(BarcodeTaken):
        await shop.importing.apply(shop.manager, plan, TapId.new())
    assert [product.code for product in shop.catalog.every_product()] == ["Z"]
    assert shop.told("CatalogImported") == []


async def test_the_same_tap_takes_a_list_in_once_even_after_a_restart(shop, restarted) -> None:
    plan = shop.importing.read_plan(products("A,x,甲,10,13%", head="code,category,name_zh_CN,price,tax\n"), Kind.PRODUCTS)
    tap = TapId.new()
    first = await shop.importing.apply(shop.manager, plan, tap)
    assert await shop.importing.apply(shop.manager, plan, tap) == first
    again = await restarted(shop)
    assert await again.importing.apply(again.manager, plan, tap) == first
    assert len(again.told("CatalogImported")) == 1


async def test_only_a_manager_may_try_or_take_in_a_list(shop) -> None:
    content = products("A,x,甲,,10,13%")
    with pytest.raises(NotAllowed):
        await shop.importing.plan(shop.reception, content, Kind.PRODUCTS)
    plan = await shop.importing.plan(shop.manager, content, Kind.PRODUCTS)
    with pytest.raises(NotAllowed):
        await shop.importing.apply(shop.reception, plan, TapId.new())


async def test_a_list_made_by_hand_with_a_code_twice_is_refused_whole(shop) -> None:
    rows = [ListedProduct(line=n, draft=shop.shampoo(barcode=None)) for n in (1, 2)]
    with pytest.raises(ValueRefused):
        await shop.catalog.take_in_products(shop.manager, rows, TapId.new())
    assert shop.catalog.every_product() == []


async def test_services_come_with_their_phases(shop) -> None:
    content = (SERVICES + "COL,colour,染发,Colour,30+45p+15,¥398.00,6%\nCUT,cut,剪发,,45,98,6%\n").encode()
    await take_in(shop, content, Kind.SERVICES)
    colour, cut = shop.catalog.services_offered()
    assert (colour.minutes, colour.working_minutes, colour.price, colour.tax) == (90, 45, 39800, 600)
    assert cut.names == Names(zh_CN="剪发")
    plan = shop.importing.read_plan((SERVICES + "COL,colour,染发,Colour,45p,398,6%\nX,x,x,,30+,398,6%").encode(), Kind.SERVICES)
    assert found(plan) == [(2, "phases", Reason.PHASES_WITHOUT_WORK), (3, "phases", Reason.PHASES_SHAPE)]


async def test_chinese_headings_and_a_list_in_gb18030_are_understood(shop) -> None:
    text = "编码,类别,名称,条码,价格,税率,管库存,在售\nXS-01,洗护,滋养洗发水,,￥88.00,13％,是,是\n"
    for content in (text.encode("gb18030"), text.encode("utf-8-sig"), text.encode(), text.encode("utf-16")):
        plan = shop.importing.read_plan(content, Kind.PRODUCTS)
        assert plan.problems == ()
        (row,) = rows_of(plan, ListedProduct)
        assert (row.draft.names.zh_CN, row.draft.price, row.draft.tax, row.draft.category) == ("滋养洗发水", 8800, 1300, "洗护")


@pytest.mark.parametrize("separator", [",", ";", "\t"])
async def test_the_separator_is_found_out(shop, separator: str) -> None:
    content = "\r\n".join(separator.join(line) for line in (["code", "category", "name_en", "price", "tax"], ["A", "x", "y", "1.5", "0"]))
    plan = shop.importing.read_plan(content.encode(), Kind.PRODUCTS)
    assert plan.problems == ()
    assert len(plan.rows) == 1


async def test_lines_are_numbered_as_the_spreadsheet_shows_them(shop) -> None:
    content = products('A,x,"甲",,10,13%', "", 'B,x,"乙\n乙",,20,13%', "C,x,丙,,x,13%")
    plan = shop.importing.read_plan(content, Kind.PRODUCTS)
    assert found(plan) == [(4, "name_zh_CN", Reason.CHARACTERS), (6, "price", Reason.PRICE_SHAPE)]


@pytest.mark.parametrize(
    ("head", "problems"),
    [
        ("code,category,name_en,price\n", [(1, "tax", Reason.COLUMN_MISSING)]),
        ("code,category,price,tax\n", [(1, "name_zh_CN", Reason.COLUMN_MISSING)]),
        ("code,category,name_en,price,tax,colour\n", [(1, "colour", Reason.COLUMN_UNKNOWN)]),
        ("code,category,name_en,price,tax,Price\n", [(1, "price", Reason.COLUMN_TWICE)]),
        (
            "not a list at all\n",
            [(1, "not a list at all", Reason.COLUMN_UNKNOWN)]
            + [(1, c, Reason.COLUMN_MISSING) for c in ("code", "category", "price", "tax", "name_zh_CN")],
        ),
    ],
)
async def test_a_heading_that_is_wrong_is_named(shop, head: str, problems: list[tuple[int, str, Reason]]) -> None:
    plan = shop.importing.read_plan((head + "A,x,y,1,0,z").encode(), Kind.PRODUCTS)
    assert [problem for problem in found(plan) if problem[0] == 1] == problems


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", Reason.FILE_EMPTY),
        (b"  \n", Reason.FILE_EMPTY),
        (PRODUCTS.encode(), Reason.FILE_EMPTY),
        (b"\xff\xff\xff\x81", Reason.ENCODING),
        (b"\xd0\xcf\x11\xe0" + bytes(100), Reason.OLD_EXCEL),
        (b"PK\x03\x04 not a workbook", Reason.UNREADABLE),
        (products('A,x,"甲,,10,13%'), Reason.UNREADABLE),
        (products("A,x," + "甲" * 140_000 + ",,10,13%"), Reason.UNREADABLE),
        (bytes(FILE_BYTES_MAX + 1), Reason.FILE_TOO_LARGE),
    ],
    ids=["empty", "blank", "heading alone", "no encoding", "old excel", "broken zip", "open quote", "long cell", "large"],
)
async def test_a_file_that_cannot_be_read_is_one_problem_with_a_reason(shop, content: bytes, reason: Reason) -> None:
    plan = shop.importing.read_plan(content, Kind.PRODUCTS)
    assert [problem.reason for problem in plan.problems] == [reason]
    assert len(plan.problems[0].value) <= 40


async def test_a_list_that_is_too_long_or_all_wrong_stops_being_read(shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.catalog.sheets.ROWS_MAX", 50)
    monkeypatch.setattr("hub.catalog.importing.PROBLEMS_MAX", 20)
    plan = shop.importing.read_plan(products(*(f"A{n},x,y,,1,0" for n in range(51))), Kind.PRODUCTS)
    assert found(plan) == [(52, "", Reason.ROWS_TOO_MANY)]
    assert shop.importing.read_plan(products(*(f"A{n},x,y,,1,0" for n in range(50))), Kind.PRODUCTS).problems == ()
    plan = shop.importing.read_plan(products(*["A,x,y,,1,0"] * 40), Kind.PRODUCTS)
    assert found(plan)[-1] == (23, "", Reason.PROBLEMS_TOO_MANY)
    assert len(plan.problems) == 22


async def test_a_file_that_is_not_there_is_a_problem_not_a_crash(shop, tmp_path: Path) -> None:
    assert found(shop.importing.read_plan(tmp_path / "gone.csv", Kind.STAFF)) == [(1, "", Reason.UNREADABLE)]


async def test_staff_is_read_and_handed_to_whoever_keeps_people(shop) -> None:
    cut = await shop.catalog.add_service(shop.manager, shop.cut(), TapId.new())
    content = "姓名,岗位,做服务,技能\n林悦,发型师,,cut\n周岚,店长,是,\n何晓,前台,,\n".encode("gb18030")
    plan = shop.importing.read_plan(content, Kind.STAFF)
    assert plan.problems == ()
    given: list[tuple[StaffRow, TapId]] = []

    async def give(row: StaffRow, tap: TapId) -> None:
        given.append((row, tap))

    tap = TapId.new()
    assert await hand_over(plan, StaffRow, give, tap) == 3
    assert await hand_over(plan, StaffRow, give, tap) == 3
    assert given[:3] == given[3:]  # after a power cut the same people come under the same taps
    assert len({tap for _, tap in given}) == 3
    lin, zhou, he = (row for row, _ in given[:3])
    assert (lin.name, lin.role, lin.stylist, lin.skills) == ("林悦", Role.STYLIST, True, (cut.id,))
    assert (zhou.role, zhou.stylist, he.role, he.stylist) == (Role.MANAGER, True, Role.RECEPTION, False)
    with pytest.raises(ImportRefused):
        await shop.importing.apply(shop.manager, plan, tap)


async def test_staff_with_a_role_or_skill_nobody_knows_is_named(shop) -> None:
    plan = shop.importing.read_plan("name,role,skills\n林悦,kiosk,\n,stylist,CUT\n周岚,system,".encode(), Kind.STAFF)
    assert found(plan) == [
        (2, "role", Reason.ROLE_UNKNOWN),
        (3, "name", Reason.MISSING),
        (3, "skills", Reason.SERVICE_UNKNOWN),
        (4, "role", Reason.ROLE_UNKNOWN),
    ]
    with pytest.raises(ImportRefused):
        await hand_over(plan, StaffRow, lambda row, tap: shop.db.write(lambda tx: None), TapId.new())


async def test_stock_is_only_for_products_that_are_stocked(shop) -> None:
    product = await shop.catalog.add_product(shop.manager, shop.shampoo(), TapId.new())
    await shop.catalog.add_product(shop.manager, shop.shampoo(code="GIFT", barcode=None, stocked=False), TapId.new())
    plan = shop.importing.read_plan(b"code,quantity\nsh-250,12\nGIFT,1\nNONE,1\nSH-250,3\n", Kind.STOCK)
    assert found(plan) == [(3, "code", Reason.NOT_STOCKED), (4, "code", Reason.PRODUCT_UNKNOWN), (5, "code", Reason.CODE_TWICE)]
    assert [(row.product, row.quantity) for row in rows_of(plan, StockRow)] == [(product.id, 12)]
    for wrong, reason in (("0", Reason.NUMBER_RANGE), ("-1", Reason.NUMBER_SHAPE), ("1.5", Reason.NUMBER_SHAPE), ("", Reason.MISSING)):
        assert found(shop.importing.read_plan(f"code,quantity\nSH-250,{wrong}".encode(), Kind.STOCK)) == [(2, "quantity", reason)]


_CELLS = st.text(max_size=15) | st.sampled_from(["A", "甲", "30+45p", "¥1,280", "6%", "是", "6901234567892", "=1+1", "1e999", "\x00", '"'])


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kind=st.sampled_from(Kind), rows=st.lists(st.lists(_CELLS, max_size=12), max_size=6), known=st.booleans())
async def test_no_list_is_a_crash(shop, kind: Kind, rows: list[list[str]], known: bool) -> None:
    out = io.StringIO()
    csv.writer(out).writerows([list(COLUMNS[kind]), *rows] if known else rows)
    plan = shop.importing.read_plan(out.getvalue().encode(errors="surrogatepass"), kind)
    assert plan.problems or plan.rows
    assert shop.lines() == []


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kind=st.sampled_from(Kind), content=st.binary(max_size=200))
async def test_no_bytes_are_a_crash(shop, kind: Kind, content: bytes) -> None:
    for start in (b"", b"PK\x03\x04", b"\xff\xfe", b"\xef\xbb\xbf", PRODUCTS.encode()):
        plan = shop.importing.read_plan(start + content, kind)
        assert plan.problems or plan.rows
