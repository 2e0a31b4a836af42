"""A barcode scanner on a serial line: it sends what a person holds before it, and what a bad cable makes of it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from devices.simulators.wire import End, PtyEnd, TcpEnd


class Args(BaseModel):
    """Arguments of a verb."""

    model_config = ConfigDict(extra="forbid")


class Nothing(Args):
    """None."""


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


class ScannerSim:
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
        self.name = name
        self.end: End
        self._sent = 0

    @classmethod
    def on_tcp(cls, name: str, port: int = 0) -> ScannerSim:
        """On a TCP port of loopback, as `socket://`; 0 takes a free one. `start` it."""
        sim = cls(name)
        sim.end = TcpEnd(port, lambda _: None)
        return sim

    @classmethod
    def on_pty(cls, name: str, link: Path) -> ScannerSim:
        """On a pty whose path is `link`. `start` it."""
        sim = cls(name)
        sim.end = PtyEnd(link, lambda _: None)
        return sim

    @property
    def address(self) -> str:
        """How a device host reaches it."""
        if isinstance(self.end, TcpEnd):
            return f"socket://127.0.0.1:{self.end.port}?simulated=1"
        return f"serial://{self.end.link}?simulated=1"

    async def start(self) -> None:
        """Plug it in."""
        await self.end.plug_in()

    async def stop(self) -> None:
        """Take it off the wire."""
        await self.end.pull()

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
