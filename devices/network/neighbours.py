"""Remembers every network card the hub hears of, without sending anything, and tells of one that was never there before.

The hub hears only of machines that spoke to it or asked for it, and of all that dnsmasq gave an address to. During the first day everything
is learned in silence. A MAC that a phone made up is remembered for a day, marked, and never told: guests come and go.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog

from devices.network.makers import maker_of
from devices.network.tables import BYTES_MAX, Heard, arp, is_random, leases
from hub.clock import Clock
from hub.db import Db, Tx
from hub.errors import ChairsideError

log = structlog.get_logger()

LOOK_S = 15.0
READ_S = 5.0
GRACE = timedelta(days=1)
KEPT_MAX = 1024
RANDOM_KEPT = timedelta(days=1)
WRITTEN_EVERY = timedelta(minutes=10)  # when a machine was last seen need not be known better, and a card wears out
TOLD_PER_HOUR = 10
WAITING_MAX = 20  # beyond these a flood of cards is only counted
SHOWN_MAX = 200  # so that an answer stays below 64 KB

Tell = Callable[[dict[str, Any]], Awaitable[bool]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Where to look. `interface`: the one the devices hang on; empty: all."""

    arp: Path = Path("/proc/net/arp")
    leases: Path | None = None
    interface: str = ""

    def read(self, now_s: float) -> list[Heard]:
        """Everyone heard of, once each, the name from the lease; blocks. A file that is not there says nothing."""
        given = {heard.mac: heard for heard in leases(_text(self.leases), now_s)} if self.leases else {}
        heard = {
            row.mac: replace(row, name=given[row.mac].name if row.mac in given else "") for row in arp(_text(self.arp), self.interface)
        }
        return list({**given, **heard}.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One network card as remembered; `waits`: that it is new has not been told yet."""

    mac: str
    ip: str
    name: str
    first: datetime
    last: datetime
    waits: bool = False

    @property
    def random(self) -> bool:
        """Whether the MAC is made up."""
        return is_random(self.mac)

    def as_json(self) -> dict[str, Any]:
        """As the shop is told of it."""
        return {
            "mac": self.mac,
            "ip": self.ip,
            "name": self.name,
            "maker": maker_of(self.mac).name,
            "random": self.random,
            "first_seen": self.first.isoformat(),
            "last_seen": self.last.isoformat(),
        }


class Watch:
    """`tell` is given the body of `event/new_mac` and says whether the broker has it; what it has not is told again later."""

    def __init__(self, db: Db, clock: Clock, sources: Sources, tell: Tell) -> None:
        self._db, self._clock, self._sources, self._tell = db, clock, sources, tell
        self._seen: dict[str, Seen] = {}
        self._began: datetime | None = None
        self._told: deque[float] = deque(maxlen=TOLD_PER_HOUR)
        self._untold = 0  # new ones beyond what is told one by one

    def load(self) -> None:
        """Read what is remembered."""
        for row in self._db.all("SELECT * FROM macs_seen ORDER BY last_seen LIMIT ?", (KEPT_MAX,)):
            first, last = datetime.fromisoformat(row["first_seen"]), datetime.fromisoformat(row["last_seen"])
            self._seen[row["mac"]] = Seen(mac=row["mac"], ip=row["ip"], name=row["name"], first=first, last=last, waits=bool(row["waits"]))
        began = self._db.one("SELECT began_at FROM macs_watch")
        self._began = datetime.fromisoformat(began["began_at"]) if began else None

    def all(self) -> list[Seen]:
        """Everyone remembered, the last heard first."""
        return sorted(self._seen.values(), key=lambda seen: seen.last, reverse=True)

    async def run(self) -> None:
        """Look again and again."""
        while True:
            try:
                await self.look()
            except ChairsideError as why:
                log.warning("who is on the network is not kept", why=why.sentence())
            except TimeoutError:
                log.warning("the kernel's table of neighbours cannot be read in time")
            await self._clock.sleep(LOOK_S)

    async def look(self) -> None:
        """Once. Raises StorageFailed, or TimeoutError when the files do not let themselves be read."""
        now = self._clock.now()
        async with asyncio.timeout(READ_S):
            heard = await asyncio.to_thread(self._sources.read, now.timestamp())
        if self._began is None:
            await self._db.write(_begin, now)
            self._began = now
        room = WAITING_MAX - sum(seen.waits for seen in self._seen.values())
        changed = self._within(room, [seen for row in heard if (seen := self._met(row, now))])
        gone = self._forgotten({**self._seen, **{seen.mac: seen for seen in changed}}, now)
        if changed or gone:
            await self._db.write(_keep, changed, gone)
        for seen in changed:
            self._seen[seen.mac] = seen
        for mac in gone:
            self._seen.pop(mac, None)
        await self._tell_of_new()

    def _met(self, heard: Heard, now: datetime) -> Seen | None:
        """What is to be kept of it, None when nothing new is."""
        known = self._seen.get(heard.mac)
        if known is None:
            return Seen(mac=heard.mac, ip=heard.ip, name=heard.name, first=now, last=now, waits=self._is_news(heard, now))
        name = heard.name or known.name
        if (known.ip, known.name) == (heard.ip, name) and abs(now - known.last) < WRITTEN_EVERY:
            return None
        return replace(known, ip=heard.ip, name=name, last=now)

    def _is_news(self, heard: Heard, now: datetime) -> bool:
        assert self._began is not None  # noqa: S101 - set before
        return not is_random(heard.mac) and now >= self._began + GRACE

    def _within(self, room: int, changed: list[Seen]) -> list[Seen]:
        """Of a flood only so many wait to be told; the others are counted."""
        beyond = [seen.mac for seen in changed if seen.waits and seen.mac not in self._seen][room:]
        self._untold += len(beyond)
        return [replace(seen, waits=seen.waits and seen.mac not in beyond) for seen in changed]

    def _forgotten(self, seen: dict[str, Seen], now: datetime) -> list[str]:
        """Made-up cards of yesterday; beyond the limit those, and then others, that were not heard of for the longest time."""
        gone = [mac for mac, one in seen.items() if one.random and now - one.last > RANDOM_KEPT]
        left = sorted((one for one in seen.values() if one.mac not in gone), key=lambda one: (not one.random, one.last))
        return gone + [one.mac for one in left[: max(0, len(left) - KEPT_MAX)]]

    async def _tell_of_new(self) -> None:
        for seen in [one for one in self._seen.values() if one.waits]:
            now = self._clock.monotonic()
            if len(self._told) == TOLD_PER_HOUR and now - self._told[0] < 3600:
                return
            if not await self._tell({**seen.as_json(), "more": self._untold}):
                return
            self._told.append(now)
            self._untold = 0
            said = replace(seen, waits=False)
            await self._db.write(_keep, [said], [])
            self._seen[seen.mac] = said


def _begin(tx: Tx, now: datetime) -> None:
    tx.insert("macs_watch", began_at=now.isoformat())


def _keep(tx: Tx, changed: list[Seen], gone: list[str]) -> None:
    rows = [(s.mac, s.ip, s.name, s.first.isoformat(), s.last.isoformat(), int(s.waits)) for s in changed]
    tx.executemany(
        "INSERT INTO macs_seen VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (mac) DO UPDATE SET "
        "ip = excluded.ip, name = excluded.name, last_seen = excluded.last_seen, waits = excluded.waits",
        rows,
    )
    tx.executemany("DELETE FROM macs_seen WHERE mac = ?", [(mac,) for mac in gone])


def _text(file: Path | None) -> str:
    try:
        if file is None:
            return ""
        with file.open("rb") as opened:
            return opened.read(BYTES_MAX).decode("utf-8", "replace")
    except OSError:
        return ""
