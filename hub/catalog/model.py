"""What the shop sells: words and rules, no I/O. (The shop itself is in shop.py.)

A draft checks itself when it is made: one that exists can be kept.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from enum import StrEnum
from functools import lru_cache
from typing import Any, Self

from hub.catalog import values
from hub.catalog.shop import NOT_SET_UP, AlreadySetUp, Shop, ShopDraft
from hub.catalog.values import Reason, ValueRefused
from hub.errors import PersonError
from hub.ids import Id
from hub.money import BasisPoints, Minor

__all__ = [
    "NOT_SET_UP",
    "AlreadySetUp",
    "BarcodeTaken",
    "CodeTaken",
    "ImportId",
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
    "check_phases",
    "parse_phases",
    "phases_text",
]


class ServiceId(Id):
    """One service on the menu."""

    __slots__ = ()


class ProductId(Id):
    """One product on the shelf."""

    __slots__ = ()


class ImportId(Id):
    """One price list taken in."""

    __slots__ = ()


class PhaseKind(StrEnum):
    """What a part of a service needs: the stylist and the chair, or the chair alone while something takes effect."""

    WORKING = "working"
    PROCESSING = "processing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """A part of a service."""

    kind: PhaseKind
    minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """One thing's name in each language; at least one is given, the others may be empty."""

    zh_CN: str = ""  # noqa: N815 - the names of the languages
    zh_TW: str = ""  # noqa: N815
    en: str = ""

    def of(self, language: str) -> str:
        """The name in `language`, or in the nearest one that has it."""
        wanted = language.replace("-", "_")
        if wanted.startswith("en"):
            return self.en or self.zh_CN or self.zh_TW
        if wanted in {"zh_TW", "zh_HK", "zh_MO"} or wanted.startswith("zh_Hant"):
            return self.zh_TW or self.zh_CN or self.en
        return self.zh_CN or self.zh_TW or self.en

    def checked(self) -> Names:
        """These names, cleaned. Raises ValueRefused when one cannot be shown or printed, or none is given."""
        clean = {column: values.check_text(getattr(self, column), f"name_{column}", values.NAME_MAX) for column in ("zh_CN", "zh_TW", "en")}
        if not any(clean.values()):
            raise ValueRefused(Reason.MISSING, "name_zh_CN")
        return Names(**clean)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceDraft:
    """A service as a person describes it. `price` includes tax; `tax` in basis points. Raises ValueRefused when made wrongly."""

    code: str
    category: str
    names: Names
    phases: tuple[Phase, ...]
    price: Minor
    tax: BasisPoints
    active: bool = True

    def __post_init__(self) -> None:
        values.settle(self, code=values.check_code(self.code), category=values.check_category(self.category), names=self.names.checked())
        check_phases(self.phases)
        values.check_price(self.price)
        values.check_tax(self.tax)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """Something a stylist does for a guest. `price` includes tax; `tax` in basis points; a retired one is not `active`."""

    id: ServiceId
    code: str
    category: str
    names: Names
    phases: tuple[Phase, ...]
    price: Minor
    tax: BasisPoints
    active: bool

    @property
    def minutes(self) -> int:
        """How long the chair is taken."""
        return sum(phase.minutes for phase in self.phases)

    @property
    def working_minutes(self) -> int:
        """How long the stylist is busy."""
        return sum(phase.minutes for phase in self.phases if phase.kind is PhaseKind.WORKING)

    def draft(self) -> ServiceDraft:
        """What describes this service, to be changed."""
        return ServiceDraft(**_shared(self, ServiceDraft))

    @classmethod
    def of(cls, id: ServiceId, draft: ServiceDraft) -> Self:  # noqa: A002
        """The service `draft` describes."""
        return cls(id=id, **_shared(draft, ServiceDraft))


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductDraft:
    """A product as a person describes it. `price` includes tax; `tax` in basis points. Raises ValueRefused when made wrongly.

    `stocked`: sales take it from the shelf. `favourite`: the till shows it without a search.
    """

    code: str
    category: str
    names: Names
    price: Minor
    tax: BasisPoints
    barcode: str | None = None
    stocked: bool = True
    active: bool = True
    favourite: bool = False

    def __post_init__(self) -> None:
        barcode = values.check_barcode(self.barcode) if self.barcode else None
        code, category = values.check_code(self.code), values.check_category(self.category)
        values.settle(self, code=code, category=category, names=self.names.checked(), barcode=barcode)
        values.check_price(self.price)
        values.check_tax(self.tax)


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """Something sold over the counter. `price` includes tax; `tax` in basis points; `barcode` an EAN-13."""

    id: ProductId
    code: str
    names: Names
    barcode: str | None
    price: Minor
    tax: BasisPoints
    stocked: bool
    active: bool
    category: str
    favourite: bool = False

    def draft(self) -> ProductDraft:
        """What describes this product, to be changed."""
        return ProductDraft(**_shared(self, ProductDraft))

    @classmethod
    def of(cls, id: ProductId, draft: ProductDraft) -> Self:  # noqa: A002
        """The product `draft` describes."""
        return cls(id=id, **_shared(draft, ProductDraft))


class CodeTaken(PersonError):
    """Another service or product of this shop has the code; nothing was changed."""

    code = "code_taken"
    hint = "Choose another code, or change the entry that has it; it may be a retired one."


class BarcodeTaken(PersonError):
    """Another product of this shop has the barcode; nothing was changed."""

    code = "barcode_taken"
    hint = "Check the barcode, or take it from the product that has it; it may be a retired one."


class UnknownBarcode(PersonError):
    """No product of this shop has the barcode."""

    code = "unknown_barcode"
    hint = "Search for the product by name, or ask a manager to add its barcode."
    status = 404


class NoLongerSold(PersonError):
    """The product was retired; nothing was changed."""

    code = "no_longer_sold"
    hint = "Ask a manager to offer it again if it should be sold."


PHASES_MAX, PHASE_MINUTES_MAX, SERVICE_MINUTES_MAX = 8, 480, 720
_PHASES = re.compile(r"[0-9]{1,3}p?(?:\+[0-9]{1,3}p?)*")


@lru_cache(maxsize=1024)
def parse_phases(text: str) -> tuple[Phase, ...]:
    """`30+45p+15`: minutes of work, p for processing. Raises ValueRefused."""
    bare = values.plain(text).replace(" ", "").lower()
    if not bare:
        raise ValueRefused(Reason.MISSING, "phases", text)
    if not _PHASES.fullmatch(bare):
        raise ValueRefused(Reason.PHASES_SHAPE, "phases", text)
    found = tuple(
        Phase(kind=PhaseKind.PROCESSING if part.endswith("p") else PhaseKind.WORKING, minutes=int(part.removesuffix("p")))
        for part in bare.split("+")
    )
    check_phases(found)
    return found


def phases_text(phases: tuple[Phase, ...]) -> str:
    """The phases as `parse_phases` reads them."""
    return "+".join(f"{phase.minutes}{'p' if phase.kind is PhaseKind.PROCESSING else ''}" for phase in phases)


def check_phases(phases: tuple[Phase, ...]) -> None:
    """Raises ValueRefused unless there are 1 to 8 phases of 1 to 480 minutes, 12 hours in all, some of them work."""
    text = phases_text(phases)
    if not phases or len(phases) > PHASES_MAX or not all(1 <= phase.minutes <= PHASE_MINUTES_MAX for phase in phases):
        raise ValueRefused(Reason.PHASES_RANGE, "phases", text)
    if sum(phase.minutes for phase in phases) > SERVICE_MINUTES_MAX:
        raise ValueRefused(Reason.PHASES_RANGE, "phases", text)
    if all(phase.kind is PhaseKind.PROCESSING for phase in phases):
        raise ValueRefused(Reason.PHASES_WITHOUT_WORK, "phases", text)


def _shared(thing: object, draft: type[ServiceDraft | ProductDraft]) -> dict[str, Any]:
    """What a thing and its draft have in common: every field of the draft."""
    return {field.name: getattr(thing, field.name) for field in fields(draft)}
