"""A way to the Internet: the kernel's files of it in a folder, and a router, a resolver, a host far away and a head office on loopback."""

from __future__ import annotations

import asyncio
import json
import random
import shutil
import sys
from collections.abc import Mapping
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field

from devices.simulators.verbs import Args, Garble, Late, Nothing
from devices.simulators.wire import TcpEnd, UdpEnd

GATEWAY, FAR, HQ = "192.0.2.1", "198.51.100.9", "203.0.113.7:4222"  # addresses kept free for examples (RFC 5737)
_CARD = "sys/class/net/eth0"
_HEADS = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n"
_SERVFAIL, _NO_SUCH_NAME = 2, 3
Hop = Literal["cable_out", "no_address", "gateway_down", "line_down", "dns_broken", "dns_silent", "hq_down"]
_HOPS: tuple[Hop, ...] = ("cable_out", "no_address", "gateway_down", "line_down", "dns_broken", "dns_silent", "hq_down")


class Lose(Args):
    """So many of a hundred pings are lost, to the router (`shop`) or only beyond it (`line`)."""

    pct: int = Field(30, ge=0, le=100)
    where: Literal["shop", "line"] = "line"


class InternetSim:
    """SIMULATED. `folder` is its root; what it plays on loopback stands in the file `outside`."""

    kind: ClassVar[str] = "internet"
    verbs: ClassVar[Mapping[str, type[Args]]] = {
        **dict.fromkeys(_HOPS, Nothing),
        "lose": Lose,
        "slow": Late,
        "garble": Garble,
        **dict.fromkeys(("unplug", "plug_in", "heal"), Nothing),
    }
    end: None = None

    def __init__(self, name: str, folder: Path) -> None:
        self.name, self._folder = name, folder
        self._faults: set[str] = set()
        self._lost = {"shop": 0, "line": 0}
        self._slow_s, self._garbled = 0.0, 0
        self._chance = random.Random(7)  # noqa: S311 - the same losses in every run
        self._router = UdpEnd(0, lambda data, who: self._echo(self._router, data, who, beyond=False))
        self._far = UdpEnd(0, lambda data, who: self._echo(self._far, data, who, beyond=True))
        self._names = UdpEnd(0, self._asked)
        self._hq = TcpEnd(0, lambda _: None)

    @property
    def address(self) -> str:
        """How a device host reaches it."""
        return f"internet://{self._folder}?hq={HQ}&simulated=1"

    async def start(self) -> None:
        """Switch it on, with the faults it has."""
        for end in (self._router, self._far, self._names, self._hq):
            await end.plug_in()
        played = {
            f"ping {GATEWAY}": self._router.port,
            f"ping {FAR}": self._far.port,
            f"udp {GATEWAY}:53": self._names.port,
            f"tcp {HQ}": self._hq.port,
        }
        self._write("outside", json.dumps(played))
        await self._as_it_is()

    async def stop(self) -> None:
        """Switch it off."""
        for end in (self._router, self._far, self._names, self._hq):
            await end.pull()
        shutil.rmtree(self._folder, ignore_errors=True)

    def state(self) -> dict[str, Any]:
        """What is wrong with it."""
        plugged = self._router.plugged
        faults = sorted(self._faults | ({"slow_line"} if self._slow_s else set()) | ({"garble"} if self._garbled else set()))
        losses = {f"lose_{where}_pct": pct for where, pct in self._lost.items()}
        lossy = ["lose"] if any(self._lost.values()) else []
        return {"plugged": plugged, "faults": [*faults, *lossy, *([] if plugged else ["unplug"])], "far": FAR, **losses}

    async def do(self, verb: str, args: Args) -> dict[str, Any]:
        """What happens to it."""
        if verb == "unplug":
            await self.stop()
        elif verb in {"plug_in", "heal"}:
            if verb == "heal":
                self._faults, self._lost, self._slow_s, self._garbled = set(), {"shop": 0, "line": 0}, 0.0, 0
            await self.start()
        elif isinstance(args, Lose):
            self._lost[args.where] = args.pct
        elif isinstance(args, Late):
            self._slow_s = args.seconds
        elif isinstance(args, Garble):
            self._garbled = args.answers
        else:
            self._faults.add(verb)
            await self._as_it_is()
        return self.state()

    async def _as_it_is(self) -> None:
        """The files as the faults leave them; head office listens or does not."""
        gateway = f"{int.from_bytes(IPv4Address(GATEWAY).packed, sys.byteorder):08X}"
        route = f"eth0\t00000000\t{gateway}\t0003\t0\t0\t100\t00000000\t0\t0\t0\n"
        self._write("proc/net/route", _HEADS + ("" if self._faults & {"cable_out", "no_address"} else route))
        self._write("etc/resolv.conf", f"search shop.example\nnameserver {GATEWAY}\n")
        self._write(f"{_CARD}/carrier", "0\n" if "cable_out" in self._faults else "1\n")
        self._write(f"{_CARD}/device/vendor", "SIMULATED\n")
        if self._faults & {"hq_down", "line_down", "gateway_down"}:
            await self._hq.pull()
        elif self._router.plugged:
            await self._hq.plug_in()

    def _echo(self, end: UdpEnd, data: bytes, who: Any, *, beyond: bool) -> None:
        lost = [self._lost["shop"], *([self._lost["line"]] if beyond else [])]
        cut = {"gateway_down", *(["line_down"] if beyond else [])}
        if self._faults & cut or any(self._chance.random() * 100 < pct for pct in lost):
            return
        self._send(end, data, who, late_s=self._slow_s if beyond else 0.0)

    def _asked(self, data: bytes, who: Any) -> None:
        """A name: there is none of it, which a resolver that works may well say."""
        if self._faults & {"gateway_down", "dns_silent"}:
            return
        failed = bool(self._faults & {"dns_broken", "line_down"})
        flags = 0x8180 | (_SERVFAIL if failed else _NO_SUCH_NAME)
        self._send(self._names, data[:2] + flags.to_bytes(2, "big") + data[4:], who, late_s=0.0)

    def _send(self, end: UdpEnd, data: bytes, who: Any, *, late_s: float) -> None:
        if self._garbled:
            self._garbled -= 1
            data = bytes(255 - byte for byte in data)
        if late_s:
            asyncio.get_running_loop().call_later(late_s, end.send, data, who)
        else:
            end.send(data, who)

    def _write(self, name: str, content: str) -> None:
        file = self._folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, "utf-8")
