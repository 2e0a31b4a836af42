"""The pages of a document a simulated office printer was sent, as pictures: those of a JPEG, and of a PDF whose pages are pictures."""

from __future__ import annotations

import io
import re
import zlib

from PIL import Image

PAGES_MAX = 40
DOTS_MAX = 40_000_000
POINTS_MAX = 2000
_BOX = re.compile(rb"/MediaBox *\[ *0 +0 +([0-9.]+) +([0-9.]+) *\]")
_PLACED = re.compile(rb"([0-9.]+) 0 0 ([0-9.]+) ([0-9.]+) ([0-9.]+) cm")
_PICTURE = re.compile(rb"<<[^<>]*/Subtype */Image[^<>]*/Width (\d{1,6})/Height (\d{1,6})[^<>]*/FlateDecode[^<>]*>>\r?\nstream\r?\n")


def pictures(mime: str, data: bytes) -> list[Image.Image]:
    """Every page that can be shown, grey; none of a document that is made otherwise."""
    try:
        return [Image.open(io.BytesIO(data)).convert("L")] if mime == "image/jpeg" else _pdf(data)
    except (OSError, ValueError, zlib.error, Image.DecompressionBombError):
        return []


def _pdf(data: bytes) -> list[Image.Image]:
    sheets = [(float(box[1]), float(box[2])) for box in _BOX.finditer(data)]
    places = [tuple(map(float, place.groups())) for place in _PLACED.finditer(data)]
    found = []
    for sheet, place, picture in list(zip(sheets, places, _PICTURE.finditer(data), strict=False))[:PAGES_MAX]:
        wide, high = int(picture[1]), int(picture[2])
        if wide * high > DOTS_MAX or max(*sheet, *place) > POINTS_MAX:
            raise ValueError("too large")
        dots = zlib.decompressobj().decompress(data[picture.end() :], (wide + 7) // 8 * high)
        ink = Image.frombytes("1", (wide, high), dots).convert("L")
        if b"/Decode[1 0]" in picture[0]:
            ink = ink.point(lambda level: 255 - level)
        found.append(_laid(ink, sheet, place))
    return found


def _laid(ink: Image.Image, sheet: tuple[float, float], place: tuple[float, ...]) -> Image.Image:
    times = ink.width / (place[0] or POINTS_MAX)  # dots a point
    size = round(sheet[0] * times), round(sheet[1] * times)
    if not min(size) or size[0] * size[1] > DOTS_MAX:
        raise ValueError("no page")
    page = Image.new("L", size, 255)
    page.paste(ink, (round(place[2] * times), round((sheet[1] - place[3] - place[1]) * times)))
    return page


def sheet(mime: str, data: bytes) -> bytes:
    """A PNG of all pages of a document, one under the other, at 144 dpi or so."""
    pages = [page.reduce(2) for page in pictures(mime, data)] or [Image.new("L", (400, 60), 255)]
    whole = Image.new("L", (max(page.width for page in pages), sum(page.height + 8 for page in pages) - 8), 160)
    top = 0
    for page in pages:
        whole.paste(page, (0, top))
        top += page.height + 8
    out = io.BytesIO()
    whole.save(out, "PNG")
    return out.getvalue()
