"""Showing lines to a guest, as the hub asks for it: at once or not at all, and a clear reason why not."""

from __future__ import annotations

import asyncio
from datetime import datetime

import pytest

from hub.access import Actor, Role
from hub.equipment.model import CannotShow, DeviceBusy
from hub.equipment.service import SHOW_WITHIN_S
from hub.errors import NotAllowed, NotFound
from hub.ports import DisplayLine
from tests.hub.equipment.wire import printer, until

LINES = (DisplayLine(left="合计", right="¥128.00"), DisplayLine(left="谢谢"))


def display(wire):
    wire.says("host/h1/state", health="online", since="2026-01-01T00:00:00Z")
    wire.says("dev/cd1/info", kind="customer_display", name="客显", transport="serial")
    wire.says("dev/cd1/state", health="online", since="2026-01-01T00:00:00Z")


async def showing(salon, wire):
    asked = asyncio.ensure_future(salon.shop.equipment.show(salon.desk, "cd1", LINES))
    await until(lambda: wire.commands("show") or asked.done())
    return asked


async def test_two_lines_are_shown_within_seconds_or_never(salon, wire):
    display(wire)
    asked = await showing(salon, wire)
    [(device, command)] = wire.commands("show")
    assert (device, command.args) == ("cd1", {"lines": [{"left": "合计", "right": "¥128.00"}, {"left": "谢谢", "right": ""}]})
    assert (datetime.fromisoformat(command.deadline) - salon.shop.clock.now()).total_seconds() <= SHOW_WITHIN_S
    wire.says("dev/cd1/done", id=command.id, outcome="done")
    assert await asked is None


async def test_a_display_that_takes_nothing_is_said_with_its_reason(salon, wire):
    display(wire)
    asked = await showing(salon, wire)
    [(_, command)] = wire.commands("show")
    wire.says("dev/cd1/done", id=command.id, outcome="failed", retry_safe=True, reason="not_taken", sentence="x")
    with pytest.raises(CannotShow) as refused:
        await asked
    assert refused.value.facts["reason"] == "not_taken"


async def test_an_answer_that_does_not_come_is_a_machine_that_failed(salon, wire, monkeypatch):
    monkeypatch.setattr("hub.equipment.service.SHOW_WITHIN_S", 0.01)
    monkeypatch.setattr("hub.equipment.asking.ANSWER_MARGIN_S", 0.01)
    display(wire)
    with pytest.raises(DeviceBusy):
        await salon.shop.equipment.show(salon.desk, "cd1", LINES)


async def test_only_a_display_shows_and_only_for_those_who_may_see_devices(salon, wire):
    printer(wire)
    for device in ("p1", "nobody"):
        with pytest.raises(NotFound):
            await salon.shop.equipment.show(salon.desk, device, LINES)
    display(wire)
    with pytest.raises(NotAllowed):
        await salon.shop.equipment.show(Actor(id="k1", role=Role.KIOSK, station="k1"), "cd1", LINES)
