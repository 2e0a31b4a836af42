"""A card or RFID reader that sends the number of a card that is held to it. Only members' cards: a number of a payment card fits no profile.

Two frames: the number and CR, as 125 kHz readers with Wiegand numbers send it (ten digits); or STX, the number, perhaps two
hexadecimal digits of checksum (XOR of the bytes before it), perhaps CR LF, ETX. A card that stays on the reader is one card: many
readers say it again and again.
"""

from __future__ import annotations

import re
from functools import reduce
from operator import xor
from typing import ClassVar, Literal

from pydantic import Field, model_validator

from devices.driver import Announcement, Driver, Profile
from devices.drivers.listening import Listener, Refused
from devices.transport import Transport
from hub.clock import Clock
from hub.ports import Card

STX, ETX = b"\x02", b"\x03"
DECIMAL_MAX = 12  # payment cards begin at thirteen


class CardReaderProfile(Profile):
    """How this reader is set up."""

    frame: Literal["cr", "stx_etx"] = "cr"
    number: Literal["decimal", "hex", "hex_as_decimal"] = "decimal"  # the last: as the ten digits printed on the card
    digits: int = Field(10, ge=8, le=16)  # characters of a number, as they are sent
    checksum: Literal["none", "xor"] = "none"
    again_s: float = Field(2, ge=0.2, le=30)  # the same card counts again when it was away for so long

    @model_validator(mode="after")
    def _fits(self) -> CardReaderProfile:
        if self.number == "decimal" and (self.digits > DECIMAL_MAX or self.checksum != "none"):
            raise ValueError(f"decimal numbers have at most {DECIMAL_MAX} digits and no checksum")
        if self.number != "decimal" and self.digits % 2:
            raise ValueError("hexadecimal numbers have two digits a byte")
        return self


class CardReader(Listener):
    """One reader."""

    kind: ClassVar[str] = "card_reader"
    profile: ClassVar[type[CardReaderProfile]] = CardReaderProfile
    counted: ClassVar[tuple[str, str]] = ("cards", "last_card")
    garbled: ClassVar[str] = "no_card_number"

    def __init__(self, profile: CardReaderProfile, link: Transport, clock: Clock) -> None:
        super().__init__(link, clock, ends=ETX if profile.frame == "stx_etx" else b"\r\n\x00")
        self._profile = profile
        self._held, self._held_at = "", 0.0

    def follow(self, before: Driver) -> None:
        """A card that lay on the reader while the line broke is still the same card."""
        if isinstance(before, CardReader):
            self._held, self._held_at = before._held, before._held_at  # noqa: SLF001 - the one before this one

    def read(self, frame: bytes) -> Announcement | None:
        """A card that was not there a moment ago. Raises Refused."""
        number = number_of(frame, self._profile)
        now = self._clock.monotonic()
        stays = number == self._held and now - self._held_at < self._profile.again_s
        self._held, self._held_at = number, now
        return None if stays else Announcement(name="card", body=Card(number=number).model_dump())


def number_of(frame: bytes, profile: CardReaderProfile) -> str:
    """The number in a frame without its end. Raises Refused."""
    if profile.frame == "stx_etx":
        _, begun, frame = frame.rpartition(STX)  # what stands before the last STX is the rest of a frame that was torn off
        if not begun:
            raise Refused("no_start")
    text = frame.strip(b"\r\n ").decode("ascii", "replace").upper()
    if profile.checksum == "xor":
        text, told = text[:-2], text[-2:]
        if not re.fullmatch(r"([0-9A-F]{2})+", text) or f"{reduce(xor, bytes.fromhex(text)):02X}" != told:
            raise Refused("checksum")
    if len(text) != profile.digits or not re.fullmatch(r"[0-9]+" if profile.number == "decimal" else r"[0-9A-F]+", text):
        raise Refused("not_a_number")
    return f"{int(text[-8:], 16):010}" if profile.number == "hex_as_decimal" else text
