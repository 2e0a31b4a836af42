from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.clock import Clock, MovedClock

ZONES = ("Asia/Shanghai", "Asia/Taipei", "Asia/Kathmandu", "Europe/Berlin", "Australia/Lord_Howe", "America/St_Johns", "Pacific/Apia")


def test_a_sale_after_midnight_still_belongs_to_the_evening_before() -> None:
    clock = MovedClock(datetime(2026, 3, 14, 19, 59, 59, tzinfo=UTC))  # 03:59:59 in Shanghai
    assert clock.business_day().isoformat() == "2026-03-14"
    clock.forward(seconds=1)
    assert clock.business_day().isoformat() == "2026-03-15"


def test_a_shop_that_learns_its_zone_has_that_zones_day() -> None:
    clock = MovedClock(datetime(2026, 3, 14, 21, tzinfo=UTC))
    assert clock.business_day().isoformat() == "2026-03-15"
    clock.zone = ZoneInfo("Europe/Berlin")
    assert clock.business_day().isoformat() == "2026-03-14"


@pytest.mark.parametrize("zone", ZONES)
@given(start=st.integers(1_577_836_800, 2_208_988_800), steps=st.lists(st.integers(-4000, 4000), max_size=8))
def test_the_day_is_that_of_the_local_time_four_hours_ago_however_the_time_moves(zone: str, start: int, steps: list[int]) -> None:
    clock, moment = Clock(zone), datetime.fromtimestamp(start, UTC)
    for step in [0, *steps]:
        moment += timedelta(seconds=step)
        local = moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        assert clock.business_day(moment) == (local - timedelta(hours=4)).date()


def test_time_never_runs_behind_what_is_known_to_have_passed() -> None:
    clock = MovedClock(datetime(2026, 3, 14, 12, tzinfo=UTC))
    clock.not_before(datetime(2026, 3, 15, tzinfo=UTC))
    assert clock.now() == datetime(2026, 3, 15, tzinfo=UTC)
    clock.set_wall(datetime(2020, 1, 1, tzinfo=UTC))
    assert clock.now() == datetime(2026, 3, 15, tzinfo=UTC)
