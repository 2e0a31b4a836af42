"""What sessions announce."""

from __future__ import annotations

from dataclasses import dataclass

from hub.access import Role
from hub.journal import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionStarted(Event):
    """The actor of this line logged in at its station."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionEnded(Event):
    """The actor of this line logged out of one session."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PairingCodeMade(Event):
    """Whoever types the code within `minutes` becomes a screen of this role at this station."""

    role: Role
    for_station: str
    minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenPaired(Event):
    """The actor of this line is a new screen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenUnpaired(Event):
    """A screen lost its access; it must be paired again."""

    screen: str
