"""Rows of guests and of the consent ledger. What is sealed here opens with the key of its guest only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from hub.customers.model import Channel, Consent, CustomerId, Purpose
from hub.db import Db, Row, Tx
from hub.migrations import Migration

SCHEMA = Migration(
    "0012-customers",
    """
    CREATE TABLE customers (
      id TEXT PRIMARY KEY, phone_index BLOB UNIQUE, last4_index BLOB, phone BLOB, name BLOB, notes BLOB, language TEXT NOT NULL,
      since TEXT NOT NULL, erased_at TEXT,
      CHECK ((erased_at IS NULL) = (phone IS NOT NULL AND phone_index IS NOT NULL AND last4_index IS NOT NULL)),
      CHECK (erased_at IS NULL OR (name IS NULL AND notes IS NULL))) STRICT, WITHOUT ROWID;
    CREATE INDEX customers_by_last4 ON customers (last4_index) WHERE last4_index IS NOT NULL;
    CREATE TABLE consents (
      entry INTEGER PRIMARY KEY, customer TEXT NOT NULL REFERENCES customers (id), purpose TEXT NOT NULL,
      given INTEGER NOT NULL CHECK (given IN (0, 1)), notice TEXT NOT NULL, channel TEXT NOT NULL, actor TEXT NOT NULL, at TEXT NOT NULL) STRICT;
    CREATE INDEX consents_by_customer ON consents (customer, purpose, entry);
    CREATE TRIGGER a_consent_is_never_changed BEFORE UPDATE ON consents
    BEGIN
      SELECT RAISE(ABORT, 'the consent ledger is append-only');
    END;
    CREATE TRIGGER a_consent_is_never_removed BEFORE DELETE ON consents
    BEGIN
      SELECT RAISE(ABORT, 'the consent ledger is append-only');
    END;
    """,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedPhone:
    """A number as it is kept: sealed, and the fingerprints it is found by."""

    sealed: bytes
    index: bytes
    last4_index: bytes


def id_by_phone(tx: Tx, index: bytes) -> CustomerId | None:
    """Whose number this is."""
    row = tx.one("SELECT id FROM customers WHERE phone_index = ?", (index,))
    return CustomerId(row["id"]) if row else None


def read_id_by_phone(db: Db, index: bytes) -> CustomerId | None:
    """The same outside a transaction."""
    row = db.one("SELECT id FROM customers WHERE phone_index = ?", (index,))
    return CustomerId(row["id"]) if row else None


def by_last4(db: Db, last4_index: bytes, limit: int) -> list[Row]:
    """Guests whose number ends so, the newest first."""
    return db.all("SELECT id, phone, name FROM customers WHERE last4_index = ? ORDER BY since DESC LIMIT ?", (last4_index, limit))


def state(tx: Tx, customer: str) -> Row | None:
    """Whether there is such a guest, whether she was erased, and whether her name is known."""
    return tx.one("SELECT erased_at, name IS NOT NULL AS named FROM customers WHERE id = ?", (customer,))


def card(db: Db, customer: str) -> Row | None:
    """The sealed file of a guest who was not erased."""
    return db.one("SELECT id, phone, name, notes, language, since FROM customers WHERE id = ? AND erased_at IS NULL", (customer,))


def insert(tx: Tx, customer: CustomerId, phone: SealedPhone, language: str, at: datetime) -> None:
    """A new guest."""
    tx.insert(
        "customers",
        id=customer,
        phone_index=phone.index,
        last4_index=phone.last4_index,
        phone=phone.sealed,
        language=language,
        since=at.isoformat(),
    )


def set_phone(tx: Tx, customer: str, phone: SealedPhone) -> None:
    """Another number."""
    values = (phone.index, phone.last4_index, phone.sealed, customer)
    tx.execute("UPDATE customers SET phone_index = ?, last4_index = ?, phone = ? WHERE id = ?", values)


def set_name(tx: Tx, customer: str, name: bytes | None) -> None:
    """Another name, sealed; None: no name."""
    tx.execute("UPDATE customers SET name = ? WHERE id = ?", (name, customer))


def set_notes(tx: Tx, customer: str, notes: bytes | None) -> None:
    """Other notes, sealed; None: no notes."""
    tx.execute("UPDATE customers SET notes = ? WHERE id = ?", (notes, customer))


def set_language(tx: Tx, customer: str, language: str) -> None:
    """Another language."""
    tx.execute("UPDATE customers SET language = ? WHERE id = ?", (language, customer))


def erase(tx: Tx, customer: str, at: datetime) -> None:
    """Nothing but the id stays."""
    tx.execute(
        """
        UPDATE customers SET phone_index = NULL, last4_index = NULL, phone = NULL, name = NULL, notes = NULL, language = '', erased_at = ?
        WHERE id = ?
        """,
        (at.isoformat(), customer),
    )


def erased(db: Db) -> list[str]:
    """Ids of all erased guests."""
    return [row["id"] for row in db.all("SELECT id FROM customers WHERE erased_at IS NOT NULL")]


def add_consents(tx: Tx, customer: str, actor: str, consents: Iterable[Consent]) -> None:
    """New entries of the ledger."""
    tx.executemany(
        "INSERT INTO consents (customer, purpose, given, notice, channel, actor, at) VALUES (?, ?, ?, ?, ?, ?, ?)",
        [(customer, str(c.purpose), int(c.given), c.notice, str(c.channel), actor, c.at.isoformat()) for c in consents],
    )


def consents(db: Db, customer: str) -> list[Consent]:
    """Everything the guest ever said, oldest first."""
    rows = db.all("SELECT purpose, given, notice, channel, at FROM consents WHERE customer = ? ORDER BY entry", (customer,))
    return [_consent(row) for row in rows]


def consent(db: Db, customer: str, purpose: Purpose) -> Consent | None:
    """The newest word on one purpose."""
    row = db.one(_NEWEST, (customer, str(purpose)))
    return _consent(row) if row else None


def consent_in(tx: Tx, customer: str, purpose: Purpose) -> Consent | None:
    """The same inside a transaction."""
    row = tx.one(_NEWEST, (customer, str(purpose)))
    return _consent(row) if row else None


_NEWEST = "SELECT purpose, given, notice, channel, at FROM consents WHERE customer = ? AND purpose = ? ORDER BY entry DESC LIMIT 1"


def _consent(row: Row) -> Consent:
    return Consent(
        purpose=Purpose(row["purpose"]),
        given=bool(row["given"]),
        notice=row["notice"],
        channel=Channel(row["channel"]),
        at=datetime.fromisoformat(row["at"]),
    )
