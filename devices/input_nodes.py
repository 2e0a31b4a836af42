"""The transport of scanners and card readers that type: keyboard nodes of the kernel, read as the characters typed."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fcntl
import os
import select
import stat
from pathlib import Path

from devices.descriptors import Descriptor, Opened
from devices.errors import LinkLost
from devices.keyboard import Keys, device_of
from devices.transport import READ_AT_ONCE

EVIOCGRAB = 0x40044590  # _IOW('E', 0x90, int)
NODES_MAX = 8


class InputNodes(Descriptor):
    """Every keyboard node of one device, grabbed: what it types comes here and does not type into the kiosk too.

    A device may own several nodes and type on any of them, so the siblings of the named one are taken with it.
    `simulated`: the node is a FIFO, which nobody can grab.
    """

    def __init__(self, path: str, *, simulated: bool) -> None:
        super().__init__(path)
        self._simulated = simulated
        self._keys: dict[int, dict[int, Keys]] = {}  # of each node, by the descriptor that waits for all of them

    async def read(self, within_s: float) -> bytes:
        """What was typed, at least one character; empty when nothing was in time. Raises LinkLost when the device is gone."""
        loop = asyncio.get_running_loop()
        until = loop.time() + within_s
        while True:  # a key that is let go of is no character
            typed = await super().read(until - loop.time())
            if typed or loop.time() >= until:
                return typed

    async def write(self, data: bytes, within_s: float) -> None:  # noqa: ARG002 - the protocol names it
        """A keyboard is only listened to. Raises LinkLost."""
        raise LinkLost(path=self._path, unsent=len(data))

    def _take(self, fd: int) -> bytes:
        """What the records say that have come; often nothing. ENODEV comes from here before udev knows of it."""
        return b"".join(keys.feed(_records(node)) for node, keys in self._keys[fd].items())

    def _open(self) -> Opened:
        waiter = select.epoll()
        keys: dict[int, Keys] = {}
        closing = contextlib.ExitStack()
        closing.callback(self._keys.pop, waiter.fileno(), None)
        closing.callback(waiter.close)
        with contextlib.ExitStack() as failed:
            failed.push(closing)
            for path in _nodes_of(Path(self._path)):
                node = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
                closing.callback(_closed, node)
                self._grab(node)
                waiter.register(node, select.EPOLLIN)
                keys[node] = Keys()
            failed.pop_all()
        self._keys[waiter.fileno()] = keys
        return waiter.fileno(), closing.close

    def _grab(self, node: int) -> None:
        mode = os.fstat(node).st_mode
        if self._simulated and stat.S_ISFIFO(mode):
            return
        if not stat.S_ISCHR(mode):
            raise OSError(errno.ENODEV, "not a device", self._path)
        fcntl.ioctl(node, EVIOCGRAB, 1)


def _nodes_of(named: Path) -> list[Path]:
    """The named node and its siblings."""
    device = device_of(named.name)
    siblings = (path for path in sorted(named.parent.iterdir()) if device and path != named and device_of(path.name) == device)
    return [named, *siblings][:NODES_MAX]


def _records(node: int) -> bytes:
    """Raises OSError when the node is gone."""
    try:
        data = os.read(node, READ_AT_ONCE)
    except BlockingIOError:
        return b""
    if not data:
        raise OSError(errno.ENODEV, "the node has ended")
    return data


def _closed(node: int) -> None:
    with contextlib.suppress(OSError):  # unplugged in between; closing it lets go of the grab
        os.close(node)
