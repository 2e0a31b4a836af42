"""Paper as a picture, drawn from the bytes the printer received. One dot of the head is one pixel."""

from __future__ import annotations

import io
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import segno
from PIL import Image, ImageDraw, ImageFont

from devices.simulators.paper_language import CELL_HIGH, Act, Bars, Cut, Feed, Line, Picture, QrCode
from devices.simulators.shelf import Receipt

MARGIN = 16
LINE_HIGH = 30
HEIGHT_MAX = 24_000
_FONTS = (
    ("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc", 7),
    ("/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc", 7),
    ("/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc", 0),
    ("/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf", 0),
)
# widths of bar, gap, bar, gap of each digit, the way EAN tables are printed; read mirrored they are the other sets
_WIDTHS = ("3211", "2221", "2122", "1411", "1132", "1231", "1114", "1312", "1213", "3112")
_FIRST = ("AAAAAA", "AABABB", "AABBAB", "AABBBA", "ABAABB", "ABBAAB", "ABBBAA", "ABABAB", "ABABBA", "ABBABA")


def png(receipts: Iterable[Receipt], unfinished: bytes = b"", dots: int = 576) -> bytes:
    """Receipts one under the other, then what is still in the printer."""
    strips = [strip(receipt.acts(), dots) for receipt in receipts]
    if unfinished:
        strips.append(strip(Receipt(number=0, raw=unfinished).acts(), dots))
    strips = strips or [Image.new("L", (dots + 2 * MARGIN, 60), 255)]
    high = min(HEIGHT_MAX, sum(s.height for s in strips))
    whole = Image.new("L", (dots + 2 * MARGIN, high), 255)
    top = high
    for one in reversed(strips):
        top -= one.height
        whole.paste(one, (0, top))
    out = io.BytesIO()
    whole.save(out, "PNG")
    return out.getvalue()


def strip(acts: Iterable[Act], dots: int = 576) -> Image.Image:
    """One piece of paper."""
    pieces = [piece for act in acts if (piece := _piece(act, dots)) is not None]
    paper = Image.new("L", (dots + 2 * MARGIN, max(1, sum(p.height for p in pieces)) + 2 * MARGIN), 255)
    top = MARGIN
    for piece in pieces:
        paper.paste(piece, (MARGIN, top))
        top += piece.height
    return paper


def _piece(act: Act, dots: int) -> Image.Image | None:  # noqa: PLR0911 - one line per kind of ink
    match act:
        case Line():
            return _line(act, dots)
        case Picture():
            drawn = Image.frombytes("1", (act.bytes_wide * 8, act.rows), act.data).convert("L").point(lambda v: 255 - v)
            return _placed(drawn, dots, act.align)
        case QrCode():
            return _placed(_qr(act), dots, act.align)
        case Bars():
            return _placed(_bars(act), dots, act.align)
        case Feed():
            return Image.new("L", (dots, max(1, act.dots)), 255)
        case Cut():
            return _scissors(dots)
        case _:
            return None


def _placed(drawn: Image.Image, dots: int, align: int) -> Image.Image:
    room = Image.new("L", (dots, drawn.height), 255)
    room.paste(drawn, ((0, (dots - drawn.width) // 2, dots - drawn.width)[align if align in (1, 2) else 0], 0))
    return room


def _line(line: Line, dots: int) -> Image.Image:
    high = max([LINE_HIGH, *(c.high * CELL_HIGH + 6 for c in line.cells)])
    drawn = Image.new("L", (max(1, sum(c.dots for c in line.cells)), high), 255)
    x = 0
    for cell in line.cells:
        drawn.paste(
            _glyph(cell.char, cell.columns, bold=cell.bold).resize((cell.dots, CELL_HIGH * cell.high)),
            (x, high - CELL_HIGH * cell.high - 3),
        )
        x += cell.dots
    return _placed(drawn, dots, line.align)


@lru_cache(maxsize=2048)
def _glyph(char: str, columns: int, *, bold: bool) -> Image.Image:
    cell = Image.new("L", (12 * columns, CELL_HIGH), 255)
    draw = ImageDraw.Draw(cell)
    font = _font()
    left, _, right, _ = font.getbbox(char)
    at = (6 * columns - (right - left) / 2 - left, 20)
    for shift in (0, 1) if bold else (0,):
        if isinstance(font, ImageFont.FreeTypeFont):
            draw.text((at[0] + shift, at[1]), char, fill=0, font=font, anchor="ls")
        else:
            draw.text((0, 6), char, fill=0, font=font)
    return cell


@lru_cache(maxsize=1)
def _font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    for file, index in _FONTS:
        if Path(file).exists():
            return ImageFont.truetype(file, 21, index=index)
    return ImageFont.load_default()


def _qr(code: QrCode) -> Image.Image:
    matrix = [bytes(row) for row in segno.make_qr(code.data, error="m").matrix]
    quiet = 4
    side = len(matrix) + 2 * quiet
    small = Image.new("L", (side, side), 255)
    for y, row in enumerate(matrix):
        for x, dark in enumerate(row):
            if dark:
                small.putpixel((x + quiet, y + quiet), 0)
    return small.resize((side * code.module, side * code.module), Image.Resampling.NEAREST)


def _bars(bars: Bars) -> Image.Image:
    """EAN-13; other symbologies come out as their text between rules."""
    digits = _complete(bars.digits)
    if bars.system != 2 or digits is None:
        return _glyphs(f"|| {bars.digits} ||")
    modules = _modules(digits)
    quiet = 11
    small = Image.new("L", (len(modules) + 2 * quiet, 1), 255)
    for at, dark in enumerate(modules):
        if dark:
            small.putpixel((at + quiet, 0), 0)
    drawn = small.resize((small.width * bars.module, bars.rows), Image.Resampling.NEAREST)
    if not bars.digits_below:
        return drawn
    below = _glyphs(digits)
    both = Image.new("L", (drawn.width, drawn.height + below.height), 255)
    both.paste(drawn, (0, 0))
    both.paste(below, ((drawn.width - below.width) // 2, drawn.height))
    return both


def _complete(digits: str) -> str | None:
    """Thirteen digits with the right check digit; a printer prints nothing for wrong ones."""
    if not digits.isdigit() or len(digits) not in (12, 13):
        return None
    odd, even = digits[0:12:2], digits[1:12:2]
    check = str(-(sum(map(int, odd)) + 3 * sum(map(int, even))) % 10)
    return digits if digits[12:] == check else digits + check if len(digits) == 12 else None


def _modules(digits: str) -> list[int]:
    out = [1, 0, 1]
    for digit, letter in zip(digits[1:7], _FIRST[int(digits[0])], strict=True):
        widths = _WIDTHS[int(digit)]
        out += _runs(widths if letter == "A" else widths[::-1], first=0)
    out += [0, 1, 0, 1, 0]
    for digit in digits[7:]:
        out += _runs(_WIDTHS[int(digit)], first=1)
    return [*out, 1, 0, 1]


def _runs(widths: str, first: int) -> list[int]:
    return [(first + at) % 2 for at, width in enumerate(widths) for _ in range(int(width))]


def _glyphs(text: str) -> Image.Image:
    drawn = Image.new("L", (12 * len(text), CELL_HIGH), 255)
    for at, char in enumerate(text):
        drawn.paste(_glyph(char, 1, bold=False), (12 * at, 0))
    return drawn


def _scissors(dots: int) -> Image.Image:
    line = Image.new("L", (dots, 24), 255)
    draw = ImageDraw.Draw(line)
    for x in range(0, dots, 16):
        draw.line((x, 18, x + 8, 18), fill=120)
    return line
