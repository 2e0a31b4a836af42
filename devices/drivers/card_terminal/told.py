"""What a terminal told, in the words of hub.ports: amounts in minor units, and of a card no more than its last four digits."""

from __future__ import annotations

from collections.abc import Mapping

from devices.drivers.card_terminal import zvt
from devices.drivers.card_terminal.dialogue import Heard
from devices.drivers.card_terminal.receipt import covered, printable
from hub.ports import CardTransaction

NUMERIC = {"CNY": 156, "TWD": 901, "HKD": 344, "EUR": 978, "USD": 840}  # ISO 4217
_NAMES = {number: name for name, number in NUMERIC.items()}
_NAME_MAX = 40


def transaction(heard: Heard, reference: str = "") -> CardTransaction:
    """All of it."""
    fields = heard.fields
    code = heard.refused if heard.refused is not None else heard.code
    currency = zvt.number_of(fields.get(zvt.CURRENCY))
    return CardTransaction(
        code="" if code is None else f"{code:02X}",
        amount_minor=zvt.number_of(fields.get(zvt.AMOUNT)),
        currency="" if currency is None else _NAMES.get(currency, f"{currency:03d}"),
        receipt_no=zvt.number_of(fields.get(zvt.RECEIPT)),
        trace_no=zvt.number_of(fields.get(zvt.TRACE)),
        terminal=_digits(fields, zvt.TERMINAL),
        auth_code=_text(fields, zvt.AUTH_CODE),
        card=zvt.masked(fields.get(zvt.PAN)),
        card_name=_text(fields, zvt.CARD_NAME),
        at=_moment(fields),
        reference=reference,
        receipt=tuple(heard.papers.of_guest()),
        shop_receipt=tuple(heard.papers.of_shop()),
    )


def _text(fields: Mapping[int, bytes], number: int) -> str:
    return covered(printable(fields.get(number, b"").rstrip(b"\x00")))[:_NAME_MAX]


def _digits(fields: Mapping[int, bytes], number: int) -> str:
    digits = fields.get(number, b"").hex()
    return digits if digits.isdecimal() else ""


def _moment(fields: Mapping[int, bytes]) -> str:
    """`MM-DD HH:MM:SS` by the terminal's own clock."""
    day, time = _digits(fields, zvt.DATE), _digits(fields, zvt.TIME)
    return f"{day[:2]}-{day[2:]} {time[:2]}:{time[2:4]}:{time[4:]}" if day and time else ""
