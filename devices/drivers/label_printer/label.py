"""A label: what may be on it, and where each part of it stands. Dots, counted from the upper left corner."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from pydantic import Field, model_validator

from devices.driver import Profile
from devices.drivers.gs1 import check_digit_fits
from devices.drivers.lettering import DOTS_A_COLUMN, ROWS_A_LINE, SetLine, clean, width
from hub.ports import Message, Qr

MARGIN_MM = 2
BARS_MM = 8
BARS_MODULES, BARS_QUIET = 113, 11  # an EAN-13 with its quiet zones, and the left one of them


class LabelProfile(Profile):
    """The printer and the labels in it."""

    language: Literal["zpl", "tspl"] = "zpl"
    width_mm: float = Field(60, ge=15, le=110)
    height_mm: float = Field(40, ge=10, le=300)
    gap_mm: float = Field(2, ge=0, le=10)  # between two labels; 0: endless paper
    dots_mm: Literal[8, 12] = 8  # 203 or 300 dpi
    monitored: bool = True  # False: it has never answered a question about its state
    answer_wait_s: float = Field(0.5, ge=0.05, le=5)  # how long a status answer may take
    silent_s_max: float = Field(8, ge=1, le=60)  # a printer that stops answering behind the bytes: then nobody can tell
    confirm_s_max: float = Field(60, ge=5, le=600)  # a printer that does not come to rest, and 5 s more for every label

    @property
    def wide(self) -> int:
        """Dots across."""
        return round(self.width_mm * self.dots_mm)

    @property
    def high(self) -> int:
        """Dots down."""
        return round(self.height_mm * self.dots_mm)


class Line(Message):
    """One line, never wrapped. `size` multiplies height and width."""

    text: str = Field(max_length=120)
    size: int = Field(1, ge=1, le=3)
    bold: bool = False


class Label(Message):
    """Lines from the top; under them the barcode, and the QR code on its right."""

    lines: tuple[Line, ...] = Field((), max_length=6)
    ean13: str | None = Field(None, pattern=r"^[0-9]{13}$")
    qr: str | None = Field(None, min_length=1, max_length=300)

    @model_validator(mode="after")
    def _not_empty(self) -> Label:
        if not (self.lines or self.ean13 or self.qr):
            raise ValueError("an empty label")
        return self


class PrintLabels(Message):
    """`print`: one label, so many times."""

    label: Label
    count: int = Field(1, ge=1, le=100)


class CannotSet(ValueError):
    """This label cannot be printed here; `reason` is a code of devices/reasons.py."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A line of text."""

    x: int
    y: int
    set_line: SetLine


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """An EAN-13, with its digits under the bars."""

    x: int
    y: int
    digits: str
    module: int
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Square:
    """A QR code with its quiet zone."""

    x: int
    y: int
    data: str
    module: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """Rows of dots, most significant bit first, 1 is ink."""

    x: int
    y: int
    rows: tuple[bytes, ...]


Part = Words | Bars | Square
Ink = Words | Bars | Picture


def place(label: Label, profile: LabelProfile) -> Iterator[Part]:
    """Every part in its place. Raises CannotSet: nothing is ever cut off, and no code made smaller than a scanner reads."""
    x = y = MARGIN_MM * profile.dots_mm
    right, bottom = profile.wide - x, profile.high - y
    for line in label.lines:
        set_line = SetLine(text=clean(line.text).replace("\n", " ").rstrip(), bold=line.bold, size=line.size)
        if x + width(set_line.text) * DOTS_A_COLUMN * line.size > right:
            raise CannotSet("label_too_small")
        if set_line.text:
            yield Words(x=x, y=y, set_line=set_line)
        y += ROWS_A_LINE * line.size
    used = y
    if label.ean13 is not None:
        if not check_digit_fits(label.ean13):
            raise CannotSet("bad_barcode")
        module, rows = profile.dots_mm // 4, BARS_MM * profile.dots_mm
        yield Bars(x=x + BARS_QUIET * module, y=y, digits=label.ean13, module=module, rows=rows)
        x += BARS_MODULES * module
        used = y + rows + ROWS_A_LINE
    if label.qr is not None:
        module = _module_of_qr(label.qr, min(right - x, bottom - y), profile.dots_mm)
        yield Square(x=x, y=y, data=label.qr, module=module)
    if x > right or used > bottom:
        raise CannotSet("label_too_small")


def _module_of_qr(data: str, room: int, dots_mm: int) -> int:
    """Half a millimetre, or as much more than a quarter as there is room for. Raises CannotSet."""
    from devices.drivers import drawing  # noqa: PLC0415 - Pillow and segno are loaded by the first label that needs them

    module = min(dots_mm // 2, room // drawing.qr_side(data))
    if module <= dots_mm // 4:
        raise CannotSet("label_too_small")
    return module


def draw(part: Words | Square) -> tuple[Picture, int]:
    """A part as a picture, and how many characters had to become question marks. Takes tens of ms, so not on the loop."""
    from devices.drivers import drawing  # noqa: PLC0415 - as above

    if isinstance(part, Square):
        rows, missing = drawing.qr(Qr(data=part.data, module_dots=part.module), drawing.qr_side(part.data) * part.module), 0
    else:
        wide = width(part.set_line.text) * DOTS_A_COLUMN * part.set_line.size
        rows, missing = drawing.line(part.set_line, wide)
    return Picture(x=part.x, y=part.y, rows=tuple(rows)), missing
