r"""A UPS asked through the line protocol of NUT (RFC 9271, port 3493).

`LIST VAR <ups>` → `BEGIN LIST VAR <ups>`, rows of `VAR <ups> <name> "<value>"` (in a value `\"`, `\\`, `\#`), `END LIST VAR <ups>`; or `ERR <code>`.
That NUT knows nothing (`DATA-STALE`, `DRIVER-NOT-CONNECTED`, status `WAIT`) says nothing of the mains: it is a reason of its own.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from decimal import Decimal

from devices.driver import Identity
from devices.drivers.ups.reading import NothingKnown, Reading, mains_v
from devices.errors import Silent, WrongDevice
from devices.transport import Transport

BYTES_MAX = 65_536
ROWS_MAX = 1000
WRITE_S = 1.0
TEXT_MAX = 60
NAME = r"[A-Za-z0-9._-]{1,60}"
LOADS = ("ups.load", *(f"output.L{phase}.power.percent" for phase in (1, 2, 3)))
MAINS = ("input.voltage", "input.L1-N.voltage")
_WORD = re.compile(r'"([^"\\]*(?:\\.[^"\\]*)*)"|([^ "\\]+)')
_NUMBER = re.compile(r"[0-9]{1,7}(\.[0-9]{1,6})?")
_UNKNOWN = {"DATA-STALE": "ups_stale", "DRIVER-NOT-CONNECTED": "ups_driver_gone"}


class NoSuchUps(WrongDevice):
    """NUT looks after no UPS of this name, or after none or several where none is named."""

    reason = "ups_not_found"


class NutSilent(Silent):
    """NUT gives no answer that can be understood. Not the reason of other devices: a UPS must not be switched off and on."""

    reason = "nut_silent"


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


class Nut:
    """One UPS of a NUT server; `name` is its name there, empty: the only one."""

    def __init__(self, name: str, answer_wait_s: float, link: Transport) -> None:
        self._name, self._wait_s, self._link = name, answer_wait_s, link
        self._ups = name
        self.ignored: int | None = 0

    async def identify(self) -> Identity:
        """Raises CannotConnect, LinkLost, NutSilent or NoSuchUps."""
        await self._link.open()
        self._ups = self._name or self._only(await self._list("UPS"))
        try:
            told = await self._list(f"VAR {self._ups}")
        except NothingKnown:
            return Identity()
        made = " ".join(filter(None, (_text(told, "ups.mfr"), _text(told, "ups.model"))))
        return Identity(model=made[:TEXT_MAX], serial=_text(told, "ups.serial"), firmware=_text(told, "ups.firmware"))

    async def look(self) -> Reading:
        """Raises NothingKnown, LinkLost, NutSilent or NoSuchUps."""
        told = await self._list(f"VAR {self._ups}")
        status = set(told.get("ups.status", "").split())
        if not status & {"OL", "OB"}:  # WAIT: its driver has no news yet
            raise NothingKnown("ups_stale")
        return _reading(status, told)

    async def close(self) -> None:
        """Let go of the connection."""
        await self._link.close()

    def _only(self, found: Mapping[str, str]) -> str:
        names = [name for name in found if re.fullmatch(NAME, name)]
        if len(names) != 1:
            raise NoSuchUps(there=", ".join(names))
        return names[0]

    async def _list(self, asked: str) -> dict[str, str]:
        """One question and its answer. Raises NothingKnown, NoSuchUps, LinkLost or NutSilent.

        After the last two the connection is given up, so an answer that comes late is never read as that to another question.
        """
        answer = Answer(asked)
        await self._link.write(f"LIST {asked}\n".encode("ascii"), WRITE_S)
        try:
            async with asyncio.timeout(self._wait_s):
                while not answer.complete:
                    answer.take(await self._link.read(self._wait_s))
        except TimeoutError:
            raise NutSilent(asked=asked) from None
        except TooMuch:
            raise NutSilent(asked=asked, bytes_max=BYTES_MAX, rows_max=ROWS_MAX) from None
        except Refused as why:
            raise self._understood(why.code) from None
        finally:
            self.ignored = (self.ignored or 0) + answer.ignored
        return answer.rows

    def _understood(self, code: str) -> Exception:
        if code in _UNKNOWN:
            return NothingKnown(_UNKNOWN[code])
        return NoSuchUps(name=self._ups) if code == "UNKNOWN-UPS" else NutSilent(said=code)


def _reading(status: set[str], told: Mapping[str, str]) -> Reading:
    charge, seconds, battery = (_number(told, name) for name in ("battery.charge", "battery.runtime", "battery.voltage"))
    loads = [load for name in LOADS if (load := _number(told, name)) is not None]
    volts = next((said for name in MAINS if (said := _number(told, name)) is not None), None)
    return Reading(
        on_battery="OB" in status,
        low="LB" in status,
        off="OFF" in status,
        overload="OVER" in status,
        bypass="BYPASS" in status,
        replace="RB" in status,
        battery_pct=None if charge is None else int(charge),
        minutes_left=None if seconds is None else int(seconds) // 60,
        load_pct=int(max(loads)) if loads else None,
        input_v=mains_v(None if volts is None else float(volts)),
        battery_v=None if battery is None else float(battery),
    )


def _number(told: Mapping[str, str], name: str) -> Decimal | None:
    """Drivers that do not know give words or a number below nothing."""
    said = told.get(name, "")
    return Decimal(said) if _NUMBER.fullmatch(said) else None


def _text(told: Mapping[str, str], name: str) -> str:
    return "".join(letter for letter in told.get(name, "") if letter.isprintable()).strip()[:TEXT_MAX]
