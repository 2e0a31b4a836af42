"""Codes as scanners send them: AIM prefix, symbology, check digit. No I/O."""

from __future__ import annotations

import re

from hub.ports import Scan

CODE_MAX = 256
_AIM = re.compile(r"^\]([A-Za-z])([0-9A-Za-z])")
_OF_AIM = {"C": "code128", "Q": "qr"}


class NotACode(Exception):
    """What was scanned cannot be a code; `why` is check_digit, empty, too_long or not_text."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(why)


def read_code(frame: bytes) -> Scan:
    """A frame without its suffix as a scan. Raises NotACode."""
    try:
        text = frame.decode("utf-8").strip(" \x02\x03")
    except UnicodeDecodeError:
        raise NotACode("not_text") from None
    aim = _AIM.match(text)
    code = text[3:] if aim else text
    if not code:
        raise NotACode("empty")
    if len(code) > CODE_MAX:
        raise NotACode("too_long")
    if any(not (c.isprintable() or c == "\x1d") for c in code):
        raise NotACode("not_text")
    symbology = _of_aim(aim[1], aim[2], code) if aim else _of_shape(code)
    if symbology in {"ean13", "ean8", "upca"} and not check_digit_fits(code):
        raise NotACode("check_digit")
    return Scan(code=code, symbology=symbology)


def check_digit_fits(digits: str) -> bool:
    """EAN-13, EAN-8 and UPC-A: weights 3 and 1 from the right."""
    if not (digits.isascii() and digits.isdigit()):
        return False
    return sum(int(d) * (3 if at % 2 else 1) for at, d in enumerate(reversed(digits))) % 10 == 0


def _of_aim(letter: str, modifier: str, code: str) -> str:
    if letter == "E":
        return {"0": "upca" if len(code) == 12 else "ean13", "4": "ean8"}.get(modifier, "other")
    return _OF_AIM.get(letter, "other")


def _of_shape(code: str) -> str:
    """A guess from the text alone. 13 digits are an article; shorter ones may be a member's number, so they must fit to count as one."""
    if code.isascii() and code.isdigit():
        short = {12: "upca", 8: "ean8"}.get(len(code), "other")
        return "ean13" if len(code) == 13 else short if check_digit_fits(code) else "other"
    return "qr" if "://" in code else "other"
