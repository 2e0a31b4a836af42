"""The people who work here: who they are, what they can do, and how they prove who they are."""

from hub.staff.model import (
    LastOwner,
    LoginName,
    OwnerExists,
    PinTooShort,
    PinTooSimple,
    StaffDraft,
    StaffId,
    StaffMember,
    WrongPin,
)
from hub.staff.service import Staff

__all__ = [
    "LastOwner",
    "LoginName",
    "OwnerExists",
    "PinTooShort",
    "PinTooSimple",
    "Staff",
    "StaffDraft",
    "StaffId",
    "StaffMember",
    "WrongPin",
]
