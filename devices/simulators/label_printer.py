"""A label printer that behaves like one: while it is stopped it keeps the labels it was sent, and still says how it is."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field

from devices.simulators.label_language import Ask, Heard, PrintedLabel, TsplReader, Unknown, ZplReader
from devices.simulators.on_wire import OnWire
from devices.simulators.verbs import AfterBytes, Args, Garble, Nothing

Language = Literal["zpl", "tspl"]
KEPT = 200


class LabelsOut(Args):
    """The roll ends now, or after some more labels."""

    after_labels: int = Field(0, ge=0, le=1000)


class SlowLabels(Args):
    """How long one label takes; 0 is no time at all."""

    seconds: float = Field(1, ge=0, le=60)


class LabelPrinterSim(OnWire):
    """SIMULATED. Pulling the cable keeps what is in its memory; `heal` empties it."""

    scheme: ClassVar[str] = "tcp"
    kind: ClassVar[str] = "label_printer"
    verbs: ClassVar[Mapping[str, type[Args]]] = {
        "paper_out": LabelsOut,
        "ribbon_out": Nothing,
        "reload": Nothing,
        "head_open": Nothing,
        "head_close": Nothing,
        "pause": Nothing,
        "resume": Nothing,
        "slow": SlowLabels,
        "drop": AfterBytes,
        "cut_cable": Nothing,
        "plug_in": Nothing,
        "dont_answer": Nothing,
        "garble": Garble,
        "heal": Nothing,
    }

    def __init__(self, name: str, language: Language = "zpl") -> None:
        super().__init__(name)
        self.language = language
        self.labels: list[PrintedLabel] = []  # each that came out, the newest last
        self._unknown = 0
        self._worker: asyncio.TimerHandle | None = None
        self._well()

    def _well(self) -> None:
        self._reader = ZplReader() if self.language == "zpl" else TsplReader()
        self._memory: deque[PrintedLabel] = deque()
        self._left = 0  # of the first in memory
        self.paper = self.ribbon = True
        self.head_open = self.paused = False
        self._labels_on_roll: int | None = None
        self._label_s = 0.0
        self._mute = False
        self._garble = 0
        self._drop_in: int | None = None

    async def stop(self) -> None:
        """Take it off the wire."""
        self._rest()
        await super().stop()

    def state(self) -> dict[str, Any]:
        """What a person standing before it would see."""
        return {
            "plugged": self.end.plugged,
            "language": self.language,
            "paper": "ok" if self.paper else "out",
            "ribbon": "ok" if self.ribbon else "out",
            "head": "open" if self.head_open else "closed",
            "paused": self.paused,
            "waiting_labels": self.waiting,
            "labels": len(self.labels),
            "last_label": self.labels[-1].as_json() if self.labels else None,
            "unknown_commands": self._unknown,
            "faults": self._faults(),
        }

    def _faults(self) -> list[str]:
        found = {"slow": self._label_s, "drop": self._drop_in is not None, "dont_answer": self._mute, "garble": self._garble}
        return [name for name, on in found.items() if on]

    @property
    def stopped(self) -> bool:
        """Whether it prints nothing for now."""
        return not self.paper or not self.ribbon or self.head_open or self.paused

    @property
    def waiting(self) -> int:
        """Labels that are still to come out."""
        return self._left + sum(label.copies for at, label in enumerate(self._memory) if at)

    async def do(self, verb: str, args: Args) -> dict[str, Any]:  # noqa: C901 - one line a verb
        """What a person (or a fault) does to it."""
        match verb, args:
            case "paper_out", LabelsOut():
                self.paper, self._labels_on_roll = bool(args.after_labels), args.after_labels or None
            case "ribbon_out", _:
                self.ribbon = False
            case "reload", _:
                self.paper, self.ribbon, self._labels_on_roll = True, True, None
            case (("head_open" | "head_close"), _):
                self.head_open = verb == "head_open"
            case (("pause" | "resume"), _):
                self.paused = verb == "pause"
            case "slow", SlowLabels():
                self._label_s = args.seconds
            case "drop", AfterBytes():
                self._drop_in = args.after_bytes
            case "dont_answer", _:
                self._mute = True
            case "garble", Garble():
                self._garble = args.answers
            case "cut_cable", _:
                await self.end.pull()
            case _:
                await self._mend(verb)
        self._work()
        return self.state()

    async def _mend(self, verb: str) -> None:
        if verb == "heal":
            self._rest()
            self._well()
        await self.end.plug_in()

    # the wire

    def received(self, data: bytes) -> None:
        """Bytes came."""
        if self._drop_in is not None:
            if len(data) >= self._drop_in:
                data, self._drop_in = data[: self._drop_in], None
                self.end.drop()
            else:
                self._drop_in -= len(data)
        for heard in self._reader.take(data):
            self._hear(heard)

    def _hear(self, heard: Heard) -> None:
        match heard:
            case Ask("HS"):
                self._say(self._host_status())
            case Ask("HI"):
                self._say(b"\x02SIM-ZPL SIMULATED,V1.0 SIMULATED,8,8192KB\x03\r\n")
            case Ask():
                self._say(bytes((self._bits(),)))
            case PrintedLabel():
                if not self._memory:
                    self._left = heard.copies
                self._memory.append(heard)
                self._work()
            case Unknown():
                self._unknown += 1

    def _say(self, answer: bytes) -> None:
        if self._mute:
            return
        if self._garble:
            self._garble -= 1
            answer = bytes(byte ^ 0x5A for byte in answer)
        self.end.send(answer)

    def _host_status(self) -> bytes:
        """Three frames, fields as the ZPL manual lists them."""
        formats = max(0, len(self._memory) - 1)
        first = f"030,{int(not self.paper)},{int(self.stopped)},0320,{formats:03d},0,0,{int(self._reader.partial)},000,0,0,0"
        second = f"000,0,{int(self.head_open)},{int(not self.ribbon)},1,2,6,0,{self._left:08d},1,000"
        return b"".join(f"\x02{frame}\x03\r\n".encode() for frame in (first, second, "1234,0"))

    def _bits(self) -> int:
        stops = 0x01 * self.head_open | 0x04 * (not self.paper) | 0x08 * (not self.ribbon) | 0x10 * self.paused
        return stops | 0x20 * bool(self._left and not self.stopped)

    # the mechanism

    def _work(self) -> None:
        """Print what is in memory: all of it, or one label and then the next."""
        while self._memory and not self.stopped and self._worker is None:
            if self._label_s:
                self._worker = asyncio.get_running_loop().call_later(self._label_s, self._go_on)
            else:
                self._print_one()

    def _go_on(self) -> None:
        self._worker = None
        if not self.stopped:  # else the label is begun again when it goes on
            self._print_one()
        self._work()

    def _print_one(self) -> None:
        self.labels = [*self.labels, self._memory[0]][-KEPT:]
        self._left -= 1
        if not self._left:
            self._memory.popleft()
            self._left = self._memory[0].copies if self._memory else 0
        if self._labels_on_roll is not None:
            self._labels_on_roll -= 1
            if not self._labels_on_roll:
                self._labels_on_roll, self.paper = None, False

    def _rest(self) -> None:
        if self._worker is not None:
            self._worker.cancel()
            self._worker = None
