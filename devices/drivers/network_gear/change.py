"""One SNMP v2c SET of one integer and its answer, as bytes (RFC 3416): the library only reads."""

from __future__ import annotations

_SEQUENCE, _INTEGER, _OCTETS, _OBJECT_ID, _SET, _RESPONSE = 0x30, 0x02, 0x04, 0x06, 0xA3, 0xA2


def set_request(community: bytes, request_id: int, oid: str, value: int) -> bytes:
    """The datagram. `request_id` is below 2**31."""
    binding = _tlv(_SEQUENCE, _tlv(_OBJECT_ID, _oid(oid)) + _number(value))
    pdu = _number(request_id) + _number(0) + _number(0) + _tlv(_SEQUENCE, binding)
    return _tlv(_SEQUENCE, _number(1) + _tlv(_OCTETS, community) + _tlv(_SET, pdu))


def error_status(answer: bytes, request_id: int) -> int | None:
    """The error status of the answer to that request, 0 when it was carried out; None for anything else."""
    try:
        message, _ = _take(answer, _SEQUENCE)
        _, message = _take(message, _INTEGER)
        _, message = _take(message, _OCTETS)
        pdu, _ = _take(message, _RESPONSE)
        answered, pdu = _take(pdu, _INTEGER)
        status, _ = _take(pdu, _INTEGER)
    except ValueError:
        return None
    if int.from_bytes(answered, "big", signed=True) != request_id:
        return None
    return int.from_bytes(status, "big", signed=True)


def _tlv(tag: int, body: bytes) -> bytes:
    size = len(body)
    length = bytes((size,)) if size < 0x80 else b"\x82" + size.to_bytes(2, "big")
    return bytes((tag,)) + length + body


def _number(value: int) -> bytes:
    return _tlv(_INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def _oid(oid: str) -> bytes:
    first, second, *rest = (int(part) for part in oid.split("."))
    encoded = bytearray((first * 40 + second,))
    for part in rest:
        septets = [part >> shift & 0x7F for shift in range(28, -1, -7) if part >> shift or not shift]
        encoded += bytes([*(septet | 0x80 for septet in septets[:-1]), septets[-1]])
    return bytes(encoded)


def _take(data: bytes, tag: int) -> tuple[bytes, bytes]:
    """Raises ValueError."""
    if len(data) < 2 or data[0] != tag:
        raise ValueError
    size, at = data[1], 2
    if size & 0x80:
        at += size & 0x7F
        size = int.from_bytes(data[2:at], "big")
    if at + size > len(data):
        raise ValueError
    return data[at : at + size], data[at + size :]
