"""A switch with 48 ports that feeds power: an agent answers for ports that go down, count errors and overload the power supply."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from pydantic import Field

from devices.simulators import snmp_agent as snmp
from devices.simulators.verbs import Args, Garble, Late, Nothing
from devices.simulators.wire import UdpEnd

PORTS = 48
FED_PORTS = 24
POWER_W, USAGE_THRESHOLD_PERCENT = 370, 90
FED_W = 6
ANY_SIZE = 1_000_000
SYSTEM, INTERFACES, MORE, ENTITY, POWER = (
    "1.3.6.1.2.1.1",
    "1.3.6.1.2.1.2.2.1",
    "1.3.6.1.2.1.31.1.1.1",
    "1.3.6.1.2.1.47.1.1.1.1",
    "1.3.6.1.2.1.105.1",
)


class OnePort(Args):
    """Which port, as the switch counts them."""

    port: int = Field(1, ge=1, le=PORTS)


class Errors(OnePort):
    """So many broken frames more have come in."""

    count: int = Field(1000, ge=1, le=4_000_000_000)


class TooBig(Args):
    """More rows at once are refused as too big."""

    rows: int = Field(8, ge=1, le=100)


@dataclass(slots=True)
class Port:
    """One port: what its counters say, and whether it feeds power."""

    number: int
    up: bool = True
    admin_up: bool = True
    errors: int = 0
    octets: int = 0
    feeds: bool = True

    @property
    def fed(self) -> bool:
        """Whether what hangs on it gets power."""
        return self.number <= FED_PORTS and self.feeds


class NetworkGearSim:
    """SIMULATED. Speaks SNMP v2c; its community is `public` for reading and changing."""

    kind: ClassVar[str] = "network_gear"
    verbs: ClassVar[Mapping[str, type[Args]]] = {
        "port_down": OnePort,
        "port_up": OnePort,
        "errors": Errors,
        "reboot": Nothing,
        "poe_overload": Nothing,
        "dont_answer": Nothing,
        "wrong_community": Nothing,
        "too_big": TooBig,
        "garble": Garble,
        "slow": Late,
        "unplug": Nothing,
        "plug_in": Nothing,
        "heal": Nothing,
    }

    def __init__(self, name: str) -> None:
        self.name = name
        self.end: UdpEnd
        self.community = "public"
        self.questions = 0
        self._late: set[asyncio.TimerHandle] = set()
        self._boot()
        self._no_faults()
        self.tree = self._grown()

    def _boot(self) -> None:
        self._booted_at = time.monotonic()
        self.ports = {at: Port(at) for at in range(1, PORTS + 1)}

    def _no_faults(self) -> None:
        self.community = "public"
        self._mute = self._overloaded = False
        self._late_s = 0.0
        self._garble = 0
        self._too_big_over = ANY_SIZE

    @classmethod
    def on_udp(cls, name: str, port: int = 0) -> NetworkGearSim:
        """On a UDP port of loopback; 0 takes a free one. `start` it."""
        sim = cls(name)
        sim.end = UdpEnd(port, sim.received)
        return sim

    @property
    def address(self) -> str:
        """How a device host reaches it."""
        return f"snmp://127.0.0.1:{self.end.port}?simulated=1"

    async def start(self) -> None:
        """Plug it in."""
        await self.end.plug_in()

    async def stop(self) -> None:
        """Take it off the wire."""
        for timer in self._late:
            timer.cancel()
        await self.end.pull()

    @property
    def poe_w(self) -> int:
        """What all ports draw, in watts."""
        return POWER_W if self._overloaded else FED_W * sum(port.fed for port in self.ports.values())

    def state(self) -> dict[str, Any]:
        """What a person sees."""
        down = [port.number for port in self.ports.values() if not port.up]
        return {"plugged": self.end.plugged, "ports": PORTS, "down": down, "poe_w": self.poe_w, "faults": self._faults()}

    def _faults(self) -> list[str]:
        found = {
            "unplug": not self.end.plugged,
            "dont_answer": self._mute,
            "wrong_community": self.community != "public",
            "poe_overload": self._overloaded,
            "too_big": self._too_big_over != ANY_SIZE,
            "slow": self._late_s,
            "garble": self._garble,
        }
        return [name for name, on in found.items() if on]

    async def do(self, verb: str, args: Args) -> dict[str, Any]:
        """What a person (or a fault) does to it."""
        match verb, args:
            case "errors", Errors():
                port = self.ports[args.port]
                port.errors = (port.errors + args.count) % 2**32
            case (("port_down" | "port_up"), OnePort()):
                self.ports[args.port].up = verb == "port_up"
            case "too_big", TooBig():
                self._too_big_over = args.rows
            case "garble", Garble():
                self._garble = args.answers
            case "slow", Late():
                self._late_s = args.seconds
            case "reboot", _:
                self._boot()
            case "unplug", _:
                await self.end.pull()
            case (("dont_answer" | "wrong_community" | "poe_overload"), _):
                self._break(verb)
            case _:
                await self._mend(verb)
        return self.state()

    def _break(self, verb: str) -> None:
        if verb == "dont_answer":
            self._mute = True
        elif verb == "poe_overload":
            self._overloaded = True
        else:
            self.community = "another"

    async def _mend(self, verb: str) -> None:
        if verb == "heal":
            self._no_faults()
        await self.end.plug_in()

    # the wire

    def received(self, data: bytes, sender: Any) -> None:
        """A datagram came; what cannot be read, or names another community, is not answered."""
        try:
            request = snmp.Request.read(data)
            if self._mute or request.community != self.community.encode():
                return
            said = snmp.answer(self.tree, request, self._too_big_over)
        except snmp.Malformed:
            return
        self.questions += 1
        if self._garble:
            self._garble -= 1
            said = bytes(byte ^ 0x2A for byte in said)
        if self._late_s:
            self._late.add(asyncio.get_running_loop().call_later(self._late_s, self.end.send, said, sender))
        else:
            self.end.send(said, sender)

    # what it answers for

    def _grown(self) -> snmp.Tree:
        tree = snmp.Tree()
        told = {1: "SIM-48 SIMULATED switch\r\nVersion 1.0  ", 5: f"SIMULATED {self.name}"}
        for leaf, words in told.items():
            tree.grow(f"{SYSTEM}.{leaf}.0", partial(snmp.octets, words))
        tree.grow(f"{SYSTEM}.2.0", partial(snmp.object_id, (1, 3, 6, 1, 4, 1, 8072, 9999)))
        tree.grow(f"{SYSTEM}.3.0", lambda: snmp.number(self._ticks(), snmp.TICKS))
        tree.grow(f"{ENTITY}.11.1", partial(snmp.octets, ""))
        tree.grow(f"{ENTITY}.11.2", partial(snmp.octets, f"SIM-{self.name}"))
        for at in range(1, PORTS + 1):
            self._grow_port(tree, at)
        self._grow_interface(tree, PORTS + 1, "Vlan1", kind=136)
        for at in range(1, FED_PORTS + 1):
            self._grow_feed(tree, at)
        for leaf, unit in {2: lambda: POWER_W, 3: lambda: 1, 4: lambda: self.poe_w, 5: lambda: USAGE_THRESHOLD_PERCENT}.items():
            tree.grow(f"{POWER}.3.1.1.{leaf}.1", partial(_told, unit, snmp.GAUGE32 if leaf in {2, 4} else snmp.INTEGER))
        return tree

    def _ticks(self) -> int:
        return int((time.monotonic() - self._booted_at) * 100) % 2**32

    def _grow_interface(self, tree: snmp.Tree, at: int, name: str, kind: int) -> None:
        tree.grow(f"{INTERFACES}.3.{at}", partial(snmp.number, kind))
        tree.grow(f"{MORE}.1.{at}", partial(snmp.octets, name))

    def _grow_port(self, tree: snmp.Tree, at: int) -> None:
        self._grow_interface(tree, at, f"GigabitEthernet1/0/{at}", kind=6)
        counter32, counter64 = snmp.COUNTER32, snmp.COUNTER64
        tree.grow(f"{INTERFACES}.7.{at}", lambda: snmp.number(1 if self.ports[at].admin_up else 2))
        tree.grow(f"{INTERFACES}.8.{at}", lambda: snmp.number(1 if self.ports[at].up else 2))
        tree.grow(f"{INTERFACES}.14.{at}", lambda: snmp.number(self.ports[at].errors, counter32))
        tree.grow(f"{INTERFACES}.20.{at}", partial(snmp.number, 0, counter32))
        tree.grow(f"{MORE}.6.{at}", lambda: snmp.number(self.ports[at].octets, counter64))
        tree.grow(f"{MORE}.10.{at}", lambda: snmp.number(self.ports[at].octets, counter64))
        tree.grow(f"{MORE}.15.{at}", lambda: snmp.number(1000 if self.ports[at].up else 0, snmp.GAUGE32))
        tree.grow(f"{MORE}.18.{at}", partial(snmp.octets, f"椅位 {at}" if at <= FED_PORTS else ""))

    def _grow_feed(self, tree: snmp.Tree, at: int) -> None:
        def feed(value: int) -> None:
            self.ports[at].feeds = value == 1

        tree.grow(f"{POWER}.1.1.3.1.{at}", lambda: snmp.number(1 if self.ports[at].feeds else 2), feed)
        tree.grow(f"{POWER}.1.1.6.1.{at}", lambda: snmp.number(3 if self.ports[at].fed else 1))
        tree.grow(f"{POWER}.1.1.10.1.{at}", partial(snmp.number, 3))


def _told(value: Any, tag: int) -> bytes:
    return snmp.number(value(), tag)
