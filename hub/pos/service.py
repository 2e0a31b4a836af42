"""The till, as pages and API call it: baskets, checkout and shifts under one name."""

from __future__ import annotations

from hub.access import Actor, Right
from hub.clock import Clock
from hub.db import Db, Tx
from hub.journal import Journal
from hub.pos import tables
from hub.pos.baskets import Baskets
from hub.pos.checkout import Checkout
from hub.pos.events import ReceiptNumbersSkipped
from hub.pos.shift import Counter, Shifts


class Pos:
    """Taking money. Each method is documented where it lives."""

    def __init__(self, db: Db, journal: Journal, clock: Clock, counter: Counter) -> None:
        self._journal = journal
        self.payment_codes = counter.payment_codes
        shifts = Shifts(db, journal, clock, counter)
        baskets = Baskets(db, clock, counter)
        checkout = Checkout(db, journal, clock, counter, shifts)

        self.open_basket, self.basket, self.current_basket = baskets.open_basket, baskets.basket, baskets.current_basket
        self.add_line, self.add_scanned = baskets.add_line, baskets.add_scanned
        self.change_quantity, self.assign_stylist = baskets.change_quantity, baskets.assign_stylist
        self.clear_basket = baskets.clear_basket

        self.complete_sale, self.refund_sale = checkout.complete_sale, checkout.refund_sale
        self.sale, self.sale_by_receipt, self.sales_today = checkout.sale, checkout.sale_by_receipt, checkout.sales_today
        self.just_sold, self.refund = checkout.just_sold, checkout.refund

        self.open_shift, self.close_shift, self.open_shift_of = shifts.open_shift, shifts.close_shift, shifts.open_shift_of
        self.open_shifts, self.takings = shifts.open_shifts, shifts.takings
        self.z_report, self.z_reports = shifts.z_report, shifts.z_reports

    def skip_receipts(self, tx: Tx, actor: Actor, known: dict[str, int]) -> None:
        """Step of a recovery: numbers up to the highest known of each till were given out and are never used again."""
        actor.must(Right.RECOVER)
        for till, last in sorted(known.items()):
            first = tables.skip_receipts(tx, till, last)
            if first is not None:
                self._journal.append(tx, actor, ReceiptNumbersSkipped(till=till, first=first, last=last))
