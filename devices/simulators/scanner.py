"""A barcode scanner on a serial line: it sends what a person holds before it, and what a bad cable makes of it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field

from devices.simulators.on_wire import OnWire
from devices.simulators.verbs import Args, Nothing


class ScanOne(Args):
    """A code, as printed under the bars; `aim` is the prefix of three characters some scanners send."""

    code: str = Field(min_length=1, max_length=4000)
    aim: str = Field("", max_length=3)
    suffix: str = Field("\r", max_length=2)


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


class ScannerSim(OnWire):
    """SIMULATED."""

    kind: ClassVar[str] = "scanner"
    verbs: ClassVar[Mapping[str, type[Args]]] = {
        "scan": ScanOne,
        "split": Split,
        "merged": Merged,
        "garbage": Garbage,
        "unplug": Nothing,
        "plug_in": Nothing,
    }

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._sent = 0

    def state(self) -> dict[str, Any]:
        """What a person sees."""
        return {"plugged": self.end.plugged, "sent": self._sent, "faults": [] if self.end.plugged else ["unplug"]}

    async def do(self, verb: str, args: Args) -> dict[str, Any]:
        """What a person (or a fault) does to it; `heard`: whether somebody was on the line."""
        match args:
            case ScanOne():
                heard = self._send((args.aim + args.code + args.suffix).encode())
            case Split():
                heard = await self._split(args)
            case Merged():
                heard = self._send("".join(code + "\r" for code in args.codes).encode())
            case Garbage():
                heard = self._send(bytes.fromhex(args.bytes_hex))
            case _:
                await (self.end.pull() if verb == "unplug" else self.end.plug_in())
                heard = True
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
