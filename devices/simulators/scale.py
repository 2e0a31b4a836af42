"""A scale with a pan: it answers for what lies on it, and a pan that moves has no weight."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import reduce
from operator import xor
from typing import Any, ClassVar, Literal

from pydantic import Field

from devices.simulators.on_wire import OnWire
from devices.simulators.verbs import AfterBytes, Args, Garble, Late, Nothing

Dialect = Literal["toledo_8217", "mt_sics", "cas"]
CAPACITY_MG = 15_000_000
STEP_MG = 1000


class Put(Args):
    """What lies on the pan from now on, in milligrams; below nothing when the pan is lifted."""

    mg: int = Field(ge=-1_000_000, le=100_000_000)


class ScaleSim(OnWire):
    """SIMULATED. Shows steps of one gram up to 15 kg."""

    line: ClassVar[str] = "baud=9600&bits=7&parity=even"
    kind: ClassVar[str] = "scale"
    verbs: ClassVar[Mapping[str, type[Args]]] = {
        "put": Put,
        "jiggle": Nothing,
        "settle": Nothing,
        "dont_answer": Nothing,
        "late": Late,
        "garble": Garble,
        "half_write": AfterBytes,
        "unplug": Nothing,
        "plug_in": Nothing,
        "heal": Nothing,
    }

    def __init__(self, name: str, dialect: Dialect = "toledo_8217") -> None:
        super().__init__(name)
        self.dialect = dialect
        self.mg = 0
        self.moving = False
        self._heard = b""
        self._late: set[asyncio.TimerHandle] = set()
        self._no_faults()

    def _no_faults(self) -> None:
        self._mute = False
        self._late_s = 0.0
        self._garble = 0
        self._half_in: int | None = None

    async def stop(self) -> None:
        """Take it off the wire."""
        for timer in self._late:
            timer.cancel()
        await super().stop()

    def state(self) -> dict[str, Any]:
        """What a person sees."""
        return {"plugged": self.end.plugged, "mg": self.mg, "moving": self.moving, "faults": self._faults()}

    def _faults(self) -> list[str]:
        found = {
            "unplug": not self.end.plugged,
            "dont_answer": self._mute,
            "late": self._late_s,
            "garble": self._garble,
            "half_write": self._half_in is not None,
        }
        return [name for name, on in found.items() if on]

    async def do(self, verb: str, args: Args) -> dict[str, Any]:
        """What a person (or a fault) does to it."""
        match verb, args:
            case "put", Put():
                self.mg = args.mg
            case "late", Late():
                self._late_s = args.seconds
            case "garble", Garble():
                self._garble = args.answers
            case "half_write", AfterBytes():
                self._half_in = args.after_bytes
            case (("jiggle" | "settle"), _):
                self.moving = verb == "jiggle"
            case "dont_answer", _:
                self._mute = True
            case "unplug", _:
                await self.end.pull()
            case _:
                await self._mend(verb)
        return self.state()

    async def _mend(self, verb: str) -> None:
        if verb == "heal":
            self._no_faults()
            self.moving = False
        await self.end.plug_in()

    # the wire

    def received(self, data: bytes) -> None:
        """Bytes came."""
        self._heard += data
        while self._heard:
            question, self._heard = self._question()
            if not question:
                self._heard = self._heard[-16:]
                return
            self._say(getattr(self, f"_{self.dialect}")(question))

    def _question(self) -> tuple[bytes, bytes]:
        if self.dialect == "mt_sics":
            line, end, rest = self._heard.partition(b"\n")
            return (line + end, rest) if end else (b"", self._heard)
        return self._heard[:1], self._heard[1:]

    def _say(self, answer: bytes) -> None:
        if self._mute or not answer:
            return
        if self._garble:
            self._garble -= 1
            answer = bytes(b ^ 0x2A for b in answer)
        if self._half_in is not None:
            answer, self._half_in = answer[: self._half_in], None
        if self._late_s:
            timer = asyncio.get_running_loop().call_later(self._late_s, self.end.send, answer)
            self._late.add(timer)
        else:
            self.end.send(answer)

    @property
    def _shown(self) -> int:
        return round(abs(self.mg) / STEP_MG) * STEP_MG

    def _toledo_8217(self, question: bytes) -> bytes:
        if question != b"W":
            return b"\x02?\x40\r"
        bits = self.moving | 0x02 * (self.mg > CAPACITY_MG) | 0x04 * (self.mg < 0)
        if bits:
            return b"\x02?" + bytes((bits,)) + b"\r"
        return b"\x02" + f"{self._shown / 1e6:06.3f}".encode() + b"\r"

    def _mt_sics(self, question: bytes) -> bytes:
        told = {b"I2": "SIM-15 SIMULATED", b"I3": "1.0 SIMULATED", b"I4": f"SIM-{self.name}"}
        ask = question.strip()
        if ask in told:
            return ask + f' A "{told[ask]}"\r\n'.encode()
        if ask != b"SI":
            return b"ES\r\n"
        if self.mg > CAPACITY_MG:
            return b"S +\r\n"
        sign = "-" if self.mg < 0 else ""
        return f"S {'D' if self.moving else 'S'} {sign + format(self._shown / 1000, '.0f'):>10} g\r\n".encode()

    def _cas(self, question: bytes) -> bytes:
        if question == b"\x05":
            return b"\x06"
        if question != b"\x11":
            return b"\x15"
        if self.mg > CAPACITY_MG:
            body = b"U 99.999kg"
        else:
            body = f"{'U' if self.moving else 'S'}{'-' if self.mg < 0 else ' '}{self._shown / 1e6:06.3f}kg".encode()
        return b"\x01\x02" + body + bytes((reduce(xor, body),)) + b"\x03\x04"
