"""A mobile number as people write it, in one form: `+` country code and number (E.164)."""

from __future__ import annotations

import re
from typing import NamedTuple

from hub.errors import InvalidInput

_NOISE = re.compile(r"[\s\-‐-―−.()/·]")
TYPED_MAX = 40
SHOP_COUNTRY = "86"


class PhoneInvalid(InvalidInput):
    """Not a mobile number we know the form of. `why`: letters, length, or form."""

    code = "phone_invalid"
    hint = "Enter the mobile number with all its digits; from abroad with + and the country code."


class _Country(NamedTuple):
    form: re.Pattern[str]  # of the number after the country code, as digits
    trunk: str = ""  # what people put in front at home


_COUNTRIES = {
    "86": _Country(re.compile(r"1[3-9]\d{9}")),
    "852": _Country(re.compile(r"[4-9]\d{7}")),
    "853": _Country(re.compile(r"6\d{7}")),
    "886": _Country(re.compile(r"9\d{8}"), trunk="0"),
    "65": _Country(re.compile(r"[89]\d{7}")),
    "60": _Country(re.compile(r"1\d{8,9}"), trunk="0"),
    "81": _Country(re.compile(r"[789]0\d{8}"), trunk="0"),
    "82": _Country(re.compile(r"1\d{8,9}"), trunk="0"),
    "1": _Country(re.compile(r"[2-9]\d{9}")),
    "44": _Country(re.compile(r"7\d{9}"), trunk="0"),
    "49": _Country(re.compile(r"1[5-7]\d{8,9}"), trunk="0"),
    "33": _Country(re.compile(r"[67]\d{8}"), trunk="0"),
}
_ELSEWHERE = re.compile(r"[1-9]\d{7,14}")  # country code and number together


def normalised(typed: str, country: str = SHOP_COUNTRY) -> str:
    """The one form of a number; without `+` or `00` it is one of `country`. Raises PhoneInvalid."""
    if len(typed) > TYPED_MAX:
        raise PhoneInvalid(why="length")
    bare = _NOISE.sub("", typed.replace("＋", "+"))
    abroad = bare.startswith(("+", "00"))
    digits = bare.removeprefix("+").removeprefix("00") if abroad else bare
    if not digits.isdecimal():
        raise PhoneInvalid(why="letters" if digits else "length")
    digits = "".join(str(int(digit)) for digit in digits)  # full-width and other digits too
    return "+" + (_with_code(digits) if abroad else _at_home(digits, country))


def masked(phone: str) -> str:
    """What a colleague may see of a normalised number: `138****0000`, abroad `+852 ****5678`."""
    code = _code_of(phone[1:])
    number = phone[1 + len(code) :]
    if code == SHOP_COUNTRY:
        return f"{number[:3]}****{number[-4:]}"
    return f"+{code} ****{number[-4:]}"


def last_four(phone: str) -> str:
    """What guests are asked for at the desk."""
    return phone[-4:]


def _at_home(digits: str, country: str) -> str:
    for number in (digits, digits.removeprefix(_COUNTRIES[country].trunk), digits.removeprefix(country)):
        if _COUNTRIES[country].form.fullmatch(number):
            return country + number
    raise PhoneInvalid(why="form" if len(digits) >= 8 else "length")


def _with_code(digits: str) -> str:
    code = _code_of(digits)
    if known := _COUNTRIES.get(code):
        number = digits[len(code) :].removeprefix(known.trunk)
        if not known.form.fullmatch(number):
            raise PhoneInvalid(why="form")
        return code + number
    if not _ELSEWHERE.fullmatch(digits):
        raise PhoneInvalid(why="length")
    return digits


def _code_of(digits: str) -> str:
    """The known country code in front; for unknown ones the first two digits, which is right for most."""
    for size in (1, 2, 3):
        if digits[:size] in _COUNTRIES:
            return digits[:size]
    return digits[:2]
