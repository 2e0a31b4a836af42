"""What the hub says to its devices and hears of them: topics below the store, one message refused at a time.

Nothing is trusted to the connection: every command is kept in SQLite and sent again on each connect.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import orjson
import structlog
from pydantic import BaseModel

from hub.ids import Id
from hub.mqtt import Broker, Message, Mqtt, Party

log = structlog.get_logger()

Told = Callable[[list[str], bytes], None]


class MqttLink:
    """The hub's connection to the shop's broker."""

    def __init__(self, store: str, secrets_file: Path, since: str, name: Callable[[], str]) -> None:
        self._store, self._file, self._since, self._name = store, secrets_file, since, name
        self._mqtt: Mqtt | None = None
        self._topics: dict[str, list[Told]] = {}
        self._on_connect: list[Callable[[], None]] = []
        self._session = Id.new()
        self._tasks: set[asyncio.Task[Any]] = set()
        self.connected = False  # whether what is sent now reaches the broker
        self.refused = 0  # messages that could not be understood

    def listen(self, pattern: str, told: Told) -> None:
        """Call `told(levels below the store, payload)` for messages on `store/<store>/<pattern>`, after whoever asked before; before `run`."""
        self._topics.setdefault(pattern, []).append(told)

    def on_connect(self, told: Callable[[], None]) -> None:
        """Call `told` after every connect: send again whatever is open."""
        self._on_connect.append(told)

    async def run(self) -> None:
        """Connect, and reconnect for ever; say goodbye when cancelled. Without a broker the shop sells without devices."""
        will = (f"store/{self._store}/hub/state", self._alive(alive=False))
        topics = [f"store/{self._store}/{pattern}" for pattern in self._topics]
        mqtt = Mqtt(lambda: Broker.from_file(self._file), Party(client_id=f"{self._store}-hub", will=will, topics=topics))
        mqtt.on_connect, mqtt.on_disconnect, mqtt.on_message = self._now_connected, self._now_disconnected, self._message
        self._mqtt = mqtt
        try:
            await mqtt.run()
        finally:
            self._mqtt, self.connected = None, False

    def send(self, topic: str, message: BaseModel | dict[str, Any], *, qos: int = 1) -> None:
        """Publish below the store; lost when not connected, so keep what matters."""
        if self._mqtt:
            body = message.model_dump_json().encode() if isinstance(message, BaseModel) else orjson.dumps(message)
            self._mqtt.publish(f"store/{self._store}/{topic}", body, qos=qos)

    def later(self, work: Coroutine[Any, Any, Any]) -> None:
        """Do what a message asks for beside the link; a failure is logged."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (failed := task.exception()):
            log.error("a device's message could not be kept", why=repr(failed))

    def say_alive(self, *, alive: bool = True) -> None:
        """Tell again that the hub lives, and what the shop is called."""
        if self._mqtt:
            self._mqtt.publish(f"store/{self._store}/hub/state", self._alive(alive=alive), retain=True)

    def _alive(self, *, alive: bool) -> bytes:
        return orjson.dumps({"alive": alive, "name": self._name(), "since": self._since, "session": self._session})

    def _now_connected(self) -> None:
        self.connected = True
        self.say_alive()
        for told in self._on_connect:
            told()

    def _now_disconnected(self) -> None:
        self.connected = False

    def _message(self, message: Message) -> None:
        self._dispatch(message.topic, message.payload)

    def _dispatch(self, topic: str, payload: bytes) -> None:
        levels = topic.split("/")[2:]
        listeners = next((told for pattern, told in self._topics.items() if _matches(pattern.split("/"), levels)), ())
        for told in listeners:
            try:
                told(levels, payload)
            except (ValueError, KeyError, TypeError) as bad:
                self.refused += 1
                log.warning("message refused", topic=topic, size=len(payload), why=type(bad).__name__)
                return


def _matches(pattern: list[str], levels: list[str]) -> bool:
    return len(pattern) == len(levels) and all(p in {"+", level} for p, level in zip(pattern, levels, strict=True))
