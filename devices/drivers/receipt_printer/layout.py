"""A document set into lines for a paper of so many columns. Knows no bytes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from devices.drivers.lettering import SetLine, clean, width, wrap
from hub.ports import Document, Ean13, Qr


@dataclass(frozen=True, slots=True, kw_only=True)
class Blank:
    """Empty lines."""

    lines: int


Set = SetLine | Blank | Qr | Ean13


def set_document(document: Document, columns: int, copy_no: int = 0) -> Iterator[Set]:
    """The document line by line; a copy says so at the head."""
    if copy_no:
        yield SetLine(text=f"补打 / COPY {copy_no}", align="center", bold=True, size=2 if columns >= 32 else 1)
        yield SetLine(text="-" * columns)
    for block in document.blocks:
        if block.block == "text":
            for line in wrap(clean(block.text), columns // block.size):
                yield SetLine(text=line, align=block.align, bold=block.bold, size=block.size, font=block.font)
        elif block.block == "columns":
            for line in beside(clean(block.left), clean(block.right), columns // block.size):
                yield SetLine(text=line, bold=block.bold, size=block.size)
        elif block.block == "rule":
            yield SetLine(text="-" * columns)
        elif block.block == "feed":
            yield Blank(lines=block.lines)
        else:
            yield block


def beside(left: str, right: str, columns: int) -> list[str]:
    """`left` wrapped, `right` at the right edge of its last line; under it when there is no room for both."""
    right = right.replace("\n", " ")
    room = columns - width(right) - 1
    if room < columns // 3:
        return [*wrap(left, columns), *(" " * (columns - width(line)) + line for line in wrap(right, columns))]
    *above, last = wrap(left, room)
    return [*above, last + " " * (columns - width(last) - width(right)) + right]
