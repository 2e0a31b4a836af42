"""The shop itself: its name, place, money and hours; rules, no I/O."""

from __future__ import annotations

import re
import zoneinfo
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from hub.catalog import values
from hub.catalog.values import Reason, ValueRefused
from hub.errors import PersonError
from hub.money import CURRENCIES, Currency

Hours = tuple[str, str]  # opens, closes as HH:MM; closing at or before 04:00 is after midnight
Week = tuple[Hours | None, Hours | None, Hours | None, Hours | None, Hours | None, Hours | None, Hours | None]  # Monday first
OPEN_DAILY: Week = (("10:00", "21:00"),) * 7


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopDraft:
    """The shop as its owner describes it. Raises ValueRefused when made wrongly."""

    name: str
    zone: str = "Asia/Shanghai"
    currency: str = "CNY"
    address: str = ""
    phone: str = ""
    opening: Week = OPEN_DAILY
    demo: bool = False

    def __post_init__(self) -> None:
        name = values.check_text(self.name, "name", values.NAME_MAX)
        if not name:
            raise ValueRefused(Reason.MISSING, "name")
        address = values.check_text(self.address, "address", 120)
        phone = values.plain(self.phone)
        if not _PHONE.fullmatch(phone):
            raise ValueRefused(Reason.CHARACTERS, "phone", self.phone)
        if self.zone not in _zones():
            raise ValueRefused(Reason.ZONE_UNKNOWN, "zone", self.zone)
        if self.currency not in CURRENCIES:
            raise ValueRefused(Reason.CURRENCY_UNKNOWN, "currency", self.currency)
        values.settle(self, name=name, address=address, phone=phone, opening=check_opening(self.opening))


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """The shop itself. `opening` is Monday to Sunday, None on closed days; `set_up_at` ISO UTC, None before set-up."""

    name: str
    zone: str
    currency: str
    address: str
    phone: str
    opening: Week
    set_up_at: str | None
    demo: bool

    @property
    def money(self) -> Currency:
        """How this shop writes amounts."""
        return CURRENCIES[self.currency]

    def hours_on(self, day: date) -> tuple[datetime, datetime] | None:
        """When the shop opens and closes on the business day `day`, in its zone; None when it stays closed."""
        hours = self.opening[day.weekday()]
        if hours is None:
            return None
        zone = ZoneInfo(self.zone)
        opens, closes = (datetime.combine(day, time.fromisoformat(text), zone) for text in hours)
        return opens, closes if closes > opens else closes + timedelta(days=1)


NOT_SET_UP = Shop(
    name="", zone="Asia/Shanghai", currency="CNY", address="", phone="", opening=OPEN_DAILY, set_up_at=None, demo=False
)  # what a hub without data works with until its owner has spoken


class AlreadySetUp(PersonError):
    """The shop has been set up before; nothing was changed."""

    code = "already_set_up"
    hint = "Log in as the owner and change the shop's details in the office instead."


_PHONE = re.compile(r"[0-9+() -]{0,24}")
_HOUR = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]")
_LATEST_AFTER_MIDNIGHT = "04:00"  # the business day turns


def check_opening(opening: Week) -> Week:
    """The week, Monday first. Raises ValueRefused for hours that are none or end before they begin."""
    if len(opening) != 7:
        raise ValueRefused(Reason.HOURS_SHAPE, "opening", len(opening))
    for hours in opening:
        if hours is None:
            continue
        if len(hours) != 2 or not all(_HOUR.fullmatch(text) for text in hours):
            raise ValueRefused(Reason.HOURS_SHAPE, "opening", hours)
        opens, closes = hours
        if opens < _LATEST_AFTER_MIDNIGHT or (closes <= opens and closes > _LATEST_AFTER_MIDNIGHT):
            raise ValueRefused(Reason.HOURS_SHAPE, "opening", f"{opens}-{closes}")
    return opening


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())
