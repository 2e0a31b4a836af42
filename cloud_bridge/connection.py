"""The one connection to head office: made, watched, made again for ever, with a pause that grows and varies.

Nothing waits in memory for a connection: who wants to send while it is down is told so at once (LinkLost).
"""

from __future__ import annotations

import asyncio
import ipaddress
import random
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
import structlog

from cloud_bridge.contract import inbox
from hub.clock import Clock
from hub.errors import MachineError
from hub.ids import Id
from hub.lean import SOCKET_CLIENTS, without

with without(*SOCKET_CLIENTS):
    import nats.errors
    import nats.js.errors
    from nats.aio.client import Client
    from nats.aio.msg import Msg

log = structlog.get_logger()

PAUSE_S_MIN, PAUSE_S_MAX = 0.2, 10.0
ANSWER_S_MAX = 5.0
PING_S, PINGS_MISSED_MAX = 15, 2
STEADY_S = 10.0
CREDENTIALS_S = 2.0

Heard = Callable[[Msg], Awaitable[None]]


class LinkLost(MachineError):
    """Head office cannot be reached right now."""

    code = "link_lost"
    hint = "Nothing to do: the shop goes on, and the bridge tries again by itself."


class CredentialsRefused(MachineError):
    """The file with the credentials for head office cannot be used."""

    code = "credentials_refused"
    hint = "Have head office write the file again: python -m cloud_bridge.hq add-shop."


class LinkState(StrEnum):
    """Where the connection stands."""

    NO_HEAD_OFFICE = "no_head_office"  # no credentials: the shop is complete without
    CONNECTING = "connecting"
    UP = "up"
    REFUSED = "refused"  # reached, but our credentials are not taken


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """How to reach head office, as its `add-shop` wrote it."""

    url: str
    user: str
    password: str
    ca: str | None

    @classmethod
    def read(cls, file: Path, url: str = "") -> Credentials | None:
        """From `file`, None when there is none; `url` wins over the one inside. Raises CredentialsRefused."""
        if not file.exists():
            return None
        try:
            found = orjson.loads(file.read_bytes())
            held = cls(url=url or found["url"], user=found["user"], password=found["password"], ca=found.get("ca"))
        except (ValueError, KeyError, TypeError) as why:
            raise CredentialsRefused(file=file.name, why=type(why).__name__) from why
        if urlsplit(held.url).scheme not in {"tls", "nats"} or not (held.url.startswith("tls:") or _is_loopback(held.url)):
            raise CredentialsRefused(file=file.name, why="only tls:// may leave this machine")
        return held

    def tls(self) -> ssl.SSLContext | None:
        """The context for tls://, trusting the given CA or the system's."""
        return ssl.create_default_context(cafile=self.ca) if self.url.startswith("tls:") else None


class Link:
    """The connection as the rest of the bridge sees it: up or not."""

    def __init__(self, store: str, credentials: Path, clock: Clock, *, url: str = "") -> None:
        self._file, self._clock, self._url = credentials, clock, url
        self.store, self.session = store, str(Id.new())  # whom we speak for, and which run of the bridge this is
        self._hears: dict[str, Heard] = {}
        self._client: Client | None = None
        self._up = asyncio.Event()
        self._lost = asyncio.Event()
        self._changed: list[Callable[[], None]] = []
        self.state = LinkState.CONNECTING

    def hear(self, subject: str, handle: Heard) -> None:
        """Call `handle` with each message on `subject`; before `run`."""
        self._hears[subject] = handle

    def on_change(self, told: Callable[[], None]) -> None:
        """Call `told` whenever `state` changed."""
        self._changed.append(told)

    async def up(self) -> None:
        """Wait until connected."""
        await self._up.wait()

    @property
    def is_up(self) -> bool:
        """Whether connected right now."""
        return self._up.is_set()

    async def run(self) -> None:
        """Connect, and again whenever the connection is lost, for ever."""
        pause = PAUSE_S_MIN
        while True:
            try:
                credentials = Credentials.read(self._file, self._url)
                if credentials is None:
                    self._show(LinkState.NO_HEAD_OFFICE)
                    await self._clock.sleep(CREDENTIALS_S)
                    continue
                began = self._clock.monotonic()
                await self._hold(credentials)
                if self._clock.monotonic() - began >= STEADY_S:  # a link that flaps keeps its longer pauses
                    pause = PAUSE_S_MIN
                self._show(LinkState.CONNECTING)
            except (CredentialsRefused, nats.errors.AuthorizationError) as refused:
                self._show(LinkState.REFUSED, str(refused))
            except (nats.errors.Error, OSError, TimeoutError, ValueError) as why:
                self._show(LinkState.REFUSED if "authorization" in str(why).lower() else LinkState.CONNECTING, repr(why))
            await self._clock.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 - spreads shops, guards nothing
            pause = min(pause * 2, PAUSE_S_MAX)

    async def drop(self, why: str) -> None:
        """Give this connection up and make a new one: it is up in name only."""
        log.warning("link given up", why=why)
        self._lost.set()

    async def ask(self, subject: str, data: bytes) -> bytes:
        """Send and wait for the answer. Raises LinkLost."""
        client = self._connected()
        try:
            return (await client.request(subject, data, timeout=ANSWER_S_MAX)).data
        except (nats.errors.Error, OSError, TimeoutError) as why:
            raise LinkLost(subject=subject, why=type(why).__name__) from why

    async def keep(self, subject: str, data: bytes, message_id: str) -> None:
        """Send to the stream and wait until it is on head office's disk. Raises LinkLost when it may not be."""
        client = self._connected()
        try:
            await client.jetstream().publish(subject, data, timeout=ANSWER_S_MAX, headers={"Nats-Msg-Id": message_id})
        except (nats.errors.Error, OSError, TimeoutError) as why:
            raise LinkLost(subject=subject, why=type(why).__name__) from why

    async def say(self, subject: str, data: bytes) -> None:
        """Send without waiting. Raises LinkLost."""
        try:
            await self._connected().publish(subject, data)
        except (nats.errors.Error, OSError) as why:
            raise LinkLost(subject=subject, why=type(why).__name__) from why

    def _connected(self) -> Client:
        if self._client is None or not self._up.is_set():
            raise LinkLost(why="not connected")
        return self._client

    async def _hold(self, credentials: Credentials) -> None:
        """One connection, from its making to its loss."""
        self._lost.clear()
        client = Client()
        try:
            await client.connect(
                credentials.url,
                user=credentials.user,
                password=credentials.password,
                tls=credentials.tls(),
                inbox_prefix=inbox(self.store),
                allow_reconnect=False,
                connect_timeout=5,
                ping_interval=PING_S,
                max_outstanding_pings=PINGS_MISSED_MAX,
                closed_cb=self._closed,
                error_cb=_said,
            )
            for subject, handle in self._hears.items():
                await client.subscribe(subject, cb=handle)
            await client.flush(timeout=5)
            self._client = client
            self._up.set()
            self._show(LinkState.UP)
            await self._lost.wait()
        finally:
            self._up.clear()
            self._client = None
            await _closed_now(client)

    async def _closed(self) -> None:
        self._lost.set()

    def _show(self, state: LinkState, why: str = "") -> None:
        if state is self.state:
            return
        self.state = state
        log.info("link", state=str(state), **({"why": why} if why else {}))
        for told in self._changed:
            told()


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


async def _said(error: Exception) -> None:
    log.debug("nats", error=str(error) or type(error).__name__)


async def _closed_now(client: Any) -> None:
    try:
        await asyncio.wait_for(client.close(), 2)
    except (nats.errors.Error, OSError, TimeoutError) as why:
        log.debug("connection left behind", why=repr(why))
