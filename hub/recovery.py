"""Noticing that the database is an older copy, and starting a new epoch so that no number is given out twice.

A small file beside the database remembers the newest line ever written here. It is written without a sync after each
commit: a power cut may leave it behind the database, which is harmless, never ahead of it.
"""

from __future__ import annotations

import os
from pathlib import Path

import structlog
from pydantic import BaseModel, ConfigDict, Field

from hub.access import SYSTEM, Actor, Right
from hub.db import Db, Tx
from hub.journal import Journal
from hub.pos import Pos

log = structlog.get_logger()

_WIDTH = 128


class Known(BaseModel):
    """What head office has of this shop: its newest contiguous line, and the highest receipt number of each till."""

    model_config = ConfigDict(extra="forbid")

    known_epoch: int = Field(ge=1)
    known_seq: int = Field(ge=0)
    receipts: dict[str, int] = Field({}, max_length=100)


class Recovery:
    """Keeps the mark, compares it at start, and takes head office's word when there is no mark."""

    def __init__(self, db: Db, journal: Journal, pos: Pos, mark: Path) -> None:
        self._db, self._journal, self._pos, self._mark = db, journal, pos, mark
        self._file: int | None = None
        self._marked = -1

    def check_at_start(self) -> bool:
        """Compare with the mark; returns whether a new epoch was started because the database is an older or foreign copy.

        Each forgotten line can have been at most one receipt, so each till's series skips that many numbers.
        """
        known = self._read()
        if known is None:
            return False
        epoch, seq, seal = known
        head = self._journal.head()
        lines = self._journal.after(seq - 1, 1) if seq else []
        if seq <= head.seq and (not lines or lines[0].hash.hex() == seal):
            return False
        log.warning("the database is an older copy; a new epoch begins", known_epoch=epoch, known_seq=seq, restored_seq=head.seq)
        self._db.write_at_start(self._raise_by_mark, epoch, seq, max(seq - head.seq, 1))
        return True

    def keep_mark(self) -> None:
        """Write the mark after every commit that adds a line, from now on."""
        self._file = os.open(self._mark, os.O_WRONLY | os.O_CREAT, 0o600)
        self._db.after_commit(self._write)
        self._write()

    async def recover(self, actor: Actor, known: Known) -> int:
        """Head office knows more than this database: start a new epoch past it, once. Returns the epoch in force."""
        actor.must(Right.RECOVER)
        return await self._db.write(self._raise, actor, known)

    def _raise(self, tx: Tx, actor: Actor, known: Known) -> int:
        row = tx.one("SELECT epoch FROM journal ORDER BY seq DESC LIMIT 1")
        epoch = int(row["epoch"]) if row else 1
        if epoch > known.known_epoch:
            return epoch
        epoch = self._journal.raise_epoch(tx, known.known_seq, known.known_epoch)
        self._pos.skip_receipts(tx, actor, known.receipts)
        return epoch

    def _raise_by_mark(self, tx: Tx, known_epoch: int, known_seq: int, forgotten: int) -> None:
        self._journal.raise_epoch(tx, known_seq, known_epoch)
        rows = tx.all("SELECT till, max(number) AS last FROM receipt_numbers GROUP BY till")
        self._pos.skip_receipts(tx, SYSTEM, {row["till"]: row["last"] + forgotten for row in rows})

    def _read(self) -> tuple[int, int, str] | None:
        try:
            epoch, seq, seal = self._mark.read_text("ascii").split()
            return int(epoch), int(seq), seal
        except (OSError, ValueError):
            return None

    def _write(self) -> None:
        head = self._journal.head()
        if self._file is not None and head.seq != self._marked:
            self._marked = head.seq
            os.pwrite(self._file, f"{head.epoch} {head.seq} {head.hash.hex()}".ljust(_WIDTH).encode(), 0)
