"""The hub's MQTT client: messages reach the event loop, nothing that goes wrong in them leaves a callback.

Its queue is memory, so nothing is trusted to it: every command is kept in SQLite and sent again on each connect.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
import structlog
from paho.mqtt.client import Client, ConnectFlags, MQTTMessage, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from pydantic import BaseModel

from hub.ids import Id

log = structlog.get_logger()

Told = Callable[[list[str], bytes], None]


class MqttLink:
    """One connection to the shop's broker, for the life of the hub. All callbacks run on the loop that called `start`."""

    def __init__(self, store: str, secrets_file: Path, since: str, name: Callable[[], str]) -> None:
        self._store, self._file, self._since, self._name = store, secrets_file, since, name
        self._client: Client | None = None
        self._topics: dict[str, Told] = {}
        self._on_connect: list[Callable[[], None]] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._session = Id.new()
        self.connected = False
        self.refused = 0  # messages that could not be understood

    def listen(self, pattern: str, told: Told) -> None:
        """Call `told(levels below the store, payload)` for messages on `store/<store>/<pattern>`; before `start`."""
        self._topics[pattern] = told

    def on_connect(self, told: Callable[[], None]) -> None:
        """Call `told` after every connect: send again whatever is open."""
        self._on_connect.append(told)

    def start(self) -> None:
        """Connect, and reconnect for ever."""
        self._loop = asyncio.get_running_loop()
        if not self._file.exists():
            log.error("no broker credentials; the shop sells without devices", file=str(self._file))
            return
        told = orjson.loads(self._file.read_bytes())
        where = urlsplit(told["url"])
        client = Client(CallbackAPIVersion.VERSION2, client_id=f"{self._store}-hub", clean_session=True, protocol=MQTTv311)
        client.username_pw_set(told["user"], told["password"])
        client.on_socket_open = _no_delay
        client.on_connect = self._connected
        client.on_disconnect = self._disconnected
        client.on_message = self._message
        client.reconnect_delay_set(1, 5)
        client.will_set(f"store/{self._store}/hub/state", self._alive(alive=False), qos=1, retain=True)
        client.connect_async(where.hostname or "127.0.0.1", where.port or 1883, keepalive=15)
        client.loop_start()
        self._client = client

    def stop(self) -> None:
        """Say goodbye and disconnect. Idempotent."""
        if self._client:
            if self.connected:
                self._client.publish(f"store/{self._store}/hub/state", self._alive(alive=False), qos=1, retain=True)
            self._client.disconnect()
            self._client.loop_stop()
            self._client = None

    def send(self, topic: str, message: BaseModel | dict[str, Any], *, qos: int = 1) -> None:
        """Publish below the store; lost when not connected, so keep what matters."""
        if self._client and self.connected:
            body = message.model_dump_json().encode() if isinstance(message, BaseModel) else orjson.dumps(message)
            self._client.publish(f"store/{self._store}/{topic}", body, qos=qos)

    def _alive(self, *, alive: bool) -> bytes:
        return orjson.dumps({"alive": alive, "name": self._name(), "since": self._since, "session": self._session})

    def say_alive(self) -> None:
        """Tell again that the hub lives, and what the shop is called."""
        if self._client and self.connected:
            self._client.publish(f"store/{self._store}/hub/state", self._alive(alive=True), qos=1, retain=True)

    def _connected(self, client: Client, _: Any, __: ConnectFlags, reason: ReasonCode, ___: Properties | None) -> None:
        if reason.is_failure:
            log.error("broker refused the hub", why=str(reason))
            return
        client.subscribe([(f"store/{self._store}/{pattern}", 1) for pattern in self._topics])
        self._tell(self._now_connected)

    def _disconnected(self, *_: Any) -> None:
        self._tell(self._now_disconnected)

    def _message(self, _: Client, __: Any, message: MQTTMessage) -> None:
        self._tell(self._dispatch, message.topic, bytes(message.payload))

    def _tell(self, fn: Callable[..., None], *args: Any) -> None:
        if self._loop and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(fn, *args)

    def _now_connected(self) -> None:
        log.info("broker connected")
        self.connected = True
        self.say_alive()
        for told in self._on_connect:
            told()

    def _now_disconnected(self) -> None:
        if self.connected:
            log.warning("broker lost")
        self.connected = False

    def _dispatch(self, topic: str, payload: bytes) -> None:
        levels = topic.split("/")[2:]
        for pattern, told in self._topics.items():
            if _matches(pattern.split("/"), levels):
                try:
                    told(levels, payload)
                except (ValueError, KeyError, TypeError) as bad:
                    self.refused += 1
                    log.warning("message refused", topic=topic, size=len(payload), why=type(bad).__name__)
                return


def _matches(pattern: list[str], levels: list[str]) -> bool:
    return len(pattern) == len(levels) and all(p in {"+", level} for p, level in zip(pattern, levels, strict=True))


def _no_delay(_: Client, __: Any, sock: Any) -> None:
    """Without it a round trip takes 44 ms instead of 2."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
