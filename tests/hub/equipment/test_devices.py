"""What a person does with devices, and how long the shop remembers how they were."""

from __future__ import annotations

import asyncio

import pytest

from hub.access import Actor, Role
from hub.equipment import DeviceChange, DeviceRefused
from hub.equipment.events import DeviceRemoved, DeviceSettingsChanged, DeviceSwitched
from hub.equipment.tables import HISTORY_KEPT
from hub.errors import NotAllowed
from hub.ids import TapId
from hub.ports import Health
from tests.hub.equipment.wire import printer, until

TECHNICIAN = Actor(id="tech", role=Role.TECHNICIAN, station="office")


async def answered(wire, asking, verb, *, outcome="done", **more):
    """Ask, and let the device host answer."""
    work = asyncio.ensure_future(asking)
    topic = f"host/h1/do/{verb}"
    await until(lambda: work.done() or any(sent == topic for sent, _ in wire.sent))
    [command] = [message for sent, message in wire.sent if sent == topic]
    wire.says("host/h1/done", id=command.id, outcome=outcome, **more)
    return command.args, await work


async def test_a_printer_gets_another_name_and_the_journal_says_that_someone_changed_it(salon, wire):
    printer(wire)
    change = salon.shop.equipment.change(TECHNICIAN, "p1", DeviceChange(name="前台", roles=("ticket",)), TapId.new())
    args, _ = await answered(wire, change, "change")
    assert args == {"id": "p1", "name": "前台", "roles": ["ticket"]}
    assert salon.shop.journal.count(DeviceSettingsChanged) == 1


async def test_a_button_pressed_twice_asks_the_host_once_and_leaves_one_event(salon, wire):
    printer(wire)
    tap = TapId.new()
    await answered(wire, salon.shop.equipment.remove(TECHNICIAN, "p1", tap), "remove")
    await salon.shop.equipment.remove(TECHNICIAN, "p1", tap)
    assert [sent for sent, _ in wire.sent].count("host/h1/do/remove") == 1
    assert salon.shop.journal.count(DeviceRemoved) == 1


async def test_a_change_the_host_refuses_leaves_no_event(salon, wire):
    printer(wire)
    change = salon.shop.equipment.change(TECHNICIAN, "p1", DeviceChange(address="tcp://10.0.0.9:9100"), TapId.new())
    with pytest.raises(DeviceRefused) as refused:
        await answered(wire, change, "change", outcome="failed", reason="unreachable", sentence="x")
    assert refused.value.facts["reason"] == "unreachable"
    assert salon.shop.journal.count(DeviceSettingsChanged) == 0


async def test_a_device_is_switched_off_and_let_go_by_those_who_may(salon, wire):
    printer(wire)
    args, _ = await answered(wire, salon.shop.equipment.enable(TECHNICIAN, "p1", TapId.new(), enabled=False), "enable")
    assert args == {"id": "p1", "enabled": False}
    assert salon.shop.journal.count(DeviceSwitched) == 1
    await answered(wire, salon.shop.equipment.remove(TECHNICIAN, "p1", TapId.new()), "remove")
    assert salon.shop.journal.count(DeviceRemoved) == 1
    assert salon.shop.equipment.devices(TECHNICIAN) == []
    assert salon.shop.equipment.history(TECHNICIAN, "p1") == []
    for asking in (
        salon.shop.equipment.change(salon.desk, "p1", DeviceChange(name="x"), TapId.new()),
        salon.shop.equipment.enable(salon.desk, "p1", TapId.new(), enabled=True),
    ):
        with pytest.raises(NotAllowed):
            await asking


async def test_one_more_look_tells_how_the_device_is_now(salon, wire):
    printer(wire)
    state = {"health": "degraded", "reason": "paper_out", "since": "2026-01-01T00:00:00Z"}
    _, seen = await answered(wire, salon.shop.equipment.look(salon.desk, "p1"), "identify", result={"state": state})
    assert (seen.health, seen.reason) == (Health.DEGRADED, "paper_out")


async def test_how_a_device_was_is_remembered_with_its_reasons_and_not_for_ever(salon, wire):
    def state(health, reason=""):
        wire.says("dev/p1/state", health=health, reason=reason, since="2026-01-01T00:00:00Z")

    def told():
        return [(moment.health.value, moment.reason) for moment in salon.shop.equipment.history(salon.desk, "p1", 500)]

    printer(wire)
    state("online")
    state("degraded", "paper_out")
    state("degraded", "cover_open")
    state("degraded", "cover_open")
    await until(lambda: told() == [("degraded", "cover_open"), ("degraded", "paper_out"), ("online", "")])
    for n in range(HISTORY_KEPT):
        state("degraded", f"reason_{n}")
    await until(lambda: told()[0] == ("degraded", f"reason_{HISTORY_KEPT - 1}"))
    assert len(told()) == HISTORY_KEPT
