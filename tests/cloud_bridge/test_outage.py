"""Programs killed at the worst moment, as processes of their own: nothing is lost, doubled, orphaned or left unable to start."""

from __future__ import annotations

import json
import stat
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.error import URLError

import psutil
import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from cloud_bridge.hq.postgres import Postgres
from cloud_bridge.hq.schema import STEPS
from hub.ids import Id
from tests.cloud_bridge.parts import GuestCheckedIn, Office, Process, Shop, free_port, until

Make = Callable[..., Process]


class OwnOffice:
    """A head office as its own process, with ports and a folder of its own."""

    def __init__(self, data: Path, make: Make) -> None:
        self.data, self.port, self.postgres_port = data, free_port(), free_port()
        self.env = {
            "CHAIRSIDE_HEAD_OFFICE__PORT": str(self.port),
            "CHAIRSIDE_HEAD_OFFICE__NATS_PORT": str(free_port()),
            "CHAIRSIDE_HEAD_OFFICE__POSTGRES_PORT": str(self.postgres_port),
        }
        self._make = make
        self.process = make("cloud_bridge.hq", "--data", str(data), env=self.env)

    def again(self) -> None:
        self.process = self._make("cloud_bridge.hq", "--data", str(self.data), env=self.env)

    def is_healthy(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=2) as answer:
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False

    def children(self) -> list[psutil.Process]:
        assert self.process.popen
        return psutil.Process(self.process.popen.pid).children(recursive=True)

    def seqs(self, store: str) -> list[tuple[int, int]]:
        try:
            with psycopg.connect(Postgres(self.data, self.postgres_port).dsn) as connection:
                return list(connection.execute("SELECT epoch, seq FROM events WHERE store = %s ORDER BY received_at, seq", (store,)))
        except psycopg.OperationalError:
            return []

    def add(self, shop: Shop) -> None:
        done = self._make(
            "cloud_bridge.hq",
            "add-shop",
            "--data",
            str(self.data),
            "--store",
            shop.store,
            "--write",
            str(shop.dir / "secrets" / "hq.json"),
            env=self.env,
        )
        assert done.popen
        assert done.popen.wait(20) == 0


@pytest.fixture
def own_office(tmp_path: Path, processes: Make) -> Iterator[OwnOffice]:
    office = OwnOffice(tmp_path / "hq", processes)
    yield office
    left = office.children() if office.process.popen and office.process.popen.poll() is None else []
    office.process.kill()
    _gone(left)


def _gone(children: list[psutil.Process], within_s: float = 10) -> None:
    """Each of these has ended; a dead one nobody has collected yet counts."""
    end = time.monotonic() + within_s
    while alive := [one for one in children if _lives(one)]:
        assert time.monotonic() < end, f"orphans: {alive}"
        time.sleep(0.05)


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:  # it ended between the two questions
        return False


async def test_two_thousand_events_of_an_outage_arrive_once_and_in_order_with_both_ends_killed_in_the_middle(
    tmp_path: Path, own_office: OwnOffice, processes: Make
) -> None:
    shop = Shop("s1", tmp_path / "store")
    await until(own_office.is_healthy, 30)
    own_office.add(shop)
    bridge = processes("cloud_bridge", "--store-dir", str(shop.dir), env={"CHAIRSIDE_WEB__PORT": str(shop.web_port)})
    await shop.fill(100)
    await until(lambda: len(own_office.seqs("s1")) == 100, 30, 0.1)

    own_office.process.kill()
    await shop.fill(2000)
    own_office.again()
    await until(lambda: len(own_office.seqs("s1")) > 100, 40, 0.01)
    bridge.kill()
    own_office.process.kill()
    own_office.again()
    bridge = processes("cloud_bridge", "--store-dir", str(shop.dir), env={"CHAIRSIDE_WEB__PORT": str(shop.web_port)})
    await shop.tell(*(GuestCheckedIn(visit=Id.new(), ticket=n) for n in range(10)))
    await until(lambda: len(own_office.seqs("s1")) >= 2110, 60, 0.1)
    assert own_office.seqs("s1") == [(1, n) for n in range(1, 2111)]
    assert bridge.stop() == 0
    shop.db.close()


async def test_head_office_killed_leaves_no_orphan_and_starts_again_with_everything(own_office: OwnOffice, tmp_path: Path) -> None:
    await until(own_office.is_healthy, 30)
    kept = own_office.data.joinpath("operator.json").read_text()
    children = own_office.children()
    assert {child.name() for child in children} >= {"nats-server", "postgres"}
    own_office.process.kill()
    _gone(children)
    own_office.again()
    await until(own_office.is_healthy, 30)
    assert own_office.data.joinpath("operator.json").read_text() == kept


async def test_head_office_ends_in_order_when_asked(own_office: OwnOffice) -> None:
    await until(own_office.is_healthy, 30)
    children = own_office.children()
    assert own_office.process.stop() == 0
    _gone(children, 0.5)


async def test_servers_that_die_are_started_again(own_office: OwnOffice) -> None:
    await until(own_office.is_healthy, 30)
    for name in ("nats-server", "postgres"):
        victim = next(child for child in own_office.children() if child.name() == name and child.ppid() == own_office.process.popen.pid)  # type: ignore[union-attr]
        victim.kill()
        await until(lambda victim=victim: not _lives(victim))
        await until(own_office.is_healthy, 30)


async def test_the_embedded_database_does_not_run_as_root_and_secrets_are_ours_alone(own_office: OwnOffice) -> None:
    await until(own_office.is_healthy, 30)
    postgres = next(child for child in own_office.children() if child.name() == "postgres")
    assert postgres.uids().effective != 0
    for file in [*(own_office.data / "secrets").iterdir(), own_office.data / "operator.json", own_office.data / "entry.json"]:
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(host="127.0.0.1", port=own_office.postgres_port, user="postgres", password="guess", dbname="postgres")


async def test_a_postgresql_of_your_own_is_used_in_place_of_the_embedded_one(office: Office, tmp_path: Path, processes: Make) -> None:
    office.rows("CREATE DATABASE own")
    dsn = make_conninfo(office.postgres.dsn, dbname="own")
    env = {"CHAIRSIDE_HEAD_OFFICE__POSTGRES_DSN": dsn}
    own = OwnOffice(tmp_path / "hq", lambda *arguments, env_=env, **more: processes(*arguments, env={**more["env"], **env_}))
    await until(own.is_healthy, 30)
    assert {child.name() for child in own.children()} == {"nats-server"}
    with psycopg.connect(dsn) as connection:
        assert connection.execute("SELECT count(*) FROM migrations").fetchone() == (len(STEPS),)
    assert own.process.stop() == 0


async def test_a_second_head_office_over_the_same_folder_is_refused(own_office: OwnOffice, processes: Make) -> None:
    await until(own_office.is_healthy, 30)
    second = processes("cloud_bridge.hq", "--data", str(own_office.data), env=own_office.env)
    assert second.popen
    assert second.popen.wait(20) == 1
    assert "another head office runs" in second.said()
    assert own_office.is_healthy()


async def test_a_shop_is_added_while_head_office_runs_without_dropping_another(
    own_office: OwnOffice, processes: Make, tmp_path: Path
) -> None:
    await until(own_office.is_healthy, 30)
    first, second = Shop("s1", tmp_path / "one"), Shop("s2", tmp_path / "two")
    own_office.add(first)
    processes("cloud_bridge", "--store-dir", str(first.dir), env={"CHAIRSIDE_STORE_ID": "s1", "CHAIRSIDE_WEB__PORT": str(first.web_port)})
    await first.fill(1)
    await until(lambda: len(own_office.seqs("s1")) == 1, 20, 0.1)
    before = _connections(own_office)
    own_office.add(second)
    own_office.add(second)  # again: nothing changes
    processes("cloud_bridge", "--store-dir", str(second.dir), env={"CHAIRSIDE_STORE_ID": "s2", "CHAIRSIDE_WEB__PORT": str(second.web_port)})
    await second.fill(1)
    await until(lambda: len(own_office.seqs("s2")) == 1, 20, 0.1)
    assert before <= _connections(own_office)
    assert "password" not in json.dumps(json.loads((own_office.data / "shops.json").read_text()))
    first.db.close()
    second.db.close()


def _connections(office: OwnOffice) -> set[tuple[object, ...]]:
    """The far ends of the NATS server's connections."""
    nats = next(child for child in office.children() if child.name() == "nats-server")
    port = int(office.env["CHAIRSIDE_HEAD_OFFICE__NATS_PORT"])
    return {tuple(c.raddr) for c in nats.net_connections() if c.raddr and c.laddr.port == port}


async def test_a_shop_without_head_office_may_run_the_bridge_too(tmp_path: Path, processes: Make) -> None:
    shop = Shop("s1", tmp_path / "store")
    bridge = processes("cloud_bridge", "--store-dir", str(shop.dir), env={"CHAIRSIDE_WEB__PORT": str(shop.web_port)})
    await until(lambda: "state=no_head_office" in bridge.said(), 20)
    assert bridge.popen
    assert bridge.popen.poll() is None
    shop.db.close()
