"""A touch of a person counts once: the second time, the first result is given.

A step asks `first_result` before it acts and calls `remember` after; both in the transaction of the act, so that either
the act and its memory are durable or neither.
"""

from __future__ import annotations

import hashlib
from typing import Any

import orjson

from hub.db import Db, Tx
from hub.errors import TapReused
from hub.ids import TapId
from hub.migrations import Migration

SCHEMA = Migration(
    "0002-taps",
    """
    CREATE TABLE taps (tap TEXT PRIMARY KEY, act TEXT NOT NULL, wish BLOB NOT NULL, subject TEXT NOT NULL) STRICT, WITHOUT ROWID;
    """,
)


def first_result(tx: Tx | Db, tap_id: TapId, act: str, wish: Any = None) -> str | None:
    """The subject remembered for this tap, None for a new one.

    Raises TapReused when the same tap id came with another act or another wish.
    """
    row = tx.one("SELECT act, wish, subject FROM taps WHERE tap = ?", (tap_id,))
    if row is None:
        return None
    if row["act"] != act or row["wish"] != _print_of(wish):
        raise TapReused(tap=tap_id, act=act)
    return str(row["subject"])


def remember(tx: Tx, tap_id: TapId, act: str, subject: str, wish: Any = None) -> None:
    """Keep that this tap led to `subject` (an id)."""
    tx.execute("INSERT INTO taps VALUES (?, ?, ?, ?)", (tap_id, act, _print_of(wish), subject))


def _print_of(wish: Any) -> bytes:
    return hashlib.blake2b(orjson.dumps(wish, default=str), digest_size=16).digest()
