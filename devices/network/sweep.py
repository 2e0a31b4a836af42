"""Asks around in the shop's own network, once and because a person wants it. Nothing is ever written to a port.

A TCP connection is made and given up at once: a printer that got a byte would print it. Only with a community is each machine that is there
asked one question over SNMP (what it is, SNMPv2-MIB sysObjectID and sysName). Only private networks this machine hangs on itself, at most a /22.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from typing import Any

import structlog

from devices.drivers import KINDS
from devices.errors import DeviceError
from devices.messages import Candidate, Sweep
from hub.clock import Clock
from hub.errors import InvalidInput, PersonError

log = structlog.get_logger()

PORTS: Mapping[int, str] = {9100: "receipt_printer", 631: "office_printer", 20007: "payment_terminal", 3493: "ups"}
SNMP_PORT = 161
AT_ONCE = 128
KNOCK_S = 1.0  # how long one machine may take to answer; 254 silent ones with four ports each take 8 s
HOSTS_MAX = 1022  # a /22
USUAL = 24  # of a wider network only the part around this machine is asked, unless another is named
TOLD_EVERY_S = 1.0
_PRIVATE = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))
_OBJECT_ID, _NAME = "1.3.6.1.2.1.1.2.0", "1.3.6.1.2.1.1.5.0"
_SIOCGIFADDR, _SIOCGIFNETMASK = 0x8915, 0x891B


class SubnetRefused(InvalidInput):
    """Not a private network this machine hangs on itself, or a larger one than is asked at once."""

    code = "subnet_refused"
    hint = "Name a part of the shop's own network, at most a /22, or leave it empty."


class SweepRuns(PersonError):
    """One is under way."""

    code = "sweep_runs"
    hint = "Wait until it has ended."


def attached() -> list[IPv4Interface]:
    """The private IPv4 networks this machine hangs on, with its own address in each. Sends nothing."""
    found = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for _, name in socket.if_nameindex():
            asked = struct.pack("256s", name.encode()[:15])
            try:
                address, mask = (IPv4Address(fcntl.ioctl(sock, code, asked)[20:24]) for code in (_SIOCGIFADDR, _SIOCGIFNETMASK))
            except OSError:
                continue  # an interface without an address
            own = IPv4Interface(f"{address}/{mask}")
            if any(own.network.subnet_of(private) for private in _PRIVATE):
                found.append(own)
    return found


async def knock(ip: str, port: int) -> bool | None:
    """True: somebody listens there; False: the machine is there and refuses; None: no answer in time. No byte is sent."""
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as sock:
        sock.setblocking(False)
        try:
            async with asyncio.timeout(KNOCK_S):
                await loop.sock_connect(sock, (ip, port))
        except ConnectionRefusedError:
            return False
        except (OSError, TimeoutError):
            return None
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What a sweep works with; tests bring their own."""

    networks: Callable[[], list[IPv4Interface]] = attached
    knock: Callable[[str, int], Awaitable[bool | None]] = knock
    ports: Mapping[int, str] = field(default_factory=lambda: PORTS)
    snmp_port: int = SNMP_PORT


@dataclass(frozen=True, slots=True)
class Plan:
    """Whom to ask."""

    subnet: IPv4Network
    hosts: tuple[str, ...]


@dataclass(slots=True)
class _Host:
    there: bool = False
    open: list[int] = field(default_factory=list)


class Sweeper:
    """`tell` is given the body of `event/sweep` about once a second, and at the end. `found`: what the last one found."""

    def __init__(self, clock: Clock, around: Around, tell: Callable[[dict[str, Any]], object]) -> None:
        self._clock, self._around, self._tell = clock, around, tell
        self._task: asyncio.Task[None] | None = None
        self.found: list[Candidate] = []

    def begin(self, wish: Sweep) -> dict[str, Any]:
        """Begin in the background; what will be asked. Raises SubnetRefused or SweepRuns."""
        if self._task is not None and not self._task.done():
            raise SweepRuns
        plan = planned(self._around.networks(), wish.subnet)
        self._task = asyncio.create_task(self._run(plan, wish), name="sweep")
        self._task.add_done_callback(_ended)
        return {"subnet": str(plan.subnet), "hosts": len(plan.hosts)}

    async def stop(self) -> None:
        """Ask nobody any more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self, plan: Plan, wish: Sweep) -> None:
        hosts = {ip: _Host() for ip in plan.hosts}
        asked, told_at = 0, self._clock.monotonic()
        self.found = []
        todo = iter([(ip, port) for ip in hosts for port in self._around.ports])  # machine by machine: the kernel's table stays small

        def progress(*, ended: bool) -> None:
            self._tell({"subnet": str(plan.subnet), "asked": asked // len(self._around.ports), "of": len(hosts), "ended": ended})

        async def work() -> None:
            nonlocal asked, told_at
            for ip, port in todo:
                answer = await self._around.knock(ip, port)
                hosts[ip].there |= answer is not None
                if answer:
                    hosts[ip].open.append(port)
                asked += 1
                if self._clock.monotonic() - told_at >= TOLD_EVERY_S:
                    told_at = self._clock.monotonic()
                    progress(ended=False)

        try:
            async with asyncio.TaskGroup() as together:
                for _ in range(AT_ONCE):
                    together.create_task(work())
            self.found = [found for ip, host in hosts.items() if (found := self._candidate(ip, host))]
            if wish.community is not None:
                self.found += await self._gear([ip for ip, host in hosts.items() if host.there], wish.community.get_secret_value())
        finally:
            progress(ended=True)

    def _candidate(self, ip: str, host: _Host) -> Candidate | None:
        if not host.open:
            return None
        kinds = {self._around.ports[port] for port in host.open}
        is_office = "office_printer" in kinds  # office printers listen at the port of receipt printers too
        kind = "office_printer" if is_office else next(iter(k for k in self._around.ports.values() if k in kinds))
        port = next(p for p in host.open if self._around.ports[p] == kind)
        said = ", ".join(map(str, sorted(host.open)))
        return Candidate(
            kind=kind if kind in KINDS else "", name=ip, address=f"tcp://{ip}:{port}", evidence=f"sweep: open TCP ports {said}"
        )

    async def _gear(self, there: list[str], community: str) -> list[Candidate]:
        """Those that answer over SNMP."""
        found: list[Candidate] = []
        todo = iter(there)

        async def work() -> None:
            for ip in todo:
                with contextlib.suppress(DeviceError):
                    found.append(await _over_snmp(ip, self._around.snmp_port, community))

        async with asyncio.TaskGroup() as together:
            for _ in range(min(AT_ONCE, len(there))):
                together.create_task(work())
        return sorted(found, key=lambda one: IPv4Address(one.address.split("/")[2].rsplit(":", 1)[0]))


def planned(networks: list[IPv4Interface], subnet: str) -> Plan:
    """Whom to ask in `subnet`, or around this machine when it is empty. Raises SubnetRefused."""
    if subnet:
        try:
            wanted = IPv4Network(subnet, strict=False)
        except ValueError as why:
            raise SubnetRefused(subnet=subnet) from why
    elif networks:
        own = networks[0]
        wanted = own.network if own.network.prefixlen >= USUAL else IPv4Network(f"{own.ip}/{USUAL}", strict=False)
    else:
        raise SubnetRefused(subnet="none")
    if not any(wanted.subnet_of(own.network) for own in networks) or wanted.num_addresses > HOSTS_MAX + 2:
        raise SubnetRefused(subnet=str(wanted))
    us = {str(own.ip) for own in networks}
    return Plan(wanted, tuple(str(ip) for ip in wanted.hosts() if str(ip) not in us))


def _ended(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (failed := task.exception()):
        log.error("the sweep failed", exc_info=failed)


async def _over_snmp(ip: str, port: int, community: str) -> Candidate:
    """Raises DeviceError when nothing answers."""
    from devices.drivers.network_gear.profile import NetworkGearProfile  # noqa: PLC0415 - the library is loaded only when it is needed
    from devices.drivers.snmp.agent import Agent  # noqa: PLC0415

    profile = NetworkGearProfile.model_validate({"community": community, "answer_wait_s": KNOCK_S})
    said = await Agent(profile, ip, port).get(_OBJECT_ID, _NAME)
    raw = said.get(_NAME)
    name = (raw.decode("utf-8", "replace") if isinstance(raw, bytes) else "").strip()
    shown = "".join(letter for letter in name if letter.isprintable())[:60]
    return Candidate(
        kind="network_gear",
        name=shown or ip,
        address=f"snmp://{ip}:{port}",
        evidence=f"sweep: SNMP sysObjectID {str(said.get(_OBJECT_ID, ''))[:80]}",
    )
