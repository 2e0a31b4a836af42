"""SQL of stock. `balance` on a movement is the sum of all movements of its product up to it."""

from __future__ import annotations

from hub.db import Tx
from hub.migrations import Migration
from hub.stock.model import Movement, Reason

SCHEMA = Migration(
    "0030-stock",
    """
    CREATE TABLE stock_movements (
      product TEXT NOT NULL, n INTEGER NOT NULL CHECK (n > 0), quantity INTEGER NOT NULL CHECK (quantity <> 0), balance INTEGER NOT NULL,
      reason TEXT NOT NULL, source TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (product, n)) STRICT, WITHOUT ROWID;
    CREATE UNIQUE INDEX one_movement_of_a_product_a_source ON stock_movements (source, product);
    CREATE TRIGGER movements_are_never_changed BEFORE UPDATE ON stock_movements
    BEGIN
      SELECT RAISE(ABORT, 'stock is only ever moved');
    END;
    CREATE TRIGGER movements_are_never_removed BEFORE DELETE ON stock_movements
    BEGIN
      SELECT RAISE(ABORT, 'stock is only ever moved');
    END;
    """,
)
BALANCE = "SELECT balance FROM stock_movements WHERE product = ? ORDER BY n DESC LIMIT 1"
_LAST = "SELECT n, balance FROM stock_movements WHERE product = ? ORDER BY n DESC LIMIT 1"


def balance(tx: Tx, product: str) -> int:
    """Pieces on the shelf by the books."""
    row = tx.one(BALANCE, (product,))
    return row[0] if row else 0


def moved_by(tx: Tx, source: str) -> list[Movement]:
    """What one act moved."""
    return [
        Movement(product=row["product"], quantity=row["quantity"], reason=Reason(row["reason"]), source=source)
        for row in tx.all("SELECT product, quantity, reason FROM stock_movements WHERE source = ?", (source,))
    ]


def insert(tx: Tx, movement: Movement, at: str) -> int:
    """One movement; returns the balance, which follows from the one before."""
    place = ("stock", movement.product)
    n, before = tx.known.get(place) or tuple(tx.one(_LAST, (movement.product,)) or (0, 0))
    after: int = before + movement.quantity
    tx.execute(
        "INSERT INTO stock_movements VALUES (?, ?, ?, ?, ?, ?, ?)",
        (movement.product, n + 1, movement.quantity, after, str(movement.reason), movement.source, at),
    )
    tx.known[place] = (n + 1, after)
    return after
