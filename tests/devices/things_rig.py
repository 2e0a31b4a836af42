"""A broker in this process, as far as third-party things need one: kept messages, wills, and who listens to what."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from devices.simulators.things import Heard
from devices.things import Things


@dataclass(eq=False)
class HostEnd:
    """In the place of LeanMqtt: what the device host says and hears."""

    broker: InProcess
    connected: bool = True
    on_connect: Callable[[], None] = lambda: None
    on_message: Callable[[bytes, bytes, bool], None] = lambda *_: None
    topics: set[str] = field(default_factory=set)
    said: list[tuple[str, bytes]] = field(default_factory=list)

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> bool:
        if self.connected:
            self.said.append((topic, payload))
            self.broker.spread(topic, payload, retain=retain)
        return self.connected

    def subscribe(self, topics: Iterable[str]) -> None:
        for topic in list(topics):
            self.topics.add(topic)
            for name, payload in list(self.broker.kept.items()):
                if _fits(topic, name):
                    self.on_message(name.encode(), payload, True)

    def unsubscribe(self, topics: Iterable[str]) -> None:
        self.topics -= set(topics)


class InProcess:
    """The broker; `things` is the device host's side, `line()` one for a simulator."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}
        self.lines: list[LineEnd] = []
        self.host = HostEnd(self)
        self.things = Things(self.host)  # type: ignore[arg-type]
        self.host.on_connect()

    def line(self) -> LineEnd:
        made = LineEnd(self)
        self.lines.append(made)
        return made

    def spread(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        if retain and payload:
            self.kept[topic] = payload
        elif retain:
            self.kept.pop(topic, None)
        for line in list(self.lines):
            if line.heard and topic in line.topics:
                line.heard(topic, payload)
        if self.host.connected and any(_fits(wanted, topic) for wanted in self.host.topics):
            self.host.on_message(topic.encode(), payload, False)

    def lose(self) -> None:
        """The device host's connection breaks."""
        self.host.connected = False
        self.host.topics.clear()

    def back(self) -> None:
        self.host.connected = True
        self.host.on_connect()


@dataclass(eq=False)
class LineEnd:
    broker: InProcess
    topics: tuple[str, ...] = ()
    heard: Heard | None = None
    will: tuple[str, str] | None = None

    async def connect(self, will: tuple[str, str], topics: tuple[str, ...], heard: Heard) -> None:
        self.will, self.topics, self.heard = will, topics, heard

    def publish(self, topic: str, payload: str, *, retain: bool = False) -> None:
        if self.heard:
            self.broker.spread(topic, payload.encode(), retain=retain)

    async def vanish(self) -> None:
        will, self.will, self.heard = self.will, None, None
        if will:
            self.broker.spread(will[0], will[1].encode(), retain=True)


def _fits(pattern: str, topic: str) -> bool:
    return pattern == topic or (pattern.endswith("/#") and topic.startswith(pattern[:-1]))
