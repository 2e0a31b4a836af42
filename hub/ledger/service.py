"""Booking and reading the books."""

from __future__ import annotations

from hub.access import Actor, Right
from hub.db import Db, IntegrityError, Tx
from hub.ledger import tables
from hub.ledger.model import Account, AlreadyBooked, Entry, Posting
from hub.money import Minor


class Ledger:
    """The shop's books; every other capability books through `book` inside its own transaction."""

    def __init__(self, db: Db) -> None:
        self._db = db

    def book(self, tx: Tx, entry: Entry) -> None:
        """Step: write an entry. Raises AlreadyBooked when its source is in the books."""
        try:
            tables.insert(tx, entry)
        except IntegrityError as twice:
            if "ledger_entries.source" in str(twice):
                raise AlreadyBooked(source=entry.source) from twice
            raise

    def postings_of(self, tx: Tx, source: str) -> tuple[Posting, ...]:
        """Step: what was booked for one act."""
        return tuple(
            Posting(Account(row["debit"]), Account(row["credit"]), row["amount"], row["till"]) for row in tables.postings_of(tx, source)
        )

    def balances(self, actor: Actor) -> dict[Account, Minor]:
        """Debit less credit of each account that was ever used."""
        actor.must(Right.SEE_MONEY)
        return {Account(row["account"]): row["balance"] for row in self._db.all(tables.BALANCES)}

    def sum_of_all_legs(self) -> Minor:
        """Nought, always; a health figure."""
        row = self._db.one(tables.ALL_LEGS)
        return int(row[0]) if row else 0
