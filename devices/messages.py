"""What crosses MQTT beside hub/ports.py: the host's own commands and answers, and the beats of pages. docs/mqtt.md is the reference."""

from __future__ import annotations

from typing import Any

from pydantic import Field, SecretStr

from hub.ports import Message

ID_PATTERN = r"^[a-z0-9-]{1,36}$"
NAME_MAX = 80


class Beat(Message):
    """`screen/<id>/beat`: the hub says every 5 s that a page is open. `session` changes when the page is loaded anew."""

    page: str = Field(pattern=r"^[a-z][a-z0-9_-]{0,31}$")
    version: str = Field("", max_length=40)
    visible: bool = True
    session: str = Field("", max_length=64)
    battery_pct: int | None = Field(None, ge=0, le=100)
    charging: bool | None = None
    clock_skew_s: float | None = None


class Candidate(Message):
    """Something that could be adopted. Found without writing a byte to it."""

    kind: str  # empty when only a person can tell
    name: str
    address: str
    evidence: str
    simulated: bool = False
    identity: str = ""  # what stays the same when its address changes, where it says so
    adopted: bool = False
    moved: str = ""  # id of the adopted device that is now here instead of at its address


class Adopt(Message):
    """`adopt`: identify what is at `address` and keep it. The same address again gives the same device."""

    kind: str = Field(max_length=40)
    name: str = Field(min_length=1, max_length=NAME_MAX)
    address: str = Field(max_length=200)
    roles: tuple[str, ...] = Field((), max_length=8)
    profile: dict[str, Any] = Field(default_factory=dict)
    id: str | None = Field(None, pattern=ID_PATTERN)


class OneDevice(Message):
    """`remove`, `identify`, `record`, `recorded`: the device meant."""

    id: str = Field(pattern=ID_PATTERN)


class Enable(OneDevice):
    """`enable`: the person's wish, apart from what the device shows."""

    enabled: bool


class Withdraw(OneDevice):
    """`withdraw`: a command that another device is given instead."""

    command: str = Field(pattern=r"^[0-9a-f-]{36}$")


class Change(OneDevice):
    """`change`: new settings of an adopted device; what is not said stays. Another `address` is another device in its place."""

    name: str | None = Field(None, min_length=1, max_length=NAME_MAX)
    roles: tuple[str, ...] | None = Field(None, max_length=8)
    address: str | None = Field(None, max_length=200)
    profile: dict[str, Any] | None = None


class Sweep(Message):
    """`sweep`: ask around in a private network this machine hangs on; empty: around itself. A `community` asks over SNMP too."""

    subnet: str = Field("", max_length=40)
    community: SecretStr | None = Field(None, max_length=64)


class NoArgs(Message):
    """`candidates`, `neighbours`."""
