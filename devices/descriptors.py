"""Transports over a file descriptor: a serial line (real, USB-CDC or pty) and a USB printer port.

pyserial opens and configures the line in a thread, because a driver in the kernel may take its time; bytes then go
through the loop by readiness, so that no thread hangs in a read and an unplugged cable shows at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fcntl
import os
import stat
import termios
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import serial

from devices.errors import BadAddress, CannotConnect, LinkLost
from devices.transport import READ_AT_ONCE, Address

OPEN_S = 3.0
CLOSE_S = 3.0  # then it goes on closing by itself
Opened = tuple[int, Callable[[], None]]  # the descriptor, and how to let go of it
_PARITIES = {"none": serial.PARITY_NONE, "even": serial.PARITY_EVEN, "odd": serial.PARITY_ODD}


class Descriptor(ABC):
    """Reads and writes a non-blocking descriptor; a subclass opens and lets go of it."""

    keeps_open = True
    proves_presence = False

    def __init__(self, path: str) -> None:
        self._path = path
        self._fd: int | None = None
        self._let_go: Callable[[], None] | None = None

    async def open(self) -> None:
        """Raises CannotConnect."""
        await self.close()
        opening = asyncio.ensure_future(asyncio.to_thread(self._open))
        try:
            async with asyncio.timeout(OPEN_S):
                self._fd, self._let_go = await asyncio.shield(opening)
        except (OSError, ValueError, TimeoutError) as why:
            opening.add_done_callback(_let_go_late)
            raise CannotConnect(path=self._path, why=type(why).__name__) from why
        except asyncio.CancelledError:
            opening.add_done_callback(_let_go_late)
            raise

    async def write(self, data: bytes, within_s: float) -> None:
        """Raises LinkLost, also when the device does not take the bytes in time."""
        left = memoryview(data)
        try:
            async with asyncio.timeout(within_s):
                while left:
                    left = left[await self._write_some(left) :]
        except (OSError, TimeoutError) as why:
            raise LinkLost(path=self._path, why=type(why).__name__, unsent=len(left)) from why

    async def read(self, within_s: float) -> bytes:
        """Raises LinkLost when the cable is gone."""
        loop = asyncio.get_running_loop()
        ready = loop.create_future()
        fd = self._open_fd()
        loop.add_reader(fd, _set, ready)
        try:
            async with asyncio.timeout(within_s):
                await ready
            return self._take(fd)
        except (TimeoutError, BlockingIOError):
            return b""
        except OSError as why:
            raise LinkLost(path=self._path, why=type(why).__name__) from why
        finally:
            loop.remove_reader(fd)

    async def close(self) -> None:
        """Idempotent. In a thread: a tty stopped by flow control holds whoever closes it until its unsent bytes are given up (30 s)."""
        let_go, self._fd, self._let_go = self._let_go, None, None
        if let_go is not None:
            await asyncio.wait({asyncio.ensure_future(asyncio.to_thread(let_go))}, timeout=CLOSE_S)

    def _take(self, fd: int) -> bytes:
        """What has come. Raises OSError, at the end of the link too."""
        if data := os.read(fd, READ_AT_ONCE):
            return data
        raise OSError(errno.ENODEV, "the link has ended", self._path)

    async def _write_some(self, data: memoryview) -> int:
        fd = self._open_fd()
        with contextlib.suppress(BlockingIOError):
            return os.write(fd, data)
        loop = asyncio.get_running_loop()
        room = loop.create_future()
        loop.add_writer(fd, _set, room)
        try:
            await room
        finally:
            loop.remove_writer(fd)
        return 0

    def _open_fd(self) -> int:
        if self._fd is None:
            raise LinkLost(path=self._path)
        return self._fd

    @abstractmethod
    def _open(self) -> Opened:
        """A descriptor of our own, and how to let go of it. Raises CannotConnect."""


class SerialLine(Descriptor):
    """A tty. Locked by flock and TIOCEXCL, so that no second program (not run as root) reads half of the bytes."""

    def __init__(self, path: str, **line: Any) -> None:
        super().__init__(path)
        self._line = line

    @classmethod
    def from_address(cls, address: Address) -> SerialLine:
        """Options baud, bits, parity (none, even, odd), stop, rtscts. Raises BadAddress."""
        option = address.options.get
        try:
            line = {
                "baudrate": int(option("baud", "9600")),
                "bytesize": {5: 5, 6: 6, 7: 7, 8: 8}[int(option("bits", "8"))],
                "parity": _PARITIES[option("parity", "none")],
                "stopbits": {"1": 1, "2": 2}[option("stop", "1")],
                "rtscts": option("rtscts", "0") == "1",
            }
        except (KeyError, ValueError) as why:
            raise BadAddress(address=address.text, why=f"no such line setting: {why}") from why
        return cls(address.path, **line)

    def _open(self) -> Opened:
        port = serial.Serial(self._path, timeout=0, write_timeout=0, exclusive=True, **self._line)
        with contextlib.suppress(OSError):  # a pty has no exclusive mode
            fcntl.ioctl(port.fileno(), termios.TIOCEXCL)

        def let_go() -> None:
            with contextlib.suppress(OSError):  # the adapter may be gone already
                port.close()

        return int(port.fileno()), let_go


class UsbPrinterPort(Descriptor):
    """A printer behind the kernel's usblp: a character device that is written and read like a file."""

    def _open(self) -> Opened:
        held = os.open(self._path, os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        if not stat.S_ISCHR(os.fstat(held).st_mode):  # never write receipts into a file
            os.close(held)
            raise OSError(errno.ENODEV, "not a device", self._path)

        def let_go() -> None:
            with contextlib.suppress(OSError):  # unplugged in between
                os.close(held)

        return held, let_go


def _let_go_late(opening: asyncio.Future[Opened]) -> None:
    """The opening ended after nobody waited for it any more."""
    if not opening.cancelled() and opening.exception() is None:
        opening.result()[1]()


def _set(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
