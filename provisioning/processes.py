"""Child processes that cannot outlive us: the kernel ends them with us, and we adopt and reap whatever they leave behind."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

import psutil

from provisioning.private_files import read_json, write_private_json

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
SWEEP_S_MAX = 3.0
LOOK_EVERY_S = 0.02

_libc = ctypes.CDLL(None, use_errno=True)


def adopt_orphans() -> None:
    """From now on grandchildren whose parent dies become our children, so that `sweep` finds and reaps them."""
    _libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def spawn(argv: Sequence[str], env: Mapping[str, str], output: IO[bytes]) -> subprocess.Popen[bytes]:
    """Start `argv` in a session of its own; it gets SIGTERM when we die, however we die.

    The kernel ties that to the thread that spawns, so this is for the main thread only. Raises OSError.
    """
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError("a child would die with this thread")
    return subprocess.Popen(
        list(argv),
        env=dict(env),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=_dies_with(os.getpid()),  # noqa: PLW1509 - C calls only, and no other thread runs here
    )


async def exit_of(process: subprocess.Popen[bytes]) -> int:
    """Wait for the end of `process`; its exit code, negative for the signal that ended it."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    watch = os.pidfd_open(process.pid)
    loop.add_reader(watch, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(watch)
        os.close(watch)
    return process.wait()


async def sweep(group: int) -> None:
    """Wait for what a dead child left in its process group; after 3 s it is killed."""
    patience = int(SWEEP_S_MAX / LOOK_EVERY_S)
    for look in range(patience + patience // 2):
        if not _some_left(group):
            return
        if look >= patience:
            _signal_group(group, signal.SIGKILL)
        await asyncio.sleep(LOOK_EVERY_S)


def kill_group(group: int) -> None:
    """End a child and all in its process group at once."""
    _signal_group(group, signal.SIGKILL)


def how_it_ended(code: int) -> str:
    """An exit code as a person reads it."""
    return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"


class Roster:
    """The running children on disk, so that the next start can end those of a run that was killed hard."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._running: dict[str, dict[str, object]] = {}

    def clear_leftovers(self) -> list[str]:
        """End what an earlier run left; returns names. A process counts only if its command and start time agree."""
        ended = [(name, found) for name, entry in read_json(self._file).items() if (found := _same_process(entry))]
        for _, process in ended:
            process.terminate()
        _, stubborn = psutil.wait_procs([p for _, p in ended], timeout=SWEEP_S_MAX)
        for process in stubborn:
            process.kill()
        psutil.wait_procs(stubborn, timeout=SWEEP_S_MAX)
        self._write()
        return [name for name, _ in ended]

    def started(self, name: str, process: subprocess.Popen[bytes]) -> None:
        """Note a child that runs."""
        try:
            began = psutil.Process(process.pid).create_time()
        except psutil.NoSuchProcess:
            return
        self._running[name] = {"pid": process.pid, "began": began, "argv": process.args}
        self._write()

    def ended(self, name: str) -> None:
        """Note a child that has ended."""
        if self._running.pop(name, None):
            self._write()

    def _write(self) -> None:
        write_private_json(self._file, self._running)


def _same_process(entry: object) -> psutil.Process | None:
    if not isinstance(entry, dict):
        return None
    try:
        process = psutil.Process(int(entry["pid"]))
        same = abs(process.create_time() - float(entry["began"])) < 2 and process.cmdline() == entry["argv"]
    except (KeyError, TypeError, ValueError, psutil.Error):
        return None
    return process if same else None


def _dies_with(parent: int) -> Callable[[], None]:
    def between_fork_and_exec() -> None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:  # we died before the line above
            os._exit(1)

    return between_fork_and_exec


def _some_left(group: int) -> bool:
    """Reap the group's dead; whether any of it still lives."""
    try:
        while os.waitpid(-group, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return False
    return True


def _signal_group(group: int, number: signal.Signals) -> None:
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return
