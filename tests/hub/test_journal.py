from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass

import pytest

from hub.access import SYSTEM
from hub.clock import Clock
from hub.db import Db
from hub.errors import MachineError
from hub.journal import SCHEMA, EpochRaised, Event, Journal
from hub.migrations import migrate


@dataclass(frozen=True, slots=True, kw_only=True)
class Rang(Event):
    """A bell rang."""

    n: int


@pytest.fixture
def journal(tmp_path):
    db = Db(tmp_path / "j.db")
    db.open()
    migrate(db, [SCHEMA])
    journal = Journal(db, Clock())
    journal.db = db
    yield journal
    db.close()


async def ring(journal, *numbers):
    await asyncio.gather(*(journal.db.write(lambda tx, n=n: journal.append(tx, SYSTEM, Rang(n=n))) for n in numbers))


async def until(condition):
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.002)


async def follow(journal, handle, condition, reader="r", **more):
    task = asyncio.create_task(journal.follow(reader, handle, **more))
    try:
        await until(condition)
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_lines_are_numbered_without_a_gap_whatever_fails_between(journal):
    def rings_and_fails(tx):
        journal.append(tx, SYSTEM, Rang(n=0))
        raise MachineError

    await ring(journal, 1)
    with pytest.raises(MachineError):
        await journal.db.write(rings_and_fails)
    await ring(journal, 2)
    assert [(line.seq, line.body) for line in journal.after(0)] == [(1, {"n": 1}), (2, {"n": 2})]
    assert journal.first_broken() is None


async def test_an_edit_a_removal_and_a_swap_are_each_found_where_they_happened(journal):
    await ring(journal, *range(30))
    for harm in (
        "UPDATE journal SET body = '{\"n\":99}' WHERE seq = 17",
        "UPDATE journal SET at = '2020-01-01' WHERE seq = 9",
        "DELETE FROM journal WHERE seq = 5",
    ):
        await journal.db.write(lambda tx: [tx.execute(f"DROP TRIGGER IF EXISTS journal_is_never_{x}") for x in ("changed", "shortened")])
        await journal.db.write(lambda tx, harm=harm: tx.execute(harm))
        seq = int(harm.rsplit(" ", 1)[1])
        assert journal.first_broken() == seq


async def test_the_journal_cannot_be_changed_by_sql(journal):
    await ring(journal, 1)
    for sql in ("UPDATE journal SET kind = 'x'", "DELETE FROM journal"):
        with pytest.raises(Exception, match="append-only"):
            await journal.db.write(lambda tx, sql=sql: tx.execute(sql))


async def test_a_reader_gets_every_line_in_order_and_goes_on_where_it_was(journal):
    heard = []

    async def hear(line):
        heard.append(line.body["n"])

    await ring(journal, *range(150))
    await follow(journal, hear, lambda: len(heard) == 150)
    await until(lambda: journal.db.one("SELECT seq FROM journal_readers")[0] >= 100)
    await ring(journal, 150)
    await follow(journal, hear, lambda: heard[-1] == 150)
    assert heard[:150] == list(range(150))
    assert heard[150] >= 100  # what the cursor had passed does not come again
    assert heard[150:] == list(range(heard[150], 151))


async def test_a_line_nobody_can_digest_goes_to_the_dead_letters_and_the_next_one_is_read(journal):
    heard = []

    async def hear(line):
        if line.body["n"] == 2:
            raise ValueError("cannot digest")
        heard.append(line.body["n"])

    await ring(journal, 1, 2, 3)
    await follow(journal, hear, lambda: heard == [1, 3])
    assert [(row["reader"], row["seq"], row["error"]) for row in journal.dead_letters()] == [("r", 2, "ValueError: cannot digest")]


async def test_a_machine_that_is_away_is_waited_for_and_nothing_is_skipped(journal):
    heard, tries = [], []

    async def hear(line):
        tries.append(line.seq)
        if len(tries) < 3:
            raise MachineError
        heard.append(line.body["n"])

    await ring(journal, 1, 2)
    await follow(journal, hear, lambda: heard == [1, 2])
    assert tries == [1, 1, 1, 2]
    assert journal.dead_letters() == []


async def test_readers_do_not_wait_for_each_other(journal):
    quick, never = [], asyncio.Event()

    async def stuck(line):
        await never.wait()

    async def hear(line):
        quick.append(line.seq)

    slow = asyncio.create_task(journal.follow("slow", stuck))
    await ring(journal, *range(10))
    await follow(journal, hear, lambda: len(quick) == 10, reader="quick")
    assert quick == list(range(1, 11))
    assert not slow.done()
    slow.cancel()


async def test_a_reader_of_some_kinds_hears_only_those(journal):
    heard = []

    async def hear(line):
        heard.append(line.kind)

    await ring(journal, 1)
    await journal.db.write(journal.raise_epoch, 5)
    await follow(journal, hear, lambda: heard, kinds={"EpochRaised"})
    assert heard == ["EpochRaised"]


async def test_a_new_epoch_counts_on_and_says_what_was_forgotten(journal):
    await ring(journal, 1, 2)
    assert await journal.db.write(journal.raise_epoch, 9) == 2
    await ring(journal, 3)
    assert [(line.epoch, line.seq) for line in journal.after(0)] == [(1, 1), (1, 2), (2, 3), (2, 4)]
    assert journal.after(2, 1)[0].body == {"old_epoch": 1, "forgotten_from": 3, "known_seq": 9}
    assert journal.count(EpochRaised) == 1
    assert journal.first_broken() is None


async def test_a_tail_hears_every_line_of_a_crowd_larger_than_it_keeps_once_and_in_order(journal):
    heard, first = [], asyncio.Event()

    async def hear(line):
        heard.append(line.body["n"])
        await first.wait()

    task = asyncio.create_task(journal.tail(hear))
    await asyncio.sleep(0)
    await ring(journal, 0)
    await until(lambda: heard)
    await journal.db.write(lambda tx: [journal.append(tx, SYSTEM, Rang(n=n)) for n in range(1, 1001)])
    await ring(journal, 1001)
    first.set()
    await until(lambda: heard[-1] == 1001)
    assert heard == list(range(1002))
    task.cancel()


async def test_a_tail_hears_nothing_of_what_was_undone(journal):
    heard = []

    async def hear(line):
        heard.append(line.body["n"])

    def rings_and_fails(tx):
        journal.append(tx, SYSTEM, Rang(n=2))
        raise MachineError

    task = asyncio.create_task(journal.tail(hear))
    await asyncio.sleep(0)
    await asyncio.gather(ring(journal, 1), journal.db.write(rings_and_fails), ring(journal, 3), return_exceptions=True)
    await until(lambda: heard == [1, 3])
    assert journal.head().seq == 2
    assert journal.first_broken() is None
    task.cancel()


async def test_a_tail_hears_what_comes_and_nothing_of_before(journal):
    heard = []

    async def hear(line):
        heard.append(line.body["n"])

    await ring(journal, 1)
    task = asyncio.create_task(journal.tail(hear))
    await asyncio.sleep(0)
    for n in range(2, 12):
        await ring(journal, n)
    await until(lambda: len(heard) == 10)
    task.cancel()
    assert heard == list(range(2, 12))
