"""What has been said during set-up, until the shop is opened with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from hub.catalog.model import ShopDraft
from hub.catalog.shop import Week

DAYS = 7
PIN_SHORTEST = 6  # an owner's PIN; the staff service decides, the page only saves her a round


class Step(StrEnum):
    """One question each."""

    START = "start"
    SHOP = "shop"
    HOURS = "hours"
    OWNER = "owner"
    PRINTERS = "printers"
    DONE = "done"


PATH = (Step.SHOP, Step.HOURS, Step.OWNER, Step.PRINTERS)


@dataclass(slots=True)
class Day:
    """One weekday's hours as they are typed."""

    open: bool = True
    opens: str = "10:00"
    closes: str = "21:00"


@dataclass(slots=True, kw_only=True)
class Draft:
    """The answers so far."""

    name: str = ""
    zone: str = "Asia/Shanghai"
    currency: str = "CNY"
    address: str = ""
    phone: str = ""
    week: list[Day] = field(default_factory=lambda: [Day() for _ in range(DAYS)])
    owner: str = ""
    pin: str = ""
    again: str = ""

    def shop(self) -> ShopDraft:
        """The shop as described. Raises ValueRefused for what cannot be."""
        return ShopDraft(
            name=self.name, zone=self.zone, currency=self.currency, address=self.address, phone=self.phone, opening=self._opening()
        )

    @property
    def pins_agree(self) -> bool:
        """Whether the PIN was typed twice alike and is long enough to be tried."""
        return self.pin == self.again and len(self.pin) >= PIN_SHORTEST and self.pin.isdigit()

    def _opening(self) -> Week:
        mon, tue, wed, thu, fri, sat, sun = ((day.opens, day.closes) if day.open else None for day in self.week)
        return (mon, tue, wed, thu, fri, sat, sun)
