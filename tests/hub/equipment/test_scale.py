"""Weighing, as the hub asks for it: a weight at rest, or a clear reason why there is none."""

from __future__ import annotations

import asyncio

import pytest

from hub.access import Actor, Role
from hub.equipment.model import CannotWeigh, DeviceBusy
from hub.equipment.service import WEIGH_WITHIN_S
from hub.errors import NotAllowed, NotFound
from tests.hub.equipment.wire import printer, until


def scale(wire):
    wire.says("host/h1/state", health="online", since="2026-01-01T00:00:00Z")
    wire.says("dev/sc1/info", kind="scale", name="配色秤", transport="serial")
    wire.says("dev/sc1/state", health="online", since="2026-01-01T00:00:00Z")


async def weighing(salon, wire):
    asked = asyncio.ensure_future(salon.shop.equipment.weigh(salon.desk, "sc1"))
    await until(lambda: wire.commands("weigh") or asked.done())
    return asked


async def test_a_weight_at_rest_is_given(salon, wire):
    scale(wire)
    asked = await weighing(salon, wire)
    [(device, command)] = wire.commands("weigh")
    assert (device, command.args, command.deadline is not None) == ("sc1", {"within_s": WEIGH_WITHIN_S}, True)
    wire.says("dev/sc1/done", id=command.id, outcome="done", result={"mg": 62_000})
    assert (await asked).mg == 62_000


async def test_a_pan_that_moves_has_no_weight_and_the_reason_is_said(salon, wire):
    scale(wire)
    asked = await weighing(salon, wire)
    [(_, command)] = wire.commands("weigh")
    wire.says("dev/sc1/done", id=command.id, outcome="failed", retry_safe=True, reason="scale_moving", sentence="x")
    with pytest.raises(CannotWeigh) as refused:
        await asked
    assert refused.value.facts["reason"] == "scale_moving"


async def test_an_answer_that_does_not_come_is_a_machine_that_failed(salon, wire, monkeypatch):
    monkeypatch.setattr("hub.equipment.service.WEIGH_WITHIN_S", 0.01)
    monkeypatch.setattr("hub.equipment.asking.ANSWER_MARGIN_S", 0.01)
    scale(wire)
    with pytest.raises(DeviceBusy):
        await salon.shop.equipment.weigh(salon.desk, "sc1")


async def test_only_a_scale_weighs_and_only_for_those_who_may_see_devices(salon, wire):
    printer(wire)
    for device in ("p1", "nobody"):
        with pytest.raises(NotFound):
            await salon.shop.equipment.weigh(salon.desk, device)
    scale(wire)
    with pytest.raises(NotAllowed):
        await salon.shop.equipment.weigh(Actor(id="k1", role=Role.KIOSK, station="k1"), "sc1")
