"""ZVT, application layer: what is said between a till and a terminal (ECR-Interface ZVT-Protocol PA00P015, revision 13).

An APDU is a control field of two bytes, a length (one byte; `FF` and two bytes, the low one first, from 255 on) and data, mostly
a row of bitmaps (BMP): a number and as many bytes as belong to it. Amounts are six bytes BCD in minor units. Bytes that are no ZVT
raise NotZvt; nothing else leaves a decoder.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

DATA_MAX = 8192
AMOUNT_MAX = 10**12 - 1
LONG = 0xFF

REGISTRATION, AUTHORISATION, REPEAT_RECEIPT, REVERSAL, END_OF_DAY, ABORT_WISH, STATUS_ENQUIRY = (
    0x0600,
    0x0601,
    0x0620,
    0x0630,
    0x0650,
    0x06B0,
    0x0501,
)
STATUS, PROGRESS, COMPLETION, ABORT, PRINT_LINE, PRINT_BLOCK = 0x040F, 0x04FF, 0x060F, 0x061E, 0x06D1, 0x06D3
POSITIVE, NEGATIVE, AGAIN_LATER = 0x80, 0x84, 0x9C
CLASSES = frozenset({0x04, 0x05, 0x06, 0x08, POSITIVE, NEGATIVE})

AMOUNT, TLV, TRACE, TIME, DATE, STATE, PAN, RESULT, TERMINAL, AUTH_CODE, CURRENCY, RECEIPT, CARD_NAME, SERVICE, VERSION = (
    0x04,
    0x06,
    0x0B,
    0x0C,
    0x0D,
    0x19,
    0x22,
    0x27,
    0x29,
    0x3B,
    0x49,
    0x87,
    0x8B,
    0x03,
    0xF0,
)
_FIXED = {
    **dict.fromkeys((0x01, 0x02, 0x03, 0x05, 0x19, 0x27, 0x8A, 0x8C, 0xA0, 0xD0, 0xD2, 0xD3), 1),
    **dict.fromkeys((0x0D, 0x0E, 0x17, 0x3A, 0x49, 0x87), 2),
    **dict.fromkeys((0x0B, 0x0C, 0x37, 0x3D, 0x88, 0xAA), 3),
    **dict.fromkeys((0x29,), 4),
    **dict.fromkeys((0xBA,), 5),
    **dict.fromkeys((0x04,), 6),
    **dict.fromkeys((0x3B, 0xEB), 8),
    **dict.fromkeys((0x2A,), 15),
}
_COUNTED = {  # how many digits the length in front has: LLVAR, LLLVAR
    **dict.fromkeys((0x22, 0x23, 0x2D, 0x8B, 0xA7, 0xD1, *range(0xF1, 0xF9), *range(0xE1, 0xE9)), 2),
    **dict.fromkeys((0x24, 0x2E, 0x3C, 0x60, 0x9A, 0xAF, VERSION), 3),
}
RECEIPT_KIND, PRINT_TEXTS, TEXT = 0x1F07, 0x25, 0x07
_CONSTRUCTED = 0x20
_DEPTH_MAX = 4


class NotZvt(ValueError):
    """These bytes are no ZVT."""


@dataclass(frozen=True, slots=True)
class Apdu:
    """One message. `control` is both bytes of its control field."""

    control: int
    data: bytes = field(default=b"", repr=False)  # may hold a card's number

    @property
    def is_answer(self) -> bool:
        """Whether it answers one of ours: 80 00, or 84 with a reason."""
        return self.control >> 8 in {POSITIVE, NEGATIVE}

    @property
    def agrees(self) -> bool:
        """80 00, and 84 00 of old terminals."""
        return self.control in {POSITIVE << 8, NEGATIVE << 8}

    def encoded(self) -> bytes:
        """As it goes over TCP."""
        head = self.control.to_bytes(2, "big")
        count = len(self.data)
        length = bytes((count,)) if count < LONG else bytes((LONG,)) + count.to_bytes(2, "little")
        return head + length + self.data


YES = Apdu(POSITIVE << 8)


def first_apdu(heard: bytes) -> tuple[Apdu | None, int]:
    """The first APDU of `heard` and how many bytes it takes; (None, 0) while it is not whole. Raises NotZvt."""
    if heard and heard[0] not in CLASSES:
        raise NotZvt
    if len(heard) < 3:
        return None, 0
    starts, count = 3, heard[2]
    if count == LONG:
        if len(heard) < 5:
            return None, 0
        starts, count = 5, int.from_bytes(heard[3:5], "little")
    if count > DATA_MAX:
        raise NotZvt
    if len(heard) < starts + count:
        return None, 0
    return Apdu(int.from_bytes(heard[:2], "big"), heard[starts : starts + count]), starts + count


def bitmaps(data: bytes) -> dict[int, bytes]:
    """BMPs by number, each once. Behind one whose length nobody knows nothing is read: it could be anything."""
    found: dict[int, bytes] = {}
    at = 0
    while at < len(data):
        number = data[at]
        starts, count = _extent(data, at + 1, number)
        if count < 0 or starts + count > len(data):
            break
        found.setdefault(number, data[starts : starts + count])
        at = starts + count
    return found


def _extent(data: bytes, at: int, number: int) -> tuple[int, int]:
    """Where the content of a BMP starts and how long it is; -1 for what is not known."""
    if number in _FIXED:
        return at, _FIXED[number]
    if number == TLV:
        return _tlv_length(data, at)
    digits = _COUNTED.get(number, 0)
    head = data[at : at + digits]
    if not digits or len(head) < digits or any(b >> 4 != 0xF or b & 0x0F > 9 for b in head):
        return at, -1
    count = 0
    for b in head:
        count = count * 10 + (b & 0x0F)
    return at + digits, count


def _tlv_length(data: bytes, at: int) -> tuple[int, int]:
    """BER: one byte, or 81 and one, or 82 and two."""
    first = data[at] if at < len(data) else LONG
    if first < 0x80:
        return at + 1, first
    more = first & 0x7F
    if more not in {1, 2} or at + 1 + more > len(data):
        return at, -1
    return at + 1 + more, int.from_bytes(data[at + 1 : at + 1 + more], "big")


def objects(data: bytes, depth: int = 0) -> list[tuple[int, bytes]]:
    """The TLV objects of a container in their order, those inside of others behind them."""
    found: list[tuple[int, bytes]] = []
    at = 0
    while at < len(data):
        tag, constructed = data[at], bool(data[at] & _CONSTRUCTED)
        at += 1
        if tag & 0x1F == 0x1F:
            if at >= len(data) or data[at] & 0x80:
                break
            tag, at = tag << 8 | data[at], at + 1
        starts, count = _tlv_length(data, at)
        if count < 0 or starts + count > len(data):
            break
        content = data[starts : starts + count]
        found.append((tag, content))
        if constructed and depth < _DEPTH_MAX:
            found += objects(content, depth + 1)
        at = starts + count
    return found


def bcd(number: int, count: int) -> bytes:
    """`number` in `count` bytes BCD. Raises ValueError when it does not fit."""
    digits = f"{number:0{2 * count}d}"
    if number < 0 or len(digits) > 2 * count:
        raise ValueError(number)
    return bytes.fromhex(digits)


def number_of(content: bytes | None) -> int | None:
    """BCD as a number; None for what is no number."""
    digits = (content or b"").hex()
    return int(digits) if digits.isdecimal() else None


def amount_bmp(minor: int) -> bytes:
    """BMP 04."""
    return bytes((AMOUNT,)) + bcd(minor, 6)


def masked(pan: bytes | None) -> str:
    """The number of a card (BMP 22), all but its last four digits as `*`; empty when there is none. `E` is masked already, `F` fills up."""
    digits = (pan or b"").hex().rstrip("f")
    last = "".join(d if d.isdecimal() else "*" for d in digits[-4:])
    return "****" + last if len(digits) > 4 else "*" * len(digits)


def result_code(apdu: Apdu, fields: Mapping[int, bytes]) -> int | None:
    """How it went: 0 is well; None when it does not say. An abort has it as its first byte."""
    if apdu.control == ABORT:
        return apdu.data[0] if apdu.data else LONG
    said = fields.get(RESULT)
    return said[0] if said else None


def terminal_state(data: bytes) -> int | None:
    """The state in the completion of a status enquiry: alone, behind a version (BMP F0), or as BMP 27; None when it does not tell."""
    if len(data) == 1:
        return data[0]
    if data[:1] == bytes((VERSION,)):
        starts, count = _extent(data, 1, VERSION)
        return data[starts + count] if count >= 0 and starts + count < len(data) else None
    if data[1:2] == bytes((TLV,)):
        return data[0]
    said = bitmaps(data).get(RESULT)
    return said[0] if said else None
