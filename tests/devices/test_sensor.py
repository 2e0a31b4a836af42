"""Third-party things in the shop: what they announce, measure, and what staff hear of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from devices.driver import Measured
from devices.drivers.sensor import NotAnnounced, Sensor, ThingAway, ThingSilent, WetAndGone
from devices.simulators.things import Celsius, Count, Rename, ThingSim
from devices.simulators.third_parties import Climate, Door, LeakSensor, Plug
from devices.simulators.verbs import Nothing
from devices.things import ThingBox
from hub.clock import MovedClock
from hub.ports import Outcome
from tests.devices.rig import Bells, errand, until
from tests.devices.things_rig import InProcess

START = datetime(2026, 3, 2, 9, tzinfo=UTC)


async def passed(clock: MovedClock, seconds: float) -> None:
    """Time goes by, and whoever slept does what it has to."""
    for _ in range(10):
        await asyncio.sleep(0)
    clock.forward(seconds=seconds)
    for _ in range(10):
        await asyncio.sleep(0)


@dataclass
class Floor:
    """One thing, adopted."""

    broker: InProcess
    sim: ThingSim
    box: ThingBox
    driver: Sensor
    bells: Bells
    clock: MovedClock
    read: list[Measured]

    def values(self) -> dict[str, Any]:
        return {one.name: one.value for one in self.read}

    async def again(self, **profile: Any) -> Sensor:
        """The supervisor's next connection."""
        await self.driver.stop()
        before, self.driver = self.driver, Sensor(Sensor.profile(**profile), self.box, self.clock)
        self.driver.follow(before)
        await self.driver.identify()
        await self.driver.start(self.bell())
        return self.driver

    def bell(self) -> Any:
        bell = self.bells.bell
        bell.read = self.read.append
        return bell


@asynccontextmanager
async def adopted(kind: type[ThingSim], **profile: Any) -> AsyncIterator[Floor]:
    broker, clock, bells = InProcess(), MovedClock(START), Bells()
    sim = kind("basin", broker.line())
    await sim.start()
    box = broker.things.box(sim.uid)
    floor = Floor(broker, sim, box, Sensor(Sensor.profile(**profile), box, clock), bells, clock, [])
    identity = await floor.driver.identify()
    floor.driver = Sensor(Sensor.profile(**{**identity.learned, **profile}), box, clock)
    await floor.driver.identify()
    await floor.driver.start(floor.bell())
    sim._tell()
    await floor.driver.poll()
    yield floor
    await floor.driver.stop()
    await sim.stop()


@pytest.mark.parametrize(
    ("kind", "values", "units"),
    [
        (LeakSensor, {"water": False, "battery": 97, "linkquality": 120}, {"battery": "%", "linkquality": "lqi"}),
        (Plug, {"switch": True, "power": 12.5, "energy": 3.141}, {"power": "W", "energy": "kWh"}),
        (Door, {"door": False, "battery": 88}, {"battery": "%"}),
        (Climate, {"temperature": 21.5, "humidity": 47}, {"temperature": "°C", "humidity": "%"}),
    ],
)
async def test_each_dialect_is_read_with_its_units(kind: type[ThingSim], values: dict[str, Any], units: dict[str, str]) -> None:
    async with adopted(kind) as floor:
        assert floor.values() == values
        assert {one.name: one.unit for one in floor.read if one.unit} == units
        assert (await floor.driver.poll()).reason == ""


async def test_water_is_an_alarm_once_and_a_reason_until_it_is_dry() -> None:
    async with adopted(LeakSensor) as floor:
        await floor.sim.do("leak", Nothing())
        await floor.sim.do("flood", Count(messages=5))
        await floor.driver.poll()
        assert [(a.name, a.body) for a in floor.bells.announced] == [("alarm", {"alarm": "water_leak"})]
        assert floor.bells.reasons() == ["water_leak"]
        assert floor.values()["water"] is True
        await floor.sim.do("dry", Nothing())
        assert (await floor.driver.poll()).reason == ""
        await floor.sim.do("leak", Nothing())
        assert len(floor.bells.announced) == 2


async def test_a_sensor_that_said_water_and_went_away_still_says_water() -> None:
    async with adopted(LeakSensor) as floor:
        await floor.sim.do("leak", Nothing())
        await floor.sim.do("unplug", Nothing())
        with pytest.raises(WetAndGone) as gone:
            await floor.driver.poll()
        assert gone.value.reason == "water_leak"
        assert len(floor.bells.announced) == 1


async def test_a_thing_whose_will_is_told_is_away_at_once_and_back_with_all_it_said() -> None:
    async with adopted(Climate) as floor:
        resting = asyncio.ensure_future(floor.driver.rest())
        await asyncio.sleep(0)
        await floor.sim.do("unplug", Nothing())
        await asyncio.wait_for(resting, 2)  # the moved clock stands: only the will ends the rest
        with pytest.raises(ThingAway):
            await floor.driver.poll()
        coming = asyncio.ensure_future(floor.again())
        await asyncio.sleep(0)
        assert not coming.done()
        await floor.sim.do("plug_in", Nothing())
        driver = await asyncio.wait_for(coming, 2)
        assert (await driver.poll()).reason == ""


async def test_a_bridge_that_is_offline_takes_its_things_along_and_any_is_enough_where_it_says_so() -> None:
    broker, clock = InProcess(), MovedClock(START)
    both = [{"topic": "zb/bridge", "payload_available": 1, "payload_not_available": 0}, {"t": "zb/a/there"}]
    for mode, away in (("all", True), ("any", False)):
        config = {"stat_t": "zb/a", "uniq_id": mode, "avty": both, "avty_mode": mode}
        broker.host.publish(f"homeassistant/sensor/{mode}/config", json.dumps(config).encode(), retain=True)
        driver = Sensor(Sensor.profile(), broker.things.box(mode), clock)
        broker.spread("zb/bridge", b"0", retain=True)
        broker.spread("zb/a/there", b"online", retain=True)
        if away:
            waiting = asyncio.ensure_future(driver.identify())
            await passed(clock, 4)
            with pytest.raises(ThingAway):
                await waiting
        else:
            await driver.identify()
            assert (await driver.poll()).reason == ""
        await driver.stop()


@pytest.mark.parametrize(("kind", "hours"), [(LeakSensor, 25), (Plug, 1 / 6)])
async def test_silence_is_allowed_as_long_as_its_battery_asks_for(kind: type[ThingSim], hours: float) -> None:
    async with adopted(kind) as floor:
        floor.broker.kept.clear()
        floor.driver._known.there.clear()
        await passed(floor.clock, hours * 3600 - 1)
        await floor.driver.poll()
        await passed(floor.clock, 2)
        with pytest.raises(ThingSilent):
            await floor.driver.poll()
        floor.sim._tell()
        assert (await floor.driver.poll()).reason == ""


async def test_while_the_broker_was_away_nobody_was_silent() -> None:
    async with adopted(Plug) as floor:
        floor.broker.kept = {topic: said for topic, said in floor.broker.kept.items() if topic.endswith("config")}
        floor.driver._known.there.clear()
        floor.broker.lose()
        await passed(floor.clock, 3600)
        await floor.driver.poll()
        floor.broker.back()
        await floor.driver.poll()
        await passed(floor.clock, 601)
        floor.driver._known.there.clear()
        with pytest.raises(ThingSilent):
            await floor.driver.poll()


async def test_a_value_that_was_promised_anew_and_is_not_told_is_not_known_any_more() -> None:
    broker, clock, bells, read = InProcess(), MovedClock(START), Bells(), []
    config = {"stat_t": "t/1", "uniq_id": "t1", "exp_aft": 60, "dev_cla": "temperature"}
    broker.host.publish("homeassistant/sensor/t1/config", json.dumps(config).encode())
    driver = Sensor(Sensor.profile(), broker.things.box("t1"), clock)
    await driver.identify()
    bell = bells.bell
    bell.read = read.append
    await driver.start(bell)
    for wait_s, value in ((59, 21.5), (2, None)):
        broker.spread("t/1", b"21.5") if value else None
        await passed(clock, wait_s)
        await driver.poll()
        assert read[-1].value == value
    broker.spread("t/1", b"21.5")  # the same as before it was forgotten
    assert read[-1].value == 21.5


async def test_too_warm_and_too_cold_are_said_by_the_limits_of_the_profile() -> None:
    async with adopted(Climate, temperature_max=30, temperature_min=5) as floor:
        await floor.sim.do("warm", Celsius(celsius=31))
        await floor.sim.do("warm", Celsius(celsius=20))
        await floor.sim.do("warm", Celsius(celsius=1))
        assert floor.bells.reasons() == ["too_warm", "", "too_cold"]
        assert [a.body["alarm"] for a in floor.bells.announced] == ["too_warm", "too_cold"]


async def test_a_weak_battery_is_said_and_is_no_alarm() -> None:
    async with adopted(Door) as floor:
        await floor.sim.do("low_battery", Nothing())
        assert floor.bells.reasons() == ["sensor_battery_low"]
        assert floor.bells.announced == []


async def test_every_opening_of_a_door_is_counted_and_a_fluttering_contact_is_not_told_each_time() -> None:
    async with adopted(Door) as floor:
        for _ in range(10):
            await floor.sim.do("open_door", Nothing())
            await floor.sim.do("close_door", Nothing())
        assert (await floor.driver.poll()).figures["opened_door"] == 10
        assert [(a.name, a.body) for a in floor.bells.announced] == [("opened", {"what": "door", "count": 1})]
        await passed(floor.clock, 1)
        await floor.sim.do("open_door", Nothing())
        assert floor.bells.announced[-1].body == {"what": "door", "count": 11}


async def test_a_plug_is_switched_when_it_says_so_itself() -> None:
    async with adopted(Plug) as floor:
        work = errand("switch", {"on": False}, kind=Sensor)
        result = await floor.driver.run(work.job)
        assert (result.outcome, result.answer, work.wrote) == (Outcome.DONE, {"on": False}, True)
        assert floor.broker.host.said[-1] == ("cmnd/sim-tasmota/basin/POWER", b"OFF")
        assert floor.values()["switch"] is False
        again = await floor.driver.run(errand("switch", {"on": False}, kind=Sensor).job)
        assert again.outcome is Outcome.DONE


@pytest.mark.parametrize("fault", ["stuck", "silent"])
async def test_a_plug_that_does_not_say_so_is_unknown(fault: str) -> None:
    async with adopted(Plug, confirm_s=2) as floor:
        await floor.sim.do(fault, Nothing())
        running = asyncio.ensure_future(floor.driver.run(errand("switch", {"on": False}, kind=Sensor).job))
        await passed(floor.clock, 3)
        result = await running
        assert (result.outcome, result.reason) == (Outcome.UNKNOWN, "switch_unconfirmed")


async def test_what_cannot_be_switched_is_refused_before_anything_is_said() -> None:
    async with adopted(Door) as floor:
        said = len(floor.broker.host.said)
        work = errand("switch", {"on": True}, kind=Sensor)
        result = await floor.driver.run(work.job)
        assert (result.outcome, result.reason, result.retry_safe, work.wrote) == (Outcome.FAILED, "no_such_outlet", False, False)
        assert len(floor.broker.host.said) == said


async def test_a_plug_without_a_broker_is_not_switched() -> None:
    async with adopted(Plug) as floor:
        floor.broker.lose()
        result = await floor.driver.run(errand("switch", {"on": False}, kind=Sensor).job)
        assert (result.outcome, result.reason) == (Outcome.FAILED, "link_lost")


async def test_a_renamed_thing_is_followed_to_its_new_topics() -> None:
    async with adopted(LeakSensor) as floor:
        await floor.sim.do("rename", Rename(name="wash-basins"))
        assert (await floor.again(entities=[e.model_dump() for e in floor.driver._entities])) is floor.driver
        await floor.sim.do("leak", Nothing())
        assert floor.values()["water"] is True
        assert "sim-zigbee2mqtt/wash-basins" in floor.box.topics


async def test_a_broker_that_forgot_everything_leaves_what_was_announced_at_adoption() -> None:
    async with adopted(LeakSensor) as floor:
        floor.broker.kept.clear()
        learned = {"entities": [e.model_dump() for e in floor.driver._entities]}
        fresh = InProcess()
        driver = Sensor(Sensor.profile(**learned), fresh.things.box(floor.sim.uid), floor.clock)
        await driver.identify()
        fresh.spread("sim-zigbee2mqtt/basin", b'{"water_leak": true}')
        assert (await driver.poll()).reason == "water_leak"


async def test_garbage_and_a_flood_are_counted_and_change_nothing() -> None:
    async with adopted(LeakSensor) as floor:
        before = floor.values()
        await floor.sim.do("garbage", Nothing())
        await floor.sim.do("flood", Count(messages=500))
        condition = await floor.driver.poll()
        assert condition.figures["values_refused"] == 1
        assert floor.broker.things.configs_refused == 1
        assert floor.values() == before
        assert condition.figures["messages"] > 500


async def test_nobody_announces_it() -> None:
    with pytest.raises(NotAnnounced):
        await Sensor(Sensor.profile(), InProcess().things.box("nobody"), MovedClock(START)).identify()


async def test_a_thing_nobody_has_heard_of_yet_is_not_said_to_be_well() -> None:
    broker = InProcess()
    broker.host.publish("homeassistant/sensor/x/config", b'{"stat_t": "x/1", "uniq_id": "x"}')
    driver = Sensor(Sensor.profile(), broker.things.box("x"), MovedClock(START))
    await driver.identify()
    bells = Bells()
    await driver.start(bells.bell)
    assert (await driver.poll()).reason == "not_yet_heard"
    broker.spread("x/1", b"5")
    assert bells.reasons() == [""]


async def test_a_thing_that_had_spoken_before_it_was_taken_in_is_asked_how_it_is() -> None:
    broker = InProcess()
    sensor = LeakSensor("basins", broker.line())
    await sensor.start()
    heard: list[str] = []
    box = broker.things.box(sensor.uid)
    box.listen(["sim-zigbee2mqtt/basins"], lambda topic, _payload, _retained: heard.append(topic), lambda **_: None)
    assert heard == []
    await until(lambda: heard)
    await sensor.stop()
