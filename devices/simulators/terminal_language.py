"""ZVT as a terminal speaks it, for the simulator alone: messages over TCP, and frames over a serial line."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

CARD = "4761730000000119"  # a test card; it is sent whole, as careless terminals do
TERMINAL_ID = "52500041"
LENGTHS = {0x03: 1, 0x04: 6, 0x19: 1, 0x49: 2, 0x87: 2}
ACK, NAK = b"\x06", b"\x15"
HEARD_MAX = 70_000
PAUSE_S = 0.2  # between two bytes of one frame


def _crc_table() -> list[int]:
    table = []
    for n in range(256):
        for _ in range(8):
            n = (n >> 1) ^ (0x8408 if n & 1 else 0)
        table.append(n)
    return table


_CRC = _crc_table()


def check(apdu: bytes) -> bytes:
    """The two bytes behind a frame."""
    c = 0
    for b in apdu + b"\x03":
        c = _CRC[(c ^ b) & 0xFF] ^ (c >> 8)
    return bytes((c & 0xFF, c >> 8))


@dataclass(frozen=True, slots=True)
class Said:
    """One message: two bytes of control field, in hex, and its data."""

    control: str
    data: bytes = b""

    def plain(self) -> bytes:
        """As it goes over TCP."""
        size = len(self.data)
        count = bytes([size]) if size < 255 else b"\xff" + bytes([size % 256, size // 256])
        return bytes.fromhex(self.control) + count + self.data

    def frame(self) -> bytes:
        """As it goes over a serial line."""
        raw = self.plain()
        return b"\x10\x02" + raw.replace(b"\x10", b"\x10\x10") + b"\x10\x03" + check(raw)


class TcpEars:
    """Messages out of a stream."""

    def __init__(self, heard: Callable[[Said], None]) -> None:
        self._heard, self._rest = heard, b""

    def feed(self, data: bytes) -> None:
        """Bytes came."""
        self._rest = (self._rest + data)[-HEARD_MAX:]
        while len(self._rest) >= 3:
            head, size = 3, self._rest[2]
            if size == 255:
                if len(self._rest) < 5:
                    return
                head, size = 5, self._rest[3] + 256 * self._rest[4]
            if len(self._rest) < head + size:
                return
            message, self._rest = self._rest[: head + size], self._rest[head + size :]
            self._heard(Said(message[:2].hex(), message[head:]))


class SerialEars:
    """Frames out of a line, byte by byte. `line` is told of `ok` and `again` for ours; `answer` puts ACK or NAK on the line."""

    def __init__(self, heard: Callable[[Said], None], line: Callable[[str], None], answer: Callable[[bytes], object]) -> None:
        self._heard, self._line, self._answer = heard, line, answer
        self._state, self._apdu, self._sum = "idle", bytearray(), b""
        self._fed_at = 0.0

    def feed(self, data: bytes) -> None:
        """Bytes came; a frame that stopped in the middle is forgotten."""
        now = time.monotonic()
        if now - self._fed_at > PAUSE_S:
            self._state = "idle"
        self._fed_at = now
        for n in data:
            getattr(self, f"_{self._state}")(n)

    def _idle(self, n: int) -> None:
        if n == 0x06:
            self._line("ok")
        elif n == 0x15:
            self._line("again")
        elif n == 0x10:
            self._state = "start"

    def _start(self, n: int) -> None:
        self._state = "body" if n == 0x02 else "idle"
        self._apdu.clear()

    def _body(self, n: int) -> None:
        if n == 0x10:
            self._state = "escape"
        elif len(self._apdu) < HEARD_MAX:
            self._apdu.append(n)

    def _escape(self, n: int) -> None:
        if n == 0x10:
            self._apdu.append(n)
            self._state = "body"
        elif n == 0x02:  # the frame before was torn
            self._start(n)
        else:
            self._state, self._sum = ("sum_of" if n == 0x03 else "idle"), b""

    def _sum_of(self, n: int) -> None:
        self._sum += bytes([n])
        if len(self._sum) < 2:
            return
        self._state = "idle"
        raw = bytes(self._apdu)
        if self._sum != check(raw) or len(raw) < 3:
            self._answer(NAK)
            return
        self._answer(ACK)
        TcpEars(self._heard).feed(raw)


def amount(minor: int) -> bytes:
    """BMP 04."""
    return b"\x04" + bytes.fromhex(f"{minor:012d}")


def two(tag: int, number: int) -> bytes:
    """A BMP of two bytes BCD."""
    return bytes([tag]) + bytes.fromhex(f"{number:04d}")


def bcd(content: bytes | None) -> int | None:
    """A number in BCD; None for what is none."""
    digits = (content or b"").hex()
    return int(digits) if digits.isdecimal() else None


def llvar(tag: int, content: bytes) -> bytes:
    """A BMP with its length in two digits."""
    return bytes([tag, 0xF0 | len(content) // 10, 0xF0 | len(content) % 10]) + content


def tlv(tag: str, content: bytes) -> bytes:
    """One TLV object."""
    size = len(content)
    count = bytes([size]) if size < 128 else b"\x81" + bytes([size]) if size < 256 else b"\x82" + size.to_bytes(2, "big")
    return bytes.fromhex(tag) + count + content


def asked(data: bytes) -> dict[int, bytes]:
    """The BMPs of a till's command; ends at one that is not known."""
    found = {}
    at = 0
    while at < len(data) and (size := LENGTHS.get(data[at])) is not None:
        found[data[at]] = data[at + 1 : at + 1 + size]
        at += 1 + size
    return found
