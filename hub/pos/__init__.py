"""The till: basket, sale, refund, shift, receipts."""

from hub.pos.model import (
    Approval,
    Basket,
    BasketId,
    LineKind,
    LineWish,
    Refund,
    Sale,
    SaleDraft,
    SaleId,
    Shift,
    Tender,
    TenderKind,
    ZReport,
)
from hub.pos.service import Pos
from hub.pos.shift import Counter

__all__ = [
    "Approval",
    "Basket",
    "BasketId",
    "Counter",
    "LineKind",
    "LineWish",
    "Pos",
    "Refund",
    "Sale",
    "SaleDraft",
    "SaleId",
    "Shift",
    "Tender",
    "TenderKind",
    "ZReport",
]
