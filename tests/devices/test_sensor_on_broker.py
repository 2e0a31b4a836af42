"""Third-party things on real brokers, from the simulated device's hand to what the shop is told: our own nats-server, and mosquitto."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest
import pytest_asyncio

from devices.host import Host, HostConfig
from devices.simulators.mqtt_line import MqttLine
from devices.simulators.things import Count, Rename, ThingSim
from devices.simulators.third_parties import THINGS, LeakSensor, Plug
from devices.simulators.verbs import Nothing
from hub.clock import Clock
from hub.mqtt import Broker as Links
from tests.devices.rig import free_port, until
from tests.devices.shop import Broker, Shop
from tests.provisioning.conftest import answers

MOSQUITTO = Path("/usr/sbin/mosquitto")


class AnyBroker(Protocol):
    port: int

    def start(self) -> None: ...
    def stop(self, *, hard: bool = False) -> None: ...
    def secret(self, store_dir: Path, user: str = "host") -> None: ...


class Mosquitto(Broker):
    """The same passwords, another program."""

    def start(self) -> None:
        assert MOSQUITTO.exists(), "mosquitto is not installed: make peers installs it"
        passwords, config = self.folder / "passwords", self.folder / "mosquitto.conf"
        for user in ("hub", "host", "other"):
            how = ["-b"] if passwords.exists() else ["-c", "-b"]
            subprocess.run(["mosquitto_passwd", *how, str(passwords), user, "secret"], check=True)
        config.write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous false\npassword_file {passwords}\nuser root\n")
        self._process = subprocess.Popen([str(MOSQUITTO), "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(1000):
            if answers(self.port):
                return
        raise AssertionError("mosquitto does not answer")


@pytest.fixture(params=["nats-server", pytest.param("mosquitto", marks=pytest.mark.peer)])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[AnyBroker]:
    made = Broker(tmp_path) if request.param == "nats-server" else Mosquitto(tmp_path)
    made.start()
    yield made
    made.stop()


class Floor:
    """A shop, a device host and things that are plugged in by `thing`."""

    def __init__(self, broker: AnyBroker, folder: Path) -> None:
        self.broker, self.folder, self.shop = broker, folder, Shop(broker.port)
        self.sims: list[ThingSim] = []

    async def thing(self, kind: type[ThingSim], name: str) -> ThingSim:
        sim = kind(name, MqttLine(self.folder / "secrets" / "mqtt-host.json"))
        self.sims.append(sim)
        await sim.start()
        return sim

    async def candidates(self) -> dict[str, Any]:
        found = await self.shop.ask_host("candidates")
        return {c["address"]: c for c in found["result"]["candidates"]}

    async def adopted(self, kind: type[ThingSim], name: str, **profile: Any) -> tuple[ThingSim, str]:
        sim = await self.thing(kind, name)
        while sim.address not in await self.candidates():
            await asyncio.sleep(0.02)
        return sim, await self.shop.adopt("sensor", sim.address, profile=profile)

    def reading(self, device: str, name: str) -> Any:
        return (self.shop.last.get(f"store/s1/dev/{device}/reading/{name}") or {}).get("value")


@pytest_asyncio.fixture
async def floor(either: AnyBroker, tmp_path: Path) -> AsyncIterator[Floor]:
    either.secret(tmp_path)
    floor = Floor(either, tmp_path)
    await floor.shop.connect()
    config = HostConfig(store_id="s1", host_id="h1", bench_port=free_port(), data=tmp_path / "devices.db")
    host = await asyncio.to_thread(Host, config, Links.from_file(tmp_path / "secrets" / "mqtt-host.json"), Clock())
    stop = asyncio.Event()
    running = asyncio.create_task(host.run(stop))
    try:
        await until(lambda: host.link.connected and host.things.link.connected)
        yield floor
    finally:
        for sim in floor.sims:
            await sim.stop()
        stop.set()
        await running
        host.close()
        floor.shop.close()


async def test_four_dialects_are_proposed_marked_as_simulated_and_named_where_not_understood(floor: Floor) -> None:
    for name, kind in THINGS.items():
        await floor.thing(kind, name)
    found: dict[str, Any] = {}
    async with asyncio.timeout(10):
        while len(found) < len(THINGS):
            found = await floor.candidates()
    assert all(c["simulated"] and c["kind"] == "sensor" and not c["adopted"] for c in found.values())
    assert "water" in found["mqtt:///sim-water?simulated=1"]["evidence"]
    assert "not understood: light" in found["mqtt:///sim-door?simulated=1"]["evidence"]


async def test_water_on_the_floor_reaches_the_shop_and_a_pulled_plug_too(floor: Floor) -> None:
    sim, device = await floor.adopted(LeakSensor, "basins")
    await floor.shop.health(device, "online")
    await sim.do("leak", Nothing())
    await until(lambda: floor.shop.bodies(f"dev/{device}/event/alarm") == [{"alarm": "water_leak"}])
    await until(lambda: floor.reading(device, "water") is True)
    assert (await floor.shop.health(device, "degraded"))["reason"] == "water_leak"
    await sim.do("dry", Nothing())
    await floor.shop.health(device, "online")
    assert floor.reading(device, "battery") == 97
    await sim.do("unplug", Nothing())
    assert (await floor.shop.health(device, "offline"))["reason"] == "thing_away"
    await sim.do("plug_in", Nothing())
    await floor.shop.health(device, "online")


async def test_a_plug_is_switched_and_says_so(floor: Floor) -> None:
    sim, device = await floor.adopted(Plug, "dryer", confirm_s=0.3)
    await floor.shop.health(device, "online")
    done = await floor.shop.answer(device, floor.shop.command(device, "switch", {"on": False}))
    assert (done["outcome"], done["result"]) == ("done", {"on": False})
    assert sim.values["on"] is False
    await until(lambda: floor.reading(device, "switch") is False)
    await sim.do("stuck", Nothing())
    done = await floor.shop.answer(device, floor.shop.command(device, "switch", {"on": True}))
    assert (done["outcome"], done["reason"]) == ("unknown", "switch_unconfirmed")


async def test_a_flood_ends_with_the_last_value_and_is_told_to_the_shop_in_few_words(floor: Floor) -> None:
    sim, device = await floor.adopted(Plug, "dryer")
    await floor.shop.health(device, "online")
    for watts in range(400):
        sim.values["watts"] = watts
        await sim.do("flood", Count(messages=5))
    await until(lambda: floor.reading(device, "power") == 399)
    assert len(floor.shop.bodies(f"dev/{device}/reading/power")) < 200
    assert floor.shop.state(device)["health"] == "online"


async def test_a_renamed_thing_is_still_the_same_device(floor: Floor) -> None:
    sim, device = await floor.adopted(LeakSensor, "basins")
    await floor.shop.health(device, "online")
    before = len(floor.shop.bodies(f"dev/{device}/state"))
    await sim.do("rename", Rename(name="wash-basins"))
    states = lambda: [body["health"] for body in floor.shop.bodies(f"dev/{device}/state")[before:]]  # noqa: E731
    await until(lambda: "offline" in states() and states()[-1] == "online")  # it went with its old name and came with the new one
    await sim.do("leak", Nothing())
    assert (await floor.shop.health(device, "degraded"))["reason"] == "water_leak"


async def test_a_broker_that_was_killed_hears_things_and_host_again(floor: Floor) -> None:
    sim, device = await floor.adopted(LeakSensor, "basins")
    await floor.shop.health(device, "online")
    floor.broker.stop(hard=True)
    await sim.stop()
    floor.shop.last.clear()
    floor.broker.start()
    await sim.start()
    await floor.shop.health(device, "online", 20)
    await sim.do("leak", Nothing())
    assert (await floor.shop.health(device, "degraded", 20))["reason"] == "water_leak"


async def test_a_removed_thing_is_proposed_again_and_listened_to_no_more(floor: Floor) -> None:
    sim, device = await floor.adopted(LeakSensor, "basins")
    await floor.shop.health(device, "online")
    assert (await floor.candidates())[sim.address]["adopted"] is True
    await floor.shop.ask_host("remove", {"id": device})
    assert (await floor.candidates())[sim.address]["adopted"] is False
    told = len(floor.shop.bodies(f"dev/{device}/reading/water"))
    await sim.do("leak", Nothing())
    await floor.candidates()
    assert len(floor.shop.bodies(f"dev/{device}/reading/water")) == told


async def test_what_nobody_announces_cannot_be_adopted(floor: Floor) -> None:
    answer = await floor.shop.ask_host("adopt", {"kind": "sensor", "name": "x", "address": "mqtt:///nobody"})
    assert (answer["outcome"], answer["reason"]) == ("failed", "not_announced")
    strange = await floor.shop.ask_host("adopt", {"kind": "sensor", "name": "x", "address": "mqtt:///a/b"})
    assert strange["reason"] == "bad_address"
