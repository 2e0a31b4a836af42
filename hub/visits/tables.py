"""SQL of visits."""

from __future__ import annotations

from datetime import date, datetime

import orjson

from hub.catalog.model import ServiceId
from hub.customers.model import CustomerId
from hub.db import Row, Tx
from hub.errors import NotFound
from hub.migrations import Migration
from hub.staff.model import StaffId
from hub.visits.model import Stage, Visit, VisitId

SCHEMA = Migration(
    "0040-visits",
    """
    CREATE TABLE visits (
      id TEXT PRIMARY KEY, ticket INTEGER NOT NULL CHECK (ticket > 0), day TEXT NOT NULL,
      stage TEXT NOT NULL CHECK (stage IN ('waiting', 'called', 'seated', 'in_service', 'served', 'paid', 'left')),
      arrived_at TEXT NOT NULL, services TEXT NOT NULL, language TEXT NOT NULL, wanted_stylist TEXT, stylist TEXT, customer TEXT,
      wait_s INTEGER NOT NULL, moved_at TEXT NOT NULL, started_at TEXT, UNIQUE (day, ticket)) STRICT;
    CREATE INDEX visits_in_the_shop ON visits (day, stage);
    """,
)
IN_THE_SHOP = """
    SELECT * FROM visits WHERE day = ? AND stage IN ('waiting', 'called', 'seated', 'in_service', 'served')
    ORDER BY ticket LIMIT 500"""
BY_ID = "SELECT * FROM visits WHERE id = ?"


def next_ticket(tx: Tx, day: date) -> int:
    """One more than today's highest."""
    row = tx.one("SELECT coalesce(max(ticket), 0) + 1 FROM visits WHERE day = ?", (day.isoformat(),))
    return int(row[0]) if row else 1


def insert(tx: Tx, visit: Visit) -> None:
    """A new visit."""
    tx.insert(
        "visits",
        id=visit.id,
        ticket=visit.ticket,
        day=visit.day.isoformat(),
        stage=str(visit.stage),
        arrived_at=visit.arrived_at.isoformat(),
        services=orjson.dumps(visit.services).decode(),
        language=visit.language,
        wanted_stylist=visit.wanted_stylist,
        stylist=visit.stylist,
        customer=visit.customer,
        wait_s=visit.wait_s,
        moved_at=visit.moved_at.isoformat(),
        started_at=None,
    )


def update(tx: Tx, visit: Visit) -> None:
    """The stage, the times and who serves."""
    started = visit.started_at.isoformat() if visit.started_at else None
    tx.execute(
        "UPDATE visits SET stage = ?, stylist = ?, moved_at = ?, started_at = ? WHERE id = ?",
        (str(visit.stage), visit.stylist, visit.moved_at.isoformat(), started, visit.id),
    )


def get(tx: Tx, visit_id: str) -> Visit:
    """One visit. Raises NotFound."""
    row = tx.one(BY_ID, (visit_id,))
    if row is None:
        raise NotFound(visit=visit_id)
    return visit_of(row)


def visit_of(row: Row) -> Visit:
    """A row as the visit it keeps."""
    return Visit(
        id=VisitId(row["id"]),
        ticket=row["ticket"],
        day=date.fromisoformat(row["day"]),
        stage=Stage(row["stage"]),
        arrived_at=datetime.fromisoformat(row["arrived_at"]),
        services=tuple(ServiceId(s) for s in orjson.loads(row["services"])),
        language=row["language"],
        wanted_stylist=StaffId(row["wanted_stylist"]) if row["wanted_stylist"] else None,
        stylist=StaffId(row["stylist"]) if row["stylist"] else None,
        customer=CustomerId(row["customer"]) if row["customer"] else None,
        wait_s=row["wait_s"],
        moved_at=datetime.fromisoformat(row["moved_at"]),
        started_at=datetime.fromisoformat(row["started_at"]) if row["started_at"] else None,
    )
