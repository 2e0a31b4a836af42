"""The link to the shop's broker: MQTT 3.1.1 by paho, whose thread only hands things over to the loop.

Messages are acknowledged by hand, after the host has stored them. Nothing is published while there is no connection:
paho would keep it in memory and send it late and twice; what must not be lost lies in the job log. No exception leaves a
callback, because it would end paho's thread while it still looks connected.
"""

# ruff: noqa: ARG001, ARG002 - paho names the arguments of its callbacks
from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import structlog
from paho.mqtt.client import Client, MQTTMessage, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.reasoncodes import ReasonCode

from devices.errors import HostNotReady

log = structlog.get_logger()

PAYLOAD_MAX = 64 * 1024
WAITING_MAX = 1000
KEEPALIVE_S = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """Where the broker is and who we are to it. The password is never shown."""

    host: str
    port: int
    tls: bool
    user: str
    password: str
    ca: str | None = None  # file with the authority of a broker with TLS, beside the system's

    def __repr__(self) -> str:
        return f"Broker({self.user}@{self.host}:{self.port})"

    @classmethod
    def from_file(cls, file: Path) -> Broker:
        """Read {"url", "user", "password"}. Raises HostNotReady."""
        try:
            kept = json.loads(file.read_text("utf-8"))
            parts = urlsplit(str(kept["url"]))
            host, port = parts.hostname, parts.port
        except (OSError, ValueError, KeyError, TypeError) as why:
            raise HostNotReady(file=file.name, why=type(why).__name__) from why
        if parts.scheme not in {"mqtt", "mqtts"} or not host:
            raise HostNotReady(file=file.name, why="url must be mqtt://host:port or mqtts://host:port")
        tls = parts.scheme == "mqtts"
        user, password = kept.get("user") or parts.username or "", kept.get("password") or parts.password or ""
        return cls(host=host, port=port or (8883 if tls else 1883), tls=tls, user=user, password=password, ca=kept.get("ca"))


@dataclass(frozen=True, slots=True)
class Incoming:
    """One message. `taken` must be called once it is stored or refused for good; without it the broker sends it again."""

    topic: str
    payload: bytes
    retained: bool
    taken: Callable[[], None]


class MqttLink:
    """Connects for ever until stopped. The callbacks are awaited one at a time, in order."""

    def __init__(self, broker: Broker, client_id: str, will: tuple[str, str], subscriptions: tuple[str, ...]) -> None:
        self._broker, self._subscriptions = broker, subscriptions
        self.on_connect: Callable[[], Awaitable[None]]
        self.on_message: Callable[[Incoming], Awaitable[None]]
        self.on_published: Callable[[int], None] = lambda _: None
        self.connected = False
        self.figures = {"connects": 0, "dropped": 0, "unsent": 0}
        self._work: asyncio.Queue[Callable[[], Awaitable[None]]] = asyncio.Queue()
        self._was_refused = False
        self._unacknowledged: set[int] = set()
        self._nothing_left = asyncio.Event()
        self._nothing_left.set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._client = client = Client(
            CallbackAPIVersion.VERSION2, client_id=client_id, clean_session=False, protocol=MQTTv311, manual_ack=True
        )
        client.username_pw_set(broker.user, broker.password)
        if broker.tls:
            client.tls_set_context(ssl.create_default_context(cafile=broker.ca))
        client.will_set(will[0], will[1], qos=1, retain=True)
        client.reconnect_delay_set(1, 5)
        client.max_inflight_messages_set(100)
        client.on_socket_open = _without_nagle
        client.on_connect = self._connected
        client.on_disconnect = self._disconnected
        client.on_message = self._came
        client.on_publish = self._published

    async def run(self) -> None:
        """Until cancelled. A callback that fails is logged and the next message taken."""
        self._loop = asyncio.get_running_loop()
        self._client.connect_async(self._broker.host, self._broker.port, keepalive=KEEPALIVE_S)
        self._client.loop_start()
        try:
            while True:
                step = await self._work.get()
                try:
                    await step()
                except Exception:  # one bad message must not make the host deaf
                    log.exception("message not handled")
        finally:
            self.connected = False
            self._loop = None
            self._client.disconnect()
            await asyncio.to_thread(self._client.loop_stop)

    def publish(self, topic: str, payload: str, *, retain: bool = False, qos: int = 1) -> int | None:
        """Hand a message to the broker; its number, told by `on_published`, or None when there is no connection."""
        data = payload.encode()
        if not self.connected or len(data) > PAYLOAD_MAX:
            self.figures["unsent"] += 1
            return None
        sent = self._client.publish(topic, data, qos=qos, retain=retain)
        if sent.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
            return None
        if qos:
            self._unacknowledged.add(sent.mid)
            self._nothing_left.clear()
        return sent.mid

    async def flushed(self) -> None:
        """Until the broker has acknowledged everything, or the connection is gone."""
        await self._nothing_left.wait()

    # paho's thread

    def _connected(self, client: Client, userdata: Any, flags: Any, reason: ReasonCode, properties: Any) -> None:
        if reason.is_failure:
            if not self._was_refused:  # tried again for ever, told once
                log.warning("broker refused us", user=self._broker.user, reason=str(reason))
            self._was_refused = True
            return
        self._was_refused = False
        client.subscribe([(topic, 1) for topic in self._subscriptions])
        self._in_loop(self._connected_in_loop)

    def _disconnected(self, client: Client, userdata: Any, flags: Any, reason: ReasonCode, properties: Any) -> None:
        self._in_loop(self._disconnected_in_loop, str(reason))

    def _came(self, client: Client, userdata: Any, message: MQTTMessage) -> None:
        def taken() -> None:
            if message.qos:
                client.ack(message.mid, message.qos)

        self._in_loop(self._came_in_loop, Incoming(message.topic, bytes(message.payload), message.retain, taken))

    def _published(self, client: Client, userdata: Any, mid: int, reason: ReasonCode, properties: Any) -> None:
        self._in_loop(self._published_in_loop, mid)

    def _in_loop(self, fn: Callable[..., None], *args: Any) -> None:
        loop = self._loop
        if loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has just been closed
                loop.call_soon_threadsafe(fn, *args)

    # the loop

    def _connected_in_loop(self) -> None:
        self.connected = True
        self.figures["connects"] += 1
        log.info("broker connected", host=self._broker.host, port=self._broker.port)
        self._work.put_nowait(self.on_connect)

    def _disconnected_in_loop(self, why: str) -> None:
        if self.connected:
            log.warning("broker lost", why=why)
        self.connected = False
        self._acknowledged(set(self._unacknowledged))

    def _published_in_loop(self, mid: int) -> None:
        self._acknowledged({mid})
        self.on_published(mid)

    def _acknowledged(self, mids: set[int]) -> None:
        self._unacknowledged -= mids
        if not self._unacknowledged:
            self._nothing_left.set()

    def _came_in_loop(self, message: Incoming) -> None:
        async def step() -> None:
            await self.on_message(message)

        if self._work.qsize() < WAITING_MAX:
            self._work.put_nowait(step)
        else:  # not acknowledged, so a command comes again; a beat is followed by the next one
            self.figures["dropped"] += 1


def _without_nagle(client: Client, userdata: Any, sock: Any) -> None:
    """Without this a command waits 40 ms for nothing."""
    with contextlib.suppress(OSError, AttributeError):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
