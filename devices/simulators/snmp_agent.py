"""The agent in a simulated device: SNMP v2c (RFC 3416) over a tree of OIDs, its BER by hand. It understands GET, GETNEXT, GETBULK and SET."""

from __future__ import annotations

import bisect
from collections.abc import Callable, Iterator
from dataclasses import dataclass

Oid = tuple[int, ...]
Value = bytes  # encoded, with its tag

INTEGER, OCTETS, NULL, OBJECT_ID, SEQUENCE = 0x02, 0x04, 0x05, 0x06, 0x30
COUNTER32, GAUGE32, TICKS, COUNTER64 = 0x41, 0x42, 0x43, 0x46
GET, GET_NEXT, RESPONSE, SET, GET_BULK = 0xA0, 0xA1, 0xA2, 0xA3, 0xA5
NO_SUCH_OBJECT, END_OF_VIEW = b"\x80\x00", b"\x82\x00"
TOO_BIG, NOT_WRITABLE = 1, 17
ANSWER_BYTES_MAX = 1400  # a GETBULK that would be longer is answered with fewer rows, as real agents do


class Malformed(ValueError):
    """Bytes that are no SNMP v2c request."""


def tlv(tag: int, body: bytes) -> Value:
    """One value with its tag and length."""
    size = len(body)
    if size < 0x80:
        return bytes((tag, size)) + body
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + body


def number(value: int, tag: int = INTEGER) -> Value:
    """An integer, a counter, a gauge or ticks."""
    return tlv(tag, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def octets(text: str) -> Value:
    """A string."""
    return tlv(OCTETS, text.encode())


def object_id(oid: Oid) -> Value:
    """An OID as a value."""
    body = bytearray((oid[0] * 40 + oid[1],))
    for part in oid[2:]:
        septets = [part & 0x7F]
        while part := part >> 7:
            septets.append(0x80 | (part & 0x7F))
        body += bytes(reversed(septets))
    return tlv(OBJECT_ID, bytes(body))


def take(data: bytes, tag: int) -> tuple[bytes, bytes]:
    """What `tag` holds at the head of `data`, and the rest. Raises Malformed."""
    if len(data) < 2 or data[0] != tag:
        raise Malformed
    size, at = data[1], 2
    if size & 0x80:
        at += size & 0x7F
        size = int.from_bytes(data[2:at], "big")
    if len(data) < at + size:
        raise Malformed
    return data[at : at + size], data[at + size :]


def _take_number(data: bytes) -> tuple[int, bytes]:
    body, rest = take(data, INTEGER)
    return int.from_bytes(body, "big", signed=True), rest


def _oid_of(body: bytes) -> Oid:
    if not body:
        raise Malformed
    oid, part = [*divmod(body[0], 40)], 0
    for byte in body[1:]:
        part = part << 7 | (byte & 0x7F)
        if not byte & 0x80:
            oid.append(part)
            part = 0
    return tuple(oid)


@dataclass(frozen=True, slots=True)
class Request:
    """One question: for a GETBULK `first` and `second` are non-repeaters and repetitions. `asked` holds OIDs with their values."""

    community: bytes
    kind: int
    id: int
    first: int
    second: int
    asked: tuple[tuple[Oid, Value], ...]

    @classmethod
    def read(cls, data: bytes) -> Request:
        """Raises Malformed."""
        message, _ = take(data, SEQUENCE)
        version, message = _take_number(message)
        community, message = take(message, OCTETS)
        if version != 1 or not message or message[0] not in {GET, GET_NEXT, SET, GET_BULK}:
            raise Malformed
        kind = message[0]
        pdu, _ = take(message, kind)
        request_id, pdu = _take_number(pdu)
        first, pdu = _take_number(pdu)
        second, pdu = _take_number(pdu)
        bindings, _ = take(pdu, SEQUENCE)
        asked = []
        while bindings:
            binding, bindings = take(bindings, SEQUENCE)
            name, value = take(binding, OBJECT_ID)
            asked.append((_oid_of(name), value))
        return cls(community, kind, request_id, first, second, tuple(asked))


class Tree:
    """OIDs in order, each with a way to its value of now; some can be set."""

    def __init__(self) -> None:
        self._values: dict[Oid, Callable[[], Value]] = {}
        self._setters: dict[Oid, Callable[[int], None]] = {}
        self._order: list[Oid] = []

    def grow(self, oid: str, value: Callable[[], Value], change: Callable[[int], None] | None = None) -> None:
        """Add one leaf; `change` takes the integer it is set to."""
        key = tuple(int(part) for part in oid.split("."))
        self._values[key] = value
        bisect.insort(self._order, key)
        if change is not None:
            self._setters[key] = change

    def get(self, oid: Oid) -> Value:
        """The value, or that there is none."""
        return self._values[oid]() if oid in self._values else NO_SUCH_OBJECT

    def after(self, oid: Oid) -> tuple[Oid, Value]:
        """The next leaf and its value, or that the tree ends."""
        for at in range(bisect.bisect_right(self._order, oid), len(self._order)):
            if (value := self._values[self._order[at]]()) != NO_SUCH_OBJECT:  # a row that is not there now
                return self._order[at], value
        return oid, END_OF_VIEW

    def set(self, oid: Oid, value: Value) -> bool:
        """False when it cannot be changed."""
        if oid not in self._setters:
            return False
        self._setters[oid](_take_number(value)[0])
        return True


def answer(tree: Tree, request: Request, too_big_over: int) -> bytes:
    """The response. A GETBULK of more than `too_big_over` repetitions is refused as tooBig: some agents do that instead of saying less."""
    bindings: list[bytes] = []
    status = index = 0
    match request.kind:
        case 0xA0:
            bindings = [_binding(oid, tree.get(oid)) for oid, _ in request.asked]
        case 0xA1:
            bindings = [_binding(*tree.after(oid)) for oid, _ in request.asked]
        case 0xA3:
            bindings = [_binding(oid, value) for oid, value in request.asked]
            refused = [at for at, (oid, value) in enumerate(request.asked, 1) if not tree.set(oid, value)]
            status, index = (NOT_WRITABLE, refused[0]) if refused else (0, 0)
        case _ if request.second > too_big_over:
            status = TOO_BIG
        case _:
            bindings = list(_bulk(tree, request))
    pdu = number(request.id) + number(status) + number(index) + tlv(SEQUENCE, b"".join(bindings))
    return tlv(SEQUENCE, number(1) + tlv(OCTETS, request.community) + tlv(RESPONSE, pdu))


def _bulk(tree: Tree, request: Request) -> Iterator[bytes]:
    room = ANSWER_BYTES_MAX
    repeated = [oid for oid, _ in request.asked]
    for _ in range(request.second):
        for at, oid in enumerate(repeated):
            following, value = tree.after(oid)
            repeated[at] = following
            binding = _binding(following, value)
            room -= len(binding)
            if room < 0:
                return
            yield binding


def _binding(oid: Oid, value: Value) -> bytes:
    return tlv(SEQUENCE, object_id(oid) + value)
