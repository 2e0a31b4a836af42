"""The journal's way up: read as it grows, sent in order, counted as sent when head office has acknowledged it.

Nothing is queued in memory: the journal is the queue, and the cursor moves only on the acknowledgement. Which line comes
next is agreed with head office anew on every connection and whenever the two differ; so whatever was lost on the way, or
in head office, is sent again, and a restored database is noticed here:
- our copy is older than what head office knows under the same epoch: the hub is asked to begin a new epoch;
- our epoch is newer than theirs: the last line we share is found by hash, and we send from there;
- our epoch is older than theirs: we are a clone or an outdated copy and must not speak for the shop. We keep silent, until
  a person at head office says that this copy is the shop now.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from enum import StrEnum

import structlog

from cloud_bridge import contract
from cloud_bridge.connection import Link, LinkLost
from cloud_bridge.contract import Batch, Hello, Known, Malformed
from cloud_bridge.cursor import Cursor
from cloud_bridge.local_hub import HubDoesNotAnswer, LocalHub
from cloud_bridge.shop_journal import JournalAway, JournalChanged, ShopJournal
from hub.clock import Clock
from hub.journal import GENESIS, Head

log = structlog.get_logger()

POLL_S = 0.02
RETRY_S = 1.0
FENCED_S = 10.0
STUCK_S = 10.0
TAKEN_IN_S, TAKEN_IN_S_MAX = 0.1, 10.0
SEARCH_WIDTH = 16


class UplinkState(StrEnum):
    """What the uplink is about."""

    WAITING = "waiting"  # for the link, or for a journal
    AGREEING = "agreeing"
    SENDING = "sending"
    RECOVERING = "recovering"  # the hub was asked to begin a new epoch
    FENCED = "fenced"  # this copy may not speak for the shop


class Fenced(Exception):
    """Head office knows a later epoch than this copy."""


class Uplink:
    """Sends for ever what `journal` holds."""

    def __init__(self, link: Link, journal: ShopJournal, hub: LocalHub, cursor: Cursor, clock: Clock) -> None:
        self._link, self._journal, self._hub, self._cursor, self._clock = link, journal, hub, cursor, clock
        self._seq, self._seal = 0, GENESIS  # the last line head office has acknowledged in this round
        self._lag: tuple[int, float] | None = None  # head office's seq while it is below ours, and since when
        self._again = asyncio.Event()
        self.state = UplinkState.WAITING
        self.round = 0

    async def run(self) -> None:
        """Agree and send, for ever; every outage is waited out."""
        while True:
            self._turn(UplinkState.WAITING)
            await self._link.up()
            pause = RETRY_S
            try:
                await self._agree()
                await self._send()
                pause = 0.0
            except Fenced:
                self._turn(UplinkState.FENCED)
                pause = FENCED_S
            except JournalChanged as restored:
                log.warning("journal changed under us", seq=restored.facts.get("seq"))
                pause = 0.0
            except (LinkLost, JournalAway, HubDoesNotAnswer, Malformed) as why:
                log.info("uplink waits", state=str(self.state), why=str(why))
            if pause:
                await self._clock.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 - spreads shops, guards nothing

    def heard(self, known: Known) -> None:
        """Head office's head came with the answer to a heartbeat; when the two differ for good, agree anew."""
        if self.state is not UplinkState.SENDING:
            return
        stuck = self._is_stuck(known)
        try:
            ours = self._journal.hash_at(known.seq)
        except JournalAway:
            return
        if stuck or known.verdict != "ok" or ours != known.hash:
            log.warning("head office differs", known_seq=known.seq, acknowledged=self._seq, verdict=known.verdict)
            self.again()

    def is_level(self) -> bool:
        """Whether head office has acknowledged everything the shop has written."""
        try:
            return self.state is UplinkState.SENDING and self._link.is_up and self._seq >= self._journal.head().seq
        except JournalAway:
            return False

    def again(self) -> None:
        """Agree anew before the next line."""
        self._again.set()

    async def _agree(self) -> None:
        """Find the line after which to send. Raises Fenced, and what the journal, the hub and the link raise."""
        self._again.clear()
        self._lag = None
        self._turn(UplinkState.AGREEING)
        self.round += 1
        head = self._journal.head()
        known = await self._hello(head)
        if known.verdict == "adopt":
            return await self._recover(known, head)
        if known.verdict == "old_epoch" or self._cursor.epoch > head.epoch:
            raise Fenced
        shared = self._journal.hash_at(known.seq) == known.hash
        if known.epoch == head.epoch and not shared:
            return await self._recover(known, head)
        if self._cursor.epoch == head.epoch and self._journal.hash_at(self._cursor.seq) != self._cursor.hash:
            return await self._recover(await self._taken_in(known, head), head)
        self._seq = known.seq if shared else await self._last_shared(min(known.seq, head.seq))
        self._seal = self._journal.hash_at(self._seq) or GENESIS
        log.info("agreed", round=self.round, after=self._seq, epoch=head.epoch, head=head.seq)
        return None

    async def _hello(self, head: Head) -> Known:
        hello = Hello(epoch=head.epoch, seq=head.seq, hash=head.hash, epochs=self._journal.epochs(), session=self._link.session)
        return Known.from_bytes(await self._link.ask(contract.ask(self._link.store, "hello"), hello.to_bytes()))

    async def _taken_in(self, known: Known, head: Head) -> Known:
        """What head office knows once it has taken in all it acknowledged: receipts of lines on the way count too."""
        end = self._clock.monotonic() + TAKEN_IN_S_MAX
        while known.seq < self._cursor.seq and self._clock.monotonic() < end:
            await self._clock.sleep(TAKEN_IN_S)
            known = await self._hello(head)
        return replace(known, seq=max(known.seq, self._cursor.seq))

    async def _recover(self, known: Known, head: Head) -> None:
        """Ours is an older copy, or it went another way since: a new epoch must begin before anything is sent."""
        self._turn(UplinkState.RECOVERING)
        log.warning("older copy", epoch=head.epoch, seq=head.seq, known_seq=known.seq)
        await self._hub.recover(known)
        if self._epoch() <= known.epoch:
            raise HubDoesNotAnswer(why="the epoch did not rise", epoch=self._epoch(), known_epoch=known.epoch)
        await self._agree()

    async def _last_shared(self, highest: int) -> int:
        """The highest seq up to which both chains are the same; equal hashes mean equal everything before."""
        same, other = 0, highest + 1
        while other - same > 1:
            points = sorted({same + (other - same) * n // (SEARCH_WIDTH + 1) for n in range(1, SEARCH_WIDTH + 1)} - {same} | {same + 1})
            theirs = await self._hashes(points)
            for point in points:
                ours = self._journal.hash_at(point)
                if ours is None or theirs.get(point) != ours:
                    other = point
                    break
                same = point
        return same

    async def _hashes(self, seqs: list[int]) -> dict[int, bytes]:
        asked = contract.pack({"v": contract.VERSION, "seqs": seqs})
        found = contract.unpack(await self._link.ask(contract.ask(self._link.store, "hashes"), asked)).get("hashes")
        try:
            return {int(seq): bytes.fromhex(seal) for seq, seal in dict(found or {}).items()}
        except (TypeError, ValueError) as why:
            raise Malformed(why="hashes") from why

    async def _send(self) -> None:
        """Send what comes, until there is reason to agree anew. Raises LinkLost, JournalChanged, JournalAway."""
        if self.state is not UplinkState.AGREEING:
            return
        self._turn(UplinkState.SENDING)
        while not self._again.is_set():
            if not self._link.is_up:
                raise LinkLost(why="lost while waiting")
            lines = self._journal.behind(self._seq, self._seal)
            if not lines:
                await self._cursor.save_when_due()
                await self._clock.sleep(POLL_S)
                continue
            batch = Batch(store=self._link.store, epoch=max(self._epoch(), lines[-1].epoch), round=self.round, lines=tuple(lines))
            await self._link.keep(contract.up(self._link.store), batch.to_bytes(), batch.message_id)
            self._seq, self._seal = lines[-1].seq, lines[-1].hash
            self._cursor.moved(lines[-1].epoch, self._seq, self._seal)

    def _is_stuck(self, known: Known) -> bool:
        """Head office has been at the same line below ours for a while: what we sent did not arrive there."""
        now = self._clock.monotonic()
        if known.seq >= self._seq:
            self._lag = None
        elif self._lag is None or self._lag[0] != known.seq:
            self._lag = (known.seq, now)
        return self._lag is not None and now - self._lag[1] >= STUCK_S

    def _epoch(self) -> int:
        return self._journal.head().epoch

    def _turn(self, state: UplinkState) -> None:
        if state is not self.state:
            log.debug("uplink", state=str(state))
            self.state = state
