"""What head office has acknowledged, kept over restarts in the bridge's own file.

It only moves after an acknowledgement, and is saved at most once a second: head office's own number decides what is sent
again. This one tells the shop how much is safe while head office is away, and tells the bridge when a line that was
acknowledged is not in the journal any more.
"""

from __future__ import annotations

from pathlib import Path

from hub.clock import Clock
from hub.db import Db, Tx
from hub.journal import GENESIS
from hub.migrations import Migration, migrate

SAVE_S = 1.0
STEPS = (
    Migration(
        "0001-cursor",
        """
        CREATE TABLE cursor (
          id INTEGER PRIMARY KEY CHECK (id = 1), epoch INTEGER NOT NULL, seq INTEGER NOT NULL, hash BLOB NOT NULL, at TEXT NOT NULL) STRICT;
        """,
    ),
)


class Cursor:
    """Open before use, close at the end. Raises StorageFailed from `open`, `save` and `save_when_due`."""

    def __init__(self, store_dir: Path, clock: Clock) -> None:
        self._db, self._clock = Db(store_dir / "bridge.db"), clock
        self.epoch, self.seq, self.hash = 0, 0, GENESIS
        self._saved = (0, 0)
        self._saved_s = clock.monotonic()

    def open(self) -> None:
        """Open the file; no loop may run yet."""
        self._db.open()
        migrate(self._db, STEPS)
        row = self._db.one("SELECT epoch, seq, hash FROM cursor")
        if row:
            self.epoch, self.seq, self.hash = row["epoch"], row["seq"], bytes(row["hash"])
            self._saved = (self.epoch, self.seq)

    def moved(self, epoch: int, seq: int, seal: bytes) -> None:
        """Everything up to the line `seq` with hash `seal` was acknowledged."""
        self.epoch, self.seq, self.hash = epoch, seq, seal

    async def save_when_due(self) -> None:
        """Save when it moved and the last time is a second ago."""
        if (self.epoch, self.seq) != self._saved and self._clock.monotonic() - self._saved_s >= SAVE_S:
            await self.save()

    async def save(self) -> None:
        """Save now."""
        self._saved, self._saved_s = (self.epoch, self.seq), self._clock.monotonic()
        await self._db.write(_save, self.epoch, self.seq, self.hash, self._clock.now().isoformat())

    def close(self) -> None:
        """Close the file."""
        self._db.close()


def _save(tx: Tx, *values: object) -> None:
    tx.execute("INSERT OR REPLACE INTO cursor VALUES (1, ?, ?, ?, ?)", values)
