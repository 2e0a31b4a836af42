"""Keeps a shop or a head office running until someone says stop, and says where its pages are."""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import structlog
from rich.console import Console

from hub.clock import Clock
from hub.errors import PersonError
from provisioning.announce import entry_links, wait_for
from provisioning.power import STOP_S_MAX, StopOrder, power_off
from provisioning.private_files import private_dir, read_json
from provisioning.shop import Place, Shop
from provisioning.supervise import Plan, Supervisor

log = structlog.get_logger()

BROKER_S_MAX = 5.0
SLOW_S = 30.0
LOOK_EVERY_S = 2.0


class AlreadyRuns(PersonError):
    """Another run uses this folder; nothing was started."""

    code = "already_runs"
    hint = "Stop the other run first, or give this one a folder of its own with --store-dir."


class Undertaking(Protocol):
    """What can be kept running: a shop, or a head office."""

    dir: Path

    @property
    def moved_ports(self) -> list[str]:
        """Sentences about ports that were taken by others."""

    @property
    def off_command(self) -> tuple[str, ...]:
        """What switches this computer off; empty where nothing does."""

    def plans(self, supervisor: Supervisor, /) -> Iterable[Plan]:
        """The processes in the order they start."""

    def places(self) -> list[Place]:
        """Where pages are to be found."""


@contextmanager
def sole_run(folder: Path) -> Iterator[None]:
    """Hold `folder` for this run. Raises AlreadyRuns naming the other."""
    with (private_dir(folder) / "run.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as held:
            lock.seek(0)
            raise AlreadyRuns(folder=folder, pid=lock.read().strip() or "unknown") from held
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def ready_supervisor(folder: Path, clock: Clock, console: Console) -> Supervisor:
    """A supervisor for `folder`, after what an earlier run left behind has been ended, so that its ports are free."""

    def say(line: str) -> None:
        console.print(line, style="yellow", markup=False, highlight=False, soft_wrap=True)

    supervisor = Supervisor(folder, clock, say)
    for name in supervisor.begin():
        say(f"{name} of an earlier run was still there and has been ended")
    return supervisor


async def keep_running(undertaking: Undertaking, supervisor: Supervisor, clock: Clock, console: Console) -> None:
    """Start everything; stop it in reverse order at SIGTERM, SIGINT, SIGHUP or the hub's order. A second signal kills at once."""
    for moved in undertaking.moved_ports:
        console.print(moved, style="yellow", markup=False, highlight=False, soft_wrap=True)
    told = _stop_signal(supervisor)
    order = StopOrder(undertaking.dir, clock)
    order.forget()
    heard = asyncio.create_task(order.given(), name="stop order")
    heard.add_done_callback(lambda _: told.set())
    work = asyncio.create_task(_start_and_tell(undertaking, supervisor, clock, console), name="start and tell")
    work.add_done_callback(lambda done: told.set() if not done.cancelled() and done.exception() else None)
    try:
        await told.wait()
    finally:
        work.cancel()
        ordered = heard.done() and not heard.cancelled() and heard.exception() is None
        heard.cancel()
        console.print("stopping …")
        await _stop_all(supervisor)
        if ordered:
            await power_off(undertaking.off_command, lambda line: console.print(line, style="yellow", markup=False, soft_wrap=True))
    if work.done() and not work.cancelled():
        work.result()
    console.print("stopped")


async def _stop_all(supervisor: Supervisor) -> None:
    """In order; what is not done in 30 s is ended at once."""
    try:
        async with asyncio.timeout(STOP_S_MAX):
            await supervisor.stop()
    except TimeoutError:
        log.warning("not everything stopped in time", after_s=STOP_S_MAX)
        supervisor.kill()


async def _start_and_tell(undertaking: Undertaking, supervisor: Supervisor, clock: Clock, console: Console) -> None:
    plans = list(undertaking.plans(supervisor))
    for plan in plans:
        supervisor.start(plan)
        if plan.name == "broker" and isinstance(undertaking, Shop):  # the others would only find out later
            await wait_for(undertaking.mqtt_port, clock, BROKER_S_MAX)
    places = undertaking.places()
    told = [asyncio.Event() for _ in places]
    async with asyncio.TaskGroup() as tellers:
        for place, first in zip(places, told, strict=True):
            tellers.create_task(_keep_telling(place, undertaking.dir, first, clock, console))
        for plan in plans:
            await supervisor.tried(plan.name)
        for first in told:
            await first.wait()
        console.print("Everything runs. Ctrl-C stops it.", style="green")


async def _keep_telling(place: Place, folder: Path, told: asyncio.Event, clock: Clock, console: Console) -> None:
    """Print the entry links of `place`, and again whenever there are others, as after a restart of its process."""
    asking = asyncio.create_task(entry_links(place, clock))
    done, _ = await asyncio.wait([asking], timeout=SLOW_S)
    if not done:
        console.print(f"{place.name} does not answer yet; see {folder / 'logs' / place.name}.log", style="yellow", soft_wrap=True)
    links = await asking
    while True:
        for page, link in {**links, **place.extra}.items():
            console.print(f"  {page:<8} {link}", highlight=False, markup=False, soft_wrap=True)
        told.set()
        while read_json(place.entry) in ({}, links):
            await clock.sleep(LOOK_EVERY_S)
        links = await entry_links(place, clock)


def _stop_signal(supervisor: Supervisor) -> asyncio.Event:
    told = asyncio.Event()

    def on_signal() -> None:
        if told.is_set():
            supervisor.kill()
        told.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, on_signal)
    return told
