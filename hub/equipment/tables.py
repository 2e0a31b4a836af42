"""SQL of print jobs and known devices."""

from __future__ import annotations

from datetime import datetime

from hub.db import Row, Tx
from hub.equipment.model import JobId, JobState, PrintJob
from hub.errors import NotFound
from hub.migrations import Migration
from hub.ports import PrintKind

SCHEMA = Migration(
    "0060-equipment",
    """
    CREATE TABLE print_jobs (
      id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, source TEXT NOT NULL, till TEXT NOT NULL,
      device TEXT, state TEXT NOT NULL CHECK (state IN ('queued', 'printing', 'held', 'printed', 'uncertain', 'failed')),
      copy INTEGER NOT NULL, reason TEXT NOT NULL DEFAULT '', sentence TEXT NOT NULL DEFAULT '', action TEXT NOT NULL DEFAULT '',
      at TEXT NOT NULL, command TEXT NOT NULL, kick_until TEXT, settled INTEGER NOT NULL DEFAULT 0,
      PRIMARY KEY (source, kind, copy)) STRICT, WITHOUT ROWID;
    CREATE INDEX open_print_jobs ON print_jobs (id) WHERE state IN ('queued', 'printing', 'held');
    CREATE TABLE devices_seen (device TEXT PRIMARY KEY, health TEXT NOT NULL, at TEXT NOT NULL) STRICT;
    """,
)
JOBS_AT_WORK = Migration(
    "0061-jobs-at-work",
    """
    DROP INDEX open_print_jobs;
    CREATE INDEX jobs_at_work ON print_jobs (id) WHERE settled = 0 AND state <> 'printed';
    """,
)
HISTORY = Migration(
    "0062-device-history",
    """
    CREATE TABLE device_history (seq INTEGER PRIMARY KEY, device TEXT NOT NULL, at TEXT NOT NULL, health TEXT NOT NULL, reason TEXT NOT NULL) STRICT;
    CREATE INDEX history_of_device ON device_history (device, seq);
    INSERT INTO device_history (device, at, health, reason) SELECT device, at, health, '' FROM devices_seen;
    DROP TABLE devices_seen;
    """,
)
TESTS = Migration(
    "0063-device-tests",
    """
    CREATE TABLE device_tests (device TEXT PRIMARY KEY, at TEXT NOT NULL, passed INTEGER NOT NULL, file BLOB NOT NULL) STRICT;
    """,
)
FALLBACKS = Migration(
    "0064-printer-fallbacks",
    """
    CREATE TABLE printer_fallbacks (device TEXT PRIMARY KEY, fallback TEXT NOT NULL) STRICT;
    ALTER TABLE print_jobs ADD COLUMN meant_for TEXT NOT NULL DEFAULT '';
    """,
)
HISTORY_KEPT = 200  # of each device
BY_HAND = "drawer_by_hand"  # a moment, not a state
LAST_SEEN = "SELECT health, reason FROM device_history WHERE device = ? AND reason <> 'drawer_by_hand' ORDER BY seq DESC LIMIT 1"
LATEST_HISTORY = "SELECT at, health, reason FROM device_history WHERE device = ? ORDER BY seq DESC LIMIT ?"
MOMENT = "SELECT 1 FROM device_history WHERE device = ? AND at = ? AND reason = ?"
_OLD_HISTORY = (
    "DELETE FROM device_history WHERE device = ? AND seq <= "
    "(SELECT seq FROM device_history WHERE device = ? ORDER BY seq DESC LIMIT 1 OFFSET ?)"
)
_AT_WORK = "SELECT * FROM print_jobs INDEXED BY jobs_at_work WHERE settled = 0 AND state <> 'printed'"  # few, however many there ever were
OPEN_JOBS = f"{_AT_WORK} AND state IN ('queued', 'printing', 'held') ORDER BY id LIMIT 500"
NEEDING_SOMEONE = f"{_AT_WORK} AND (state IN ('held', 'uncertain', 'failed') OR (state = 'queued' AND reason <> '')) ORDER BY id LIMIT 100"
BY_COMMAND = f"{_AT_WORK} AND command = ? AND state IN ('queued', 'printing', 'held')"
LATEST_JOBS = "SELECT * FROM print_jobs ORDER BY id DESC LIMIT ?"
JOB_OF = "SELECT * FROM print_jobs WHERE kind = ? AND source = ? ORDER BY copy DESC LIMIT 1"
BY_ID = "SELECT * FROM print_jobs WHERE id = ?"
_INSERT = (
    "INSERT INTO print_jobs (id, kind, source, till, device, meant_for, state, copy, at, command, kick_until) "
    "VALUES (?, ?, ?, ?, ?, ?, 'queued', ?, ?, ?, ?)"
)
CHOOSE_FALLBACK = "INSERT INTO printer_fallbacks VALUES (?, ?) ON CONFLICT (device) DO UPDATE SET fallback = excluded.fallback"


def insert(tx: Tx, job: PrintJob) -> None:
    """A new job; the database takes one original of a source and kind."""
    tx.execute(
        _INSERT,
        (job.id, str(job.kind), job.source, job.till, job.device, job.meant_for, job.copy, job.at.isoformat(), job.command, job.kick_until),
    )


def remember(tx: Tx, device: str, at: datetime, health: str, reason: str) -> None:
    """One more line of a device's history; the oldest are forgotten."""
    tx.insert("device_history", device=device, at=at.isoformat(), health=health, reason=reason)
    tx.execute(_OLD_HISTORY, (device, device, HISTORY_KEPT))


def forget(tx: Tx, device: str) -> None:
    """The history and the self-test of a device that is no longer here, and what it was to stand in for."""
    tx.execute("DELETE FROM printer_fallbacks WHERE device = ? OR fallback = ?", (device, device))
    tx.execute("DELETE FROM device_history WHERE device = ?", (device,))
    tx.execute("DELETE FROM device_tests WHERE device = ?", (device,))


def get(tx: Tx, job_id: str) -> PrintJob:
    """One job. Raises NotFound."""
    row = tx.one(BY_ID, (job_id,))
    if row is None:
        raise NotFound(job=job_id)
    return job_of(row)


def job_of(row: Row) -> PrintJob:
    """A row as the job it keeps."""
    return PrintJob(
        id=JobId(row["id"]),
        kind=PrintKind(row["kind"]),
        source=row["source"],
        till=row["till"],
        device=row["device"],
        state=JobState(row["state"]),
        copy=row["copy"],
        reason=row["reason"],
        sentence=row["sentence"],
        action=row["action"],
        at=datetime.fromisoformat(row["at"]),
        command=row["command"],
        kick_until=row["kick_until"],
        meant_for=row["meant_for"],
    )
