"""Payment codes (付款码): what a guest's phone shows to be charged. Told apart from slips and products by what the till waits for, then by shape.

Such a code is money for one minute. It is kept nowhere: not in a basket, a sale, an event, a log or an error; only whose it is may be said.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from hub.errors import InvalidInput, PersonError

USUAL = ("wechat 18 10-15", "alipay 16-24 25-30", "unionpay 19 62")
_LINE = re.compile(r"([a-z]{2,16}) (\d{2})(?:-(\d{2}))? (\d{2})(?:-(\d{2}))?")


class NoPaymentOpen(PersonError):
    """A guest's payment code was scanned where no payment is open; nothing was charged."""

    code = "no_payment_open"
    hint = "Choose how the guest pays first, then let the payment terminal read a fresh code."


class PaymentCodeNotTaken(PersonError):
    """A guest's payment code was scanned or typed where the number of a slip belongs; nothing was charged and nothing was kept."""

    code = "payment_code_not_taken"
    hint = "Let the payment terminal read a fresh code, then scan or type the number of its slip."


class ProductNotPayment(PersonError):
    """A product was scanned while the screen waits for a payment; nothing was added."""

    code = "product_not_payment"
    hint = "Go back to the basket to add it, or scan the slip of the payment."


class PaymentCodes:
    """Which codes are whose: lines of a name, the number of digits and the first two digits, `alipay 16-24 25-30`."""

    def __init__(self, lines: Iterable[str] = USUAL) -> None:
        self._table = [_row(line) for line in lines]

    def provider_of(self, text: str) -> str:
        """Whose payment code this is; empty for anything else."""
        digits = text.strip()
        if not (digits.isascii() and digits.isdigit()):
            return ""
        return next((name for name, lengths, starts in self._table if len(digits) in lengths and int(digits[:2]) in starts), "")


def _row(line: str) -> tuple[str, range, range]:
    found = _LINE.fullmatch(line)
    if found is None:
        raise InvalidInput(payment_code=line)
    name, *numbers = found.groups()
    least, most, first, last = (int(n) if n else 0 for n in numbers)
    return name, range(least, max(least, most) + 1), range(first, max(first, last) + 1)
