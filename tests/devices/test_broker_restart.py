"""The broker dies and comes back: nothing is printed twice, every answer arrives, states are told again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from devices.host import Host, HostConfig
from devices.simulators.receipt_printer import PrinterSim
from devices.simulators.verbs import Slow
from hub.clock import Clock
from hub.ids import Id
from hub.mqtt import Broker as Links
from hub.mqtt import BrokerUnknown
from tests.devices.rig import TICKET, free_port, until
from tests.devices.shop import Broker, Shop

PRINT = {"document": TICKET.model_dump(), "copy": 0}


@pytest.fixture
async def own_broker(tmp_path: Path) -> AsyncIterator[Broker]:
    made = Broker(tmp_path)
    made.start()
    yield made
    made.stop()


async def test_jobs_and_answers_survive_a_killed_broker(own_broker: Broker, tmp_path: Path, printer: PrinterSim) -> None:
    own_broker.secret(tmp_path)
    shop = Shop(own_broker.port)
    await shop.connect()
    config = HostConfig(store_id="s1", host_id="h1", bench_port=free_port(), data=tmp_path / "devices.db")
    host = await asyncio.to_thread(Host, config, Links.from_file(tmp_path / "secrets" / "mqtt-host.json"), Clock())
    stop = asyncio.Event()
    running = asyncio.create_task(host.run(stop))
    try:
        await until(lambda: host.link.connected)
        device = await shop.adopt("receipt_printer", printer.address)
        await shop.health(device, "online")
        await printer.do("slow", Slow(bytes_per_s=200))
        body = json.dumps({"id": Id.new(), "args": PRINT})
        command = json.loads(body)["id"]
        topic = f"store/s1/dev/{device}/do/print"
        shop.publish(topic, body)
        await until(lambda: host.job_log.head(device) and host.job_log.head(device).wrote)  # type: ignore[union-attr]
        own_broker.stop(hard=True)
        await until(lambda: not host.link.connected)
        await printer.do("slow", Slow(bytes_per_s=0))
        await until(lambda: host.job_log.waiting(device) == 0)  # done while nobody could be told
        assert command in [ended.done.id for ended in host.job_log.untold()]
        shop.last.clear()
        shop.listening = False
        own_broker.start()
        await until(lambda: host.job_log.untold() == [], 15)  # told again by itself
        await until(lambda: shop.listening, 15)
        shop.publish(topic, body)  # the hub sends what is open again on every connection
        assert (await shop.answer(device, command, 15))["outcome"] == "done"
        await shop.health(device, "online")
        assert shop.last[f"store/s1/dev/{device}/info"]["kind"] == "receipt_printer"
        assert shop.last["store/s1/host/h1/state"]["health"] == "online"
        assert len(printer.shelf.receipts) == 1
        await until(lambda: host.job_log.untold() == [])
    finally:
        stop.set()
        await running
        host.close()
        shop.close()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"url": 5}', '{"url": "http://x"}', '{"url": "mqtt://"}', '{"url": "mqtt://h:99999"}'])
def test_bad_credentials_are_named_and_never_shown(tmp_path: Path, text: str) -> None:
    file = tmp_path / "mqtt-host.json"
    file.write_text(text)
    with pytest.raises(BrokerUnknown) as refused:
        Links.from_file(file)
    assert refused.value.facts["file"] == "mqtt-host.json"


def test_a_broker_does_not_show_its_password(tmp_path: Path) -> None:
    file = tmp_path / "mqtt-host.json"
    file.write_text('{"url": "mqtts://10.0.0.2", "user": "u", "password": "hush"}')
    broker = Links.from_file(file)
    assert (broker.port, broker.tls) == (8883, True)
    assert "hush" not in repr(broker)
