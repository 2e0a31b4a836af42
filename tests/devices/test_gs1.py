"""What a code tells of an article: GS1 element strings, Digital Links, UPC-E, in-store codes. And another program that must read the same."""

from __future__ import annotations

import contextlib
from datetime import UTC, date, datetime
from typing import Any

import biip
import pytest
from biip.checksums import gs1_price_weight_check_digit, gs1_standard_check_digit
from biip.gs1_digital_link_uris import GS1DigitalLinkURI
from biip.gs1_messages import GS1Message
from biip.upc import Upc
from hypothesis import given
from hypothesis import strategies as st

from devices.drivers.codes import NotACode, read_code, upc_a_of
from devices.drivers.gs1 import GS, NotGs1, date_of, elements_of, elements_of_link, facts_of
from devices.drivers.in_store import InStore, measure_check_digit
from devices.drivers.scanner import ScannerProfile

TODAY = date(2026, 11, 22)
NOW = datetime.now(UTC).date()  # the other program asks the clock itself
IN_STORE = [InStore("21IIIIIWWWWWC"), InStore("22IIIIVPPPPPC")]
GTIN = "06901234567892"


def told(code: str | bytes, **more: Any) -> dict[str, Any]:
    sent = code if isinstance(code, bytes) else code.encode()
    return read_code(sent, TODAY, IN_STORE, **more).model_dump(exclude_none=True, exclude={"code", "symbology"})


@pytest.mark.parametrize(
    ("sent", "facts"),
    [
        (f"]C101{GTIN}1726123110LOT\x1d21SER", {"gtin": GTIN, "expiry": "2026-12-31", "lot": "LOT", "serial": "SER"}),
        (f"]e001{GTIN}3103000195", {"gtin": GTIN, "weight_mg": 195_000}),
        (f"]e001{GTIN}3100000002", {"gtin": GTIN, "weight_mg": 2_000_000}),
        (f"]d2\x1d01{GTIN}10ABC", {"gtin": GTIN, "lot": "ABC"}),
        (f"]Q301{GTIN}17280200", {"gtin": GTIN, "expiry": "2028-02-29"}),
        (f"]C115270401\x1d01{GTIN}", {"gtin": GTIN, "best_before": "2027-04-01"}),
        ("]C100106141412345678908", {"sscc": "106141412345678908"}),
        (f"01{GTIN}10LOT", {"gtin": GTIN, "lot": "LOT"}),
        (f"01{GTIN}", {"gtin": GTIN}),
        ("10LOT\x1d21SER", {"lot": "LOT", "serial": "SER"}),
        (f"https://id.gs1.org/01/{GTIN}/10/LOT%2F7/21/S1?17=261231&utm=x", {"gtin": GTIN, "lot": "LOT/7", "serial": "S1", "expiry": "2026-12-31"}),
        ("https://example.com/shop/01/6901234567892", {"gtin": GTIN}),
        ("6901234567892", {"gtin": GTIN}),
        ("036000291452", {"gtin": "00036000291452"}),
        ("]E001234565", {"gtin": "00012345000065"}),
        ("]I116901234567899", {"gtin": "16901234567899"}),
        ("2112345012506", {"item": "12345", "weight_mg": 1_250_000}),
        (f"201234567890{gs1_standard_check_digit('201234567890')}", {}),  # the shop's own number, of no pattern
        # none of these is GS1
        ("134567890123456789", {}),
        ("0112345678901234", {}),  # begins like one, but its check digit is wrong
        ("https://example.com/m/7", {}),
        ("]C0" + f"01{GTIN}10LOT", {}),
        ("]C1010\x1d21SER", {}),
    ],
)  # fmt: skip
def test_codes_tell_what_they_hold(sent: str, facts: dict[str, Any]) -> None:
    assert told(sent) == facts


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        ("]C10106901234567893", "check_digit"),
        ("]C100106141412345678907", "check_digit"),
        (f"]C101{GTIN}17261331", "date"),
        (f"]C101{GTIN}17260230", "date"),
        ("]E001234566", "check_digit"),
        ("2112345012507", "check_digit"),
        ("]E0" + "9" * 200, "check_digit"),
    ],
)
def test_a_misprinted_code_is_refused(sent: str, why: str) -> None:
    with pytest.raises(NotACode) as refused:
        told(sent)
    assert refused.value.why == why


@pytest.mark.parametrize(
    "text", ["", GS, "01123", "10", "9", "0A12", f"01{GTIN}01{GTIN[:-1]}0", "10A\x1d10B", "3109000001", "10" + "x" * 21, "10a~b"]
)
def test_element_strings_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(NotGs1):
        elements_of(text)


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "https://",
        f"ftp://x/01/{GTIN}",
        f"https:///01/{GTIN}",
        f"https://x/01/{GTIN}/10",
        f"https://x/01/{GTIN}/21/S/10/L",
        "https://x/01/",
        "https://[/01/1",
    ],
)
def test_links_that_are_no_digital_links_are_refused(uri: str) -> None:
    with pytest.raises(NotGs1):
        elements_of_link(uri)


def test_the_century_of_a_date_moves_with_the_year() -> None:
    assert date_of("760101", TODAY).year == 2076
    assert date_of("770101", TODAY).year == 1977
    assert date_of("000101", date(2099, 1, 1)).year == 2100
    assert date_of("240200", TODAY) == date(2024, 2, 29)


def test_the_price_of_a_shops_own_scale_counts_only_with_its_check_digit() -> None:
    body = "221234" + measure_check_digit("01999") + "01999"
    code = body + str(gs1_standard_check_digit(body))
    assert told(code) == {"item": "1234", "price": 1999}
    wrong = "221234" + str((int(measure_check_digit("01999")) + 1) % 10) + "01999"
    assert told(wrong + str(gs1_standard_check_digit(wrong))) == {}


@pytest.mark.parametrize(
    "pattern", ["", "21IIIIIWWWWW", "31IIIIIWWWWWC", "21IIIIIWWWPPC", "21IIIVWWWWWWC", "21WWWWWIIIIIC", "21IIIIIWWWWWCC"]
)
def test_a_pattern_that_is_none_is_refused_at_adoption(pattern: str) -> None:
    with pytest.raises(ValueError):
        ScannerProfile(in_store=(pattern,))


# Another program


def with_check(body: str) -> str:
    return body + str(gs1_standard_check_digit(body))


TEXTS = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcxyz0123456789-./_%&+,!\"'()*:;<=>?", min_size=1, max_size=20)
DIGITS = "0123456789"
DAYS = st.tuples(st.integers(0, 99), st.integers(1, 12), st.integers(0, 28)).map(lambda d: f"{d[0]:02}{d[1]:02}{d[2]:02}")
ELEMENTS = st.one_of(
    st.tuples(st.just("01"), st.text(DIGITS, min_size=13, max_size=13).map(with_check)),
    st.tuples(st.just("02"), st.text(DIGITS, min_size=13, max_size=13).map(with_check)),
    st.tuples(st.just("00"), st.text(DIGITS, min_size=17, max_size=17).map(with_check)),
    st.tuples(st.sampled_from(["10", "21", "22"]), TEXTS),
    st.tuples(st.sampled_from(["240", "241", "250", "400"]), TEXTS),
    st.tuples(st.sampled_from(["11", "13", "15", "16", "17"]), DAYS),
    st.tuples(st.sampled_from([f"{kind}{n}" for kind in ("310", "320", "330", "356") for n in range(6)]), st.text(DIGITS, min_size=6, max_size=6)),
    st.tuples(st.sampled_from(["30", "37"]), st.text(DIGITS, min_size=1, max_size=8)),
    st.tuples(st.sampled_from(["91", "99"]), TEXTS),
    st.tuples(st.just("20"), st.text(DIGITS, min_size=2, max_size=2)),
)  # fmt: skip
CODES = st.lists(ELEMENTS, min_size=1, max_size=6, unique_by=lambda e: e[0])
OPEN = {"10", "21", "22", "30", "37", "91", "99", "240", "241", "250", "400"}


def printed(elements: list[tuple[str, str]]) -> str:
    return "".join(ai + value + (GS if ai in OPEN else "") for ai, value in elements).removesuffix(GS)


def facts_by_biip(found: GS1Message) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    for element in found.element_strings:
        name = {"00": "sscc", "01": "gtin", "10": "lot", "21": "serial", "17": "expiry", "15": "best_before"}.get(element.ai.ai)
        if name:
            facts[name] = element.date.isoformat() if element.date else element.value
        elif element.ai.ai.startswith("310") and element.decimal is not None:
            facts["weight_mg"] = int(element.decimal * 1_000_000)
    return facts


@pytest.mark.peer
@given(CODES)
def test_biip_reads_the_same_elements_and_the_same_facts(elements: list[tuple[str, str]]) -> None:
    code = printed(elements)
    theirs = GS1Message.parse(code)
    ours = elements_of(code)
    assert ours == {element.ai.ai: element.value for element in theirs.element_strings} == dict(elements)
    assert facts_of(ours, NOW) == facts_by_biip(theirs)


@pytest.mark.peer
@given(CODES, st.data())
def test_what_biip_takes_from_a_spoilt_code_we_take_too_or_refuse(elements: list[tuple[str, str]], data: st.DataObject) -> None:
    """One character is another one. We refuse more: check digits, repeated elements. We never tell another value."""
    code = printed(elements)
    at = data.draw(st.integers(0, len(code) - 1))
    spoilt = code[:at] + data.draw(st.sampled_from("0123456789A" + GS)) + code[at + 1 :]
    try:
        ours = facts_of(elements_of(spoilt), NOW)
    except NotGs1:
        return
    known = {"00", "01", "10", "15", "17", "21"}
    with contextlib.suppress(biip.ParseError):  # an AI of its table that is none in ours is read by nobody here
        theirs = GS1Message.parse(spoilt)
        if {element.ai.ai for element in theirs.element_strings} & known:
            found = facts_by_biip(theirs)
            assert all(found.get(name, value) == value for name, value in ours.items())


@pytest.mark.peer
@given(
    st.text(DIGITS, min_size=13, max_size=13).map(with_check),
    st.dictionaries(st.sampled_from(["10", "21"]), st.text("ABCxyz019-._%&+", min_size=1, max_size=20)),
    st.dictionaries(st.sampled_from(["17", "15"]), DAYS),
)
def test_biip_writes_digital_links_and_we_read_what_it_meant(gtin: str, path: dict[str, str], query: dict[str, str]) -> None:
    elements = [("01", gtin), *((ai, path[ai]) for ai in ("10", "21") if ai in path), *query.items()]
    message = GS1Message.parse(printed(elements))
    uri = message.as_gs1_digital_link_uri().as_uri()
    assert elements_of_link(uri) == dict(elements)
    assert facts_of(elements_of_link(uri), NOW) == facts_by_biip(GS1DigitalLinkURI.parse(uri).as_gs1_message())


@pytest.mark.peer
@pytest.mark.parametrize(
    "code",
    [
        f"01{GTIN}1726123110LOT\x1d21SER",
        f"01{GTIN}3103000195",
        "00106141412345678908",
        f"01{GTIN}15270400",
        f"01{GTIN}\x1d10A",
        f"01{GTIN}392212345\x1d10B",
        f"01{GTIN}70032612311200\x1d10C",
        f"01{GTIN}8005012345\x1d21Z",
        f"01{GTIN}4106901234567892",
    ],
)
def test_biip_agrees_on_listed_codes(code: str) -> None:
    with contextlib.suppress(NotGs1):
        assert facts_of(elements_of(code), NOW) == facts_by_biip(GS1Message.parse(code))
        return
    raise AssertionError(code)


@pytest.mark.peer
@given(st.text(DIGITS, min_size=6, max_size=6), st.sampled_from("01"))
def test_biip_expands_upc_e_to_the_same_upc_a(six: str, system: str) -> None:
    theirs = Upc.parse(system + six)
    assert theirs.check_digit is not None
    whole = upc_a_of(f"{system}{six}{theirs.check_digit}")
    assert whole == theirs.as_upc_a()


@pytest.mark.peer
@given(st.text(DIGITS, min_size=4, max_size=5))
def test_biip_has_the_same_check_digit_of_weights_and_prices(digits: str) -> None:
    assert measure_check_digit(digits) == str(gs1_price_weight_check_digit(digits))


# Anything at all


@given(st.text(max_size=120) | st.text("01(/)\x1d:htps.?=&%" + DIGITS, max_size=120) | st.binary(max_size=120))
def test_any_text_is_a_code_or_is_refused(text: str | bytes) -> None:
    sent = text.encode("utf-8", "replace") if isinstance(text, str) else text
    for prefix in (b"", b"]C1", b"]d2", b"]Q1", b"]E0", b"https://x/01/"):
        with contextlib.suppress(NotACode):
            scan = read_code(prefix + sent, TODAY, IN_STORE)
            assert scan.gtin is None or (len(scan.gtin) == 14 and gs1_standard_check_digit(scan.gtin[:-1]) == int(scan.gtin[-1]))
            assert type(scan).model_validate_json(scan.model_dump_json()) == scan
