"""Switches, routers and access points over SNMP v2c and v3: ports, errors, power over Ethernet, reboots, and what lies around them.

What is asked: SNMPv2-MIB (RFC 3418), ENTITY-MIB (RFC 6933) for the serial number, IF-MIB (RFC 2863), POWER-ETHERNET-MIB (RFC 3621).
Questions go through a library with a socket of its own; the Transport finds the address and carries the one thing that library cannot do,
a SET over v2c.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from devices.driver import Announcement, Bell, Condition, Driver, Identity, Job, NoArguments, Pace, Profile, Result
from devices.drivers.network_gear.around import (
    ADDRESSES_MAX,
    Address,
    Neighbour,
    count_neighbours,
    read_addresses,
    read_neighbours,
)
from devices.drivers.network_gear.change import error_status, set_request
from devices.drivers.network_gear.ports import FEED_ENABLE, Port, Supply, grown, read_feeds, read_ports, read_supply
from devices.drivers.network_gear.profile import NetworkGearProfile
from devices.drivers.network_gear.wifi import Wifi, read_wifi
from devices.drivers.snmp.agent import Agent, NoAnswer
from devices.drivers.snmp.values import text
from devices.errors import BadAddress, LinkLost
from devices.transport import Peer, Transport
from hub.clock import Clock

DESCRIPTION, OBJECT_ID, UPTIME, NAME = (f"1.3.6.1.2.1.1.{leaf}.0" for leaf in (1, 2, 3, 5))
SERIAL_NUMBERS = "1.3.6.1.2.1.47.1.1.1.1.11"
SERIALS_LOOKED_AT = 32
LOOK_S = 7.0
AROUND_S = 60.0
RATE_OVER_S = 5.0
TICKS_WRAP = 2**32  # after 497 days
WRAP_MARGIN_TICKS = 60 * 100
POWER_OFF_S = 5.0
ON, OFF = 1, 2
SHOWN_AT_ONCE = 128  # an answer must fit into one message
TABLES = frozenset({"ports", "neighbours", "addresses"})
REFUSALS = frozenset({6, 16, 17})  # noAccess, authorizationError, notWritable


class From(BaseModel):
    """`ports`, `neighbours`, `addresses`: from which row on."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    first: int = Field(0, ge=0, le=ADDRESSES_MAX)


class PoeCycle(BaseModel):
    """`poe_cycle`: the port whose power goes off for five seconds, by name."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    port: str = Field(min_length=1, max_length=64)


@dataclass(frozen=True, slots=True)
class _Around:
    """What changes slowly, and when it was looked at."""

    at: float
    neighbours: int
    wifi: Wifi


@dataclass(slots=True)
class _Seen:
    """What was seen at the last look."""

    ticks: int
    at: float
    ports: dict[int, Port]
    rated: dict[int, Port] = field(default_factory=dict)  # what rates are counted from
    rated_at: float = 0.0


class NetworkGear(Driver):
    """One device with ports. It tells `rebooted`, `port_down` and `port_up`."""

    kind: ClassVar[str] = "network_gear"
    profile: ClassVar[type[Profile]] = NetworkGearProfile
    verbs: ClassVar[Mapping[str, type[BaseModel]]] = {
        "ports": From,
        "neighbours": From,
        "addresses": From,
        "poe_cycle": PoeCycle,
        "status": NoArguments,
    }
    lasting: ClassVar[frozenset[str]] = frozenset({"poe_cycle"})
    pace: ClassVar[Pace] = Pace(poll_s=10.0, poll_wait_s=8.0, miss_s=1.0, back_off_s_max=30.0)

    def __init__(self, profile: NetworkGearProfile, link: Transport, clock: Clock) -> None:
        if not isinstance(link, Peer):
            raise BadAddress(why="snmp://host:port is needed")
        self._profile, self._link, self._clock = profile, link, clock
        self._agent: Agent | None = None
        self._feeds = True  # until it has shown that it gives no power
        self._seen: _Seen | None = None
        self._around: _Around | None = None
        self.bell = Bell(announce=lambda _: None, show=lambda _: None)

    def follow(self, before: Driver) -> None:
        """A reboot breaks the connection, and is seen against the last look before it."""
        if isinstance(before, NetworkGear):
            self._seen = before._seen  # noqa: SLF001 - two of one kind

    async def identify(self) -> Identity:
        """Description and serial number. Raises CannotConnect, NoAnswer, Refused or NotUnderstood."""
        agent = await self._asked()
        said = await agent.get(DESCRIPTION)
        serials = (await agent.column(SERIAL_NUMBERS, rows_max=SERIALS_LOOKED_AT)).values()
        return Identity(model=text(said.get(DESCRIPTION), 80), serial=next(filter(None, map(text, serials)), ""))

    async def poll(self) -> Condition:
        """One look at everything. Raises CannotConnect, LinkLost, NoAnswer, Refused or NotUnderstood."""
        return (await self._look())[0]

    async def run(self, job: Job) -> Result:
        """All but `poe_cycle` change nothing. Raises as `poll`, only while nothing was written."""
        condition, ports = await self._look()
        self.bell.show(condition)
        if job.verb == "poe_cycle":
            return await self._cycle(job, [port for port in ports.values() if port.name == job.args.port])
        if job.verb in TABLES:
            rows = await self._table(job.verb, ports)
            shown = [row.told() for row in rows[job.args.first :][:SHOWN_AT_ONCE]]
            return Result.done(answer={job.verb: shown, "more": len(rows) > job.args.first + SHOWN_AT_ONCE})
        return Result.done()

    async def _table(self, name: str, ports: Mapping[int, Port]) -> Sequence[Port | Neighbour | Address]:
        """All rows of what a verb of the same name tells. Raises as `poll`."""
        if name == "ports":
            return list(ports.values())
        try:
            async with asyncio.timeout(LOOK_S):
                agent = await self._asked()
                return await (read_neighbours if name == "neighbours" else read_addresses)(agent, ports)
        except TimeoutError:
            raise NoAnswer(within_s=LOOK_S) from None

    async def stop(self) -> None:
        """Let go of both sockets."""
        self._agent = None
        await self._link.close()

    async def _asked(self) -> Agent:
        if self._agent is None:
            self._agent = await Agent.reached(self._profile, self._link)
        return self._agent

    # Looking

    async def _look(self) -> tuple[Condition, dict[int, Port]]:
        try:
            async with asyncio.timeout(LOOK_S):
                agent = await self._asked()
                system = await agent.get(UPTIME, NAME, OBJECT_ID)
                ports = await read_ports(agent)
                supply = await self._supply(agent, ports)
                around = await self._looked_around(agent, str(system.get(OBJECT_ID) or ""))
        except TimeoutError:
            raise NoAnswer(within_s=LOOK_S) from None
        ticks = system.get(UPTIME)
        if not isinstance(ticks, int):
            raise NoAnswer(missing="sysUpTime")
        self._compare(ticks, ports)
        figures = {"name": text(system.get(NAME)), "object_id": str(system.get(OBJECT_ID) or ""), "uptime_s": ticks // 100}
        figures |= {"neighbours": around.neighbours, "wifi_clients": around.wifi.clients, "access_points": around.wifi.points}
        return self._condition(ports, supply, figures), ports

    async def _looked_around(self, agent: Agent, object_id: str) -> _Around:
        """Neighbours and Wi-Fi, once a minute. Raises what the agent raises."""
        now = self._clock.monotonic()
        if self._around is None or now - self._around.at >= AROUND_S:
            self._around = _Around(now, await count_neighbours(agent), await read_wifi(agent, object_id))
        return self._around

    async def _supply(self, agent: Agent, ports: Mapping[int, Port]) -> Supply | None:
        supply = await read_supply(agent) if self._feeds else None
        self._feeds = supply is not None
        if supply is not None:
            await read_feeds(agent, ports, self._profile.poe_first_ifindex)
        return supply

    def _condition(self, ports: Mapping[int, Port], supply: Supply | None, figures: dict[str, Any]) -> Condition:
        worst = max(ports.values(), key=lambda port: port.errors_per_min, default=None)
        in_error = worst is not None and worst.errors_per_min > self._profile.errors_per_min_max
        overloaded = supply is not None and supply.overloaded
        figures |= {
            "ports": len(ports),
            "ports_up": sum(port.up is True for port in ports.values()),
            "ports_down_wanted": sum(port.up is False and port.wanted for port in ports.values()),
            "errors_per_min": round(sum(port.errors_per_min for port in ports.values()), 1),
            "worst_port": worst.name if in_error and worst else "",
            "poe_w": supply.drawn_w if supply else None,
        }
        return Condition(reason="poe_overload" if overloaded else "ports_in_error" if in_error else "", figures=figures)

    def _compare(self, ticks: int, ports: dict[int, Port]) -> None:
        """With the look before: rates, and what there is to tell."""
        now = self._clock.monotonic()
        before = self._seen
        if before is None or self._rebooted(before, ticks, now):
            if before is not None:
                self._tell("rebooted", uptime_s=ticks // 100)
            rated, rated_at = ports, now
        else:
            rated, rated_at = _rate(before, ports, now)
        for index, port in ports.items():
            was = before.ports.get(index) if before else None
            if was is not None and None not in {was.up, port.up} and was.up != port.up:
                self._tell("port_up" if port.up else "port_down", port=port.name)
        self._seen = _Seen(ticks, now, ports, rated, rated_at)

    @staticmethod
    def _rebooted(before: _Seen, ticks: int, now: float) -> bool:
        due = before.ticks + (now - before.at) * 100
        return ticks < before.ticks and due < TICKS_WRAP - WRAP_MARGIN_TICKS

    def _tell(self, name: str, **body: Any) -> None:
        self.bell.announce(Announcement(name=name, body=body))

    # Power

    async def _cycle(self, job: Job, named: list[Port]) -> Result:
        if len(named) != 1:  # two of one name: nobody can say which is meant
            return Result.refused("no_such_port")
        port = named[0]
        if port.feed_enabled is None:
            return Result.refused("no_poe")
        if self._profile.version != "v2c":
            return Result.refused("no_set_over_v3")
        feed = f"{FEED_ENABLE}.1.{port.index - self._profile.poe_first_ifindex + 1}"
        await job.before_writing()
        off = on = None
        try:
            off = await self._set(feed, OFF)
            if off in REFUSALS:
                return Result.refused("snmp_read_only")
            await self._clock.sleep(POWER_OFF_S)
        finally:  # whatever happened to the first answer, or to us: nothing is left without power
            if off not in REFUSALS:
                on = await self._set(feed, ON)
        return Result.done() if off == on == 0 else Result.unknown("poe_unconfirmed")

    async def _set(self, oid: str, value: int) -> int | None:
        """Sent once. The error status the device answers with; None when no answer came."""
        request = secrets.randbelow(2**31)
        within = self._profile.answer_wait_s
        try:
            await self._link.write(set_request(self._profile.community.get_secret_value().encode(), request, oid, value), within)
            async with asyncio.timeout(within):
                while (status := error_status(await self._link.read(within), request)) is None:
                    pass
        except (TimeoutError, LinkLost):
            return None
        return status


def _rate(before: _Seen, ports: Mapping[int, Port], now: float) -> tuple[dict[int, Port], float]:
    """Give `ports` their rates; says what the next ones are counted from, and since when."""
    over_s = now - before.rated_at
    if over_s < RATE_OVER_S:
        for index, port in ports.items():
            if was := before.ports.get(index):
                port.errors_per_min, port.bps = was.errors_per_min, was.bps
        return before.rated, before.rated_at
    for index, port in ports.items():
        if was := before.rated.get(index):
            errors = sum(grown(count, was.errors[name], 32) for name, count in port.errors.items() if name in was.errors)
            port.errors_per_min = errors * 60 / over_s
            port.bps = {
                name: int(grown(count, was.octets[name], 64) * 8 / over_s) for name, count in port.octets.items() if name in was.octets
            }
    return dict(ports), now
