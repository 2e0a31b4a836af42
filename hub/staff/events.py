"""What staff announces. `staff` is the person concerned; who did it is the actor of the line."""

from __future__ import annotations

from dataclasses import dataclass

from hub.access import Right, Role
from hub.journal import Event
from hub.staff.model import StaffId


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffAdded(Event):
    """A person joined the staff."""

    staff: StaffId
    role: Role
    stylist: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffChanged(Event):
    """A person's entry was changed; these are the values from now on."""

    staff: StaffId
    role: Role
    stylist: bool
    active: bool
    skills: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PinSet(Event):
    """A person has a new PIN; every session of hers has ended."""

    staff: StaffId


@dataclass(frozen=True, slots=True, kw_only=True)
class PinRefused(Event):
    """A wrong PIN was tried for this person, the `tries`-th in a row."""

    staff: StaffId
    tries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffUnlocked(Event):
    """Someone vouched for this person after too many wrong PINs: she may try again at once."""

    staff: StaffId


@dataclass(frozen=True, slots=True, kw_only=True)
class StepUpApproved(Event):
    """The actor of this line gave her PIN at somebody's station, so that one thing she may do was done."""

    right: Right
