"""A person who works in the shop, and what makes a PIN good enough."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from hub.access import RIGHTS, Actor, Role
from hub.errors import InvalidInput, PersonError
from hub.ids import Id

STAFF_ROLES = frozenset({Role.RECEPTION, Role.STYLIST, Role.MANAGER, Role.TECHNICIAN, Role.OWNER})
PIN_DIGITS_MIN = {Role.RECEPTION: 4, Role.STYLIST: 4, Role.MANAGER: 6, Role.TECHNICIAN: 6, Role.OWNER: 6}
PIN_DIGITS_MAX = 12
NAME_MAX = 40
SKILLS_MAX = 500


class StaffId(Id):
    """Names one person of the staff."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffMember:
    """A person of the staff. `skills` are service ids; none means all. `stylist`: guests can ask for her."""

    id: StaffId
    name: str
    role: Role
    skills: tuple[str, ...] = ()
    stylist: bool = False
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffDraft:
    """What can be set of a person."""

    name: str
    role: Role
    skills: tuple[str, ...] = ()
    stylist: bool = False
    active: bool = True

    def checked(self) -> StaffDraft:
        """This draft with its name trimmed. Raises InvalidInput naming the first field that cannot be."""
        name = " ".join(self.name.split())
        if not 1 <= len(name) <= NAME_MAX or not name.isprintable():
            raise InvalidInput(field="name", chars_max=NAME_MAX)
        if self.role not in STAFF_ROLES:
            raise InvalidInput(field="role", role=self.role)
        if len(self.skills) > SKILLS_MAX or any(not 1 <= len(skill) <= 64 for skill in self.skills):
            raise InvalidInput(field="skills")
        return StaffDraft(name=name, role=Role(self.role), skills=self.skills, stylist=self.stylist, active=self.active)


class LoginName(NamedTuple):
    """One button of the log-in page."""

    id: StaffId
    name: str
    role: Role


class PinTooShort(InvalidInput):
    """The PIN has too few or too many digits, or other signs than digits. `digits_min` and `digits_max` are the limits."""

    code = "pin_too_short"
    hint = "Use digits only, at least as many as shown."


class PinTooSimple(InvalidInput):
    """The PIN is one of those everybody tries first."""

    code = "pin_too_simple"
    hint = "Choose digits that are no row, no repetition and no year."


class WrongPin(PersonError):
    """Not this person's PIN. `tries_left`: how many more before the first wait."""

    code = "pin_wrong"
    hint = "Try again. A manager can give you a new PIN."
    status = 403


class OwnerExists(PersonError):
    """There is staff already, so the first owner cannot be made any more."""

    code = "owner_exists"
    hint = "Log in as someone who may add staff."


class LastOwner(PersonError):
    """The shop would be left without an owner."""

    code = "last_owner"
    hint = "Make someone else an owner first."


def may_manage(actor: Actor, role: Role) -> bool:
    """Whether the actor may add, change or give PINs to people of this role: owners all, others only who may do less."""
    return actor.role in (Role.OWNER, Role.SYSTEM) or RIGHTS[role] < RIGHTS[actor.role]


def check_pin_rules(pin: str, role: Role) -> None:
    """Raises PinTooShort or PinTooSimple when nobody of this role may have this PIN."""
    least = PIN_DIGITS_MIN[role]
    if not (pin.isascii() and pin.isdigit() and least <= len(pin) <= PIN_DIGITS_MAX):
        raise PinTooShort(digits_min=least, digits_max=PIN_DIGITS_MAX)
    if is_trivial(pin):
        raise PinTooSimple


def is_trivial(pin: str) -> bool:
    """A row up or down, a repetition, hardly any different digits, a year, a line on the keypad, a number everybody knows."""
    rows = ("01234567890123456789", "98765432109876543210")
    repeated = any(pin == (pin[:size] * len(pin))[: len(pin)] for size in range(1, len(pin) // 2 + 1))
    few_digits = len(pin) >= 6 and len(set(pin)) <= 2
    return repeated or few_digits or any(pin in row for row in rows) or _is_year(pin) or pin in _KNOWN


def _is_year(pin: str) -> bool:
    return len(pin) == 4 and 1930 <= int(pin) <= 2049


_KNOWN = frozenset(
    {"2580", "0852", "1470", "0741", "3690", "0963", "1379", "1397", "7913", "1314", "3344", "1122", "1221", "1001", "2002", "5566", "7788"}
    | {"8899", "9988", "0007", "6789", "147258", "258369", "159753", "357159", "159357", "147369", "112233", "123321", "321123"}
    | {"123654", "456123", "789456", "520131", "521131", "5201314", "1314520", "584520", "168168", "100200", "123789"}
    | {"112358", "102030", "010203", "147852", "963852", "852456", "741852", "789123", "987321", "11223344", "12344321", "14725836"}
)
