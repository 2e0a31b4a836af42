"""A hub cut down to what guests' files need, on real files and in moved time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hub import journal as journal_file
from hub import taps
from hub.access import Actor, Role
from hub.clock import MovedClock
from hub.customers import CustomerId, Customers, PhoneAndWishes, tables
from hub.db import Db
from hub.ids import TapId
from hub.journal import Journal
from hub.migrations import migrate
from hub.vault import KEYS_SCHEMA, Vault

PHONE = "13800138000"
KIOSK = Actor(id="k1", role=Role.KIOSK, station="door")
MEI = Actor(id="mei", role=Role.RECEPTION, station="desk")
LIN = Actor(id="lin", role=Role.STYLIST, station="chair")
PING = Actor(id="ping", role=Role.MANAGER, station="office")


@dataclass(slots=True)
class Shop:
    """One run of the hub."""

    db: Db
    keys: Db
    journal: Journal
    clock: MovedClock
    vault: Vault
    customers: Customers

    async def came(self, phone: str = PHONE, name: str = "", **wishes: object) -> CustomerId:
        return await self.customers.enrol(KIOSK, PhoneAndWishes(phone=phone, name=name, **wishes), TapId.new())  # type: ignore[arg-type]

    def told(self, kind: str) -> list[dict[str, object]]:
        return [line.body for line in self.journal.after(0, 1000) if line.kind == kind]


@contextmanager
def running(folder: Path, clock: MovedClock) -> Iterator[Shop]:
    db, keys = Db(folder / "shop.db"), Db(folder / "keys.db")
    db.open()
    keys.open()
    migrate(db, [journal_file.SCHEMA, taps.SCHEMA, tables.SCHEMA])
    migrate(keys, KEYS_SCHEMA)
    vault = Vault(folder / "secrets", keys)
    vault.open()
    journal = Journal(db, clock)
    yield Shop(db, keys, journal, clock, vault, Customers(db, journal, clock, vault))
    db.close()
    keys.close()
