"""What devices and printers announce."""

from __future__ import annotations

from dataclasses import dataclass

from hub.equipment.model import JobId, JobState
from hub.journal import Event
from hub.money import Minor
from hub.ports import CardAct, CardAttemptId, CardState, Health, PrintKind


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceChanged(Event):
    """A device shows another health than before. `device` is its short id."""

    device: str
    health: Health


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceSettingsChanged(Event):
    """A person gave a device another name, use or address. `device` is its short id."""

    device: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceSwitched(Event):
    """A person switched a device off in the settings, or on again. `device` is its short id."""

    device: str
    enabled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRemoved(Event):
    """A person let a device go. `device` is its short id."""

    device: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintJobMoved(Event):
    """A print job was held, printed, became uncertain or failed."""

    job: JobId
    print_kind: PrintKind
    source: str
    state: JobState


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintJobSettled(Event):
    """A person said whether an uncertain job came out of the printer."""

    job: JobId
    printed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReprintAsked(Event):
    """A person asked for a copy; it is marked as one."""

    job: JobId
    copy: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceAdopted(Event):
    """A person took a device into the shop. `device` is its short id."""

    device: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CardAsked(Event):
    """A card terminal is about to be asked for money, to give it back, or to close its day. `amount` is in minor units."""

    attempt: CardAttemptId
    act: CardAct
    device: str
    amount: Minor
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CardEnded(Event):
    """A card terminal said how it ended, or nobody can tell: unknown."""

    attempt: CardAttemptId
    act: CardAct
    device: str
    amount: Minor
    currency: str
    state: CardState


@dataclass(frozen=True, slots=True, kw_only=True)
class CardSettled(Event):
    """Something unknown at a card terminal was cleared up, by its last receipt or by a person."""

    attempt: CardAttemptId
    state: CardState
    by_person: bool
