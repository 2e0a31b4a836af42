"""What the console is a function of. Head office's parts fit these shapes; the pages import none of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from hub.clock import Clock

Row = Mapping[str, Any]


class Device(Protocol):
    """A device as its shop shows it."""

    kind: str
    name: str
    health: str
    reason: str
    sentence: str
    since: str
    simulated: bool


class Shop(Protocol):
    """A shop as it is now; compared with `==` to see whether anything changed."""

    @property
    def store(self) -> str:
        """Short name."""
        ...

    @property
    def name(self) -> str:
        """How people call it."""
        ...

    @property
    def presence(self) -> str:
        """online, late, offline or never."""
        ...

    @property
    def seen_at(self) -> datetime | None:
        """When it was last heard."""
        ...

    @property
    def hub(self) -> str:
        """alive, silent, stopped or unknown."""
        ...

    @property
    def hub_since(self) -> str:
        """Since when, ISO UTC, or empty."""
        ...

    @property
    def devices(self) -> Mapping[str, Any]:
        """Device by its id."""
        ...

    @property
    def troubled(self) -> Sequence[str]:
        """Ids of devices that need someone."""
        ...

    @property
    def version(self) -> str:
        """Of the program there."""
        ...

    @property
    def epoch(self) -> int:
        """Of the last line here."""
        ...

    @property
    def seq(self) -> int:
        """Number of the last line here."""
        ...

    @property
    def waiting(self) -> int:
        """Lines it has and head office has not."""
        ...

    @property
    def takings(self) -> Mapping[str, int]:
        """Today's, in minor units by currency."""
        ...

    @property
    def alarms(self) -> int:
        """How many nobody has seen."""
        ...

    @property
    def is_fenced(self) -> bool:
        """Whether what is heard is a copy that may not speak for the shop."""
        ...


class Fleet(Protocol):
    """The shops and what can be looked up."""

    @property
    def today(self) -> date:
        """The business day of the takings of today."""
        ...

    def overview(self) -> Sequence[Shop]:
        """Every shop."""
        ...

    def shop(self, store: str) -> Shop:
        """One shop. Raises NotFound."""
        ...

    def events(self, store: str) -> Awaitable[Sequence[Row]]:
        """Its newest lines, newest first."""
        ...

    def forgotten(self, store: str) -> Awaitable[Sequence[Row]]:
        """Lines it forgot in a restore."""
        ...

    def takings(self, store: str) -> Awaitable[Sequence[Row]]:
        """By business day and currency."""
        ...

    def alarms(self, store: str) -> Awaitable[Sequence[Row]]:
        """What nobody has seen yet."""
        ...

    def refused(self) -> Awaitable[Sequence[Row]]:
        """Messages that were not taken."""
        ...

    def adopt(self, store: str, session: str) -> Awaitable[None]:
        """The outdated copy whose bridge runs as `session` is the shop now."""
        ...

    def seen(self, alarm: int) -> Awaitable[None]:
        """A person has taken notice."""
        ...


class Pong(Protocol):
    """The answer to a ping."""

    @property
    def round_trip_ms(self) -> float:
        """Measured at head office."""
        ...

    @property
    def hub(self) -> str:
        """How the hub is, as the bridge sees it."""
        ...

    @property
    def seq(self) -> int:
        """The newest line there."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleServices:
    """Everything the console needs. `is_valid` says whether a session's token still stands for an operator."""

    fleet: Fleet
    ping: Callable[[str], Awaitable[Pong]]
    is_valid: Callable[[str], bool]
    clock: Clock
