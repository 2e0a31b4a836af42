from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest
import sqlite_utils.utils
from sqlcipher3 import dbapi2 as sqlite

from hub import db as db_module
from hub.db import Db, IntegrityError, check_integrity, copy_of
from hub.errors import NotFound, StorageFailed, StorageFull, StorageUnsafe
from hub.migrations import Migration, migrate, split_statements

TABLE = Migration("1", "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT UNIQUE) STRICT;")


@pytest.fixture
def db(tmp_path: Path):
    db = Db(tmp_path / "shop.db")
    db.open()
    migrate(db, [TABLE])
    yield db
    db.close()


def note(tx, text):
    tx.insert("notes", text=text)
    return text


async def test_what_waits_together_is_committed_together(db):
    begun, go = threading.Event(), threading.Event()

    def slow(tx):
        begun.set()
        return go.wait(5)

    first = asyncio.ensure_future(db.write(slow))
    await asyncio.to_thread(begun.wait, 5)
    rest = [asyncio.ensure_future(db.write(note, str(n))) for n in range(50)]
    await asyncio.sleep(0)
    commits = db.figures.commits
    go.set()
    await asyncio.gather(first, *rest)
    assert db.figures.commits - commits == 2
    assert db.figures.largest_batch == 50


async def test_a_crowd_is_kept_in_several_commits_so_that_nobody_waits_long_behind_it(db: Db) -> None:
    answers = await asyncio.gather(*(db.write(lambda _tx, n=n: n) for n in range(1000)))
    assert answers == list(range(1000))
    assert db.figures.largest_batch < 400
    assert db.figures.commits >= 3


async def test_one_that_fails_takes_nothing_of_its_neighbours_with_it(db):
    def half(tx):
        note(tx, "half")
        raise NotFound(thing="x")

    answers = await asyncio.gather(db.write(note, "a"), db.write(half), db.write(note, "a"), db.write(note, "b"), return_exceptions=True)
    assert [type(a) for a in answers] == [str, NotFound, IntegrityError, str]
    assert [row["text"] for row in db.all("SELECT text FROM notes")] == ["a", "b"]


async def test_what_a_step_promised_is_kept_once_it_is_durable_and_forgotten_when_it_is_undone(db):
    kept = []

    def promise(tx, text):
        tx.on_commit(lambda: kept.append((text, db.one("SELECT count(*) FROM notes")[0])))
        note(tx, text)
        if text == "refused":
            raise NotFound

    answers = await asyncio.gather(*(db.write(promise, text) for text in ("a", "refused", "b")), return_exceptions=True)
    assert [type(a) for a in answers] == [type(None), NotFound, type(None)]
    assert kept == [("a", 2), ("b", 2)]


async def test_a_refused_step_makes_its_neighbours_run_again_and_each_is_kept_once(db):
    ran = []

    def count(tx, text):
        ran.append(text)
        note(tx, text)
        if text == "refused":
            raise NotFound
        return len(ran)

    answers = await asyncio.gather(*(db.write(count, text) for text in ("a", "refused", "b")), return_exceptions=True)
    assert ran == ["a", "refused", "a", "refused", "b"]
    assert (answers[0], type(answers[1]), answers[2]) == (3, NotFound, 5)
    assert [row["text"] for row in db.all("SELECT text FROM notes")] == ["a", "b"]


async def test_a_step_that_is_refused_alone_is_run_once_and_commits_nothing(db):
    ran = []

    def refused(tx):
        ran.append(note(tx, "half"))
        raise NotFound

    commits = db.figures.commits
    with pytest.raises(NotFound):
        await db.write(refused)
    assert ran == ["half"]
    assert db.figures.commits == commits
    assert db.all("SELECT * FROM notes") == []


async def test_what_a_step_knew_is_not_believed_after_another_was_undone(db):
    known = []

    def learn(tx, text):
        known.append(tx.known.get("last"))
        tx.known["last"] = text
        if text == "refused":
            raise NotFound

    await asyncio.gather(*(db.write(learn, text) for text in ("a", "b", "refused", "c")), return_exceptions=True)
    await db.write(learn, "another transaction")
    assert known == [None, "a", "b", None, "a", "b", None, None]  # tried, then run again with a savepoint each


async def test_an_answer_comes_only_when_the_row_can_be_read(db):
    for n in range(20):
        await db.write(note, str(n))
        assert db.one("SELECT count(*) FROM notes")[0] == n + 1


async def test_a_reader_cannot_write(db):
    with pytest.raises(sqlite.OperationalError, match="readonly"):
        db.all("INSERT INTO notes (text) VALUES ('x')")


async def test_whoever_goes_away_while_waiting_does_not_stop_the_writer(db):
    waiting = asyncio.ensure_future(db.write(note, "gone"))
    await asyncio.sleep(0)
    waiting.cancel()
    assert await db.write(note, "next") == "next"


async def test_a_full_disk_refuses_with_a_clear_word_and_sells_again_when_there_is_room(tmp_path):
    db = Db(tmp_path / "small.db")
    db.open()
    await asyncio.to_thread(migrate, db, [TABLE])
    await db.write(lambda tx: tx.execute("PRAGMA max_page_count = 12").fetchall())
    with pytest.raises(StorageFull) as refused:
        for n in range(1000):
            await db.write(note, f"{n}" * 100)
    assert "Free some space" in refused.value.hint
    kept = db.one("SELECT count(*) FROM notes")[0]
    assert kept == n
    await db.write(lambda tx: tx.execute("PRAGMA max_page_count = 100000").fetchall())
    await db.write(note, "room again")
    assert db.one("SELECT count(*) FROM notes")[0] == kept + 1
    db.close()


async def test_after_an_io_error_nothing_is_accepted_until_a_restart(db):
    class Broken(sqlite.OperationalError):
        sqlite_errorcode = 10

    def fail(tx):
        raise Broken("disk I/O error")

    told = []
    db.on_broken(told.append)
    with pytest.raises(StorageFailed):
        await db.write(fail)
    with pytest.raises(StorageFailed):
        await db.write(note, "no")
    assert told == ["disk I/O error"]
    assert db.one("SELECT count(*) FROM notes")[0] == 0


def test_a_sqlite_that_may_corrupt_the_file_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(db_module, "OLDEST_SAFE", (99, 0, 0))
    with pytest.raises(StorageUnsafe):
        Db(tmp_path / "x.db").open()


def test_a_file_that_is_no_database_is_refused(tmp_path):
    (tmp_path / "x.db").write_bytes(b"not a database" * 1000)
    with pytest.raises(StorageFailed):
        Db(tmp_path / "x.db").open()


def test_sqlite_utils_works_on_the_same_sqlite():
    assert sqlite_utils.utils.OperationalError is sqlite.OperationalError


def test_a_flipped_bit_is_found(tmp_path):
    db = Db(tmp_path / "shop.db")
    db.open()
    migrate(db, [TABLE])
    for n in range(20):
        db.write_at_start(note, f"{n}" * 200)
    db.close()
    assert check_integrity(db.path) == []
    pages = bytearray(db.path.read_bytes())
    pages[4096 + 3] ^= 0xFF
    db.path.write_bytes(pages)
    assert check_integrity(db.path) != []


async def test_a_copy_taken_while_selling_is_whole(db, tmp_path):
    writes = asyncio.gather(*(db.write(note, str(n)) for n in range(200)))
    await asyncio.to_thread(copy_of, db.path, tmp_path / "copy.db")
    await writes
    assert check_integrity(tmp_path / "copy.db") == []


def test_migrations_run_once_and_in_order(db):
    more = Migration("2", lambda tx: note(tx, "by a function"))
    assert migrate(db, [TABLE, more]) == ["2"]
    assert migrate(db, [TABLE, more]) == []


def test_a_database_of_a_newer_version_is_refused(db):
    migrate(db, [TABLE, Migration("2", "CREATE TABLE later (x INTEGER) STRICT;")])
    with pytest.raises(StorageUnsafe) as refused:
        migrate(db, [TABLE])
    assert "newer" in refused.value.hint


def test_a_migration_that_fails_half_way_leaves_nothing(db):
    bad = Migration("2", "CREATE TABLE good (x INTEGER) STRICT;\nCREATE TABLE notes (x INTEGER) STRICT;")
    with pytest.raises(Exception, match="already exists"):
        migrate(db, [TABLE, bad])
    assert db.all("SELECT name FROM sqlite_master WHERE name = 'good'") == []
    assert migrate(db, [TABLE]) == []


def test_a_trigger_stays_one_statement():
    script = "CREATE TABLE a (x);\nCREATE TRIGGER t BEFORE DELETE ON a\nBEGIN\n  SELECT 1;\nEND;\nCREATE TABLE b (x);"
    assert len(split_statements(script)) == 3
