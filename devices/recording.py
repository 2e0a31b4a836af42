"""Transports around a transport: a tee that keeps the bytes of a real device, a replay of such a file, a fault injector.

A recording is JSON lines: {"s": seconds since it began, "to": hex} or {"s": …, "from": hex}. One from the field,
put under tests/recordings/, turns a field bug into a test.
"""

# ruff: noqa: ARG002 - the Transport protocol names the arguments
from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from devices.errors import CannotConnect, LinkLost
from devices.transport import Named, Transport

RECORDING_BYTES_MAX = 4_000_000
TAPE_MAX = 32_000  # characters: an answer over MQTT has room for 64 KB


class Tape:
    """The newest recording of a device, in memory, for a self-test: its first bytes, for those explain the rest."""

    def __init__(self, size_max: int = TAPE_MAX) -> None:
        self.lines: list[str] = []
        self.full = False
        self._left = size_max

    def keep(self, line: str) -> None:
        """One line of a recording, while there is room."""
        self._left -= len(line)
        self.full = self.full or self._left < 0
        if not self.full:
            self.lines.append(line)


class Tee:
    """Passes everything on; keeps it in `file`, when there is one, until that is full, and on `tape` while one is in."""

    def __init__(self, inner: Transport, file: Path | None = None) -> None:
        self.keeps_open, self.proves_presence = inner.keeps_open, inner.proves_presence
        self.tape: Tape | None = None
        self._inner, self._file = inner, file
        self._began = time.monotonic()
        if isinstance(inner, Named):
            self.uri = inner.uri

    async def open(self) -> None:
        """Raises CannotConnect."""
        await self._inner.open()

    async def write(self, data: bytes, within_s: float) -> None:
        """Raises LinkLost."""
        await self._inner.write(data, within_s)
        if self.tape or self._file:
            self._keep("to", data)

    async def read(self, within_s: float) -> bytes:
        """Raises LinkLost."""
        data = await self._inner.read(within_s)
        if data and (self.tape or self._file):
            self._keep("from", data)
        return data

    async def close(self) -> None:
        """Idempotent."""
        await self._inner.close()

    def _keep(self, way: str, data: bytes) -> None:
        line = json.dumps({"s": round(time.monotonic() - self._began, 4), way: data.hex()})
        if self.tape:
            self.tape.keep(line)
        if self._file and not (self._file.exists() and self._file.stat().st_size > RECORDING_BYTES_MAX):
            with self._file.open("a", encoding="ascii") as out:
                out.write(line + "\n")


class Replay:
    """Plays a recording: what the device said comes once we have written as much as had been written before it."""

    keeps_open = True
    proves_presence = True

    def __init__(self, file: Path) -> None:
        self._steps: list[tuple[str, bytes]] = []
        for line in file.read_text("ascii").splitlines():
            kept = json.loads(line)
            way = "to" if "to" in kept else "from"
            self._steps.append((way, bytes.fromhex(kept[way])))
        self._to_write = 0
        self.unlike: list[bytes] = []  # what we wrote where the recording has something else

    async def open(self) -> None:
        """Begins nothing anew: a recording is played once."""

    async def write(self, data: bytes, within_s: float) -> None:
        """Compare with the recording and move on."""
        expected = b""
        while len(expected) < len(data) and self._steps and self._steps[0][0] == "to":
            expected += self._steps.pop(0)[1]
        if expected != data:
            self.unlike.append(data)

    async def read(self, within_s: float) -> bytes:
        """Raises LinkLost at the end of the recording."""
        if not self._steps:
            raise LinkLost(recording="ended")
        if self._steps[0][0] == "to":
            await asyncio.sleep(0)
            return b""
        return self._steps.pop(0)[1]

    async def close(self) -> None:
        """Nothing to let go of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault: when `after_bytes` have gone `way`, the link does `what` from then on (garble: to this one read)."""

    way: Literal["write", "read", "open"]
    what: Literal["drop", "stall", "garble", "one_by_one"]
    after_bytes: int = 0


class Faulty:
    """Passes everything on until a fault of the script is due."""

    def __init__(self, inner: Transport, script: Sequence[Fault]) -> None:
        self.keeps_open, self.proves_presence = inner.keeps_open, inner.proves_presence
        self._inner, self._script = inner, list(script)
        self._gone = {"write": 0, "read": 0, "open": 0}
        self._rest = b""

    async def open(self) -> None:
        """Raises CannotConnect."""
        if self._due("open", "drop"):
            raise CannotConnect(fault="drop")
        self._rest = b""
        await self._inner.open()

    async def write(self, data: bytes, within_s: float) -> None:
        """Raises LinkLost, with the bytes up to the fault handed over."""
        for fault in self._script:
            room = fault.after_bytes - self._gone["write"]
            if fault.way == "write" and room < len(data):
                await self._inner.write(data[: max(0, room)], within_s)
                self._gone["write"] += len(data)
                if fault.what == "drop":
                    await self._inner.close()
                else:
                    await asyncio.sleep(within_s)
                raise LinkLost(fault=fault.what)
        self._gone["write"] += len(data)
        await self._inner.write(data, within_s)

    async def read(self, within_s: float) -> bytes:
        """Raises LinkLost."""
        if self._due("read", "drop"):
            await self._inner.close()
            raise LinkLost(fault="drop")
        if self._due("read", "stall"):
            await asyncio.sleep(within_s)
            return b""
        data = self._rest or await self._inner.read(within_s)
        self._rest = b""
        if self._due("read", "one_by_one"):
            data, self._rest = data[:1], data[1:]
        if self._due("read", "garble"):
            data = bytes(byte ^ 0xA5 for byte in data)
        self._gone["read"] += len(data)
        return data

    async def close(self) -> None:
        """Idempotent."""
        await self._inner.close()

    def _due(self, way: str, what: str) -> bool:
        return any(f.way == way and f.what == what and self._gone[way] >= f.after_bytes for f in self._script)
