"""Scales that answer questions. Only a weight that has come to rest is ever given out, as whole milligrams.

Three languages (`dialect`), each one question and one answer; whatever else comes is no weight:

- `toledo_8217`: `W` → STX, kilograms with a point (`01.250`), perhaps `N` for net, CR; or STX `?` status CR.
- `mt_sics`: `SI` → `S S` (at rest), `S D` (moving), weight and unit; `S +` and `S -` (over, under), `S I` (not now).
- `cas`: ENQ → ACK; DC1 → SOH STX, `S` or `U` (moving), sign, six characters, unit, XOR of all from the `S` on, ETX EOT.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import reduce
from operator import xor
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from devices.driver import Announcement, Bell, Condition, Driver, Identity, Job, NoArguments, Pace, Profile, Result
from devices.errors import Silent
from devices.transport import Transport
from hub.clock import Clock
from hub.ports import Weight

ANSWER_MAX = 64
QUIET_S = 0.05  # a line on which nothing came for so long owes no answer any more
AT_ONCE_S = 0.002  # what has come already is read
AGAIN_S = 0.1
WRITE_S = 2.0
ENQ, ACK, DC1 = b"\x05", b"\x06", b"\x11"
_MG = {"kg": 1_000_000, "g": 1000, "mg": 1, "t": 1_000_000_000}
_NUMBER = re.compile(r"\d{1,6}(\.\d{1,6})?")
_TOLEDO = re.compile(rb"\x02([0-9]{1,3}\.[0-9]{1,4})N?\r")
_TOLEDO_STATUS = re.compile(rb"\x02\?([\x00-\x7f])\r")
_SICS = re.compile(rb"S ([SD]) +(-?[0-9.]+) (mg|g|kg|t)\r\n")
_CAS = re.compile(rb"\x01\x02([SU])([ -])([0-9. ]{6})(kg| g)([\x00-\xff])\x03\x04", re.DOTALL)


class At(StrEnum):
    """What the pan does."""

    REST = ""
    MOVING = "scale_moving"
    OVER = "over_capacity"
    UNDER = "under_zero"


@dataclass(frozen=True, slots=True)
class Reading:
    """One answer; `mg` only at rest."""

    at: At
    mg: int | None = None


class NotAWeight(ValueError):
    """An answer the dialect does not have."""


def toledo(answer: bytes) -> Reading:
    """An answer to `W`. Raises NotAWeight."""
    if weight := _TOLEDO.fullmatch(answer):
        return Reading(At.REST, _milligrams(weight[1].decode("ascii"), "kg"))
    if said := _TOLEDO_STATUS.fullmatch(answer):
        bits = said[1][0]
        if bits & 0x40:  # it did not understand the question
            raise NotAWeight
        return Reading(At.OVER if bits & 0x02 else At.UNDER if bits & 0x04 else At.MOVING)
    raise NotAWeight


def sics(answer: bytes) -> Reading:
    """An answer to `SI`. Raises NotAWeight."""
    if said := {b"S +\r\n": At.OVER, b"S -\r\n": At.UNDER, b"S I\r\n": At.MOVING}.get(answer):
        return Reading(said)
    weight = _SICS.fullmatch(answer)
    if weight is None:
        raise NotAWeight
    return _reading(weight[1] == b"S", weight[2].decode("ascii"), weight[3].decode("ascii"))


def cas(answer: bytes) -> Reading:
    """An answer to DC1. Raises NotAWeight."""
    weight = _CAS.fullmatch(answer)
    if weight is None or reduce(xor, answer[2:-3]) != weight[5][0]:
        raise NotAWeight
    sign = weight[2].decode("ascii").strip()
    return _reading(weight[1] == b"S", sign + weight[3].decode("ascii").strip(), weight[4].decode("ascii").strip())


def _reading(at_rest: bool, number: str, unit: str) -> Reading:  # noqa: FBT001
    milligrams = _milligrams(number.removeprefix("-"), unit)
    if number.startswith("-") and milligrams:
        return Reading(At.UNDER)
    return Reading(At.REST, milligrams) if at_rest else Reading(At.MOVING)


def _milligrams(number: str, unit: str) -> int:
    """Raises NotAWeight for what is no number, or no whole milligrams: nothing of a weight is ever rounded away."""
    if not _NUMBER.fullmatch(number):
        raise NotAWeight
    weight = Decimal(number) * _MG[unit]
    if weight != int(weight):
        raise NotAWeight
    return int(weight)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Language:
    ask: bytes
    ends: bytes
    read: Callable[[bytes], Reading]


_LANGUAGES = {
    "toledo_8217": _Language(ask=b"W", ends=b"\r", read=toledo),
    "mt_sics": _Language(ask=b"SI\r\n", ends=b"\n", read=sics),
    "cas": _Language(ask=DC1, ends=b"\x04", read=cas),
}


class ScaleProfile(Profile):
    """How this scale speaks."""

    dialect: Literal["toledo_8217", "mt_sics", "cas"] = "toledo_8217"
    answer_wait_s: float = Field(0.5, ge=0.05, le=5)  # how long an answer may take


class Weigh(BaseModel):
    """`weigh`: how long to wait for the pan to come to rest."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    within_s: float = Field(5, ge=0.1, le=30)


class Scale(Driver):
    """One scale. It tells `weight` whenever another weight has come to rest on it."""

    kind: ClassVar[str] = "scale"
    profile: ClassVar[type[ScaleProfile]] = ScaleProfile
    verbs: ClassVar[Mapping[str, type[BaseModel]]] = {"weigh": Weigh, "status": NoArguments}
    pace: ClassVar[Pace] = Pace(poll_s=0.25, poll_wait_s=4.0, miss_s=0.5, back_off_s_max=4.0)

    def __init__(self, profile: ScaleProfile, link: Transport, clock: Clock) -> None:
        self._profile, self._link, self._clock = profile, link, clock
        self._language = _LANGUAGES[profile.dialect]
        self._owed = True  # an answer to an earlier question may still come
        self._told: int | None = None
        self._refused = 0
        self.bell = Bell(announce=lambda _: None, show=lambda _: None)

    async def identify(self) -> Identity:
        """Whether it answers, and its name where the dialect has one. Raises CannotConnect, LinkLost or Silent."""
        await self._link.open()
        await self._read()
        if self._profile.dialect != "mt_sics":
            return Identity()
        return Identity(model=await self._text(b"I2"), serial=await self._text(b"I4"), firmware=await self._text(b"I3"))

    async def poll(self) -> Condition:
        """One look at the pan. Raises LinkLost or Silent."""
        return self._seen(await self._read())

    async def run(self, job: Job) -> Result:
        """`weigh`: the weight, when it has come to rest in time. Raises LinkLost or Silent; weighing changes nothing."""
        if job.verb == "status":
            self.bell.show(await self.poll())
            return Result.done()
        until = self._clock.monotonic() + job.args.within_s
        while True:
            reading = await self._read()
            self.bell.show(self._seen(reading))
            if reading.mg is not None:
                return Result.done(answer=Weight(mg=reading.mg).model_dump())
            if self._clock.monotonic() >= until:
                return Result.failed(reading.at)
            await self._clock.sleep(AGAIN_S)

    async def stop(self) -> None:
        """Let go of the line."""
        self._owed = True
        await self._link.close()

    def _seen(self, reading: Reading) -> Condition:
        if reading.mg is not None and reading.mg != self._told:
            self._told = reading.mg
            self.bell.announce(Announcement(name="weight", body=Weight(mg=reading.mg).model_dump()))
        why = reading.at if reading.at is not At.MOVING else ""  # a pan that moves is no fault
        return Condition(reason=why, figures={"mg": reading.mg, "answers_refused": self._refused})

    async def _read(self) -> Reading:
        """One question and its own answer. Raises Silent when none comes that can be understood.

        After a silence the first answer is thrown away: it may belong to the question before, and be the weight of another thing.
        """
        if self._owed:
            await self._exchange()
        return await self._exchange()

    async def _exchange(self) -> Reading:
        if self._profile.dialect == "cas" and await self._asked(ENQ, ACK) != ACK:
            raise self._not_understood()
        answer = await self._asked(self._language.ask, self._language.ends)
        try:
            return self._language.read(answer)
        except NotAWeight:
            raise self._not_understood() from None

    async def _text(self, ask: bytes) -> str:
        """MT-SICS I2, I3, I4: `I2 A "text"`; empty when it does not tell."""
        try:
            answer = await self._asked(ask + b"\r\n", b"\n")
        except Silent:
            return ""
        said = re.fullmatch(ask + rb' A "([ -~]{0,60})"\r\n', answer)
        return said[1].decode("ascii") if said else ""

    def _not_understood(self) -> Silent:
        self._refused += 1
        self._owed = True
        return Silent()

    async def _asked(self, question: bytes, ends: bytes) -> bytes:
        """Raises Silent."""
        while await self._link.read(QUIET_S if self._owed else AT_ONCE_S):
            self._owed = True
        await self._link.write(question, WRITE_S)
        self._owed = True
        answer = b""
        try:
            async with asyncio.timeout(self._profile.answer_wait_s):
                while not answer.endswith(ends):
                    answer += await self._link.read(self._profile.answer_wait_s)
                    if len(answer) > ANSWER_MAX:
                        raise self._not_understood()
        except TimeoutError:
            raise Silent from None
        self._owed = False
        return answer
