"""The way from this machine to the Internet: the kernel's own files of it, and small questions to what lies on it.

A ping is an ICMP echo (RFC 792) over a datagram socket where the kernel lets us have one (`net.ipv4.ping_group_range`), so that nothing runs as
root; else a TCP connection to port 443 that is taken, or refused, and given up at once. A simulated way has a file `outside` in its folder that
says on which port of loopback each address is played: what is asked of it never leaves the machine.
"""

from __future__ import annotations

import asyncio
import errno
import http.client
import json
import random
import socket
import struct
import time
from collections.abc import Awaitable
from pathlib import Path
from urllib.parse import urlsplit

from devices.errors import LinkLost
from devices.transport import Files

PING_WAIT_S = 1.0
CONNECT_WAIT_S = 2.0
FETCH_S = 10.0
FETCH_BYTES_MAX = 20_000_000
TCP_PING_PORT = 443
ANSWER_MAX = 2048
_ECHO, _ECHO_REPLY = 8, 0
_HEAD = struct.Struct("!BBHHH")
Place = tuple[str, int]


class Outside(Files):
    """Files of the way out, and what answers along it. Times are milliseconds; None: no answer in time."""

    def __init__(self, root: Path, hq: str, *, simulated: bool) -> None:
        super().__init__(root, root, simulated=simulated)
        self._played: dict[str, int] | None = {} if simulated else None
        self._icmp = True
        self.hq = hq  # host:port of head office; empty for a shop without one

    @property
    def pings_by(self) -> str:
        """How it pings."""
        return "icmp" if self._icmp else "tcp"

    async def open(self) -> None:
        """Raises CannotConnect."""
        await super().open()
        if self._played is not None:
            self._played = _played(await asyncio.to_thread(lambda: self.text("outside") or ""))

    async def ping(self, host: str) -> float | None:
        """How long `host`, an address or a name, takes to answer."""
        if self._played is not None:  # a datagram that comes back as it was (RFC 862): the kernel answers every ping to loopback itself
            return await _within(PING_WAIT_S, _same_back(self._place("ping", host), random.randbytes(8)))  # noqa: S311 - no secret
        if self._icmp:
            try:
                return await _within(PING_WAIT_S, _icmp_echo(host))
            except PermissionError:
                self._icmp = False
        return await _within(PING_WAIT_S, _tcp(host, TCP_PING_PORT, refused_counts=True))

    async def connect(self, host: str, port: int) -> float | None:
        """How long it takes until somebody who listens there has taken a connection; it is given up at once."""
        return await _within(CONNECT_WAIT_S, _tcp(*self._place("tcp", host, port), refused_counts=False))

    async def ask(self, host: str, port: int, datagram: bytes, within_s: float) -> bytes:
        """The answer to a datagram; empty when none came."""
        try:
            async with asyncio.timeout(within_s):
                return await _exchange(self._place("udp", host, port), datagram)
        except (OSError, TimeoutError):
            return b""

    async def fetch(self, url: str) -> tuple[int, float]:
        """Bytes that came, and the seconds they took: at most 20 MB and about ten seconds. Raises LinkLost."""
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        place = self._place("tcp", parts.hostname or "", port)
        try:
            async with asyncio.timeout(FETCH_S + 2 * CONNECT_WAIT_S):
                return await asyncio.to_thread(_fetched, url, place)
        except (OSError, http.client.HTTPException, TimeoutError) as why:
            raise LinkLost(host=parts.hostname, why=type(why).__name__) from why

    def _place(self, how: str, host: str, port: int = 0) -> Place:
        """Where that really is; port 0 of loopback, where nobody ever is, for what the simulator does not play."""
        if self._played is None:
            return host, port
        return "127.0.0.1", self._played.get(f"{how} {host}:{port}" if port else f"{how} {host}", 0)


def _played(text: str) -> dict[str, int]:
    try:
        told = json.loads(text)
        return {str(what): int(port) for what, port in told.items()}
    except (ValueError, TypeError, AttributeError):
        return {}


async def _within(seconds: float, asking: Awaitable[None]) -> float | None:
    """How many milliseconds it took, None when it did not come. Raises PermissionError, which says nothing of the other end."""
    began = time.monotonic()
    try:
        async with asyncio.timeout(seconds):
            await asking
    except PermissionError:
        raise
    except (OSError, TimeoutError):
        return None
    return (time.monotonic() - began) * 1000


async def _exchange(place: Place, datagram: bytes) -> bytes:
    """Raises OSError; waits for ever."""
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        await loop.sock_connect(sock, place)  # so that only this address can answer
        await loop.sock_sendall(sock, datagram)
        return await loop.sock_recv(sock, ANSWER_MAX)


async def _same_back(place: Place, sent: bytes) -> None:
    if await _exchange(place, sent) != sent:
        raise OSError(errno.EPROTO, "not what was sent")


async def _tcp(host: str, port: int, *, refused_counts: bool) -> None:
    loop = asyncio.get_running_loop()
    place = (await loop.getaddrinfo(host, port, family=socket.AF_INET, type=socket.SOCK_STREAM))[0][4]
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as sock:
        sock.setblocking(False)
        try:
            await loop.sock_connect(sock, place)
        except ConnectionRefusedError:
            if not refused_counts:
                raise
        except PermissionError as blocked:  # a firewall of this machine: no answer, as others see it
            raise OSError(errno.EHOSTUNREACH, "blocked here") from blocked


async def _icmp_echo(host: str) -> None:
    """The kernel fills in identifier and checksum. Raises PermissionError where it gives no such socket."""
    loop = asyncio.get_running_loop()
    place = (await loop.getaddrinfo(host, 0, family=socket.AF_INET, type=socket.SOCK_DGRAM))[0][4]
    number, load = random.randrange(1 << 16), random.randbytes(16)  # noqa: S311 - no secret
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP) as sock:
        sock.setblocking(False)
        await loop.sock_connect(sock, place)
        await loop.sock_sendall(sock, _HEAD.pack(_ECHO, 0, 0, 0, number) + load)
        while True:
            answer = await loop.sock_recv(sock, ANSWER_MAX)
            if is_reply(answer, number, load):
                return


def is_reply(answer: bytes, number: int, load: bytes) -> bool:
    """Whether it is the echo of our own question; others' and late ones are not."""
    if len(answer) < _HEAD.size:
        return False
    kind, code, _, _, said = _HEAD.unpack_from(answer)
    return (kind, code, said) == (_ECHO_REPLY, 0, number) and answer[_HEAD.size :] == load


def _fetched(url: str, place: Place) -> tuple[int, float]:
    """Blocks, at most FETCH_S after the connection. Raises OSError or HTTPException."""
    parts = urlsplit(url)
    made = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = made(*place, timeout=CONNECT_WAIT_S)
    try:
        connection.request("GET", f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}", headers={"Host": parts.netloc})
        answer = connection.getresponse()
        if answer.status != 200:
            raise http.client.HTTPException(answer.status)
        began, came = time.monotonic(), 0
        while came < FETCH_BYTES_MAX and time.monotonic() - began < FETCH_S:
            piece = answer.read(min(65_536, FETCH_BYTES_MAX - came))
            if not piece:
                break
            came += len(piece)
        return came, max(time.monotonic() - began, 0.001)
    finally:
        connection.close()
