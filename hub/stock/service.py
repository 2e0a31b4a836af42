"""Moving stock."""

from __future__ import annotations

from hub.access import Actor, Right
from hub.clock import Clock
from hub.db import Db, IntegrityError, Tx
from hub.errors import InvalidInput
from hub.ids import TapId
from hub.journal import Journal
from hub.stock import tables
from hub.stock.events import StockBelowNought, StockMoved
from hub.stock.model import QUANTITY_MAX, AlreadyMoved, Movement, OutOfStock, Reason
from hub.taps import first_result, remember


class Stock:
    """The shelf."""

    def __init__(self, db: Db, journal: Journal, clock: Clock) -> None:
        self._db, self._journal, self._clock = db, journal, clock

    async def receive(self, actor: Actor, product: str, quantity: int, tap_id: TapId) -> int:
        """Put pieces on the shelf, or correct the count with a negative number; returns the balance.

        Raises InvalidInput for nought or a slip of the finger, OutOfStock when more is taken than the books have.
        """
        actor.must(Right.MOVE_STOCK)
        if quantity == 0 or abs(quantity) > QUANTITY_MAX:
            raise InvalidInput(quantity=quantity)
        return await self._db.write(self._receive, actor, product, quantity, tap_id)

    def on_shelf(self, product: str) -> int:
        """Pieces by the books."""
        row = self._db.one(tables.BALANCE, (product,))
        return int(row[0]) if row else 0

    def move(self, tx: Tx, actor: Actor, movement: Movement) -> int:
        """Step: one movement; returns the balance. Raises AlreadyMoved for a repeat.

        A sale may go below nought, for the piece is in the guest's hand and it is the books that are wrong; that is announced.
        Anything else raises OutOfStock instead.
        """
        try:
            after = tables.insert(tx, movement, self._clock.now().isoformat())
        except IntegrityError as twice:
            raise AlreadyMoved(product=movement.product, source=movement.source) from twice
        if after < 0 and movement.quantity < 0:
            if movement.reason is not Reason.SALE:
                raise OutOfStock(product=movement.product, there=after - movement.quantity, wanted=-movement.quantity)
            self._journal.append(tx, actor, StockBelowNought(product=movement.product, balance=after))
        return after

    def moved_by(self, tx: Tx, source: str) -> list[Movement]:
        """Step: what one act moved."""
        return tables.moved_by(tx, source)

    def _receive(self, tx: Tx, actor: Actor, product: str, quantity: int, tap_id: TapId) -> int:
        wish = (product, quantity)
        if first_result(tx, tap_id, "stock.receive", wish) is not None:
            return tables.balance(tx, product)
        reason = Reason.RECEIPT if quantity > 0 else Reason.CORRECTION
        after = self.move(tx, actor, Movement(product=product, quantity=quantity, reason=reason, source=tap_id))
        self._journal.append(tx, actor, StockMoved(product=product, quantity=quantity, balance=after, reason=reason))
        remember(tx, tap_id, "stock.receive", product, wish)
        return after
