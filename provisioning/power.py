"""The last steps of a shutdown on an empty battery: the hub's order is heard, and when everything has stopped, the machine is asked to."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path

import structlog

from hub.clock import Clock

log = structlog.get_logger()

LOOK_S = 0.5
STOP_S_MAX = 30.0
OFF_S_MAX = 20.0


class StopOrder:
    """The file the hub writes when the battery it lives on is nearly empty. What is in it is for people."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._file, self._clock = folder / "stop-order.json", clock

    def forget(self) -> None:
        """One of an earlier run has been obeyed, or there was nobody to."""
        self._file.unlink(missing_ok=True)

    async def given(self) -> None:
        """Wait for it."""
        while not self._file.exists():
            await self._clock.sleep(LOOK_S)


async def power_off(command: tuple[str, ...], say: Callable[[str], None]) -> None:
    """Run `command`, never through a shell, for at most 20 s; without one say what is left to do."""
    if not command:
        say("The battery is nearly empty: everything is stopped. Switch this computer off; with power.off_command it does so by itself.")
        return
    say(f"The battery is nearly empty: everything is stopped, and {command[0]} is asked to switch this computer off.")
    try:
        process = await asyncio.create_subprocess_exec(*command, stdin=asyncio.subprocess.DEVNULL)
    except OSError as why:
        log.warning("cannot switch the computer off", command=command[0], why=str(why))
        say(f"{command[0]} could not be run ({why}). Switch this computer off.")
        return
    try:
        async with asyncio.timeout(OFF_S_MAX):
            code = await process.wait()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        code = -9
    if code:
        log.error("cannot switch the computer off", command=command[0], code=code)
        say(f"{command[0]} did not succeed (code {code}). Switch this computer off.")
