"""The end of a wire that types: a FIFO into which the kernel's records of a keyboard are written, as a scanner set up as a keyboard makes them."""

from __future__ import annotations

import contextlib
import os
import struct
from pathlib import Path
from typing import Literal

from devices.simulators.wire import Received

Separator = Literal["ctrl_bracket", "f8", "alt_029", "lost"]
PIPE_PIECE = 170 * 24  # whole records, and little enough to be written at once or not at all
_RECORD = struct.Struct("@llHHi")
_SHIFT, _RIGHT_SHIFT, _CTRL, _ALT, _BRACKET, _F8, _ENTER, _UNKNOWN = 42, 54, 29, 56, 27, 66, 28, 240
_ON_PAD = {"0": 82, "2": 80, "9": 73}
_WITHOUT_SHIFT = {
    "1": 2, "2": 3, "3": 4, "4": 5, "5": 6, "6": 7, "7": 8, "8": 9, "9": 10, "0": 11, "-": 12, "=": 13, "q": 16, "w": 17, "e": 18, "r": 19,
    "t": 20, "y": 21, "u": 22, "i": 23, "o": 24, "p": 25, "[": 26, "]": 27, "a": 30, "s": 31, "d": 32, "f": 33, "g": 34, "h": 35, "j": 36,
    "k": 37, "l": 38, ";": 39, "'": 40, "`": 41, "\\": 43, "z": 44, "x": 45, "c": 46, "v": 47, "b": 48, "n": 49, "m": 50, ",": 51, ".": 52,
    "/": 53, " ": 57, "\r": _ENTER, "\n": _ENTER, "\x02": 48, "\x03": 46,
}  # fmt: skip
_WITH_SHIFT = dict(zip('!@#$%^&*()_+QWERTYUIOP{}ASDFGHJKL:"~|ZXCVBNM<>?', "1234567890-=qwertyuiop[]asdfghjkl;'`\\zxcvbnm,./", strict=True))


class KeysEnd:
    """Types what it is told to send. `link` is the path of the FIFO."""

    def __init__(self, link: Path, received: Received) -> None:
        self.link, self.received = link, received
        self.separator: Separator = "ctrl_bracket"
        self.drop_after: int | None = None  # the kernel drops records after so many characters, once
        self.lose_release = False  # the next release of a shift key is lost
        self._fifo: int | None = None
        self._shifts = 0

    @property
    def plugged(self) -> bool:
        """Whether the node is there."""
        return self._fifo is not None

    async def plug_in(self) -> None:
        """Make the node. Idempotent."""
        if self._fifo is None:
            self.link.unlink(missing_ok=True)
            os.mkfifo(self.link, 0o600)
            self._fifo = os.open(self.link, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)  # opened so, it needs no reader

    async def pull(self) -> None:
        """Take the node away; whoever has it open reads an end. Idempotent."""
        fifo, self._fifo = self._fifo, None
        if fifo is not None:
            self.link.unlink(missing_ok=True)
            os.close(fifo)

    def drop(self) -> None:
        """A keyboard has no connection to break."""

    def hold_reading(self, *, hold: bool) -> None:
        """Nothing is ever written to it."""

    def send(self, data: bytes) -> bool:
        """Type it; False when it is pulled out or nobody reads for long. What is on no US keyboard is a key nobody knows."""
        return self.send_records(self.records_of(data.decode("utf-8", "replace")))

    def send_records(self, records: bytes) -> bool:
        """Write records as they are."""
        if self._fifo is None or not records:
            return False
        with contextlib.suppress(BlockingIOError):
            for at in range(0, len(records), PIPE_PIECE):
                os.write(self._fifo, records[at : at + PIPE_PIECE])
            return True
        return False

    def records_of(self, text: str) -> bytes:
        """The records of typing `text`, with the faults that are due."""
        out = bytearray()
        for at, char in enumerate(text):
            if at == self.drop_after:
                self.drop_after = None
                out += _event(0, 3, 0) + _event(1, 30, 0) + _event(0, 0, 0)
                continue
            out += self._char(char)
        return bytes(out)

    def _char(self, char: str) -> bytes:
        if char == "\x1d":
            return self._separator()
        if char in "\x02\x03":
            return _down(_CTRL) + _stroke(_WITHOUT_SHIFT[char]) + _up(_CTRL)
        if plain := _WITHOUT_SHIFT.get(char):
            return _stroke(plain)
        if char not in _WITH_SHIFT:
            return _stroke(_UNKNOWN)
        key = _WITHOUT_SHIFT[_WITH_SHIFT[char]]
        self._shifts += 1
        shift = _SHIFT if self._shifts % 2 else _RIGHT_SHIFT  # some scanners use both
        lost, self.lose_release = self.lose_release, False
        return _down(shift) + _stroke(key) + (b"" if lost else _up(shift))

    def _separator(self) -> bytes:
        match self.separator:
            case "ctrl_bracket":
                return _down(_CTRL) + _stroke(_BRACKET) + _up(_CTRL)
            case "f8":
                return _stroke(_F8)
            case "alt_029":
                return _down(_ALT) + b"".join(_stroke(_ON_PAD[digit]) for digit in "029") + _up(_ALT)
            case _:
                return b""


def _event(kind: int, code: int, value: int) -> bytes:
    return _RECORD.pack(0, 0, kind, code, value)


def _down(key: int) -> bytes:
    return _event(4, 4, 0x70000 + key) + _event(1, key, 1) + _event(0, 0, 0)


def _up(key: int) -> bytes:
    return _event(4, 4, 0x70000 + key) + _event(1, key, 0) + _event(0, 0, 0)


def _stroke(key: int) -> bytes:
    return _down(key) + _up(key)
