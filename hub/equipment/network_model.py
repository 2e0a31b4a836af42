"""The shop's network as the hub keeps it: whose network card is whose, where each device hangs, and what others say of both."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from hub.equipment.model import Device
from hub.errors import PersonError

MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")
ROWS_MAX = 4096


def mac_of(text: object) -> str:
    """A MAC in small letters with colons; empty for what is none."""
    digits = re.sub(r"[^0-9a-f]", "", str(text).lower())
    return ":".join(digits[at : at + 2] for at in range(0, 12, 2)) if len(digits) == 12 else ""


Mac = Annotated[str, BeforeValidator(mac_of)]
Word = Annotated[str, BeforeValidator(lambda said: str(said if said is not None else "")[:80])]


class _Told(BaseModel):
    """What another machine tells; fields nobody knows are no reason to refuse the rest."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Neighbour(_Told):
    """One network card the device host has heard of. `random`: a phone made its MAC up. `device`: the adopted one it is."""

    mac: str = Field(pattern=MAC.pattern)
    ip: Word = ""
    name: Word = ""
    maker: Word = ""
    random: bool = False
    last_seen: datetime | None = None
    device: Word = ""


class Neighbours(_Told):
    """The host's answer."""

    watching: bool = False
    neighbours: tuple[Neighbour, ...] = Field((), max_length=ROWS_MAX)


class LldpRow(_Told):
    """What a network device sees at the other end of one of its cables (LLDP)."""

    port: Word
    chassis: Word = ""
    name: Word = ""


class AddressRow(_Told):
    """A card a network device has heard behind one of its ports; without a port it only knows its IP address."""

    mac: Mac
    port: Word = ""


class Gear(_Told):
    """What one network device tells of what hangs on it; all of it may be missing."""

    neighbours: tuple[LldpRow, ...] = Field((), max_length=ROWS_MAX)
    addresses: tuple[AddressRow, ...] = Field((), max_length=ROWS_MAX)

    @property
    def heard(self) -> list[AddressRow]:
        """Cards behind a port."""
        return [row for row in self.addresses if row.port]


class Progress(_Told):
    """How far a sweep is."""

    subnet: Word
    asked: int
    of: int
    ended: bool


class Place(BaseModel):
    """Where a cable ends: the port of a network device, a socket in the wall, or both."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    gear: str = Field("", pattern=r"^([a-z0-9-]{1,36})?$")
    port: str = Field("", max_length=40)
    socket: str = Field("", max_length=40)

    @model_validator(mode="after")
    def _somewhere(self) -> Place:
        if bool(self.gear) != bool(self.port) or not (self.gear or self.socket):
            raise ValueError("a port of a network device, or a socket")
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class Cable:
    """Where a device hung, from when until when; `until` is None for where it hangs now."""

    device: str
    place: Place
    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A network card that appeared, or that a person named. `said` is what it calls itself, `name` what people call it."""

    mac: str
    ip: str
    said: str
    maker: str
    name: str
    known: bool
    appeared_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """One thing in the picture and what hangs on it. `port` is where on its parent; `recorded`: a person said so."""

    id: str
    name: str
    kind: str  # of the device; hub, router or card for what is none
    device: Device | None = None
    ip: str = ""
    mac: str = ""
    port: str = ""
    socket: str = ""
    recorded: bool = False
    children: tuple[Spot, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """The network from the hub outwards. `loose` hangs nobody knows where; `guests` are made-up cards, only counted."""

    root: Spot
    loose: tuple[Spot, ...]
    guests: int
    watching: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Everything a picture is drawn from."""

    devices: Sequence[Device]
    neighbours: Neighbours
    gear: Mapping[str, Gear]
    cables: Mapping[str, Place]
    cards: Mapping[str, Card]


class PortTaken(PersonError):
    """Another device is recorded at this port; nothing was changed."""

    code = "port_taken"
    hint = "Correct the place of the other device first, or choose another port."


class NoLabelPrinter(PersonError):
    """The shop has no label printer that works."""

    code = "no_label_printer"
    hint = "Add a label printer in the office, under Devices, or look what is wrong with it."


class LabelNotPrinted(PersonError):
    """The label printer did not print; nothing came out."""

    code = "label_not_printed"
    hint = "Look at the label printer, then try again."


class LabelUncertain(PersonError):
    """Nobody knows whether the label came out."""

    code = "label_uncertain"
    hint = "Look at the label printer before you print another one."
