"""The composition root of head office: every part is built once, in reading order, and handed only what it needs."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import psutil
import psycopg
import structlog
import uvicorn
from fastapi import FastAPI
from nats.aio.client import Client
from nicegui import Client as Page
from nicegui import ui

from cloud_bridge.hq import api, entrance
from cloud_bridge.hq.child import ServerDidNotStart
from cloud_bridge.hq.database import Database
from cloud_bridge.hq.desk import Desk
from cloud_bridge.hq.files import write_json
from cloud_bridge.hq.fleet import Fleet
from cloud_bridge.hq.ingest import Ingest
from cloud_bridge.hq.nats_server import NatsServer
from cloud_bridge.hq.postgres import Postgres
from cloud_bridge.hq.schema import migrate
from cloud_bridge.hq.sessions import COOKIE, OperatorCode, Sessions
from cloud_bridge.hq.shops import Shops
from cloud_bridge.tasks import together
from hub.clock import Clock
from hub.errors import StorageFailed
from hub.settings import HeadOffice as Section
from ui import theme
from ui.guard import Guard, Rules
from ui.hq import ConsoleServices, console_pages, login_page

log = structlog.get_logger()

SESSIONS_S = 60.0
BODY_MAX = 256 * 1024
OPEN_PATHS = ("/login", "/enter", "/healthz", "/favicon.ico", "/_nicegui/", f"{theme.ASSETS}/")


class HeadOffice:
    """One head office over `<data>`: its servers, its parts, its pages. `start`, then `serve`, then `stop`."""

    def __init__(self, data: Path, settings: Section, clock: Clock) -> None:
        self.data, self.settings, self.clock = data, settings, clock
        self.shops = Shops(data, settings)
        self.nats = NatsServer(data, settings, self.shops)
        self.postgres = None if settings.postgres_dsn else Postgres(data, settings.postgres_port)
        self.code = OperatorCode(data)

    async def start(self) -> None:
        """Start the servers and the parts. Raises ServerDidNotStart, ConfigRefused, StorageFailed, StorageUnsafe."""
        servers: list[NatsServer | Postgres] = [self.nats, *([self.postgres] if self.postgres else [])]
        await asyncio.gather(*(server.start() for server in servers))
        dsn = self.postgres.dsn if self.postgres else self.settings.postgres_dsn
        _prepare(dsn)
        self.client: Client = await self.nats.connect()
        self.database = Database(dsn)
        self.fleet = Fleet(self.database, self.shops, self.clock)
        self.desk = Desk(self.client, self.database, self.fleet, self.clock)
        self.ingest = Ingest(self.client, dsn, self.desk.tell)
        self.sessions = Sessions(self.database, self.code, self.clock)
        await self.fleet.start()
        await self.sessions.start()
        await self.desk.start()
        self._children = [server.child for server in servers]

    async def serve(self, app: FastAPI) -> None:
        """Work and show pages until SIGTERM or SIGINT."""
        self.code.make_if_missing()  # known to nobody until a person asks for a new one: what is printed here ends up in a log
        config = uvicorn.Config(
            app,
            host=self.settings.host,
            port=self.settings.port,
            log_config=None,
            timeout_graceful_shutdown=2,
            ssl_certfile=self.data / "tls" / "server.crt" if self.shops.is_tls else None,
            ssl_keyfile=str(self.data / "tls" / "server.key") if self.shops.is_tls else None,
        )
        server = _Server(config)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, lambda: setattr(server, "should_exit", True))
        link = f"{self.address}/enter?code={self.sessions.one_use_code()}"
        write_json(self.data / "entry.json", {"hq": link}, mode=0o600)
        log.info("head office runs", address=self.address, nats=self.shops.url, shops=len(self.shops.names()))
        # a part that dies takes the process with it, so that whoever supervises us starts it whole again
        await together(
            server.serve(), self.ingest.run(), self.fleet.run(), self._keep_sessions(), *(child.keep() for child in self._children)
        )

    async def stop(self) -> None:
        """Let go of everything, servers last. Idempotent."""
        if hasattr(self, "client"):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.client.close(), 2)
        if hasattr(self, "database"):
            await self.database.close()
        await self.nats.child.stop()
        if self.postgres:
            await self.postgres.child.stop()
        log.info("head office ends")

    @property
    def address(self) -> str:
        """Where its pages are."""
        shown = "127.0.0.1" if self.settings.host in {"0.0.0.0", "::"} else self.settings.host
        return f"{'https' if self.shops.is_tls else 'http'}://{shown}:{self.settings.port}"

    def web(self) -> FastAPI:
        """The pages and routes; once per process, after `start`."""
        app = FastAPI(title="Chairside head office", openapi_url="/api/openapi.json", docs_url=None, redoc_url=None)
        app.include_router(api.routes(self.fleet, self.database, self.desk.ping, lambda: self.client.is_connected))
        app.include_router(entrance.routes(self.sessions, login_page, is_tls=self.shops.is_tls))
        api.say_errors(app)
        theme.install()
        console_pages(ConsoleServices(fleet=self.fleet, ping=self.desk.ping, is_valid=self.sessions.is_valid, clock=self.clock))
        ui.run_with(
            app,
            storage_secret=None,
            tailwind=False,
            gzip_middleware_factory=None,
            binding_refresh_interval=None,
            show_welcome_message=False,
            reconnect_timeout=10,
        )
        rules = Rules(
            sessions=self.sessions,
            hosts=_names(self.settings.host),
            body_max=BODY_MAX,
            open_paths=OPEN_PATHS,
            login_path="/login",
            cookie=COOKIE,
            page_session=_session_of_page,
        )
        app.add_middleware(Guard, rules=rules)
        return app

    async def _keep_sessions(self) -> None:
        while True:
            await self.clock.sleep(SESSIONS_S)
            try:
                await self.sessions.save()
            except StorageFailed as away:
                log.warning("sessions not saved", why=str(away))


class _Server(uvicorn.Server):
    """Signals are ours: uvicorn would raise them again after serving, and nothing would be stopped in order."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave them alone."""
        yield


def run(data: Path, settings: Section) -> None:
    """A head office until SIGTERM. Raises what `start` raises, and ServerDidNotStart when another one holds the folder."""
    data.mkdir(parents=True, exist_ok=True)
    with (data / "hq.lock").open("w") as lock:
        _hold(lock)
        asyncio.run(_from_start_to_stop(HeadOffice(data, settings, Clock())))


async def _from_start_to_stop(office: HeadOffice) -> None:
    try:
        await office.start()
        await office.serve(office.web())
    finally:
        await office.stop()


def _names(host: str) -> set[str]:
    """Host names under which pages may be asked for."""
    own = {"127.0.0.1", "localhost"}
    if host not in {"0.0.0.0", "::"}:
        return own | {host}
    addresses = {address.address.split("%")[0] for found in psutil.net_if_addrs().values() for address in found}
    return own | addresses | {socket.gethostname(), f"{socket.gethostname()}.local"}


def _prepare(dsn: str) -> None:
    try:
        with psycopg.connect(dsn, autocommit=True) as connection:
            migrate(connection)
    except psycopg.OperationalError as away:
        raise StorageFailed(why=str(away).strip()[:200]) from away


def _session_of_page(page: str) -> str | None:
    """The session a NiceGUI page was made for; None when there is no such page."""
    found = Page.instances.get(page)
    return getattr(found.request.state, "sid", "") if found else None


def _hold(lock: TextIO) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as held:
        raise ServerDidNotStart(server="head office", said="another head office runs over this folder") from held
