"""Characters as a simulated printer's font reads them. `charset` is what its maker gave it: GBK, GB 18030 or UTF-8."""

from __future__ import annotations

import unicodedata
from typing import Literal

Charset = Literal["gbk", "gb18030", "utf8"]


def whole(b: bytearray, charset: Charset, *, chinese: bool) -> int:
    """How many bytes from the start are whole characters."""
    at = 0
    while at < len(b) and b[at] >= 0x20:
        size = _size(b[at : at + 2], charset, chinese=chinese)
        if size is None or at + size > len(b):
            break
        at += size
    return at


def read(raw: bytes, charset: Charset, *, chinese: bool) -> list[tuple[str, int]]:
    """Each character with the columns it takes; what is none is the replacement character."""
    if charset == "utf8":
        return [(char, 2 if unicodedata.east_asian_width(char) in "WF" else 1) for char in raw.decode("utf-8", "replace")]
    if not chinese:
        return [(char, 1) for char in raw.decode("cp437")]
    return [(char, 1 if char < "\x80" else 2) for char in raw.decode(charset, "replace")]


def _size(head: bytearray, charset: Charset, *, chinese: bool) -> int | None:
    """Of the character that begins so; None when more must come to tell."""
    first = head[0]
    if charset == "utf8":
        return 1 if first < 0xC0 else 2 if first < 0xE0 else 3 if first < 0xF0 else 4
    if not chinese or first < 0x81:
        return 1
    if charset == "gb18030":
        return None if len(head) < 2 else 4 if 0x30 <= head[1] <= 0x39 else 2
    return 2
