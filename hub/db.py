"""SQLite with exactly one writer.

`write` hands a function, a step, to the writer thread; it runs everything that waits in one BEGIN IMMEDIATE and one COMMIT
at synchronous=FULL, then answers: durable, and fast on an SD card. When one of several steps is refused, all are rolled back
and run again with a SAVEPOINT each; so a step changes nothing but the database, and memory follows by `Tx.on_commit`.
Readers have read-only connections of their own, one a thread; a read is one statement in autocommit, fetched whole.

Every SQLite file of the project is opened here and nowhere else: the library is sqlcipher3 used without a key, because
it bundles a SQLite without the WAL-reset corruption (3.7.0 to 3.51.2), and sqlite-utils must be given the same one.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable, Hashable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any, ParamSpec, TypeVar

import sqlcipher3
import sqlcipher3.dbapi2 as sqlite

from hub.errors import ChairsideError, StorageFailed, StorageFull, StorageUnsafe
from hub.ids import Id

sys.modules["pysqlite3"], sys.modules["pysqlite3.dbapi2"] = sqlcipher3, sqlite
from sqlite_utils import Database  # noqa: E402 - it looks for pysqlite3 on its first import

P = ParamSpec("P")
T = TypeVar("T")
Row = Any  # sqlite.Row: by index and by column name

OLDEST_SAFE = (3, 51, 3)
HANDED_OVER_MAX = 200  # at once; one commit takes fewer than twice as many, so that nobody waits long behind a crowd
IntegrityError = sqlite.IntegrityError
_DISK_FULL, _IO_ERROR, _CORRUPT, _NOT_A_DB = 13, 10, 11, 26


class Tx:
    """The open transaction a step works in; only the writer makes one.

    `known` is what its steps have read or written and the next one would read again; a step rolled back empties it.
    """

    __slots__ = ("_connection", "execute", "executemany", "known", "promised")

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.known: dict[Hashable, Any] = {}
        self.promised: list[Callable[[], None]] = []
        self.execute = connection.execute
        self.executemany = connection.executemany

    def one(self, sql: str, values: Sequence[Any] = ()) -> Row | None:
        """The first row, or None."""
        return self.execute(sql, values).fetchone()

    def all(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """Every row."""
        return self.execute(sql, values).fetchall()  # type: ignore[no-any-return]

    def insert(self, table: str, **values: Any) -> None:
        """One row into `table`; names come from code, never from a person."""
        self.execute(_insert_sql(table, tuple(values)), tuple(values.values()))

    def on_commit(self, told: Callable[[], None]) -> None:
        """Call `told` in the writer thread once this step is durable, before anyone is answered; never when it is rolled back.

        It must be quick and never raise.
        """
        self.promised.append(told)

    @property
    def utils(self) -> Database:
        """The same connection as a sqlite-utils database, for schema work and imports."""
        return Database(self._connection)


@dataclass(slots=True)
class _Job:
    fn: Callable[..., Any]
    args: tuple[Any, ...]
    loop: asyncio.AbstractEventLoop
    answer: asyncio.Future[Any]
    result: Any = None
    error: BaseException | None = None


@dataclass(slots=True)
class WriterFigures:
    """What the writer has done since it started."""

    commits: int = 0
    writes: int = 0
    refused: int = 0
    largest_batch: int = 0


class Db:
    """One SQLite file. `open` before use, `close` at the end; both from the thread that owns the loop."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.figures = WriterFigures()
        self.broken: str | None = None  # why nothing is accepted any more; the process must be restarted
        self._jobs: SimpleQueue[list[_Job] | None] = SimpleQueue()
        self._gathered: dict[asyncio.AbstractEventLoop, list[_Job]] = {}
        self._thread: threading.Thread | None = None
        self._local = threading.local()
        self._readers: list[Any] = []
        self._before_answers: list[Callable[[], None]] = []
        self._after_commit: list[Callable[[], None]] = []
        self._on_broken: list[Callable[[str], None]] = []
        self._connection: Any = None

    def open(self) -> None:
        """Open the file and start the writer. Raises StorageUnsafe for a SQLite that may corrupt it."""
        if sqlite.sqlite_version_info < OLDEST_SAFE:
            raise StorageUnsafe(sqlite=sqlite.sqlite_version, needs=".".join(map(str, OLDEST_SAFE)))
        for kind in Id.__subclasses__():  # a value of a class the driver was not told of takes four times as long to bind
            sqlite.register_adapter(kind, str.__str__)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._connection = _connect(str(self.path), read_only=False)
        except sqlite.DatabaseError as why:
            raise StorageFailed(file=self.path.name, why=str(why)) from why
        self._thread = threading.Thread(target=self._write_forever, name=f"writer {self.path.name}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Finish what waits, then close every connection. Idempotent."""
        if self._thread:
            self._jobs.put(None)
            self._thread.join()
            self._thread = None
        for reader in self._readers:
            reader.close()
        self._readers.clear()
        self._local = threading.local()
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def before_answers(self, told: Callable[[], None]) -> None:
        """Call `told` in the writer thread after every commit, before anyone is answered: for values kept from before it.

        It must be quick and never raise.
        """
        self._before_answers.append(told)

    def after_commit(self, told: Callable[[], None]) -> None:
        """Call `told` in the writer thread after every commit, once everyone is answered: for work that follows.

        It must be quick and never raise.
        """
        self._after_commit.append(told)

    def on_broken(self, told: Callable[[str], None]) -> None:
        """Call `told` with the reason, once, when the file can no longer be trusted."""
        self._on_broken.append(told)

    async def write(self, fn: Callable[..., T], /, *args: Any) -> T:
        """Run `fn(tx, *args)` in the writer and return its result once it is durable.

        `fn` may be run twice, the first time for nothing: it changes the database and leaves word with `Tx.on_commit`, no more.
        Raises what `fn` raised (nothing of it is kept), StorageFull or StorageFailed when it could not be kept.
        """
        if self.broken:
            raise StorageFailed(why=self.broken)
        loop = asyncio.get_running_loop()
        job = _Job(fn, args, loop, loop.create_future())
        if loop not in self._gathered:
            self._gathered[loop] = []
            loop.call_soon(self._hand_over, loop)  # after everyone else who is ready now has asked, too: one commit for all
        self._gathered[loop].append(job)
        return await job.answer  # type: ignore[no-any-return]

    def write_at_start(self, fn: Callable[..., T], /, *args: Any) -> T:
        """The same without a loop, blocking: for migrations, imports and the moments before the loop runs."""
        return asyncio.run(self.write(fn, *args))

    def one(self, sql: str, values: Sequence[Any] = ()) -> Row | None:
        """The first row of a read, or None."""
        rows = self.all(sql, values)
        return rows[0] if rows else None

    def all(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """Every row of a read. Bound the statement yourself: it is fetched whole."""
        reader = getattr(self._local, "reader", None)
        if reader is None:
            reader = self._local.reader = _connect(f"file:{self.path}?mode=ro", read_only=True)
            self._readers.append(reader)
        return reader.execute(sql, values).fetchall()  # type: ignore[no-any-return]

    def _hand_over(self, loop: asyncio.AbstractEventLoop) -> None:
        jobs = self._gathered.pop(loop)
        for start in range(0, len(jobs), HANDED_OVER_MAX):
            self._jobs.put(jobs[start : start + HANDED_OVER_MAX])

    def _write_forever(self) -> None:
        while batch := self._jobs.get():
            last = False
            while len(batch) < HANDED_OVER_MAX and not self._jobs.empty():
                more = self._jobs.get()
                if more is None:
                    last = True
                    break
                batch += more
            self._run(batch)
            if last:
                return

    def _run(self, batch: list[_Job]) -> None:
        try:
            if self.broken:
                raise StorageFailed(why=self.broken)
            self._commit(batch)
        except BaseException as failed:  # noqa: BLE001 - the writer must answer everyone, whatever went wrong
            error = failed if isinstance(failed, ChairsideError) else self._translated(failed)
            for job in batch:
                job.result, job.error = None, error
        self.figures.writes += len(batch)
        self.figures.refused += sum(1 for job in batch if job.error)
        self.figures.largest_batch = max(self.figures.largest_batch, len(batch))
        for told in self._before_answers:
            told()
        by_loop: dict[asyncio.AbstractEventLoop, list[_Job]] = {}
        for job in batch:
            by_loop.setdefault(job.loop, []).append(job)
        for loop, jobs in by_loop.items():
            with suppress(RuntimeError):  # the loop of the asker is closed: nobody waits any more
                loop.call_soon_threadsafe(_answer, jobs)
        for told in self._after_commit:
            told()

    def _commit(self, batch: list[_Job]) -> None:
        execute = self._connection.execute
        execute("BEGIN IMMEDIATE")
        try:
            tx = self._attempt(batch)
            if tx is None:
                execute("ROLLBACK")
                if len(batch) == 1:
                    return
                execute("BEGIN IMMEDIATE")
                tx = self._attempt_each(batch)
            execute("COMMIT")
        except BaseException:
            with suppress(sqlite.Error):
                execute("ROLLBACK")
            raise
        self.figures.commits += 1
        for told in tx.promised:
            told()

    def _attempt(self, batch: list[_Job]) -> Tx | None:
        """Every step in turn, without a savepoint, which costs as much as three inserts; None as soon as one is refused."""
        tx = Tx(self._connection)
        for job in batch:
            try:
                job.result = job.fn(tx, *job.args)
            except BaseException as refused:  # noqa: BLE001 - its own answer, unless there are others: then it is run once more
                job.error = _own(refused)
                return None
        return tx

    def _attempt_each(self, batch: list[_Job]) -> Tx:
        """The same with a savepoint each: what one raises is its own answer, not its neighbours'."""
        tx = Tx(self._connection)
        execute = self._connection.execute
        for job in batch:
            job.result = job.error = None
            promised = len(tx.promised)
            execute("SAVEPOINT job")
            try:
                job.result = job.fn(tx, *job.args)
            except BaseException as refused:  # noqa: BLE001 - as above
                job.error = _own(refused)
                execute("ROLLBACK TO job")
                tx.known.clear()
                del tx.promised[promised:]
            execute("RELEASE job")
        return tx

    def _translated(self, failed: BaseException) -> ChairsideError:
        code = getattr(failed, "sqlite_errorcode", None)
        primary = code & 0xFF if isinstance(code, int) else None
        if primary == _DISK_FULL:
            error: ChairsideError = StorageFull(file=self.path.name)
        else:
            error = StorageFailed(file=self.path.name, why=type(failed).__name__)
        if primary in {_IO_ERROR, _CORRUPT, _NOT_A_DB} and not self.broken:
            self.broken = str(failed)
            for told in self._on_broken:
                told(self.broken)
        error.__cause__ = failed
        return error


def check_integrity(path: Path) -> list[str]:
    """What SQLite finds wrong with the file; empty means whole. Reads every page: minutes on a large file."""
    connection = _connect(f"file:{path}?mode=ro", read_only=True)
    try:
        found = [row[0] for row in connection.execute("PRAGMA integrity_check")]
    except sqlite.DatabaseError as why:
        return [str(why)]
    finally:
        connection.close()
    return [] if found == ["ok"] else found


def copy_of(path: Path, to: Path) -> None:
    """A consistent copy by SQLite's backup, safe while the shop sells."""
    source, target = _connect(f"file:{path}?mode=ro", read_only=True), sqlite.connect(str(to))
    try:
        source.backup(target)
    finally:
        target.close()
        source.close()


def _connect(path: str, *, read_only: bool) -> Any:
    connection = sqlite.connect(path, uri=path.startswith("file:"), isolation_level=None, check_same_thread=False, cached_statements=512)
    connection.row_factory = sqlite.Row
    for pragma in ("busy_timeout=5000", "foreign_keys=1", "mmap_size=0", *(() if read_only else _WRITER_PRAGMAS)):
        connection.execute(f"PRAGMA {pragma}")
    return connection


_WRITER_PRAGMAS = ("journal_mode=wal", "synchronous=full", "secure_delete=1", "cache_size=-16000", "wal_autocheckpoint=2000")
_insert_texts: dict[tuple[str, tuple[str, ...]], str] = {}


def _insert_sql(table: str, columns: tuple[str, ...]) -> str:
    text = _insert_texts.get((table, columns))
    if text is None:
        places = ", ".join("?" * len(columns))
        text = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})"  # noqa: S608 - names from code
        _insert_texts[table, columns] = text
    return text


def _answer(jobs: Iterable[_Job]) -> None:
    for job in jobs:
        if job.answer.done():
            continue  # whoever asked has gone away; what was written stays written
        if job.error is None:
            job.answer.set_result(job.result)
        else:
            job.answer.set_exception(job.error)


def _is_fatal(refused: BaseException) -> bool:
    """Errors of the file, not of the job: the whole batch fails."""
    return (
        isinstance(refused, sqlite.DatabaseError)
        and not isinstance(refused, (sqlite.IntegrityError, sqlite.ProgrammingError, sqlite.InterfaceError, sqlite.DataError))
        and getattr(refused, "sqlite_errorcode", 1) & 0xFF != 1
    )


def _own(refused: BaseException) -> BaseException:
    """What a step raised, as its own answer; raised again when it is of the file."""
    if _is_fatal(refused):
        raise refused
    if isinstance(refused, (StopIteration, KeyboardInterrupt, SystemExit)):
        failed = StorageFailed(why=type(refused).__name__)
        failed.__cause__ = refused
        return failed
    return refused
