"""Ends of wires a simulator sits on: a TCP port that serves one client at a time, a pty, a UDP port. All can be pulled out."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import tty
from collections.abc import Callable
from pathlib import Path
from typing import Any

LINE_MAX = 1024
Received = Callable[[bytes], None]


class TcpEnd:
    """Listens on loopback. A second client is accepted by the system but not read before the first has gone, as printers do."""

    def __init__(self, port: int, received: Received, opened: Callable[[], None] = lambda: None) -> None:
        self.port = port
        self.received, self.opened = received, opened
        self.clients = 0  # so far
        self._server: asyncio.Server | None = None
        self._line: list[_Client] = []

    @property
    def plugged(self) -> bool:
        """Whether new clients can come."""
        return self._server is not None

    async def plug_in(self) -> None:
        """Listen; on the same port again after it was pulled. Idempotent."""
        if self._server is not None:
            return
        loop = asyncio.get_running_loop()
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self.port))
        self.port = listener.getsockname()[1]
        self._server = await loop.create_server(lambda: _Client(self), sock=listener)

    async def pull(self) -> None:
        """Break every connection without a word and refuse new ones. Idempotent."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
        for client in list(self._line):
            client.abort()
        self._line.clear()
        await asyncio.sleep(0)

    def drop(self) -> bool:
        """Break the connection of now; new ones are welcome."""
        if self._line:
            self._line[0].abort()
        return True

    def send(self, data: bytes) -> bool:
        """To the client of now; False when there is none."""
        return bool(data and self._line and self._line[0].send(data))

    def hold_reading(self, *, hold: bool) -> None:
        """The device has no room for more."""
        if self._line:
            self._line[0].hold(hold=hold)

    def _came(self, client: _Client) -> None:
        self._line.append(client)
        self.clients += 1
        if len(self._line) > 1:
            client.hold(hold=True)
        else:
            self.opened()

    def _went(self, client: _Client) -> None:
        if client not in self._line:
            return
        was_first = self._line[0] is client
        self._line.remove(client)
        if was_first and self._line:
            self.opened()
            self._line[0].hold(hold=False)

    def _data(self, client: _Client, data: bytes) -> None:
        if self._line and self._line[0] is client:
            self.received(data)


class LineServer(TcpEnd):
    """Listens on loopback as programs do: many clients at once; `hear` gives the answer to one line, for whoever sent it."""

    def __init__(self, port: int, hear: Callable[[bytes], bytes]) -> None:
        super().__init__(port, lambda _: None)
        self._hear = hear
        self._heard: dict[_Client, bytes] = {}

    def _came(self, client: _Client) -> None:
        self._line.append(client)
        self.clients += 1
        self._heard[client] = b""

    def _went(self, client: _Client) -> None:
        self._heard.pop(client, None)
        if client in self._line:
            self._line.remove(client)

    def _data(self, client: _Client, data: bytes) -> None:
        *lines, rest = (self._heard[client] + data).split(b"\n")
        self._heard[client] = rest[-LINE_MAX:]
        for line in lines:
            client.send(self._hear(line))


class _Client(asyncio.Protocol):
    def __init__(self, end: TcpEnd) -> None:
        self._end = end
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self._transport = transport
            transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._end._came(self)  # noqa: SLF001 - two halves of one thing

    def data_received(self, data: bytes) -> None:
        self._end._data(self, data)  # noqa: SLF001

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio names it
        self._end._went(self)  # noqa: SLF001

    def send(self, data: bytes) -> bool:
        if self._transport is None or self._transport.is_closing():
            return False
        self._transport.write(data)
        return True

    def hold(self, *, hold: bool) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        if hold:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()


class PtyEnd:
    """A serial line: a pty whose path stays the same by a link, as udev's by-id links do."""

    def __init__(self, link: Path, received: Received) -> None:
        self.link = link
        self.received = received
        self._master: int | None = None
        self._slave: int | None = None

    @property
    def plugged(self) -> bool:
        """Whether the device file is there."""
        return self._master is not None

    async def plug_in(self) -> None:
        """Make the device file. Idempotent."""
        if self._master is not None:
            return
        master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(master, False)
        self.link.unlink(missing_ok=True)
        self.link.symlink_to(os.ttyname(self._slave))
        self._master = master
        asyncio.get_running_loop().add_reader(master, self._readable)

    async def pull(self) -> None:
        """Take the device away; whoever has it open reads an end. Idempotent."""
        master, self._master = self._master, None
        if master is None:
            return
        self.link.unlink(missing_ok=True)
        asyncio.get_running_loop().remove_reader(master)
        os.close(master)
        if self._slave is not None:
            os.close(self._slave)
            self._slave = None

    def drop(self) -> bool:
        """False: a serial line has no connection to break."""
        return False

    def send(self, data: bytes) -> bool:
        """False when it is pulled out or nobody reads."""
        if self._master is None or not data:
            return False
        with contextlib.suppress(BlockingIOError):
            return os.write(self._master, data) == len(data)
        return False

    def hold_reading(self, *, hold: bool) -> None:
        """Flow control is not simulated on a pty."""

    def _readable(self) -> None:
        if self._master is None:
            return
        with contextlib.suppress(BlockingIOError, OSError):
            if data := os.read(self._master, 4096):
                self.received(data)


class UdpEnd(asyncio.DatagramProtocol):
    """Hears datagrams on loopback and answers whoever sent one."""

    def __init__(self, port: int, received: Callable[[bytes, Any], None]) -> None:
        self.port = port
        self.received = received
        self._transport: asyncio.DatagramTransport | None = None

    @property
    def plugged(self) -> bool:
        """Whether datagrams are heard."""
        return self._transport is not None

    async def plug_in(self) -> None:
        """Listen; on the same port again after it was pulled. Idempotent."""
        if self._transport is None:
            loop = asyncio.get_running_loop()
            self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", self.port))
            self.port = self._transport.get_extra_info("sockname")[1]

    async def pull(self) -> None:
        """Hear nothing any more. Idempotent."""
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.abort()
            await asyncio.sleep(0)  # only then the port is free

    def datagram_received(self, data: bytes, addr: Any) -> None:
        """One came."""
        self.received(data, addr)

    def send(self, data: bytes, to: Any) -> None:
        """Lost when it is pulled out."""
        if self._transport is not None:
            self._transport.sendto(data, to)


End = TcpEnd | PtyEnd
