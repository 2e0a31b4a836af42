"""The line of a simulated terminal: messages over TCP or in frames, acknowledged by the till, and everything that goes wrong on it."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Any, ClassVar, Self

from devices.simulators.on_wire import OnWire
from devices.simulators.terminal_language import Said, SerialEars, TcpEars
from devices.simulators.wire import TcpEnd

SENDS = 4


class TerminalWire(OnWire):
    """SIMULATED. `heard` is given every message that is no acknowledgement."""

    scheme: ClassVar[str] = "tcp"
    line: ClassVar[str] = "baud=9600&stop=2"
    ack_wait_s = 0.4

    def __init__(self, name: str, *, serial: bool = False) -> None:
        super().__init__(name)
        self._serial = serial
        self._ears: TcpEars | SerialEars = SerialEars(self._message, self._line_said, self._put) if serial else TcpEars(self._message)
        self._acked, self._line_ok = asyncio.Event(), asyncio.Event()
        self._again = self._ending = False
        self._client = 0
        self._well_wired()

    def _well_wired(self) -> None:
        self._late_s = 0.0
        self._mute = False
        self._garble = 0
        self._half_in: int | None = None

    @classmethod
    def on_pty(cls, name: str, link: Path, **more: Any) -> Self:
        """On a serial line, with the frames that belong to one."""
        return super().on_pty(name, link, serial=True, **more)

    def heard(self, said: Said) -> None:
        """A command of the till came."""

    def _message(self, said: Said) -> None:
        if said.control[:2] in {"80", "84"}:
            self._acked.set()
        else:
            self.heard(said)

    def opened(self) -> None:
        """A till connected; what an earlier one had begun to say is forgotten."""
        if not self._serial:
            self._ears = TcpEars(self._message)

    def received(self, data: bytes) -> None:
        """Bytes came."""
        if not self._mute:
            self._ears.feed(data)

    def _line_said(self, what: str) -> None:
        self._again = what == "again"
        self._line_ok.set()

    def _clients(self) -> int:
        return self.end.clients if isinstance(self.end, TcpEnd) else 0

    def _put_said(self, said: Said) -> bool:
        raw = said.frame() if self._serial else said.plain()
        if self._garble:
            self._garble -= 1
            raw = bytes(b ^ 0x5A for b in raw)
        return self._put(raw)

    def _put(self, raw: bytes) -> bool:
        if self._half_in is not None:
            raw, left = raw[: self._half_in], self._half_in - len(raw)
            self._half_in = max(0, left)
            if left <= 0:
                sent = self.end.send(raw)
                self._half_in, self._mute = None, True
                self.end.drop()
                return sent
        return self.end.send(raw)

    async def _say(self, control: str, data: bytes = b"") -> bool:
        """One message; whether it was taken by the till that asked. Tells it up to four times on a serial line."""
        if self._late_s:
            await asyncio.sleep(self._late_s)
        if self._mute or self._client != self._clients():
            return False
        said = Said(control, data)
        for _ in range(SENDS if self._serial else 1):
            self._line_ok.clear()
            if not self._put_said(said):
                return False
            if not self._serial:
                return True
            if await self._within(self._line_ok) and not self._again:
                return True
        return False

    async def _tell(self, control: str, data: bytes = b"") -> bool:
        """One message that the till must acknowledge; whether it did."""
        self._acked.clear()
        self._ending = control in {"060f", "061e"}
        return await self._say(control, data) and await self._within(self._acked)

    async def _within(self, event: asyncio.Event) -> bool:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(event.wait(), self.ack_wait_s)
        return event.is_set()
