"""Uninterruptible power supplies: through NUT (`tcp://`), or asked themselves over SNMP (`snmp://`). Nothing is ever set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pydantic import BaseModel, Field

from devices.driver import Announcement, Bell, Condition, Driver, Identity, Job, NoArguments, Pace, Result
from devices.drivers.snmp.profile import SnmpProfile
from devices.drivers.ups.nut import NAME, Nut
from devices.drivers.ups.reading import FIGURES, NothingKnown, Reading, Way
from devices.transport import Peer, Transport
from hub.clock import Clock


class UpsProfile(SnmpProfile):
    """Which UPS it is, how it is asked, and when its battery counts as nearly empty."""

    ups: str = Field("", pattern=f"^({NAME})?$")  # its name in NUT; empty: the only one
    low_minutes: int = Field(0, ge=0, le=120)  # with so many left its battery is nearly empty; 0: when the UPS says so
    answer_wait_s: float = Field(1.0, ge=0.05, le=2.5)  # how long an answer may take


class Ups(Driver):
    """One UPS. It tells `power_lost`, `power_back` and `battery_low` when it sees the change; what is not known changes nothing."""

    kind: ClassVar[str] = "ups"
    profile: ClassVar[type[UpsProfile]] = UpsProfile
    verbs: ClassVar[Mapping[str, type[BaseModel]]] = {"status": NoArguments}
    pace: ClassVar[Pace] = Pace(poll_s=2.0, poll_wait_s=10.0)

    def __init__(self, profile: UpsProfile, link: Transport, clock: Clock) -> None:
        self._profile, self._clock = profile, clock
        self._way = _way(profile, link)
        self._mains: bool | None = None  # as last known
        self._low = False
        self.bell = Bell(announce=lambda _: None, show=lambda _: None)

    def follow(self, before: Driver) -> None:
        """Mains that come back while nobody answers are told when somebody does again."""
        if isinstance(before, Ups):
            self._mains, self._low = before._mains, before._low  # noqa: SLF001 - two of one kind

    async def identify(self) -> Identity:
        """Make and model, when they are known now. Raises CannotConnect, or as `poll`."""
        return await self._way.identify()

    async def poll(self) -> Condition:
        """How it is now. Raises LinkLost, NutSilent, NoSuchUps; over SNMP NoAnswer, Refused, NotUnderstood or NoUps."""
        try:
            reading = await self._way.look()
        except NothingKnown as why:
            return self._condition(why.reason, dict.fromkeys(FIGURES))
        low = reading.on_battery and (reading.low or self._too_few(reading.minutes_left))
        self._tell(reading, low=low)
        return self._condition(reading.reason(low=low), reading.figures())

    async def run(self, job: Job) -> Result:  # noqa: ARG002 - there is one verb
        """`status`: one more look. Raises as `poll`."""
        self.bell.show(await self.poll())
        return Result.done()

    async def stop(self) -> None:
        """Let go of the connection."""
        await self._way.close()

    def _too_few(self, minutes: int | None) -> bool:
        return minutes is not None and minutes <= self._profile.low_minutes and self._profile.low_minutes > 0

    def _condition(self, reason: str, figures: Mapping[str, int | float | None]) -> Condition:
        ignored = {} if self._way.ignored is None else {"lines_ignored": self._way.ignored}
        return Condition(reason=reason, figures={**figures, **ignored})

    def _tell(self, reading: Reading, *, low: bool) -> None:
        news = []
        mains = not reading.on_battery
        if mains != (self._mains is not False):  # before the first look the mains are taken to be there
            news.append("power_back" if mains else "power_lost")
        if low and not self._low:
            news.append("battery_low")
        self._mains, self._low = mains, low
        for name in news:
            self.bell.announce(Announcement(name=name, body={"battery_pct": reading.battery_pct, "minutes_left": reading.minutes_left}))


def _way(profile: UpsProfile, link: Transport) -> Way:
    if not isinstance(link, Peer):
        return Nut(profile.ups, profile.answer_wait_s, link)
    from devices.drivers.ups.mib import Mib  # noqa: PLC0415 - the SNMP library is loaded only where it is needed

    return Mib(profile, link)
