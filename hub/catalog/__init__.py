"""What the shop is and what it sells: the shop itself, services with phases, products with barcodes, prices and taxes."""

from hub.catalog.model import (
    BarcodeTaken,
    CodeTaken,
    Names,
    NoLongerSold,
    Phase,
    PhaseKind,
    Product,
    ProductDraft,
    ProductId,
    Service,
    ServiceDraft,
    ServiceId,
    Shop,
    ShopDraft,
    UnknownBarcode,
)
from hub.catalog.service import Catalog

__all__ = [
    "BarcodeTaken",
    "Catalog",
    "CodeTaken",
    "Names",
    "NoLongerSold",
    "Phase",
    "PhaseKind",
    "Product",
    "ProductDraft",
    "ProductId",
    "Service",
    "ServiceDraft",
    "ServiceId",
    "Shop",
    "ShopDraft",
    "UnknownBarcode",
]
