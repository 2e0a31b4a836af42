"""Ordered, append-only schema changes of an SQLite file; each runs with its record in one transaction.

A released step is never edited: its result is kept in tests/databases/ and must migrate to today's schema.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hub.db import Db, Tx
from hub.errors import StorageUnsafe


@dataclass(frozen=True, slots=True)
class Migration:
    """One step. `name` is its identity for ever; `change` is SQL text or a function for data."""

    name: str
    change: str | Callable[[Tx], None]


def migrate(db: Db, steps: Sequence[Migration]) -> list[str]:
    """Apply what is missing, in order; returns the names applied.

    Raises StorageUnsafe when the file holds steps this program does not know: it was written by a newer version.
    """
    return db.write_at_start(_apply, steps)


def _apply(tx: Tx, steps: Sequence[Migration]) -> list[str]:
    tx.execute("CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP) STRICT")
    done = [row["name"] for row in tx.all("SELECT name FROM migrations ORDER BY rowid")]
    names = [step.name for step in steps]
    if done != names[: len(done)]:
        raise StorageUnsafe(unknown=", ".join(name for name in done if name not in names) or "order")
    applied = []
    for step in steps[len(done) :]:
        if isinstance(step.change, str):
            for statement in split_statements(step.change):
                tx.execute(statement)
        else:
            step.change(tx)
        tx.insert("migrations", name=step.name)
        applied.append(step.name)
    return applied


def split_statements(sql: str) -> list[str]:
    """Single statements of a script; a trigger's body stays whole. (`executescript` would commit.)"""
    found, lines, in_trigger = [], [], False
    for line in sql.splitlines():
        bare = line.split("--")[0].strip()
        lines.append(line)
        in_trigger = in_trigger or bare.upper().startswith("CREATE TRIGGER")
        if (in_trigger and bare.upper() == "END;") or (not in_trigger and bare.endswith(";")):
            found.append("\n".join(lines))
            lines, in_trigger = [], False
    rest = "\n".join(lines).strip()
    return [*found, rest] if rest else found
