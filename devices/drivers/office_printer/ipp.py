"""IPP messages (RFC 8010 for the bytes, RFC 8011 for what they mean), as much of it as a client needs. No I/O.

Requests are of version 1.1, which printers of every later version take too.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum

VERSION = b"\x01\x01"
ATTRIBUTES_MAX = 4000
OPERATION_GROUP, JOB_GROUP, END, PRINTER_GROUP = 0x01, 0x02, 0x03, 0x04
INTEGER, BOOLEAN, ENUM = 0x21, 0x22, 0x23
NAME, KEYWORD, URI, CHARSET, LANGUAGE, MIME = 0x42, 0x44, 0x45, 0x47, 0x48, 0x49
_RANGE, _BEGIN, _TEXT_IN, _NAME_IN, _FINISH = 0x33, 0x34, 0x35, 0x36, 0x37
_TEXTS = range(0x41, 0x4A)

Value = int | bool | str | bytes | tuple[int, ...]
Attributes = Mapping[str, tuple[Value, ...]]
Wanted = tuple[int, str, Iterable[str | int]]  # tag, name, values


class Op(IntEnum):
    """What is asked for."""

    PRINT_JOB = 0x02
    CANCEL_JOB = 0x08
    GET_JOB_ATTRIBUTES = 0x09
    GET_JOBS = 0x0A
    GET_PRINTER_ATTRIBUTES = 0x0B


class NotIpp(ValueError):
    """These bytes are no IPP message, or one longer than any printer has reason to send."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a printer says: below 0x0100 it did what was asked."""

    status: int
    request: int
    printer: Attributes = field(default_factory=dict)
    jobs: tuple[Attributes, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether it was done, perhaps without what was only wished."""
        return self.status < 0x0100


def request(operation: Op, number: int, about: Iterable[Wanted], job: Iterable[Wanted] = ()) -> bytes:
    """The bytes in front of a document, or the whole message. `number` comes back with the answer."""
    head = VERSION + struct.pack(">Hi", operation, number) + bytes((OPERATION_GROUP,))
    charset = [(CHARSET, "attributes-charset", ["utf-8"]), (LANGUAGE, "attributes-natural-language", ["en"])]
    body = b"".join(_attribute(*wanted) for wanted in (*charset, *about))
    of_job = b"".join(_attribute(*wanted) for wanted in job)
    return head + body + (bytes((JOB_GROUP,)) + of_job if of_job else b"") + bytes((END,))


def _attribute(tag: int, name: str, values: Iterable[str | int]) -> bytes:
    out = b""
    for at, value in enumerate(values):
        named = b"" if at else name.encode("ascii")
        said = struct.pack(">i", value) if isinstance(value, int) else value.encode("utf-8")
        out += bytes((tag,)) + struct.pack(">H", len(named)) + named + struct.pack(">H", len(said)) + said
    return out


def read(data: bytes) -> Answer:
    """An answer. Raises NotIpp."""
    try:
        return _read(data)
    except (struct.error, IndexError, UnicodeDecodeError) as why:
        raise NotIpp(str(why)) from why


def _read(data: bytes) -> Answer:
    status, number = struct.unpack_from(">Hi", data, 2)
    if data[0] not in {1, 2}:
        raise NotIpp("version")
    groups: list[tuple[int, dict[str, tuple[Value, ...]]]] = []
    name, depth, at, count = "", 0, 8, 0
    while data[at] != END:
        tag, at = data[at], at + 1
        if tag < 0x10:
            groups.append((tag, {}))
            name, depth = "", 0
            continue
        named, at = _piece(data, at)
        value, at = _piece(data, at)
        name = named.decode("ascii") or name
        count += 1
        if not groups or not name or count > ATTRIBUTES_MAX:
            raise NotIpp("attributes")
        if depth == 0 and tag != _BEGIN:
            group = groups[-1][1]
            group[name] = (*group.get(name, ()), _value(tag, value))
        depth += (tag == _BEGIN) - (tag == _FINISH and depth > 0)  # what is in a collection is of no use here
    printer: dict[str, tuple[Value, ...]] = {}
    for kind, found in groups:
        printer.update(found if kind == PRINTER_GROUP else {})
    return Answer(status=status, request=number, printer=printer, jobs=tuple(found for kind, found in groups if kind == JOB_GROUP))


def _piece(data: bytes, at: int) -> tuple[bytes, int]:
    (length,) = struct.unpack_from(">H", data, at)
    end = at + 2 + length
    if end > len(data):
        raise NotIpp("cut short")
    return data[at + 2 : end], end


def _value(tag: int, data: bytes) -> Value:
    if tag in {INTEGER, ENUM}:
        return int(struct.unpack(">i", data)[0])
    if tag == BOOLEAN:
        return data != b"\x00"
    if tag == _RANGE:
        return tuple(struct.unpack(">ii", data))
    if tag in {_TEXT_IN, _NAME_IN}:  # language, then the text itself
        _, at = _piece(data, 0)
        return _piece(data, at)[0].decode("utf-8", "replace")
    if tag in _TEXTS:
        return data.decode("utf-8", "replace")
    return data


def number(found: Attributes, name: str) -> int | None:
    """The first value where it is a number; None where it is not told."""
    first = next(iter(found.get(name, ())), None)
    return first if isinstance(first, int) and not isinstance(first, bool) else None


def text(found: Attributes, name: str, longest: int = 120) -> str:
    """The first value where it is a text, without anything that cannot be printed; else empty."""
    first = next(iter(found.get(name, ())), "")
    return "".join(letter for letter in first if letter.isprintable()).strip()[:longest] if isinstance(first, str) else ""


def texts(found: Attributes, name: str) -> tuple[str, ...]:
    """All values that are texts."""
    return tuple(value for value in found.get(name, ()) if isinstance(value, str))
