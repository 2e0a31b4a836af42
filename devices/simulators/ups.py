"""A UPS and the NUT server it hangs on: `upsc` reads it as well as we do."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field

from devices.simulators.verbs import AfterBytes, Args, Garble, Nothing
from devices.simulators.wire import LineServer

LOW_PCT, LOW_MINUTES = 20, 2
MAINS_V, BATTERY_V = 230.4, 13.6
SAID = {
    "VER": "Network UPS Tools upsd SIMULATED",
    "NETVER": "1.3",
    "HELP": "Commands: HELP VER NETVER GET LIST LOGOUT",
    "LOGOUT": "OK Goodbye",
}
ERRORS = {"stale": "ERR DATA-STALE", "driver_gone": "ERR DRIVER-NOT-CONNECTED"}


class Battery(Args):
    """What is left in it."""

    pct: int = Field(ge=0, le=100)
    minutes: int = Field(ge=0, le=10_000)


class Load(Args):
    """What hangs on it, of what it can carry."""

    pct: int = Field(ge=0, le=300)


class UpsSim:
    """SIMULATED. Its battery does not run down by itself; `names` are those it has in NUT."""

    kind: ClassVar[str] = "ups"
    verbs: ClassVar[Mapping[str, type[Args]]] = {
        "mains_off": Nothing,
        "mains_on": Nothing,
        "battery": Battery,
        "load": Load,
        "replace_battery": Nothing,
        "stale": Nothing,
        "driver_gone": Nothing,
        "wait": Nothing,
        "dont_answer": Nothing,
        "garble": Garble,
        "half_write": AfterBytes,
        "unplug": Nothing,
        "plug_in": Nothing,
        "heal": Nothing,
    }

    def __init__(self, name: str, port: int = 0, names: tuple[str, ...] = ("ups",)) -> None:
        self.name, self.names = name, names
        self.end = LineServer(port, self._hear)
        self.mains = True
        self.pct, self.minutes, self.load = 100, 30, 20
        self._no_faults()

    def _no_faults(self) -> None:
        self._worn_out = False
        self._trouble = ""  # why NUT knows nothing: one of ERRORS, or wait
        self._mute = False
        self._garble = 0
        self._half_in: int | None = None

    @classmethod
    def on_tcp(cls, name: str, port: int = 0) -> UpsSim:
        """On a TCP port of loopback; 0 takes a free one. `start` it."""
        return cls(name, port)

    @property
    def address(self) -> str:
        """How a device host reaches it."""
        return f"tcp://127.0.0.1:{self.end.port}?simulated=1"

    async def start(self) -> None:
        """Start the server."""
        await self.end.plug_in()

    async def stop(self) -> None:
        """Stop the server."""
        await self.end.pull()

    @property
    def status(self) -> str:
        """`ups.status`, as NUT writes it."""
        if self._trouble == "wait":
            return "WAIT"
        low = self.pct <= LOW_PCT or self.minutes <= LOW_MINUTES
        found = {
            "OL": self.mains,
            "CHRG": self.mains and self.pct < 100,
            "OB": not self.mains,
            "DISCHRG": not self.mains,
            "LB": low,
            "RB": self._worn_out,
            "OVER": self.load > 100,
        }
        return " ".join(word for word, on in found.items() if on)

    def state(self) -> dict[str, Any]:
        """What a person sees."""
        return {
            "plugged": self.end.plugged,
            "mains": self.mains,
            "pct": self.pct,
            "minutes": self.minutes,
            "load": self.load,
            "status": self.status,
            "faults": self._faults(),
        }

    def _faults(self) -> list[str]:
        found = {
            "unplug": not self.end.plugged,
            "replace_battery": self._worn_out,
            self._trouble: bool(self._trouble),
            "dont_answer": self._mute,
            "garble": self._garble,
            "half_write": self._half_in is not None,
        }
        return [name for name, on in found.items() if on]

    async def do(self, verb: str, args: Args) -> dict[str, Any]:
        """What a person (or a fault) does to it."""
        match verb, args:
            case (("mains_off" | "mains_on"), _):
                self.mains = verb == "mains_on"
            case "battery", Battery():
                self.pct, self.minutes = args.pct, args.minutes
            case "load", Load():
                self.load = args.pct
            case "replace_battery", _:
                self._worn_out = True
            case (("stale" | "driver_gone" | "wait"), _):
                self._trouble = verb
            case "garble", Garble():
                self._garble = args.answers
            case "half_write", AfterBytes():
                self._half_in = args.after_bytes
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
        await self.end.plug_in()

    # the wire

    def _hear(self, line: bytes) -> bytes:
        """What is sent back for one line."""
        if self._mute:
            return b""
        if self._garble:
            self._garble -= 1
            return b'\x00\xffVAR "\\ OB LB\nBEGIN LIST\n'
        answer = ("\n".join(self._answer(line)) + "\n").encode()
        if self._half_in is not None:
            answer, self._half_in = answer[: self._half_in], None
        return answer

    def _answer(self, line: bytes) -> list[str]:
        try:
            asked = shlex.split(line.decode())
        except ValueError:  # an open quote, or no text at all
            asked = []
        if said := SAID.get(" ".join(asked)):
            return [said]
        return self._told(asked) if asked[:1] in (["LIST"], ["GET"]) else ["ERR UNKNOWN-COMMAND"]

    def _told(self, asked: list[str]) -> list[str]:
        described = _quoted(f"SIMULATED {self.name}")
        match asked:
            case ["LIST", "UPS"]:
                return ["BEGIN LIST UPS", *(f"UPS {ups} {described}" for ups in self.names), "END LIST UPS"]
            case [_, ("VAR" | "UPSDESC"), ups, *_] if ups not in self.names:
                return ["ERR UNKNOWN-UPS"]
            case ["GET", "UPSDESC", ups]:
                return [f"UPSDESC {ups} {described}"]
            case [_, "VAR", *_] if self._trouble in ERRORS:
                return [ERRORS[self._trouble]]
            case _:
                return self._told_of_variables(asked)

    def _told_of_variables(self, asked: list[str]) -> list[str]:
        rows = self._variables()
        match asked:
            case ["LIST", "VAR", ups]:
                return [f"BEGIN LIST VAR {ups}", *(f"VAR {ups} {name} {_quoted(rows[name])}" for name in rows), f"END LIST VAR {ups}"]
            case ["GET", "VAR", ups, name]:
                return [f"VAR {ups} {name} {_quoted(rows[name])}" if name in rows else "ERR VAR-NOT-SUPPORTED"]
            case _:
                return ["ERR INVALID-ARGUMENT"]

    def _variables(self) -> dict[str, str]:
        if self._trouble == "wait":  # the driver runs but has not heard of the device
            return {"driver.name": "simulated", "ups.status": self.status}
        return {
            "battery.charge": str(self.pct),
            "battery.runtime": str(self.minutes * 60),
            "battery.voltage": str(BATTERY_V),
            "driver.name": "simulated",
            "input.voltage": str(MAINS_V if self.mains else 0.0),
            "ups.firmware": "1.0 SIMULATED",
            "ups.load": str(self.load),
            "ups.mfr": "SIMULATED",
            "ups.model": '650 "desk"',
            "ups.serial": f"SIM-{self.name}",
            "ups.status": self.status,
        }


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
