from __future__ import annotations

import io
import zipfile
from datetime import date
from typing import Any

import pytest
from openpyxl import Workbook

from hub.catalog.columns import COLUMNS, Kind
from hub.catalog.importing import rows_of
from hub.catalog.price_list import ListedProduct
from hub.catalog.values import Reason

HEAD = ["code", "category", "name_zh_CN", "barcode", "price", "tax"]


def workbook(*rows: list[Any], title: str = "Sheet", percent: str = "") -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = title
    for row in rows:
        sheet.append(row)
    if percent:
        sheet[percent].number_format = "0.00%"
    return packed(book)


def packed(book: Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def rewritten(content: bytes, part: str, change) -> bytes:
    """The workbook with one of its parts replaced, as a broken or hostile program would write it."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as before, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as after:
        for name in before.namelist():
            after.writestr(name, change(before.read(name)) if name == part else before.read(name))
    return out.getvalue()


def found(plan) -> list[tuple[int, str, Reason]]:
    return [(problem.line, problem.column, problem.reason) for problem in plan.problems]


async def test_numbers_are_understood_as_a_spreadsheet_keeps_them(shop) -> None:
    content = workbook(HEAD, [1001, "x", "甲", int(shop.ean(1)), 128.5, 0.06], ["B", "x", "乙", None, 128, "13%"], percent="F2")
    plan = shop.importing.read_plan(content, Kind.PRODUCTS)
    assert plan.problems == ()
    first, second = (row.draft for row in rows_of(plan, ListedProduct))
    assert (first.code, first.barcode, first.price, first.tax) == ("1001", shop.ean(1), 12850, 600)
    assert (second.price, second.tax, second.barcode) == (12800, 1300, None)


async def test_a_sum_of_cents_in_floating_point_is_the_price_people_see(shop) -> None:
    plan = shop.importing.read_plan(workbook(HEAD, ["A", "x", "甲", None, 0.1 + 0.2, "0"]), Kind.PRODUCTS)
    assert [row.draft.price for row in rows_of(plan, ListedProduct)] == [30]


async def test_formulas_errors_dates_and_bare_fractions_are_refused_by_cell(shop) -> None:
    content = workbook(
        HEAD,
        ["A", "x", "甲", None, "=B2*2", "13%"],
        [date(2026, 5, 3), "x", "乙", None, 10, "13%"],
        ["C", "x", "丙", "#REF!", 10, 0.13],
        ["D", "x", "丁", None, True, "13%"],
    )
    plan = shop.importing.read_plan(content, Kind.PRODUCTS)
    assert found(plan) == [
        (2, "price", Reason.FORMULA),
        (3, "code", Reason.NOT_TEXT),
        (4, "barcode", Reason.NOT_TEXT),
        (4, "tax", Reason.TAX_SHAPE),
        (5, "price", Reason.PRICE_SHAPE),
    ]
    assert plan.rows == ()


async def test_lines_are_numbered_as_the_sheet_shows_them(shop) -> None:
    plan = shop.importing.read_plan(workbook(HEAD, [], [], ["A", "x", "甲", None, "ten", "13%"]), Kind.PRODUCTS)
    assert found(plan) == [(4, "price", Reason.PRICE_SHAPE)]


async def test_the_right_sheet_of_several_is_taken(shop) -> None:
    book = Workbook()
    for title, kind in (("服务", Kind.SERVICES), ("商品", Kind.PRODUCTS)):
        sheet = book.create_sheet(title)
        sheet.append(list(COLUMNS[kind]))
    book["商品"].append(["A", "x", "甲", "", "", "", "10", "13%", "", "", ""])
    book["服务"].append(["S", "cut", "剪", "", "", "30", "10", "6%", ""])
    for kind in (Kind.SERVICES, Kind.PRODUCTS):
        plan = shop.importing.read_plan(packed(book), kind)
        assert plan.problems == ()
        assert [row.code for row in plan.rows] == ["S" if kind is Kind.SERVICES else "A"]
    plan = shop.importing.read_plan(packed(book), Kind.STAFF)
    assert found(plan) == [(1, "", Reason.SHEET_MISSING)]
    assert "商品" in plan.problems[0].value


async def test_a_sheet_that_lies_about_its_size_is_read_as_it_is(shop) -> None:
    content = workbook(HEAD, ["A", "x", "甲", None, 10, "13%"], ["B", "x", "乙", None, 10, "13%"])
    for claim in (b'ref="A1:A1"', b'ref="A1:XFD1048576"', b'ref="nonsense"'):
        liar = rewritten(content, "xl/worksheets/sheet1.xml", lambda xml, claim=claim: xml.replace(b'ref="A1:F3"', claim))
        plan = shop.importing.read_plan(liar, Kind.PRODUCTS)
        assert len(plan.rows) == 2 or found(plan) == [(1, "", Reason.UNREADABLE)]


async def test_a_row_a_million_lines_down_does_not_keep_the_hub_busy(shop) -> None:
    content = workbook(HEAD, ["A", "x", "甲", None, 10, "13%"])
    far = rewritten(content, "xl/worksheets/sheet1.xml", lambda xml: xml.replace(b'<row r="2"', b'<row r="1048576"'))
    assert found(shop.importing.read_plan(far, Kind.PRODUCTS))[-1][2] is Reason.ROWS_TOO_MANY


async def test_a_workbook_that_unpacks_to_a_hundred_times_its_size_is_refused_before_it_is_read(shop) -> None:
    content = workbook(HEAD, ["A", "x", "甲", None, 10, "13%"])
    bomb = rewritten(content, "xl/worksheets/sheet1.xml", lambda xml: xml + b" " * 90_000_000)
    assert len(bomb) < 1_000_000
    assert found(shop.importing.read_plan(bomb, Kind.PRODUCTS)) == [(1, "", Reason.FILE_TOO_LARGE)]


async def test_entities_that_multiply_are_refused(shop) -> None:
    laughs = (
        b"<!DOCTYPE x [<!ENTITY a '"
        + b"ha" * 500
        + b"'>"
        + b"".join(b"<!ENTITY %c '%s'>" % (98 + n, b"&%c;" % (97 + n) * 20) for n in range(7))
        + b"]>"
    )
    content = workbook(HEAD, ["A", "x", "甲", None, 10, "13%"])

    def laugh(xml: bytes) -> bytes:
        start = xml.index(b"<worksheet")
        return xml[:start] + laughs + xml[start:].replace(b"</worksheet>", b"&h;</worksheet>")

    assert found(shop.importing.read_plan(rewritten(content, "xl/worksheets/sheet1.xml", laugh), Kind.PRODUCTS)) == [
        (1, "", Reason.UNREADABLE)
    ]


@pytest.mark.filterwarnings("ignore:Workbook contains no stylesheet")
@pytest.mark.parametrize(
    "part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "[Content_Types].xml", "xl/styles.xml", "xl/_rels/workbook.xml.rels"]
)
@pytest.mark.parametrize(
    "damage",
    [lambda xml: b"", lambda xml: xml[: len(xml) // 2], lambda xml: b"<a/>", lambda xml: bytes(len(xml))],
    ids=["gone", "half", "other", "nought"],
)
async def test_a_damaged_workbook_is_a_problem_never_a_crash(shop, part: str, damage) -> None:
    content = workbook(HEAD, ["A", "x", "甲", None, 10, "13%"])
    plan = shop.importing.read_plan(rewritten(content, part, damage), Kind.PRODUCTS)
    assert plan.problems or len(plan.rows) == 1
