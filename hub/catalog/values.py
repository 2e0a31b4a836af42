"""Texts as people write them in price lists, as the values the shop counts with; a refusal names its reason.

`¥1,280` is a price, `6%` a tax, `30+45p+15` the phases of a service (minutes; p = the chair is used, the stylist is free).
"""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum

from hub.errors import InvalidInput
from hub.money import BasisPoints, Currency, Minor

CODE_MAX, CATEGORY_MAX, NAME_MAX = 32, 24, 60
PRICE_MAX = 1_000_000_000  # ten million yuan: above it a decimal point was lost
TAX_MAX = 10_000
VALUE_SHOWN_MAX = 40


class Reason(StrEnum):
    """Why a value cannot be taken; pages have a sentence for each."""

    MISSING = "missing"
    TOO_LONG = "too_long"
    CHARACTERS = "characters"
    FORMULA = "formula"
    CODE_SHAPE = "code_shape"
    CODE_TWICE = "code_twice"
    BARCODE_SHAPE = "barcode_shape"
    BARCODE_ROUNDED = "barcode_rounded"
    BARCODE_CHECK_DIGIT = "barcode_check_digit"
    BARCODE_TWICE = "barcode_twice"
    BARCODE_OF_ANOTHER = "barcode_of_another"
    PRICE_SHAPE = "price_shape"
    PRICE_RANGE = "price_range"
    TAX_SHAPE = "tax_shape"
    TAX_RANGE = "tax_range"
    PHASES_SHAPE = "phases_shape"
    PHASES_RANGE = "phases_range"
    PHASES_WITHOUT_WORK = "phases_without_work"
    YES_OR_NO = "yes_or_no"
    NUMBER_SHAPE = "number_shape"
    NUMBER_RANGE = "number_range"
    ROLE_UNKNOWN = "role_unknown"
    SERVICE_UNKNOWN = "service_unknown"
    PRODUCT_UNKNOWN = "product_unknown"
    NOT_STOCKED = "not_stocked"
    ZONE_UNKNOWN = "zone_unknown"
    CURRENCY_UNKNOWN = "currency_unknown"
    CURRENCY_FIXED = "currency_fixed"
    HOURS_SHAPE = "hours_shape"
    COLUMN_MISSING = "column_missing"
    COLUMN_UNKNOWN = "column_unknown"
    COLUMN_TWICE = "column_twice"
    CELLS_TOO_MANY = "cells_too_many"
    NOT_TEXT = "not_text"
    ENCODING = "encoding"
    UNREADABLE = "unreadable"
    OLD_EXCEL = "old_excel"
    SHEET_MISSING = "sheet_missing"
    FILE_EMPTY = "file_empty"
    FILE_TOO_LARGE = "file_too_large"
    ROWS_TOO_MANY = "rows_too_many"
    PROBLEMS_TOO_MANY = "problems_too_many"


class ValueRefused(InvalidInput):
    """One value of a service, a product or the shop is outside what its field takes."""

    code = "catalog_value_refused"
    hint = "Correct the named field and try again; nothing was changed."

    def __init__(self, reason: Reason, column: str, value: object = "") -> None:
        self.reason, self.column, self.value = reason, column, shown(value)
        super().__init__(column=column, reason=reason, value=self.value)


def shown(value: object) -> str:
    """`value` as a person may be shown it: one line, clipped, without invisible characters."""
    text = "".join(c if c.isprintable() else " " for c in str(value)[: VALUE_SHOWN_MAX + 1])
    return text if len(text) <= VALUE_SHOWN_MAX else text[: VALUE_SHOWN_MAX - 1] + "…"


def plain(text: str) -> str:
    """`text` with wide forms made narrow (`￥１２８` is `¥128`) and outer spaces gone."""
    return unicodedata.normalize("NFKC", text).strip()


def check_text(text: str, column: str, longest: int) -> str:
    """`text` composed and stripped. Raises ValueRefused for control and direction characters, formulas and too long ones.

    A leading `=`, `+`, `-` or `@` would be run as a formula by whoever opens an export in a spreadsheet.
    """
    text = unicodedata.normalize("NFC", text).strip()
    if len(text) > longest:
        raise ValueRefused(Reason.TOO_LONG, column, text)
    if any(unicodedata.category(c) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"} for c in text):
        raise ValueRefused(Reason.CHARACTERS, column, text)
    if text[:1] in {"=", "+", "-", "@"}:
        raise ValueRefused(Reason.FORMULA, column, text)
    return text


_CODE = re.compile(r"[^\W_][\w./-]*")


def check_code(text: str) -> str:
    """A code in capitals (`sh-001` is `SH-001`). Raises ValueRefused when it is empty, too long or oddly shaped."""
    return _check_code(plain(text).upper(), "code", CODE_MAX)


def check_category(text: str) -> str:
    """A category's short code in small letters. Raises ValueRefused as `check_code` does."""
    return _check_code(plain(text).lower(), "category", CATEGORY_MAX)


def _check_code(code: str, column: str, longest: int) -> str:
    if not code:
        raise ValueRefused(Reason.MISSING, column)
    if len(code) > longest:
        raise ValueRefused(Reason.TOO_LONG, column, code)
    if not _CODE.fullmatch(code):
        raise ValueRefused(Reason.CODE_SHAPE, column, code)
    return code


def check_digit(twelve: str) -> str:
    """The thirteenth digit of an EAN-13."""
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(twelve))
    return str(-total % 10)


_DIGITS = re.compile(r"[0-9]{12,13}")
_ROUNDED = re.compile(r"[0-9.]+E\+?[0-9]+", re.IGNORECASE)


def check_barcode(text: str) -> str:
    """An EAN-13 of 13 digits; a UPC-A of 12 is the EAN-13 with a leading 0.

    Raises ValueRefused, with a reason of its own for a wrong check digit and for a number a spreadsheet has rounded.
    """
    code = plain(text).replace(" ", "")
    if not _DIGITS.fullmatch(code):
        raise ValueRefused(Reason.BARCODE_ROUNDED if _ROUNDED.fullmatch(code) else Reason.BARCODE_SHAPE, "barcode", text)
    code = code.zfill(13)
    if check_digit(code[:12]) != code[12]:
        raise ValueRefused(Reason.BARCODE_CHECK_DIGIT, "barcode", text)
    return code


_GS1_ARTICLE = re.compile(r"(?:(?:\][A-Za-z][0-9])?\x1d?(?:01|\(01\))|https?://[^?#]*/01/)([0-9]{14})", re.ASCII)


def scanned_barcode(code: str) -> str:
    """The EAN-13 of what a scanner has read: one as it is, a GTIN of 14 digits, or a GS1 code or link that begins with one.

    A GTIN that begins with another digit than 0 is a whole case of the article, which is another thing to sell. Raises ValueRefused.
    """
    found = _GS1_ARTICLE.match(code)
    digits = found[1] if found else code.strip()
    return check_barcode(digits[1:] if len(digits) == 14 and digits[0] == "0" else digits)


_AMOUNT = re.compile(r"(?:[0-9]{1,12}|[0-9]{1,3}(?:,[0-9]{3}){1,3})(?:\.[0-9]{1,4})?")


def parse_price(text: str, currency: Currency) -> Minor:
    """`128`, `128.00`, `¥1,280` or `128元` in minor units; never negative. Raises ValueRefused."""
    bare = plain(text).removeprefix(currency.symbol).removesuffix("元").removeprefix(currency.code).removesuffix(currency.code).strip()
    if not bare:
        raise ValueRefused(Reason.MISSING, "price", text)
    if not _AMOUNT.fullmatch(bare):
        raise ValueRefused(Reason.PRICE_SHAPE, "price", text)
    if int(bare.split(".")[0].replace(",", "")) > PRICE_MAX:
        raise ValueRefused(Reason.PRICE_RANGE, "price", text)
    try:
        price = currency.parse(bare)
    except InvalidInput as decimals:
        raise ValueRefused(Reason.PRICE_SHAPE, "price", text) from decimals
    return check_price(price)


def check_price(price: Minor) -> Minor:
    """`price` when it is between nothing and PRICE_MAX. Raises ValueRefused."""
    if not 0 <= price <= PRICE_MAX:
        raise ValueRefused(Reason.PRICE_RANGE, "price", price)
    return price


_PERCENT = re.compile(r"([0-9]{1,3})(?:\.([0-9]{1,2})0*)?\s*%")


def parse_tax(text: str) -> BasisPoints:
    """`6%` as 600 basis points; `0` alone needs no sign. Raises ValueRefused: `0.06` and `6` may each mean either."""
    bare = plain(text)
    if not bare:
        raise ValueRefused(Reason.MISSING, "tax", text)
    if bare == "0":
        return 0
    found = _PERCENT.fullmatch(bare)
    if not found:
        raise ValueRefused(Reason.TAX_SHAPE, "tax", text)
    return check_tax(int(found[1]) * 100 + int((found[2] or "0").ljust(2, "0")))


def check_tax(tax: BasisPoints) -> BasisPoints:
    """`tax` when it is between 0 and 100 %. Raises ValueRefused."""
    if not 0 <= tax <= TAX_MAX:
        raise ValueRefused(Reason.TAX_RANGE, "tax", tax)
    return tax


_YES, _NO = frozenset({"yes", "y", "true", "1", "是", "有", "√"}), frozenset({"no", "n", "false", "0", "否", "无", "無", "×"})


def parse_yes(text: str, column: str, *, blank: bool) -> bool:
    """`yes`, `是`, `1` and `no`, `否`, `0`; an empty cell is `blank`. Raises ValueRefused."""
    bare = plain(text).casefold()
    if not bare:
        return blank
    if bare not in _YES | _NO:
        raise ValueRefused(Reason.YES_OR_NO, column, text)
    return bare in _YES


def settle(draft: object, **cleaned: object) -> None:
    """Give a frozen draft its cleaned values while it is being made."""
    for name, value in cleaned.items():
        object.__setattr__(draft, name, value)
