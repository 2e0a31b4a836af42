"""A battery that is nearly empty stops the shop in order, in time, and not when the mains come back first."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress

import pytest

from hub.equipment import POWERS_HUB, ShutdownPlan
from hub.equipment.events import ShutdownBegun, ShutdownCalledOff, ShutdownOrdered
from hub.equipment.power import PowerWatch
from tests.hub.equipment.wire import until


class Cut:
    """A shop on a UPS, one second at a time."""

    def __init__(self, salon, wire, folder):
        self.salon, self.wire = salon, wire
        self.order = folder / "stop-order.json"
        self.plan = ShutdownPlan(wait_s=5, flush_s=10, order=self.order)
        shop = salon.shop
        self.watch = PowerWatch(shop.db, shop.journal, shop.equipment, shop.link, shop.clock)
        wire.says("host/h1/state", health="online", since="2026-01-01T00:00:00Z")

    def ups(self, reason, health=None, device="u1", roles=(POWERS_HUB,)):
        self.wire.says(f"dev/{device}/info", kind="ups", name=device, transport="tcp", roles=roles)
        state = health or ("degraded" if reason else "online")
        self.wire.says(f"dev/{device}/state", health=state, reason=reason, since="2026-01-01T00:00:00Z")

    async def seconds(self, count):
        for _ in range(count):
            await self.watch.look(self.plan)
            self.salon.clock.forward(seconds=1)
            for _ in range(5):
                await asyncio.sleep(0)
        await self.watch.look(self.plan)

    def noted(self):
        journal = self.salon.shop.journal
        return [journal.count(kind) for kind in (ShutdownBegun, ShutdownCalledOff, ShutdownOrdered)]

    def asked(self):
        return [message for topic, message in self.wire.sent if topic == "bridge/do/flush"]


@pytest.fixture
async def cut(salon, wire, tmp_path):
    made = Cut(salon, wire, tmp_path)
    yield made
    made.watch._end_flush()


async def test_a_shop_without_head_office_stops_when_the_battery_was_low_for_long_enough(cut):
    cut.ups("on_battery")
    await cut.seconds(30)
    cut.ups("battery_low")
    await cut.seconds(4)
    assert (cut.noted(), cut.order.exists()) == ([0, 0, 0], False)
    await cut.seconds(3)
    assert cut.noted() == [1, 0, 1]
    assert json.loads(cut.order.read_text()) | {"at": ""} == {"why": "battery_low", "device": "u1", "at": ""}
    assert cut.asked() == []
    await cut.seconds(10)
    assert cut.noted() == [1, 0, 1]


async def test_head_office_gets_what_is_unsent_before_the_order(cut):
    cut.wire.says("bridge/state", hq="online")
    cut.ups("battery_low")
    await cut.seconds(8)
    [question] = cut.asked()
    assert (cut.noted(), cut.order.exists()) == ([1, 0, 0], False)
    cut.wire.says("bridge/done", id="00000000-0000-7000-8000-000000000000", outcome="done")
    await cut.seconds(1)
    assert not cut.order.exists()
    cut.wire.says("bridge/done", id=question.id, outcome="done")
    await cut.seconds(2)
    assert cut.order.exists()
    assert '"flushed":true' in last_line(cut)


async def test_a_bridge_that_hangs_does_not_keep_the_shop_from_stopping(cut):
    cut.wire.says("bridge/state", hq="offline")
    cut.ups("battery_low")
    await cut.seconds(15)
    assert not cut.order.exists()
    await cut.seconds(3)
    assert cut.order.exists()
    assert '"flushed":false' in last_line(cut)


@pytest.mark.parametrize("reason", ["", "on_battery", "replace_battery"])
async def test_mains_that_come_back_in_the_last_moment_call_it_off(cut, reason):
    cut.wire.says("bridge/state", hq="online")
    cut.ups("battery_low")
    await cut.seconds(8)
    cut.ups(reason)
    await cut.seconds(30)
    assert (cut.noted(), cut.order.exists()) == ([1, 1, 0], False)
    cut.ups("battery_low")
    await cut.seconds(30)
    assert (cut.noted(), cut.order.exists()) == ([2, 1, 1], True)


async def test_mains_that_come_back_before_anything_began_are_no_event(cut):
    cut.ups("battery_low")
    await cut.seconds(3)
    cut.ups("")
    await cut.seconds(30)
    assert cut.noted() == [0, 0, 0]


@pytest.mark.parametrize(("reason", "health"), [("link_lost", "offline"), ("ups_stale", "degraded"), ("ups_driver_gone", "degraded")])
async def test_a_ups_that_falls_silent_with_an_empty_battery_is_taken_to_be_empty(cut, reason, health):
    cut.ups("battery_low")
    await cut.seconds(2)
    cut.ups(reason, health)
    await cut.seconds(6)
    assert cut.order.exists()


@pytest.mark.parametrize(("reason", "health"), [("link_lost", "offline"), ("ups_stale", "degraded"), ("battery_low", "unknown")])
async def test_a_ups_of_which_nothing_was_ever_known_stops_nothing(cut, reason, health):
    cut.ups(reason, health)
    await cut.seconds(30)
    assert cut.noted() == [0, 0, 0]


async def test_a_ups_that_powers_something_else_stops_nothing(cut):
    cut.ups("battery_low", roles=())
    await cut.seconds(30)
    assert (cut.noted(), cut.order.exists()) == ([0, 0, 0], False)


async def test_a_ups_that_is_let_go_in_the_middle_calls_it_off(cut):
    cut.wire.says("bridge/state", hq="online")
    cut.ups("battery_low")
    await cut.seconds(8)
    cut.wire.garbage("dev/u1/info", b"")
    await cut.seconds(2)
    assert cut.noted() == [1, 1, 0]


async def test_an_order_that_cannot_be_written_is_tried_again(cut):
    cut.order.mkdir()
    cut.ups("battery_low")
    await cut.seconds(8)
    assert cut.order.is_dir()
    cut.order.rmdir()
    await cut.seconds(1)
    assert cut.order.is_file()
    assert cut.noted() == [1, 0, 1]


async def test_a_journal_that_hangs_does_not_keep_the_shop_from_stopping(cut, monkeypatch):
    monkeypatch.setattr("hub.equipment.power.NOTE_S_MAX", 0.01)
    monkeypatch.setattr(cut.watch, "_db", Hanging())
    cut.ups("battery_low")
    await cut.seconds(9)
    assert cut.order.is_file()


async def test_it_looks_by_itself(cut):
    cut.ups("battery_low")
    running = asyncio.create_task(cut.watch.run(cut.plan))
    for _ in range(8):
        await asyncio.sleep(0.02)
        cut.salon.clock.forward(seconds=1)
    await until(cut.order.is_file)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


class Hanging:
    async def write(self, *_):
        await asyncio.Event().wait()


def last_line(cut):
    [row] = cut.salon.shop.db.all("SELECT * FROM journal ORDER BY seq DESC LIMIT 1")
    return "".join(str(value).replace(" ", "") for value in tuple(row))
