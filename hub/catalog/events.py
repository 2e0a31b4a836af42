"""What the catalogue announces: ids, codes and amounts in minor units."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from hub.catalog.model import ImportId, ProductId, ServiceId
from hub.catalog.price_list import PriceListKind
from hub.journal import Event


class Change(StrEnum):
    """What happened to an entry of the catalogue."""

    ADDED = "added"
    CHANGED = "changed"
    RETIRED = "retired"
    OFFERED_AGAIN = "offered_again"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopSetUp(Event):
    """The shop was described for the first time. `demo` marks the practice shop; `open_days` counts the days of a week."""

    demo: bool
    open_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopChanged(Event):
    """The shop's own details were changed."""

    open_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceChanged(Event):
    """A service is as told here from now on. `price_was` is the price before, the same as `price` for a new one.

    `tax` is in basis points; `minutes` the time in the chair, `working_minutes` that of the stylist.
    """

    service: ServiceId
    change: Change
    price: int
    price_was: int
    tax: int
    minutes: int
    working_minutes: int
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductChanged(Event):
    """A product is as told here from now on. `price_was` is the price before, the same as `price` for a new one."""

    product: ProductId
    change: Change
    price: int
    price_was: int
    tax: int
    stocked: bool
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogImported(Event):
    """A price list was taken in whole; each entry it added or changed has a line of its own just before this one."""

    price_list: ImportId
    what: PriceListKind
    added: int
    changed: int
    same: int
