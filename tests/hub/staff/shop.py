"""A hub cut down to what staff needs, on real files and in moved time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hub import journal as journal_file
from hub import sessions as sessions_package
from hub import taps
from hub.access import SYSTEM, Actor, Role
from hub.clock import MovedClock
from hub.db import Db
from hub.ids import TapId
from hub.journal import Journal
from hub.migrations import migrate
from hub.sessions import Sessions
from hub.staff import tables
from hub.staff.model import StaffDraft, StaffMember
from hub.staff.service import Staff
from hub.vault import KEYS_SCHEMA, Vault

OWNER_PIN, MANAGER_PIN, MEI_PIN = "908172", "482915", "4826"


@dataclass(slots=True)
class Shop:
    """A shop with an owner, a manager and a receptionist, as far as staff goes."""

    db: Db
    journal: Journal
    clock: MovedClock
    sessions: Sessions
    staff: Staff

    async def joined(self, name: str, role: Role, pin: str | None = None, *, stylist: bool = False) -> StaffMember:
        draft = StaffDraft(name=name, role=role, stylist=stylist)
        return await self.staff.add(SYSTEM, draft, TapId.new(), pin)

    def named(self, name: str) -> StaffMember:
        return next(member for member in self.staff.everyone(SYSTEM) if member.name == name)

    def acting(self, name: str, station: str = "desk") -> Actor:
        member = self.named(name)
        return Actor(id=member.id, role=member.role, station=station)


@contextmanager
def running(folder: Path, clock: MovedClock) -> Iterator[Shop]:
    """One run of the hub on the files in `folder`; PIN hashes made cheap."""
    db, keys = Db(folder / "shop.db"), Db(folder / "keys.db")
    db.open()
    keys.open()
    migrate(db, [journal_file.SCHEMA, taps.SCHEMA, tables.SCHEMA, sessions_package.SCHEMA])
    migrate(keys, KEYS_SCHEMA)
    vault = Vault(folder / "secrets", keys)
    vault.open()
    journal = Journal(db, clock)
    sessions = Sessions(db, journal, clock, vault)
    yield Shop(db, journal, clock, sessions, Staff(db, journal, clock, vault, sessions))
    db.close()
    keys.close()
