"""ZVT, transport layer (PA00P016): APDUs as they are over TCP; over a serial line in frames that are acknowledged.

A frame is `DLE STX` APDU `DLE ETX` and a CRC, the low byte first; a DLE in the APDU is doubled. The CRC is CCITT, reflected, from zero
on, over the APDU as it is and ETX. A frame is sent again only when the other side says that it did not get it (NAK), never into a
silence: it might be a payment.
"""

from __future__ import annotations

from typing import Protocol

from devices.drivers.card_terminal.zvt import DATA_MAX, Apdu, NotZvt, first_apdu
from devices.errors import Silent
from devices.transport import Transport

WRITE_S = 2.0
SENDS = 4  # once, and three times again
DLE, STX, ETX, ACK, NAK = 0x10, 0x02, 0x03, 0x06, 0x15
_BEGIN, _END, _HELD_MAX = bytes((DLE, STX)), bytes((DLE, ETX)), 2 * DATA_MAX + 16
_CRC_BITS = 0x8408


class Wire(Protocol):
    """Messages over a transport. `more` alone may be cancelled without a loss."""

    refused: int  # frames that came broken

    async def send(self, apdu: Apdu, within_s: float) -> None:
        """Hand it over. Raises LinkLost, Silent when it is not acknowledged, or NotZvt."""

    async def take(self) -> Apdu | None:
        """The next whole message of what has come. Raises LinkLost or NotZvt."""

    async def more(self, within_s: float) -> bool:
        """Wait for more; whether something came. Raises LinkLost."""


class Plain:
    """Over TCP."""

    def __init__(self, link: Transport) -> None:
        self._link, self._heard, self.refused = link, b"", 0

    async def send(self, apdu: Apdu, within_s: float) -> None:  # noqa: ARG002 - TCP acknowledges by itself
        """Raises LinkLost."""
        await self._link.write(apdu.encoded(), WRITE_S)

    async def take(self) -> Apdu | None:
        """Raises NotZvt."""
        apdu, taken = first_apdu(self._heard)
        self._heard = self._heard[taken:]
        return apdu

    async def more(self, within_s: float) -> bool:
        """Raises LinkLost."""
        data = await self._link.read(within_s)
        self._heard += data
        return bool(data)


class Serial:
    """Over a serial line."""

    def __init__(self, link: Transport) -> None:
        self._link, self._heard, self.refused = link, b"", 0
        self._waiting: list[Apdu] = []  # came while an acknowledgement was waited for

    async def send(self, apdu: Apdu, within_s: float) -> None:
        """Raises LinkLost, or Silent when nobody says that it arrived."""
        for _ in range(SENDS):
            await self._link.write(framed(apdu.encoded()), WRITE_S)
            if await self._arrived(within_s):
                return
        raise Silent

    async def take(self) -> Apdu | None:
        """Raises LinkLost or NotZvt."""
        if self._waiting:
            return self._waiting.pop(0)
        while self._heard:
            if self._heard[0] in {ACK, NAK}:  # of a message that is past
                self._heard = self._heard[1:]
                continue
            apdu, whole = await self._frame()
            if apdu is not None or not whole:
                return apdu
        return None

    async def more(self, within_s: float) -> bool:
        """Raises LinkLost."""
        data = await self._link.read(within_s)
        self._heard = (self._heard + data)[-_HELD_MAX:]
        return bool(data)

    async def _arrived(self, within_s: float) -> bool:
        """True for ACK, or an answer that proves as much; False for NAK. Raises Silent when neither comes."""
        while True:
            while self._heard:
                if self._heard[0] in {ACK, NAK}:
                    said, self._heard = self._heard[0], self._heard[1:]
                    return said == ACK
                apdu, whole = await self._frame()
                if apdu is not None:
                    self._waiting.append(apdu)
                    if apdu.is_answer:
                        return True
                elif not whole:
                    break
            if not await self.more(within_s):
                raise Silent

    async def _frame(self) -> tuple[Apdu | None, bool]:
        """The frame in front, acknowledged, and whether there was a whole one; one that is broken is asked for again."""
        start = self._heard.find(_BEGIN)
        if start < 0:
            self._heard = self._heard[-1:] if self._heard[-1:] == bytes((DLE,)) else b""
            return None, False
        content, taken = unframed(self._heard[start:])
        if not taken:
            return None, False
        apdu, length = (None, 0) if content is None else _only_apdu(content)
        good = apdu is not None and length == len(content or b"")
        self.refused += not good
        await self._link.write(bytes((ACK if good else NAK,)), WRITE_S)
        self._heard = self._heard[start + taken :]
        return (apdu if good else None), True


def crc(data: bytes | bytearray) -> int:
    """CRC-16/CCITT, reflected, from zero on."""
    value = 0
    for b in data:
        value ^= b
        for _ in range(8):
            value = value >> 1 ^ _CRC_BITS if value & 1 else value >> 1
    return value


def framed(apdu: bytes) -> bytes:
    """One frame."""
    check = crc(apdu + bytes((ETX,))).to_bytes(2, "little")
    return _BEGIN + apdu.replace(bytes((DLE,)), bytes((DLE, DLE))) + _END + check


def unframed(heard: bytes) -> tuple[bytes | None, int]:
    """The content of the frame `heard` begins with, None when its check is wrong, and its length; 0 while it is not whole."""
    content, at = bytearray(), len(_BEGIN)
    while at + 1 < len(heard):
        if heard[at] != DLE:
            content.append(heard[at])
            at += 1
        elif heard[at + 1] == DLE:
            content.append(DLE)
            at += 2
        elif heard[at + 1] == ETX:
            if len(heard) < at + 4:
                return None, 0
            said = int.from_bytes(heard[at + 2 : at + 4], "little")
            return (bytes(content) if crc(content + bytes((ETX,))) == said else None), at + 4
        else:  # a new frame, or noise: this one is lost
            return None, at
    return None, 0


def _only_apdu(content: bytes) -> tuple[Apdu | None, int]:
    try:
        return first_apdu(content)
    except NotZvt:
        return None, 0
