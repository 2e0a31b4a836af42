"""What the bridge sees of its shop: devices and hub over the shop's own MQTT broker, and the hub over HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from cloud_bridge.contract import HubState
from cloud_bridge.local_hub import Answer, LocalHub
from cloud_bridge.shop_watch import ShopWatch, hub_state
from hub.clock import Clock
from hub.settings import Web
from tests.cloud_bridge.parts import Hq, HubDouble, Shop, bridge_of, free_port, until

SINCE = "2026-03-02T10:00:00.000+00:00"
INFO = {"kind": "receipt_printer", "name": "Desk printer", "transport": "tcp", "simulated": True}
STATE = {"health": "online", "reason": "", "sentence": "", "action": "", "since": SINCE, "session": "x", "figures": {}}

Publish = Callable[[str, object], None]


@pytest.mark.parametrize(
    ("said", "asked", "state"),
    [
        (True, Answer.WELL, "alive"),
        (False, Answer.WELL, "alive"),
        (None, Answer.WELL, "alive"),
        (True, Answer.NONE, "silent"),
        (False, Answer.NONE, "silent"),
        (True, Answer.REFUSED, "silent"),
        (False, Answer.REFUSED, "stopped"),
        (None, Answer.REFUSED, "stopped"),
        (True, None, "alive"),
        (None, None, "stopped"),
    ],
)
def test_two_witnesses_make_one_word_for_the_hub(said: bool | None, asked: Answer | None, state: HubState) -> None:
    assert hub_state(said, asked) == state


@pytest.fixture
def publish(broker_port: int, shop: Shop) -> Iterator[Publish]:
    """The shop's side of the broker: hub and device host."""
    secret = {"url": f"mqtt://127.0.0.1:{broker_port}", "user": "bridge", "password": "b"}
    (shop.dir / "secrets" / "mqtt-bridge.json").write_text(json.dumps(secret))
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=f"test-{shop.store}", protocol=mqtt.MQTTv311)
    client.username_pw_set("shop", "s")
    client.connect("127.0.0.1", broker_port)
    client.loop_start()

    def say(topic: str, payload: object) -> None:
        raw = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        client.publish(f"store/{shop.store}/{topic}", raw, qos=1, retain=True).wait_for_publish(5)

    yield say
    client.disconnect()
    client.loop_stop()


async def test_a_device_and_every_change_of_its_state_is_seen_at_head_office(shop: Shop, hub: HubDouble, hq: Hq, publish: Publish) -> None:
    publish("host/h1/state", {"health": "online", "since": SINCE})
    publish("dev/p1/info", INFO)
    publish("dev/p1/state", STATE)
    async with bridge_of(shop):
        await until(lambda: hq.fleet.shop(shop.store).devices.keys() == {"p1"})
        await until(lambda: hq.fleet.shop(shop.store).devices["p1"].health == "online")
        device = hq.fleet.shop(shop.store).devices["p1"]
        assert (device.kind, device.name, device.since, device.simulated) == ("receipt_printer", "Desk printer", SINCE, True)
        publish("dev/p1/state", {**STATE, "health": "degraded", "reason": "paper_out", "sentence": "No paper."})
        await until(lambda: hq.fleet.shop(shop.store).devices["p1"].sentence == "No paper.", 2)
        publish("dev/p1/info", b"")
        publish("dev/p1/state", b"")
        await until(lambda: hq.fleet.shop(shop.store).devices == {}, 2)


async def test_while_the_device_host_is_away_its_devices_are_unknown(shop: Shop, hub: HubDouble, hq: Hq, publish: Publish) -> None:
    publish("host/h1/state", {"health": "online", "since": SINCE})
    publish("dev/p1/info", INFO)
    publish("dev/p1/state", STATE)
    async with bridge_of(shop):
        await until(lambda: [d.health for d in hq.fleet.shop(shop.store).devices.values()] == ["online"])
        publish("host/h1/state", {"health": "offline", "reason": "host_stopped", "since": SINCE})
        await until(lambda: [d.health for d in hq.fleet.shop(shop.store).devices.values()] == ["unknown"])
        assert hq.fleet.shop(shop.store).devices["p1"].reason == "host_away"


async def test_the_last_will_of_the_hub_says_stopped_at_once(shop: Shop, hub: HubDouble, hq: Hq, publish: Publish) -> None:
    publish("hub/state", {"alive": True, "since": SINCE, "session": "x", "name": "Aurora"})
    async with bridge_of(shop):
        await until(lambda: hq.fleet.shop(shop.store).hub_since == SINCE)
        assert hq.fleet.shop(shop.store).name == "Aurora"
        await hub.stop()
        publish("hub/state", {"alive": False, "since": SINCE})
        await until(lambda: hq.fleet.shop(shop.store).hub == "stopped", 1)


async def test_malformed_messages_of_the_shop_are_counted_and_nothing_falls_over(
    shop: Shop, hub: HubDouble, hq: Hq, publish: Publish
) -> None:
    for bad in (b"\xff\xfe", b"[]", b"{", b"7", b"x" * 50_000, b"{}"):
        publish("dev/bad/state", bad)
        publish("hub/state", bad)
    publish("dev/p1/info", {**INFO, "name": 7, "kind": ["x"]})
    publish("dev/p1/state", {**STATE, "health": "on fire", "sentence": "a\x00b" + "c" * 1000, "since": "yesterday"})
    async with bridge_of(shop) as bridge:
        await until(lambda: "p1" in hq.fleet.shop(shop.store).devices)
        device = hq.fleet.shop(shop.store).devices["p1"]
        assert (device.name, device.kind, device.health, device.since) == ("p1", "", "unknown", "")
        assert device.sentence.startswith("a bccc")
        for bad in (b"\xff\xfe", b"[]", b"{"):
            publish("dev/bad/state", bad)
        await until(lambda: bridge.watch.malformed >= 3)


async def test_while_the_shops_broker_is_away_devices_are_unknown(shop: Shop, tmp_path: object) -> None:
    changes: list[int] = []
    watch = ShopWatch(shop.store, shop.dir, LocalHub(shop.dir, Web(port=free_port())), Clock(), lambda: changes.append(1))
    watch._is_connected = True
    watch.take(f"store/{shop.store}/dev/p1/info", json.dumps(INFO).encode())
    watch.take(f"store/{shop.store}/dev/p1/state", json.dumps(STATE).encode())
    assert watch.picture().devices["p1"].health == "online"
    watch._set_connected(now=False)
    assert (watch.picture().devices["p1"].health, watch.picture().devices["p1"].reason) == ("unknown", "broker_away")
    assert len(changes) == 3


async def test_more_devices_than_a_heartbeat_holds_are_counted_and_left_out(shop: Shop) -> None:
    watch = ShopWatch(shop.store, shop.dir, LocalHub(shop.dir, Web(port=free_port())), Clock(), lambda: None)
    for n in range(150):
        watch.take(f"store/{shop.store}/dev/d{n}/info", json.dumps(INFO).encode())
    assert len(watch.picture().devices) == 100
    assert watch.malformed == 50
