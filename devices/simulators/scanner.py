"""A barcode scanner, on a serial line or as a keyboard: it sends what a person holds before it, and what a bad cable makes of it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field, field_validator

from devices.simulators.keys import KeysEnd, Separator
from devices.simulators.on_wire import OnWire
from devices.simulators.verbs import Args, Nothing

GS = "\x1d"
_ELEMENT = re.compile(r"\((\d{2,4})\)([^()]+)")
_CLOSED = re.compile(r"0[0-4]|1[1-9]|20|3[1-6]|41")  # application identifiers after which no separator is printed
_AIM = {"code128": "]C1", "databar": "]e0", "datamatrix": "]d2", "qr": "]Q3"}


class ScanOne(Args):
    """A code, as printed under the bars; `aim` is the prefix of three characters some scanners send."""

    code: str = Field(min_length=1, max_length=4000)
    aim: str = Field("", max_length=3)
    suffix: str = Field("\r", max_length=2)


class Gs1(Args):
    """A GS1 code as it is printed in brackets; `carrier` is what it is printed as: code128, databar, datamatrix or qr."""

    elements: str = Field("(01)06901234567892(17)271231(10)LOT-7(21)S0042", max_length=400)
    carrier: str = "code128"

    @field_validator("elements")
    @classmethod
    def _has_brackets(cls, elements: str) -> str:
        if not re.fullmatch(rf"({_ELEMENT.pattern})+", elements):
            raise ValueError("elements look like (01)06901234567892(10)LOT")
        return elements

    @field_validator("carrier")
    @classmethod
    def _is_carrier(cls, carrier: str) -> str:
        if carrier not in _AIM:
            raise ValueError(f"one of {', '.join(_AIM)}")
        return carrier

    def printed(self) -> str:
        """The characters in the bars: a separator stands after every value of open length but the last."""
        pairs = _ELEMENT.findall(self.elements)
        ends = [GS if not _CLOSED.match(ai) else "" for ai, _ in pairs[:-1]] + [""]
        return "".join(ai + value + end for (ai, value), end in zip(pairs, ends, strict=True))


class Prefixes(Args):
    """Whether it sends the AIM prefix of GS1 codes."""

    on: bool = True


class Split(Args):
    """A code that comes in pieces of `every` characters, with a pause between."""

    code: str = Field(min_length=1, max_length=4000)
    every: int = Field(4, ge=1)
    pause_s: float = Field(0.01, ge=0, le=1)


class Merged(Args):
    """Several codes in one piece."""

    codes: list[str] = Field(min_length=1, max_length=50)


class Garbage(Args):
    """Bytes as hexadecimal."""

    bytes_hex: str = Field("fffe80e31b00ff0d", pattern=r"^([0-9a-fA-F]{2})*$")


class HowSeparated(Args):
    """How a scanner that types sends the separator of GS1; `lost` is how most of them come out of their box."""

    how: Separator = "ctrl_bracket"


class DropRecords(Args):
    """After how many characters of the next code the kernel loses some."""

    after_chars: int = Field(3, ge=0, le=100)


class ScannerSim(OnWire):
    """SIMULATED."""

    kind: ClassVar[str] = "scanner"
    verbs: ClassVar[Mapping[str, type[Args]]] = {
        "scan": ScanOne,
        "gs1": Gs1,
        "prefixes": Prefixes,
        "split": Split,
        "merged": Merged,
        "garbage": Garbage,
        "unplug": Nothing,
        "plug_in": Nothing,
    }

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._sent = 0
        self._prefixes = True

    def state(self) -> dict[str, Any]:
        """What a person sees."""
        return {
            "plugged": self.end.plugged,
            "sent": self._sent,
            "prefixes": self._prefixes,
            "faults": [] if self.end.plugged else ["unplug"],
        }

    async def do(self, verb: str, args: Args) -> dict[str, Any]:
        """What a person (or a fault) does to it; `heard`: whether somebody was on the line."""
        heard = True
        match args:
            case ScanOne():
                heard = self._send((args.aim + args.code + args.suffix).encode())
            case Gs1():
                heard = self._send(((_AIM[args.carrier] if self._prefixes else "") + args.printed() + "\r").encode())
            case Prefixes():
                self._prefixes = args.on
            case Split():
                heard = await self._split(args)
            case Merged():
                heard = self._send("".join(code + "\r" for code in args.codes).encode())
            case Garbage():
                heard = self._send(bytes.fromhex(args.bytes_hex))
            case _:
                await (self.end.pull() if verb == "unplug" else self.end.plug_in())
        return {**self.state(), "heard": heard}

    async def _split(self, args: Split) -> bool:
        whole, heard = (args.code + "\r").encode(), True
        for at in range(0, len(whole), args.every):
            heard = self._send(whole[at : at + args.every]) and heard
            await asyncio.sleep(args.pause_s)
        return heard

    def _send(self, data: bytes) -> bool:
        self._sent += 1
        return self.end.send(data)


class TypingScannerSim(ScannerSim):
    """SIMULATED: one that is set up as a keyboard. It needs `on_keys`."""

    verbs: ClassVar[Mapping[str, type[Args]]] = {
        **ScannerSim.verbs,
        "separator": HowSeparated,
        "drop_records": DropRecords,
        "lose_release": Nothing,
    }
    end: KeysEnd

    def state(self) -> dict[str, Any]:
        """What a person sees."""
        return {**super().state(), "separator": self.end.separator}

    async def do(self, verb: str, args: Args) -> dict[str, Any]:
        """What a person (or a fault) does to it."""
        match args:
            case HowSeparated():
                self.end.separator = args.how
            case DropRecords():
                self.end.drop_after = args.after_chars
            case Nothing() if verb == "lose_release":
                self.end.lose_release = True
            case _:
                return await super().do(verb, args)
        return {**self.state(), "heard": True}
