"""Third-party sensors, switches and plugs over MQTT (Zigbee2MQTT, Tasmota, Shelly, ESPHome), as they announce themselves.

Messages are worked off where they arrive, in `heard`; the supervisor is only woken when the thing goes or comes. What a driver knows
outlives a connection, because "away" is what the thing said, not a line that broke.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, cast

from pydantic import BaseModel, ConfigDict, Field

from devices.announced import Entity, Presence, Thing
from devices.driver import Announcement, Bell, Condition, Driver, Identity, Job, Measured, NoArguments, Pace, Profile, Result
from devices.drivers.sensor.availability import Availability
from devices.errors import CannotConnect, DeviceError, Silent
from devices.templates import MISSING, document, reader
from devices.things import ThingBox
from devices.transport import Transport
from hub.clock import Clock

SLEEPY_S, ACTIVE_S = 25 * 3600, 600  # how long battery things and others may be silent, as Zigbee2MQTT has it
FIRST_WAIT_S, LATER_WAIT_S = 3.0, 25.0
OPENED_EVERY_S = 0.2
ALARMS = frozenset({"water_leak", "too_warm", "too_cold"})
UNCHANGED: Any = object()


class NotAnnounced(CannotConnect):
    """Nobody announces this thing, or nothing it announces is understood."""

    reason = "not_announced"


class ThingAway(DeviceError):
    """The thing, or the program that speaks for it, says that it is away."""

    reason = "thing_away"


class ThingSilent(Silent):
    """It has said nothing for longer than it may."""

    reason = "thing_silent"


class WetAndGone(ThingAway):
    """The last thing it said was that there is water: that it is away now is no good news."""

    reason = "water_leak"


class SensorProfile(Profile):
    """What was announced at adoption, and what a person wants to be told."""

    entities: tuple[Entity, ...] = Field((), max_length=48)
    silent_s: float = Field(0, ge=0, le=30 * 86_400)  # 0: by its nature, 25 hours on a battery, else 10 minutes
    temperature_min: float | None = Field(None, ge=-50, le=100)
    temperature_max: float | None = Field(None, ge=-50, le=100)
    battery_pct_min: float = Field(15, ge=0, le=100)
    confirm_s: float = Field(3, ge=0.05, le=20)  # how long a plug may take to say that it has switched


class Switch(BaseModel):
    """Arguments of `switch`; `outlet` is the name of the reading, where there are several."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    on: bool
    outlet: str = Field("switch", max_length=32)


@dataclass(slots=True)
class Known:
    """What has been heard so far. Times are of the monotonic clock."""

    raw: dict[str, bytes] = field(default_factory=dict)  # by topic
    said: dict[str, Any] = field(default_factory=dict)  # by entity, as its template read it
    told_at: dict[str, float] = field(default_factory=dict)  # by topic
    values: dict[str, Measured] = field(default_factory=dict)
    there: dict[Presence, bool] = field(default_factory=dict)
    heard_at: float | None = None
    since: float = 0.0  # from when on it could have been heard
    gone: bool = False
    opened: dict[str, int] = field(default_factory=dict)
    opened_told_at: float = -OPENED_EVERY_S
    messages: int = 0
    refused: int = 0
    alarm: str = ""


class Sensor(Driver):
    """One thing. It announces `alarm` once for each, and `opened` for each opening of a door."""

    kind: ClassVar[str] = "sensor"
    profile: ClassVar[type[SensorProfile]] = SensorProfile
    verbs: ClassVar[Mapping[str, type[BaseModel]]] = {"status": NoArguments, "switch": Switch}
    lasting: ClassVar[frozenset[str]] = frozenset({"switch"})
    pace: ClassVar[Pace] = Pace(
        poll_s=30.0, poll_wait_s=30.0, miss_s=0.3, misses=1, back_off_s_max=0.3
    )  # who said "away" need not be asked

    def __init__(self, profile: SensorProfile, link: Transport, clock: Clock) -> None:
        self._profile, self._clock = profile, clock
        self._link = cast("ThingBox", link)  # its scheme makes no other
        self._known = Known(since=clock.monotonic())
        self._turned, self._answered = asyncio.Event(), asyncio.Event()
        self._wait_s = FIRST_WAIT_S
        limited = (profile.temperature_min, profile.temperature_max) != (None, None)
        self._weighty = frozenset({"moisture", "battery", *(["temperature"] if limited else [])})  # a reason can come of these
        self._shown = ""
        self.bell = Bell(announce=lambda _: None, show=lambda _: None)
        self._learn(None)

    def follow(self, before: Driver) -> None:
        """All that was heard holds on."""
        if isinstance(before, Sensor):
            self._known, self._wait_s = before._known, LATER_WAIT_S  # noqa: SLF001 - two of one kind

    async def identify(self) -> Identity:
        """What it announces; waits a while for one that is away. Raises NotAnnounced, ThingAway, ThingSilent or CannotConnect."""
        await self._link.open()
        thing = self._link.thing()
        self._learn(thing)
        if not self._entities:
            raise NotAnnounced(thing=self._link.uid, not_understood=", ".join(thing.not_understood) if thing else "")
        self._link.listen(self._topics, self.heard, self._announced_anew)
        if self._gone() is not None:
            await self._until(self._turned, self._wait_s)
        if (gone := self._gone()) is not None:
            raise gone
        learned = {"entities": [entity.model_dump() for entity in self._entities]}
        if thing is None:
            return Identity(learned=learned)
        return Identity(model=" ".join(filter(None, (thing.maker, thing.model)))[:60], firmware=thing.firmware, learned=learned)

    async def start(self, bell: Bell) -> None:
        """What is known already is told at once."""
        self.bell = bell
        self._shown = self._reason()
        self._tell_all()

    async def poll(self) -> Condition:
        """How it is by all it said. Raises ThingAway or ThingSilent."""
        self._expire()
        if (gone := self._gone()) is not None:
            raise gone
        self._tell_all()
        self._judge()
        return self._condition()

    async def rest(self) -> None:
        """Until the next look, or until it comes or goes."""
        await self._until(self._turned, self.pause_s())

    async def run(self, job: Job) -> Result:
        """`status`, or `switch`: done only when the thing itself says so."""
        if job.verb == "switch":
            return await self._switch(job)
        self.bell.show(self._condition())
        return Result.done()

    async def stop(self) -> None:
        """The box goes on collecting."""
        await self._link.close()

    # what comes

    def heard(self, topic: str, payload: bytes, retained: bool) -> None:  # noqa: FBT001 - called thousands of times a second
        """One message on a topic of this thing."""
        known, now = self._known, self._clock.monotonic()
        known.messages += 1
        if not retained:
            known.heard_at = now
        if self._availability.take(topic, payload) or known.gone:
            self._turned.set()
        if topic not in self._by_topic:
            return
        known.told_at[topic] = now
        if known.raw.get(topic) == payload:
            return
        known.raw[topic] = payload
        if self._take_values(topic, payload) or self._shown == "not_yet_heard":
            self._judge()
        self._answered.set()

    def _take_values(self, topic: str, payload: bytes) -> bool:
        """Whether anything changed that a reason could come of. What a message says as before is not looked at."""
        text, found = payload.decode("utf-8", "replace"), UNCHANGED

        def doc() -> Any:
            nonlocal found
            if found is UNCHANGED:
                found = document(payload)
            return found

        said_before, understood, weighty = self._known.said, False, False
        for entity, read in self._by_topic[topic]:
            said = read(text, doc)
            if said is MISSING:
                continue
            before = said_before.get(entity.key, MISSING)
            if before.__class__ is said.__class__ and before == said:
                understood = True
                continue
            value = entity.take(said)
            if value is not MISSING:
                understood = True
                said_before[entity.key] = said
                weighty |= entity.device_class in self._weighty
                self._set(entity, value)
        self._known.refused += not understood
        return weighty

    def _set(self, entity: Entity, value: Any) -> None:
        before = self._known.values.get(entity.name)
        if before is not None and before.value == value and before.value.__class__ is value.__class__:
            return
        self._known.values[entity.name] = measured = Measured(name=entity.name, value=value, unit=entity.unit, at=self._clock.now())
        self.bell.read(measured)
        if value is True and before is not None and before.value is False and entity.component == "binary_sensor" and _is_door(entity):
            self._opened(entity.name)

    def _opened(self, name: str) -> None:
        """Each is counted; a contact that flutters is not told of each."""
        known, now = self._known, self._clock.monotonic()
        count = known.opened[name] = known.opened.get(name, 0) + 1
        if now - known.opened_told_at >= OPENED_EVERY_S:
            known.opened_told_at = now
            self.bell.announce(Announcement(name="opened", body={"what": name, "count": count}))

    def _expire(self) -> None:
        """What a thing promised to tell anew and did not is not known any more."""
        now = self._clock.monotonic()
        for entity in self._entities:
            told = self._known.told_at.get(entity.state_topic)
            if entity.expire_s and told is not None and now - told > entity.expire_s:
                self._known.raw.pop(entity.state_topic, None)
                self._known.said.pop(entity.key, None)
                if entity.name in self._known.values:
                    self._set(entity, None)

    def _announced_anew(self, *, broker_back: bool) -> None:
        """Another name, another topic, or a broker that is back: listen to what it announces now."""
        if broker_back and not self._known.gone:
            self._known.since = self._clock.monotonic()
        before = self._topics
        self._learn(self._link.thing())
        if self._topics != before:
            self._link.listen(self._topics, self.heard, self._announced_anew)
        self._turned.set()

    def _learn(self, thing: Thing | None) -> None:
        """What is announced now counts; what was announced at adoption fills the gaps, such as a broker that lost what it kept."""
        live = thing.entities if thing else ()
        keys = {entity.key for entity in live}
        self._entities = (*live, *(entity for entity in self._profile.entities if entity.key not in keys))
        self._by_topic: dict[str, list[Any]] = {}
        for entity in self._entities:
            if entity.state_topic:
                self._by_topic.setdefault(entity.state_topic, []).append((entity, reader(entity.template)))
        self._availability = Availability(live or self._entities, self._known.there)
        self._topics = self._availability.topics | frozenset(self._by_topic)
        self._not_understood = len(thing.not_understood) if thing else 0

    # how it is

    def _gone(self) -> DeviceError | None:
        """Why it is not there; None when it is, or when nothing says that it is not."""
        known, there = self._known, self._availability.is_there()
        gone = there is False or (there is None and known.gone)
        if there is not False and self._link.is_heard:
            gone = not there and self._clock.monotonic() - max(known.heard_at or 0.0, known.since) > self._silent_s()
        known.gone = gone
        if not gone:
            return None
        if self._is_wet():
            return WetAndGone(thing=self._link.uid)
        return ThingAway(thing=self._link.uid) if there is False else ThingSilent(thing=self._link.uid)

    def _silent_s(self) -> float:
        sleepy = any(entity.device_class == "battery" for entity in self._entities)
        return self._profile.silent_s or (SLEEPY_S if sleepy else ACTIVE_S)

    def _is_wet(self) -> bool:
        return any(entity.device_class == "moisture" and self._value(entity) is True for entity in self._entities)

    def _value(self, entity: Entity) -> Any:
        measured = self._known.values.get(entity.name)
        return None if measured is None else measured.value

    def _reason(self) -> str:
        """The most urgent one."""
        profile = self._profile
        warmths = self._numbers("temperature")
        if self._is_wet():
            return "water_leak"
        if profile.temperature_max is not None and any(value > profile.temperature_max for value in warmths):
            return "too_warm"
        if profile.temperature_min is not None and any(value < profile.temperature_min for value in warmths):
            return "too_cold"
        if any(value < profile.battery_pct_min for value in self._numbers("battery")) or self._battery_says_low():
            return "sensor_battery_low"
        return "" if self._heard_of() else "not_yet_heard"

    def _numbers(self, device_class: str) -> list[float]:
        found = (self._value(entity) for entity in self._entities if entity.device_class == device_class and entity.component == "sensor")
        return [value for value in found if value is not None]

    def _battery_says_low(self) -> bool:
        return any(e.device_class == "battery" and e.component == "binary_sensor" and self._value(e) is True for e in self._entities)

    def _heard_of(self) -> bool:
        return self._known.heard_at is not None or self._availability.is_there() is True

    def _judge(self) -> None:
        """Tell a condition that changed, and an alarm once."""
        reason = self._reason()
        if reason in ALARMS and reason != self._known.alarm:
            self.bell.announce(Announcement(name="alarm", body={"alarm": reason}))
        self._known.alarm = reason if reason in ALARMS else ""
        if reason != self._shown and not self._known.gone:
            self._shown = reason
            self.bell.show(self._condition())

    def _condition(self) -> Condition:
        known = self._known
        figures: dict[str, int | float | str | bool | None] = {
            "readings": len(known.values),
            "messages": known.messages,
            "values_refused": known.refused,
            "not_understood": self._not_understood,
        }
        return Condition(reason=self._reason(), figures={**figures, **{f"opened_{n}": c for n, c in known.opened.items()}})

    def _tell_all(self) -> None:
        for measured in self._known.values.values():
            self.bell.read(measured)

    async def _until(self, event: asyncio.Event, within_s: float) -> None:
        event.clear()
        waiting = {asyncio.ensure_future(event.wait()), asyncio.ensure_future(self._clock.sleep(within_s))}
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waiting:
                one.cancel()

    # what it is told

    async def _switch(self, job: Job) -> Result:
        outlet = next((e for e in self._entities if e.component == "switch" and e.name == job.args.outlet), None)
        if outlet is None:
            return Result.refused("no_such_outlet")
        await job.before_writing()
        self._known.raw.pop(outlet.state_topic, None)  # the same answer again is an answer too
        if not self._link.publish(outlet.command_topic, outlet.command_on if job.args.on else outlet.command_off):
            return Result.failed("link_lost")
        until = self._clock.monotonic() + self._profile.confirm_s
        while outlet.state_topic and (left := until - self._clock.monotonic()) > 0:
            if outlet.state_topic in self._known.raw and self._value(outlet) is job.args.on:
                return Result.done(answer={"on": job.args.on})
            await self._until(self._answered, left)
        return Result.unknown("switch_unconfirmed")


def _is_door(entity: Entity) -> bool:
    return entity.name.startswith("door")
