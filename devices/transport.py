"""Bytes to and from a device, whatever carries them. Every await has a limit in seconds.

Addresses: `tcp://host:port` (kept open, unless `?shared=1`: open only while working), `socket://host:port` (a serial line over TCP),
`serial:///dev/serial/by-id/…?baud=9600` (a pty too), `hid:///dev/input/by-id/…-event-kbd` (a scanner or card reader that types),
`usb:///dev/usb/lp0`, `snmp://host:161`, `ipp://host:631/ipp/print` (`ipps://` over TLS, without looking who signed the printer's
certificate: nobody does), `screen://<id>` (beats of a page),
`board:///?data=/folder` (the files the kernel keeps of the board itself, and where the shop's data lies; another root is a simulated board),
`internet:///?hq=host:port` (the way out; another root is a simulated one),
`mqtt:///<unique id>` (a third-party thing on the shop's broker, see things.py).
`?simulated=1` marks the other end as a simulator; it changes nothing else.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import shutil
import socket
import ssl
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable
from urllib.parse import parse_qsl, urlsplit

from devices.errors import BadAddress, CannotConnect, LinkLost

CONNECT_S = 2.0
READ_AT_ONCE = 4096
INBOX_MAX = 32
FILE_MAX = 64 * 1024
IDS = {"screen": re.compile(r"[A-Za-z0-9._-]{1,36}"), "mqtt": re.compile(r"/[A-Za-z0-9._:-]{1,64}")}
SCHEMES = ("tcp", "socket", "serial", "hid", "usb", "snmp", "ipp", "ipps", "screen", "board", "internet", "mqtt")
IPP_PORT, IPP_PATH = 631, "/ipp/print"
HQ = re.compile(r"[A-Za-z0-9.-]{1,200}:[0-9]{1,5}")
OPTIONS = frozenset({"baud", "bits", "parity", "stop", "rtscts", "shared", "data", "hq", "simulated"})


class Transport(Protocol):
    """One way to one device. Made closed; may be opened and closed many times, by one owner at a time."""

    keeps_open: bool  # False: open for each piece of work, because the device serves one client, and there are others
    proves_presence: bool  # whether somebody is there when it can be opened; False: only an answer shows that

    async def open(self) -> None:
        """Raises CannotConnect."""

    async def write(self, data: bytes, within_s: float) -> None:
        """Hand over all of `data`. Raises LinkLost, also when the device does not take it in time."""

    async def read(self, within_s: float) -> bytes:
        """What has come, at least one byte; empty when nothing came in time. Raises LinkLost at the end of the link."""

    async def close(self) -> None:
        """Idempotent, never raises."""


@runtime_checkable
class Peer(Protocol):
    """A transport to an address that a library of its own is to talk to as well."""

    ip: str  # known while the transport is open
    port: int


@runtime_checkable
class Named(Protocol):
    """A transport to an address that what is said over it must name too."""

    uri: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a device is reached. The text is what people and the registry keep."""

    text: str
    scheme: str
    host: str
    port: int
    path: str
    options: dict[str, str]

    @property
    def simulated(self) -> bool:
        """Whether the other end is a simulator."""
        return self.options.get("simulated") == "1"

    @classmethod
    def parse(cls, text: str) -> Address:
        """Raises BadAddress."""
        try:
            parts = urlsplit(text)
            port = parts.port or (IPP_PORT if parts.scheme in {"ipp", "ipps"} else 0)
            options = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
        except ValueError as why:
            raise BadAddress(address=text, why=str(why)) from why
        host = parts.netloc if parts.scheme == "screen" else parts.hostname or ""
        address = cls(text=text, scheme=parts.scheme, host=host, port=port, path=parts.path, options=options)
        if why_not := address._refused():
            raise BadAddress(address=text, why=why_not)
        return address

    def _refused(self) -> str:
        unknown = set(self.options) - OPTIONS
        on_net, on_path = {"tcp", "socket", "snmp", "ipp", "ipps"}, {"serial", "hid", "usb", "board", "internet"}
        wrong = {
            f"unknown scheme, one of {', '.join(SCHEMES)}": self.scheme not in SCHEMES,
            f"unknown option {min(unknown, default='')}": bool(unknown),
            "host and port are needed": self.scheme in on_net and not (self.host and self.port),
            "an absolute path is needed": self.scheme in on_path and (not self.path.startswith("/") or bool(self.host)),
            "the id of a screen or of a thing is needed": self.scheme in IDS and not IDS[self.scheme].fullmatch(self.host + self.path),
            "hq must be host:port": not HQ.fullmatch(self.options.get("hq", "x:1")),
        }
        return next((why for why, is_so in wrong.items() if is_so), "")


def transport_to(address: Address) -> Transport:  # noqa: PLR0911 - one line a scheme
    """A closed transport; boxes of things are things.py's. Raises BadAddress for line settings that do not exist."""
    if address.scheme in {"tcp", "socket"}:
        return Tcp(address.host, address.port, keeps_open=address.options.get("shared") != "1")
    if address.scheme in {"ipp", "ipps"}:
        return Ipp(address)
    if address.scheme == "snmp":
        return Udp(address.host, address.port)
    if address.scheme == "screen":
        return Inbox()
    if address.scheme in {"board", "internet"}:
        return _files(address)
    if address.scheme == "hid":
        from devices.input_nodes import InputNodes  # noqa: PLC0415 - as below

        return InputNodes(address.path, simulated=address.simulated)
    from devices.descriptors import SerialLine, UsbPrinterPort  # noqa: PLC0415 - pyserial is loaded only where a serial device is

    return UsbPrinterPort(address.path) if address.scheme == "usb" else SerialLine.from_address(address)


def _files(address: Address) -> Files:
    if address.scheme == "board":
        return Files(Path(address.path), Path(address.options.get("data", address.path)), simulated=address.simulated)
    from devices.outside import Outside  # noqa: PLC0415 - it stands on this module

    return Outside(Path(address.path), address.options.get("hq", ""), simulated=address.simulated)


class Tcp:
    """A TCP connection without Nagle, so that a question of three bytes leaves at once."""

    proves_presence = True

    def __init__(self, host: str, port: int, *, keeps_open: bool) -> None:
        self.keeps_open = keeps_open
        self._host, self._port = host, port
        self._tls: ssl.SSLContext | None = None
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def open(self) -> None:
        """Connect. Raises CannotConnect."""
        await self.close()
        try:
            async with asyncio.timeout(CONNECT_S):
                reader, writer = await asyncio.open_connection(self._host, self._port, limit=READ_AT_ONCE, ssl=self._tls)
        except (OSError, TimeoutError) as why:
            raise CannotConnect(host=self._host, port=self._port, why=type(why).__name__) from why
        self._reader, self._writer = reader, writer
        sock: socket.socket = writer.get_extra_info("socket")
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    async def write(self, data: bytes, within_s: float) -> None:
        """Raises LinkLost."""
        if self._writer is None or self._reader is None or self._reader.at_eof() or self._writer.is_closing():
            raise LinkLost(host=self._host, port=self._port)
        self._writer.write(data)
        if not (self._writer.transport.get_write_buffer_size() or self._writer.is_closing()):
            return  # all of it has left
        try:
            async with asyncio.timeout(within_s):
                await self._writer.drain()
        except (OSError, TimeoutError) as why:
            raise LinkLost(host=self._host, port=self._port, why=type(why).__name__) from why

    async def read(self, within_s: float) -> bytes:
        """Raises LinkLost at the end of the stream."""
        if self._reader is None:
            raise LinkLost(host=self._host, port=self._port)
        try:
            async with asyncio.timeout(within_s):
                data = await self._reader.read(READ_AT_ONCE)
        except TimeoutError:
            return b""
        except OSError as why:
            raise LinkLost(host=self._host, port=self._port, why=type(why).__name__) from why
        if not data:
            raise LinkLost(host=self._host, port=self._port)
        return data

    async def close(self) -> None:
        """Send what is still buffered, at most half a second, then let go."""
        writer, self._reader, self._writer = self._writer, None, None
        if writer is None:
            return
        writer.close()
        try:
            async with asyncio.timeout(0.5):
                await writer.wait_closed()
        except (OSError, TimeoutError):
            writer.transport.abort()
        except asyncio.CancelledError:
            writer.transport.abort()
            raise


class Ipp(Tcp):
    """A connection to a printer over IPP, for one question at a time."""

    def __init__(self, address: Address) -> None:
        super().__init__(address.host, address.port, keeps_open=False)
        host = f"[{address.host}]" if ":" in address.host else address.host
        self.uri = f"{address.scheme}://{host}:{address.port}{address.path or IPP_PATH}"
        if address.scheme == "ipps":
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            self._tls.check_hostname, self._tls.verify_mode = False, ssl.CERT_NONE


class Files:
    """A tree of small files that are read anew each time: the transport of the board the host runs on."""

    keeps_open = True
    proves_presence = True

    def __init__(self, root: Path, data: Path, *, simulated: bool = False) -> None:
        self._root, self._data, self._simulated = root, data, simulated

    async def open(self) -> None:
        """Raises CannotConnect."""
        if not await asyncio.to_thread(self._root.is_dir):
            raise CannotConnect(folder=str(self._root))

    async def write(self, data: bytes, within_s: float) -> None:  # noqa: ARG002 - the protocol names it
        """These files are only read. Raises LinkLost."""
        raise LinkLost(bytes=len(data))

    async def read(self, within_s: float) -> bytes:  # noqa: ARG002 - as above
        """Files are read by name. Raises LinkLost."""
        raise LinkLost(folder=str(self._root))

    async def close(self) -> None:
        """Nothing is held."""

    def has(self, name: str) -> bool:
        """Whether there is such a file or folder."""
        return (self._root / name).exists()

    def names(self, folder: str) -> list[str]:
        """What lies in a folder; nothing where there is none. Blocks."""
        try:
            return sorted(path.name for path in (self._root / folder).iterdir())
        except OSError:
            return []

    def text(self, name: str) -> str | None:
        """A file, at most 64 KB of it; None where this board has none. Blocks."""
        try:
            with (self._root / name).open("rb") as file:
                return file.read(FILE_MAX).decode("utf-8", "replace")
        except OSError:
            return None

    def first(self, pattern: str) -> str | None:
        """The first file of a pattern. Blocks."""
        return next((found for path in sorted(self._root.glob(pattern)) if (found := self.text(str(path.relative_to(self._root))))), None)

    def free_bytes(self) -> int:
        """Room left where the shop's data lies; a simulated board tells it in a file. Blocks. Raises LinkLost."""
        try:
            if self._simulated:
                return int((self._root / "free_bytes").read_text("ascii"))
            return shutil.disk_usage(self._data).free
        except (OSError, ValueError) as why:
            raise LinkLost(folder=str(self._data), why=type(why).__name__) from why


class Udp(asyncio.DatagramProtocol):
    """Datagrams to one address, whole and perhaps lost. What nobody reads is forgotten, the oldest first."""

    keeps_open = True
    proves_presence = False

    def __init__(self, host: str, port: int) -> None:
        self.ip, self.port = "", port
        self._host = host
        self._inbox = Inbox()
        self._transport: asyncio.DatagramTransport | None = None

    async def open(self) -> None:
        """Find the address; nothing is sent. Raises CannotConnect."""
        await self.close()
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_S):
                self._transport, _ = await loop.create_datagram_endpoint(lambda: self, remote_addr=(self._host, self.port))
        except (OSError, TimeoutError) as why:
            raise CannotConnect(host=self._host, port=self.port, why=type(why).__name__) from why
        self.ip = self._transport.get_extra_info("peername")[0]

    def datagram_received(self, data: bytes, addr: object) -> None:  # noqa: ARG002 - asyncio names it
        """One came."""
        self._inbox.put(data)

    async def write(self, data: bytes, within_s: float) -> None:  # noqa: ARG002 - a datagram does not wait
        """Raises LinkLost when it is not open."""
        if self._transport is None or self._transport.is_closing():
            raise LinkLost(host=self._host, port=self.port)
        self._transport.sendto(data)

    async def read(self, within_s: float) -> bytes:
        """The next datagram."""
        return await self._inbox.read(within_s)

    async def close(self) -> None:
        """Idempotent."""
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.abort()


class Inbox:
    """Messages put in by the host: the transport of devices that speak MQTT themselves."""

    keeps_open = True
    proves_presence = False

    def __init__(self) -> None:
        self._waiting: deque[bytes] = deque(maxlen=INBOX_MAX)
        self._came = asyncio.Event()

    def put(self, message: bytes) -> None:
        """One message; the oldest is forgotten when nobody reads."""
        self._waiting.append(message)
        self._came.set()

    async def open(self) -> None:
        """Always open."""

    async def write(self, data: bytes, within_s: float) -> None:  # noqa: ARG002 - the protocol names it
        """These devices are only listened to. Raises LinkLost."""
        raise LinkLost(bytes=len(data))

    async def read(self, within_s: float) -> bytes:
        """The next message, whole."""
        if not self._waiting:
            self._came.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(within_s):
                    await self._came.wait()
        return self._waiting.popleft() if self._waiting else b""

    async def close(self) -> None:
        """Nothing to let go of."""
