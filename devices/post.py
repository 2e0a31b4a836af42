"""What the host tells the shop, and what the broker has acknowledged of it."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from devices.driver import Identity, Measured
from devices.job_log import Ended, JobLog
from devices.mqtt_link import MqttLink
from devices.readings import Readings
from devices.topics import Topics
from hub.ports import DeviceInfo, DeviceState, Done

HOST = "@host"  # the job log's name for the host's own commands

# Codes and cards of guests go at QoS 0: a broker writes what it must deliver for sure to its disk, and delivers it to whoever comes
# back later. A payment code lives for one minute and must be neither kept nor late; a person simply scans again.
FLEETING = frozenset({"scan", "card"})


class Post:
    """The Outlet of every supervisor. Answers are repeated until the broker has them; states are retained; events are momentary."""

    def __init__(self, link: MqttLink, readings: Readings, topics: Topics, job_log: JobLog, session: str) -> None:
        self._link, self._readings, self._topics, self._log, self._session = link, readings, topics, job_log, session
        self._on_its_way: dict[int, tuple[str, str]] = {}
        self._told: list[tuple[str, str]] = []
        self.on_identified: Callable[[str, Identity], Awaitable[None]]
        link.on_published = self._published

    def state(self, device: str, state: DeviceState) -> None:
        """Retained."""
        said = state.model_copy(update={"session": self._session})
        self._link.publish(self._topics.device(device, "state"), said.model_dump_json(), retain=True)

    def info(self, device: str, info: DeviceInfo) -> None:
        """Retained."""
        self._link.publish(self._topics.device(device, "info"), info.model_dump_json(), retain=True)

    def forget(self, device: str) -> None:
        """Clear the retained topics of a removed device."""
        for leaf in ("info", "state"):
            self._link.publish(self._topics.device(device, leaf), "", retain=True)
        self._readings.forget(self._topics.device(device, "reading/"))

    def event(self, device: str, name: str, body: dict[str, Any]) -> None:
        """Lost when there is no connection: a scan of an hour ago must not land in somebody's basket."""
        qos = 0 if name in FLEETING else 1
        self._link.publish(self._topics.device(device, f"event/{name}"), json.dumps(body, ensure_ascii=False), qos=qos)

    def reading(self, device: str, measured: Measured) -> None:
        """Lost when there is no connection; told again every half minute."""
        self._readings.offer(self._topics.device(device, f"reading/{measured.name}"), measured)

    def host(self, state: DeviceState) -> None:
        """Retained."""
        self._link.publish(self._topics.host_state, state.model_copy(update={"session": self._session}).model_dump_json(), retain=True)

    def host_event(self, name: str, body: dict[str, Any]) -> int | None:
        """Something the host itself noticed; None when there is no connection."""
        return self._link.publish(self._topics.host_event(name), json.dumps(body, ensure_ascii=False))

    async def flushed(self) -> bool:
        """Wait until the broker has everything; False when the connection went instead."""
        await self._link.flushed()
        return self._link.connected

    def ended(self, ended: Ended) -> None:
        """The answer to a command; kept until the broker has it."""
        mid = self.answer(ended.device, ended.done)
        if mid is not None:
            self._on_its_way[mid] = (ended.device, ended.done.id)

    def answer(self, device: str, done: Done) -> int | None:
        """Say how a command ended without keeping track of it."""
        if device == HOST:
            return self._link.publish(self._topics.host_done, done.model_dump_json())
        return self._link.publish(self._topics.device(device, "done"), done.model_dump_json())

    async def identified(self, device: str, identity: Identity) -> None:
        """Kept in the registry and told."""
        await self.on_identified(device, identity)

    def connected(self) -> None:
        """A new connection: what was on its way before is told again."""
        self._on_its_way.clear()

    async def settle(self) -> None:
        """Write down what the broker has, then send what it has not. Call every second. Raises StorageFailed."""
        if self._told:
            told, self._told = self._told, []
            await self._log.told(told)
        if self._link.connected and not (self._on_its_way or self._told):  # some may have arrived while this was written down
            for ended in self._log.untold():
                self.ended(ended)

    def _published(self, mid: int) -> None:
        answered = self._on_its_way.pop(mid, None)
        if answered:
            self._told.append(answered)
