"""A card reader on a serial line or as a keyboard: cards that are held to it, that stay on it, and what a bad cable makes of them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field

from devices.simulators.on_wire import OnWire
from devices.simulators.verbs import Args, Nothing

Frame = Literal["cr", "stx_etx", "stx_etx_checked"]
EVERY_S = 0.05


class Held(Args):
    """A card that is held to it. One that stays is said `times` times. `number` is decimal, or hexadecimal on a reader with checksum."""

    number: str = Field("0012345678", pattern=r"^[0-9A-Fa-f]{1,32}$")
    times: int = Field(1, ge=1, le=200)


class Speaks(Args):
    """How it frames a number: with CR, between STX and ETX, or there with a checksum behind."""

    frame: Frame = "cr"


class Garbage(Args):
    """Bytes as hexadecimal."""

    bytes_hex: str = Field("ff00fe0d", pattern=r"^([0-9a-fA-F]{2})*$")


class CardReaderSim(OnWire):
    """SIMULATED."""

    kind: ClassVar[str] = "card_reader"
    verbs: ClassVar[Mapping[str, type[Args]]] = {
        "card": Held,
        "torn": Held,
        "frame": Speaks,
        "garbage": Garbage,
        "unplug": Nothing,
        "plug_in": Nothing,
    }

    def __init__(self, name: str, frame: Frame = "cr") -> None:
        super().__init__(name)
        self._frame: Frame = frame
        self._sent = 0

    def state(self) -> dict[str, Any]:
        """What a person sees; never a number."""
        return {"plugged": self.end.plugged, "sent": self._sent, "frame": self._frame, "faults": [] if self.end.plugged else ["unplug"]}

    async def do(self, verb: str, args: Args) -> dict[str, Any]:
        """What a person (or a fault) does to it; `heard`: whether somebody was on the line. `torn`: the card was gone too soon."""
        heard = True
        match args:
            case Held():
                framed = self._framed(args.number.upper())
                heard = self._send(framed[: len(framed) // 2] if verb == "torn" else framed)
                for _ in range(args.times - 1):
                    await asyncio.sleep(EVERY_S)
                    heard = self._send(framed) and heard
            case Speaks():
                self._frame = args.frame
            case Garbage():
                heard = self._send(bytes.fromhex(args.bytes_hex))
            case _:
                await (self.end.pull() if verb == "unplug" else self.end.plug_in())
        return {**self.state(), "heard": heard}

    def _framed(self, number: str) -> bytes:
        if self._frame == "cr":
            return number.encode() + b"\r"
        if self._frame == "stx_etx":
            return b"\x02" + number.encode() + b"\x03"
        check = 0
        for byte in bytes.fromhex(number):
            check ^= byte
        return b"\x02" + number.encode() + f"{check:02X}".encode() + b"\r\n\x03"

    def _send(self, data: bytes) -> bool:
        self._sent += 1
        return self.end.send(data)
