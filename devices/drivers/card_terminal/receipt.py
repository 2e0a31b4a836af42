"""What a terminal would have printed: lines for the guest and for the shop, bounded, and no card's number whole among them."""

from __future__ import annotations

import re

from devices.drivers.card_terminal import zvt
from devices.drivers.card_terminal.zvt import Apdu

LINES_MAX = 120
LINE_MAX = 60
FEEDS_MAX = 3
_FEED = 0xFF  # attribute of a line: so many empty ones
_SHOP, _GUEST = 1, 2
_READ_MAX = 400  # bytes of one line
# twelve digits or more, in groups or not; all but the last four are covered. A0 00 00 and D2 76 begin the name of an application, no number
_LONG_NUMBER = re.compile(r"(?<!\d)(?!(?<=\bA)00000|(?<=\bD)276)(\d(?:[ .-]?\d){7,})((?:[ .-]?\d){4})(?!\d)")


class Papers:
    """Receipts as they come, line by line (06 D1) or whole (06 D3)."""

    def __init__(self) -> None:
        self._lines: dict[int, list[str]] = {}
        self._kept = 0

    def add(self, apdu: Apdu) -> None:
        """One line, or a block of them."""
        if apdu.control == zvt.PRINT_LINE:
            self._line(0, apdu.data[:1], apdu.data[1:])
            return
        found = zvt.objects(zvt.bitmaps(apdu.data).get(zvt.TLV, b""))
        kind = next((content[0] for tag, content in found if tag == zvt.RECEIPT_KIND and content), 0)
        for tag, content in found:
            if tag == zvt.TEXT:
                self._line(kind, b"\x00", content)

    def of_guest(self) -> list[str]:
        """The lines for the guest; when the terminal does not say whom they are for, all of them."""
        return self._lines.get(_GUEST) or self._lines.get(0, [])

    def of_shop(self) -> list[str]:
        """The lines the terminal means for the shop."""
        return self._lines.get(_SHOP, [])

    def _line(self, kind: int, attribute: bytes, content: bytes) -> None:
        texts = [covered(printable(content[:_READ_MAX]))[:LINE_MAX]]
        if attribute and attribute[0] == _FEED:
            texts = [""] * min(content[0] if content else 1, FEEDS_MAX)
        room = LINES_MAX - self._kept
        self._lines.setdefault(kind, []).extend(texts[:room])
        self._kept += min(len(texts), room)


def printable(content: bytes) -> str:
    """Text of a terminal (code page 437) without control characters."""
    return "".join(c for c in content.decode("cp437") if c.isprintable()).rstrip()


def covered(text: str) -> str:
    """No number as long as a card's stays whole."""
    return _LONG_NUMBER.sub(lambda found: re.sub(r"\d", "*", found[1]) + found[2], text)
