"""GS1 element strings and Digital Link URIs: which article, lot, expiry, serial number and weight a code tells of. No I/O.

After the GS1 General Specifications: an element is an application identifier (AI) and its value. An AI whose first two digits
stand in FIXED has a value of known length; any other value ends at FNC1, which scanners send as GS (1D), or with the code.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from devices.drivers.listening import Refused

GS = "\x1d"
ELEMENTS_MAX = 32
GTIN_DIGITS = 14
_FIXED = {  # length of the value by the first two digits of the AI (table "predefined length")
    "00": 18,
    "01": 14,
    "02": 14,
    "03": 14,
    "04": 16,
    "20": 2,
    **{str(ai): 6 for ai in range(11, 20)},
    **{str(ai): 6 for ai in range(31, 37)},
    "41": 13,
}
_TWO = {*("00", "01", "02", "03", "04", "10", "20", "21", "22", "30", "37"), *map(str, range(11, 20)), *map(str, range(90, 100))}
_THREE = frozenset({"23", "24", "25", "40", "41", "42", "71"})
_FOUR = frozenset({"31", "32", "33", "34", "35", "36", "39", "43", "70", "72", "80", "81", "82"})
_CHARACTERS = re.compile(r"[!\"%&'()*+,\-./0-9:;<=>?A-Z_a-z]{1,90}")  # set 82: what any value is made of
_FORMS = {  # AIs a salon meets; the value of any other is taken as it comes
    "00": r"\d{18}",
    **dict.fromkeys(("01", "02", "03"), r"\d{14}"),
    **dict.fromkeys(("10", "21", "22"), r".{1,20}"),
    **dict.fromkeys(("11", "12", "13", "15", "16", "17"), r"\d{6}"),
    "20": r"\d{2}",
    **dict.fromkeys(("30", "37"), r"\d{1,8}"),
    **dict.fromkeys(("240", "241", "250", "251", "400"), r".{1,30}"),
    **dict.fromkeys(map(str, range(410, 418)), r"\d{13}"),
    "90": r".{1,30}",
    **dict.fromkeys(map(str, range(91, 100)), r".{1,90}"),
}
_MEASURE = re.compile(r"3[1-6]\d[0-5]")
_MEASURE_FAMILY = re.compile(r"3[1-6]")
_WEIGHT = re.compile(r"310([0-5])")
_CHECKED = frozenset({"00", "01", "02", "03", *map(str, range(410, 418))})
_DATES = frozenset({"11", "12", "13", "15", "16", "17"})
_PRIMARY = frozenset({"00", "01"})  # what a Digital Link may begin with, as far as it concerns a till
_QUALIFIERS = ("22", "10", "21")  # of an article, in this order


class NotGs1(Refused):
    """What was scanned is no GS1 code; `why` is malformed, check_digit or date."""


def check_digit_fits(digits: str) -> bool:
    """GTIN-8, -12, -13, -14, SSCC and GLN: weights 3 and 1 from the right, the last digit is the check."""
    if not (digits.isascii() and digits.isdigit()):
        return False
    return sum(int(d) * (3 if at % 2 else 1) for at, d in enumerate(reversed(digits))) % 10 == 0


def elements_of(text: str) -> dict[str, str]:
    """The values of an element string by their AI. Raises NotGs1."""
    found: dict[str, str] = {}
    rest = text.removeprefix(GS)
    while rest:
        ai = _ai_of(rest)
        rest = rest[len(ai) :]
        if size := _FIXED.get(ai[:2]):
            value, rest = rest[:size], rest[size:].removeprefix(GS)
            if len(value) < size:
                raise NotGs1("malformed")
        else:
            value, _, rest = rest.partition(GS)
        if len(found) >= ELEMENTS_MAX or found.setdefault(ai, value) != value:  # two lots are no lot
            raise NotGs1("malformed")
        _check(ai, value)
    if not found:
        raise NotGs1("malformed")
    return found


def elements_of_link(uri: str) -> dict[str, str]:
    """The values of a GS1 Digital Link URI by their AI: `https://…/01/<GTIN>/10/<lot>?17=<date>`. Raises NotGs1."""
    try:
        parts = urlsplit(uri)
        attributes = parse_qsl(parts.query, max_num_fields=ELEMENTS_MAX)
    except ValueError:
        raise NotGs1("malformed") from None
    path = [unquote(part) for part in parts.path.split("/") if part]
    begins = next((at for at, part in enumerate(path) if part in _PRIMARY), len(path))
    if parts.scheme not in {"http", "https"} or not parts.netloc or begins == len(path) or (len(path) - begins) % 2:
        raise NotGs1("malformed")
    pairs = list(zip(path[begins::2], path[begins + 1 :: 2], strict=True))
    order = [ai for ai, _ in pairs[1:]]
    if order != [ai for ai in _QUALIFIERS if ai in order] or (order and pairs[0][0] != "01"):
        raise NotGs1("malformed")
    found: dict[str, str] = {}
    for ai, value in [*pairs, *((name, value) for name, value in attributes if _is_ai(name))]:
        whole = value.zfill(GTIN_DIGITS) if ai == "01" and len(value) in {8, 12, 13} else value
        if found.setdefault(ai, whole) != whole:
            raise NotGs1("malformed")
        _check(ai, whole)
    return found


def facts_of(elements: Mapping[str, str], today: date) -> dict[str, Any]:
    """What a till can use of them, by the names of `hub.ports.Scan`. Raises NotGs1 for a date that does not exist."""
    facts: dict[str, Any] = {}
    for ai, value in elements.items():
        if name := {"00": "sscc", "01": "gtin", "10": "lot", "21": "serial"}.get(ai):
            facts[name] = value
        elif ai in _DATES:
            day = date_of(value, today)
            if name := {"17": "expiry", "15": "best_before"}.get(ai):
                facts[name] = day.isoformat()
        elif weight := _WEIGHT.fullmatch(ai):
            facts["weight_mg"] = int(value) * 10 ** (6 - int(weight[1]))  # kilograms with so many decimals
    return facts


def date_of(six: str, today: date) -> date:
    """YYMMDD; day 00 is the last one of the month. The year is the one from 49 years ago to 50 ahead. Raises NotGs1."""
    year, month, day = int(six[:2]), int(six[2:4]), int(six[4:])
    year += today.year - today.year % 100
    if year - today.year > 50:
        year -= 100
    elif today.year - year >= 50:
        year += 100
    try:
        return date(year, month, day or calendar.monthrange(year, month)[1])
    except ValueError:
        raise NotGs1("date") from None


def _ai_of(text: str) -> str:
    two = text[:2]
    size = 2 if two in _TWO else 3 if two in _THREE else 4 if two in _FOUR else 0
    ai = text[:size]
    if not size or len(ai) < size or not (ai.isascii() and ai.isdigit()):
        raise NotGs1("malformed")
    return ai


def _is_ai(name: str) -> bool:
    try:
        return _ai_of(name) == name
    except NotGs1:
        return False


def _check(ai: str, value: str) -> None:
    if not _CHARACTERS.fullmatch(value):
        raise NotGs1("malformed")
    if _MEASURE_FAMILY.match(ai) and not _MEASURE.fullmatch(ai):  # the last digit is a number of decimals
        raise NotGs1("malformed")
    form = r"\d{6}" if _MEASURE.fullmatch(ai) else _FORMS.get(ai)
    if form and not re.fullmatch(form, value, re.ASCII):
        raise NotGs1("malformed")
    if ai in _CHECKED and not check_digit_fits(value):
        raise NotGs1("check_digit")
