"""A kiosk that falls silent is told once, and how its clock and battery are goes along with each beat."""

from __future__ import annotations

import asyncio

import pytest

from hub.equipment.events import ScreenSilent
from hub.equipment.screens import SILENT_S, SignOfLife
from tests.hub.equipment.wire import until


def sign(screen="kiosk-1", **more):
    return SignOfLife(screen=screen, page="kiosk", version="1", visible=True, session="a", **more)


@pytest.fixture
async def watched(salon, wire):
    task = asyncio.create_task(salon.shop.screens.run())
    await asyncio.sleep(0)
    yield salon
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def past(salon, seconds):
    """Time goes by in steps of a look, and every look is over before the next."""
    for _ in range(int(seconds // 5)):
        await until(lambda: salon.clock._waiting)
        salon.clock.forward(seconds=5)
        await asyncio.sleep(0)
    await until(lambda: salon.clock._waiting)


async def test_a_kiosk_that_is_silent_for_a_minute_is_an_event_once_for_each_silence(watched, wire):
    count = watched.shop.journal.count
    watched.shop.screens.beat(sign())
    watched.shop.screens.beat(sign("board-1"))
    await past(watched, SILENT_S - 5)
    watched.shop.screens.beat(sign("board-1"))
    assert count(ScreenSilent) == 0
    await past(watched, 5)
    await until(lambda: count(ScreenSilent) == 1)
    await past(watched, 50)
    assert count(ScreenSilent) == 1
    watched.shop.screens.beat(sign())
    watched.shop.screens.beat(sign("board-1"))
    await past(watched, SILENT_S)
    await until(lambda: count(ScreenSilent) == 3)


async def test_a_beat_tells_the_battery_and_how_far_the_clock_is_ahead(watched, wire):
    ahead = (watched.clock.now().timestamp() + 90) * 1000
    watched.shop.screens.beat(sign(at_ms=ahead, battery_pct=40, charging=False))
    watched.shop.screens.beat(sign())
    one, other = [message for topic, message in wire.sent if topic == "screen/kiosk-1/beat"]
    assert (one["clock_skew_s"], one["battery_pct"], one["charging"]) == (90, 40, False)
    assert (other["clock_skew_s"], other["battery_pct"], other["charging"]) == (None, None, None)
