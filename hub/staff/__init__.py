"""The people who work here: who they are, what they can do, and how they prove who they are."""

from hub.staff.model import (
    AlreadySetUp,
    LastOwner,
    LoginName,
    PinTooShort,
    PinTooSimple,
    StaffDraft,
    StaffId,
    StaffMember,
    WrongPin,
)
from hub.staff.service import Staff

__all__ = [
    "AlreadySetUp",
    "LastOwner",
    "LoginName",
    "PinTooShort",
    "PinTooSimple",
    "Staff",
    "StaffDraft",
    "StaffId",
    "StaffMember",
    "WrongPin",
]
