"""The way to the Internet, hop by hop: the hub's own cable, its address, the router, names (DNS), the provider's line, head office.

Sources: /sys/class/net/*/carrier, /proc/net/route (proc(5)), resolv.conf(5), DNS messages (RFC 1035). By itself it asks only what is in the shop and
what the shop uses anyway: the router, the resolver (for head office's name, else for the name servers of the root, which says nothing of the
shop), and head office, five minutes apart. Any other host outside is asked only when a person named it (`far`).
"""

from __future__ import annotations

import asyncio
import random
import re
import struct
import sys
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address
from statistics import median
from typing import ClassVar

from pydantic import BaseModel, Field

from devices.driver import Bell, Condition, Driver, Figures, Identity, Job, NoArguments, Pace, Profile, Result
from devices.errors import LinkLost
from devices.outside import Outside
from devices.transport import Files
from hub.clock import Clock

READ_S = 3.0
PINGS, APART_S = 4, 0.05  # a look
KEPT = 20  # pings, for loss and middle
DNS_PORT, DNS_WAIT_S = 53, 1.5
HQ_EVERY_S, HQ_AGAIN_S = 300.0, 60.0
RESOLVERS_MAX, INTERFACES_MAX = 2, 64
_HOST = r"[A-Za-z0-9][A-Za-z0-9.-]{0,200}"
_ROUTE_GATEWAY = 0x2


class InternetProfile(Profile):
    """What is asked, and from when on it is not well."""

    far: str = Field("", pattern=f"^({_HOST})?$")  # a host outside that may be pinged; empty: none is
    speed_url: str = Field("", pattern=r"^(https?://[!-~]{1,200})?$")  # a file that measures the speed, on request only
    loss_pct_max: int = Field(20, ge=1, le=100)
    slow_ms_max: int = Field(400, ge=10, le=10_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """What the kernel knows of the way out; `carrier` is None where it does not tell."""

    interface: str
    carrier: bool | None
    gateway: str
    resolvers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """Who answered in this look; None: was not asked."""

    gateway: bool
    names: bool | None
    far: bool | None
    hq: bool | None


class Internet(Driver):
    """The one way out of this shop."""

    kind: ClassVar[str] = "internet"
    profile: ClassVar[type[InternetProfile]] = InternetProfile
    verbs: ClassVar[Mapping[str, type[BaseModel]]] = {"speed": NoArguments, "status": NoArguments}
    pace: ClassVar[Pace] = Pace(poll_s=15.0, poll_wait_s=12.0, miss_s=2.0, back_off_s_max=30.0)

    def __init__(self, profile: InternetProfile, link: Outside, clock: Clock) -> None:
        self._profile, self._link, self._clock = profile, link, clock
        self._pings: dict[str, deque[float | None]] = {}
        self._hq: bool | None = None
        self._hq_ms: float | None = None
        self._hq_due = clock.monotonic()
        self.bell = Bell(announce=lambda _: None, show=lambda _: None)

    async def identify(self) -> Identity:
        """It has no name. Raises CannotConnect."""
        await self._link.open()
        return Identity()

    async def poll(self) -> Condition:
        """One look at every hop, all at once. Raises CannotConnect when the files are gone."""
        async with asyncio.timeout(READ_S):
            await self._link.open()  # a simulated way that was restarted plays elsewhere
            way = await asyncio.to_thread(read, self._link)
        if why := _cut_off(way):
            self._pings.clear()
            return Condition(reason=why, figures={"interface": way.interface, "gateway": way.gateway})
        far = self._profile.far
        gateway, beyond, names_ms = await asyncio.gather(self._pinged(way.gateway), self._pinged(far), self._names(way.resolvers))
        names = None if not way.resolvers else names_ms is not None
        await self._ask_hq(doubt=names is False or beyond is False, names=names)
        answers = Answers(gateway=bool(gateway), names=names, far=beyond, hq=self._hq)
        figures = self._figures(way, names_ms)
        return Condition(reason=broken_hop(answers) or self._poor(way.gateway), figures=figures)

    async def run(self, job: Job) -> Result:
        """`status`: look now. `speed`: how fast the configured file comes. Raises LinkLost."""
        if job.verb == "status":
            self.bell.show(await self.poll())
            return Result.done()
        if not self._profile.speed_url:
            return Result.refused("no_speed_server")
        try:
            came, seconds = await self._link.fetch(self._profile.speed_url)
        except LinkLost:
            return Result.failed("speed_failed")
        return Result.done(answer={"mbps": round(came * 8 / seconds / 1e6, 1), "bytes": came, "seconds": round(seconds, 2)})

    async def stop(self) -> None:
        """Nothing is held."""
        await self._link.close()

    async def _pinged(self, host: str) -> bool | None:
        """Whether any of a few pings came back; None when there is nobody to ask."""
        if not host:
            return None
        came = self._pings.setdefault(host, deque(maxlen=KEPT))

        async def one(after_s: float) -> float | None:
            await self._clock.sleep(after_s)
            return await self._link.ping(host)

        answers = await asyncio.gather(*(one(APART_S * number) for number in range(PINGS)))
        came.extend(answers)
        return any(ms is not None for ms in answers)

    async def _names(self, resolvers: tuple[str, ...]) -> float | None:
        """Milliseconds until the first resolver that works gave an answer; None when none does."""
        host = self._link.hq.rpartition(":")[0]
        name = host if host and not _is_address(host) else ""
        for resolver in resolvers[:RESOLVERS_MAX]:
            number = random.randrange(1 << 16)  # noqa: S311 - the answer is not used for anything
            began = self._clock.monotonic()
            answer = await self._link.ask(resolver, DNS_PORT, question(number, name), DNS_WAIT_S)
            if answers_it(answer, number):
                return (self._clock.monotonic() - began) * 1000
        return None

    async def _ask_hq(self, *, doubt: bool, names: bool | None) -> None:
        """Seldom while all is well: ten thousand shops ask the same head office. `doubt`: something else did not answer."""
        host, _, port = self._link.hq.rpartition(":")
        if not host:
            return
        if not _is_address(host) and names is False:
            self._hq = self._hq_ms = None  # it cannot even be asked for
            return
        now = self._clock.monotonic()
        if now < self._hq_due and not (doubt and self._hq):
            return
        self._hq_ms = await self._link.connect(host, int(port))
        self._hq = self._hq_ms is not None
        self._hq_due = now + (HQ_EVERY_S if self._hq else HQ_AGAIN_S) * random.uniform(0.8, 1.2)  # noqa: S311 - jitter

    def _poor(self, gateway: str) -> str:
        """What loses or takes too long although it answers: in the shop first."""
        most = self._profile.loss_pct_max
        if (self._loss(gateway) or 0) > most and self._answers_pings(gateway):
            return "shop_network_loses"
        if (self._loss(self._profile.far) or 0) > most:
            return "line_loses"
        if (self._middle(self._profile.far) or 0) > self._profile.slow_ms_max:
            return "line_slow"
        return ""

    def _answers_pings(self, host: str) -> bool:
        """Some routers answer none although all is well; that is no loss."""
        return any(ms is not None for ms in self._pings.get(host, ()))

    def _loss(self, host: str) -> int | None:
        """Per cent, of at least two looks."""
        came = self._pings.get(host, ())
        return round(100 * sum(ms is None for ms in came) / len(came)) if len(came) >= 2 * PINGS else None

    def _middle(self, host: str) -> float | None:
        came = [ms for ms in self._pings.get(host, ()) if ms is not None]
        return round(median(came), 1) if came else None

    def _figures(self, way: Way, names_ms: float | None) -> Figures:
        far = self._profile.far
        return {
            "interface": way.interface,
            "gateway": way.gateway,
            "gateway_ms": self._middle(way.gateway),
            "gateway_loss_pct": self._loss(way.gateway),
            "dns_ms": None if names_ms is None else round(names_ms, 1),
            "far": far,
            "far_ms": self._middle(far),
            "far_loss_pct": self._loss(far),
            "hq_ms": None if self._hq_ms is None else round(self._hq_ms, 1),
            "pings_by": self._link.pings_by,
        }


def broken_hop(answers: Answers) -> str:
    """The first hop that does not work, as far as the answers prove it; empty when all that were asked answer.

    A name can be answered from a memory nearby, so it proves the router but not the line; what answers far away proves everything before it.
    """
    beyond = answers.far or answers.hq
    if not answers.gateway and not beyond and not answers.names:
        return "gateway_silent"
    silent = [one for one in (answers.far, answers.hq) if one is False]
    if silent and not beyond and (answers.far is False or not answers.names):
        return "line_down"
    if answers.names is False:
        return "names_broken"
    if answers.hq is False:
        return "hq_silent"
    return "far_silent" if answers.far is False else ""


def _cut_off(way: Way) -> str:
    if way.carrier is False:
        return "no_carrier"
    return "" if way.gateway else "no_address"


# what the kernel keeps


def read(files: Files) -> Way:
    """Every source once; blocks."""
    interface, gateway = default_route(files.text("proc/net/route") or "")
    return Way(
        interface=interface,
        carrier=_carrier(files, interface),
        gateway=gateway,
        resolvers=resolvers(files.text("etc/resolv.conf") or ""),
    )


def default_route(text: str) -> tuple[str, str]:
    """Interface and router of the default route with the smallest metric; empty where there is none. Addresses are in the machine's own order."""
    found: list[tuple[int, str, str]] = []
    for line in text.splitlines()[1:1025]:
        fields = line.split()
        if len(fields) < 8 or fields[1] != "00000000" or not re.fullmatch(r"[0-9A-Fa-f]{8}", fields[2]):
            continue
        if re.fullmatch(r"[0-9A-Fa-f]{1,8}", fields[3]) and int(fields[3], 16) & _ROUTE_GATEWAY:
            metric = int(fields[6]) if fields[6].isascii() and fields[6].isdigit() else 1 << 32
            found.append((metric, fields[0][:32], str(IPv4Address(int(fields[2], 16).to_bytes(4, sys.byteorder)))))
    return min(found)[1:] if found else ("", "")


def resolvers(text: str) -> tuple[str, ...]:
    """The IPv4 name servers, in order."""
    named = [fields[1] for line in text.splitlines()[:256] if len(fields := line.split()) >= 2 and fields[0] == "nameserver"]
    return tuple(name for name in named if _is_address(name))


def _carrier(files: Files, interface: str) -> bool | None:
    """Whether there is a link: of the interface of the route, or without a route of any real card."""
    if interface:
        return _bit(files.text(f"sys/class/net/{interface}/carrier"))
    cards = [name for name in files.names("sys/class/net") if files.has(f"sys/class/net/{name}/device")][:INTERFACES_MAX]
    known = [_bit(files.text(f"sys/class/net/{name}/carrier")) for name in cards]
    return any(known) if known else None


def _bit(text: str | None) -> bool | None:
    """A card that is switched off gives no answer: no link."""
    return None if text is None else text.strip() == "1"


def _is_address(text: str) -> bool:
    try:
        IPv4Address(text)
    except AddressValueError:
        return False
    return True


# DNS


def question(number: int, name: str) -> bytes:
    """A query for the address of `name`; without one for the name servers of the root."""
    labels = (
        b"".join(bytes([min(len(part), 63)]) + part.encode("ascii", "replace")[:63] for part in name.strip(".").split(".")) if name else b""
    )
    return struct.pack("!HHHHHH", number, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!HH", 1 if name else 2, 1)


def answers_it(answer: bytes, number: int) -> bool:
    """Whether a resolver that works said this: the same number, an answer, and no error but that there is no such name."""
    if len(answer) < 12:
        return False
    said, flags = struct.unpack_from("!HH", answer)
    return said == number and bool(flags & 0x8000) and flags & 0xF in {0, 3}
