"""Text as a printer of fixed columns sets it: cleaned, measured, wrapped. Knows no bytes of any printer.

On these printers a Chinese character takes two columns, and so does everything else that is two bytes in GBK.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

DOTS_A_COLUMN = 12
ROWS_A_LINE = 30
_YEN, _YEN_ON_PAPER = "\u00a5", "\uffe5"  # the yen sign of keyboards is four bytes in GB 18030 and prints as "0 6"
_SAME_ON_PAPER = {
    "\u00a0": " ",
    "\u2022": "\u00b7",
    "\u301c": "\uff5e",
    "\u2212": "-",
    "\t": " ",
    "\u3000": "  ",
}
# what almost every line is made of: needs no cleaning, is in the printer's font, and takes a column for each byte in GBK
_PLAIN = re.compile("[ -~\u4e00-\u9fa5\uff01-\uff5e\uffe5\u3001\u3002\u00d7]*")


Font = Literal["gbk", "gb18030", "utf8", "raster"]  # how Chinese is told to a printer; raster: as pictures of the lines


@dataclass(frozen=True, slots=True, kw_only=True)
class SetLine:
    """One line that fits the paper."""

    text: str
    align: Literal["left", "center", "right"] = "left"
    bold: bool = False
    size: int = 1
    font: Font | None = None  # other than the printer's own


def clean(text: str) -> str:
    """Printable characters and line ends only: what a guest or a supplier typed must never be a command to the printer."""
    text = text.replace(_YEN, _YEN_ON_PAPER)
    if _PLAIN.fullmatch(text):
        return text
    return "".join(map(_clean, unicodedata.normalize("NFC", text).replace("\r\n", "\n")))


@lru_cache(maxsize=4096)
def _clean(char: str) -> str:
    shown = _SAME_ON_PAPER.get(char, char)
    kind = unicodedata.category(shown[0])
    if kind == "Cs":
        return "?"
    return "" if kind in {"Cc", "Cf"} and shown != "\n" else shown


@lru_cache(maxsize=4096)
def char_width(char: str) -> int:
    """Columns one character takes."""
    if char < "\x7f":
        return 1
    if unicodedata.combining(char) or "\ufe00" <= char <= "\ufe0f":
        return 0
    return 2 if in_gbk(char) or unicodedata.east_asian_width(char) in "WF" else 1


@lru_cache(maxsize=4096)
def in_gbk(char: str) -> bool:
    """Whether a Chinese printer has this character in its own font, and well: its é and ü are as wide as a Chinese character."""
    try:
        char.encode("gbk")
    except UnicodeEncodeError:
        return False
    return char.isascii() or not unicodedata.name(char, "").startswith("LATIN ")


def prints_in(text: str, font: Font) -> bool:
    """Whether a whole line can be left to the printer's own fonts: those of GB 18030 and UTF-8 have extension A as well."""
    if font == "raster":
        return text.isascii() and _PLAIN.fullmatch(text) is not None
    if _PLAIN.fullmatch(text):
        return True
    return all(in_gbk(char) or (font != "gbk" and "\u3400" <= char <= "\u4db5") for char in text)


def width(text: str) -> int:
    """Columns a text takes."""
    if text.isascii():
        return len(text)
    return len(text.encode("gbk")) if _PLAIN.fullmatch(text) else sum(map(char_width, text))


def wrap(text: str, columns: int) -> list[str]:
    """Lines of at most `columns`: broken at blanks, within Chinese anywhere, within a word only when it is longer than a line."""
    if "\n" not in text and width(text) <= columns:
        return [text.rstrip()]
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for piece in _pieces(paragraph):
            if width(line) + width(piece) <= columns:
                line += piece
                continue
            if line.strip():
                lines.append(line.rstrip())
            line = piece.lstrip()
            while width(line) > columns:
                head = _head(line, columns)
                lines.append(head)
                line = line[len(head) :]
        lines.append(line.rstrip())
    return lines


def _pieces(text: str) -> Iterator[str]:
    """Words with the blank before them, and wide characters one by one."""
    word = ""
    for char in text:
        if char_width(char) == 2:
            if word:
                yield word
            word = ""
            yield char
        elif char == " " and word.strip():
            yield word
            word = char
        else:
            word += char
    if word:
        yield word


def _head(text: str, columns: int) -> str:
    used = 0
    for at, char in enumerate(text):
        used += char_width(char)
        if used > columns:
            return text[: max(1, at)]
    return text
