"""What the tables say, as ports: IF-MIB (RFC 2863) and POWER-ETHERNET-MIB (RFC 3621), and how counters grow between two looks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from devices.drivers.snmp.agent import Agent, Index, Value
from devices.drivers.snmp.values import text, whole

_IF, _IFX, _POE = "1.3.6.1.2.1.2.2.1", "1.3.6.1.2.1.31.1.1.1", "1.3.6.1.2.1.105.1"
TYPE = f"{_IF}.3"
COLUMNS = {
    "name": f"{_IFX}.1",
    "alias": f"{_IFX}.18",
    "admin": f"{_IF}.7",
    "oper": f"{_IF}.8",
    "mbps": f"{_IFX}.15",
    "in_errors": f"{_IF}.14",
    "out_errors": f"{_IF}.20",
    "in_octets": f"{_IFX}.6",
    "out_octets": f"{_IFX}.10",
}
FEED_ENABLE, FEED_STATUS, FEED_CLASS = f"{_POE}.1.1.3", f"{_POE}.1.1.6", f"{_POE}.1.1.10"
SUPPLY = {"watts": f"{_POE}.3.1.1.2", "status": f"{_POE}.3.1.1.3", "drawn": f"{_POE}.3.1.1.4", "threshold": f"{_POE}.3.1.1.5"}
_REAL = frozenset({6, 62, 69, 71, 117})  # ifType: Ethernet in its four numbers, and radio; not VLANs, tunnels, loopback
_UP, _ON, _FAULTY, _FEEDING = 1, 1, 3, 3
_CLASS_W = {1: 15.4, 2: 4.0, 3: 7.0, 4: 15.4, 5: 30.0}  # class 0 to 4 are told as 1 to 5


def grown(now: int, then: int, bits: int) -> int:
    """By how much a counter grew. Going back it has wrapped when it was past its half; else it was cleared and counts from nought."""
    if now >= then:
        return now - then
    return now - then + 2**bits if then >= 2 ** (bits - 1) else now


@dataclass(slots=True)
class Port:
    """One port. None where the device does not tell. Rates are those between the last two looks that lay far enough apart."""

    index: int
    name: str
    alias: str
    up: bool | None
    wanted: bool  # a person has it switched on
    mbps: int | None
    errors: Mapping[str, int]
    octets: Mapping[str, int]
    feed_enabled: bool | None = None  # None: it has no power to give
    poe_w_max: float | None = None
    errors_per_min: float = 0.0
    bps: dict[str, int] = field(default_factory=dict)

    def told(self) -> dict[str, Any]:
        """As the verb `ports` says it."""
        return {
            "name": self.name,
            "alias": self.alias,
            "up": self.up,
            "wanted": self.wanted,
            "speed_mbps": self.mbps,
            "errors": sum(self.errors.values()),
            "errors_per_min": round(self.errors_per_min, 1),
            "in_bps": self.bps.get("in_octets"),
            "out_bps": self.bps.get("out_octets"),
            "poe": self.feed_enabled,
            "poe_w_max": self.poe_w_max,
        }


@dataclass(frozen=True, slots=True)
class Supply:
    """The power all ports share."""

    drawn_w: int
    overloaded: bool


async def read_ports(agent: Agent) -> dict[int, Port]:
    """Every real port by its interface's index. Raises what the agent raises."""
    real = [index for index, kind in (await agent.whole_column(TYPE)).items() if kind in _REAL and len(index) == 1]
    reaches = max(real, default=())
    columns = {name: await agent.column(oid, reaches) for name, oid in COLUMNS.items()}
    return {index[0]: _port(index, columns) for index in real}


def _port(index: Index, columns: Mapping[str, Mapping[Index, Value]]) -> Port:
    row = {name: column.get(index) for name, column in columns.items()}
    oper = whole(row["oper"])
    return Port(
        index=index[0],
        name=text(row["name"]) or f"#{index[0]}",
        alias=text(row["alias"]),
        up=None if oper is None else oper == _UP,
        wanted=whole(row["admin"]) == _ON,
        mbps=whole(row["mbps"]),
        errors={name: count for name in ("in_errors", "out_errors") if (count := whole(row[name])) is not None},
        octets={name: count for name in ("in_octets", "out_octets") if (count := whole(row[name])) is not None},
    )


async def read_feeds(agent: Agent, ports: Mapping[int, Port], first: int) -> None:
    """Tell the ports whether they give power; PoE port 1 of group 1 is interface `first`. Raises what the agent raises."""
    enabled, status, classes = [await agent.column(oid) for oid in (FEED_ENABLE, FEED_STATUS, FEED_CLASS)]
    for index, on in enabled.items():
        port = ports.get(index[1] + first - 1) if len(index) == 2 and index[0] == 1 else None
        if port is not None:
            port.feed_enabled = on == _ON
            port.poe_w_max = _CLASS_W.get(whole(classes.get(index)) or 0) if status.get(index) == _FEEDING else None


async def read_supply(agent: Agent) -> Supply | None:
    """None where it has no power to give. Raises what the agent raises."""
    columns = {name: await agent.column(oid) for name, oid in SUPPLY.items()}
    if not columns["drawn"]:
        return None
    units = [{name: whole(column.get(unit)) or 0 for name, column in columns.items()} for unit in columns["drawn"]]
    overloaded = any(
        unit["status"] == _FAULTY or (unit["watts"] and unit["drawn"] * 100 > unit["watts"] * (unit["threshold"] or 99)) for unit in units
    )
    return Supply(sum(unit["drawn"] for unit in units), bool(overloaded))
