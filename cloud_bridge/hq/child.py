"""A server that belongs to head office: started, watched, started again, stopped, never orphaned."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pwd
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from hub.errors import MachineError

log = structlog.get_logger()

READY_S_MAX = 20.0
STOP_S_MAX = 15.0
RESTART_S_MAX = 5.0
LOG_BYTES_MAX = 4 * 1024 * 1024
_LIFELINE = Path(__file__).with_name("lifeline.py")


class ServerDidNotStart(MachineError):
    """A server of head office does not come up."""

    code = "server_did_not_start"
    hint = "Look at the named log; another program may hold the port. Change it under [head_office] in the settings."


@dataclass(frozen=True, slots=True)
class User:
    """Whom a server runs as; `reach`: it needs a way through folders it may not enter."""

    uid: int
    gid: int
    reach: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What to start. `stop` is the signal for an orderly end, `ready` says whether it answers."""

    name: str
    argv: Sequence[str]
    log: Path
    ready: Callable[[], Awaitable[bool]]
    stop: signal.Signals = signal.SIGTERM
    user: User | None = None


class Child:
    """One server as our child. Start it from the main thread: the kernel ties its life to the thread that starts it."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.restarts = 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Its process id while it runs."""
        return self._process.pid if self._process and self._process.poll() is None else None

    async def start(self) -> None:
        """Start and wait until it answers. Raises ServerDidNotStart.

        One that ends at once is tried again: after a kill -9 its predecessor may still be on its way out.
        """
        _shorten(self.program.log)
        loop = asyncio.get_running_loop()
        end = loop.time() + READY_S_MAX
        while loop.time() < end:
            if self.pid is None:
                self._spawn()
            if await self.program.ready() and self.pid is not None:
                return
            await asyncio.sleep(0.02 if self.pid else 0.2)
        await self.stop()
        raise ServerDidNotStart(server=self.program.name, log=str(self.program.log), said=_last_words(self.program.log))

    async def keep(self) -> None:
        """Start it again whenever it ends, for ever."""
        pause = 0.2
        while True:
            if self.pid is not None:
                await asyncio.sleep(0.2)
                continue
            code = self._process.returncode if self._process else None
            log.error("server ended", server=self.program.name, code=code, restarts=self.restarts)
            self.restarts += 1
            await asyncio.sleep(pause)
            pause = min(pause * 2, RESTART_S_MAX)
            with contextlib.suppress(ServerDidNotStart):
                await self.start()
                log.warning("server is back", server=self.program.name)
                pause = 0.2

    async def stop(self) -> None:
        """End it in order, by force when it takes too long. Idempotent."""
        process = self._process
        if process is None or process.poll() is not None:
            return
        process.send_signal(self.program.stop)
        try:
            await asyncio.to_thread(process.wait, STOP_S_MAX)
        except subprocess.TimeoutExpired:
            log.warning("server does not stop, killed", server=self.program.name)
            process.kill()
            await asyncio.to_thread(process.wait)

    def hang_up(self) -> None:
        """SIGHUP: read the configuration again."""
        if self._process and self._process.poll() is None:
            self._process.send_signal(signal.SIGHUP)

    def _spawn(self) -> None:
        program = self.program
        user = program.user or User(-1, -1, reach=False)
        line = (os.getpid(), int(program.stop), user.uid, user.gid, int(user.reach))
        with program.log.open("ab") as said:
            self._process = subprocess.Popen(
                [sys.executable, "-I", str(_LIFELINE), *map(str, line), *program.argv],
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                cwd="/",
                start_new_session=True,  # a Ctrl-C in the terminal is ours to hand on, in order
            )


def unprivileged(*needs: Path) -> User | None:
    """Whom to become when we are root, to run a server that refuses root; None when we are not.

    `needs` are paths it must reach: where a folder above is closed to others it is lent a way through.
    """
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            found = pwd.getpwnam(name)
            return User(found.pw_uid, found.pw_gid, reach=any(_closed(path) for path in needs))
    raise ServerDidNotStart(server="postgres", said="this machine has neither a user postgres nor nobody")


def _closed(path: Path) -> bool:
    return any(folder.exists() and not folder.stat().st_mode & 0o001 for folder in path.resolve().parents)


def _shorten(file: Path) -> None:
    """Keep one older log, so that the two stay within bounds over restarts."""
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.exists() and file.stat().st_size > LOG_BYTES_MAX:
        file.replace(file.with_suffix(".old.log"))


def _last_words(file: Path) -> str:
    lines = file.read_text(errors="replace").splitlines() if file.exists() else []
    return " | ".join(lines[-3:])[-500:]
