"""The heartbeat: every 15 s, and at once when something changed. Head office answers with its head.

45 s without an answer mean that the link is up in name only: it is given up and made anew.
"""

from __future__ import annotations

import asyncio
import random
from importlib.metadata import PackageNotFoundError, version

import structlog

from cloud_bridge import contract
from cloud_bridge.connection import Link, LinkLost
from cloud_bridge.contract import Heartbeat, Known, Malformed
from cloud_bridge.shop_journal import JournalAway, ShopJournal
from cloud_bridge.shop_watch import ShopWatch
from cloud_bridge.uplink import Uplink
from hub.clock import Clock
from hub.journal import GENESIS, Head

log = structlog.get_logger()

BETWEEN_S_MIN = 0.1
RETRY_S = 1.0
QUICK_S, QUICK_BEATS = 2.0, 3
SILENCE_S_MAX = 45.0


class Pulse:
    """Beats for ever while the link is up."""

    def __init__(self, link: Link, journal: ShopJournal, uplink: Uplink, clock: Clock) -> None:
        self._link, self._journal, self._uplink, self._clock = link, journal, uplink, clock
        self._soon = asyncio.Event()
        self._n = 0
        self._round, self._quick = 0, QUICK_BEATS
        self._answered_s = clock.monotonic()
        self._version = _version()

    def beat_soon(self) -> None:
        """Something changed that head office should see."""
        self._soon.set()

    async def run(self, watch: ShopWatch) -> None:
        """Beat, for ever."""
        while True:
            await self._link.up()
            self._soon.clear()
            try:
                await self._beat(watch)
                self._answered_s = self._clock.monotonic()
            except Malformed as wrong:
                log.warning("answer not understood", why=str(wrong))
            except LinkLost:
                await self._unanswered()
                continue
            await self._clock.sleep(BETWEEN_S_MIN)
            await self._wait(self._next_s())

    async def _unanswered(self) -> None:
        """Wait a little before the next try; after too long a silence the connection itself is not believed any more."""
        if self._link.is_up and self._clock.monotonic() - self._answered_s >= SILENCE_S_MAX:
            self._answered_s = self._clock.monotonic()
            await self._link.drop("heartbeats stay without answer")
        await self._clock.sleep(RETRY_S * random.uniform(0.5, 1.5))  # noqa: S311 - spreads shops, guards nothing

    async def _beat(self, watch: ShopWatch) -> None:
        seen, head = watch.picture(), self._head()
        self._n += 1
        beat = Heartbeat(
            store=self._link.store,
            name=seen.name,
            epoch=head.epoch,
            seq=head.seq,
            hub=seen.hub,
            hub_since=seen.hub_since,
            devices=seen.devices,
            version=self._version,
            sent_at=self._clock.now().isoformat(timespec="milliseconds"),
            session=self._link.session,
            n=self._n,
        )
        answer = await self._link.ask(contract.heartbeat(self._link.store), beat.to_bytes())
        self._uplink.heard(Known.from_bytes(answer))

    def _head(self) -> Head:
        try:
            return self._journal.head()
        except JournalAway:
            return Head(1, 0, GENESIS, None)

    def _next_s(self) -> float:
        """Sooner after a new agreement: lines on their way at that moment may show that the two differ after all."""
        if self._uplink.round != self._round:
            self._round, self._quick = self._uplink.round, QUICK_BEATS
        self._quick -= 1
        return QUICK_S if self._quick >= 0 else contract.HEARTBEAT_S

    async def _wait(self, seconds: float) -> None:
        waiting = [asyncio.ensure_future(self._soon.wait()), asyncio.ensure_future(self._clock.sleep(seconds))]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waiting:
                one.cancel()


def _version() -> str:
    try:
        return version("chairside")
    except PackageNotFoundError:
        return "development"
