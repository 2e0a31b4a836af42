"""A page of the shop on a screen of its own (kiosk, board): present while the hub hears its beat.

The beats come over MQTT from the hub, because only the hub knows whether a page's socket is open.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pydantic import BaseModel, Field, ValidationError

from devices.driver import Bell, Condition, Driver, Identity, Job, NoArguments, Pace, Profile, Result
from devices.errors import Silent
from devices.messages import Beat
from devices.transport import Transport
from hub.clock import Clock

BATTERY_LOW_PCT = 15


class NoBeat(Silent):
    """The page was not heard of in its time."""

    reason = "no_beat"


class ScreenProfile(Profile):
    """How often the hub speaks for this page."""

    beat_s: float = Field(5, ge=0.05, le=60)


class Presence(Driver):
    """One screen."""

    kind: ClassVar[str] = "presence"
    profile: ClassVar[type[ScreenProfile]] = ScreenProfile
    verbs: ClassVar[Mapping[str, type[BaseModel]]] = {"status": NoArguments}
    pace: ClassVar[Pace] = Pace(poll_s=0.0, poll_wait_s=90.0, miss_s=0.0, back_off_s_max=0.3)

    def __init__(self, profile: ScreenProfile, link: Transport, clock: Clock) -> None:
        self._profile, self._link, self._clock = profile, link, clock
        self._last: Beat | None = None
        self._loads = 0
        self._refused = 0
        self.bell = Bell(announce=lambda _: None, show=lambda _: None)

    async def identify(self) -> Identity:
        """The page that is open. Raises NoBeat."""
        beat = await self._next()
        self._last = beat
        return Identity(model=beat.page, firmware=beat.version)

    async def poll(self) -> Condition:
        """The next beat, or a miss. Raises NoBeat."""
        beat = await self._next()
        self._loads += self._last is not None and beat.session != self._last.session
        self._last = beat
        figures: dict[str, int | float | str | bool | None] = {
            "page": beat.page,
            "version": beat.version,
            "visible": beat.visible,
            "reloads": self._loads,
            "battery_pct": beat.battery_pct,
            "charging": beat.charging,
            "clock_skew_s": beat.clock_skew_s,
            "beats_refused": self._refused,
        }
        empty = beat.battery_pct is not None and beat.battery_pct <= BATTERY_LOW_PCT and beat.charging is False
        return Condition(reason="screen_battery_low" if empty else "" if beat.visible else "page_hidden", figures=figures)

    async def run(self, job: Job) -> Result:  # noqa: ARG002 - every verb is answered alike
        """`status`: the state is told anyway."""
        return Result.done()

    async def stop(self) -> None:
        """Nothing is held."""
        await self._link.close()

    async def _next(self) -> Beat:
        """The next good beat in little more than a beat's time. Raises NoBeat."""
        message = await self._link.read(self._profile.beat_s * 1.1)
        if not message:
            raise NoBeat
        try:
            return Beat.model_validate_json(message)
        except ValidationError:
            self._refused += 1
            raise NoBeat(refused=self._refused) from None
