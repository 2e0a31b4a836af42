"""The UPS driver on NUT itself, and the client of NUT on our simulator."""

from __future__ import annotations

import asyncio
import os
import pwd
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devices.driver import Condition
from devices.errors import CannotConnect
from devices.simulators.ups import UpsSim
from devices.simulators.verbs import Nothing
from devices.transport import Address, Transport, transport_to
from tests.devices.rig import Rig, driving, free_port

pytestmark = pytest.mark.peer


class Nut:
    """NUT of the system, with settings and state in a folder of the test."""

    PROGRAMS = Path("/lib/nut")

    def __init__(self, folder: Path) -> None:
        assert (self.PROGRAMS / "dummy-ups").exists(), "NUT is not installed: make peers installs it"
        self.port, self._folder = free_port(), folder
        self._env = {**os.environ, **dict.fromkeys(("NUT_CONFPATH", "NUT_STATEPATH", "NUT_ALTPIDPATH"), str(folder))}
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        (folder / "ups.conf").write_text('[till]\ndriver = dummy-ups\nport = till.dev\nmode = dummy-once\ndesc = "a \\"b\\" c"\n')
        (folder / "till.dev").write_text(
            "ups.status: OL\nbattery.charge: 97.5\nbattery.runtime: 1799\nups.load: 23\ninput.voltage: 231.2\nbattery.voltage: 27.1\n"
            'ups.mfr: Dummy\nups.model: 650 \\"desk\\" \\\\\\#2\nups.serial: D1\n'
        )
        (folder / "upsd.conf").write_text(f"LISTEN 127.0.0.1 {self.port}\nMAXAGE 3\n")
        (folder / "upsd.users").write_text("[test]\npassword = test\nactions = SET\n")
        for file in folder.iterdir():
            file.chmod(0o600)

    def start(self) -> None:
        user = pwd.getpwuid(os.getuid()).pw_name
        self._run("dummy-ups", "-a", "till", "-u", user, "-F")
        self._run("upsd", "-u", user, "-F")

    async def reached(self) -> Transport:
        """A way to it, when it listens."""
        link = transport_to(Address.parse(f"tcp://127.0.0.1:{self.port}"))
        async with asyncio.timeout(20):
            while True:
                try:
                    await link.open()
                    return link
                except CannotConnect:
                    await asyncio.sleep(0.05)

    def _run(self, program: str, *args: str) -> None:
        self._running[program] = subprocess.Popen(
            [str(self.PROGRAMS / program), *args], env=self._env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def signal(self, program: str, number: int) -> None:
        self._running[program].send_signal(number)

    def stop(self) -> None:
        for process in self._running.values():
            process.kill()
            process.wait(5)

    async def set(self, name: str, value: str) -> None:
        await run_program("upsrw", "-s", f"{name}={value}", "-u", "test", "-p", "test", f"till@127.0.0.1:{self.port}")


@pytest.fixture
def nut(tmp_path: Path) -> Iterator[Nut]:
    """A real `upsd` with a `dummy-ups`."""
    made = Nut(tmp_path)
    try:
        made.start()
        yield made
    finally:
        made.stop()


async def run_program(*command: str) -> str:
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE)
    out, err = await asyncio.wait_for(process.communicate(), 10)
    assert process.returncode == 0, err.decode()
    return out.decode()


async def first(rig: Rig, is_so: Callable[[Condition], bool]) -> Condition:
    """The first condition that is so."""
    async with asyncio.timeout(20):
        while not is_so(condition := await rig.driver.poll()):
            await asyncio.sleep(0.05)
    return condition


async def test_a_power_cut_that_nut_tells_is_seen_and_a_driver_that_hangs_or_dies_is_no_power_cut(nut: Nut) -> None:
    async with driving("ups", f"tcp://127.0.0.1:{nut.port}", link=await nut.reached(), answer_wait_s=2) as rig:
        well = await first(rig, lambda seen: seen.reason == "" and seen.figures["battery_pct"] is not None)
        assert well.figures == {
            "battery_pct": 97,
            "minutes_left": 29,
            "load_pct": 23,
            "input_v": 231.2,
            "battery_v": 27.1,
            "lines_ignored": 0,
        }
        who = await rig.driver.identify()
        assert (who.model, who.serial) == ('Dummy 650 "desk" \\#2', "D1")
        await nut.set("ups.status", "OB DISCHRG")
        await first(rig, lambda seen: seen.reason == "on_battery")
        await nut.set("battery.charge", "9")
        await nut.set("ups.status", "OB LB")
        await first(rig, lambda seen: seen.reason == "battery_low" and seen.figures["battery_pct"] == 9)
        nut.signal("dummy-ups", signal.SIGSTOP)
        await first(rig, lambda seen: seen.reason == "ups_stale")
        nut.signal("dummy-ups", signal.SIGCONT)
        await first(rig, lambda seen: seen.reason == "battery_low")
        await nut.set("ups.status", "OL CHRG RB")
        await first(rig, lambda seen: seen.reason == "replace_battery")
        nut.signal("dummy-ups", signal.SIGKILL)
        await first(rig, lambda seen: seen.reason == "ups_driver_gone")
    assert [news.name for news in rig.bells.announced] == ["power_lost", "battery_low", "power_back"]


async def test_the_simulator_is_read_by_the_client_of_nut() -> None:
    sim = UpsSim.on_tcp("u1")
    await sim.start()
    there = f"ups@127.0.0.1:{sim.end.port}"
    assert await run_program("upsc", "-l", there.removeprefix("ups@")) == "ups\n"
    read = (await run_program("upsc", there)).splitlines()
    assert {"ups.status: OL", "battery.charge: 100", 'ups.model: 650 "desk"'} <= set(read)
    await sim.do("mains_off", Nothing())
    assert await run_program("upsc", there, "ups.status") == "OB DISCHRG\n"
    await sim.do("stale", Nothing())
    with pytest.raises(AssertionError, match="Data stale"):
        await run_program("upsc", there)
    await sim.stop()
