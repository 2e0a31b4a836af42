"""Multicast DNS: hears what devices of the shop announce, and announces the hub, so that tablets find it.

It only listens and proposes. Its sockets follow the machine's addresses; without any it tries again. Importing this takes 100 ms and 4 MB
for its library, so the host does it in a thread, and only where it is wanted.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket

import ifaddr
import structlog
import zeroconf
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from devices.messages import Candidate
from devices.network.services import TYPES, Said, Sign, candidates_of
from hub.clock import Clock

log = structlog.get_logger()

LOOK_AGAIN_S = 10.0
GOODBYE_S = 2.0
ASK_MS = 3000
SERVICES_MAX = 256
WORDS_MAX, WORD_MAX = 40, 120
LOCAL = ".local."


class Mdns:
    """One a device host. `interfaces`: addresses of this machine to speak on; none are all it has."""

    def __init__(self, clock: Clock, sign: Sign | None = None, interfaces: tuple[str, ...] = ()) -> None:
        self._clock, self._sign, self._interfaces = clock, sign, interfaces
        self._said: dict[str, Said] = {}  # by the full name of the service
        self._asked: dict[str, str] = {}  # full name -> type, still to be asked
        self._came = asyncio.Event()
        self._shown: list[AsyncServiceInfo] = []
        self._trouble = ""  # what was logged last

    def candidates(self) -> list[Candidate]:
        """What is there now, one for each device."""
        return candidates_of(self._said.values())

    def signs(self) -> list[str]:
        """The full names the hub is announced under; another hub of the same name makes it `…-2`."""
        return [info.name for info in self._shown]

    async def run(self) -> None:
        """Until cancelled; then the hub is announced no more."""
        while True:
            try:
                await self._while_well()
            except (OSError, RuntimeError, zeroconf.Error) as why:  # no address yet, or none any more
                if self._trouble != type(why).__name__:
                    self._trouble = type(why).__name__
                    log.warning("multicast DNS waits", why=str(why))
            self._said.clear()
            self._asked.clear()
            self._shown = []
            await self._clock.sleep(LOOK_AGAIN_S)

    async def _while_well(self) -> None:
        interfaces = list(self._interfaces) or zeroconf.InterfaceChoice.All
        spoken = AsyncZeroconf(interfaces=interfaces, ip_version=zeroconf.IPVersion.V4Only)
        duties: set[asyncio.Task[None]] = set()
        try:
            await spoken.zeroconf.async_wait_for_start()
            AsyncServiceBrowser(spoken.zeroconf, [f"{kind}{LOCAL}" for kind in TYPES], handlers=[self._heard])
            duties = {asyncio.create_task(self._ask(spoken)), asyncio.create_task(self._follow(spoken))}
            ended, _ = await asyncio.wait(duties, return_when=asyncio.FIRST_COMPLETED)
            for task in ended:
                task.result()
        finally:
            for task in duties:
                task.cancel()
            await asyncio.gather(*duties, return_exceptions=True)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(GOODBYE_S):
                    await spoken.async_close()  # says goodbye

    # hearing

    def _heard(self, zeroconf: object, service_type: str, name: str, state_change: zeroconf.ServiceStateChange) -> None:  # noqa: ARG002
        """Comes several times for one service, and is never waited in."""
        if state_change.name == "Removed":
            self._said.pop(name, None)
            self._asked.pop(name, None)
        elif name in self._said or len(self._said) + len(self._asked) < SERVICES_MAX:
            self._asked[name] = service_type
            self._came.set()

    async def _ask(self, spoken: AsyncZeroconf) -> None:
        """Where each service is and what it says of itself, one after the other."""
        while True:
            if not self._asked:
                self._came.clear()
                await self._came.wait()
            name, kind = next(iter(self._asked.items()))
            info = AsyncServiceInfo(kind, name)
            said = _said(info) if await info.async_request(spoken.zeroconf, ASK_MS) else None
            if self._asked.pop(name, None) is None:
                continue  # gone meanwhile
            if said:
                self._said[name] = said
            else:
                self._said.pop(name, None)

    # being seen

    async def _follow(self, spoken: AsyncZeroconf) -> None:
        """Speak, and be announced, under every address the machine has, now and after they changed."""
        before: tuple[str, ...] = ()
        while True:
            now = self._interfaces or tuple(await asyncio.to_thread(addresses))
            if now != before:
                await spoken.async_update_interfaces()
                await self._show(spoken, now)
                log.info("multicast DNS speaks", addresses=now)
                before, self._trouble = now, ""
            await self._clock.sleep(LOOK_AGAIN_S)

    async def _show(self, spoken: AsyncZeroconf, now: tuple[str, ...]) -> None:
        at = [socket.inet_aton(address) for address in now]
        for info in self._shown:
            info.addresses = at
            await (await spoken.async_update_service(info))
        if self._sign is None or self._shown or not now:
            return
        for kind in self._sign.types:
            info = AsyncServiceInfo(
                f"{kind}{LOCAL}",
                f"{self._sign.name}.{kind}{LOCAL}",
                port=self._sign.port,
                addresses=at,
                properties={"txtvers": "1", **self._sign.words},
                server=f"{self._sign.host}.",
            )
            await (await spoken.async_register_service(info, allow_name_change=True))
            self._shown.append(info)


def addresses() -> list[str]:
    """The IPv4 addresses this machine has on networks. Blocks."""
    found = [str(ip.ip) for adapter in ifaddr.get_adapters() for ip in adapter.ips if ip.is_IPv4]
    return sorted(ip for ip in found if not ip.startswith("127."))


def _said(info: AsyncServiceInfo) -> Said | None:
    """None for a service nobody can reach over IPv4."""
    where = info.parsed_addresses(zeroconf.IPVersion.V4Only)
    if not where:
        return None
    words = list(info.decoded_properties.items())[:WORDS_MAX]
    return Said(
        type=info.type.removesuffix(LOCAL),
        name=info.name.removesuffix(f".{info.type}"),
        host=info.server or "",
        address=where[0],
        port=info.port or 0,
        txt={key.lower(): "".join(letter for letter in (value or "")[:WORD_MAX] if letter.isprintable()) for key, value in words},
    )
