"""Wires in memory: a simulator's end and the driver's Transport, with what a TCP connection and a serial line do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from devices.errors import CannotConnect, LinkLost

ROOM = 4096  # bytes a held line takes before the writer has to wait
LINE_MAX = 1024


class MemoryEnd:
    """Where a simulator is plugged in; one client at a time, as TcpEnd and PtyEnd."""

    port = 0

    def __init__(self, received: Callable[[bytes], None], opened: Callable[[], None] = lambda: None) -> None:
        self.received, self.opened = received, opened
        self.plugged = False
        self.held = False
        self.room = ROOM
        self.serial = False
        self.waiting = b""  # what came while nobody read
        self.line: MemoryLine | None = None

    async def plug_in(self) -> None:
        self.plugged = True

    async def pull(self) -> None:
        self.plugged, self.waiting = False, b""
        self.break_line()

    def drop(self) -> bool:
        """Break the connection of now; a serial line has none to break."""
        if self.serial:
            return False
        self.break_line()
        return True

    def break_line(self) -> None:
        line, self.line = self.line, None
        if line is not None:
            line.broken()

    def send(self, data: bytes) -> bool:
        return bool(data and self.line is not None and self.line.came(data))

    def hold_reading(self, *, hold: bool) -> None:
        self.held = hold
        if not hold:
            waiting, self.waiting = self.waiting, b""
            if waiting:
                self.received(waiting)
            if self.line is not None:
                self.line.freed.set()

    def taken(self, line: MemoryLine, data: bytes) -> None:
        """Bytes arrive, unless the connection is no more."""
        if self.line is not line:
            return
        if self.held:
            self.waiting += data
        else:
            self.received(data)


class LinesEnd(MemoryEnd):
    """As LineServer: `hear` gives the answer to one line."""

    def __init__(self, hear: Callable[[bytes], bytes]) -> None:
        super().__init__(self._cut, self._begin)
        self._hear, self._rest = hear, b""

    def _begin(self) -> None:
        self._rest = b""

    def _cut(self, data: bytes) -> None:
        *lines, rest = (self._rest + data).split(b"\n")
        self._rest = rest[-LINE_MAX:]
        for line in lines:
            self.send(self._hear(line))


class MemoryLine:
    """The driver's side. `connection`: as TCP, it breaks and shows who is there; else as a serial line."""

    def __init__(self, end: MemoryEnd, *, connection: bool) -> None:
        self.keeps_open = True
        self.proves_presence = connection
        self._end = end
        end.serial = not connection
        self._inbox = bytearray()
        self._news = asyncio.Event()
        self.freed = asyncio.Event()
        self._is_open = False

    async def open(self) -> None:
        await self.close()
        await asyncio.sleep(0)
        if not self._end.plugged:
            raise CannotConnect(wire="memory")
        assert self._end.line is None, "a second client"
        self._inbox.clear()
        self._is_open, self._end.line = True, self
        if self.proves_presence:
            self._end.waiting = b""
            self._end.opened()

    async def write(self, data: bytes, within_s: float) -> None:
        self._must_be_open()
        if self._end.held and len(self._end.waiting) + len(data) > self._end.room:
            try:
                async with asyncio.timeout(within_s):
                    while self._end.held:
                        self.freed.clear()
                        await self.freed.wait()
                        self._must_be_open()
            except TimeoutError as why:
                raise LinkLost(wire="memory", why="not taken") from why
        asyncio.get_running_loop().call_soon(self._end.taken, self, data)

    async def read(self, within_s: float) -> bytes:
        if not self._inbox:
            self._must_be_open()
            self._news.clear()
            try:
                async with asyncio.timeout(within_s):
                    await self._news.wait()
            except TimeoutError:
                return b""
            if not self._inbox:
                raise LinkLost(wire="memory")
        data = bytes(self._inbox)
        self._inbox.clear()
        return data

    async def close(self) -> None:
        if self._end.line is self:
            self._end.line = None
        self._is_open = False
        self._inbox.clear()

    def came(self, data: bytes) -> bool:
        """From the device."""
        self._inbox += data
        self._news.set()
        return True

    def broken(self) -> None:
        """The other side is gone."""
        self._is_open = False
        self._inbox.clear()
        self._news.set()
        self.freed.set()

    def _must_be_open(self) -> None:
        if not self._is_open:
            raise LinkLost(wire="memory")
