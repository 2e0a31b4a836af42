"""SQL of what was asked of card terminals. Of a card no more is kept than the last four digits of its number."""

from __future__ import annotations

from datetime import datetime

from hub.db import Row, Tx
from hub.errors import NotFound
from hub.migrations import Migration
from hub.ports import CardAct, CardAttempt, CardAttemptId, CardState, CardTransaction

SCHEMA = Migration(
    "0063-card-attempts",
    """
    CREATE TABLE card_attempts (
      id TEXT PRIMARY KEY, act TEXT NOT NULL CHECK (act IN ('pay', 'reverse', 'end_of_day')), device TEXT NOT NULL,
      amount INTEGER NOT NULL CHECK (amount >= 0), currency TEXT NOT NULL, reference TEXT NOT NULL, reverses TEXT REFERENCES card_attempts (id),
      state TEXT NOT NULL CHECK (state IN ('asked', 'approved', 'declined', 'unknown')), reason TEXT NOT NULL DEFAULT '',
      told TEXT NOT NULL DEFAULT '{}', receipt_no INTEGER, trace_no INTEGER, told_at TEXT, at TEXT NOT NULL, deadline TEXT NOT NULL,
      asked_by TEXT NOT NULL, settled_by TEXT, CHECK ((act = 'reverse') = (reverses IS NOT NULL))) STRICT, WITHOUT ROWID;
    CREATE UNIQUE INDEX one_open_attempt_a_terminal ON card_attempts (device) WHERE state IN ('asked', 'unknown');
    CREATE UNIQUE INDEX one_reversal_a_payment ON card_attempts (reverses) WHERE state <> 'declined' AND reverses IS NOT NULL;
    CREATE INDEX receipts_of_a_terminal ON card_attempts (device, receipt_no);
    """,
)
OPEN = "SELECT * FROM card_attempts INDEXED BY one_open_attempt_a_terminal WHERE state IN ('asked', 'unknown') ORDER BY id LIMIT 200"
BY_ID = "SELECT * FROM card_attempts WHERE id = ?"
LATEST = "SELECT * FROM card_attempts ORDER BY id DESC LIMIT ?"
_OPEN_AT = "SELECT * FROM card_attempts WHERE device = ? AND state IN ('asked', 'unknown')"
_REVERSAL_OF = "SELECT * FROM card_attempts WHERE reverses = ? AND state <> 'declined'"
_SAME_RECEIPT = "SELECT 1 FROM card_attempts WHERE device = ? AND receipt_no = ? AND trace_no IS ? AND told_at IS ? AND id <> ?"


def insert(tx: Tx, attempt: CardAttempt, deadline: str, asked_by: str) -> None:
    """Kept before it is asked; the database takes one that is open for each terminal."""
    tx.insert(
        "card_attempts",
        id=attempt.id,
        act=str(attempt.act),
        device=attempt.device,
        amount=attempt.amount,
        currency=attempt.currency,
        reference=attempt.reference,
        reverses=attempt.reverses,
        state=str(attempt.state),
        at=attempt.at.isoformat(),
        deadline=deadline,
        asked_by=asked_by,
    )


def end(tx: Tx, attempt: CardAttemptId, state: CardState, reason: str, told: CardTransaction) -> None:
    """How it ended."""
    tx.execute(
        "UPDATE card_attempts SET state = ?, reason = ?, told = ?, receipt_no = ?, trace_no = ?, told_at = ? WHERE id = ?",
        (str(state), reason, told.model_dump_json(), told.receipt_no, told.trace_no, told.at, attempt),
    )


def settle(tx: Tx, attempt: CardAttemptId, state: CardState, by: str) -> None:
    """What was unknown is known."""
    tx.execute("UPDATE card_attempts SET state = ?, reason = '', settled_by = ? WHERE id = ?", (str(state), by, attempt))


def get(tx: Tx, attempt: str) -> CardAttempt:
    """One. Raises NotFound."""
    row = tx.one(BY_ID, (attempt,))
    if row is None:
        raise NotFound(attempt=attempt)
    return attempt_of(row)


def open_at(tx: Tx, device: str) -> CardAttempt | None:
    """What is asked or unknown at a terminal."""
    row = tx.one(_OPEN_AT, (device,))
    return attempt_of(row) if row else None


def reversal_of(tx: Tx, payment: CardAttemptId) -> CardAttempt | None:
    """What gives a payment back, unless it was declined."""
    row = tx.one(_REVERSAL_OF, (payment,))
    return attempt_of(row) if row else None


def is_of_another(tx: Tx, attempt: CardAttempt, told: CardTransaction) -> bool:
    """Whether this receipt is known as that of another attempt: same numbers and same time by the terminal's clock."""
    return tx.one(_SAME_RECEIPT, (attempt.device, told.receipt_no, told.trace_no, told.at, attempt.id)) is not None


def attempt_of(row: Row) -> CardAttempt:
    """A row as what it keeps."""
    return CardAttempt(
        id=CardAttemptId(row["id"]),
        act=CardAct(row["act"]),
        device=row["device"],
        amount=row["amount"],
        currency=row["currency"],
        reference=row["reference"],
        state=CardState(row["state"]),
        reason=row["reason"],
        told=CardTransaction.model_validate_json(row["told"]),
        at=datetime.fromisoformat(row["at"]),
        reverses=CardAttemptId(row["reverses"]) if row["reverses"] else None,
    )
