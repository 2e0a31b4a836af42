"""A whole shop as real processes on free ports of this machine, to be driven over HTTP, killed and started again."""

from __future__ import annotations

import http.client
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hub.catalog.demo import _PINS as DEMO_PINS
from hub.db import Db
from hub.ids import TapId
from hub.settings import load_settings
from provisioning.broker import OwnBroker
from provisioning.private_files import shared_secret

ROOT = Path(__file__).resolve().parents[1]
READY_S = 30.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(condition, seconds: float = READY_S, why: str = ""):
    """Ask until it is true; the last answer. Raises TimeoutError."""
    until = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > until:
            raise TimeoutError(why or condition)
        time.sleep(0.02)  # the condition is another process's: there is nothing to wait on


class Browser:
    """One person or screen over HTTP, with its session; a connection that breaks is opened again."""

    def __init__(self, port: int) -> None:
        self.port, self.cookie = port, ""
        self._wire: http.client.HTTPConnection | None = None

    def ask(self, method: str, path: str, body: Any = None, tap: TapId | None = None, headers: dict[str, str] | None = None):
        """(status, answer). Raises OSError or http.client.HTTPException when the hub is away or goes away meanwhile.

        A wire that lay idle may have been closed by the hub; then the request, which never arrived, goes out once more.
        """
        if self._wire is not None and self._wire.sock is not None and select.select([self._wire.sock], [], [], 0)[0]:
            self.close()
        sent = {"content-type": "application/json", **(headers or {})}
        if self.cookie:
            sent["cookie"] = self.cookie
        if tap:
            sent["tap-id"] = tap
        try:
            if self._wire is None:
                self._wire = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
                self._wire.connect()
                self._wire.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._wire.request(method, path, None if body is None else json.dumps(body), sent)
            answer = self._wire.getresponse()
            told = answer.read()
        except (OSError, http.client.HTTPException):
            self.close()
            raise
        if cookie := answer.getheader("set-cookie"):
            self.cookie = cookie.split(";")[0]
        try:
            return answer.status, json.loads(told or b"null")
        except ValueError:
            return answer.status, told

    def post(self, path: str, body: Any = None, tap: TapId | None = None):
        """The answer of a request that must succeed."""
        status, told = self.ask("POST", path, body, tap or TapId.new())
        assert status < 400, (path, status, told)
        return told

    def get(self, path: str):
        """The answer of a request that must succeed."""
        status, told = self.ask("GET", path)
        assert status < 400, (path, status, told)
        return told

    def close(self) -> None:
        if self._wire:
            self._wire.close()
            self._wire = None


@dataclass
class Shop:
    """Broker, hub, device host and bench of one demo shop under `folder`."""

    folder: Path
    web: int = field(default_factory=free_port)
    mqtt: int = field(default_factory=free_port)
    bench: int = field(default_factory=free_port)
    more_env: dict[str, str] = field(default_factory=dict)
    demo: bool = True
    head_office: bool = False

    def __post_init__(self) -> None:
        self.hq_web, self.hq_nats, self.hq_postgres = free_port(), free_port(), free_port()
        self.seen: dict[int, dict[str, Any]] = {}
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.folder.mkdir(parents=True, exist_ok=True)
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        self.settings = load_settings(None, store_dir=self.folder, broker={"port": self.mqtt}, devices={"bench_port": self.bench})
        self.broker = OwnBroker(self.settings, port=self.mqtt, with_bench=True)
        self.broker.prepare()
        shared_secret(self.folder / "secrets" / "bridge-token")

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.web}"

    def start(self, *names: str) -> None:
        """Start processes by name, or the whole shop; returns when the hub takes sales."""
        here = ("--store-dir", str(self.folder))
        env = self.env
        argv: dict[str, tuple[str, ...]] = {
            "broker": self.broker.argv(),
            "bench": (sys.executable, "-m", "devices.simulators", "--port", str(self.bench), "--data", str(self.folder / "bench")),
            "devices": (sys.executable, "-m", "devices", *here),
            "hub": (sys.executable, "-m", "hub", *here, *(["--demo"] if self.demo else [])),
        }
        if self.head_office:
            data = ("--data", str(self.folder / "hq"))
            argv["hq"] = (sys.executable, "-m", "cloud_bridge.hq", *data)
            argv["bridge"] = (sys.executable, "-m", "cloud_bridge", *here)
            written = self.folder / "secrets" / "hq.json"
            if not written.exists():
                errand = (sys.executable, "-m", "cloud_bridge.hq", "add-shop", *data, "--store", "s1", "--write", str(written))
                subprocess.run(errand, cwd=ROOT, env=env, check=True, capture_output=True)
        for name in names or argv:
            log = (self.folder / f"{name}.log").open("ab")
            self.processes[name] = subprocess.Popen(argv[name], cwd=ROOT, env=env, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        if "hub" in names or not names:
            self.ready()

    @property
    def env(self) -> dict[str, str]:
        """What the processes of the shop are told by their environment."""
        env = {
            **os.environ,
            "CHAIRSIDE_DEVELOPMENT": "true",
            "CHAIRSIDE_WEB__PORT": str(self.web),
            "CHAIRSIDE_BROKER__PORT": str(self.mqtt),
            "CHAIRSIDE_DEVICES__BENCH_PORT": str(self.bench),
            **self.more_env,
        }
        if self.head_office:
            env |= {
                "CHAIRSIDE_HQ__URL": f"nats://127.0.0.1:{self.hq_nats}",
                "CHAIRSIDE_HQ__CREDENTIALS": str(self.folder / "secrets" / "hq.json"),
                "CHAIRSIDE_HEAD_OFFICE__PORT": str(self.hq_web),
                "CHAIRSIDE_HEAD_OFFICE__NATS_PORT": str(self.hq_nats),
                "CHAIRSIDE_HEAD_OFFICE__POSTGRES_PORT": str(self.hq_postgres),
            }
        return env

    def ready(self) -> float:
        """Wait until the hub answers; the seconds it took."""
        began = time.monotonic()
        wait_until(self._healthy, why=f"the hub did not come up; see {self.folder / 'hub.log'}")
        return time.monotonic() - began

    def kill(self, name: str) -> None:
        """kill -9, and gone."""
        self.processes[name].kill()
        self.processes.pop(name).wait()

    def stop(self) -> None:
        """Everything down, kindly first."""
        for name in ("bridge", "hub", "devices", "bench", "hq", "broker"):
            if process := self.processes.pop(name, None):
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(10)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()

    def staff(self) -> dict[str, tuple[str, str]]:
        """role -> (id, PIN) of one person each of the demo shop."""
        db = Db(self.folder / "shop.db")
        rows = db.all("SELECT id, name, role FROM staff ORDER BY rowid DESC")
        return {row["role"]: (row["id"], DEMO_PINS[row["name"]]) for row in rows}

    def log_in(self, role: str, station: str = "desk") -> Browser:
        """A browser in which somebody of this role is logged in."""
        browser = Browser(self.web)
        who, pin = self.staff()[role]
        status, told = browser.ask("POST", "/api/login", {"staff": who, "pin": pin, "station": station})
        assert status == 200, told
        return browser

    def printer_adopted(self, browser: Browser) -> dict[str, Any]:
        """Wait until the simulated printer is online in the hub's eyes; the device."""

        def found():
            devices = browser.get("/api/v1/devices")
            return next((d for d in devices if d["info"] and d["info"]["kind"] == "receipt_printer" and d["health"] == "online"), None)

        return wait_until(found, why="no printer was adopted")

    def link(self, page: str) -> str:
        """The link that lets a page's screen in, once the hub has written it."""

        def written() -> str | None:
            try:
                return json.loads((self.folder / "entry.json").read_text()).get(page)
            except (OSError, ValueError):
                return None

        return wait_until(written, why=f"no link to {page}")

    def hq_dsn(self) -> str:
        """How to read head office's embedded database."""
        password = (self.folder / "hq" / "secrets" / "postgres").read_text().strip()
        return f"host=127.0.0.1 port={self.hq_postgres} user=postgres dbname=postgres password={password}"

    def sims(self) -> list[dict[str, Any]]:
        return Browser(self.bench).get("/sims")

    def printed(self) -> list[dict[str, Any]]:
        """Every receipt that came out of the simulated printer so far; the bench keeps 200, so look often enough."""
        for receipt in Browser(self.bench).get("/sims/printer/receipts?last=200"):
            self.seen[receipt["number"]] = receipt
        return list(self.seen.values())

    def _healthy(self) -> bool:
        process = self.processes.get("hub")
        assert process is None or process.poll() is None, f"the hub ended: {(self.folder / 'hub.log').read_text()[-2000:]}"
        try:
            return Browser(self.web).ask("GET", "/healthz")[0] == 200
        except (OSError, http.client.HTTPException):
            return False
