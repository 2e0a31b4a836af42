"""A third-party thing on the broker: it announces itself for Home Assistant, leaves a will, tells its values, and can be broken."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Protocol

from pydantic import Field

from devices.simulators.verbs import Args, Nothing

Heard = Callable[[str, bytes], None]
FLOOD = 1000


class Line(Protocol):
    """A connection to a broker."""

    async def connect(self, will: tuple[str, str], topics: tuple[str, ...], heard: Heard) -> None:
        """Come, leave a will, and hear."""

    def publish(self, topic: str, payload: str, *, retain: bool = False) -> None:
        """Say something; lost when it is not connected."""

    async def vanish(self) -> None:
        """Go without a word, so that the broker says the will. Idempotent."""


class Count(Args):
    """How many messages."""

    messages: int = Field(FLOOD, ge=1, le=1_000_000)


class Celsius(Args):
    """A temperature."""

    celsius: float = Field(45.0, ge=-40, le=100)


class Watts(Args):
    """What hangs on a plug draws so much."""

    watts: float = Field(1850.0, ge=0, le=4000)


class Rename(Args):
    """Another name, and with it other topics."""

    name: str = Field("renamed", pattern=r"^[a-z0-9_-]{1,24}$")


COMMON: Mapping[str, type[Args]] = {
    "unplug": Nothing,
    "plug_in": Nothing,
    "silent": Nothing,
    "garbage": Nothing,
    "flood": Count,
    "rename": Rename,
    "heal": Nothing,
}


class ThingSim(ABC):
    """SIMULATED. One thing of one dialect; a subclass says what it announces and tells."""

    kind: ClassVar[str] = "sensor"
    dialect: ClassVar[str]
    verbs: ClassVar[Mapping[str, type[Args]]] = COMMON
    retains: ClassVar[bool] = False

    def __init__(self, name: str, line: Line) -> None:
        self.name = self.called = name
        self._line = line
        self.plugged = False
        self._faults: set[str] = set()
        self._announced: set[str] = set()
        self.values: dict[str, Any] = self._first()

    @property
    def uid(self) -> str:
        """What it is known by, whatever it is called."""
        return f"sim-{self.name}"

    @property
    def address(self) -> str:
        """How a device host reaches it."""
        return f"mqtt:///{self.uid}?simulated=1"

    # a dialect

    @abstractmethod
    def _first(self) -> dict[str, Any]:
        """Its values when it is unpacked."""

    @abstractmethod
    def _configs(self) -> dict[str, dict[str, Any]]:
        """What it announces, by topic."""

    @abstractmethod
    def _told(self) -> dict[str, Any]:
        """What it tells of its values, by topic: JSON or text."""

    @abstractmethod
    def _presence(self) -> tuple[str, str, str]:
        """Topic, here, away."""

    def _command_topics(self) -> tuple[str, ...]:
        """What it listens to."""
        return ()

    def _obey(self, payload: str) -> None:  # noqa: B027 - most take no commands
        """A command came."""

    # in hand

    async def start(self) -> None:
        """Plug it in. Idempotent."""
        if self.plugged:
            return
        topic, here, away = self._presence()
        await self._line.connect((topic, away), ("homeassistant/status", *self._command_topics()), self._heard)
        self.plugged = True
        self._announce()
        self._line.publish(topic, here, retain=True)
        self._tell()

    async def stop(self) -> None:
        """Take its power away. Idempotent."""
        self.plugged = False
        await self._line.vanish()

    def state(self) -> dict[str, Any]:
        """For the bench's API."""
        faults = sorted(self._faults)
        return {"plugged": self.plugged, "dialect": self.dialect, "called": self.called, "values": dict(self.values), "faults": faults}

    async def do(self, verb: str, args: Any) -> dict[str, Any]:
        """What a person, or a fault, does to it."""
        match verb:
            case "unplug":
                await self.stop()
            case "plug_in":
                await self.start()
            case "heal":
                self._faults.clear()
                self.values = self._first()
                await self.start()
                self._tell()
            case "silent":
                self._faults.add("silent")
            case "rename":
                await self._rename(args.name)
            case "flood":
                for n in range(args.messages):
                    self.values["flood"] = n
                    self._tell()
            case "garbage":
                for topic in self._told():
                    self._line.publish(topic, '{"temperature": "hot", "\x00')
                self._line.publish(f"homeassistant/sensor/{self.uid}-junk/config", "{not json")
            case _:
                self._deed(verb, args)
                self._tell()
        return self.state()

    def _deed(self, verb: str, args: Any) -> None:  # noqa: B027 - as above
        """What only this kind of thing can have done to it."""

    def _tell(self) -> None:
        """Say all values, unless it is silent."""
        if self.plugged and "silent" not in self._faults:
            for topic, said in self._told().items():
                self._line.publish(topic, said if isinstance(said, str) else json.dumps(said), retain=self.retains)

    async def _rename(self, name: str) -> None:
        for topic in self._announced:
            self._line.publish(topic, "", retain=True)
        await self.stop()
        self.called = name
        await self.start()

    def _announce(self) -> None:
        configs = self._configs()
        self._announced = set(configs)
        for topic, config in configs.items():
            self._line.publish(topic, json.dumps(config), retain=True)

    def _heard(self, topic: str, payload: bytes) -> None:
        if topic == "homeassistant/status":
            self._announce()
            self._tell()
        elif "silent" not in self._faults:
            self._obey(payload.decode("utf-8", "replace"))
            self._tell()
