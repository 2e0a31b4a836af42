from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime

import pytest

from hub.catalog import ShopDraft
from hub.catalog.shop import NOT_SET_UP, AlreadySetUp, Hours, Week
from hub.catalog.values import Reason, ValueRefused
from hub.errors import NotAllowed, NotFound, TapReused
from hub.ids import TapId

QINGSI = ShopDraft(name="青丝", zone="Asia/Taipei", currency="TWD", address="1 Main St", phone="02-5550-0100")


async def test_a_hub_without_data_works_with_a_shop_that_is_not_set_up(shop) -> None:
    assert shop.catalog.shop() == NOT_SET_UP
    assert not shop.catalog.is_set_up()


async def test_the_owner_describes_the_shop_once(shop, restarted) -> None:
    made = await shop.catalog.set_up(shop.owner, QINGSI, TapId.new())
    assert shop.catalog.is_set_up()
    assert shop.catalog.shop() == made
    assert made.set_up_at == "2026-03-02T02:00:00+00:00"
    assert shop.told("ShopSetUp") == [{"demo": False, "open_days": 7}]
    with pytest.raises(AlreadySetUp):
        await shop.catalog.set_up(shop.owner, QINGSI, TapId.new())
    assert (await restarted(shop)).catalog.shop() == made


async def test_two_owners_who_set_up_at_once_make_one_shop(shop) -> None:
    wishes = [shop.catalog.set_up(shop.owner, ShopDraft(name=f"Shop {n}"), TapId.new()) for n in range(5)]
    answers = await asyncio.gather(*wishes, return_exceptions=True)
    assert sum(isinstance(answer, AlreadySetUp) for answer in answers) == 4
    assert len(shop.told("ShopSetUp")) == 1


async def test_the_same_tap_sets_up_once_and_another_wish_under_it_is_refused(shop) -> None:
    tap = TapId.new()
    first = await shop.catalog.set_up(shop.owner, QINGSI, tap)
    assert await shop.catalog.set_up(shop.owner, QINGSI, tap) == first
    with pytest.raises(TapReused):
        await shop.catalog.set_up(shop.owner, ShopDraft(name="Other"), tap)
    assert len(shop.told("ShopSetUp")) == 1


async def test_a_manager_cannot_set_up_or_change_the_shop(shop) -> None:
    with pytest.raises(NotAllowed):
        await shop.catalog.set_up(shop.manager, QINGSI, TapId.new())
    await shop.catalog.set_up(shop.owner, QINGSI, TapId.new())
    with pytest.raises(NotAllowed):
        await shop.catalog.change_shop(shop.manager, QINGSI, TapId.new())


async def test_the_shop_gets_new_hours_but_never_another_currency(shop) -> None:
    with pytest.raises(NotFound):
        await shop.catalog.change_shop(shop.owner, QINGSI, TapId.new())
    made = await shop.catalog.set_up(shop.owner, QINGSI, TapId.new())
    six_days: Week = (("10:00", "21:00"),) * 6 + (None,)
    new = ShopDraft(name="青丝二店", zone="Asia/Taipei", currency="TWD", opening=six_days, demo=True)
    changed = await shop.catalog.change_shop(shop.owner, new, TapId.new())
    assert shop.catalog.shop() == changed
    assert (changed.name, changed.opening[6], changed.demo, changed.set_up_at) == ("青丝二店", None, False, made.set_up_at)
    assert shop.told("ShopChanged") == [{"open_days": 6}]
    with pytest.raises(ValueRefused) as refused:
        await shop.catalog.change_shop(shop.owner, ShopDraft(name="x", currency="CNY"), TapId.new())
    assert refused.value.reason is Reason.CURRENCY_FIXED


async def test_the_business_day_turns_where_the_shop_stands(shop, restarted) -> None:
    await shop.catalog.set_up(shop.owner, ShopDraft(name="Paris", zone="Europe/Paris", currency="EUR"), TapId.new())
    shop.catalog.shop()
    assert shop.clock.business_day(datetime(2026, 3, 2, 2, 30, tzinfo=UTC)) == date(2026, 3, 1)  # 03:30 in Paris
    again = await restarted(shop)
    again.catalog.shop()
    assert str(again.clock.zone) == "Europe/Paris"


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"name": "  "}, Reason.MISSING),
        ({"name": "x" * 61}, Reason.TOO_LONG),
        ({"zone": "Mars/Base"}, Reason.ZONE_UNKNOWN),
        ({"zone": "../etc/passwd"}, Reason.ZONE_UNKNOWN),
        ({"currency": "XXX"}, Reason.CURRENCY_UNKNOWN),
        ({"phone": "call me"}, Reason.CHARACTERS),
        ({"address": "a\nb"}, Reason.CHARACTERS),
        ({"opening": (("10:00", "21:00"),) * 6}, Reason.HOURS_SHAPE),
        ({"opening": (("25:00", "26:00"),) * 7}, Reason.HOURS_SHAPE),
        ({"opening": (("21:00", "10:00"),) * 7}, Reason.HOURS_SHAPE),
        ({"opening": (("10:00", "10:00"),) * 7}, Reason.HOURS_SHAPE),
        ({"opening": (("02:00", "10:00"),) * 7}, Reason.HOURS_SHAPE),
    ],
)
def test_a_shop_that_cannot_be_is_refused_by_field(wrong: dict[str, object], reason: Reason) -> None:
    with pytest.raises(ValueRefused) as refused:
        ShopDraft(**{"name": "x", **wrong})
    assert refused.value.reason is reason
    assert refused.value.column in wrong


@pytest.mark.parametrize(
    ("hours", "opens", "closes"),
    [
        (("10:00", "21:00"), "2026-03-02T10:00:00+08:00", "2026-03-02T21:00:00+08:00"),
        (("18:00", "02:00"), "2026-03-02T18:00:00+08:00", "2026-03-03T02:00:00+08:00"),
    ],
)
async def test_a_bar_of_nails_may_close_after_midnight(shop, hours: Hours, opens: str, closes: str) -> None:
    week: Week = (hours, *((None,) * 6))
    made = await shop.catalog.set_up(shop.owner, ShopDraft(name="x", opening=week), TapId.new())
    found = made.hours_on(date(2026, 3, 2))
    assert found is not None
    assert [moment.isoformat() for moment in found] == [opens, closes]
    assert made.hours_on(date(2026, 3, 3)) is None
