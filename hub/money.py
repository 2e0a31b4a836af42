"""Amounts are whole minor units (fen) of the shop's one currency; every rounding is defined here and on docs/money-words.md."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from hub.errors import InvalidInput

Minor = int  # an amount in minor units
BasisPoints = int  # a rate: 600 is 6 %
MAX_AMOUNT = 10**12  # ten thousand million yuan: anything above is a slip of the finger


@dataclass(frozen=True, slots=True, kw_only=True)
class Currency:
    """How amounts of this currency are written."""

    code: str
    symbol: str
    digits: int = 2

    def show(self, amount: Minor) -> str:
        """`¥1,280.00`, `-¥5.00`."""
        sign, whole = ("-", -amount) if amount < 0 else ("", amount)
        if not self.digits:
            return f"{sign}{self.symbol}{whole:,}"
        unit = 10**self.digits
        return f"{sign}{self.symbol}{whole // unit:,}.{whole % unit:0{self.digits}d}"

    def parse(self, text: str) -> Minor:
        """`1,280.00` or `¥1280` as minor units. Raises InvalidInput when it is no amount or has too many decimals."""
        bare = text.strip().removeprefix(self.symbol).replace(",", "")
        try:
            minor = Decimal(bare).scaleb(self.digits)
        except InvalidOperation:
            raise InvalidInput(amount=text) from None
        if not minor.is_finite() or minor != minor.to_integral_value() or abs(minor) > MAX_AMOUNT:
            raise InvalidInput(amount=text)
        return int(minor)


CURRENCIES = {
    c.code: c
    for c in (
        Currency(code="CNY", symbol="¥"),
        Currency(code="TWD", symbol="NT$", digits=0),
        Currency(code="HKD", symbol="HK$"),
        Currency(code="EUR", symbol="€"),
        Currency(code="USD", symbol="$"),
    )
}


def tax_within(gross: Minor, rate: BasisPoints) -> Minor:
    """The tax contained in a tax-inclusive amount, half up, per line."""
    return round_half_up(gross * rate, 10_000 + rate)


def round_half_up(numerator: int, denominator: int) -> int:
    """The nearest whole number to a fraction; halves away from zero, so a refund mirrors its sale."""
    nearest = (2 * abs(numerator) + abs(denominator)) // (2 * abs(denominator))
    return nearest if (numerator < 0) == (denominator < 0) else -nearest
