"""What devices and printers announce."""

from __future__ import annotations

from dataclasses import dataclass

from hub.equipment.model import Alarm, JobId, JobState
from hub.journal import Event
from hub.money import Minor
from hub.ports import CardAct, CardAttemptId, CardState, Health, PrintKind


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceChanged(Event):
    """A device shows another health than before. `device` is its short id."""

    device: str
    health: Health


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmRaised(Event):
    """A sensor found what needs someone at once. `device` is its short id."""

    device: str
    alarm: Alarm


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
class DeviceTested(Event):
    """A person finished the self-test of a device. `device` is its short id."""

    device: str
    passed: bool


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
class ShutdownBegun(Event):
    """The battery of a UPS the hub lives on has been nearly empty for a while: the shop gets ready to stop. `device` is its short id."""

    device: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShutdownCalledOff(Event):
    """The mains came back before the shop stopped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShutdownOrdered(Event):
    """The hub stops now. `flushed`: head office has everything that was written before; `device` is the short id of the UPS."""

    device: str
    flushed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceAdopted(Event):
    """A person took a device into the shop. `device` is its short id."""

    device: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawerOpenedByHand(Event):
    """A drawer was opened by key or by hand, not by the till. `device` is the printer it hangs on."""

    device: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FallbackChosen(Event):
    """A person chose the printer that stands in for another one; empty: none does. Both are short ids."""

    device: str
    fallback: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenSilent(Event):
    """A kiosk's or board's page was not heard of for a minute. Told once of each silence."""

    for_station: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownCardAppeared(Event):
    """A network card nobody knows appeared in the shop's network. `more` others came at once and are only counted."""

    mac: str
    more: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkCardNamed(Event):
    """A person said whose a network card is."""

    mac: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CableRecorded(Event):
    """A person recorded where a device hangs; `gear`, another device's short id, is empty for a socket in the wall or nowhere known."""

    device: str
    gear: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetLabelPrinted(Event):
    """The label of a device came out of the label printer. `device` is its short id."""

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
    ended: CardState


@dataclass(frozen=True, slots=True, kw_only=True)
class CardSettled(Event):
    """Something unknown at a card terminal was cleared up, by its last receipt or by a person."""

    attempt: CardAttemptId
    ended: CardState
    by_person: bool
