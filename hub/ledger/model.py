"""Accounts, postings and entries.

A posting names the account it debits and the one it credits with a single positive amount: it cannot be out of balance,
in code or in the database. (The same shape as a TigerBeetle transfer.)
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from hub.errors import PersonError
from hub.money import Minor


class Account(StrEnum):
    """The chart of accounts; docs/money-words.md says what each is for. `guests` is empty after every sale."""

    CASH = "cash"
    CARD_CLEARING = "card_clearing"
    QR_CLEARING = "qr_clearing"
    GUESTS = "guests"
    SERVICE_REVENUE = "service_revenue"
    PRODUCT_REVENUE = "product_revenue"
    TAX_PAYABLE = "tax_payable"
    CASH_OVER_SHORT = "cash_over_short"
    SAFE = "safe"


@dataclass(frozen=True, slots=True)
class Posting:
    """`amount` minor units, more than nought, from `credit` to `debit`. `till` splits the cash of several drawers."""

    debit: Account
    credit: Account
    amount: Minor
    till: str = ""

    def reversed(self) -> Posting:
        """The same amount back."""
        return Posting(self.credit, self.debit, self.amount, self.till)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Postings that belong together. `source` is the id of the act, and unique: an act is booked once."""

    source: str
    kind: str
    day: date
    currency: str
    postings: tuple[Posting, ...]


class AlreadyBooked(PersonError):
    """An act is booked once."""

    code = "already_booked"
    hint = "It was saved before; nothing was booked twice."
