"""The shop's journal, read only and without asking the hub, which may be stopped."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cloud_bridge.contract import LINES_PER_MESSAGE, MESSAGE_BYTES_WISHED, WireLine
from hub.db import Db, IntegrityError, Row
from hub.errors import StorageFailed
from hub.journal import GENESIS, Head

_SQLITE_ERROR: type[Exception] = IntegrityError.__mro__[2]  # the library's root error; only hub/db.py imports the library
_LINE_OVERHEAD = 300  # bytes of a line on the wire beside its body


class JournalAway(StorageFailed):
    """There is no journal to read right now: not set up yet, or being replaced."""

    code = "journal_away"
    hint = "Nothing to do: the bridge goes on as soon as the shop's database is there."


class JournalChanged(StorageFailed):
    """The line that was sent last is not in the journal any more: the database was restored."""

    code = "journal_changed"
    hint = "Nothing to do: the bridge agrees with head office anew."


class ShopJournal:
    """Follows the file: when a restore puts another in its place, that one is read."""

    def __init__(self, store_dir: Path) -> None:
        self._path = store_dir / "shop.db"
        self._db: Db | None = None
        self._file: tuple[int, int] | None = None

    def head(self) -> Head:
        """The newest line; seq 0 before the first. Raises JournalAway."""
        rows = self._all("SELECT epoch, seq, hash, at FROM journal ORDER BY seq DESC LIMIT 1")
        return Head(*rows[0]) if rows else Head(1, 0, GENESIS, None)

    def behind(self, seq: int, seal: bytes, limit: int = LINES_PER_MESSAGE) -> list[WireLine]:
        """Lines after the line `seq` with hash `seal`, in order: at most `limit`, and about a message full.

        Raises JournalChanged when that line is not there any more, JournalAway.
        """
        rows = self._all("SELECT * FROM journal WHERE seq >= ? ORDER BY seq LIMIT ?", (seq, limit + 1))
        if seq > 0 and (not rows or rows[0]["seq"] != seq or rows[0]["hash"] != seal):
            raise JournalChanged(seq=seq)
        lines: list[WireLine] = []
        size = 0
        for row in rows[1:] if seq > 0 else rows[:limit]:
            line = WireLine(*row)
            size += len(line.body.encode()) + _LINE_OVERHEAD
            if lines and size > MESSAGE_BYTES_WISHED:
                break
            lines.append(line)
        return lines

    def hash_at(self, seq: int) -> bytes | None:
        """The hash of line `seq`, None when there is none. Raises JournalAway."""
        if seq == 0:
            return GENESIS
        rows = self._all("SELECT hash FROM journal WHERE seq = ?", (seq,))
        return bytes(rows[0]["hash"]) if rows else None

    def epochs(self) -> list[tuple[int, int]]:
        """Each epoch with its first seq, found by halving: a journal may hold millions of lines. Raises JournalAway."""
        head, found, first = self.head(), [], 1
        while first <= head.seq:
            epoch = self._epoch_at(first)
            found.append((epoch, first))
            low, high = first, head.seq + 1  # low has this epoch, high a later one or none
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if self._epoch_at(middle) == epoch else (low, middle)
            first = high
        return found

    def close(self) -> None:
        """Let go of the file."""
        if self._db:
            self._db.close()
            self._db = None

    def _epoch_at(self, seq: int) -> int:
        rows = self._all("SELECT epoch FROM journal WHERE seq = ?", (seq,))
        if not rows:
            raise JournalChanged(seq=seq)
        return int(rows[0]["epoch"])

    def _all(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        try:
            return self._reader().all(sql, values)
        except _SQLITE_ERROR as why:
            self.close()
            raise JournalAway(why=str(why)) from why

    def _reader(self) -> Db:
        try:
            found = self._path.stat()
        except FileNotFoundError as why:
            self.close()
            raise JournalAway(why="no database") from why
        if self._db is None or (found.st_dev, found.st_ino) != self._file:
            self.close()
            self._db, self._file = Db(self._path), (found.st_dev, found.st_ino)
        return self._db
