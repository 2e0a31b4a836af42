"""One device under its supervisor, in moved time: three misses, back-off, told once, and a driver that fails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import pytest
import structlog

from devices.driver import Bell, Condition, Driver, Identity, Job, NoArguments, Pace, Profile, Result
from devices.errors import LinkLost
from devices.job_log import Ended, JobLog, Stored
from devices.registry import Device
from devices.schema import STEPS
from devices.supervisor import Supervisor
from hub.clock import MovedClock
from hub.db import Db
from hub.ids import Id
from hub.migrations import migrate
from hub.ports import Command, DeviceState, Outcome
from tests.devices.rig import until


@dataclass
class Script:
    """What the device does next."""

    broken: Exception | None = None
    serial: str = "A1"
    identified: int = 0
    polls: int = 0
    runs: list[str] = field(default_factory=list)
    hold: asyncio.Event | None = None
    fail_run: Exception | None = None
    reason: str = ""
    figures: dict[str, Any] = field(default_factory=dict)
    rest_breaks: asyncio.Event = field(default_factory=asyncio.Event)


class Puppet(Driver):
    """A driver that follows a script."""

    kind = "puppet"
    profile = Profile
    verbs: ClassVar[dict[str, Any]] = {"print": NoArguments, "kick": NoArguments}
    urgent: ClassVar[frozenset[str]] = frozenset({"kick"})
    pace = Pace(poll_s=3.0, poll_wait_s=5.0, miss_s=0.5, back_off_s_max=8.0)

    def __init__(self, script: Script, clock: MovedClock) -> None:
        self.script, self._clock = script, clock

    async def identify(self) -> Identity:
        self.script.identified += 1
        if self.script.broken:
            raise self.script.broken
        return Identity(serial=self.script.serial)

    async def start(self, bell: Bell) -> None:
        self.bell = bell

    async def poll(self) -> Condition:
        self.script.polls += 1
        if self.script.broken:
            raise self.script.broken
        return Condition(reason=self.script.reason, figures=dict(self.script.figures))

    async def rest(self) -> None:
        broken = asyncio.ensure_future(self.script.rest_breaks.wait())
        resting = asyncio.ensure_future(super().rest())
        try:
            await asyncio.wait({broken, resting}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            broken.cancel()
            resting.cancel()
        if self.script.broken and self.script.rest_breaks.is_set():
            raise self.script.broken

    async def run(self, job: Job) -> Result:
        self.script.runs.append(job.verb)
        if job.verb == "print" and self.script.hold:
            await job.before_writing()
            await job.moved("held", "paper_out")
            await self.script.hold.wait()
        if self.script.fail_run:
            raise self.script.fail_run
        return Result.done()

    async def stop(self) -> None:
        return None


@dataclass
class Told:
    states: list[DeviceState] = field(default_factory=list)
    events: list[tuple[str, Any]] = field(default_factory=list)
    answers: list[Ended] = field(default_factory=list)

    def state(self, device: str, state: DeviceState) -> None:
        self.states.append(state)

    def event(self, device: str, name: str, body: dict[str, Any]) -> None:
        self.events.append((name, body))

    def ended(self, ended: Ended) -> None:
        self.answers.append(ended)

    async def identified(self, device: str, identity: Identity) -> None:
        return None

    def healths(self) -> list[str]:
        return [s.health.value for s in self.states]


@dataclass
class Stage:
    script: Script
    told: Told
    clock: MovedClock
    log: JobLog
    supervisor: Supervisor

    async def forward(self, seconds: float) -> None:
        """Move time in small steps, letting everybody act in between."""
        for _ in range(round(seconds / 0.25)):
            self.clock.forward(seconds=0.25)
            for _ in range(12):
                await asyncio.sleep(0)

    async def command(self, verb: str = "print", **more: Any) -> Stored:
        stored = await self.log.accept("d", verb, Command.model_validate({"id": Id.new(), **more}))
        assert isinstance(stored, Stored)
        self.supervisor.wake()
        return stored


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    clock = MovedClock(datetime(2026, 11, 21, 10, tzinfo=UTC))
    db = Db(tmp_path / "d.db")
    db.open()
    await asyncio.to_thread(migrate, db, STEPS)
    script, told, log = Script(), Told(), JobLog(db, clock)
    device = Device(id="d", kind="puppet", name="d", address="tcp://x:1", profile={}, serial="A1")
    supervisor = Supervisor(device, lambda: Puppet(script, clock), log, told, clock)
    task = asyncio.create_task(supervisor.run())
    yield Stage(script, told, clock, log, supervisor)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    db.close()


async def test_a_device_comes_online_and_is_polled_in_its_pace(stage: Stage) -> None:
    await until(lambda: stage.told.healths() == ["connecting", "online"])
    polls = stage.script.polls
    await stage.forward(9.25)
    assert stage.script.polls - polls == 3
    assert stage.told.healths() == ["connecting", "online"]


async def test_a_figure_that_changed_too_soon_to_be_told_again_is_told_later(stage: Stage) -> None:
    await until(lambda: stage.told.healths() == ["connecting", "online"])
    stage.script.figures = {"mg": 5}
    await stage.forward(6.5)
    assert stage.told.healths() == ["connecting", "online"]
    await stage.forward(6.5)
    assert [state.figures.get("mg") for state in stage.told.states] == [None, None, 5]


async def test_two_misses_are_forgiven_and_the_third_is_offline_told_and_logged_once(stage: Stage) -> None:
    await until(lambda: stage.told.healths()[-1] == "online")
    with structlog.testing.capture_logs() as logs:
        stage.script.broken = LinkLost()
        await stage.forward(3.25)
        assert stage.told.healths()[-1] == "online"
        await stage.forward(0.5)
        assert stage.told.healths()[-1] == "online"
        await stage.forward(0.75)
        assert stage.told.healths()[-1] == "offline"
        state = stage.told.states[-1]
        assert (state.reason, bool(state.sentence), bool(state.action)) == ("link_lost", True, True)
        await stage.forward(120)
        stage.script.broken = None
        await stage.forward(10)
    assert stage.told.healths() == ["connecting", "online", "offline", "online"]
    assert [(entry["log_level"], entry["health"]) for entry in logs if entry["event"] == "device"] == [
        ("warning", "offline"),
        ("info", "online"),
    ]


async def test_an_absent_device_is_tried_with_growing_pauses_that_have_an_end(stage: Stage) -> None:
    stage.script.broken = LinkLost()
    await stage.forward(20)
    tries = stage.script.identified
    await stage.forward(240)
    later = stage.script.identified - tries
    assert 240 / 8 <= later <= 240 / 0.3
    assert later < 240 / 1.5  # not hammered


async def test_it_identifies_again_on_return_and_refuses_another_device(stage: Stage) -> None:
    await until(lambda: stage.told.healths()[-1] == "online")
    stage.script.broken = LinkLost()
    await stage.forward(10)
    stage.script.broken, stage.script.serial = None, "B2"
    await stage.forward(20)
    assert (stage.told.states[-1].health.value, stage.told.states[-1].reason) == ("offline", "wrong_device")
    stage.script.serial = "A1"
    await stage.forward(20)
    assert stage.told.healths()[-1] == "online"


async def test_a_fault_in_a_driver_is_named_and_the_device_tried_again(stage: Stage) -> None:
    await until(lambda: stage.told.healths()[-1] == "online")
    with structlog.testing.capture_logs() as logs:
        stage.script.broken = ZeroDivisionError("in the driver")
        await stage.forward(6)
    assert stage.told.states[-1].reason == "driver_failed"
    assert any(entry.get("fault") == "ZeroDivisionError" for entry in logs)
    stage.script.broken = None
    await stage.forward(20)
    assert stage.told.healths()[-1] == "online"


async def test_a_line_that_breaks_while_a_driver_listens_is_a_miss_at_once(stage: Stage) -> None:
    await until(lambda: stage.told.healths()[-1] == "online")
    stage.script.broken = LinkLost()
    stage.script.rest_breaks.set()
    await until(lambda: stage.supervisor._misses == 1)
    stage.script.broken = None
    stage.script.rest_breaks.clear()
    await stage.forward(0.75)
    assert stage.script.identified == 2
    assert stage.told.healths() == ["connecting", "online"]


async def test_degraded_is_told_with_its_reason_and_over_when_it_is(stage: Stage) -> None:
    await until(lambda: stage.told.healths()[-1] == "online")
    stage.script.reason = "paper_low"
    await stage.forward(3.5)
    assert (stage.told.states[-1].health.value, stage.told.states[-1].reason) == ("degraded", "paper_low")
    stage.script.reason = ""
    await stage.forward(3.5)
    assert stage.told.healths()[-1] == "online"


async def test_a_command_does_not_wait_for_the_next_poll(stage: Stage) -> None:
    await until(lambda: stage.told.healths()[-1] == "online")
    stored = await stage.command()
    await until(lambda: [e.done.id for e in stage.told.answers] == [stored.command.id])
    assert stage.told.answers[0].done.outcome is Outcome.DONE


async def test_commands_wait_in_order_while_the_device_is_away(stage: Stage) -> None:
    stage.script.broken = LinkLost()
    await stage.forward(5)
    first, second = await stage.command(), await stage.command()
    await stage.forward(5)
    assert stage.told.answers == []
    stage.script.broken = None
    await stage.forward(20)
    await until(lambda: len(stage.told.answers) == 2)
    assert [e.done.id for e in stage.told.answers] == [first.command.id, second.command.id]


async def test_an_urgent_command_passes_a_held_one_and_an_ordinary_one_does_not(stage: Stage) -> None:
    await until(lambda: stage.told.healths()[-1] == "online")
    stage.script.hold = asyncio.Event()
    held = await stage.command()
    await until(lambda: held.held)
    ordinary, kick = await stage.command(), await stage.command("kick")
    await until(lambda: len(stage.told.answers) == 1)
    assert stage.told.answers[0].done.id == kick.command.id
    stage.script.hold.set()
    await until(lambda: len(stage.told.answers) == 3)
    assert [e.done.id for e in stage.told.answers[1:]] == [held.command.id, ordinary.command.id]


async def test_the_drawer_does_not_wait_for_the_receipts_that_wait(stage: Stage) -> None:
    stage.script.broken = LinkLost()
    await stage.forward(5)
    await stage.command()
    await stage.command("kick")
    stage.script.broken = None
    await stage.forward(20)
    await until(lambda: len(stage.told.answers) == 2)
    assert stage.script.runs == ["kick", "print"]


async def test_a_driver_that_breaks_before_writing_fails_safe_and_after_writing_is_unknown(stage: Stage) -> None:
    await until(lambda: stage.told.healths()[-1] == "online")
    stage.script.fail_run = LinkLost()
    await stage.command()
    await until(lambda: len(stage.told.answers) == 1)
    assert (stage.told.answers[0].done.outcome, stage.told.answers[0].done.retry_safe) == (Outcome.FAILED, True)
    stage.script.hold = asyncio.Event()
    stage.script.hold.set()
    stage.script.fail_run = ZeroDivisionError()
    await stage.command()
    await stage.forward(2)
    await until(lambda: len(stage.told.answers) == 2)
    done = stage.told.answers[1].done
    assert (done.outcome, done.retry_safe, done.reason) == (Outcome.UNKNOWN, False, "driver_failed")


async def test_a_job_in_the_middle_is_told_again_on_a_new_connection(stage: Stage) -> None:
    await until(lambda: stage.told.healths()[-1] == "online")
    stage.script.hold = asyncio.Event()
    held = await stage.command()
    await until(lambda: held.held)
    stage.told.events.clear()
    stage.supervisor.repeat()
    assert [(name, body["state"], body["reason"]) for name, body in stage.told.events] == [("job", "held", "paper_out")]
    stage.script.hold.set()
    await until(lambda: stage.told.answers)
