"""What lies around a device: its neighbours, which address hangs on which port, and which IP address has which. Every table is cut.

Sources: LLDP-MIB (IEEE 802.1AB), BRIDGE-MIB (RFC 4188), Q-BRIDGE-MIB (RFC 4363), ipNetToMediaTable (RFC 4293).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from devices.drivers.network_gear.ports import Port
from devices.drivers.snmp.agent import Agent, Index, Value
from devices.drivers.snmp.values import text, whole

_LLDP, _BRIDGE = "1.0.8802.1.1.2.1", "1.3.6.1.2.1.17"
CHASSIS_KIND, CHASSIS, PORT_KIND, PORT, PORT_WORDS, NAME = (f"{_LLDP}.4.1.1.{leaf}" for leaf in (4, 5, 6, 7, 8, 9))
OWN_PORT_KIND, OWN_PORT, OWN_PORT_WORDS = (f"{_LLDP}.3.7.1.{leaf}" for leaf in (2, 3, 4))
BRIDGE_PORTS = f"{_BRIDGE}.1.4.1.2"  # to interfaces
FORWARDED, FORWARDED_BY_VLAN = f"{_BRIDGE}.4.3.1.2", f"{_BRIDGE}.7.1.2.2.1.2"
ARP = "1.3.6.1.2.1.4.22.1.2"
NEIGHBOURS_MAX, ADDRESSES_MAX = 256, 1024
_CHASSIS_MAC, _CHASSIS_ADDRESS, _PORT_MAC, _PORT_ADDRESS, _PORT_NAME = 4, 5, 3, 4, 5
_IPV4 = 1
MAC_BYTES = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """Another device that speaks LLDP. `port` is ours; the others are what it says of itself, empty where it does not."""

    port: str
    chassis: str
    remote_port: str
    name: str

    def told(self) -> dict[str, Any]:
        """As the verb `neighbours` says it."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A hardware address as `aa:bb:cc:dd:ee:ff`; `port` is empty where only the IP address is known, `ip` the other way round."""

    mac: str
    port: str
    ip: str

    def told(self) -> dict[str, Any]:
        """As the verb `addresses` says it."""
        return asdict(self)


async def count_neighbours(agent: Agent) -> int:
    """How many there are, at most NEIGHBOURS_MAX. Raises what the agent raises."""
    return len(await agent.column(CHASSIS, rows_max=NEIGHBOURS_MAX))


async def read_neighbours(agent: Agent, ports: Mapping[int, Port]) -> list[Neighbour]:
    """In the order of our ports. Raises what the agent raises."""
    chassis = await agent.column(CHASSIS, rows_max=NEIGHBOURS_MAX)
    if not chassis:
        return []
    last = max(chassis)
    kinds, port_kinds, remote, words, names = [
        await agent.column(oid, last, NEIGHBOURS_MAX) for oid in (CHASSIS_KIND, PORT_KIND, PORT, PORT_WORDS, NAME)
    ]
    own = await _own_ports(agent, ports)
    rows = sorted((index for index in chassis if len(index) == 3), key=lambda index: index[1:])
    return [
        Neighbour(
            port=own.get(index[1], f"#{index[1]}"),
            chassis=identifier(chassis[index], whole(kinds.get(index)), (_CHASSIS_MAC, _CHASSIS_ADDRESS)),
            remote_port=identifier(remote.get(index), whole(port_kinds.get(index)), (_PORT_MAC, _PORT_ADDRESS)) or text(words.get(index)),
            name=text(names.get(index)),
        )
        for index in rows
    ]


async def _own_ports(agent: Agent, ports: Mapping[int, Port]) -> dict[int, str]:
    """Names of our ports by the number LLDP knows them by: as LLDP calls them; else that number is one of the bridge, or of IF-MIB."""
    kinds, ids, words = [await agent.column(oid) for oid in (OWN_PORT_KIND, OWN_PORT, OWN_PORT_WORDS)]
    known = {port.name for port in ports.values()}
    found = {index: port.name for index, port in ports.items()} | await _bridge_ports(agent, ports)
    for index in ids:
        said, described = text(ids[index]), text(words.get(index))
        names = [name for name in (said, described) if name in known]
        if names:
            found[index[0]] = names[0]
        elif whole(kinds.get(index)) == _PORT_NAME and said:
            found[index[0]] = said
    return found


async def _bridge_ports(agent: Agent, ports: Mapping[int, Port]) -> dict[int, str]:
    rows = await agent.column(BRIDGE_PORTS)
    return {index[0]: ports[at].name for index, value in rows.items() if (at := whole(value)) is not None and at in ports}


async def read_addresses(agent: Agent, ports: Mapping[int, Port]) -> list[Address]:
    """By address. Those of the bridge itself and those behind no real port have no port. Raises what the agent raises."""
    bridge = await _bridge_ports(agent, ports)
    hangs_on: dict[str, str] = {}
    for oid, leading in ((FORWARDED, 0), (FORWARDED_BY_VLAN, 1)):
        for index, value in (await agent.column(oid, rows_max=ADDRESSES_MAX)).items():
            mac = mac_of_index(index[leading:])
            name = bridge.get(whole(value) or 0, "")
            if mac and name:
                hangs_on.setdefault(mac, name)
    ips: dict[str, str] = {}
    for index, value in (await agent.column(ARP, rows_max=ADDRESSES_MAX)).items():
        if len(index) == 5 and isinstance(value, bytes) and (mac := mac_of_index(tuple(value))):
            ips.setdefault(mac, ".".join(map(str, index[1:])))
    return [Address(mac=mac, port=hangs_on.get(mac, ""), ip=ips.get(mac, "")) for mac in sorted(hangs_on.keys() | ips.keys())]


def mac_of_index(index: Index) -> str:
    """Of one station; empty for groups, for all noughts (a question nobody answered), and for what is no address."""
    is_station = len(index) == MAC_BYTES and max(index) < 256 and any(index) and not index[0] & 1
    return bytes(index).hex(":") if is_station else ""


def identifier(value: Value, kind: int | None, special: tuple[int, int]) -> str:
    """A chassis or port id in words; `special` are the kinds that mean a hardware address and an address of a network."""
    if not isinstance(value, bytes) or not value:
        return ""
    is_mac, is_address = special
    if kind == is_mac and len(value) == MAC_BYTES:
        return value.hex(":")
    if kind == is_address and value[0] == _IPV4 and len(value) == 5:
        return ".".join(map(str, value[1:]))
    if kind in special or not text(value):
        return value.hex(":")[:64]
    return text(value)
