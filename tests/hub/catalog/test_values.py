from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.catalog import values
from hub.catalog.model import Names, Phase, PhaseKind, parse_phases, phases_text
from hub.catalog.values import Reason, ValueRefused
from hub.money import CURRENCIES

YUAN, TWD = CURRENCIES["CNY"], CURRENCIES["TWD"]


@pytest.mark.parametrize(
    ("text", "fen"),
    [
        ("128", 12800),
        ("128.00", 12800),
        ("128.5", 12850),
        ("¥1,280", 128000),
        ("￥１，２８０．００", 128000),
        ("128元", 12800),
        ("CNY 12", 1200),
        ("0", 0),
        (" 9.90 ", 990),
        ("128.000", 12800),
    ],
)
def test_a_price_is_read_as_people_write_it(text: str, fen: int) -> None:
    assert values.parse_price(text, YUAN) == fen


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", Reason.MISSING),
        ("¥", Reason.MISSING),
        ("12,50", Reason.PRICE_SHAPE),  # a decimal comma would be a hundred times too much
        ("1.005", Reason.PRICE_SHAPE),
        ("-5", Reason.PRICE_SHAPE),
        ("1e5", Reason.PRICE_SHAPE),
        ("1_000", Reason.PRICE_SHAPE),
        ("NaN", Reason.PRICE_SHAPE),
        ("=A1*2", Reason.PRICE_SHAPE),
        ("$10", Reason.PRICE_SHAPE),
        ("99999999999", Reason.PRICE_RANGE),
    ],
)
def test_a_price_that_could_mean_something_else_is_refused_with_its_reason(text: str, reason: Reason) -> None:
    with pytest.raises(ValueRefused) as refused:
        values.parse_price(text, YUAN)
    assert refused.value.reason is reason
    assert refused.value.column == "price"


def test_a_currency_without_decimals_refuses_them() -> None:
    assert values.parse_price("NT$1,280", TWD) == 1280
    with pytest.raises(ValueRefused):
        values.parse_price("1280.50", TWD)


@given(st.integers(0, values.PRICE_MAX))
def test_every_price_the_shop_shows_is_read_back(fen: int) -> None:
    assert values.parse_price(YUAN.show(fen), YUAN) == fen


@pytest.mark.parametrize(
    ("text", "points"), [("6%", 600), ("13 %", 1300), ("５％", 500), ("0", 0), ("0%", 0), ("8.25%", 825), ("100%", 10000)]
)
def test_a_tax_is_a_percentage(text: str, points: int) -> None:
    assert values.parse_tax(text) == points


@pytest.mark.parametrize(
    ("text", "reason"),
    [("", Reason.MISSING), ("6", Reason.TAX_SHAPE), ("0.06", Reason.TAX_SHAPE), ("8.255%", Reason.TAX_SHAPE), ("101%", Reason.TAX_RANGE)],
)
def test_a_tax_that_may_mean_two_things_is_refused(text: str, reason: Reason) -> None:
    with pytest.raises(ValueRefused) as refused:
        values.parse_tax(text)
    assert refused.value.reason is reason


def test_a_barcode_has_a_check_digit_that_fits() -> None:
    assert values.check_barcode("6901234567892") == "6901234567892"
    assert values.check_barcode(" 6 901234 567892 ") == "6901234567892"
    with pytest.raises(ValueRefused) as refused:
        values.check_barcode("6901234567893")
    assert refused.value.reason is Reason.BARCODE_CHECK_DIGIT


def test_an_american_code_of_twelve_digits_is_the_same_thing_with_a_zero() -> None:
    assert values.check_barcode("036000291452") == "0036000291452"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("690123", Reason.BARCODE_SHAPE),
        ("6.90123E+12", Reason.BARCODE_ROUNDED),
        ("69012345678٩2", Reason.BARCODE_SHAPE),
        ("", Reason.BARCODE_SHAPE),
    ],
)
def test_a_barcode_spoilt_by_a_spreadsheet_is_told_apart(text: str, reason: Reason) -> None:
    with pytest.raises(ValueRefused) as refused:
        values.check_barcode(text)
    assert refused.value.reason is reason


@given(st.integers(0, 10**12 - 1), st.integers(0, 11), st.integers(1, 9))
def test_one_wrong_digit_never_passes_for_a_barcode(number: int, place: int, by: int) -> None:
    twelve = f"{number:012d}"
    good = twelve + values.check_digit(twelve)
    assert values.check_barcode(good) == good
    bad = good[:place] + str((int(good[place]) + by) % 10) + good[place + 1 :]
    with pytest.raises(ValueRefused):
        values.check_barcode(bad)


def test_a_colour_works_waits_and_works_again() -> None:
    assert parse_phases("30+45p+15") == (
        Phase(kind=PhaseKind.WORKING, minutes=30),
        Phase(kind=PhaseKind.PROCESSING, minutes=45),
        Phase(kind=PhaseKind.WORKING, minutes=15),
    )
    assert parse_phases(" ３０ + 45P + 15 ") == parse_phases("30+45p+15")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", Reason.MISSING),
        ("30+", Reason.PHASES_SHAPE),
        ("30-45", Reason.PHASES_SHAPE),
        ("30+4.5p", Reason.PHASES_SHAPE),
        ("half an hour", Reason.PHASES_SHAPE),
        ("0", Reason.PHASES_RANGE),
        ("30+0p", Reason.PHASES_RANGE),
        ("481", Reason.PHASES_RANGE),
        ("480+480", Reason.PHASES_RANGE),
        ("+".join(["5"] * 9), Reason.PHASES_RANGE),
        ("45p", Reason.PHASES_WITHOUT_WORK),
    ],
)
def test_phases_nobody_can_work_are_refused(text: str, reason: Reason) -> None:
    with pytest.raises(ValueRefused) as refused:
        parse_phases(text)
    assert refused.value.reason is reason


_PHASES = st.lists(st.builds(Phase, kind=st.sampled_from(PhaseKind), minutes=st.integers(1, 80)), min_size=1, max_size=8)


@given(_PHASES.filter(lambda phases: any(phase.kind is PhaseKind.WORKING for phase in phases)))
def test_phases_are_written_as_they_are_read(phases: list[Phase]) -> None:
    assert parse_phases(phases_text(tuple(phases))) == tuple(phases)


@given(st.text(max_size=30) | st.text(alphabet="0123456789p+ PＰ０", max_size=30) | st.text(alphabet="0123456789.,¥￥元%-eE", max_size=20))
def test_whatever_is_typed_is_read_or_refused_never_a_crash(text: str) -> None:
    for read in (
        parse_phases,
        lambda t: values.parse_price(t, YUAN),
        values.parse_tax,
        values.check_barcode,
        values.check_code,
        values.check_category,
        lambda t: values.check_text(t, "name", 60),
        lambda t: values.parse_yes(t, "active", blank=True),
    ):
        if refused := refusal(read, text):
            assert refused.reason in Reason
            assert len(refused.value) <= values.VALUE_SHOWN_MAX
            assert refused.value.isprintable()


def refusal(read: Callable[[str], object], text: str) -> ValueRefused | None:
    try:
        read(text)
    except ValueRefused as refused:
        return refused
    return None


def test_a_code_means_the_same_however_it_is_typed() -> None:
    assert values.check_code(" sh-001 ") == values.check_code("ＳＨ－００１") == "SH-001"
    for bad in ("", "-1", "A B", "A" * 33, "=SUM(A1)", "x\u202ey"):
        with pytest.raises(ValueRefused):
            values.check_code(bad)


@pytest.mark.parametrize("text", ["=1+1", "@SUM(A1)", "+8", "-x", "a\tb", "a\u202eb", "a\x00b"])
def test_a_name_that_a_spreadsheet_would_run_or_hide_is_refused(text: str) -> None:
    with pytest.raises(ValueRefused):
        Names(zh_CN=text).checked()


def test_a_name_falls_back_to_the_nearest_language() -> None:
    both = Names(zh_CN="剪发", en="Cut")
    assert both.of("zh_TW") == "剪发"
    assert both.of("zh-HK") == "剪发"
    assert both.of("en_GB") == "Cut"
    assert both.of("fr") == "剪发"
    assert Names(en="Cut").of("zh_CN") == "Cut"
    assert Names(zh_TW="剪髮").of("en") == "剪髮"
