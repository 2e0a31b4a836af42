"""A shop with a catalogue and nothing else, on a real database, in moved time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import pytest

from hub import journal as journal_file
from hub import taps
from hub.access import Actor, Role
from hub.catalog import Catalog, Names, ProductDraft, ServiceDraft, tables
from hub.catalog.importing import Importing
from hub.catalog.model import parse_phases
from hub.catalog.values import check_digit
from hub.clock import MovedClock
from hub.db import Db
from hub.journal import Journal, Line
from hub.migrations import migrate


@dataclass
class Shop:
    """The shop under test and the words its stories use."""

    path: Path
    db: Db
    journal: Journal
    clock: MovedClock
    catalog: Catalog
    importing: Importing
    owner: ClassVar = Actor(id="o", role=Role.OWNER, station="office")
    manager: ClassVar = Actor(id="m", role=Role.MANAGER, station="office")
    reception: ClassVar = Actor(id="r", role=Role.RECEPTION, station="desk")
    kiosk: ClassVar = Actor(id="k1", role=Role.KIOSK, station="k1")

    def told(self, kind: str) -> list[dict[str, Any]]:
        """What the journal says of one kind."""
        return [line.body for line in self.lines() if line.kind == kind]

    def lines(self) -> list[Line]:
        return self.journal.after(0, 100_000)

    @staticmethod
    def ean(number: int) -> str:
        twelve = f"699{number:09d}"
        return twelve + check_digit(twelve)

    @staticmethod
    def cut(**other: Any) -> ServiceDraft:
        given = {"code": "CUT", "category": "cut", "names": Names(zh_CN="剪发", zh_TW="剪髮", en="Cut"), "price": 16800, "tax": 600}
        return ServiceDraft(phases=parse_phases(other.pop("phases", "45")), **(given | other))

    @staticmethod
    def shampoo(**other: Any) -> ProductDraft:
        names = Names(zh_CN="滋养洗发水", zh_TW="滋養洗髮精", en="Nourishing shampoo")
        given = {"code": "SH-250", "category": "shampoo", "names": names, "price": 8800, "tax": 1300, "barcode": Shop.ean(1)}
        return ProductDraft(**(given | other))


def open_shop(path: Path) -> Shop:
    db = Db(path)
    db.open()
    migrate(db, [journal_file.SCHEMA, taps.SCHEMA, tables.SCHEMA])
    clock = MovedClock(datetime(2026, 3, 2, 2, 0, tzinfo=UTC))
    journal = Journal(db, clock)
    catalog = Catalog(db, journal, clock)
    return Shop(path, db, journal, clock, catalog, Importing(catalog))


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = open_shop(tmp_path / "shop.db")
    yield opened
    opened.db.close()


@pytest.fixture
def restarted() -> Iterator[Callable[[Shop], Awaitable[Shop]]]:
    """The same shop after its hub was started again."""
    opened: list[Shop] = []

    async def again(shop: Shop) -> Shop:
        shop.db.close()
        opened.append(await asyncio.to_thread(open_shop, shop.path))  # migrations run before any loop does
        return opened[-1]

    yield again
    for shop in opened:
        shop.db.close()
