"""What a scanner that pretends to be a keyboard types, as the bytes its serial sister would send. No I/O.

The kernel tells of keys in records of 24 bytes (`struct input_event` of 64-bit Linux): time, type, code, value. Keys are read as those
of a US keyboard whatever the system's layout is, because that is what scanners are made to type. Enter is CR. The separator of GS1 (GS, 1D)
comes as Ctrl-], F8 or Alt with 029 typed on the number pad, depending on how the scanner is set up. What cannot be known, because
the kernel dropped records or a key means nothing in a code, comes out as SUB (1A), which no code may hold: the code is refused whole.
"""

from __future__ import annotations

import re
import struct

NODE = re.compile(r"(?P<device>.+?)(-if\d\d|:\d+\.\d+)?-event-kbd")  # names below /dev/input/by-id and by-path
EVENT = struct.Struct("@qqHHi")
GS, CR, SUB = 0x1D, 0x0D, 0x1A
_SYN, _KEY = 0, 1
_REPORT, _DROPPED = 0, 3
_PRESSED, _RELEASED = 1, 0
_F8 = 66
_SHIFT, _CTRL, _ALT = frozenset({42, 54}), frozenset({29, 97}), frozenset({56, 100})
_MODIFIERS = _SHIFT | _CTRL | _ALT
_SILENT = frozenset({58, 69, 70, 125, 126})  # locks and logo keys: they mean nothing in a code
_ENTER = frozenset({28, 96})
_ROWS = (  # first key code of a run, its characters, the same with shift
    (2, "1234567890-=", "!@#$%^&*()_+"),
    (16, "qwertyuiop[]", "QWERTYUIOP{}"),
    (30, "asdfghjkl;'`", 'ASDFGHJKL:"~'),
    (43, "\\zxcvbnm,./", "|ZXCVBNM<>?"),
    (57, " ", " "),
    (15, "\t", "\t"),
)
_PAD = {
    55: "*",
    71: "7",
    72: "8",
    73: "9",
    74: "-",
    75: "4",
    76: "5",
    77: "6",
    78: "+",
    79: "1",
    80: "2",
    81: "3",
    82: "0",
    83: ".",
    98: "/",
}
_PLAIN = _PAD | {first + at: char for first, row, _ in _ROWS for at, char in enumerate(row)}
_SHIFTED = _PAD | {first + at: char for first, _, row in _ROWS for at, char in enumerate(row)}
_TYPED_MAX = 4


def device_of(name: str) -> str:
    """The device a keyboard node of this stable name belongs to: one device may type on several. Empty for other names."""
    found = NODE.fullmatch(name)
    return found["device"] if found else ""


class Keys:
    """The keys of one keyboard. Records may come in any pieces."""

    def __init__(self) -> None:
        self._rest = b""
        self._down: set[int] = set()  # of the modifiers
        self._typed = ""  # with Alt held down
        self._deaf = False  # records were dropped: what comes up to the next report is the rest of something

    def feed(self, data: bytes) -> bytes:
        """The bytes that were typed by these records."""
        data = self._rest + data
        whole = len(data) - len(data) % EVENT.size
        self._rest = data[whole:]
        out = bytearray()
        for _, _, kind, code, value in EVENT.iter_unpack(data[:whole]):
            if kind == _KEY and not self._deaf:
                self._key(code, value, out)
            elif kind == _SYN and code == _DROPPED:
                self._deaf = True
                self._all_up()
                out.append(SUB)
            elif kind == _SYN and code == _REPORT:
                self._deaf = False
        return bytes(out)

    def _key(self, code: int, value: int, out: bytearray) -> None:
        if code in _MODIFIERS:
            self._modifier(code, value, out)
        elif value == _PRESSED and code not in _SILENT:  # one that is held down repeats: that is no second character
            if code in _ENTER:
                self._all_up()  # a scanner holds nothing down from one code to the next: a lost release ends here
                out.append(CR)
            elif self._down & _ALT:
                self._typed = (self._typed + (_PLAIN.get(code, "x")))[:_TYPED_MAX]
            else:
                out.append(self._character(code))

    def _modifier(self, code: int, value: int, out: bytearray) -> None:
        if value == _PRESSED:
            self._down.add(code)
        elif value == _RELEASED:
            self._down.discard(code)
            if code in _ALT and not self._down & _ALT and self._typed:
                out.append(_of_number(self._typed))
                self._typed = ""

    def _character(self, code: int) -> int:
        if code == _F8:
            return GS
        if self._down & _CTRL:
            upper = _PLAIN.get(code, "").upper()
            return ord(upper) & 0x1F if len(upper) == 1 and "A" <= upper <= "]" else SUB
        char = (_SHIFTED if self._down & _SHIFT else _PLAIN).get(code)
        return ord(char) if char else SUB

    def _all_up(self) -> None:
        self._down.clear()
        self._typed = ""


def _of_number(typed: str) -> int:
    """The character whose number was typed with Alt held down."""
    number = int(typed) if typed.isdecimal() else SUB
    return number if number < 0x80 else SUB
