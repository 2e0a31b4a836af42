"""The way of a shop's lines into PostgreSQL: fetched, judged, copied, committed, and only then acknowledged.

A line is in `events` exactly once however often it is sent: the chain decides, under a lock of the shop's row, and the
key (store, epoch, seq) stands behind it. Lines above a gap are not kept: the shop has them, and is asked to send again
from the last contiguous number. Nothing a message holds can stop the worker: what is wrong is counted, kept as a sample
and dropped.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import nats.errors
import nats.js.errors
import psycopg
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.client import JetStreamContext

from cloud_bridge.contract import Batch, Malformed, WireLine
from cloud_bridge.hq import books
from cloud_bridge.hq.chain import EPOCH_RAISED, Place, Taken, take
from cloud_bridge.hq.nats_server import STREAM

log = structlog.get_logger()

CONSUMER = "ingest"
FETCH_MAX = 20
FETCH_S = 1.0
PAUSE_S_MAX = 5.0
SAMPLE_BYTES = 2048


@dataclass(slots=True, kw_only=True)
class News:
    """What one transaction changed, for those who show it or ask the shops."""

    heads: dict[str, Place] = field(default_factory=dict)  # of each shop that sent something
    added: dict[str, list[WireLine]] = field(default_factory=dict)
    resend: set[str] = field(default_factory=set)  # shops with a gap
    duplicates: int = 0
    refused: int = 0
    alarms: bool = False


Told = Callable[[News], Awaitable[None]]


class Ingest:
    """One worker; several may run side by side. `dsn` is its own connection, `told` hears of every commit."""

    def __init__(self, client: Client, dsn: str, told: Told) -> None:
        self._client, self._dsn, self._told = client, dsn, told
        self._connection: psycopg.Connection[tuple[object, ...]] | None = None
        self.figures = {"messages": 0, "lines": 0, "duplicates": 0, "refused": 0}

    async def run(self) -> None:
        """Take in, for ever; outages of NATS and PostgreSQL are waited out."""
        pause = 0.1
        while True:
            subscription = None
            try:
                subscription = await self._client.jetstream().pull_subscribe("up.*", durable=CONSUMER, stream=STREAM)
                while True:
                    await self._once(subscription)
                    pause = 0.1
            except (nats.errors.Error, OSError) as away:
                log.warning("ingest waits for nats", why=type(away).__name__)
            if subscription is not None:
                with suppress(nats.errors.Error, ValueError):  # gone with its connection
                    await subscription.unsubscribe()
            await asyncio.sleep(pause)
            pause = min(pause * 2, PAUSE_S_MAX)

    async def _once(self, subscription: JetStreamContext.PullSubscription) -> None:
        try:
            messages: list[Msg] = await subscription.fetch(FETCH_MAX, timeout=FETCH_S)
        except (nats.errors.TimeoutError, TimeoutError):
            if not self._client.is_connected:
                raise
            return
        news = await self._kept([(message.subject, message.data) for message in messages])
        for message in messages:
            await message.ack()
        await self._told(news)

    async def _kept(self, messages: Sequence[tuple[str, bytes]]) -> News:
        """Store them, however long PostgreSQL stays away; what was fetched is ours until it is acknowledged."""
        pause = 0.1
        while True:
            try:
                return await asyncio.to_thread(self.store, messages)
            except psycopg.OperationalError as away:
                log.warning("ingest waits for postgres", why=str(away).strip()[:200])
                self._close()
            except psycopg.Error as wrong:
                return await self._one_by_one(messages, wrong)
            await asyncio.sleep(pause)
            pause = min(pause * 2, PAUSE_S_MAX)

    async def _one_by_one(self, messages: Sequence[tuple[str, bytes]], wrong: psycopg.Error) -> News:
        """Something in these messages is more than the database takes: find the one, refuse it, keep the others."""
        if len(messages) > 1:
            parts = [await self._kept([message]) for message in messages]
            return _together(parts)
        log.error("message cannot be stored", subject=messages[0][0], why=str(wrong).strip()[:200])
        return await asyncio.to_thread(self._refuse_whole, *messages[0])

    def store(self, messages: Sequence[tuple[str, bytes]]) -> News:
        """One transaction for these (subject, data); returns what changed. Raises psycopg.OperationalError when away."""
        news = News()
        connection = self._connected()
        with connection.transaction():
            for store, batches in self._read(connection, messages, news).items():
                self._store_shop(connection, store, batches, news)
        self.figures["messages"] += len(messages)
        self.figures["lines"] += sum(map(len, news.added.values()))
        self.figures["duplicates"] += news.duplicates
        self.figures["refused"] += news.refused
        return news

    def _refuse_whole(self, subject: str, data: bytes) -> News:
        news = News()
        connection = self._connected()
        with connection.transaction():
            self._refuse(connection, subject.removeprefix("up."), "unstorable", data, news)
            books.alarm(connection, subject.removeprefix("up."), "unstorable", "", {"bytes": len(data)})
        self.figures["messages"] += 1
        self.figures["refused"] += 1
        return news

    def _read(self, connection: books.Connection, messages: Sequence[tuple[str, bytes]], news: News) -> dict[str, list[Batch]]:
        """The messages by shop, shops in one order for all workers, so that their locks cannot cross."""
        found: dict[str, list[Batch]] = {}
        for subject, data in messages:
            store = subject.removeprefix("up.")
            try:
                found.setdefault(store, []).append(Batch.from_bytes(data, store))
            except Malformed as wrong:
                self._refuse(connection, store, f"malformed_{wrong.facts.get('why')}", data, news)
        return dict(sorted(found.items()))

    def _store_shop(self, connection: books.Connection, store: str, batches: Sequence[Batch], news: News) -> None:
        head = books.lock_head(connection, store)
        lines: list[WireLine] = []
        for batch in batches:
            if batch.lines[0].seq <= head.seq:
                books.add(connection, store, lines)
                lines = []
            taken = take(head, batch, books.held(connection, store, batch, head))
            if taken.fork is not None:
                books.forget(connection, store, taken.fork, by_epoch=batch.epoch)
                news.alarms = True
            lines += taken.lines
            head = taken.head
            self._judge(connection, batch, taken, news)
        books.add(connection, store, lines)
        books.move_head(connection, store, head)
        news.heads[store] = head
        if lines:
            news.added.setdefault(store, []).extend(lines)

    def _judge(self, connection: books.Connection, batch: Batch, taken: Taken, news: News) -> None:
        store = batch.store
        news.duplicates += taken.duplicates
        if taken.gap:
            news.resend.add(store)
        if taken.refusal:
            self._refuse(connection, store, taken.refusal, batch.to_bytes(), news)
            facts: Mapping[str, object] = {"epoch": batch.epoch, "seq": batch.lines[0].seq, "known_epoch": taken.head.epoch}
            books.alarm(connection, store, taken.refusal, str(batch.epoch), facts)
            news.alarms = True
        for line in taken.lines:
            if line.kind == EPOCH_RAISED:
                said = {name: value for name, value in line.facts().items() if type(value) is int}
                facts = said | {"epoch": line.epoch, "seq": line.seq}
                books.alarm(connection, store, "epoch_raised", str(line.epoch), facts)
                news.alarms = True

    def _refuse(self, connection: books.Connection, store: str, reason: str, data: bytes, news: News) -> None:
        news.refused += 1
        news.alarms = True
        log.warning("message refused", store=store, reason=reason, bytes=len(data))
        books.refuse(connection, store, reason, data[:SAMPLE_BYTES])

    def _connected(self) -> books.Connection:
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(self._dsn, autocommit=True)
            books.prepare(self._connection)
        return self._connection

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _together(parts: Sequence[News]) -> News:
    whole = News()
    for part in parts:
        whole.heads |= part.heads
        for store, lines in part.added.items():
            whole.added.setdefault(store, []).extend(lines)
        whole.resend |= part.resend
        whole.duplicates += part.duplicates
        whole.refused += part.refused
        whole.alarms |= part.alarms
    return whole
