"""Pictures for what a printer's own fonts lack: single lines of text, and codes for printers without them. Loads Pillow."""

from __future__ import annotations

import shutil
import subprocess
import unicodedata
from functools import lru_cache
from pathlib import Path

import structlog
from PIL import Image, ImageDraw, ImageFont

from devices.drivers.lettering import DOTS_A_COLUMN, ROWS_A_LINE, SetLine, char_width, width
from hub.ports import Qr

log = structlog.get_logger()

GLYPH_ROWS = 24
KNOWN_FONTS = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
    "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
)
_GUARD = "101"
_LEFT = ("0001101", "0011001", "0010011", "0111101", "0100011", "0110001", "0101111", "0111011", "0110111", "0001011")
_PARITY = ("LLLLLL", "LLGLGG", "LLGGLG", "LLGGGL", "LGLLGG", "LGGLLG", "LGGGLL", "LGLGLG", "LGLGGL", "LGGLGL")

Font = ImageFont.FreeTypeFont


def line(text: SetLine, dots: int) -> tuple[list[bytes], int]:
    """Rows of one line, and how many characters had to become question marks."""
    rows_high = ROWS_A_LINE * text.size
    picture = Image.new("1", (dots, rows_high), 0)
    draw = ImageDraw.Draw(picture)
    wide = width(text.text) * DOTS_A_COLUMN * text.size
    at = {"left": 0, "center": max(0, (dots - wide) // 2), "right": max(0, dots - wide)}[text.align]
    missing = 0
    for char in text.text:
        cell = char_width(char) * DOTS_A_COLUMN * text.size
        if not char.isspace():
            font = font_for(char, GLYPH_ROWS * text.size)
            missing += font is None
            _draw(draw, (at, cell, rows_high), char if font else "?", (font, text.bold))
        at += cell
    return _rows(picture), missing


def qr(code: Qr, dots: int) -> list[bytes]:
    """Rows of a QR code in the middle of the paper, made smaller when it would not fit."""
    matrix = _qr_matrix(code.data)
    module = max(1, min(code.module_dots, dots // qr_side(code.data)))
    side = len(matrix) * module
    picture = Image.new("1", (dots, side + 8 * module), 0)
    draw = ImageDraw.Draw(picture)
    left, top = (dots - side) // 2, 4 * module
    for y, row in enumerate(matrix):
        for x, dark in enumerate(row):
            if dark:
                corner = (left + x * module, top + y * module)
                draw.rectangle((*corner, corner[0] + module - 1, corner[1] + module - 1), fill=1)
    return _rows(picture)


def qr_side(data: str) -> int:
    """How many modules its QR code is wide and high, with the quiet zone of four around it."""
    return len(_qr_matrix(data)) + 8


@lru_cache(maxsize=4)
def _qr_matrix(data: str) -> tuple[bytes, ...]:
    import segno  # noqa: PLC0415 - only for printers that cannot draw one themselves

    return tuple(bytes(row) for row in segno.make_qr(data, error="m").matrix)


def ean13(digits: str, dots: int, module: int = 3, rows: int = 80) -> list[bytes]:
    """Rows of an EAN-13 in the middle of the paper, without its digits."""
    bits = _ean13_bits(digits)
    left = (dots - len(bits) * module) // 2
    picture = Image.new("1", (dots, 1), 0)
    for at, bit in enumerate(bits):
        if bit == "1":
            picture.paste(1, (left + at * module, 0, left + (at + 1) * module, 1))
    return _rows(picture) * rows


@lru_cache(maxsize=512)
def font_for(char: str, rows: int) -> Font | None:
    """A font that has the character, asked of the system once per character; None when there is none."""
    main = _main_font(rows)
    if main and _has(main, char):
        return main
    for file, index in _fonts_with(char):
        other = _load(file, index, rows)
        if other and _has(other, char):
            return other
    log.warning("no font has a character", codepoint=f"U+{ord(char):04X}", category=unicodedata.category(char))
    return None


@lru_cache(maxsize=8)
def _main_font(rows: int) -> Font | None:
    for name in ("Noto Sans Mono CJK SC", "Noto Sans CJK SC"):
        for file, index in _asked(name):
            if found := _load(file, index, rows):
                return found
    return next((f for path in KNOWN_FONTS if (f := _load(path, 0, rows))), None)


def _fonts_with(char: str) -> list[tuple[str, int]]:
    return _asked(f":charset={ord(char):x}:scalable=true")


def _asked(pattern: str) -> list[tuple[str, int]]:
    """What fontconfig answers; nothing where it is not installed."""
    program = shutil.which("fc-match")
    if program is None:
        return []
    try:
        said = subprocess.run((program, "-f", "%{file}|%{index}\n", pattern), capture_output=True, text=True, timeout=5, check=True)
    except (OSError, subprocess.SubprocessError):
        return []
    found = []
    for answer in said.stdout.splitlines():
        file, _, index = answer.rpartition("|")
        found.append((file, int(index) & 0xFFFF if index.isdigit() else 0))
    return found


@lru_cache(maxsize=32)
def _load(file: str, index: int, rows: int) -> Font | None:
    if not Path(file).is_file():
        return None
    try:
        return ImageFont.truetype(file, rows - 2, index=index)
    except OSError:
        return None


def _has(font: Font, char: str) -> bool:
    """A font draws its 'no such character' box for what it lacks."""
    drawn, box = font.getmask(char), font.getmask("\U0010fffe")
    return drawn.size != box.size or bytes(drawn) != bytes(box)


def _draw(draw: ImageDraw.ImageDraw, cell: tuple[int, int, int], char: str, style: tuple[Font | None, bool]) -> None:
    at, wide, high = cell
    font, bold = style
    face = font or _main_font(high * GLYPH_ROWS // ROWS_A_LINE) or ImageFont.load_default()
    left, _, right, _ = face.getbbox(char)
    x = at + max(0, int(wide - (right - left)) // 2) - int(left)
    if isinstance(face, ImageFont.FreeTypeFont):
        draw.text((x, high * 4 // 5), char, fill=1, font=face, anchor="ls")
        if bold:
            draw.text((x + 1, high * 4 // 5), char, fill=1, font=face, anchor="ls")
    else:
        draw.text((x, high // 4), char, fill=1, font=face)


def _rows(picture: Image.Image) -> list[bytes]:
    data, wide = picture.tobytes(), (picture.width + 7) // 8
    return [data[at : at + wide] for at in range(0, len(data), wide)]


def _ean13_bits(digits: str) -> str:
    left = ""
    for digit, side in zip(digits[1:7], _PARITY[int(digits[0])], strict=True):
        code = _LEFT[int(digit)]
        left += code if side == "L" else _right(code)[::-1]
    return _GUARD + left + "01010" + "".join(_right(_LEFT[int(d)]) for d in digits[7:]) + _GUARD


def _right(code: str) -> str:
    return "".join("10"[int(bit)] for bit in code)
