"""What simulated devices on a line have in common: a TCP port of loopback, a pty or a FIFO of keys, an address, and being plugged in."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Self

from devices.simulators.keys import KeysEnd
from devices.simulators.wire import End, PtyEnd, TcpEnd


class OnWire:
    """SIMULATED. `scheme` is that of its address on TCP, `line` are the settings of its serial line."""

    scheme: ClassVar[str] = "socket"
    line: ClassVar[str] = "baud=9600"
    end: End | KeysEnd

    def __init__(self, name: str) -> None:
        self.name = name

    @classmethod
    def on_tcp(cls, name: str, port: int = 0, **more: Any) -> Self:
        """On a TCP port of loopback; 0 takes a free one. `start` it."""
        sim = cls(name, **more)
        sim.end = TcpEnd(port, sim.received, sim.opened)
        return sim

    @classmethod
    def on_pty(cls, name: str, link: Path, **more: Any) -> Self:
        """On a pty whose path is `link`. `start` it."""
        sim = cls(name, **more)
        sim.end = PtyEnd(link, sim.received)
        return sim

    @classmethod
    def on_keys(cls, name: str, link: Path, **more: Any) -> Self:
        """As a keyboard: a FIFO of key records whose path is `link`. `start` it."""
        sim = cls(name, **more)
        sim.end = KeysEnd(link, sim.received)
        return sim

    @property
    def address(self) -> str:
        """How a device host reaches it."""
        if isinstance(self.end, TcpEnd):
            return f"{self.scheme}://127.0.0.1:{self.end.port}?simulated=1"
        if isinstance(self.end, KeysEnd):
            return f"hid://{self.end.link}?simulated=1"
        return f"serial://{self.end.link}?{self.line}&simulated=1"

    async def start(self) -> None:
        """Plug it in."""
        await self.end.plug_in()

    async def stop(self) -> None:
        """Take it off the wire."""
        await self.end.pull()

    def opened(self) -> None:
        """A client came."""

    def received(self, data: bytes) -> None:
        """Bytes came."""
