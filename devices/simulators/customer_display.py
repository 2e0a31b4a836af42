"""A pole display that only listens: two lines of twenty columns, drawn from the bytes that come."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from devices.simulators.on_wire import OnWire
from devices.simulators.verbs import Args, Nothing

Dialect = Literal["escpos", "cd5220"]
Font = Literal["chinese", "latin"]
ROWS, COLUMNS = 2, 20
HEARD_MAX = 256  # of a command that never ends
MORE = -1  # the rest of the command has not come


class Glass:
    """What is lit. A wide character takes two columns, the second of which is empty text."""

    cells: list[list[str]]
    row: int
    column: int

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Nothing is lit, and the cursor is home."""
        self.cells = [[" "] * COLUMNS for _ in range(ROWS)]
        self.row = self.column = 0

    def put(self, char: str, width: int) -> None:
        """One character at the cursor, which goes on to the other line at the edge."""
        if self.column + width > COLUMNS:
            self.row, self.column = (self.row + 1) % ROWS, 0
        line = self.cells[self.row]
        if line[self.column] == "":  # the half of a wide one that is written over
            line[self.column - 1] = " "
        line[self.column : self.column + width] = [char, *[""] * (width - 1)]
        if (after := self.column + width) < COLUMNS and line[after] == "":
            line[after] = " "
        self.column = after

    def lines(self) -> list[str]:
        """The two lines as they read."""
        return ["".join(line) for line in self.cells]


class DisplaySim(OnWire):
    """SIMULATED. With a font of Chinese characters, or one of Latin letters and box drawings."""

    kind: ClassVar[str] = "customer_display"
    verbs: ClassVar[Mapping[str, type[Args]]] = {
        "stuck": Nothing,
        "power_cycle": Nothing,
        "unplug": Nothing,
        "plug_in": Nothing,
        "heal": Nothing,
    }

    def __init__(self, name: str, dialect: Dialect = "escpos", font: Font = "chinese") -> None:
        super().__init__(name)
        self.dialect, self.font = dialect, font
        self._stuck = False
        self._waiting = b""
        self._power_on()

    def _power_on(self) -> None:
        self.glass = Glass()
        self.page = 0
        self.unknown = 0
        self._heard = b""

    def state(self) -> dict[str, Any]:
        """What a person sees, and how many commands it did not know."""
        faults = {"unplug": not self.end.plugged, "stuck": self._stuck}
        return {
            "plugged": self.end.plugged,
            "lines": self.glass.lines(),
            "page": self.page,
            "unknown_commands": self.unknown,
            "faults": [name for name, on in faults.items() if on],
        }

    async def do(self, verb: str, args: Args) -> dict[str, Any]:  # noqa: ARG002 - no verb takes any
        """What a person (or a fault) does to it."""
        if verb == "stuck":
            self._stuck = True
            self._hold()
        elif verb == "power_cycle":
            self._power_on()
        elif verb == "unplug":
            await self.end.pull()
            self._power_on()  # the cable feeds it, too
        else:
            await self.end.plug_in()
            if verb == "heal":
                self._unstick()
        return self.state()

    def opened(self) -> None:
        """A client came; while it is stuck nothing of it is read."""
        self._hold()

    def _hold(self) -> None:
        self.end.hold_reading(hold=self._stuck)

    def _unstick(self) -> None:
        self._stuck = False
        self._hold()
        waiting, self._waiting = self._waiting, b""
        self.received(waiting)

    # the wire

    def received(self, data: bytes) -> None:
        """Bytes came. A display that is stuck leaves them on the line."""
        if self._stuck:
            self._waiting += data
            return
        self._heard += data
        while self._heard:
            taken = self._escpos() if self.dialect == "escpos" else self._cd5220()
            if taken == MORE:
                self._heard = self._heard[:HEARD_MAX]
                return
            self._heard = self._heard[taken:]

    def _escpos(self) -> int:
        """Carry out what stands first; how many bytes that was, or MORE."""
        heard = self._heard
        sizes = {b"\x1b@": 2, b"\x1bt": 3, b"\x1f$": 4}
        if heard[0] not in b"\x1b\x1f":
            return self._shown()
        if len(heard) < 2 or len(heard) < sizes.get(heard[:2], 2):
            return MORE
        match heard[:2]:
            case b"\x1b@":
                self._set_up()
            case b"\x1bt":
                self.page = heard[2]
            case b"\x1f$":
                if 1 <= heard[2] <= COLUMNS and 1 <= heard[3] <= ROWS:
                    self.glass.column, self.glass.row = heard[2] - 1, heard[3] - 1
                else:
                    self.unknown += 1
            case _:
                self.unknown += 1
        return sizes.get(heard[:2], 2)

    def _cd5220(self) -> int:
        heard = self._heard
        if heard[0] != 0x1B:
            return self._shown()
        if len(heard) < 2 or (heard[1:2] == b"Q" and len(heard) < 3):
            return MORE
        if heard[:2] == b"\x1b@":
            self._set_up()
            return 2
        if heard[:3] not in (b"\x1bQA", b"\x1bQB"):
            self.unknown += 1
            return 3 if heard[1:2] == b"Q" else 2
        end = heard.find(b"\r", 3)
        if end < 0:
            return MORE
        self._whole_line(heard[2] - ord("A"), heard[3:end])
        return end + 1

    def _set_up(self) -> None:
        self.glass.clear()
        self.page = 0

    def _whole_line(self, row: int, text: bytes) -> None:
        self.glass.cells[row] = [" "] * COLUMNS
        self.glass.row, self.glass.column = row, 0
        for char, width in self._characters(text):
            if self.glass.row == row and self.glass.column + width <= COLUMNS:
                self.glass.put(char, width)

    def _shown(self) -> int:
        """A control byte or one character at the head."""
        first = self._heard[0]
        if first == 0x0C:
            self.glass.clear()
        elif first == 0x0D:
            self.glass.column = 0
        elif first == 0x0A:
            self.glass.row = (self.glass.row + 1) % ROWS
        elif first >= 0x20:
            size = 2 if self._is_wide(first) else 1
            if len(self._heard) < size:
                return MORE
            for char, width in self._characters(self._heard[:size]):
                self.glass.put(char, width)
            return size
        else:
            self.unknown += 1
        return 1

    def _is_wide(self, first: int) -> bool:
        return self.font == "chinese" and 0x81 <= first <= 0xFE

    def _characters(self, text: bytes) -> list[tuple[str, int]]:
        found, at = [], 0
        while at < len(text):
            size = 2 if self._is_wide(text[at]) and at + 1 < len(text) else 1
            char = text[at : at + size].decode("gbk" if size == 2 else "cp437", "replace")[:1]
            found.append((char if char.isprintable() else "?", size))
            at += size
        return found
