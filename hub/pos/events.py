"""What the till announces."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from hub.journal import Event
from hub.money import Minor
from hub.pos.model import RefundId, SaleId, ShiftId, TenderKind


@dataclass(frozen=True, slots=True, kw_only=True)
class TenderTold:
    """How much was paid which way."""

    kind: TenderKind
    amount: Minor


@dataclass(frozen=True, slots=True, kw_only=True)
class SaleCompleted(Event):
    """A sale is in the books. Amounts in minor units, tax inside the total; `lines` is how many were sold."""

    sale: SaleId
    receipt_no: int
    till: str
    shift: ShiftId
    business_day: date
    currency: str
    total: Minor
    tax: Minor
    tenders: tuple[TenderTold, ...]
    lines: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SaleRefunded(Event):
    """The whole of a sale was given back; `total` is positive."""

    refund: RefundId
    sale: SaleId
    receipt_no: int
    till: str
    shift: ShiftId
    business_day: date
    currency: str
    total: Minor


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftOpened(Event):
    """A drawer was counted in."""

    shift: ShiftId
    till: str
    opening_float: Minor


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftClosed(Event):
    """A drawer was counted out and its Z report kept."""

    shift: ShiftId
    till: str
    z_number: int
    expected: Minor
    counted: Minor


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptNumbersSkipped(Event):
    """After a restore: numbers up to `last` were given out by the forgotten days and are never used again."""

    till: str
    first: int
    last: int
