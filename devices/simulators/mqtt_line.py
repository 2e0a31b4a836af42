"""A simulated thing's connection to the broker, through paho with a thread of its own: nothing of it is shared with the device host."""

from __future__ import annotations

import asyncio
import json
import socket
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from paho.mqtt.client import Client, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion

from devices.simulators.things import Heard

CONNECT_S = 5.0
KEEPALIVE_S = 10


class MqttLine:
    """`secret` is the file with the credentials of the bench."""

    def __init__(self, secret: Path) -> None:
        self._secret = secret
        self._client: Client | None = None

    async def connect(self, will: tuple[str, str], topics: tuple[str, ...], heard: Heard) -> None:
        """Raises OSError when the broker is not there within five seconds."""
        await self.vanish()
        loop, welcomed = asyncio.get_running_loop(), asyncio.Event()
        said = json.loads(await asyncio.to_thread(self._secret.read_text, "utf-8"))
        where = urlsplit(said["url"])
        client = Client(CallbackAPIVersion.VERSION2, client_id=f"sim-{uuid4().hex[:12]}", protocol=MQTTv311)
        client.username_pw_set(said.get("user") or where.username, said.get("password") or where.password)
        client.will_set(*will, qos=1, retain=True)

        def came(_client: Client, _userdata: Any, message: Any) -> None:
            loop.call_soon_threadsafe(heard, message.topic, bytes(message.payload))

        def connected(_client: Client, *_: Any) -> None:
            client.subscribe([(topic, 0) for topic in topics])
            loop.call_soon_threadsafe(welcomed.set)

        client.on_message, client.on_connect = came, connected
        client.on_socket_open = _at_once
        client.connect_timeout = CONNECT_S
        await asyncio.to_thread(client.connect, where.hostname or "127.0.0.1", where.port or 1883, KEEPALIVE_S)
        client.loop_start()
        self._client = client
        async with asyncio.timeout(CONNECT_S):
            await welcomed.wait()

    def publish(self, topic: str, payload: str, *, retain: bool = False) -> None:
        """At QoS 0, and QoS 1 for what is kept."""
        if self._client is not None:
            self._client.publish(topic, payload, qos=int(retain), retain=retain)

    async def vanish(self) -> None:
        """Break the connection: the broker says the will."""
        client, self._client = self._client, None
        if client is not None:
            await asyncio.to_thread(_break, client)


def _at_once(_client: Client, _userdata: Any, sock: Any) -> None:
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _break(client: Client) -> None:
    sock = client.socket()
    client.on_socket_close = client.on_disconnect = None
    client.reconnect_delay_set(3600, 3600)
    if isinstance(sock, socket.socket):
        sock.shutdown(socket.SHUT_RDWR)
    client.loop_stop()
