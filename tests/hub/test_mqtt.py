"""The way to the broker, with a real one: it comes back by itself, says goodbye, and one bad message harms nobody."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from hub.clock import Clock
from hub.mqtt import Broker, BrokerUnknown, Message, Mqtt, Party
from provisioning.local_ca import certificate, names_here
from tests.devices.rig import free_port, until
from tests.devices.shop import Broker as RealBroker


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[RealBroker]:
    made = RealBroker(tmp_path)
    made.start()
    yield made
    made.stop()


class Heard:
    """One party and what it has heard."""

    def __init__(self, broker: Callable[[], Broker], name: str, *topics: str) -> None:
        self.got: list[tuple[str, bytes]] = []
        self.mqtt = Mqtt(broker, Party(client_id=name, will=(f"{name}/state", b"gone"), topics=topics))
        self.mqtt.on_message = self.take

    def take(self, message: Message) -> None:
        self.got.append((message.topic, message.payload))

    async def hears(self, topic: str) -> None:
        """Until the broker has taken our subscriptions: what we say to ourselves comes back."""
        await until(lambda: self.mqtt.connected)
        self.mqtt.publish(topic, b"")
        await until(lambda: (topic, b"") in self.got)
        self.got.clear()


@asynccontextmanager
async def running(*parties: Heard) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(party.mqtt.run()) for party in parties]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def at(port: int, user: str = "hub", password: str = "secret") -> Callable[[], Broker]:
    return lambda: Broker(host="127.0.0.1", port=port, tls=False, user=user, password=password)


async def test_what_one_party_says_the_other_hears_however_large(broker: RealBroker) -> None:
    hub, host = Heard(at(broker.port), "hub", "a/#"), Heard(at(broker.port, "host"), "host", "b/#")
    large = b"x" * 60_000
    async with running(hub, host):
        await hub.hears("a/ready")
        await host.hears("b/ready")
        for n in range(40):  # more than the wire takes at once
            assert host.mqtt.publish(f"a/{n}", large)
        assert hub.mqtt.publish("b/1", b"to you") is not None
        await until(lambda: len(hub.got) == 40 and host.got)
    assert host.got == [("b/1", b"to you")]
    assert [topic for topic, _ in hub.got] == [f"a/{n}" for n in range(40)]
    assert {payload for _, payload in hub.got} == {large}


async def test_over_tls_the_same_is_heard_and_only_the_right_authority_is_believed(tmp_path: Path) -> None:
    files = certificate(tmp_path / "tls", names_here(), Clock())
    secured = RealBroker(tmp_path, tls=f', tls {{ cert_file: "{files.chain}", key_file: "{files.key}" }}')
    secured.start()
    known = Broker(host="127.0.0.1", port=secured.port, tls=True, user="hub", password="secret", ca=str(files.authority))
    hub, stranger = Heard(lambda: known, "hub", "a/#"), Heard(lambda: replace(known, ca=None), "stranger")
    large = b"x" * 60_000
    try:
        async with running(hub, stranger):
            await until(lambda: hub.mqtt.connected)
            for _ in range(20):
                hub.mqtt.publish("a/1", large)
            await until(lambda: hub.got == [("a/1", large)] * 20)
            assert not stranger.mqtt.connected
    finally:
        secured.stop()


async def test_a_killed_broker_is_found_again_and_what_was_said_meanwhile_is_refused(broker: RealBroker) -> None:
    told: list[str] = []
    hub = Heard(at(broker.port), "hub", "a/#")
    hub.mqtt.on_connect, hub.mqtt.on_disconnect = lambda: told.append("up"), lambda: told.append("down")
    async with running(hub):
        await until(lambda: told == ["up"])
        broker.stop(hard=True)
        await until(lambda: told == ["up", "down"])
        assert hub.mqtt.publish("a/1", b"lost") is None
        await asyncio.to_thread(broker.start)
        await until(lambda: told == ["up", "down", "up"], 15)
        hub.mqtt.publish("a/2", b"heard")
        await until(lambda: hub.got == [("a/2", b"heard")])


async def test_a_wrong_password_is_told_once_and_the_right_one_is_read_when_it_comes(broker: RealBroker, tmp_path: Path) -> None:
    file = tmp_path / "mqtt.json"

    def credentials(password: str) -> None:
        file.write_text(json.dumps({"url": f"mqtt://127.0.0.1:{broker.port}", "user": "hub", "password": password}))

    hub = Heard(lambda: Broker.from_file(file), "hub")
    with capture_logs() as logs:
        async with running(hub):
            await until(lambda: logs)  # no file yet
            credentials("guess")
            await until(lambda: any("refused" in line.get("why", "") for line in logs))
            credentials("secret")
            await until(lambda: hub.mqtt.connected, 15)
    assert [line["event"] for line in logs] == ["broker away", "broker away", "broker connected"]
    assert "guess" not in str(logs)


async def test_whoever_leaves_in_order_is_not_reported_as_dead_and_whoever_dies_is(broker: RealBroker) -> None:
    hub, host = Heard(at(broker.port), "hub", "host/state"), Heard(at(broker.port, "host"), "host")
    async with running(hub):
        await hub.hears("host/state")
        async with running(host):
            await until(lambda: host.mqtt.connected)
        assert not host.mqtt.connected
        async with running(host):
            await until(lambda: host.mqtt.connected)
            assert hub.got == []
            host.mqtt._client.socket().shutdown(socket.SHUT_RDWR)  # type: ignore[union-attr]
            await until(lambda: hub.got == [("host/state", b"gone")])


async def test_a_message_that_cannot_be_handled_is_logged_and_the_next_is_taken(broker: RealBroker) -> None:
    hub = Heard(at(broker.port), "hub", "a/#")
    take = hub.take

    def fussy(message: Message) -> None:
        if message.payload == b"bad":
            raise ZeroDivisionError
        take(message)

    hub.mqtt.on_message = fussy
    async with running(hub):
        await until(lambda: hub.mqtt.connected)
        with capture_logs() as logs:
            for payload in (b"bad", b"good"):
                hub.mqtt.publish("a/1", payload)
            await until(lambda: hub.got == [("a/1", b"good")])
    assert "message not handled" in [line["event"] for line in logs]


@pytest.mark.parametrize(
    "words",
    [b"", b"\x20\x02\x00", b"\xff" * 64, b"HTTP/1.1 400 Bad Request\r\n\r\n"],
    ids=["silent", "half a word", "noise", "a web server"],
)
async def test_a_port_of_something_else_is_given_up_and_tried_again(words: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.mqtt.KEEPALIVE_S", 1)
    came: list[asyncio.StreamWriter] = []

    def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append(writer)
        writer.write(words)

    async with await asyncio.start_server(answer, "127.0.0.1", port := free_port()):
        hub = Heard(at(port), "hub")
        async with running(hub):
            await until(lambda: len(came) == 2)
            assert not hub.mqtt.connected
            assert hub.mqtt.publish("a", b"") is None
        for writer in came:
            writer.close()


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"url": "http://x", "user": "u", "password": "p"}', '{"url": "mqtt://x:99999", "user": 1}']
)
def test_a_file_that_cannot_be_understood_is_named_and_never_shown(tmp_path: Path, text: str) -> None:
    file = tmp_path / "mqtt.json"
    file.write_text(text)
    with pytest.raises(BrokerUnknown) as refused:
        Broker.from_file(file)
    assert refused.value.facts["file"] == "mqtt.json"
