"""A switch with 48 ports that feeds power: an agent answers for ports that go down, count errors and overload the power supply."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from pydantic import Field

from devices.simulators import snmp_agent as snmp
from devices.simulators.on_snmp import OnSnmp
from devices.simulators.verbs import Args, Nothing

PORTS = 48
FED_PORTS = 24
POWER_W, USAGE_THRESHOLD_PERCENT = 370, 90
FED_W = 6
LLDP, LLDP_SINCE, BRIDGE, ARP = "1.0.8802.1.1.2.1", 1169175, "1.3.6.1.2.1.17", "1.3.6.1.2.1.4.22.1.2"
NAMES = {1: "SIMULATED till", 2: "SIMULATED kiosk"}
WLSX = "1.3.6.1.4.1.14823.2.2.1.1.3"
INTERFACES, MORE, ENTITY, POWER = (
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


class Wifi(Args):
    """So many are on its Wi-Fi now."""

    clients: int = Field(7, ge=0, le=10_000)


class Neighbour(Args):
    """What hangs on a port and speaks LLDP; without a name it falls silent."""

    port: int = Field(1, ge=1, le=PORTS)
    name: str = Field("SIMULATED till", max_length=60)


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


class NetworkGearSim(OnSnmp):
    """SIMULATED. Speaks SNMP v2c; its community is `public` for reading and changing."""

    kind: ClassVar[str] = "network_gear"
    enterprise: ClassVar[tuple[int, ...]] = (8072, 9999)
    verbs: ClassVar[Mapping[str, type[Args]]] = {
        "port_down": OnePort,
        "port_up": OnePort,
        "errors": Errors,
        "poe_overload": Nothing,
        "neighbour": Neighbour,
        **OnSnmp.common,
    }

    def boot(self) -> None:
        """Counters start anew, and every port is up."""
        super().boot()
        self.ports = {at: Port(at) for at in range(1, PORTS + 1)}
        self.names = dict(NAMES)

    def no_faults(self) -> None:
        """As it was made."""
        super().no_faults()
        self._overloaded = False

    @property
    def poe_w(self) -> int:
        """What all ports draw, in watts."""
        return POWER_W if self._overloaded else FED_W * sum(port.fed for port in self.ports.values())

    def state(self) -> dict[str, Any]:
        """What a person sees."""
        down = [port.number for port in self.ports.values() if not port.up]
        faults = self.faults() + ["poe_overload"] * self._overloaded
        return {"plugged": self.end.plugged, "ports": PORTS, "down": down, "poe_w": self.poe_w, "faults": faults}

    async def do(self, verb: str, args: Args) -> dict[str, Any]:
        """What a person (or a fault) does to it."""
        match verb, args:
            case "errors", Errors():
                port = self.ports[args.port]
                port.errors = (port.errors + args.count) % 2**32
            case (("port_down" | "port_up"), OnePort()):
                self.ports[args.port].up = verb == "port_up"
            case "neighbour", Neighbour():
                self.names.pop(args.port, None)
                self.names.update({args.port: args.name} if args.name else {})
            case "poe_overload", _:
                self._overloaded = True
            case _:
                await self.do_common(verb, args)
        return self.state()

    # what it answers for

    def grow(self) -> None:
        """A switch with 48 ports, 24 of them feeding."""
        tree = self.tree
        self.grow_system("SIM-48 SIMULATED switch\r\nVersion 1.0  ", self.enterprise)
        tree.grow(f"{ENTITY}.11.1", partial(snmp.octets, ""))
        tree.grow(f"{ENTITY}.11.2", partial(snmp.octets, f"SIM-{self.name}"))
        for at in range(1, PORTS + 1):
            self._grow_port(tree, at)
        self._grow_interface(tree, PORTS + 1, "Vlan1", kind=136)
        for at in range(1, FED_PORTS + 1):
            self._grow_feed(tree, at)
            self._grow_around(tree, at)
        for leaf, unit in {2: lambda: POWER_W, 3: lambda: 1, 4: lambda: self.poe_w, 5: lambda: USAGE_THRESHOLD_PERCENT}.items():
            tree.grow(f"{POWER}.3.1.1.{leaf}.1", partial(_told, unit, snmp.GAUGE32 if leaf in {2, 4} else snmp.INTEGER))

    def _grow_around(self, tree: snmp.Tree, at: int) -> None:
        """Port `at`, which the bridge counts from 101 on: who speaks LLDP there, and one station that does not."""
        bridge, mac = 100 + at, (2, 0, 0, 0, 0, at)
        remote, index = f"{LLDP}.4.1.1", f"{LLDP_SINCE}.{at}.1"
        values = {4: snmp.number(4), 5: snmp.tlv(snmp.OCTETS, bytes(mac)), 6: snmp.number(5), 7: snmp.octets("eth0")}
        for leaf, value in values.items():
            tree.grow(f"{remote}.{leaf}.{index}", partial(self._if_named, at, value))
        tree.grow(f"{remote}.9.{index}", lambda: snmp.octets(self.names[at]) if at in self.names else snmp.NO_SUCH_OBJECT)
        tree.grow(f"{LLDP}.3.7.1.2.{at}", partial(snmp.number, 5))
        tree.grow(f"{LLDP}.3.7.1.3.{at}", partial(snmp.octets, f"GigabitEthernet1/0/{at}"))
        tree.grow(f"{BRIDGE}.1.4.1.2.{bridge}", partial(snmp.number, at))
        station = ".".join(map(str, (*mac[:4], 1, at)))
        tree.grow(f"{BRIDGE}.7.1.2.2.1.2.1.{station}", partial(snmp.number, bridge))
        tree.grow(f"{ARP}.{PORTS + 1}.10.0.0.{at}", partial(snmp.tlv, snmp.OCTETS, bytes((*mac[:4], 1, at))))

    def _if_named(self, at: int, value: bytes) -> bytes:
        return value if at in self.names else snmp.NO_SUCH_OBJECT

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


class WifiGearSim(NetworkGearSim):
    """SIMULATED. The same with Wi-Fi, as a controller of Aruba tells of it."""

    enterprise: ClassVar[tuple[int, ...]] = (14823, 1, 1, 32)
    verbs: ClassVar[Mapping[str, type[Args]]] = {"wifi": Wifi, **NetworkGearSim.verbs}

    def boot(self) -> None:
        """Nobody is on its Wi-Fi yet."""
        super().boot()
        self.clients = 0

    def grow(self) -> None:
        """Two access points, and who is on them."""
        super().grow()
        self.tree.grow(f"{WLSX}.1.0", partial(snmp.number, 2, snmp.GAUGE32))
        self.tree.grow(f"{WLSX}.2.0", lambda: snmp.number(self.clients, snmp.GAUGE32))

    def state(self) -> dict[str, Any]:
        """What a person sees."""
        return {**super().state(), "wifi_clients": self.clients}

    async def do(self, verb: str, args: Args) -> dict[str, Any]:
        """What a person (or a fault) does to it."""
        if isinstance(args, Wifi):
            self.clients = args.clients
            return self.state()
        return await super().do(verb, args)


def _told(value: Any, tag: int) -> bytes:
    return snmp.number(value(), tag)
