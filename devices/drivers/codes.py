"""Codes as scanners send them: AIM prefix, symbology, check digit, and what a code tells of an article. No I/O."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Any

from devices.drivers.gs1 import GS, GTIN_DIGITS, NotGs1, check_digit_fits, elements_of, elements_of_link, facts_of
from devices.drivers.in_store import InStore
from devices.drivers.listening import Refused
from hub.ports import Scan

CODE_MAX = 256
ARTICLES = frozenset({"ean13", "ean8", "upca", "upce", "itf14"})
_AIM = re.compile(r"^\]([A-Za-z])([0-9A-Za-z])")
_OF_AIM = {
    "A": "code39",
    "C": "code128",
    "F": "codabar",
    "I": "itf",
    "J": "dotcode",
    "L": "pdf417",
    "Q": "qr",
    "d": "datamatrix",
    "e": "databar",
    "z": "aztec",
}
_GS1_PREFIXES = frozenset({"C1", "e0", "e1", "e2", "d2", "Q3", "J1"})


class NotACode(Refused):
    """What was scanned cannot be a code; `why` is check_digit, date, empty, too_long or not_text."""


def read_code(frame: bytes, today: date, in_store: Sequence[InStore] = ()) -> Scan:
    """A frame without its suffix as a scan, with what it tells. Raises NotACode."""
    text = _text_of(frame)
    aim = _AIM.match(text)
    code = text[3:] if aim else text
    if not code:
        raise NotACode("empty")
    if len(code) > CODE_MAX:
        raise NotACode("too_long")
    symbology = _of_aim(aim[1], aim[2], code) if aim else _of_shape(code)
    if symbology in ARTICLES:
        return Scan(code=code, symbology=symbology, **_article(code, symbology, in_store))
    says_gs1 = aim is not None and aim[1] + aim[2] in _GS1_PREFIXES
    return Scan(code=code, symbology=symbology, **_gs1(code, today, says_gs1=says_gs1, is_bare=aim is None))


def upc_a_of(upc_e: str) -> str:
    """The twelve digits a UPC-E of eight stands for (GS1 General Specifications: its last digit says where zeros went); or empty."""
    if not (len(upc_e) == 8 and upc_e.isascii() and upc_e.isdigit() and upc_e[0] in "01"):
        return ""
    body, last = upc_e[1:6], upc_e[6]
    if last in "012":
        whole = body[:2] + last + "0000" + body[2:]
    elif last in "34":
        whole = body[: int(last)] + "00000" + body[int(last) :]
    else:
        whole = body + "0000" + last
    return upc_e[0] + whole + upc_e[7]


def _text_of(frame: bytes) -> str:
    try:
        text = frame.decode("utf-8").strip(" \x02\x03")
    except UnicodeDecodeError:
        raise NotACode("not_text") from None
    if any(not (c.isprintable() or c == GS) for c in text):
        raise NotACode("not_text")
    return text


def _article(code: str, symbology: str, in_store: Sequence[InStore]) -> dict[str, Any]:
    """The article of a code that holds nothing else; in-store ones hold an item and its weight or price."""
    digits = upc_a_of(code) if symbology == "upce" else code
    if len(digits) not in {8, 12, 13, GTIN_DIGITS} or not check_digit_fits(digits):
        raise NotACode("check_digit")
    whole = digits.zfill(13)
    if symbology != "ean8" and len(digits) <= 13 and (whole[0] == "2" or whole[:2] in {"02", "04"}):  # restricted circulation
        return next((facts for pattern in in_store if (facts := pattern.facts_of(whole))), {})
    return {"gtin": digits.zfill(GTIN_DIGITS)}


def _gs1(code: str, today: date, *, says_gs1: bool, is_bare: bool) -> dict[str, Any]:
    """The facts of an element string or Digital Link; none when it is neither.

    Without a prefix that says GS1 a code counts as one only when it holds a separator, or begins with an article and fits as a whole.
    """
    try:
        if "://" in code:
            return facts_of(elements_of_link(code), today)
        if says_gs1 or (is_bare and (GS in code or re.match(r"01\d{14}", code, re.ASCII))):
            return facts_of(elements_of(code), today)
    except NotGs1 as wrong:
        if says_gs1 and wrong.why != "malformed":  # it was meant as GS1, and is misprinted: what it says of an article is wrong
            raise NotACode(wrong.why) from None
    return {}


def _of_aim(letter: str, modifier: str, code: str) -> str:
    if letter == "E":
        return {"0": {12: "upca", 8: "upce"}.get(len(code), "ean13"), "4": "ean8"}.get(modifier, "other")
    if letter == "I" and len(code) == GTIN_DIGITS and check_digit_fits(code):
        return "itf14"
    return _OF_AIM.get(letter, "other")


def _of_shape(code: str) -> str:
    """A guess from the text alone. 13 digits are an article; shorter ones may be a member's number, so they must fit to count as one."""
    if not (code.isascii() and code.isdigit()):
        return "qr" if "://" in code else "other"
    if len(code) == 13:
        return "ean13"
    if len(code) == 8 and not check_digit_fits(code):
        return "upce" if check_digit_fits(upc_a_of(code) or "1") else "other"
    short = {12: "upca", 8: "ean8"}.get(len(code), "other")
    return short if check_digit_fits(code) else "other"
