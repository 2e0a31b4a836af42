"""What stock announces."""

from __future__ import annotations

from dataclasses import dataclass

from hub.journal import Event
from hub.stock.model import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class StockMoved(Event):
    """Pieces came or went outside a sale. `balance` is what the books say is there now."""

    product: str
    quantity: int
    balance: int
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class StockBelowNought(Event):
    """More pieces were sold than the books had: someone must count the shelf."""

    product: str
    balance: int
