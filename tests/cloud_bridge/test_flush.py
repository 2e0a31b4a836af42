"""Before everything stops the hub asks the bridge, over the shop's own broker, whether head office has it all."""

from __future__ import annotations

import json
from collections.abc import Iterator

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from cloud_bridge import flush
from hub.db import Db
from hub.ids import Id
from tests.cloud_bridge.parts import GuestCheckedIn, Hq, HubDouble, Shop, bridge_of, until


class Asker:
    """The hub's side of the broker."""

    def __init__(self, client: mqtt.Client, store: str) -> None:
        self._client, self._store = client, store
        self.answers: dict[str, str] = {}
        client.on_message = lambda _c, _u, message: self._heard(json.loads(message.payload))

    def _heard(self, said: dict[str, str]) -> None:
        self.answers[said["id"]] = said["outcome"]

    def ask(self) -> str:
        question = str(Id.new())
        body = {"id": question, "deadline": None, "args": {}}
        self._client.publish(f"store/{self._store}/bridge/do/flush", json.dumps(body), qos=1).wait_for_publish(5)
        return question


@pytest.fixture
def asker(broker_port: int, shop: Shop) -> Iterator[Asker]:
    secret = {"url": f"mqtt://127.0.0.1:{broker_port}", "user": "bridge", "password": "b"}
    (shop.dir / "secrets" / "mqtt-bridge.json").write_text(json.dumps(secret))
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=f"asks-{shop.store}", protocol=mqtt.MQTTv311)
    client.username_pw_set("shop", "s")
    made = Asker(client, shop.store)
    client.on_connect = lambda c, *_: c.subscribe(f"store/{shop.store}/bridge/done", 1)
    client.connect("127.0.0.1", broker_port)
    client.loop_start()
    yield made
    client.disconnect()
    client.loop_stop()


async def answered(asker: Asker, question: str) -> str:
    await until(lambda: question in asker.answers)
    return asker.answers[question]


async def test_the_answer_comes_when_head_office_has_every_line_and_the_cursor_is_kept(
    shop: Shop, hub: HubDouble, hq: Hq, asker: Asker
) -> None:
    async with bridge_of(shop) as bridge:
        await until(bridge.uplink.is_level)
        last = await shop.tell(*(GuestCheckedIn(visit=Id.new(), ticket=n) for n in range(300)))
        assert await answered(asker, asker.ask()) == "done"
        kept = Db(shop.dir / "bridge.db")
        kept.open()
        assert kept.one("SELECT seq FROM cursor")["seq"] == last  # type: ignore[index]
        kept.close()
        await until(lambda: hq.office.count(shop.store) == last)


async def test_while_head_office_is_away_the_answer_is_no_and_it_comes(
    shop: Shop, hub: HubDouble, asker: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flush, "FLUSH_S_MAX", 0.3)
    (shop.dir / "secrets" / "hq.json").write_text(json.dumps({"url": "nats://127.0.0.1:9", "user": "x", "password": "x"}))
    async with bridge_of(shop) as bridge:
        await until(lambda: bridge.watch.picture().hub == "alive")
        assert not bridge.uplink.is_level()
        assert await answered(asker, asker.ask()) == "failed"


async def test_a_question_that_is_none_is_not_answered(shop: Shop, hub: HubDouble, hq: Hq, asker: Asker) -> None:
    async with bridge_of(shop) as bridge:
        await until(bridge.uplink.is_level)
        for payload in (b"", b"{}", b'{"id": 5}', b"\xff", b'{"id": ""}'):
            bridge.watch.take(f"store/{shop.store}/bridge/do/flush", payload)
        assert bridge.flush._task is None
