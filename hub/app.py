"""The composition root of a shop: every part is built once, in reading order, and handed only what it needs."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog

from hub import journal as journal_module
from hub import sessions as sessions_module
from hub import taps, vault
from hub.access import SYSTEM
from hub.catalog import Catalog
from hub.catalog import tables as catalog_tables
from hub.clock import Clock
from hub.customers import Customers
from hub.customers import tables as customers_tables
from hub.db import Db
from hub.equipment import (
    AssetLabels,
    CardTerminals,
    Equipment,
    MqttLink,
    Network,
    PowerWatch,
    PrintDesk,
    SelfTests,
    Sensors,
    ShutdownPlan,
    Ways,
    card_tables,
    network_tables,
)
from hub.equipment import tables as equipment_tables
from hub.equipment.drawers import Drawers
from hub.equipment.screens import Screens
from hub.first_start import adopt_simulated, take_demo
from hub.journal import Journal
from hub.ledger import Ledger
from hub.ledger import tables as ledger_tables
from hub.migrations import migrate
from hub.ports import Document, PrintKind
from hub.pos import Counter, Pos
from hub.pos import baskets as pos_baskets
from hub.pos import tables as pos_tables
from hub.pos.payment_codes import PaymentCodes
from hub.pos.receipts import Receipts
from hub.recovery import Recovery
from hub.sessions import Sessions
from hub.settings import Settings
from hub.staff import Staff
from hub.staff import tables as staff_tables
from hub.stock import Stock
from hub.stock import tables as stock_tables
from hub.vault import Vault
from hub.visits import Door, VisitId, Visits
from hub.visits import tables as visits_tables
from hub.visits.ticket import ticket_document

log = structlog.get_logger()

SCHEMA = (
    journal_module.SCHEMA,
    taps.SCHEMA,
    ledger_tables.SCHEMA,
    staff_tables.SCHEMA,
    sessions_module.SCHEMA,
    customers_tables.SCHEMA,
    catalog_tables.SCHEMA,
    stock_tables.SCHEMA,
    visits_tables.SCHEMA,
    pos_tables.SCHEMA,
    pos_baskets.SCHEMA,
    equipment_tables.SCHEMA,
    pos_tables.REFUNDS_BY_DAY,
    pos_tables.Z_REPORTS,
    equipment_tables.JOBS_AT_WORK,
    equipment_tables.HISTORY,
    equipment_tables.TESTS,
    equipment_tables.FALLBACKS,
    network_tables.SCHEMA,
    card_tables.SCHEMA,
)


class Shop:
    """One shop: its data and its services, without pages. Open from construction to `close`."""

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        self.settings = settings
        folder = settings.store_dir
        self.clock = clock or Clock()
        self.db = _opened(folder / "shop.db", SCHEMA)
        self.keys = _opened(folder / "keys.db", vault.KEYS_SCHEMA)
        self.vault = Vault(folder / "secrets", self.keys)
        self.vault.open()
        self.journal = Journal(self.db, self.clock)
        self.sessions = Sessions(self.db, self.journal, self.clock, self.vault)
        self.ledger = Ledger(self.db)
        self.catalog = Catalog(self.db, self.journal, self.clock)
        self.staff = Staff(self.db, self.journal, self.clock, self.vault, self.sessions)
        self.customers = Customers(self.db, self.journal, self.clock, self.vault)
        self.stock = Stock(self.db, self.journal, self.clock)
        self.link = MqttLink(
            settings.store_id, folder / "secrets" / "mqtt-hub.json", self.clock.now().isoformat(), lambda: self.catalog.shop().name
        )
        self.printing = PrintDesk(self.db, self.journal, self.clock, self.link)
        door = Door(catalog=self.catalog, staff=self.staff, customers=self.customers, printing=self.printing)
        self.visits = Visits(self.db, self.journal, self.clock, door)
        counter = Counter(
            catalog=self.catalog,
            staff=self.staff,
            stock=self.stock,
            ledger=self.ledger,
            visits=self.visits,
            printing=self.printing,
            payment_codes=PaymentCodes(settings.till.payment_codes),
        )
        self.pos = Pos(self.db, self.journal, self.clock, counter)
        self.equipment = Equipment(self.db, self.journal, self.clock, self.link, self.printing)
        self.sensors = Sensors(self.db, self.journal, self.link, self.equipment)
        self.drawers = Drawers(self.db, self.journal, self.link)
        self.screens = Screens(self.db, self.journal, self.clock, self.link)
        self.power = PowerWatch(self.db, self.journal, self.equipment, self.link, self.clock)
        self.network = Network(self.db, self.journal, self.clock, self.link, self.equipment)
        self.asset_labels = AssetLabels(self.db, self.journal, self.equipment)
        ways = Ways(link=self.link, equipment=self.equipment, currency=lambda: self.catalog.shop().currency)
        self.card_terminals = CardTerminals(self.db, self.journal, self.clock, ways)
        self.self_tests = SelfTests(self.db, self.journal, self.clock, self.equipment, self.card_terminals)
        self.recovery = Recovery(self.db, self.journal, self.pos, folder / "high-water")
        self._documents()
        self._tasks: list[asyncio.Task[Any]] = []
        self._set_clock()

    @property
    def base_url(self) -> str:
        """Where this shop's pages are, as printed and shown in QR codes."""
        web = self.settings.web
        host = web.names[-1] if web.lan and web.names else "127.0.0.1"
        return f"{'https' if web.lan else 'http'}://{host}:{web.port}"

    async def start(self, *, demo: bool = False) -> None:
        """Connect to the broker and start the readers; selling works without. `demo` fills an empty shop."""
        if demo and not self.catalog.is_set_up():
            await take_demo(self)
        await self.customers.finish_erasures()
        self._run(self.link.run(), "broker")
        self._run(adopt_simulated(self), "simulated devices")
        self._run(self.printing.run(), "print desk")
        self._run(self.sessions.run(), "sessions")
        self._run(self.screens.run(), "screens")
        power = self.settings.power
        plan = ShutdownPlan(wait_s=power.wait_s, flush_s=power.flush_s, order=self.settings.store_dir / "stop-order.json")
        self._run(self.power.run(plan), "power watch")

    async def stop(self) -> None:
        """Stop the readers, then say goodbye to the broker."""
        self.link.say_alive(alive=False)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        await self.sessions.keep()

    def close(self) -> None:
        """Close the databases; the last thing."""
        self.db.close()
        self.keys.close()

    def _run(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        task.add_done_callback(_ended)
        self._tasks.append(task)

    def _set_clock(self) -> None:
        head = self.journal.head()
        if head.at:
            self.clock.not_before(datetime.fromisoformat(head.at))
        self.recovery.check_at_start()
        self.recovery.keep_mark()
        self.catalog.shop()  # sets the clock to the shop's zone

    def _documents(self) -> None:
        """Who makes which paper."""
        makes = {
            PrintKind.TICKET: self._ticket,
            PrintKind.RECEIPT: lambda source: self._receipts().receipt(self.pos.just_sold(SYSTEM, source)),
            PrintKind.REFUND: self._refund,
            PrintKind.Z_REPORT: lambda source: self._receipts().z_report(self.pos.z_report(SYSTEM, source)),
        }
        for kind, document_of in makes.items():
            self.printing.makes(kind, document_of)

    def _receipts(self) -> Receipts:
        return Receipts(self.catalog.shop(), self.clock)

    def _ticket(self, source: str) -> Document:
        return ticket_document(self.visits.visit(SYSTEM, VisitId(source)), self.catalog, self.staff, self.clock)

    def _refund(self, source: str) -> Document:
        refund = self.pos.refund(SYSTEM, source)
        return self._receipts().refund(refund, self.pos.sale(SYSTEM, refund.sale))


def _opened(path: Path, schema: tuple[Any, ...]) -> Db:
    db = Db(path)
    db.open()
    applied = migrate(db, schema)
    if applied:
        log.info("database migrated", file=path.name, steps=len(applied))
    return db


def _ended(task: asyncio.Task[Any]) -> None:
    if not task.cancelled() and (failed := task.exception()):
        log.critical("a part of the hub stopped", part=task.get_name(), exc_info=failed)
