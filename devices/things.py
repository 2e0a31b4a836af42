"""Third-party things on the shop's broker: what they announce, and a box for each adopted one into which its messages fall.

All of it comes over a connection of its own at QoS 0, so that a flood of readings stands in no command's way, and is handed on
from the socket to the driver in one call: no queue, no task, no thread between them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from devices.announced import PREFIX, Garbage, Thing, joined, read_config
from devices.errors import CannotConnect, LinkLost
from devices.lean_mqtt import LeanMqtt

log = structlog.get_logger()

CONFIGS_MAX = 1000
TOPICS_MAX = 64  # of one thing
ASK_AFTER_S = 0.3  # so that many taken in at once ask once
BIRTH = "homeassistant/status"  # things that hear it announce themselves again
Heard = Callable[[str, bytes, bool], None]


class Changed(Protocol):
    """The thing announces itself anew, or the broker is back."""

    def __call__(self, *, broker_back: bool) -> None:
        """Whether it is the latter."""


@dataclass(slots=True)
class _Said:
    thing: Thing
    payload: bytes


class Things:
    """The exchange. `link` is run by the host."""

    def __init__(self, link: LeanMqtt) -> None:
        self.link = link
        link.on_connect, link.on_message = self._connected, self._came
        self.configs_refused = 0
        self._said: dict[str, _Said] = {}  # by discovery topic
        self._boxes: dict[str, ThingBox] = {}
        self._routes: dict[bytes, list[ThingBox]] = {}
        self._asking: asyncio.TimerHandle | None = None

    def box(self, uid: str) -> ThingBox:
        """The box of a thing; the same one while it is not released."""
        if uid not in self._boxes:
            self._boxes[uid] = ThingBox(uid, self)
        return self._boxes[uid]

    def release(self, box: ThingBox) -> None:
        """Hear nothing for this thing any more."""
        self.route(box, frozenset())
        if self._boxes.get(box.uid) is box:
            del self._boxes[box.uid]

    def announced(self) -> list[Thing]:
        """Everything that announces itself, by name."""
        found: dict[str, list[Thing]] = {}
        for said in self._said.values():
            found.setdefault(said.thing.uid, []).append(said.thing)
        return sorted((joined(parts) for parts in found.values()), key=lambda thing: (thing.name, thing.uid))

    def thing(self, uid: str) -> Thing | None:
        """What this one announces now."""
        parts = [said.thing for said in self._said.values() if said.thing.uid == uid]
        return joined(parts) if parts else None

    def route(self, box: ThingBox, topics: frozenset[str]) -> None:
        """Hand what comes on `topics` to `box`, and nothing else."""
        gone, new = box.topics - topics, topics - box.topics
        box.topics = topics
        unheard = []
        for topic in gone:
            box.last.pop(topic, None)
            boxes = self._routes[topic.encode()]
            boxes.remove(box)
            if not boxes:
                del self._routes[topic.encode()]
                unheard.append(topic)
        for topic in new:
            self._routes.setdefault(topic.encode(), []).append(box)
        if self.link.connected:
            self.link.unsubscribe(unheard)
            self.link.subscribe(new)  # also what another box hears already: the broker tells what it keeps again
            if new:
                self._ask_around()

    def _ask_around(self) -> None:
        """Have everybody say how they are: most bridges keep announcements at the broker, but not what their things measured."""
        if self._asking is None:
            self._asking = asyncio.get_running_loop().call_later(ASK_AFTER_S, self._asked)

    def _asked(self) -> None:
        self._asking = None
        self.link.publish(BIRTH, b"online")

    def _connected(self) -> None:
        self.link.subscribe((f"{PREFIX}#",))
        self.link.subscribe(topic.decode() for topic in self._routes)
        self.link.publish(BIRTH, b"online")
        for box in list(self._boxes.values()):
            box.announced_anew(broker_back=True)

    def _came(self, topic: bytes, payload: bytes, retained: bool) -> None:  # noqa: FBT001 - thousands of times a second
        boxes = self._routes.get(topic)
        if boxes is not None:
            name = topic.decode()
            for box in boxes:
                box.put(name, payload, retained)
        elif topic.startswith(b"homeassistant/"):
            self._announce(topic.decode("utf-8", "replace"), payload)

    def _announce(self, topic: str, payload: bytes) -> None:
        if topic == BIRTH:
            return
        before = self._said.get(topic)
        if before is not None and before.payload == payload:
            return
        if not payload:
            self._said.pop(topic, None)
        else:
            try:
                thing = read_config(topic, payload)
            except Garbage as why:
                self._refuse(topic, str(why))
                return
            if before is None and len(self._said) >= CONFIGS_MAX:
                self._refuse(topic, "too_many")
                return
            self._said[topic] = _Said(thing, payload)
            self._tell(thing.uid)
        if before is not None:
            self._tell(before.thing.uid)

    def _tell(self, uid: str) -> None:
        if uid in self._boxes:
            self._boxes[uid].announced_anew()

    def _refuse(self, topic: str, why: str) -> None:
        self.configs_refused += 1
        count = self.configs_refused
        if count in {1, 10, 100} or count % 1000 == 0:  # a flood must not fill the log
            log.warning("announcement refused", topic=topic[:200], why=why, count=count)


@dataclass(slots=True, eq=False)
class ThingBox:
    """The transport of one thing: messages on the topics its driver asked for. It outlives a driver, so nothing falls between two of them."""

    uid: str
    exchange: Things | None = None
    topics: frozenset[str] = frozenset()
    last: dict[str, tuple[bytes, bool]] = field(default_factory=dict)  # newest on each topic, and whether the broker had kept it
    _heard: Heard | None = None
    _changed: Changed | None = None
    keeps_open = True
    proves_presence = False

    def thing(self) -> Thing | None:
        """What it announces now."""
        return self.exchange.thing(self.uid) if self.exchange else None

    def listen(self, topics: Iterable[str], heard: Heard, changed: Changed) -> None:
        """Call `heard(topic, payload, retained)` for these, at once for what came before; `changed` when it announces itself anew."""
        wanted = frozenset(sorted(topics)[:TOPICS_MAX])
        if self.exchange:
            self.exchange.route(self, wanted)
        else:
            self.topics = wanted
        self._heard, self._changed = heard, changed
        for topic, (payload, retained) in list(self.last.items()):
            heard(topic, payload, retained)

    def put(self, topic: str, payload: bytes, retained: bool = False) -> None:  # noqa: FBT001, FBT002 - as above
        """One message."""
        self.last[topic] = (payload, retained)
        if self._heard is not None:
            self._heard(topic, payload, retained)

    @property
    def is_heard(self) -> bool:
        """Whether what it says now gets here."""
        return self.exchange is None or self.exchange.link.connected

    def announced_anew(self, *, broker_back: bool = False) -> None:
        """It announced itself in other words; or the broker is back, and whoever was silent meanwhile could not be heard."""
        if self._changed is not None:
            self._changed(broker_back=broker_back)

    def publish(self, topic: str, payload: str) -> bool:
        """Say something to the thing; False when the broker does not take it."""
        return self.exchange is not None and self.exchange.link.publish(topic, payload.encode())

    async def open(self) -> None:
        """Raises CannotConnect without a broker."""
        if self.exchange is None:
            raise CannotConnect(thing=self.uid)

    async def write(self, data: bytes, within_s: float) -> None:  # noqa: ARG002 - the protocol names it
        """Things have topics, no bytes. Raises LinkLost."""
        raise LinkLost(bytes=len(data))

    async def read(self, within_s: float) -> bytes:  # noqa: ARG002 - as above
        """As above. Raises LinkLost."""
        raise LinkLost(thing=self.uid)

    async def close(self) -> None:
        """The driver hears nothing any more; what comes is kept for the next one."""
        self._heard = self._changed = None
