"""TSPL, after TSC's programming manual: one command a line; ESC ! ? is answered with one byte, at once, by printers that answer at all."""

from __future__ import annotations

import re
from collections.abc import Iterable

from devices.drivers.label_printer.label import Bars, Ink, LabelProfile, Picture, Words
from devices.drivers.label_printer.language import Language, NotAStatus, Status

FONT = "2"  # 12 by 20 dots
# Bits on TSC. Clones that count states instead say 07 for an open lid: read as bits, it is open as well.
_STOPS = ((0x01, "head_open"), (0x04, "paper_out"), (0x08, "ribbon_out"), (0x02, "printer_error"), (0x10, "printer_paused"))
_PRINTING, _OTHER = 0x20, 0x80


def status(answer: bytes) -> Status:
    """The first byte of an answer to ESC ! ?. Raises NotAStatus."""
    if not answer or answer[0] & 0x40:
        raise NotAStatus
    bits = answer[0]
    why = next((why for bit, why in _STOPS if bits & bit), "printer_error" if bits & _OTHER else "")
    return Status(stopped_by=why, busy=bool(bits & _PRINTING))


def say(inks: Iterable[Ink], profile: LabelProfile, count: int) -> bytes:
    """The whole label, `count` times."""
    head = (
        b"",  # ends a line somebody else left open
        f"SIZE {profile.width_mm:g} mm,{profile.height_mm:g} mm".encode(),
        f"GAP {profile.gap_mm:g} mm,0 mm".encode(),
        b"DIRECTION 1",
        b"REFERENCE 0,0",
        b"CLS",
    )
    return b"\r\n".join((*head, *map(_command, inks), f"PRINT 1,{count}".encode(), b""))


def _command(ink: Ink) -> bytes:
    match ink:
        case Words():
            size = ink.set_line.size
            return f'TEXT {ink.x},{ink.y + 5 * size},"{FONT}",0,{size},{size},"{ink.set_line.text}"'.encode("ascii")
        case Bars():
            return f'BARCODE {ink.x},{ink.y},"EAN13",{ink.rows},1,0,{ink.module},{ink.module},"{ink.digits}"'.encode()
        case Picture():
            white_is_one = bytes(byte ^ 0xFF for byte in b"".join(ink.rows))
            return f"BITMAP {ink.x},{ink.y},{len(ink.rows[0])},{len(ink.rows)},0,".encode() + white_is_one


def wash(profile: LabelProfile) -> bytes:
    """Empty lines: they fill up a picture that broke off, the largest there can be, and say nothing to a printer that was in none."""
    return b"\r\n" * ((profile.wide // 8 + 1) * profile.high // 2 + 1) + b"CLS\r\n"


TSPL = Language(
    ask=b"\x1b!?",
    whole=bool,
    status=status,
    plain=re.compile(r"[ !#-\[\]-}]*"),  # no quote, no backslash, and no ~, with which commands begin that are obeyed anywhere
    say=say,
    wash=wash,
)
