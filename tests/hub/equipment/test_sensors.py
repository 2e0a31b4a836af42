"""What sensors measure, as the hub knows it: the newest value, an alarm in the journal, a plug that says itself that it has switched."""

from __future__ import annotations

import asyncio

import pytest

from hub.access import Actor, Role
from hub.equipment.events import AlarmRaised
from hub.equipment.model import CannotSwitch
from hub.equipment.sensors import DEVICES_MAX, READINGS_MAX
from hub.errors import NotAllowed, NotFound
from tests.hub.equipment.wire import printer, until

TECHNICIAN = Actor(id="tech", role=Role.TECHNICIAN, station="office")


def basin(wire):
    wire.says("host/h1/state", health="online", since="2026-01-01T00:00:00Z")
    wire.says("dev/w1/info", kind="sensor", name="洗头区", transport="mqtt")
    wire.says("dev/w1/state", health="online", since="2026-01-01T00:00:00Z")


def measures(wire, name, value, unit="", device="w1"):
    wire.says(f"dev/{device}/reading/{name}", value=value, unit=unit, at="2026-01-01T00:00:00+00:00")


async def test_the_newest_reading_of_each_name_is_known_with_its_unit(salon, wire):
    basin(wire)
    measures(wire, "temperature", 21.5, "°C")
    measures(wire, "water", False)
    measures(wire, "temperature", 22, "°C")
    found = salon.shop.sensors.readings(salon.desk, "w1")
    assert {name: (reading.value, reading.unit) for name, reading in found.items()} == {"temperature": (22, "°C"), "water": (False, "")}
    measures(wire, "temperature", None)
    assert found["temperature"].value is None


async def test_garbage_is_refused_and_what_is_kept_has_limits(salon, wire):
    basin(wire)
    refused = wire.link.refused
    for payload in (b"", b"{}", b'{"value": "hot", "at": "x"}', b'{"value": [1], "at": "x"}', b"\xff"):
        wire.garbage("dev/w1/reading/t", payload)
    assert wire.link.refused == refused + 5
    for n in range(READINGS_MAX + 5):
        measures(wire, f"r{n}", n)
    assert len(salon.shop.sensors.readings(salon.desk, "w1")) == READINGS_MAX
    for n in range(DEVICES_MAX + 5):
        measures(wire, "t", n, device=f"x{n}")
    assert len(salon.shop.sensors._readings) == DEVICES_MAX


async def test_an_alarm_is_in_the_journal(salon, wire):
    basin(wire)
    wire.says("dev/w1/event/alarm", alarm="water_leak")
    await until(lambda: salon.shop.journal.count(AlarmRaised) == 1)
    refused = wire.link.refused
    wire.garbage("dev/w1/event/alarm", b'{"alarm": "<b>"}')
    wire.garbage("dev/w1/event/alarm", b"[]")
    assert wire.link.refused == refused + 2
    assert salon.shop.journal.count(AlarmRaised) == 1


async def switching(salon, wire, **how):
    asked = asyncio.ensure_future(salon.shop.sensors.switch(TECHNICIAN, "w1", on=True))
    await until(lambda: wire.commands("switch"))
    [(device, command)] = wire.commands("switch")
    assert (device, command.args, command.deadline is not None) == ("w1", {"on": True, "outlet": "switch"}, True)
    wire.says("dev/w1/done", id=command.id, **how)
    await asked


async def test_a_plug_that_says_so_has_switched(salon, wire):
    basin(wire)
    await switching(salon, wire, outcome="done", result={"on": True})


async def test_a_plug_that_does_not_say_so_is_named(salon, wire):
    basin(wire)
    with pytest.raises(CannotSwitch) as refused:
        await switching(salon, wire, outcome="unknown", reason="switch_unconfirmed", sentence="x")
    assert refused.value.facts["reason"] == "switch_unconfirmed"


async def test_only_a_sensor_is_asked_and_only_by_those_who_may(salon, wire):
    printer(wire)
    basin(wire)
    with pytest.raises(NotFound):
        salon.shop.sensors.readings(salon.desk, "p1")
    with pytest.raises(NotFound):
        await salon.shop.sensors.switch(TECHNICIAN, "nobody", on=True)
    with pytest.raises(NotAllowed):
        await salon.shop.sensors.switch(salon.desk, "w1", on=True)
    with pytest.raises(NotAllowed):
        salon.shop.sensors.readings(Actor(id="k", role=Role.KIOSK, station="kiosk-1"), "w1")
