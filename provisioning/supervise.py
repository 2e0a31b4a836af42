"""Starts the shop's processes, starts a crashed one again, and stops all in reverse order. One that dies takes nobody with it."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import structlog

from hub.clock import Clock
from hub.errors import ChairsideError
from provisioning.child_log import ChildLog
from provisioning.private_files import private_dir
from provisioning.processes import Roster, adopt_orphans, exit_of, how_it_ended, kill_group, spawn, sweep

log = structlog.get_logger()

FIRST_PAUSE_S = 0.2
PAUSE_S_MAX = 30.0
STEADY_S = 30.0
STOP_S_MAX = 3.0
LOGS_EVERY_S = 5.0

_BY_HAND = {signal.SIGKILL, signal.SIGTERM, signal.SIGINT}  # someone else's doing: the last words do not explain it

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One child. `env` is added to ours; `before` runs ahead of every start and is told how often it crashed in a row."""

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    before: Callable[[int], Awaitable[None]] | None = None


@dataclass(slots=True)
class _Child:
    plan: Plan
    log: ChildLog
    process: subprocess.Popen[bytes] | None = None
    crashes: int = 0
    keeper: asyncio.Task[None] = field(init=False)
    tried: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(frozen=True, slots=True)
class _End:
    """How a life ended, and the last words, indented below it."""

    how: str
    said: str = ""


class Supervisor:
    """The keeper of all children of one `chairside run`. `say` gets a line for a person at each crash."""

    def __init__(self, store_dir: Path, clock: Clock, say: Say) -> None:
        self._logs = private_dir(store_dir / "logs")
        self._clock, self._say = clock, say
        self._roster = Roster(store_dir / "children.json")
        self._children: dict[str, _Child] = {}
        self._stopping = False
        self._log_keeper: asyncio.Task[None] | None = None

    def begin(self) -> list[str]:
        """Before the first `start`: adopt orphans, end what a killed run left behind; returns its names."""
        adopt_orphans()
        return self._roster.clear_leftovers()

    def start(self, plan: Plan) -> None:
        """Start a child and keep it running; returns at once."""
        child = _Child(plan=plan, log=ChildLog(self._logs, plan.name))
        child.log.rotate()
        self._children[plan.name] = child
        child.keeper = asyncio.create_task(self._keep(child), name=f"keep {plan.name}")
        if self._log_keeper is None:
            self._log_keeper = asyncio.create_task(self._keep_logs_small(), name="keep logs small")

    async def tried(self, name: str) -> None:
        """Wait until the first start of a child has been tried."""
        await self._children[name].tried.wait()

    async def run_once(self, plan: Plan) -> None:
        """Run a short helper to its end, with a log like a child's. Raises HelperFailed."""
        helper = ChildLog(self._logs, plan.name)
        with helper.open() as output:
            process = spawn(plan.argv, self._env(plan), output)
        try:
            code = await exit_of(process)
        finally:
            if process.poll() is None:
                kill_group(process.pid)
                process.wait()
            await sweep(process.pid)
        if code:
            raise HelperFailed(helper=plan.name, ended=how_it_ended(code), said=helper.last_words())

    def pid_of(self, name: str) -> int | None:
        """The running process of a child; None between two lives."""
        process = self._children[name].process
        return process.pid if process else None

    async def stop(self) -> None:
        """Stop all, the last started first. Each gets 3 s to end by itself, then it is killed with all it started."""
        self._stopping = True
        for child in reversed(self._children.values()):
            await self._stop_one(child)
        if self._log_keeper:
            self._log_keeper.cancel()
        for stray in psutil.Process().children(recursive=True):  # left its group, but we adopted it
            stray.kill()

    def kill(self) -> None:
        """End everything at once: a second Ctrl-C."""
        for child in self._children.values():
            if child.process:
                kill_group(child.process.pid)

    async def _stop_one(self, child: _Child) -> None:
        process, keeper = child.process, child.keeper
        if process is None:
            keeper.cancel()
            await asyncio.wait([keeper])
            return
        process.send_signal(signal.SIGTERM)
        _, waiting = await asyncio.wait([keeper], timeout=STOP_S_MAX)
        if waiting:
            log.warning("child did not stop", name=child.plan.name, after_s=STOP_S_MAX)
            kill_group(process.pid)
            await asyncio.wait([keeper])

    async def _keep(self, child: _Child) -> None:
        while not self._stopping:
            began = self._clock.monotonic()
            reason = await self._live(child)
            if self._stopping:
                return
            child.crashes = 1 if self._clock.monotonic() - began >= STEADY_S else child.crashes + 1
            pause = min(FIRST_PAUSE_S * 2 ** min(child.crashes - 1, 10), PAUSE_S_MAX)
            log.error("child ended", name=child.plan.name, reason=reason.how, crashes=child.crashes, pause_s=pause)
            self._say(f"{child.plan.name} {reason.how}; it starts again in {pause:g} s{reason.said}")
            await self._clock.sleep(pause)

    async def _live(self, child: _Child) -> _End:
        """One life of a child; returns how it ended."""
        try:
            if child.plan.before:
                await child.plan.before(child.crashes)
            if self._stopping:
                return _End("was not started")
            with child.log.open() as output:
                child.process = spawn(child.plan.argv, self._env(child.plan), output)
        except (ChairsideError, OSError) as failed:
            return _End(f"could not start: {failed}")
        finally:
            child.tried.set()
        self._roster.started(child.plan.name, child.process)
        log.info("child runs", name=child.plan.name, pid=child.process.pid)
        try:
            code = await exit_of(child.process)
        finally:
            group, child.process = child.process.pid, None
            self._roster.ended(child.plan.name)
        await sweep(group)
        said = "" if -code in _BY_HAND else child.log.last_words()
        return _End(how_it_ended(code), "".join(f"\n    {line}" for line in said.splitlines()))

    async def _keep_logs_small(self) -> None:
        while True:
            await self._clock.sleep(LOGS_EVERY_S)
            for child in self._children.values():
                child.log.keep_small()

    @staticmethod
    def _env(plan: Plan) -> dict[str, str]:
        """Without bytecode every start would take twice as long."""
        ours = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
        return {**ours, "PYTHONUNBUFFERED": "1", "PYTHONFAULTHANDLER": "1", **plan.env}


class HelperFailed(ChairsideError):
    """A step of the preparation did not succeed."""

    code = "helper_failed"
    hint = "The sentence holds the last lines it said; the rest is in the logs folder."
