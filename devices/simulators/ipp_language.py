"""IPP as a printer speaks it: requests read, answers written. Shares nothing with the driver."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

BODY_MAX = 64 * 1024 * 1024
HEAD_MAX = 32 * 1024
OK, BAD_REQUEST, NOT_POSSIBLE, NOT_FOUND, NO_FORMAT, BAD_CHARSET = 0, 0x0400, 0x0404, 0x0406, 0x040A, 0x040D
NO_OPERATION, NO_VERSION, BUSY = 0x0501, 0x0503, 0x0507
_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]{1,8})\r\n", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked\r\n", re.IGNORECASE)
_EXPECTS = re.compile(rb"\r\nexpect: *100-continue\r\n", re.IGNORECASE)


@dataclass(slots=True)
class Asked:
    """One request: `attributes` of its operation group in their order, and the document behind it."""

    version: tuple[int, int]
    operation: int
    number: int
    attributes: dict[str, list[Any]] = field(default_factory=dict)
    groups: list[int] = field(default_factory=list)
    document: bytes = b""

    def first(self, name: str) -> Any:
        """The first value, or None."""
        return self.attributes.get(name, [None])[0]


class PostReader:
    """Requests over HTTP out of the bytes of one connection: `bodies` gives each whole one; None asks for `100 Continue`."""

    def __init__(self) -> None:
        self._held = b""
        self._told = False

    def bodies(self, data: bytes) -> Iterator[bytes | None]:
        """Whole bodies. What is no HTTP, or too long, is thrown away."""
        self._held += data
        while True:
            head, end, rest = self._held.partition(b"\r\n\r\n")
            if not end:
                self._held = self._held if len(head) <= HEAD_MAX else b""
                return
            head += b"\r\n"
            if _EXPECTS.search(head) and not self._told:
                self._told = True
                yield None
            found = _chunks(rest) if _CHUNKED.search(head) else _counted(head, rest)
            if found is None:
                self._held = self._held if len(self._held) <= BODY_MAX else b""
                return
            body, self._held = found
            self._told = False
            yield body


def _counted(head: bytes, rest: bytes) -> tuple[bytes, bytes] | None:
    length = _LENGTH.search(head)
    count = int(length[1]) if length else 0
    return (rest[:count], rest[count:]) if len(rest) >= count else None


def _chunks(rest: bytes) -> tuple[bytes, bytes] | None:
    """All chunks up to the last one, once that is there."""
    body = b""
    while True:
        line, end, after = rest.partition(b"\r\n")
        try:
            count = int(line.split(b";")[0] or b"x", 16)
        except ValueError:
            return (body, b"") if end else None
        if not end or len(after) < count + 2:
            return None
        if count == 0:
            return body, after[2:]
        body, rest = body + after[:count], after[count + 2 :]


def read(body: bytes) -> Asked | None:
    """A request; None for what is none."""
    try:
        return _read(body)
    except (struct.error, IndexError, UnicodeDecodeError):
        return None


def _read(body: bytes) -> Asked:
    major, minor, operation, number = struct.unpack_from(">bbHi", body)
    asked = Asked((major, minor), operation, number)
    at, name, group = 8, "", 0
    while (tag := body[at]) != 3:
        at += 1
        if tag < 0x10:
            group = tag
            asked.groups.append(tag)
            continue
        (long,) = struct.unpack_from(">H", body, at)
        name = body[at + 2 : at + 2 + long].decode() or name
        at += 2 + long
        (long,) = struct.unpack_from(">H", body, at)
        value = body[at + 2 : at + 2 + long]
        at += 2 + long
        if at > len(body):
            raise IndexError(at)
        if group == 1:
            said: Any = struct.unpack(">i", value)[0] if tag in {0x21, 0x23} else value != b"\x00" if tag == 0x22 else value.decode()
            asked.attributes.setdefault(name, []).append(said)
    asked.document = body[at + 1 :]
    return asked


Told = tuple[str, int, Iterable[Any]]  # name, tag, values


def answer(asked: Asked, status: int, groups: Iterable[tuple[int, Iterable[Told]]] = ()) -> bytes:
    """The whole answer over HTTP."""
    major, minor = asked.version if asked.version in {(1, 0), (1, 1), (2, 0)} else (1, 1)
    body = struct.pack(">bbHi", major, minor, status, asked.number) + b"\x01"
    body += _told(("attributes-charset", 0x47, ["utf-8"])) + _told(("attributes-natural-language", 0x48, ["en"]))
    for tag, attributes in groups:
        body += bytes((tag,)) + b"".join(map(_told, attributes))
    body += b"\x03"
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/ipp\r\nContent-Length: %d\r\n\r\n" % len(body) + body


def _told(attribute: Told) -> bytes:
    name, tag, values = attribute
    out, key = b"", name.encode()
    for value in values:
        match value:
            case bool():
                said = bytes((value,))
            case int():
                said = struct.pack(">i", value)
            case tuple():
                said = struct.pack(">ii", *value)
            case bytes():
                said = value
            case _:
                said = str(value).encode()
        out += bytes((tag,)) + struct.pack(">H", len(key)) + key + struct.pack(">H", len(said)) + said
        key = b""
    return out
