"""What a visit announces."""

from __future__ import annotations

from dataclasses import dataclass

from hub.catalog.model import ServiceId
from hub.journal import Event
from hub.staff.model import StaffId
from hub.visits.model import VisitId


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestCheckedIn(Event):
    """A guest joined the queue. `wait_s` is the longest wait she was shown, in seconds."""

    visit: VisitId
    ticket: int
    services: tuple[ServiceId, ...]
    wait_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestCalled(Event):
    """The board shows her number."""

    visit: VisitId
    ticket: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestPutBack(Event):
    """She was called or seated by mistake, or did not come: she waits again."""

    visit: VisitId
    ticket: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestSeated(Event):
    """She has a chair, and a stylist."""

    visit: VisitId
    ticket: int
    stylist: StaffId


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceStarted(Event):
    """The service began."""

    visit: VisitId
    ticket: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceFinished(Event):
    """The service is done; she may pay."""

    visit: VisitId
    ticket: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestPaid(Event):
    """The sale of this visit is complete."""

    visit: VisitId
    ticket: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestLeft(Event):
    """She left without a service."""

    visit: VisitId
    ticket: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestCameBack(Event):
    """She had been marked as gone, and waits again."""

    visit: VisitId
    ticket: int
