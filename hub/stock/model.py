"""Movements of stocked products."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from hub.errors import PersonError
from hub.ids import Id

QUANTITY_MAX = 1_000_000


class MovementId(Id):
    """One movement."""


class Reason(StrEnum):
    """Why pieces came or went."""

    SALE = "sale"
    REFUND = "refund"
    RECEIPT = "receipt"
    CORRECTION = "correction"


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """`quantity` pieces of a product came (positive) or went. (`source`, `product`) is unique: an act moves once."""

    product: str
    quantity: int
    reason: Reason
    source: str


class OutOfStock(PersonError):
    """Fewer pieces on the shelf than asked for, by the books."""

    code = "out_of_stock"
    hint = "Count the shelf: if the pieces are there, correct the stock, then sell."


class AlreadyMoved(PersonError):
    """An act moves a product once."""

    code = "already_moved"
    hint = "It was saved before; nothing was moved twice."
