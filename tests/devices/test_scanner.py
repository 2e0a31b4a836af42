"""The scanner driver on socket:// and on a pty, under a supervisor: pulled, replugged, split, merged."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from devices.driver import Identity
from devices.drivers import driver_of
from devices.job_log import Ended, JobLog
from devices.registry import Device
from devices.simulators.scanner import Garbage, Merged, Nothing, ScannerSim, ScanOne, Split, TypingScannerSim
from devices.supervisor import Supervisor
from devices.transport import Address, transport_to
from hub.clock import Clock
from hub.db import Db
from hub.ports import DeviceState
from tests.devices.rig import driving, until

CODE = "6901234567892"


class Outlet:
    """Keeps what a supervisor tells."""

    def __init__(self) -> None:
        self.states: list[DeviceState] = []
        self.events: list[tuple[str, Any]] = []

    def state(self, device: str, state: DeviceState) -> None:
        self.states.append(state)

    def event(self, device: str, name: str, body: dict[str, Any]) -> None:
        self.events.append((name, body))

    def ended(self, ended: Ended) -> None:
        raise AssertionError(ended)

    async def identified(self, device: str, identity: Identity) -> None:
        return None

    @property
    def health(self) -> str:
        return self.states[-1].health.value if self.states else ""

    def codes(self) -> list[str]:
        return [body["code"] for name, body in self.events if name == "scan"]


@asynccontextmanager
async def supervised(address: str, tmp_path: Path, **profile: Any) -> AsyncIterator[Outlet]:
    outlet, clock = Outlet(), Clock()
    kind = driver_of("scanner")
    link = transport_to(Address.parse(address))
    device = Device(id="s", kind="scanner", name="s", address=address, profile=profile)
    log = JobLog(Db(tmp_path / "unused.db"), clock)
    task = asyncio.create_task(Supervisor(device, lambda: kind(kind.profile(**profile), link, clock), log, outlet, clock).run())
    try:
        yield outlet
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture(params=["socket", "pty", "keys"])
async def sim(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ScannerSim]:
    made = {
        "socket": lambda: ScannerSim.on_tcp("scanner"),
        "pty": lambda: ScannerSim.on_pty("scanner", tmp_path / "tty-scanner"),
        "keys": lambda: TypingScannerSim.on_keys("scanner", tmp_path / "scanner-event-kbd"),
    }[request.param]()
    await made.start()
    yield made
    await made.stop()


@pytest.mark.parametrize("times", [5, pytest.param(50, marks=pytest.mark.soak)])
async def test_a_scanner_pulled_and_replugged_is_missed_in_3_s_and_back_in_5(sim: ScannerSim, tmp_path: Path, times: int) -> None:
    async with supervised(sim.address, tmp_path) as outlet:
        await until(lambda: outlet.health == "online")
        for n in range(times):
            pulled = time.monotonic()
            await sim.do("unplug", Nothing())
            await until(lambda: outlet.health == "offline", 3.0)
            assert time.monotonic() - pulled <= 3.0
            plugged = time.monotonic()
            await sim.do("plug_in", Nothing())
            await until(lambda: outlet.health == "online", 5.0)
            assert time.monotonic() - plugged <= 5.0
            await sim.do("scan", ScanOne(code=f"BACK-{n}"))
            await until(lambda n=n: outlet.codes()[-1:] == [f"BACK-{n}"])
    changes = [state.health.value for state in outlet.states]
    assert changes[0] == "connecting"
    assert changes.count("offline") == times  # told once a change, not once a try


async def test_split_and_merged_scans_are_told_apart(sim: ScannerSim) -> None:
    async with driving("scanner", sim.address) as rig:
        await sim.do("scan", ScanOne(code=CODE, suffix="\r\n"))
        sending = asyncio.create_task(sim.do("split", Split(code="ABC-123456", every=3)))
        await sim.do("merged", Merged(codes=["M1", "M2", "M3"]))
        for _ in range(40):
            await rig.driver.poll()
            if len(rig.bells.announced) >= 4 and sending.done():
                break
        codes = [a.body["code"] for a in rig.bells.announced]
    assert codes[0] == CODE
    assert {"M2", "M3"} <= set(codes)


async def test_garbage_is_counted_and_no_code_comes_of_it(sim: ScannerSim) -> None:
    async with driving("scanner", sim.address) as rig:
        await sim.do("garbage", Garbage(bytes_hex="fffe80e31b07ff0d"))
        await sim.do("scan", ScanOne(code="6901234567893"))
        condition = await rig.driver.poll()
        while condition.figures["refused"] != 2:
            condition = await rig.driver.poll()
        assert condition.figures["last_refused"] == "check_digit"
        assert condition.reason == ""
        assert rig.bells.announced == []


async def test_a_code_without_its_end_is_refused_not_kept_for_the_next(sim: ScannerSim) -> None:
    async with driving("scanner", sim.address) as rig:
        await sim.do("scan", ScanOne(code="HALF", suffix=""))
        while (await rig.driver.poll()).figures["refused"] != 1:
            pass
        await sim.do("scan", ScanOne(code="WHOLE"))
        while not rig.bells.announced:
            await rig.driver.poll()
    assert [a.body["code"] for a in rig.bells.announced] == ["WHOLE"]


async def test_a_scanner_set_up_without_suffix_ends_its_codes_by_a_pause(sim: ScannerSim) -> None:
    async with driving("scanner", sim.address, suffix="none") as rig:
        await sim.do("scan", ScanOne(code=CODE, suffix=""))
        while not rig.bells.announced:
            await rig.driver.poll()
    assert rig.bells.announced[0].body["code"] == CODE


async def test_what_was_scanned_before_anybody_listened_is_thrown_away(tmp_path: Path) -> None:
    sim = ScannerSim.on_pty("scanner", tmp_path / "tty")
    await sim.start()
    try:
        async with driving("scanner", sim.address) as rig:
            await sim.do("scan", ScanOne(code="OLD"))
            await rig.driver.start(rig.bells.bell)
            await sim.do("scan", ScanOne(code="NEW"))
            while not rig.bells.announced:
                await rig.driver.poll()
        assert [a.body["code"] for a in rig.bells.announced] == ["NEW"]
    finally:
        await sim.stop()
