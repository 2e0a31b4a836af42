"""SQL of the ledger."""

from __future__ import annotations

from hub.db import Row, Tx
from hub.ledger.model import Entry
from hub.migrations import Migration

SCHEMA = Migration(
    "0005-ledger",
    """
    CREATE TABLE ledger_accounts (account TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
    INSERT INTO ledger_accounts VALUES ('cash'), ('card_clearing'), ('qr_clearing'), ('guests'), ('service_revenue'),
      ('product_revenue'), ('tax_payable'), ('cash_over_short'), ('safe');
    CREATE TABLE ledger_entries (
      source TEXT PRIMARY KEY, kind TEXT NOT NULL, day TEXT NOT NULL, currency TEXT NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE ledger_postings (
      source TEXT NOT NULL REFERENCES ledger_entries (source), position INTEGER NOT NULL,
      debit TEXT NOT NULL REFERENCES ledger_accounts (account), credit TEXT NOT NULL REFERENCES ledger_accounts (account),
      amount INTEGER NOT NULL CHECK (amount > 0), till TEXT NOT NULL, CHECK (debit <> credit),
      PRIMARY KEY (source, position)) STRICT, WITHOUT ROWID;
    CREATE VIEW ledger_legs AS
      SELECT source, debit AS account, amount, till FROM ledger_postings
      UNION ALL SELECT source, credit, -amount, till FROM ledger_postings;
    CREATE TRIGGER postings_are_never_changed BEFORE UPDATE ON ledger_postings
    BEGIN
      SELECT RAISE(ABORT, 'the ledger is append-only');
    END;
    CREATE TRIGGER postings_are_never_removed BEFORE DELETE ON ledger_postings
    BEGIN
      SELECT RAISE(ABORT, 'the ledger is append-only');
    END;
    CREATE TRIGGER entries_are_never_changed BEFORE UPDATE ON ledger_entries
    BEGIN
      SELECT RAISE(ABORT, 'the ledger is append-only');
    END;
    CREATE TRIGGER entries_are_never_removed BEFORE DELETE ON ledger_entries
    BEGIN
      SELECT RAISE(ABORT, 'the ledger is append-only');
    END;
    """,
)


def insert(tx: Tx, entry: Entry) -> None:
    """One entry and its postings."""
    tx.execute("INSERT INTO ledger_entries VALUES (?, ?, ?, ?)", (entry.source, entry.kind, entry.day.isoformat(), entry.currency))
    tx.executemany(
        "INSERT INTO ledger_postings VALUES (?, ?, ?, ?, ?, ?)",
        [(entry.source, n, str(p.debit), str(p.credit), p.amount, p.till) for n, p in enumerate(entry.postings, start=1)],
    )


POSTINGS_OF = "SELECT debit, credit, amount, till FROM ledger_postings WHERE source = ? ORDER BY position"
BALANCES = "SELECT account, sum(amount) AS balance FROM ledger_legs GROUP BY account"
ALL_LEGS = "SELECT coalesce(sum(amount), 0) FROM ledger_legs"


def postings_of(tx: Tx, source: str) -> list[Row]:
    """The postings booked for one act, in order."""
    return tx.all(POSTINGS_OF, (source,))
