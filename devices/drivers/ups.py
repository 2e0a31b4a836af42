r"""Uninterruptible power supplies, asked through the line protocol of NUT (RFC 9271, port 3493). Nothing is ever set.

`LIST VAR <ups>` → `BEGIN LIST VAR <ups>`, rows of `VAR <ups> <name> "<value>"` (in a value `\"`, `\\`, `\#`), `END LIST VAR <ups>`; or `ERR <code>`.
That NUT knows nothing (`DATA-STALE`, `DRIVER-NOT-CONNECTED`, status `WAIT`) says nothing of the mains: it is a reason of its own.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import ClassVar

from pydantic import BaseModel, Field

from devices.driver import Announcement, Bell, Condition, Driver, Identity, Job, NoArguments, Pace, Profile, Result
from devices.errors import Silent, WrongDevice
from devices.transport import Transport
from hub.clock import Clock

BYTES_MAX = 65_536
ROWS_MAX = 1000
WRITE_S = 1.0
TEXT_MAX = 60
NAME = r"[A-Za-z0-9._-]{1,60}"
_WORD = re.compile(r'"([^"\\]*(?:\\.[^"\\]*)*)"|([^ "\\]+)')
_NUMBER = re.compile(r"[0-9]{1,7}(\.[0-9]{1,6})?")
_UNKNOWN = {"DATA-STALE": "ups_stale", "DRIVER-NOT-CONNECTED": "ups_driver_gone"}


class NoSuchUps(WrongDevice):
    """NUT looks after no UPS of this name, or after none or several where none is named."""

    reason = "ups_not_found"


class NutSilent(Silent):
    """NUT gives no answer that can be understood. Not the reason of other devices: a UPS must not be switched off and on."""

    reason = "nut_silent"


class NothingKnown(Exception):
    """NUT is there and cannot tell how the UPS is; `reason` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Refused(Exception):
    """`ERR <code>`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class TooMuch(ValueError):
    """An answer longer than any UPS gives."""


class NotALine(ValueError):
    """A line the protocol does not have."""


def words(line: bytes) -> list[str]:
    """The words of a line, quotes and escapes taken off. Raises NotALine."""
    try:
        rest = line.decode("utf-8").strip(" \r")
    except UnicodeDecodeError as why:
        raise NotALine from why
    found: list[str] = []
    while rest:
        word = _WORD.match(rest)
        if word is None or rest[word.end() : word.end() + 1] not in {"", " "}:
            raise NotALine
        found.append(word[2] or re.sub(r"\\(.)", r"\1", word[1]))
        rest = rest[word.end() :].lstrip(" ")
    return found


class Answer:
    """The answer to `LIST <asked>`, put together as its bytes come; lines that do not belong to it are counted."""

    def __init__(self, asked: str) -> None:
        self._asked = asked.split()
        self._rest = b""
        self._bytes = 0
        self._begun = False
        self.rows: dict[str, str] = {}
        self.complete = False
        self.ignored = 0

    def take(self, data: bytes) -> None:
        """Raises Refused for `ERR`, TooMuch beyond BYTES_MAX or ROWS_MAX."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._line(line)
        self._bytes += len(data)
        if self._bytes > BYTES_MAX or len(self.rows) > ROWS_MAX:
            raise TooMuch

    def _line(self, line: bytes) -> None:
        try:
            found = words(line)
        except NotALine:
            found = []
        match found:
            case ["ERR", code, *_] if not self.complete:
                raise Refused(code)
            case ["BEGIN", "LIST", *asked] if asked == self._asked and not self._begun:
                self._begun = True
            case ["END", "LIST", *asked] if asked == self._asked and self._begun and not self.complete:
                self.complete = True
            case [*asked, name, value] if asked == self._asked and self._begun and not self.complete:
                self.rows[name] = value
            case _:
                self.ignored += 1


class UpsProfile(Profile):
    """Which UPS of this NUT it is."""

    ups: str = Field("", pattern=f"^({NAME})?$")  # its name there; empty: the only one
    answer_wait_s: float = Field(1.0, ge=0.05, le=2.5)  # how long an answer may take


class Ups(Driver):
    """One UPS. It tells `power_lost`, `power_back` and `battery_low` when it sees the change; what is not known changes nothing."""

    kind: ClassVar[str] = "ups"
    profile: ClassVar[type[UpsProfile]] = UpsProfile
    verbs: ClassVar[Mapping[str, type[BaseModel]]] = {"status": NoArguments}
    pace: ClassVar[Pace] = Pace(poll_s=2.0, poll_wait_s=10.0)

    def __init__(self, profile: UpsProfile, link: Transport, clock: Clock) -> None:
        self._profile, self._link, self._clock = profile, link, clock
        self._ups = profile.ups
        self._mains: bool | None = None  # as last known
        self._low = False
        self._ignored = 0
        self.bell = Bell(announce=lambda _: None, show=lambda _: None)

    def follow(self, before: Driver) -> None:
        """Mains that come back while NUT is away are told when it is there again."""
        if isinstance(before, Ups):
            self._mains, self._low = before._mains, before._low  # noqa: SLF001 - two of one kind

    async def identify(self) -> Identity:
        """Make and model, when NUT knows them now. Raises CannotConnect, LinkLost, NutSilent or NoSuchUps."""
        await self._link.open()
        self._ups = self._profile.ups or self._only(await self._list("UPS"))
        try:
            told = await self._list(f"VAR {self._ups}")
        except NothingKnown:
            return Identity()
        made = " ".join(filter(None, (_text(told, "ups.mfr"), _text(told, "ups.model"))))
        return Identity(model=made[:TEXT_MAX], serial=_text(told, "ups.serial"), firmware=_text(told, "ups.firmware"))

    async def poll(self) -> Condition:
        """What NUT knows of it now. Raises LinkLost, NutSilent or NoSuchUps."""
        try:
            told = await self._list(f"VAR {self._ups}")
        except NothingKnown as why:
            return self._condition(why.reason, {})
        status = set(told.get("ups.status", "").split())
        if not status & {"OL", "OB"}:  # WAIT: its driver has no news yet
            return self._condition("ups_stale", {})
        self._tell(mains="OB" not in status, low={"OB", "LB"} <= status, told=told)
        return self._condition(_reason(status), told)

    async def run(self, job: Job) -> Result:  # noqa: ARG002 - there is one verb
        """`status`: one more look. Raises LinkLost, NutSilent or NoSuchUps."""
        self.bell.show(await self.poll())
        return Result.done()

    async def stop(self) -> None:
        """Let go of the connection."""
        await self._link.close()

    def _only(self, found: Mapping[str, str]) -> str:
        names = [name for name in found if re.fullmatch(NAME, name)]
        if len(names) != 1:
            raise NoSuchUps(there=", ".join(names))
        return names[0]

    def _condition(self, reason: str, told: Mapping[str, str]) -> Condition:
        return Condition(reason=reason, figures={**_figures(told), "lines_ignored": self._ignored})

    def _tell(self, *, mains: bool, low: bool, told: Mapping[str, str]) -> None:
        news = []
        if mains != (self._mains is not False):  # before the first look the mains are taken to be there
            news.append("power_back" if mains else "power_lost")
        if low and not self._low:
            news.append("battery_low")
        self._mains, self._low = mains, low
        figures = _figures(told)
        for name in news:
            self.bell.announce(Announcement(name=name, body={said: figures[said] for said in ("battery_pct", "minutes_left")}))

    async def _list(self, asked: str) -> dict[str, str]:
        """One question and its answer. Raises NothingKnown, NoSuchUps, LinkLost or NutSilent.

        After the last two the connection is given up, so an answer that comes late is never read as that to another question.
        """
        answer = Answer(asked)
        await self._link.write(f"LIST {asked}\n".encode("ascii"), WRITE_S)
        try:
            async with asyncio.timeout(self._profile.answer_wait_s):
                while not answer.complete:
                    answer.take(await self._link.read(self._profile.answer_wait_s))
        except TimeoutError:
            raise NutSilent(asked=asked) from None
        except TooMuch:
            raise NutSilent(asked=asked, bytes_max=BYTES_MAX, rows_max=ROWS_MAX) from None
        except Refused as why:
            raise self._understood(why.code) from None
        finally:
            self._ignored += answer.ignored
        return answer.rows

    def _understood(self, code: str) -> Exception:
        if code in _UNKNOWN:
            return NothingKnown(_UNKNOWN[code])
        return NoSuchUps(name=self._ups) if code == "UNKNOWN-UPS" else NutSilent(said=code)


def _reason(status: set[str]) -> str:
    """The most urgent one."""
    if "OB" in status:
        return "battery_low" if "LB" in status else "on_battery"
    if "OVER" in status:
        return "ups_overload"
    return "replace_battery" if "RB" in status else ""


def _figures(told: Mapping[str, str]) -> dict[str, int | float | None]:
    """Null where the UPS does not tell."""
    charge, seconds, load, volts = (_number(told, name) for name in ("battery.charge", "battery.runtime", "ups.load", "input.voltage"))
    return {
        "battery_pct": None if charge is None else int(charge),
        "minutes_left": None if seconds is None else int(seconds) // 60,
        "load_pct": None if load is None else int(load),
        "input_v": None if volts is None else float(volts),
    }


def _number(told: Mapping[str, str], name: str) -> Decimal | None:
    """Drivers that do not know give words or a number below nothing."""
    said = told.get(name, "")
    return Decimal(said) if _NUMBER.fullmatch(said) else None


def _text(told: Mapping[str, str], name: str) -> str:
    return "".join(letter for letter in told.get(name, "") if letter.isprintable()).strip()[:TEXT_MAX]
