"""What a receipt printer understands: ESC/POS commands cut out of a stream and turned into acts on paper.

Written from the commands' description for simulation only; the driver has its own idea of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from devices.simulators import characters
from devices.simulators.characters import Charset

ESC, FS, GS, DLE = 0x1B, 0x1C, 0x1D, 0x10
LINE_DOTS = 30
CELL_WIDE, CELL_HIGH = 12, 24


@dataclass(frozen=True, slots=True)
class Cell:
    """One character on paper; `columns` is 2 for Chinese."""

    char: str
    columns: int
    bold: bool
    wide: int
    high: int

    @property
    def dots(self) -> int:
        """Width on paper."""
        return self.columns * CELL_WIDE * self.wide


@dataclass(frozen=True, slots=True)
class Line:
    """A printed line."""

    cells: tuple[Cell, ...]
    align: int  # 0 left, 1 centre, 2 right

    @property
    def text(self) -> str:
        """What it says."""
        return "".join(cell.char for cell in self.cells)


@dataclass(frozen=True, slots=True)
class Picture:
    """A raster image; rows of whole bytes, 1 is black."""

    bytes_wide: int
    rows: int
    data: bytes
    align: int


@dataclass(frozen=True, slots=True)
class QrCode:
    """A QR code the printer draws itself."""

    data: bytes
    module: int
    align: int


@dataclass(frozen=True, slots=True)
class Bars:
    """A barcode the printer draws itself."""

    system: int
    digits: str
    module: int
    rows: int
    digits_below: bool
    align: int


@dataclass(frozen=True, slots=True)
class Feed:
    """Paper moved on by `dots`."""

    dots: int


@dataclass(frozen=True, slots=True)
class Cut:
    """Paper cut."""


@dataclass(frozen=True, slots=True)
class Pulse:
    """The drawer's coil was fired."""

    pin: int


@dataclass(frozen=True, slots=True)
class Ask:
    """A question that is answered in order with the printing: `r`, `I` or `a` of GS."""

    what: str
    n: int


@dataclass(frozen=True, slots=True)
class Unknown:
    """A command this printer does not have."""

    head: bytes


Act = Line | Picture | QrCode | Bars | Feed | Cut | Pulse | Ask | Unknown


@dataclass(slots=True)
class _Style:
    bold: bool = False
    wide: int = 1
    high: int = 1
    align: int = 0
    chinese: bool = False
    pitch: int = LINE_DOTS
    module: int = 3
    bar_rows: int = 162
    hri: int = 0


@dataclass(slots=True)
class Reader:
    """Turns bytes into acts. `take` is called with a growing buffer and removes what it has understood."""

    dots: int = 576
    charset: Charset = "gbk"
    style: _Style = field(default_factory=_Style)
    cells: list[Cell] = field(default_factory=list)
    qr_data: bytes = b""
    qr_module: int = 3

    def take(self, buffer: bytearray) -> tuple[bytes, list[Act]] | None:
        """One whole command: its bytes and what it does; None when the rest of it has not come."""
        if not buffer:
            return None
        size, act = self._command(buffer)
        if size is None:
            return None
        raw = bytes(buffer[:size])
        del buffer[:size]
        return raw, act(raw)

    def _command(self, b: bytearray) -> tuple[int | None, Callable[[bytes], list[Act]]]:
        head = b[0]
        if head not in (ESC, FS, GS, DLE):
            return self._character(b)
        if len(b) < 2:
            return None, _nothing
        size, act = {ESC: self._esc, FS: self._fs, GS: self._gs, DLE: self._dle}[head](b)
        return (size if size is not None and size <= len(b) else None), act

    def _character(self, b: bytearray) -> tuple[int | None, Callable[[bytes], list[Act]]]:
        if b[0] == 0x0A:
            return 1, lambda _: self._end_line()
        if b[0] < 0x20:
            return 1, _nothing
        size = characters.whole(b, self.charset, chinese=self.style.chinese)
        return size or None, self._put

    def _put(self, raw: bytes) -> list[Act]:
        """A run of characters; a full line is printed by itself."""
        acts: list[Act] = []
        used = sum(c.dots for c in self.cells)
        for char, columns in characters.read(raw, self.charset, chinese=self.style.chinese):
            cell = Cell(char, columns, self.style.bold, self.style.wide, self.style.high)
            if used + cell.dots > self.dots:
                acts += self._end_line()
                used = 0
            self.cells.append(cell)
            used += cell.dots
        return acts

    def _end_line(self) -> list[Act]:
        high = max([self.style.pitch, *(c.high * CELL_HIGH + 6 for c in self.cells)])
        acts: list[Act] = [Line(tuple(self.cells), self.style.align)] if self.cells else [Feed(high)]
        self.cells.clear()
        return acts

    def _flush(self) -> list[Act]:
        return self._end_line() if self.cells else []

    def _esc(self, b: bytearray) -> tuple[int | None, Callable[[bytes], list[Act]]]:  # noqa: PLR0911 - a table of commands
        second = chr(b[1])
        if second == "@":
            return 2, lambda _: self._reset()
        if second == "*":
            return self._columns_image(b)
        if second in _ESC_SETTINGS:
            return 3, lambda raw: self._esc_setting(chr(raw[1]), raw[2])
        if second == "p":
            return 5, lambda raw: [Pulse(raw[2] & 1)]
        if second in "dJ":
            return 3, self._esc_feed
        if second in "$\\":
            return 4, self._move
        return {"2": 2, "c": 4, "B": 4, "D": 2, "i": 2, "m": 2}.get(second, 2), self._esc_rest

    def _move(self, raw: bytes) -> list[Act]:
        """To a place on the line, from its beginning or from here; blanks stand for the way. Back is not gone."""
        used = sum(cell.dots for cell in self.cells)
        way = raw[2] + 256 * raw[3] - (used if raw[1] == ord("$") else 0)
        if 0 < way <= self.dots - used:
            self.cells += [Cell(" ", 1, bold=False, wide=1, high=1)] * (way // CELL_WIDE)
        return []

    def _esc_rest(self, raw: bytes) -> list[Act]:
        second = chr(raw[1])
        if second == "2":
            self.style.pitch = LINE_DOTS
            return []
        if second in "im":
            return [*self._flush(), Cut()]
        return [] if second in "cBD" else [Unknown(raw)]

    def _esc_feed(self, raw: bytes) -> list[Act]:
        lines = self._flush()
        return [*lines, Feed(raw[2] * (self.style.pitch if raw[1] == ord("d") else 1))]

    def _reset(self) -> list[Act]:
        self.style = _Style()
        self.cells.clear()
        return []

    def _esc_setting(self, name: str, n: int) -> list[Act]:
        style = self.style
        if name == "E":
            style.bold = bool(n & 1)
        elif name == "a":
            style.align = n & 3 if n < 48 else n - 48
        elif name == "3":
            style.pitch = n
        elif name == "!":
            style.bold, style.high, style.wide = bool(n & 8), 1 + bool(n & 16), 1 + bool(n & 32)
        return []

    def _columns_image(self, b: bytearray) -> tuple[int | None, Callable[[bytes], list[Act]]]:
        if len(b) < 5:
            return None, _nothing
        deep, wide = (3 if b[2] in (32, 33) else 1), b[3] + 256 * b[4]
        return 5 + deep * wide, lambda raw: self._of_columns(raw[5:], deep, wide)

    def _of_columns(self, data: bytes, deep: int, wide: int) -> list[Act]:
        row_bytes = (wide + 7) // 8
        rows = bytearray(row_bytes * deep * 8)
        for x in range(wide):
            for y in range(deep * 8):
                if data[x * deep + y // 8] >> (7 - y % 8) & 1:
                    rows[y * row_bytes + x // 8] |= 0x80 >> x % 8
        return [Picture(row_bytes, deep * 8, bytes(rows), self.style.align)]

    def _fs(self, b: bytearray) -> tuple[int | None, Callable[[bytes], list[Act]]]:
        second = chr(b[1])
        if second in "&.":
            return 2, lambda raw: self._chinese(on=raw[1] == ord("&"))
        return {"!": 3, "-": 3, "W": 3, "C": 3, "S": 4, "p": 4}.get(second, 2), lambda raw: [] if len(raw) > 2 else [Unknown(raw)]

    def _chinese(self, *, on: bool) -> list[Act]:
        self.style.chinese = on
        return []

    def _gs(self, b: bytearray) -> tuple[int | None, Callable[[bytes], list[Act]]]:  # noqa: PLR0911 - a table of commands
        second = chr(b[1])
        if second == "(":
            return (5 + b[3] + 256 * b[4] if len(b) >= 5 else None), self._function
        if second == "k":
            return self._barcode(b)
        if second == "v":
            if len(b) < 8:
                return None, _nothing
            return 8 + (b[4] + 256 * b[5]) * (b[6] + 256 * b[7]), self._raster
        if second == "V":
            return (None if len(b) < 3 else 4 if b[2] in (65, 66, 97, 98, 103, 104) else 3), lambda _: [*self._flush(), Cut()]
        if second in "rIa":
            return 3, lambda raw: [Ask(chr(raw[1]), raw[2])]
        if second in "!hwHfBb":
            return 3, lambda raw: self._gs_setting(chr(raw[1]), raw[2])
        return {"L": 4, "W": 4, "P": 4, "$": 4, "\\": 4}.get(second, 2), lambda raw: [] if len(raw) > 2 else [Unknown(raw)]

    def _gs_setting(self, name: str, n: int) -> list[Act]:
        style = self.style
        if name == "!":
            style.wide, style.high = (n >> 4 & 7) + 1, (n & 7) + 1
        elif name == "h":
            style.bar_rows = n
        elif name == "w":
            style.module = n
        elif name == "H":
            style.hri = n & 3
        return []

    def _raster(self, raw: bytes) -> list[Act]:
        return [*self._flush(), Picture(raw[4] + 256 * raw[5], raw[6] + 256 * raw[7], raw[8:], self.style.align)]

    def _function(self, raw: bytes) -> list[Act]:
        if raw[2] != ord("k") or len(raw) < 7 or raw[5] != 49:
            return []
        fn, values = raw[6], raw[7:]
        if fn == 67 and values:
            self.qr_module = values[0]
        elif fn == 80:
            self.qr_data = values[1:]
        elif fn == 81:
            return [*self._flush(), QrCode(self.qr_data, self.qr_module, self.style.align)]
        return []

    def _barcode(self, b: bytearray) -> tuple[int | None, Callable[[bytes], list[Act]]]:
        if len(b) < 4:
            return None, _nothing
        if b[2] >= 65:
            return 4 + b[3], lambda raw: self._bars(raw[2] - 65, raw[4:])
        end = b.find(0, 3)
        return (end + 1 if end >= 0 else None), lambda raw: self._bars(raw[2], raw[3:-1])

    def _bars(self, system: int, digits: bytes) -> list[Act]:
        style = self.style
        return [*self._flush(), Bars(system, digits.decode("ascii", "replace"), style.module, style.bar_rows, style.hri >= 2, style.align)]

    def _dle(self, b: bytearray) -> tuple[int | None, Callable[[bytes], list[Act]]]:
        """Real-time commands were obeyed when they came; in line they are nothing."""
        return {0x04: 3, 0x05: 3, 0x14: 5}.get(b[1], 2), _nothing


_ESC_SETTINGS = frozenset(" E!aM-3tR{VGrS=U")


def _nothing(_: bytes) -> list[Act]:
    return []


def acts_of(raw: bytes, dots: int = 576, charset: Charset = "gbk") -> list[Act]:
    """Everything a whole receipt's bytes do, and the line that was begun last."""
    reader, buffer, acts = Reader(dots=dots, charset=charset), bytearray(raw), []
    while (taken := reader.take(buffer)) is not None:
        acts.extend(taken[1])
    return acts


def as_text(act: Act) -> str | None:
    """One line for people; None for what leaves no ink."""
    match act:
        case Line():
            return act.text
        case Picture():
            return f"[picture {act.bytes_wide * 8}x{act.rows}]"
        case QrCode():
            return f"[qr {act.data.decode('utf-8', 'replace')}]"
        case Bars():
            return f"[barcode {act.digits}]"
        case _:
            return None
