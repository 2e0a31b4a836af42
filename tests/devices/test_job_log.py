"""Commands and their answers, durable: seen ids, deadlines, restarts at every state."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from devices.driver import Identity, Result
from devices.errors import AlreadyAdopted, NoSuchDevice
from devices.job_log import KEPT, WAITING_MAX, Ended, JobLog, Stored
from devices.post import Post
from devices.readings import Readings
from devices.registry import Device, Registry
from devices.schema import STEPS
from devices.topics import Topics
from hub.clock import Clock, MovedClock
from hub.db import Db
from hub.ids import Id
from hub.migrations import migrate
from hub.ports import Command, Outcome

START = datetime(2026, 11, 21, 10, tzinfo=UTC)


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Db]:
    made = Db(tmp_path / "devices.db")
    made.open()
    await asyncio.to_thread(migrate, made, STEPS)
    yield made
    made.close()


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock(START)


@pytest.fixture
def log(db: Db, clock: MovedClock) -> JobLog:
    return JobLog(db, clock)


def again(db: Db, clock: MovedClock) -> JobLog:
    """The log as the next start of the host reads it."""
    found = JobLog(db, clock)
    found.load()
    return found


def wish(**more: object) -> Command:
    return Command.model_validate({"id": Id.new(), "args": {"secret": "陈女士"}, **more})


async def taken(log: JobLog, command: Command, device: str = "p1") -> Stored:
    stored = await log.accept(device, "print", command)
    assert isinstance(stored, Stored)
    return stored


async def test_a_command_seen_again_is_the_same_command(log: JobLog) -> None:
    command = wish()
    stored = await taken(log, command)
    assert await log.accept("p1", "print", command) is None
    ended = await log.finish(stored, Result.done())
    assert await log.accept("p1", "print", command) == ended
    assert log.head("p1") is None


async def test_the_queue_of_a_device_is_first_come_first_served_and_survives_a_restart(log: JobLog, db: Db, clock: MovedClock) -> None:
    wishes = [wish() for _ in range(3)]
    for command in wishes:
        await taken(log, command)
    await taken(log, wish(), device="p2")
    after = again(db, clock)
    assert [s.command for s in after.of("p1")] == wishes
    assert after.waiting("p2") == 1


async def test_a_job_nothing_was_written_of_runs_after_a_restart(log: JobLog, db: Db, clock: MovedClock) -> None:
    stored = await taken(log, wish())
    await log.held(stored, "paper_out")  # before the first byte: only known in memory
    after = again(db, clock)
    assert await after.settle() == []
    head = after.head("p1")
    assert head is not None
    assert (head.wrote, head.held) == (False, "")


async def test_a_kick_in_the_middle_is_unknown_and_nobody_is_sent_to_look_at_paper(log: JobLog, db: Db, clock: MovedClock) -> None:
    kick = await log.accept("p1", "kick", wish())
    assert isinstance(kick, Stored)
    await log.writing(kick)
    (ended,) = await again(db, clock).settle()
    assert (ended.done.outcome, ended.done.reason) == (Outcome.UNKNOWN, "cut_short")


async def test_a_job_in_the_middle_is_unknown_after_a_restart_and_the_device_counts_as_broken_off(
    log: JobLog, db: Db, clock: MovedClock
) -> None:
    stored = await taken(log, wish())
    await log.writing(stored)
    after = again(db, clock)
    (ended,) = await after.settle()
    assert (ended.done.outcome, ended.done.reason) == (Outcome.UNKNOWN, "restarted_while_printing")
    assert after.head("p1") is None
    assert after.broke_off("p1")
    assert again(db, clock).broke_off("p1")
    next_one = await taken(after, wish())
    await after.writing(next_one)
    await after.finish(next_one, Result.done())
    assert not after.broke_off("p1")
    assert not again(db, clock).broke_off("p1")


async def test_a_job_held_in_the_printer_is_still_known_as_held(log: JobLog, db: Db, clock: MovedClock) -> None:
    stored = await taken(log, wish())
    await log.writing(stored)
    await log.held(stored, "paper_out")
    after = again(db, clock)
    assert await after.settle() == []
    head = after.head("p1")
    assert head is not None
    assert (head.wrote, head.held) == (True, "paper_out")


async def test_a_command_that_begins_at_once_counts_as_begun_until_it_turns_out_to_wait(log: JobLog, db: Db, clock: MovedClock) -> None:
    for _ in range(4):
        await log.accept("p1", "print", wish(), at_once=True)
    killed = await again(db, clock).settle()
    assert [e.done.outcome for e in killed] == [Outcome.UNKNOWN] * 4  # nobody could know


async def test_an_armed_command_that_is_held_before_its_first_byte_waits_like_any_other(log: JobLog, db: Db, clock: MovedClock) -> None:
    stored = await log.accept("p1", "print", wish(), at_once=True)
    assert isinstance(stored, Stored)
    await log.held(stored, "paper_out")
    assert await again(db, clock).settle() == []
    await log.writing(stored)
    assert len(await again(db, clock).settle()) == 1


async def test_disarming_puts_back_what_was_not_begun_and_leaves_what_was(log: JobLog, db: Db, clock: MovedClock) -> None:
    begun, waiting = [await log.accept("p1", "print", wish(), at_once=True) for _ in range(2)]
    assert isinstance(begun, Stored)
    assert isinstance(waiting, Stored)
    await log.writing(begun)
    await log.disarm("p1")
    after = again(db, clock)
    assert [e.done.id for e in await after.settle()] == [begun.command.id]
    head = after.head("p1")
    assert head is not None
    assert head.command == waiting.command


async def test_an_armed_command_that_failed_before_its_first_byte_does_not_hide_a_break(log: JobLog, db: Db, clock: MovedClock) -> None:
    torn = await taken(log, wish())
    await log.writing(torn)
    await log.finish(torn, Result.unknown("lost_while_printing"))
    armed = await log.accept("p1", "print", wish(), at_once=True)
    assert isinstance(armed, Stored)
    await log.finish(armed, Result.failed("unreachable"))
    assert log.broke_off("p1")
    assert again(db, clock).broke_off("p1")


async def test_what_goes_on_after_a_hold_and_then_breaks_is_not_held_any_more(log: JobLog, db: Db, clock: MovedClock) -> None:
    stored = await taken(log, wish())
    await log.writing(stored)
    await log.held(stored, "paper_out")
    await log.held(stored, "")
    assert [e.done.outcome for e in await again(db, clock).settle()] == [Outcome.UNKNOWN]


async def test_a_deadline_counts_until_the_first_byte(log: JobLog, clock: MovedClock) -> None:
    early = await taken(log, wish(deadline=(START + timedelta(seconds=5)).isoformat()))
    begun = await taken(log, wish(deadline=(START + timedelta(seconds=5)).isoformat()))
    await taken(log, wish())
    await log.writing(begun)
    assert log.late() == []
    clock.forward(seconds=6)
    assert log.late() == [early]


async def test_answers_are_repeated_until_the_broker_has_them(log: JobLog, db: Db, clock: MovedClock) -> None:
    ended = await log.finish(await taken(log, wish()), Result.failed("unreachable", {"n": 1}))
    assert again(db, clock).untold() == [ended]
    await log.told([("p1", ended.done.id)])
    assert log.untold() == []


async def test_arguments_are_wiped_when_a_command_ends(log: JobLog, db: Db) -> None:
    stored = await taken(log, wish())
    assert "陈女士" in db.all("SELECT args FROM commands")[0]["args"]
    await log.finish(stored, Result.done())
    assert db.all("SELECT args FROM commands")[0]["args"] == "{}"


async def test_too_many_waiting_commands_are_refused_and_may_be_asked_again(log: JobLog) -> None:
    for _ in range(WAITING_MAX):
        await taken(log, wish())
    refused = await log.accept("p1", "print", wish())
    assert isinstance(refused, Ended)
    assert (refused.done.reason, refused.done.retry_safe) == ("queue_full", True)
    assert log.waiting("p1") == WAITING_MAX


async def test_old_answers_are_forgotten_open_commands_never(log: JobLog, db: Db, clock: MovedClock) -> None:
    await log.finish(await taken(log, wish()), Result.done())
    await taken(log, wish())
    clock.forward(days=KEPT.days + 1)
    await log.forget_old()
    assert [row["outcome"] for row in db.all("SELECT outcome FROM commands")] == [None]


async def test_no_more_than_the_newest_twenty_thousand_answers_are_kept(log: JobLog, db: Db, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("devices.job_log.KEPT_MAX", 3)
    for _ in range(6):
        await log.finish(await taken(log, wish()), Result.done())
    await log.forget_old()
    assert [row["seq"] for row in db.all("SELECT seq FROM commands")] == [4, 5, 6]


async def test_an_urgent_command_is_found_behind_the_head(log: JobLog) -> None:
    await taken(log, wish())
    await taken(log, wish())
    kick = await log.accept("p1", "kick", wish())
    assert log.urgent("p1", {"kick"}) is kick
    assert log.urgent("p1", {"status"}) is None


def printer_at(address: str, **more: object) -> Device:
    return Device(**{"id": Id.new(), "kind": "receipt_printer", "name": "front", "address": address, "profile": {"columns": 32}, **more})  # type: ignore[arg-type]


async def test_an_adopted_device_is_known_after_a_restart(db: Db, clock: MovedClock) -> None:
    registry = Registry(db, clock)
    device = printer_at("tcp://10.0.0.9:9100", roles=("receipt", "ticket"))
    await registry.add(device)
    await registry.change(device.identified(Identity(model="TM-T20", serial="X1")))
    after = Registry(db, clock)
    after.load()
    assert after.all() == [device.identified(Identity(model="TM-T20", serial="X1"))]
    assert after.at("tcp://10.0.0.9:9100?simulated=1") == after.all()[0]


async def test_two_devices_cannot_have_one_address_or_one_id(db: Db, clock: MovedClock) -> None:
    registry = Registry(db, clock)
    device = printer_at("tcp://10.0.0.9:9100")
    await registry.add(device)
    with pytest.raises(AlreadyAdopted):
        await registry.add(printer_at("tcp://10.0.0.9:9100"))
    with pytest.raises(AlreadyAdopted):
        await registry.add(printer_at("tcp://10.0.0.8:9100", id=device.id))


async def test_a_removed_device_leaves_a_tombstone_and_may_come_back(db: Db, clock: MovedClock) -> None:
    registry = Registry(db, clock)
    device = printer_at("tcp://10.0.0.9:9100")
    await registry.add(device)
    await registry.remove(device.id)
    with pytest.raises(NoSuchDevice):
        registry.get(device.id)
    after = Registry(db, clock)
    after.load()
    assert (after.all(), after.removed) == ([], {device.id})
    await after.add(device)
    assert after.removed == set()


async def test_a_command_that_is_just_ending_is_neither_begun_nor_ended_by_anyone_else(log: JobLog, clock: MovedClock) -> None:
    stored = await taken(log, wish(deadline=(START + timedelta(seconds=5)).isoformat()))
    clock.forward(seconds=6)
    ending = asyncio.create_task(log.finish(stored, Result.failed("expired")))
    await asyncio.sleep(0)
    assert (log.late(), log.head("p1"), log.next("p1", ()), log.of("p1")) == ([], None, None, [])
    await ending
    assert log.waiting("p1") == 0


async def test_what_ended_while_whoever_ended_it_was_cancelled_keeps_that_end(log: JobLog, db: Db) -> None:
    stored = await taken(log, wish())
    ending = asyncio.create_task(log.finish(stored, Result.done()))
    await asyncio.sleep(0)
    await asyncio.sleep(0)  # the writer has it
    ending.cancel()
    await asyncio.gather(ending, return_exceptions=True)
    again_ended = await log.finish(stored, Result.failed("disabled"))
    assert again_ended.done.outcome is Outcome.DONE
    assert [ended.done.outcome for ended in log.untold()] == [Outcome.DONE]


async def test_an_answer_that_arrives_while_others_are_written_down_is_not_sent_twice(log: JobLog, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []

    class Link:
        connected = True
        on_published: Callable[[int], None]

        def publish(self, topic: str, payload: str, *, retain: bool = False, qos: int = 1) -> int:
            sent.append(json.loads(payload)["id"])
            return len(sent)

    link = Link()
    post = Post(link, Readings(lambda _topic, _body: True, Clock()), Topics("s1", "h1"), log, "session")  # type: ignore[arg-type]
    first, second = [await taken(log, wish()) for _ in range(2)]
    post.ended(await log.finish(first, Result.done()))
    link.on_published(1)
    write_down = log.told

    async def told(answers: Iterable[tuple[str, str]]) -> None:
        await write_down(answers)
        monkeypatch.setattr(log, "told", write_down)
        post.ended(await log.finish(second, Result.done()))
        link.on_published(2)

    monkeypatch.setattr(log, "told", told)
    await post.settle()
    await post.settle()
    assert sent == [first.command.id, second.command.id]
    assert log.untold() == []
