"""Rows of staff and PINs."""

from __future__ import annotations

from typing import NamedTuple

import orjson

from hub.access import Role
from hub.db import Db, Row, Tx
from hub.migrations import Migration
from hub.staff.model import StaffId, StaffMember

SCHEMA = Migration(
    "0010-staff",
    """
    CREATE TABLE staff (
      position INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL, role TEXT NOT NULL, skills TEXT NOT NULL,
      stylist INTEGER NOT NULL CHECK (stylist IN (0, 1)), active INTEGER NOT NULL CHECK (active IN (0, 1))) STRICT;
    CREATE TABLE staff_pins (
      staff TEXT PRIMARY KEY REFERENCES staff (id), hash TEXT NOT NULL, digits_min INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    """,
)
_COLUMNS = "id, name, role, skills, stylist, active"


class PinRow(NamedTuple):
    """A PIN's hash, and the length its rule asked for when it was set."""

    hash: str
    digits_min: int


def everyone(db: Db) -> list[StaffMember]:
    """All staff in the order they joined."""
    return [_member(row) for row in db.all(f"SELECT {_COLUMNS} FROM staff ORDER BY position")]  # noqa: S608


def with_pin(db: Db) -> set[str]:
    """Ids of everyone who has a PIN."""
    return {row["staff"] for row in db.all("SELECT staff FROM staff_pins")}


def get(tx: Tx, staff: str) -> StaffMember | None:
    """One person inside a transaction."""
    row = tx.one(f"SELECT {_COLUMNS} FROM staff WHERE id = ?", (staff,))  # noqa: S608
    return _member(row) if row else None


def is_empty(tx: Tx) -> bool:
    """Whether nobody was ever added."""
    return tx.one("SELECT 1 FROM staff") is None


def insert(tx: Tx, member: StaffMember) -> None:
    """A new person."""
    tx.insert("staff", **_values(member))


def update(tx: Tx, member: StaffMember) -> None:
    """Everything of a person but the id."""
    values = _values(member)
    tx.execute("UPDATE staff SET name = :name, role = :role, skills = :skills, stylist = :stylist, active = :active WHERE id = :id", values)


def other_owners(tx: Tx, staff: str) -> int:
    """How many active owners there are besides this person."""
    row = tx.one("SELECT count(*) FROM staff WHERE role = ? AND active AND id <> ?", (str(Role.OWNER), staff))
    return int(row[0]) if row else 0


def pin_of(tx: Tx, staff: str) -> PinRow | None:
    """The person's PIN, if she has one."""
    row = tx.one("SELECT hash, digits_min FROM staff_pins WHERE staff = ?", (staff,))
    return PinRow(*row) if row else None


def put_pin(tx: Tx, staff: str, pin: PinRow) -> None:
    """Give the person this PIN instead of any she had."""
    tx.execute("INSERT OR REPLACE INTO staff_pins VALUES (?, ?, ?)", (staff, *pin))


def drop_pin(tx: Tx, staff: str) -> None:
    """The person has no PIN any more."""
    tx.execute("DELETE FROM staff_pins WHERE staff = ?", (staff,))


def _values(member: StaffMember) -> dict[str, object]:
    return {
        "id": member.id,
        "name": member.name,
        "role": str(member.role),
        "skills": orjson.dumps(member.skills).decode(),
        "stylist": int(member.stylist),
        "active": int(member.active),
    }


def _member(row: Row) -> StaffMember:
    return StaffMember(
        id=StaffId(row["id"]),
        name=row["name"],
        role=Role(row["role"]),
        skills=tuple(orjson.loads(row["skills"])),
        stylist=bool(row["stylist"]),
        active=bool(row["active"]),
    )
