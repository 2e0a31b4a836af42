from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from hub.clock import Clock, MovedClock
from hub.errors import MachineError
from provisioning.child_log import ChildLog
from provisioning.supervise import HelperFailed, Plan, Supervisor
from tests.provisioning.conftest import gone, until

ROOT = Path(__file__).parents[2]


def sleeper(name: str, before_sleep: str = "") -> Plan:
    return Plan(name=name, argv=python(f"import signal, sys, os, subprocess\n{before_sleep}\nprint('ready', flush=True)\nsignal.pause()"))


def python(program: str) -> tuple[str, ...]:
    return (sys.executable, "-S", "-c", program)


class Shop:
    def __init__(self, store_dir: Path) -> None:
        self.said: list[str] = []
        self.dir = store_dir
        self.supervisor = Supervisor(store_dir, Clock(), self.said.append)

    def log(self, name: str) -> str:
        path = self.dir / "logs" / f"{name}.log"
        return path.read_text() if path.exists() else ""

    async def up(self, *plans: Plan) -> list[int]:
        for plan in plans:
            self.supervisor.start(plan)
        for plan in plans:
            await later(lambda name=plan.name: "ready" in self.log(name))
        return [self.pid(plan.name) for plan in plans]

    def pid(self, name: str) -> int:
        found = self.supervisor.pid_of(name)
        assert found is not None
        return found


async def later(true) -> None:
    end = time.monotonic() + 10
    while not true():
        assert time.monotonic() < end, "waited 10 s"
        await asyncio.sleep(0.01)


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    shop = Shop(tmp_path)
    shop.supervisor.begin()
    yield shop
    await shop.supervisor.stop()


async def test_a_child_that_is_killed_comes_back_and_the_others_stay(shop: Shop) -> None:
    hub, devices = await shop.up(sleeper("hub"), sleeper("devices"))
    os.kill(hub, signal.SIGKILL)
    await later(lambda: shop.supervisor.pid_of("hub") not in {None, hub})
    assert shop.pid("devices") == devices
    assert not gone(devices)
    assert shop.said[0].startswith("hub was ended by SIGKILL")
    assert "starts again in 0.2 s" in shop.said[0]


async def test_a_crash_is_told_with_its_last_words(shop: Shop) -> None:
    shop.supervisor.start(Plan(name="hub", argv=python("import sys; sys.exit('the disk is full')")))
    await later(lambda: shop.said)
    assert shop.said[0] == "hub ended with code 1; it starts again in 0.2 s\n    the disk is full"


async def test_a_child_that_crashes_again_and_again_is_given_longer_pauses(tmp_path: Path) -> None:
    clock, said = MovedClock(Clock().now()), []
    supervisor = Supervisor(tmp_path, clock, said.append)
    supervisor.begin()
    supervisor.start(Plan(name="hub", argv=python("raise SystemExit(3)")))
    for crash in range(1, 11):
        await later(lambda n=crash: len(said) == n)
        clock.forward(seconds=60)
    await supervisor.stop()
    pauses = [float(line.split(" starts again in ")[1].split()[0]) for line in said[:10]]
    assert pauses == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30, 30]


async def test_a_program_that_cannot_be_started_is_told_and_harms_nobody(shop: Shop) -> None:
    (hub,) = await shop.up(sleeper("hub"))
    shop.supervisor.start(Plan(name="broker", argv=("/nowhere/nats-server",)))
    await later(lambda: shop.said)
    assert "broker could not start" in shop.said[0]
    assert not gone(hub)


async def test_a_preparation_that_fails_is_tried_again_and_told_how_often_it_failed(shop: Shop) -> None:
    tries: list[int] = []

    async def prepare(crashes: int) -> None:
        tries.append(crashes)
        if len(tries) < 3:
            raise MachineError(reason="not yet")

    await shop.up(Plan(name="bridge", argv=sleeper("bridge").argv, before=prepare))
    assert tries == [0, 1, 2]
    assert "not yet" in shop.said[0]


async def test_stopping_leaves_no_process_and_goes_in_reverse_order(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.supervisor.begin()
    tell = "signal.signal(signal.SIGTERM, lambda *_: (open({0!r}, 'a').write({1!r} + '\\n'), sys.exit(0)))"
    order = tmp_path / "order"
    pids = await shop.up(*(sleeper(name, tell.format(str(order), name)) for name in ("broker", "hub", "devices")))
    began = time.monotonic()
    await shop.supervisor.stop()
    assert time.monotonic() - began < 3
    assert all(gone(pid) for pid in pids)
    assert order.read_text().split() == ["devices", "hub", "broker"]
    assert shop.said == []


async def test_a_child_that_will_not_stop_is_killed_with_all_it_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("provisioning.supervise.STOP_S_MAX", 0.2)
    shop = Shop(tmp_path)
    shop.supervisor.begin()
    deaf = "signal.signal(signal.SIGTERM, signal.SIG_IGN); print(os.spawnlp(os.P_NOWAIT, 'sleep', 'sleep', '60'))"
    (pid,) = await shop.up(sleeper("hub", deaf))
    grandchild = int(shop.log("hub").split()[0])
    assert not gone(grandchild)
    await shop.supervisor.stop()
    assert gone(pid)
    assert gone(grandchild)


async def test_what_a_killed_child_leaves_behind_is_gone_before_it_starts_again(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("provisioning.processes.SWEEP_S_MAX", 0.2)
    (pid,) = await shop.up(sleeper("hq", "print(os.spawnlp(os.P_NOWAIT, 'sleep', 'sleep', '60'))"))
    database = int(shop.log("hq").split()[0])
    os.kill(pid, signal.SIGKILL)
    await later(lambda: shop.supervisor.pid_of("hq") not in {None, pid})
    assert gone(database)


async def test_what_left_its_group_is_ended_with_the_shop(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.supervisor.begin()
    runaway = "print(subprocess.Popen(['sleep', '60'], start_new_session=True).pid)"
    await shop.up(sleeper("hub", runaway))
    stray = int(shop.log("hub").split()[0])
    assert not gone(stray)
    await shop.supervisor.stop()
    await later(lambda: gone(stray))


async def test_a_helper_that_fails_is_told_with_its_last_words(shop: Shop) -> None:
    await shop.supervisor.run_once(Plan(name="add-shop", argv=python("print('added')")))
    with pytest.raises(HelperFailed) as failed:
        await shop.supervisor.run_once(Plan(name="add-shop", argv=python("raise SystemExit('no such shop')")))
    assert "no such shop" in failed.value.sentence()


async def test_children_write_bytecode_and_see_what_they_are_given(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    program = "import os; print(os.environ.get('PYTHONDONTWRITEBYTECODE'), os.environ['CHAIRSIDE_WEB__PORT'])"
    await shop.supervisor.run_once(Plan(name="hub", argv=python(program), env={"CHAIRSIDE_WEB__PORT": "8085"}))
    assert shop.log("hub").split() == ["None", "8085"]


def test_killing_the_supervisor_leaves_no_orphans(tmp_path: Path) -> None:
    supervisor = _supervisor_in_a_process(tmp_path)
    pids = _children_of(tmp_path, 2)
    supervisor.kill()
    supervisor.wait(5)
    for pid in pids:
        until(lambda pid=pid: gone(pid), f"the end of {pid}")


def test_a_deaf_child_of_a_killed_supervisor_is_ended_by_the_next_start(tmp_path: Path) -> None:
    supervisor = _supervisor_in_a_process(tmp_path, deaf=True)
    pids = _children_of(tmp_path, 2)
    supervisor.kill()
    supervisor.wait(5)
    deaf = [pid for pid in pids if not gone(pid)]
    assert deaf
    try:
        ended = Supervisor(tmp_path, Clock(), print).begin()
        assert "hub" in ended
        assert all(gone(pid) for pid in deaf)
    finally:
        for pid in deaf:
            if psutil.pid_exists(pid):
                os.kill(pid, signal.SIGKILL)


def test_a_stranger_with_a_remembered_number_is_left_alone(tmp_path: Path) -> None:
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        entry = {"pid": stranger.pid, "began": psutil.Process(stranger.pid).create_time(), "argv": ["python", "-m", "hub"]}
        (tmp_path / "children.json").write_text(json.dumps({"hub": entry}))
        assert Supervisor(tmp_path, Clock(), print).begin() == []
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait(5)


def test_a_log_stays_small_and_older_ones_are_kept(tmp_path: Path) -> None:
    log = ChildLog(tmp_path, "hub", bytes_max=1000)
    with log.open() as output:
        output.write(b"old\n" * 300)
        output.flush()
        log.keep_small()
        output.write(b"new\n")
    assert (tmp_path / "hub.log").read_bytes() == b"new\n"
    assert (tmp_path / "hub.1.log").read_bytes().startswith(b"old\n")
    assert log.last_words() == "new"


def test_each_start_begins_a_new_log_and_three_older_ones_stay(tmp_path: Path) -> None:
    for run in range(6):
        log = ChildLog(tmp_path, "hub")
        log.rotate()
        with log.open() as output:
            output.write(f"run {run}".encode())
    assert {p.name: p.read_text() for p in tmp_path.iterdir()} == {
        "hub.log": "run 5",
        "hub.1.log": "run 4",
        "hub.2.log": "run 3",
        "hub.3.log": "run 2",
    }


def _supervisor_in_a_process(store_dir: Path, *, deaf: bool = False) -> subprocess.Popen[bytes]:
    program = f"""
        import asyncio, sys
        from pathlib import Path
        from hub.clock import Clock
        from provisioning.supervise import Plan, Supervisor

        async def main():
            supervisor = Supervisor(Path({str(store_dir)!r}), Clock(), print)
            supervisor.begin()
            ear = "signal.signal(signal.SIGTERM, signal.SIG_IGN)" if {deaf} else ""
            for name in ("broker", "hub"):
                supervisor.start(Plan(name=name, argv=(sys.executable, "-S", "-c", f"import signal; {{ear}}\\nprint('ready', flush=True)\\nsignal.pause()")))
            await asyncio.Event().wait()

        asyncio.run(main())
    """
    return subprocess.Popen([sys.executable, "-c", textwrap.dedent(program)], cwd=ROOT)


def _children_of(store_dir: Path, count: int) -> list[int]:
    roster = store_dir / "children.json"
    until(lambda: len(list(store_dir.glob("logs/*.log"))) == count and all("ready" in p.read_text() for p in store_dir.glob("logs/*.log")))
    return [entry["pid"] for entry in json.loads(roster.read_text()).values()]
