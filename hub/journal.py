"""Numbered, hash-chained, append-only events with one cursor per reader: audit log and outbox in one.

A line is identified by (store, epoch, seq). `hash` is SHA-256 over the hash before it and the line's own fields, so an
edit, a removal or a reordering shows. Bodies hold ids, codes and amounts only, never personal data.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

import orjson
import structlog

from hub.access import SYSTEM, Actor
from hub.clock import Clock
from hub.db import Db, Row, Tx
from hub.errors import MachineError
from hub.migrations import Migration

log = structlog.get_logger()

GENESIS = bytes(32)
READ_AT_ONCE = 100
TRIES_BEFORE_DEAD = 3
RETRY_S_MAX = 5.0

SCHEMA = Migration(
    "0001-journal",
    """
    CREATE TABLE journal (
      seq INTEGER PRIMARY KEY, epoch INTEGER NOT NULL CHECK (epoch > 0), at TEXT NOT NULL,
      actor TEXT NOT NULL, role TEXT NOT NULL, station TEXT NOT NULL,
      kind TEXT NOT NULL, body TEXT NOT NULL, hash BLOB NOT NULL CHECK (length(hash) = 32)) STRICT;
    CREATE TRIGGER journal_is_never_changed BEFORE UPDATE ON journal
    BEGIN
      SELECT RAISE(ABORT, 'the journal is append-only');
    END;
    CREATE TRIGGER journal_is_never_shortened BEFORE DELETE ON journal
    BEGIN
      SELECT RAISE(ABORT, 'the journal is append-only');
    END;
    CREATE TABLE journal_readers (reader TEXT PRIMARY KEY, seq INTEGER NOT NULL) STRICT;
    CREATE TABLE journal_dead_letters (
      reader TEXT NOT NULL, seq INTEGER NOT NULL, error TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (reader, seq)) STRICT;
    """,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A fact, in the past tense. Fields are ids, codes, amounts in minor units, numbers and times."""

    kind: ClassVar[str] = ""

    def __init_subclass__(cls, **more: Any) -> None:
        cls.kind = cls.__name__


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochRaised(Event):
    """The shop's database is an older copy than what was once known: from here on a new epoch counts.

    `forgotten_from` is the first sequence number the shop no longer has under `old_epoch`.
    """

    old_epoch: int
    forgotten_from: int
    known_seq: int


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the journal. `at` is ISO 8601 in UTC, `hash` seals it and all before."""

    seq: int
    epoch: int
    at: str
    actor: str
    role: str
    station: str
    kind: str
    body: dict[str, Any]
    hash: bytes


@dataclass(frozen=True, slots=True)
class Head:
    """The newest line's identity; seq 0 before the first."""

    epoch: int
    seq: int
    hash: bytes
    at: str | None


class Journal:
    """The shop's memory. `append` is a step of other capabilities' transactions; readers follow behind."""

    def __init__(self, db: Db, clock: Clock) -> None:
        self._db, self._clock = db, clock
        self._readers: list[_Reader] = []
        self._wakes = False
        self._fresh: list[tuple[Any, ...]] = []  # rows of this commit; only the writer thread touches it
        self._newest: Head | None = None

    def append(self, tx: Tx, actor: Actor, event: Event) -> int:
        """Add one line inside the caller's transaction; returns its seq."""
        return self._append(tx, actor, event)

    def raise_epoch(self, tx: Tx, known_seq: int, known_epoch: int = 0) -> int:
        """Start a new epoch after a restore, above the restored one and `known_epoch`; returns it.

        Whoever knew up to `known_seq` can list what was forgotten.
        """
        head = _head(tx.one(_HEAD))
        event = EpochRaised(old_epoch=head.epoch, forgotten_from=head.seq + 1, known_seq=known_seq)
        epoch = max(head.epoch, known_epoch) + 1
        self._append(tx, SYSTEM, event, epoch)
        return epoch

    def head(self) -> Head:
        """The newest durable line."""
        return self._newest or _head(self._db.one(_HEAD))

    def after(self, seq: int, limit: int = READ_AT_ONCE) -> list[Line]:
        """Lines above `seq` in order, at most `limit`."""
        return [_line(row) for row in self._db.all("SELECT * FROM journal WHERE seq > ? ORDER BY seq LIMIT ?", (seq, limit))]

    def count(self, event: type[Event]) -> int:
        """How many lines tell of this kind."""
        row = self._db.one("SELECT count(*) FROM journal WHERE kind = ?", (event.kind,))
        return int(row[0]) if row else 0

    def first_broken(self) -> int | None:
        """The first seq whose number or hash does not follow from the line before; None when the chain is whole."""
        before, expected = GENESIS, 1
        while lines := self._db.all("SELECT * FROM journal WHERE seq >= ? ORDER BY seq LIMIT 1000", (expected,)):
            for row in lines:
                if row["seq"] != expected or row["hash"] != _sealed(before, *tuple(row)[:8]):
                    return expected
                before, expected = row["hash"], expected + 1
        return None

    async def follow(self, reader: str, handle: Callable[[Line], Awaitable[None]], kinds: Collection[str] = ()) -> None:
        """Hand every line (of `kinds`, when given) to `handle`, in order, at least once, for ever.

        A MachineError is waited out and tried again; any other error is tried three times, then the line goes to the
        dead letters and the reader goes on.
        """
        with self._reading() as fresh:
            cursor = await self._db.write(_cursor_of, reader)
            while True:
                fresh.clear()
                lines = self.after(cursor)
                if not lines:
                    await fresh.came.wait()
                    continue
                for line in lines:
                    if not kinds or line.kind in kinds:
                        await self._deliver(reader, handle, line)
                cursor = lines[-1].seq
                await self._db.write(_move_cursor, reader, cursor)

    async def tail(self, handle: Callable[[Line], Awaitable[None]]) -> None:
        """Hand every line from now on to `handle`, for ever; nothing is kept, so whoever comes later asks the services first."""
        with self._reading() as fresh:
            seq = self.head().seq
            while True:
                fresh.came.clear()
                while fresh.rows:
                    row = fresh.rows.popleft()
                    while seq < row[0]:
                        for line in [_line(row)] if seq + 1 == row[0] else self.after(seq):  # more came at once than are kept
                            seq = line.seq
                            await handle(line)
                await fresh.came.wait()

    def dead_letters(self) -> list[Row]:
        """Lines a reader could not digest: reader, seq, error, at."""
        return self._db.all("SELECT * FROM journal_dead_letters ORDER BY reader, seq LIMIT 500")

    async def _deliver(self, reader: str, handle: Callable[[Line], Awaitable[None]], line: Line) -> None:
        tries, pause = 0, 0.05
        while True:
            try:
                return await handle(line)
            except MachineError as away:
                log.warning("reader waits", reader=reader, seq=line.seq, why=str(away))
            except Exception as bad:  # a reader's fault must name itself and never stop the readers behind it
                tries += 1
                log.exception("reader failed", reader=reader, seq=line.seq, tries=tries)
                if tries >= TRIES_BEFORE_DEAD:
                    return await self._db.write(_bury, reader, line.seq, f"{type(bad).__name__}: {bad}", self._clock.now())
            await self._clock.sleep(pause)
            pause = min(pause * 2, RETRY_S_MAX)

    def _append(self, tx: Tx, actor: Actor, event: Event, epoch: int | None = None) -> int:
        head = tx.known.get("journal head") or _head(tx.one(_HEAD))
        seq, epoch = head.seq + 1, epoch or head.epoch
        at = self._clock.now().isoformat(timespec="milliseconds")
        body = orjson.dumps(event, option=orjson.OPT_SORT_KEYS).decode()
        fields = (seq, epoch, at, actor.id, str(actor.role), actor.station, event.kind, body)
        row = (*fields, _sealed(head.hash, *fields))
        tx.execute("INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
        tx.known["journal head"] = head = Head(epoch, seq, row[-1], at)
        tx.on_commit(lambda: self._durable(row, head))
        return seq

    def _durable(self, row: tuple[Any, ...], head: Head) -> None:
        self._newest = head
        if self._readers:
            self._fresh.append(row)

    @contextmanager
    def _reading(self) -> Iterator[_Reader]:
        reader = _Reader(asyncio.get_running_loop())
        if not self._wakes:  # not from the start: the print desk is told before, paper goes first
            self._wakes = True
            self._db.after_commit(self._wake)
        self._readers.append(reader)
        try:
            yield reader
        finally:
            self._readers.remove(reader)

    def _wake(self) -> None:
        if self._fresh:
            fresh, self._fresh = self._fresh, []
            for reader in list(self._readers):
                with suppress(RuntimeError):  # its loop has just been closed: it reads no more
                    reader.loop.call_soon_threadsafe(reader.take, fresh)


class _Reader:
    """What one reader has not looked at yet; used in the reader's loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop, self.came = loop, asyncio.Event()
        self.rows: deque[tuple[Any, ...]] = deque(maxlen=READ_AT_ONCE)

    def take(self, rows: list[tuple[Any, ...]]) -> None:
        """More lines are durable."""
        self.rows.extend(rows)
        self.came.set()

    def clear(self) -> None:
        """Whatever came is about to be read from the database."""
        self.rows.clear()
        self.came.clear()


_HEAD = "SELECT epoch, seq, hash, at FROM journal ORDER BY seq DESC LIMIT 1"


def _head(row: Row | None) -> Head:
    return Head(row["epoch"], row["seq"], row["hash"], row["at"]) if row else Head(1, 0, GENESIS, None)


def _line(row: Row) -> Line:
    seq, epoch, at, actor, role, station, kind, body, seal = row
    return Line(seq, epoch, at, actor, role, station, kind, orjson.loads(body), seal)


def _sealed(before: bytes, *fields: object) -> bytes:
    """SHA-256 of the hash before and the fields seq, epoch, at, actor, role, station, kind, body, split by U+001F."""
    return hashlib.sha256(before + "\x1f".join(map(str, fields)).encode()).digest()


def _cursor_of(tx: Tx, reader: str) -> int:
    tx.execute("INSERT OR IGNORE INTO journal_readers VALUES (?, 0)", (reader,))
    return int(tx.execute("SELECT seq FROM journal_readers WHERE reader = ?", (reader,)).fetchone()[0])


def _move_cursor(tx: Tx, reader: str, seq: int) -> None:
    tx.execute("UPDATE journal_readers SET seq = ? WHERE reader = ?", (seq, reader))


def _bury(tx: Tx, reader: str, seq: int, error: str, at: datetime) -> None:
    tx.execute("INSERT OR REPLACE INTO journal_dead_letters VALUES (?, ?, ?, ?)", (reader, seq, error, at.isoformat()))
