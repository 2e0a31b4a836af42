"""A real head office (NATS, PostgreSQL) and real shop databases; only the hub's HTTP is played here, by a few lines."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import psycopg

from cloud_bridge.bridge import Bridge
from cloud_bridge.hq.database import Database
from cloud_bridge.hq.desk import Desk
from cloud_bridge.hq.fleet import Fleet
from cloud_bridge.hq.ingest import Ingest
from cloud_bridge.hq.nats_server import NatsServer
from cloud_bridge.hq.postgres import Postgres
from cloud_bridge.hq.schema import migrate as migrate_hq
from cloud_bridge.hq.shops import Shops
from cloud_bridge.tasks import ended
from hub.access import Actor, Role
from hub.clock import Clock
from hub.db import Db, Tx, copy_of
from hub.ids import Id
from hub.journal import SCHEMA, Event, Journal
from hub.migrations import migrate
from hub.settings import HeadOffice, Settings, Web

MEI = Actor(id="mei", role=Role.RECEPTION, station="desk")
DAY = "2026-03-02"


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestCheckedIn(Event):
    visit: Id
    ticket: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SaleCompleted(Event):
    sale: Id
    receipt_no: int
    till: str
    shift: Id
    business_day: str
    currency: str
    total: int
    tax: int
    tenders: tuple[dict[str, object], ...]
    lines: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SaleRefunded(Event):
    refund: Id
    sale: Id
    receipt_no: int
    till: str
    shift: Id
    business_day: str
    currency: str
    total: int


def sale(number: int, total: int = 12800, *, day: str = DAY, till: str = "t1") -> SaleCompleted:
    tenders = ({"kind": "cash", "amount": total},)
    return SaleCompleted(
        sale=Id.new(),
        receipt_no=number,
        till=till,
        shift=Id.new(),
        business_day=day,
        currency="CNY",
        total=total,
        tax=0,
        tenders=tenders,
        lines=1,
    )


def refund(number: int, total: int = 12800, *, day: str = DAY, till: str = "t1") -> SaleRefunded:
    return SaleRefunded(
        refund=Id.new(), sale=Id.new(), receipt_no=number, till=till, shift=Id.new(), business_day=day, currency="CNY", total=total
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def until(said: Callable[[], object], within_s: float = 30.0, every_s: float = 0.02) -> None:
    """Wait for a condition; fails with its name after `within_s`."""
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        found = said()
        if isinstance(found, Awaitable):
            found = await found
        if found:
            return
        await asyncio.sleep(every_s)
    raise AssertionError(f"not so within {within_s} s: {getattr(said, '__name__', said)}")


class Shop:
    """A shop's folder with its real database and journal."""

    def __init__(self, store: str, store_dir: Path) -> None:
        self.store, self.dir = store, store_dir
        (store_dir / "secrets").mkdir(parents=True, exist_ok=True)
        (store_dir / "secrets" / "bridge-token").write_text(f"{secrets.token_hex(8)}\n")
        self.web_port = free_port()
        self.open()

    def open(self) -> None:
        self.db = Db(self.dir / "shop.db")
        self.db.open()
        self.clock = Clock()
        self.journal = Journal(self.db, self.clock)
        if self.db.path.stat().st_size == 0 or not self.db.one("SELECT 1 FROM sqlite_master WHERE name = 'journal'"):
            migrate_off_loop(self.db)

    async def tell(self, *events: Event) -> int:
        """Commit these events as one act; the number of the last."""
        return await self.db.write(self._tell, events)

    def _tell(self, tx: Tx, events: tuple[Event, ...]) -> int:
        return [self.journal.append(tx, MEI, event) for event in events][-1]

    async def fill(self, events: int) -> None:
        for start in range(0, events, 50):
            await self.tell(*(GuestCheckedIn(visit=Id.new(), ticket=n) for n in range(start, min(start + 50, events))))

    def keep_copy(self) -> Path:
        return self.keep_copy_as("copy.db")

    def keep_copy_as(self, name: str) -> Path:
        copy = self.dir / name
        copy.unlink(missing_ok=True)
        copy_of(self.db.path, copy)
        return copy

    def put_back(self, copy: Path) -> None:
        """The older copy takes the place of the database, as a restore does it."""
        self.db.close()
        for rest in ("-wal", "-shm"):
            self.db.path.with_name(self.db.path.name + rest).unlink(missing_ok=True)
        shutil.copy(copy, self.dir / "restored.db")
        (self.dir / "restored.db").replace(self.db.path)
        self.open()

    def settings(self) -> Settings:
        return Settings(store_id=self.store, store_dir=self.dir, web=Web(port=self.web_port))


def migrate_off_loop(db: Db) -> None:
    """`migrate` blocks with a loop of its own, so not where one runs."""
    worker = threading.Thread(target=migrate, args=(db, [SCHEMA]))
    worker.start()
    worker.join()


class HubDouble:
    """What the bridge asks of the hub over HTTP: /healthz, and a new epoch, on the shop's real journal."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.is_hung = False
        self.token = (shop.dir / "secrets" / "bridge-token").read_text().strip()
        self.recoveries: list[dict[str, object]] = []
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.shop.web_port)

    async def stop(self) -> None:
        if self._server:
            self._server.close()
            self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next((int(line.split(":")[1]) for line in head.splitlines() if line.lower().startswith("content-length")), 0)
        body = await reader.readexactly(length)
        if self.is_hung:
            await reader.read()
            return
        status = 200
        if head.startswith("POST /api/v1/recovery"):
            status = 200 if f"Authorization: Bearer {self.token}" in head else 401
            if status == 200:
                known = json.loads(body)
                self.recoveries.append(known)
                await self.shop.db.write(lambda tx: self.shop.journal.raise_epoch(tx, known["known_seq"], known["known_epoch"]))
        writer.write(f"HTTP/1.1 {status} Said\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{}}".encode())
        await writer.drain()
        writer.close()


class Office:
    """Head office's servers, for the whole run; each test has shops of its own."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.settings = HeadOffice(port=free_port(), nats_port=free_port(), postgres_port=free_port())
        self.shops = Shops(data, self.settings)
        self.postgres = Postgres(data, self.settings.postgres_port)
        self.nats = NatsServer(data, self.settings, self.shops)

    async def start(self) -> None:
        await asyncio.gather(self.postgres.start(), self.nats.start())
        with psycopg.connect(self.postgres.dsn, autocommit=True) as connection:
            migrate_hq(connection)

    async def stop(self) -> None:
        await asyncio.gather(self.nats.child.stop(), self.postgres.child.stop())

    def rows(self, sql: str, *values: object) -> list[tuple[object, ...]]:
        with psycopg.connect(self.postgres.dsn, autocommit=True) as connection:
            cursor = connection.execute(sql, values)
            return cursor.fetchall() if cursor.description else []

    def seqs(self, store: str) -> list[tuple[object, ...]]:
        return self.rows("SELECT epoch, seq FROM events WHERE store = %s ORDER BY received_at, seq", store)

    def count(self, store: str) -> int:
        return int(str(self.rows("SELECT count(*) FROM events WHERE store = %s", store)[0][0]))


class Hq:
    """Head office's service over those servers, in the test's loop."""

    def __init__(self, office: Office, clock: Clock) -> None:
        self.office, self.clock = office, clock
        self.database = Database(office.postgres.dsn)
        self.fleet = Fleet(self.database, office.shops, clock)

    async def start(self) -> None:
        self.client = await self.office.nats.connect()
        await self.fleet.start()
        self.desk = Desk(self.client, self.database, self.fleet, self.clock)
        await self.desk.start()
        self.ingest = Ingest(self.client, self.office.postgres.dsn, self.desk.tell)
        self._tasks = [asyncio.create_task(self.ingest.run()), asyncio.create_task(self._keep_fresh())]

    async def _keep_fresh(self) -> None:
        while True:
            await asyncio.sleep(0.1)
            await self.fleet.refresh()

    async def stop(self) -> None:
        await ended(self._tasks)
        await self.client.close()
        await self.database.close()


@contextlib.asynccontextmanager
async def bridge_of(shop: Shop) -> AsyncIterator[Bridge]:
    """A bridge in this process."""
    bridge = Bridge(shop.settings(), Clock())
    await asyncio.to_thread(bridge.cursor.open)
    running = asyncio.create_task(bridge.run())
    try:
        yield bridge
    finally:
        await ended([running])
        bridge.cursor.close()


class Process:
    """A program of ours as its own process, as in the shop; killed at the end of the test."""

    def __init__(self, module: str, *arguments: str, env: dict[str, str] | None = None, log: Path) -> None:
        self.module, self.arguments, self.log = module, arguments, log
        self.env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "", **(env or {})}
        self.popen: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as said:
            self.popen = subprocess.Popen([sys.executable, "-m", self.module, *self.arguments], env=self.env, stdout=said, stderr=said)

    def kill(self) -> None:
        if self.popen and self.popen.poll() is None:
            self.popen.kill()
            self.popen.wait()

    def stop(self) -> int:
        assert self.popen
        self.popen.send_signal(signal.SIGTERM)
        return self.popen.wait(20)

    def said(self) -> str:
        return self.log.read_text(errors="replace")


async def listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True
