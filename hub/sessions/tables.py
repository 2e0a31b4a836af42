"""Rows of sessions, pairing codes and counted tries."""

from __future__ import annotations

from datetime import datetime

from hub.access import Actor, Role
from hub.db import Db, Row, Tx
from hub.migrations import Migration

SCHEMA = Migration(
    "0011-sessions",
    """
    CREATE TABLE sessions (
      token BLOB PRIMARY KEY CHECK (length(token) = 32), actor TEXT NOT NULL, role TEXT NOT NULL, station TEXT NOT NULL,
      started_at TEXT NOT NULL, seen_at TEXT NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE pairing_codes (
      code BLOB PRIMARY KEY CHECK (length(code) = 32), role TEXT NOT NULL, station TEXT NOT NULL, expires_at TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE tries (
      subject TEXT PRIMARY KEY, wrong INTEGER NOT NULL CHECK (wrong > 0), last_at TEXT NOT NULL, not_before TEXT NOT NULL,
      forget_at TEXT) STRICT, WITHOUT ROWID;
    CREATE TABLE guesses (guess INTEGER PRIMARY KEY, subject TEXT NOT NULL, at TEXT NOT NULL) STRICT;
    CREATE INDEX guesses_by_subject ON guesses (subject, at);
    """,
)


def stored(moment: datetime) -> str:
    """Fixed width, so that text order is time order."""
    return moment.isoformat(timespec="microseconds")


def all_sessions(db: Db) -> list[Row]:
    """Every session that was not ended."""
    return db.all("SELECT token, actor, role, station, started_at, seen_at FROM sessions")


def actor_in(row: Row) -> Actor:
    """Who holds this session."""
    return Actor(id=row["actor"], role=Role(row["role"]), station=row["station"])


def holder(tx: Tx, token: bytes) -> Actor | None:
    """Who holds this session; None when it was ended."""
    row = tx.one("SELECT actor, role, station FROM sessions WHERE token = ?", (token,))
    return actor_in(row) if row else None


def tokens_of(tx: Tx, actor_id: str) -> list[bytes]:
    """Every session of a person or screen."""
    return [row["token"] for row in tx.all("SELECT token FROM sessions WHERE actor = ?", (actor_id,))]


def insert_session(tx: Tx, token: bytes, actor: Actor, at: datetime) -> None:
    """A session that starts now."""
    tx.execute("INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?)", (token, actor.id, str(actor.role), actor.station, stored(at), stored(at)))


def delete_sessions(tx: Tx, tokens: list[bytes]) -> None:
    """These sessions, if they exist."""
    tx.executemany("DELETE FROM sessions WHERE token = ?", [(token,) for token in tokens])


def move_seen(tx: Tx, seen: list[tuple[bytes, datetime]]) -> None:
    """When these sessions were last used."""
    tx.executemany("UPDATE sessions SET seen_at = ? WHERE token = ?", [(stored(at), token) for token, at in seen])


def insert_code(tx: Tx, code: bytes, actor: Actor, expires_at: datetime) -> None:
    """A code that makes whoever types it a screen of this role and station."""
    tx.execute("INSERT INTO pairing_codes VALUES (?, ?, ?, ?)", (code, str(actor.role), actor.station, stored(expires_at)))


def count_codes(tx: Tx, now: datetime) -> int:
    """How many codes wait to be typed; those past their time are removed."""
    tx.execute("DELETE FROM pairing_codes WHERE expires_at <= ?", (stored(now),))
    row = tx.one("SELECT count(*) FROM pairing_codes")
    return int(row[0]) if row else 0


def take_code(tx: Tx, code: bytes, now: datetime) -> Row | None:
    """Role and station of a valid code, which is used up by this; None for a wrong or late one."""
    return tx.one("DELETE FROM pairing_codes WHERE code = ? AND expires_at > ? RETURNING role, station", (code, stored(now)))


def latest_known(db: Db) -> datetime | None:
    """The latest moment any of these rows tells of: a time that has certainly passed."""
    row = db.one(
        """
        SELECT max(at) FROM (SELECT max(seen_at) AS at FROM sessions UNION ALL SELECT max(last_at) FROM tries
        UNION ALL SELECT max(at) FROM guesses)
        """
    )
    return datetime.fromisoformat(row[0]) if row and row[0] else None
