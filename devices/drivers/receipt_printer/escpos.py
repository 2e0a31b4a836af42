"""ESC/POS bytes of a set document. Nothing here talks to a printer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from devices.drivers.lettering import Font, SetLine, prints_in
from devices.drivers.receipt_printer import layout
from devices.drivers.receipt_printer.layout import Blank, Set
from devices.drivers.receipt_printer.profile import PrinterProfile
from hub.errors import InvalidInput
from hub.ports import Document, Ean13, Qr

INIT = b"\x1b@"
CHINESE, NOT_CHINESE = b"\x1c&", b"\x1c."
ASK_PAPER = b"\x1dr\x01"  # GS r 1, answered in order with the printing: our fence
TELL = b"\x1da\x0f"  # GS a: tell of drawer, on- and offline, errors and paper from now on, and how they are now
_ALIGN = {"left": b"\x1ba\x00", "center": b"\x1ba\x01", "right": b"\x1ba\x02"}
_CUT = {"partial": b"\x1dVB\x03", "full": b"\x1dVA\x03", "none": b"\x1bd\x04"}
BAND_ROWS_MAX = 24
BARCODE_DOTS = 3
BARCODE_ROWS = 80


class BadBarcode(InvalidInput):
    """The digits are no EAN-13."""

    code = "bad_barcode"
    hint = "Correct the code of the product."


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """What goes down the wire in whole commands, and how many characters no font had."""

    pieces: tuple[bytes, ...]
    glyphs_missing: int = 0


def encode(document: Document, profile: PrinterProfile, copy_no: int = 0) -> Encoded | None:
    """The whole job with its cut, without the fence; None when something must be drawn first. Raises BadBarcode."""
    return _encoded(list(layout.set_document(document, profile.columns, copy_no)), profile, may_draw=False)


def encode_and_draw(document: Document, profile: PrinterProfile, copy_no: int = 0) -> Encoded:
    """The same with pictures: loads fonts and takes tens of ms, so not on the loop. Raises BadBarcode."""
    made = _encoded(list(layout.set_document(document, profile.columns, copy_no)), profile, may_draw=True)
    assert made is not None  # noqa: S101 - None only where drawing is not allowed
    return made


def _encoded(items: list[Set], profile: PrinterProfile, *, may_draw: bool) -> Encoded | None:
    out = [INIT]
    missing = 0
    for item in items:
        if not may_draw and _must_draw(item, profile):
            return None
        pieces, lost = _item(item, profile)
        out.extend(pieces)
        missing += lost
    out.append(_CUT[profile.cut])
    return Encoded(pieces=tuple(out), glyphs_missing=missing)


def chunks(pieces: Iterable[bytes], size: int) -> list[bytes]:
    """Whole commands together up to `size` bytes: a question about the state must never fall into the middle of one."""
    out = [b""]
    for piece in pieces:
        if out[-1] and len(out[-1]) + len(piece) > size:
            out.append(b"")
        out[-1] += piece
    return out


def _must_draw(item: Set, profile: PrinterProfile) -> bool:
    match item:
        case SetLine():
            return not prints_in(item.text, item.font or profile.chinese)
        case Qr():
            return profile.qr == "raster"
        case Ean13():
            return profile.barcode == "raster"
        case _:
            return False


def pulse(profile: PrinterProfile) -> bytes:
    """ESC p: open the drawer, in order with the printing."""
    on = min(255, profile.drawer_pulse_ms // 2)
    return bytes((0x1B, 0x70, 0 if profile.drawer_pin == 2 else 1, on, min(255, on * 2)))


def pulse_at_once(profile: PrinterProfile) -> bytes:
    """DLE DC4 1: open the drawer even while the printer is stopped."""
    return bytes((0x10, 0x14, 0x01, 0 if profile.drawer_pin == 2 else 1, max(1, min(8, profile.drawer_pulse_ms // 100))))


def wash(profile: PrinterProfile) -> bytes:
    """After a job that broke off: fill up whatever command it broke off in, then cut what it left from the next paper.

    A NUL is nothing to a printer, and white to one that still waits for the rest of a picture.
    """
    longest = 8 + BAND_ROWS_MAX * (profile.dots // 8)
    return bytes(longest) + INIT + NOT_CHINESE + b"\n" + _CUT[profile.cut]


def raster(rows: Iterable[bytes]) -> list[bytes]:
    """GS v 0 in bands, a command each. Each row is whole bytes, most significant bit left, 1 is black."""
    rows = list(rows)
    bands = []
    for at in range(0, len(rows), BAND_ROWS_MAX):
        band = rows[at : at + BAND_ROWS_MAX]
        wide = len(band[0])
        bands.append(b"\x1dv0\x00" + wide.to_bytes(2, "little") + len(band).to_bytes(2, "little") + b"".join(band))
    return bands


def _item(item: Set, profile: PrinterProfile) -> tuple[list[bytes], int]:
    match item:
        case Blank():
            return [b"\x1bd" + bytes((item.lines,))], 0
        case SetLine():
            return _line(item, profile)
        case Qr():
            return ([_qr(item)] if profile.qr == "native" else _qr_drawn(item, profile)), 0
        case Ean13():
            return _ean13(item, profile), 0


def _line(line: SetLine, profile: PrinterProfile) -> tuple[list[bytes], int]:
    if _must_draw(line, profile):
        from devices.drivers import drawing  # noqa: PLC0415 - Pillow is loaded by the first line that needs it

        rows, missing = drawing.line(line, profile.dots)
        return raster(rows), missing
    style = _ALIGN[line.align] + b"\x1bE" + bytes((line.bold,)) + b"\x1d!" + bytes(((line.size - 1) * 0x11,))
    return [style + _told(line.text, line.font or profile.chinese) + b"\n"], 0


def _told(text: str, font: Font) -> bytes:
    if text.isascii():
        return text.encode("ascii")
    if font == "utf8":  # one that reads GBK instead must not take the end of the line for half a character
        return NOT_CHINESE + text.encode("utf-8")
    return CHINESE + text.encode(font) + NOT_CHINESE


def _qr(code: Qr) -> bytes:
    data = code.data.encode("utf-8")

    def part(fn: int, values: bytes) -> bytes:
        return b"\x1d(k" + (len(values) + 2).to_bytes(2, "little") + bytes((49, fn)) + values

    steps = part(65, b"\x32\x00") + part(67, bytes((code.module_dots,))) + part(69, b"\x31") + part(80, b"0" + data) + part(81, b"0")
    return _ALIGN["center"] + steps + _ALIGN["left"]


def _qr_drawn(code: Qr, profile: PrinterProfile) -> list[bytes]:
    from devices.drivers import drawing  # noqa: PLC0415 - segno is loaded by printers without QR codes only

    return raster(drawing.qr(code, profile.dots))


def _ean13(code: Ean13, profile: PrinterProfile) -> list[bytes]:
    if not ean13_is_valid(code.digits):
        raise BadBarcode(digits=code.digits)
    if profile.barcode == "raster":
        from devices.drivers import drawing  # noqa: PLC0415 - as above

        label, _ = _line(SetLine(text=code.digits, align="center"), profile)
        return [*raster(drawing.ean13(code.digits, profile.dots)), *label]
    settings = b"\x1dh" + bytes((BARCODE_ROWS,)) + b"\x1dw" + bytes((BARCODE_DOTS,)) + b"\x1dH\x02"
    return [_ALIGN["center"] + settings + b"\x1dk\x43\x0d" + code.digits.encode("ascii") + _ALIGN["left"]]


def ean13_is_valid(digits: str) -> bool:
    """Whether the last digit is the check digit of the others."""
    total = sum(int(d) * (3 if at % 2 else 1) for at, d in enumerate(digits))
    return len(digits) == 13 and total % 10 == 0
