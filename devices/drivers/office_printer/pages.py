"""A document on A4, as PDF (ISO 32000-1) or, for printers without it, one page as JPEG. Every line is a picture: printers have no Chinese fonts.

A page is rows of dots, most significant bit first, 1 is ink: 1920 dots on the 170 mm between the margins, so 287 dpi.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from devices.drivers.gs1 import check_digit_fits
from devices.drivers.lettering import DOTS_A_COLUMN, ROWS_A_LINE, SetLine
from devices.drivers.receipt_printer.layout import Blank, Set, set_document
from hub.ports import Document, Ean13, Qr

COLUMNS, TIMES = 80, 2  # twice as fine as on a receipt
DOTS = COLUMNS * DOTS_A_COLUMN * TIMES
ROW_BYTES = DOTS // 8
ROWS_A_PAGE = 48 * ROWS_A_LINE * TIMES  # 255 mm
PAGES_MAX = 20
PDF, JPEG = "application/pdf", "image/jpeg"
_MM = 72 / 25.4
_WIDE, _HIGH, _MARGIN = 210 * _MM, 297 * _MM, 20 * _MM
_DOT = (_WIDE - 2 * _MARGIN) / DOTS


class CannotSet(ValueError):
    """This document cannot be printed here; `reason` is a code of devices/reasons.py."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheets:
    """What goes to the printer, and how many characters had to become question marks."""

    data: bytes
    mime: str
    count: int
    glyphs_missing: int


def sheets(document: Document, copy_no: int, formats: tuple[str, ...]) -> Sheets:
    """The document in the first format that serves. Loads fonts and takes up to seconds, so not on the loop. Raises CannotSet."""
    inked = _Inked()
    mime = next((known for known in (PDF, JPEG) if known in formats), None)
    if mime is None:
        raise CannotSet("no_format")
    if mime == JPEG:
        first, *more = inked.pages(document, copy_no)
        if more:
            raise CannotSet("no_format")
        return Sheets(data=_jpeg(first), mime=JPEG, count=1, glyphs_missing=inked.missing)
    pdf = _Pdf()
    for page in inked.pages(document, copy_no):
        pdf.add(page)
    return Sheets(data=pdf.whole(), mime=PDF, count=pdf.count, glyphs_missing=inked.missing)


class _Inked:
    def __init__(self) -> None:
        self.missing = 0

    def pages(self, document: Document, copy_no: int) -> Iterator[bytes]:
        """Page by page, so that only one of them is in memory as dots. Raises CannotSet."""
        page, count = bytearray(), 0
        for item in set_document(document, COLUMNS, copy_no):
            rows = self._rows(item)
            if page and len(page) + len(rows) > ROWS_A_PAGE * ROW_BYTES:
                count += 1
                if count == PAGES_MAX:
                    raise CannotSet("document_too_long")
                yield bytes(page)
                page = bytearray()
            page += rows
        yield bytes(page)

    def _rows(self, item: Set) -> bytes:
        from devices.drivers import drawing  # noqa: PLC0415 - Pillow is loaded by the first page

        match item:
            case Blank():
                return bytes(item.lines * ROWS_A_LINE * TIMES * ROW_BYTES)
            case SetLine():
                larger = SetLine(text=item.text, align=item.align, bold=item.bold, size=item.size * TIMES)
                rows, missing = drawing.line(larger, DOTS)
                self.missing += missing
                return b"".join(rows)
            case Qr():
                return b"".join(drawing.qr(Qr(data=item.data, module_dots=min(12, item.module_dots * TIMES)), DOTS))
            case Ean13():
                if not check_digit_fits(item.digits):
                    raise CannotSet("bad_barcode")
                digits, _ = drawing.line(SetLine(text=item.digits, align="center", size=TIMES), DOTS)
                return b"".join(drawing.ean13(item.digits, DOTS, module=3 * TIMES, rows=80 * TIMES) + digits)


class _Pdf:
    """Objects 1 and 2 are the catalogue and the tree of pages; then three for each page."""

    def __init__(self) -> None:
        self._out = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
        self._offsets: dict[int, int] = {}
        self.count = 0

    def add(self, page: bytes) -> None:
        """One page of dots."""
        rows = len(page) // ROW_BYTES
        at = 3 + 3 * self.count
        self.count += 1
        high = rows * _DOT
        draw = f"q {DOTS * _DOT:.2f} 0 0 {high:.2f} {_MARGIN:.2f} {_HIGH - _MARGIN - high:.2f} cm /I Do Q".encode() if rows else b""
        self._object(
            at,
            f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 {_WIDE:.2f} {_HIGH:.2f}]/Contents {at + 1} 0 R"
            f"/Resources<</XObject<</I {at + 2} 0 R>>>>>>",
        )
        self._object(at + 1, f"<</Length {len(draw)}>>", draw)
        ink = zlib.compress(page or bytes(ROW_BYTES), 6)
        self._object(
            at + 2,
            f"<</Type/XObject/Subtype/Image/Width {DOTS}/Height {max(1, rows)}/ColorSpace/DeviceGray/BitsPerComponent 1/Decode[1 0]"
            f"/Filter/FlateDecode/Length {len(ink)}>>",
            ink,
        )

    def whole(self) -> bytes:
        """The file."""
        pages = " ".join(f"{3 + 3 * at} 0 R" for at in range(self.count))
        self._object(1, "<</Type/Catalog/Pages 2 0 R>>")
        self._object(2, f"<</Type/Pages/Count {self.count}/Kids[{pages}]>>")
        start = len(self._out)
        table = "".join(f"{self._offsets[at]:010} 00000 n \n" for at in sorted(self._offsets))
        size = len(self._offsets) + 1
        self._out += (
            f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer\n<</Size {size}/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n".encode()
        )
        return bytes(self._out)

    def _object(self, number: int, head: str, stream: bytes | None = None) -> None:
        self._offsets[number] = len(self._out)
        body = b"" if stream is None else b"\nstream\n" + stream + b"\nendstream"
        self._out += f"{number} 0 obj\n{head}".encode() + body + b"\nendobj\n"


def _jpeg(page: bytes) -> bytes:
    from PIL import Image, ImageOps  # noqa: PLC0415 - as above

    whole = Image.new("L", (round(_WIDE / _DOT), round(_HIGH / _DOT)), 255)
    ink = Image.frombytes("1", (DOTS, len(page) // ROW_BYTES), page).convert("L")
    whole.paste(ImageOps.invert(ink), (round(_MARGIN / _DOT), round(_MARGIN / _DOT)))
    out = io.BytesIO()
    whole.save(out, "JPEG", quality=85, dpi=(round(72 / _DOT), round(72 / _DOT)))
    return out.getvalue()
