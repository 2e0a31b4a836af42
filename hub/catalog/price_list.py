"""A price list against the shop: what it adds, what it changes, what stays; the same rules for the trial and the act."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Generic, Protocol, TypeVar

from hub.catalog.model import BarcodeTaken, ImportId, Names, Product, ProductDraft, ProductId, Service, ServiceDraft, ServiceId
from hub.catalog.values import Reason, ValueRefused

T = TypeVar("T", Service, Product)
_NAME_COLUMNS = {"name_zh_CN": "zh_CN", "name_zh_TW": "zh_TW", "name_en": "en"}


class PriceListKind(StrEnum):
    """What a price list holds."""

    SERVICES = "services"
    PRODUCTS = "products"


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What a price list did to the shop when it was taken in."""

    id: ImportId
    what: PriceListKind
    added: int
    changed: int
    same: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedService:
    """One line of a list of services. `absent`: columns the list does not have; they stay as they are in the shop."""

    line: int
    draft: ServiceDraft
    absent: tuple[str, ...] = ()

    @property
    def code(self) -> str:
        """What the line is about."""
        return self.draft.code

    def over(self, now: Service | None) -> Service:
        """The service after this line was taken in."""
        if now is None:
            return Service.of(ServiceId.new(), self.draft)
        return Service.of(now.id, _kept(self.draft, now, self.absent))


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedProduct:
    """One line of a list of products. `absent`: columns the list does not have; they stay as they are in the shop."""

    line: int
    draft: ProductDraft
    absent: tuple[str, ...] = ()

    @property
    def code(self) -> str:
        """What the line is about."""
        return self.draft.code

    def over(self, now: Product | None) -> Product:
        """The product after this line was taken in."""
        if now is None:
            return Product.of(ProductId.new(), self.draft)
        return Product.of(now.id, _kept(self.draft, now, self.absent))


class _Listed(Protocol[T]):
    @property
    def code(self) -> str: ...
    def over(self, now: T | None) -> T: ...


@dataclass(frozen=True, slots=True)
class Compared(Generic[T]):
    """What a list does to the shop; `changed` holds before and after."""

    added: list[T] = field(default_factory=list)
    changed: list[tuple[T, T]] = field(default_factory=list)
    same: int = 0


def compare(now: Mapping[str, T], listed: Sequence[_Listed[T]]) -> Compared[T]:
    """What `listed` does to `now` (by code). Raises ValueRefused when a code comes twice."""
    added: list[T] = []
    changed: list[tuple[T, T]] = []
    seen: set[str] = set()
    for entry in listed:
        if entry.code in seen:
            raise ValueRefused(Reason.CODE_TWICE, "code", entry.code)
        seen.add(entry.code)
        before = now.get(entry.code)
        after = entry.over(before)
        if before is None:
            added.append(after)
        elif before != after:
            changed.append((before, after))
    return Compared(added, changed, len(listed) - len(added) - len(changed))


def taken_barcodes(now: Iterable[Product], compared: Compared[Product]) -> dict[str, str]:
    """Code of each listed product whose barcode another one will have after the list → the other's code.

    Two products that swap their barcodes in one list do not collide.
    """
    moved = {after.code for _, after in compared.changed}
    owner = {product.barcode: product.code for product in now if product.barcode and product.code not in moved}
    taken: dict[str, str] = {}
    for product in (*compared.added, *(after for _, after in compared.changed)):
        if product.barcode and owner.setdefault(product.barcode, product.code) != product.code:
            taken[product.code] = owner[product.barcode]
    return taken


def check_barcodes(now: Iterable[Product], compared: Compared[Product]) -> None:
    """Raises BarcodeTaken for the first product whose barcode another one has."""
    for code, other in taken_barcodes(now, compared).items():
        raise BarcodeTaken(code=code, other=other)


D = TypeVar("D", ServiceDraft, ProductDraft)


def _kept(draft: D, now: Service | Product, absent: tuple[str, ...]) -> D:
    if not absent:
        return draft
    names = {short: getattr(now.names if column in absent else draft.names, short) for column, short in _NAME_COLUMNS.items()}
    rest = {column: getattr(now, column) for column in absent if column not in _NAME_COLUMNS}
    return replace(draft, names=Names(**names), **rest)
