"""What the guests' files announce: ids and codes, never what is in them."""

from __future__ import annotations

from dataclasses import dataclass

from hub.customers.model import Channel, CustomerId, Purpose
from hub.journal import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerEnrolled(Event):
    """A guest gave her number for the first time."""

    customer: CustomerId
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentsRecorded(Event):
    """A guest was shown this version of the notice and agreed to these purposes, and not to those."""

    customer: CustomerId
    notice: str
    channel: Channel
    given: tuple[Purpose, ...]
    refused: tuple[Purpose, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentWithdrawn(Event):
    """A guest took an agreement back; it stops at once."""

    customer: CustomerId
    purpose: Purpose
    channel: Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class CardRead(Event):
    """The actor of this line saw a guest's file in clear."""

    customer: CustomerId


@dataclass(frozen=True, slots=True, kw_only=True)
class CardCorrected(Event):
    """These fields of a guest's file have other values now."""

    customer: CustomerId
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CardExported(Event):
    """A guest's file was copied out for her."""

    customer: CustomerId


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerErased(Event):
    """A guest's personal data is gone for good; only her id stays in what happened."""

    customer: CustomerId
