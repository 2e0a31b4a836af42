"""A guest who gave her number, and what she agreed to."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from hub.access import Role
from hub.customers.phone import PhoneInvalid, normalised
from hub.errors import InvalidInput, PersonError
from hub.ids import Id

NAME_MAX = 60
NOTES_MAX = 2000
FOUND_MAX = 50
LANGUAGES = ("zh_CN", "zh_TW", "en")


class CustomerId(Id):
    """Names one guest's file."""


class Purpose(StrEnum):
    """What a guest can agree to; refusing blocks nothing."""

    MEMBERSHIP = "membership"
    MARKETING = "marketing"
    PHOTOS = "photos"


class Channel(StrEnum):
    """Where she said so."""

    KIOSK = "kiosk"
    STAFF = "staff"
    SYSTEM = "system"

    @classmethod
    def of(cls, role: Role) -> Channel:
        """The channel an actor of this role speaks for."""
        if role is Role.KIOSK:
            return cls.KIOSK
        return cls.SYSTEM if role in (Role.SYSTEM, Role.BRIDGE) else cls.STAFF


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One version of the privacy notice. `text_key` names its text in the catalogues; a consent counts while its version is `valid`."""

    version: str
    text_key: str
    valid: bool = True


NOTICES = (Notice(version="2026-1", text_key="privacy_notice_2026_1"),)  # append only: old consents name old versions
CURRENT_NOTICE = NOTICES[-1]
VALID_NOTICES = frozenset(notice.version for notice in NOTICES if notice.valid)


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneAndWishes:
    """What a guest gives. `consents`: the purposes she agreed to; the others she was shown and did not agree to."""

    phone: str = field(repr=False)
    name: str = field(default="", repr=False)
    language: str = "zh_CN"
    consents: tuple[Purpose, ...] = ()
    notice: str = CURRENT_NOTICE.version

    def checked(self) -> PhoneAndWishes:
        """The same with the number in its one form. Raises PhoneInvalid or InvalidInput."""
        if self.notice not in {notice.version for notice in NOTICES}:
            raise InvalidInput(field="notice")
        return PhoneAndWishes(
            phone=normalised(self.phone),
            name=checked_name(self.name),
            language=checked_language(self.language),
            consents=tuple(sorted({Purpose(purpose) for purpose in self.consents})),
            notice=self.notice,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CardChanges:
    """What shall be different in a guest's file; None leaves a field as it is, an empty text clears it."""

    phone: str | None = field(default=None, repr=False)
    name: str | None = field(default=None, repr=False)
    notes: str | None = field(default=None, repr=False)
    language: str | None = None

    def checked(self) -> CardChanges:
        """The same in the forms we keep. Raises PhoneInvalid or InvalidInput."""
        if self.notes is not None and len(self.notes) > NOTES_MAX:
            raise InvalidInput(field="notes", chars_max=NOTES_MAX)
        return CardChanges(
            phone=None if self.phone is None else normalised(self.phone),
            name=None if self.name is None else checked_name(self.name),
            notes=self.notes,
            language=None if self.language is None else checked_language(self.language),
        )

    def fields(self) -> tuple[str, ...]:
        """Names of what changes."""
        return tuple(name for name in ("phone", "name", "notes", "language") if getattr(self, name) is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """The newest word of a guest on one purpose. `at` is UTC."""

    purpose: Purpose
    given: bool
    notice: str
    channel: Channel
    at: datetime

    @property
    def counts(self) -> bool:
        """Whether the purpose may be pursued: agreed, to a notice that is still valid."""
        return self.given and self.notice in VALID_NOTICES


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerCard:
    """A guest's file in clear. Never journaled, logged or sent anywhere."""

    id: CustomerId
    phone: str = field(repr=False)
    name: str = field(repr=False)
    notes: str = field(repr=False)
    language: str
    since: datetime
    consents: tuple[Consent, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerFound:
    """One line of a search: enough to ask the guest which one she is, and no more."""

    id: CustomerId
    phone: str
    name: str


class PhoneTaken(PersonError):
    """Another guest has this number."""

    code = "phone_taken"
    hint = "Look this number up: she may have a second file."


def checked_name(name: str) -> str:
    """A name in one line. Raises InvalidInput."""
    trimmed = " ".join(name.split())
    if len(trimmed) > NAME_MAX or not trimmed.isprintable():
        raise InvalidInput(field="name", chars_max=NAME_MAX)
    return trimmed


def checked_language(language: str) -> str:
    """A language we speak. Raises InvalidInput."""
    if language not in LANGUAGES:
        raise InvalidInput(field="language")
    return language


def masked_name(name: str) -> str:
    """`林**`: what a name may show on a screen others see."""
    return name[:1] + "*" * min(len(name) - 1, 2) if name else ""


__all__ = [
    "CURRENT_NOTICE", "FOUND_MAX", "NOTICES", "CardChanges", "Channel", "Consent", "CustomerCard", "CustomerFound", "CustomerId",
    "Notice", "PhoneAndWishes", "PhoneInvalid", "PhoneTaken", "Purpose", "masked_name",
]  # fmt: skip
