"""Values read once and kept in memory until the catalogue changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from hub.db import Db

T = TypeVar("T")


class Changes:
    """Knows whether kept values may still be believed.

    The writer thread marks a change while its transaction is open and settles it after the commit, so that whoever is
    answered, even by an act whose asker has gone away, never sees a value from before it.
    """

    def __init__(self, db: Db) -> None:
        self.generation = 0
        self.open = False
        db.before_answers(self._settle)

    def mark(self) -> None:
        """Inside a transaction: what is kept may become wrong at any moment."""
        self.open = True

    def _settle(self) -> None:
        if self.open:
            self.generation += 1  # before `open` falls: a reader in between reads afresh, never too old
            self.open = False


class Kept(Generic[T]):
    """One value, read again after every change."""

    def __init__(self, changes: Changes, read: Callable[[], T]) -> None:
        self._changes, self._read = changes, read
        self._entry: tuple[int, T] | None = None

    def get(self) -> T:
        """The value as last committed."""
        if self._changes.open:  # asked before the generation: a change settled in between is then seen by its number
            return self._read()
        generation = self._changes.generation
        entry = self._entry
        if entry is None or entry[0] != generation:
            entry = self._entry = (generation, self._read())
        return entry[1]
