"""What a label printer understands of the bytes it receives: ZPL and TSPL, as their manuals say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Literal

HEARD_MAX = 4 * 1024 * 1024
COPIES_MAX = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Bitmap:
    """Dots from the upper left corner; rows of whole bytes, 1 is ink."""

    x: int
    y: int
    row_bytes: int
    data: bytes

    @property
    def rows(self) -> int:
        """How many there are."""
        return len(self.data) // self.row_bytes


@dataclass(slots=True, kw_only=True)
class PrintedLabel:
    """What stands on one label, or on each of `copies`."""

    width: str = ""  # dots in ZPL, millimetres in TSPL
    height: str = ""
    texts: list[str] = field(default_factory=list)
    barcodes: list[str] = field(default_factory=list)
    qrs: list[str] = field(default_factory=list)
    bitmaps: list[Bitmap] = field(default_factory=list)
    copies: int = 1

    def as_json(self) -> dict[str, Any]:
        """For people who look at it."""
        pictures = [f"{8 * bitmap.row_bytes}x{bitmap.rows}" for bitmap in self.bitmaps]
        return {"texts": self.texts, "barcodes": self.barcodes, "qrs": self.qrs, "pictures": pictures}


@dataclass(frozen=True, slots=True)
class Ask:
    """A question: HS or HI in ZPL, status in TSPL."""

    what: Literal["HS", "HI", "status"]


@dataclass(frozen=True, slots=True)
class Unknown:
    """A command this printer does not have."""

    said: bytes


Heard = PrintedLabel | Ask | Unknown


class ZplReader:
    """Commands begin with ^ or ~ and reach to the next of these, whatever stands between."""

    _COMMAND = re.compile(rb"([\^~])([A-Z@][A-Z0-9@])([^\^~]*)", re.DOTALL)
    _AT_ONCE = (b"~HS", b"~HI", b"~JX", b"^XZ")
    _SILENT = frozenset({b"CI", b"MN", b"LH", b"BY", b"FX", b"LS", b"PR", b"FW"})

    def __init__(self) -> None:
        self._heard = b""
        self._label: PrintedLabel | None = None
        self._field: dict[str, Any] = {}

    @property
    def partial(self) -> bool:
        """Whether a label has begun and not ended."""
        return self._label is not None

    def take(self, data: bytes) -> Iterator[Heard]:
        """What can be understood so far."""
        self._heard = (self._heard + data)[-HEARD_MAX:]
        while (command := self._next()) is not None:
            sign, name, rest = command
            yield from self._obey(sign + name, name, rest.rstrip(b"\r\n").decode("latin-1"))

    def _next(self) -> tuple[bytes, bytes, bytes] | None:
        start = re.search(rb"[\^~]", self._heard)
        if start is None:
            self._heard = b""
            return None
        self._heard = self._heard[start.start() :]
        if self._heard[:3] in self._AT_ONCE:
            head, self._heard = self._heard[:3], self._heard[3:]
            return head[:1], head[1:], b""
        found = self._COMMAND.match(self._heard)
        if found is None:
            if len(self._heard) < 3:
                return None
            bad, self._heard = self._heard[:1], self._heard[1:]
            return bad, b"", b""
        if found.end() == len(self._heard):
            return None  # more of it may come
        self._heard = self._heard[found.end() :]
        return found[1], found[2], found[3]

    def _obey(self, command: bytes, name: bytes, rest: str) -> Iterator[Heard]:
        if command in {b"~HS", b"~HI"}:
            yield Ask("HS" if name == b"HS" else "HI")
        elif command == b"~JX":
            self._label = None
        elif command == b"^XA":
            self._label, self._field = PrintedLabel(), {}
        elif self._label is None:
            yield Unknown(command)
        elif command == b"^XZ":
            label, self._label = self._label, None
            yield label
        elif not self._understood(self._label, name, rest):
            yield Unknown(command)

    def _understood(self, label: PrintedLabel, name: bytes, rest: str) -> bool:
        try:
            return self._set(label, name, rest)
        except (ValueError, IndexError):  # not as many values, or not such values, as this command has
            return False

    def _set(self, label: PrintedLabel, name: bytes, rest: str) -> bool:
        values = rest.split(",")
        match name:
            case b"PW":
                label.width = rest
            case b"LL":
                label.height = rest
            case b"PQ":
                label.copies = _copies(int(values[0]))
            case b"FO":
                self._field = {"at": (int(values[0]), int(values[1]))}
            case b"FH":
                self._field["escape"] = rest or "_"
            case b"FD":
                self._field["data"] = self._data(rest)
            case b"BE" | b"BQ":
                self._field["code"] = name
            case b"GF":
                x, y = self._field.get("at", (0, 0))
                label.bitmaps.append(Bitmap(x=x, y=y, row_bytes=max(1, int(values[3])), data=bytes.fromhex(values[4])[: int(values[2])]))
            case b"FS":
                self._end(label)
            case _:
                return name in self._SILENT or name[:1] == b"A"
        return True

    def _data(self, text: str) -> str:
        escape = self._field.get("escape")
        if not escape:
            return text
        raw = re.sub(re.escape(escape) + r"([0-9A-Fa-f]{2})", lambda code: chr(int(code[1], 16)), text)
        return raw.encode("latin-1").decode("utf-8", "replace")

    def _end(self, label: PrintedLabel) -> None:
        data, code = self._field.get("data"), self._field.get("code")
        self._field = {}
        if data is None:
            return
        if code == b"BE":
            label.barcodes.append(_with_check_digit(data[:12].zfill(12)))
        elif code == b"BQ":
            label.qrs.append(data.partition(",")[2])
        else:
            label.texts.append(data)


class TsplReader:
    """One command a line; a picture brings its bytes with it, and ESC ! ? may stand anywhere but in them."""

    _BITMAP = re.compile(rb"BITMAP +(\d{1,6}),(\d{1,6}),(\d{1,4}),(\d{1,6}),(\d),")
    _ASK = b"\x1b!?"
    _STRING = re.compile(r'"([^"]*)"')
    _SILENT = ("GAP ", "DIRECTION ", "REFERENCE ", "DENSITY ", "SPEED ", "CODEPAGE ", "SET ")

    def __init__(self) -> None:
        self._heard = b""
        self._label = PrintedLabel()

    @property
    def partial(self) -> bool:
        """Whether a picture has begun whose bytes have not all come."""
        return self._heard.startswith(b"BITMAP")

    def take(self, data: bytes) -> Iterator[Heard]:
        """What can be understood so far."""
        self._heard = (self._heard + data)[-HEARD_MAX:]
        while self._heard:
            if picture := self._BITMAP.match(self._heard):
                if not self._picture(picture):
                    return
                continue
            line, end, rest = self._heard.partition(b"\n")
            if self._ASK in line:
                self._heard = line.replace(self._ASK, b"", 1) + end + rest
                yield Ask("status")
            elif not end:
                return
            else:
                self._heard = rest
                yield from self._obey(line.strip().decode("latin-1"))

    def _picture(self, found: re.Match[bytes]) -> bool:
        x, y, row_bytes, rows, _ = map(int, found.groups())
        end = found.end() + row_bytes * rows
        if len(self._heard) < end:
            return False
        data = bytes(byte ^ 0xFF for byte in self._heard[found.end() : end])  # here 0 is ink
        self._heard = self._heard[end:]
        self._label.bitmaps.append(Bitmap(x=x, y=y, row_bytes=max(1, row_bytes), data=data))
        return True

    def _obey(self, line: str) -> Iterator[Heard]:
        try:
            yield from self._understood(line)
        except ValueError:  # not as many values, or not such values, as this command has
            yield Unknown(line.encode("latin-1"))

    def _understood(self, line: str) -> Iterator[Heard]:
        name, _, rest = line.partition(" ")
        label, strings = self._label, self._STRING.findall(line)
        match name:
            case "" | "CLS":
                if name:
                    self._label = PrintedLabel(width=label.width, height=label.height)
            case "SIZE":
                label.width, label.height = (part.strip() for part in rest.split(","))
            case "TEXT" if len(strings) == 2:
                label.texts.append(strings[1])
            case "BARCODE" if len(strings) == 2 and strings[0] == "EAN13":
                label.barcodes.append(_with_check_digit(strings[1][:12]))
            case "QRCODE" if strings:
                label.qrs.append(strings[-1])
            case "PRINT":
                sets, _, copies = rest.partition(",")
                label.copies = _copies(int(sets) * int(copies or 1))
                yield deepcopy(label)  # it stays in the printer until CLS
            case _ if not line.startswith(self._SILENT):
                yield Unknown(line.encode("latin-1"))


def _copies(wanted: int) -> int:
    """At least one; a simulated roll ends."""
    return min(max(1, wanted), COPIES_MAX)


def _with_check_digit(twelve: str) -> str:
    total = sum(int(digit) * (3 if at % 2 else 1) for at, digit in enumerate(twelve))
    return twelve + str(-total % 10)
