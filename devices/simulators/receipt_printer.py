"""A receipt printer that behaves like one: while it is stopped it keeps what it is sent and answers real-time questions only."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from devices.simulators.paper_language import Act, Ask, Bars, Cut, Feed, Line, Picture, Pulse, QrCode, Reader, Unknown
from devices.simulators.shelf import Receipt, Shelf
from devices.simulators.verbs import AfterBytes, Args, Font, Garble, Liar, Nothing, PaperOut, Slow
from devices.simulators.wire import End, TcpEnd

BUFFER_MAX = 16 * 1024
_INK = (Line, Picture, QrCode, Bars)


class PrinterSim:
    """SIMULATED. Pulling the cable keeps what is in its memory, pulling the plug does not."""

    kind: ClassVar[str] = "receipt_printer"
    verbs: ClassVar[Mapping[str, type[Args]]] = {
        "paper_out": PaperOut,
        "paper_low": Nothing,
        "reload": Nothing,
        "cover_open": Nothing,
        "cover_close": Nothing,
        "cut_cable": Nothing,
        "plug_in": Nothing,
        "power_off": Nothing,
        "slow": Slow,
        "dont_answer": Nothing,
        "liar": Liar,
        "half_write": AfterBytes,
        "drop": AfterBytes,
        "garble": Garble,
        "charset": Font,
        "close_drawer": Nothing,
        "open_drawer": Nothing,
        "heal": Nothing,
    }

    def __init__(self, name: str, shelf: Shelf, *, model: str = "SIM-80", serial: str = "SIM-1", dots: int = 576) -> None:
        self.name, self.shelf = name, shelf
        self.model, self.serial = model, serial
        self.end: End | None = None
        self._reader = Reader(dots=dots)
        self._tail = bytearray()  # of a command whose rest has not come
        self._memory: deque[tuple[bytes, list[Act]]] = deque()
        self._memory_bytes = 0
        self._line_begun = False
        self._strip = Receipt(number=0)
        self._inked = 0  # bytes of the strip that are really on paper
        self._recent = b""
        self._connected_mono: float | None = None
        self._automatic = 0
        self._unknown = 0
        self._worker: asyncio.TimerHandle | None = None
        self.paper, self.low, self.cover, self.drawer = True, False, False, False
        self._lines_left: int | None = None
        self._no_faults()

    def _no_faults(self) -> None:
        self._rate = 0
        self._mute = False
        self._off = False  # behind a serial line that stays: by `drop` its cable is out, by `half_write` its power
        self._lie = ""
        self._drop_in: int | None = None
        self._half_in: int | None = None
        self._garble = 0

    @classmethod
    def on_tcp(cls, name: str, port: int = 0, folder: Path | None = None) -> PrinterSim:
        """One on a TCP port of loopback; 0 takes a free one. `start` it."""
        sim = cls(name, Shelf(folder), serial=f"SIM-{name}")
        sim.end = TcpEnd(port, sim.received, sim.opened)
        return sim

    @property
    def address(self) -> str:
        """How a device host reaches it."""
        if isinstance(self.end, TcpEnd):
            return f"tcp://127.0.0.1:{self.end.port}?simulated=1"
        return f"serial://{self.end.link}?baud=115200&simulated=1" if self.end else ""

    async def start(self) -> None:
        """Plug it in."""
        if self.end is not None:
            await self.end.plug_in()

    async def stop(self) -> None:
        """Take it off the wire."""
        if self._worker is not None:
            self._worker.cancel()
        if self.end is not None:
            await self.end.pull()

    def state(self) -> dict[str, Any]:
        """What a person standing before it would see."""
        return {
            "plugged": bool(self.end and self.end.plugged),
            "paper": "out" if not self.paper else "low" if self.low else "ok",
            "cover": "open" if self.cover else "closed",
            "drawer": "open" if self.drawer else "closed",
            "waiting_bytes": self._memory_bytes + len(self._tail),
            "unfinished_lines": [t for t in Receipt(number=0, raw=self.unfinished(), charset=self._reader.charset).lines() if t],
            "charset": self._reader.charset,
            "receipts": len(self.shelf.receipts),
            "unknown_commands": self._unknown,
            "faults": self._faults(),
        }

    def unfinished(self) -> bytes:
        """The bytes of what is on paper but not cut off yet."""
        return self._strip.raw[: self._inked]

    def _faults(self) -> list[str]:
        found = {
            "slow": self._rate,
            "dont_answer": self._mute,
            "off": self._off,
            f"liar:{self._lie}": self._lie,
            "drop": self._drop_in is not None,
            "half_write": self._half_in is not None,
            "garble": self._garble,
        }
        return [name for name, on in found.items() if on]

    async def do(self, verb: str, args: Args) -> dict[str, Any]:
        """What a person (or a fault) does to it."""
        before = self._automatic_status()
        await getattr(self, f"_do_{verb}")(args)
        self._work()
        if self._automatic and self._automatic_status() != before:
            self._say(self._automatic_status())
        return self.state()

    # the wire

    def opened(self) -> None:
        """A client came."""
        self._connected_mono = time.monotonic()

    def received(self, data: bytes) -> None:
        """Bytes came."""
        if self._off:
            return
        for name in ("_drop_in", "_half_in"):
            left = getattr(self, name)
            if left is not None and len(data) >= left:
                self._take(data[:left])
                setattr(self, name, None)
                if name == "_half_in":
                    self._lose_memory()
                self._off = self.end is not None and not self.end.drop()
                return
            if left is not None:
                setattr(self, name, left - len(data))
        self._take(data)

    def _take(self, data: bytes) -> None:
        self._answer_at_once(data)
        if self._strip.first_byte_mono is None and _more_than_questions(data):
            self._strip.first_byte_mono, self._strip.connected_mono = time.monotonic(), self._connected_mono
        self._tail += data
        while (command := self._reader.take(self._tail)) is not None:
            if command[0][0] != 0x10:  # real-time commands have been obeyed
                self._memory.append(command)
                self._memory_bytes += len(command[0])
        self._work()

    def _answer_at_once(self, data: bytes) -> None:
        """Real-time commands are seen wherever their bytes come by, and stay in line as well."""
        stream = self._recent + data
        at = 0
        while (at := stream.find(b"\x10", at)) >= 0:
            command = stream[at : at + 5]
            if len(command) >= 3 and command[1] == 0x04 and 1 <= command[2] <= 4 and at + 3 > len(self._recent):
                self._say(bytes((self._realtime(command[2]),)))
                if self._lie == "hears_one":
                    break
            if len(command) == 5 and command[1] == 0x14 and command[2] == 1 and at + 5 > len(self._recent):
                self.drawer = True
            at += 1
        self._recent = stream[-4:]

    def _say(self, data: bytes) -> None:
        if self._mute or self._off or self.end is None:
            return
        if self._garble:
            self._garble -= 1
            data = bytes(b ^ 0xB7 for b in data)
        self.end.send(data)

    # the mechanism

    @property
    def stopped(self) -> bool:
        """Whether it prints nothing for now."""
        return not self.paper or self.cover

    def _work(self) -> None:
        """Print what is in memory: all of it, or as much as a slow printer does in 20 ms."""
        if self._worker is not None and self._rate:
            return
        budget = max(1, self._rate // 50) if self._rate else None
        while self._memory and not self.stopped and (budget is None or budget > 0):
            raw, acts = self._memory.popleft()
            self._memory_bytes -= len(raw)
            self._print(raw, acts)
            budget = None if budget is None else budget - len(raw)
        if self.end is not None:
            self.end.hold_reading(hold=self._memory_bytes > BUFFER_MAX)
        if self._rate and self._memory and not self.stopped and (budget is not None and budget <= 0):
            self._worker = asyncio.get_running_loop().call_later(0.02, self._go_on)

    def _go_on(self) -> None:
        self._worker = None
        self._work()

    def _print(self, raw: bytes, acts: list[Act]) -> None:
        honest = self._lie != "prints_nothing"
        if honest:
            self._strip.raw += raw
        if raw[0] >= 0x20:
            self._line_begun = True
        elif any(isinstance(act, (*_INK, Feed, Cut)) for act in acts):
            self._line_begun = False
        for act in acts:
            self._do_act(act, honest=honest)
        if not self._line_begun:
            self._inked = len(self._strip.raw)
        if any(isinstance(act, (Ask, Pulse)) for act in acts) and self._strip.first_ink_mono is None and not self._line_begun:
            self._strip, self._inked = Receipt(number=0), 0  # a question or a pulse alone is no paper

    def _do_act(self, act: Act, *, honest: bool) -> None:
        match act:
            case Ask():
                self._answer(act)
            case Pulse():
                self.drawer = True
            case Unknown():
                self._unknown += 1
            case Cut() if honest:
                self._cut()
            case _ if honest and isinstance(act, _INK):
                self._ink()

    def _ink(self) -> None:
        if self._strip.first_ink_mono is None:
            self._strip.first_ink_mono = time.monotonic()
        if self._lines_left is not None:
            self._lines_left -= 1
            if self._lines_left <= 0:
                self._lines_left, self.paper = None, False
                if self._automatic:
                    self._say(self._automatic_status())

    def _cut(self) -> None:
        if self._strip.first_ink_mono is not None:
            self._strip.charset = self._reader.charset
            self.shelf.put(self._strip)
        self._strip, self._inked = Receipt(number=0), 0

    def _lose_memory(self) -> None:
        """Power gone: what is on paper stays, what was in memory does not."""
        self._memory.clear()
        self._tail.clear()
        self._memory_bytes, self._line_begun = 0, False
        self._recent = b""
        self._automatic = 0
        self._strip.raw = self._strip.raw[: self._inked]
        self._reader = Reader(dots=self._reader.dots, charset=self._reader.charset)

    # what it says

    @property
    def _offline(self) -> bool:
        return self.stopped or self._lie == "says_offline"

    def _realtime(self, about: int) -> int:
        bits = {
            1: 0x04 * self.drawer | 0x08 * self._offline,
            2: 0x04 * self.cover | 0x20 * (not self.paper),
            3: 0,
            4: 0x0C * (self.low or not self.paper) | 0x60 * (not self.paper),
        }
        return 0x12 | bits[about]

    def _automatic_status(self) -> bytes:
        first = 0x10 | 0x04 * self.drawer | 0x08 * self._offline | 0x20 * self.cover
        return bytes((first, 0, 0x03 * (self.low or not self.paper) | 0x0C * (not self.paper), 0))

    def _answer(self, ask: Ask) -> None:
        if ask.what == "a":
            self._automatic = ask.n
            if ask.n:
                self._say(self._automatic_status())
        elif ask.what == "r":
            paper = 0x03 * (self.low or not self.paper) | 0x0C * (not self.paper)
            self._say(bytes((paper if ask.n in (1, 49) else int(self.drawer),)))
        else:
            texts = {65: "1.0 SIMULATED", 66: "Chairside", 67: f"{self.model} SIMULATED", 68: self.serial}
            self._say(b"_" + texts[ask.n].encode("ascii") + b"\0" if ask.n in texts else b"\x02")

    # verbs

    async def _do_paper_out(self, args: PaperOut) -> None:
        if args.after_lines:
            self._lines_left = args.after_lines
        else:
            self.paper = False

    async def _do_paper_low(self, _: Nothing) -> None:
        self.low = True

    async def _do_reload(self, _: Nothing) -> None:
        self.paper, self.low, self._lines_left = True, False, None

    async def _do_cover_open(self, _: Nothing) -> None:
        self.cover = True

    async def _do_cover_close(self, _: Nothing) -> None:
        self.cover = False

    async def _do_cut_cable(self, _: Nothing) -> None:
        if self.end is not None:
            await self.end.pull()

    async def _do_plug_in(self, _: Nothing) -> None:
        self._off = False
        if self.end is not None:
            await self.end.plug_in()

    async def _do_power_off(self, _: Nothing) -> None:
        self._lose_memory()
        if self.end is not None:
            await self.end.pull()

    async def _do_slow(self, args: Slow) -> None:
        self._rate = args.bytes_per_s

    async def _do_dont_answer(self, _: Nothing) -> None:
        self._mute = True

    async def _do_liar(self, args: Liar) -> None:
        self._lie = args.how

    async def _do_half_write(self, args: AfterBytes) -> None:
        self._half_in = args.after_bytes

    async def _do_drop(self, args: AfterBytes) -> None:
        self._drop_in = args.after_bytes

    async def _do_garble(self, args: Garble) -> None:
        self._garble = args.answers

    async def _do_charset(self, args: Font) -> None:
        self._reader.charset = args.name

    async def _do_close_drawer(self, _: Nothing) -> None:
        self.drawer = False

    async def _do_open_drawer(self, _: Nothing) -> None:
        self.drawer = True

    async def _do_heal(self, _: Nothing) -> None:
        self._no_faults()
        self.paper, self.low, self.cover, self._lines_left = True, False, False, None
        if self.end is not None:
            await self.end.plug_in()


def _more_than_questions(data: bytes) -> bool:
    """Whether there is anything but DLE EOT in it."""
    return any(data[at] != 0x10 for at in range(0, len(data), 3)) or len(data) % 3 != 0
