"""A sale and a refund: each one transaction over receipt number, rows, stock, books, visit, print jobs and journal."""

from __future__ import annotations

from collections.abc import Sequence

from hub.access import Actor, Right
from hub.catalog.model import ProductId, ServiceId
from hub.clock import Clock
from hub.db import Db, IntegrityError, Row, Tx
from hub.errors import NotFound
from hub.ids import TapId
from hub.journal import Journal
from hub.ledger import Account, Entry, Posting
from hub.money import Minor
from hub.ports import PrintKind
from hub.pos import baskets, tables
from hub.pos.events import SaleCompleted, SaleRefunded, TenderTold
from hub.pos.model import (
    LINES_MAX,
    AlreadyRefunded,
    Approval,
    EmptyBasket,
    LineKind,
    LineWish,
    Refund,
    RefundId,
    Sale,
    SaleDraft,
    SaleId,
    SaleLine,
    Tender,
    TenderKind,
    check_payment,
    priced_line,
)
from hub.pos.payment_codes import PaymentCodeNotTaken
from hub.pos.shift import Counter, Shifts
from hub.stock import Movement, Reason
from hub.taps import first_result, remember

RECEIPT_LANGUAGE = "zh_CN"
NEWEST_MAX = 20
_PAID_INTO = {TenderKind.CASH: Account.CASH, TenderKind.CARD: Account.CARD_CLEARING, TenderKind.QR: Account.QR_CLEARING}
_REVENUE = {LineKind.SERVICE: Account.SERVICE_REVENUE, LineKind.PRODUCT: Account.PRODUCT_REVENUE}


class Checkout:
    """Taking money, and giving it back."""

    def __init__(self, db: Db, journal: Journal, clock: Clock, counter: Counter, shifts: Shifts) -> None:
        self._db, self._journal, self._clock, self._shifts = db, journal, clock, shifts
        self._catalog, self._staff, self._stock = counter.catalog, counter.staff, counter.stock
        self._ledger, self._visits, self._printing = counter.ledger, counter.visits, counter.printing
        self._payment_codes = counter.payment_codes
        self._newest: dict[str, Sale] = {}  # as made, so without a refund that came since

    async def complete_sale(self, actor: Actor, draft: SaleDraft, tap_id: TapId) -> Sale:
        """Take the payment for a basket: everything of it is durable, or nothing.

        Raises EmptyBasket, NoOpenShift, NotFound, PriceChanged, PaymentDoesNotMatch, ReferenceMissing, BasketClosed, VisitCannotMove,
        or PaymentCodeNotTaken for a payment code in place of a slip.
        """
        actor.must(Right.SELL)
        for tender in draft.tenders:
            if whose := self._payment_codes.provider_of(tender.reference):
                raise PaymentCodeNotTaken(provider=whose)
        return await self._db.write(self._complete, actor, draft, tap_id)

    async def refund_sale(self, actor: Actor, sale: SaleId, approval: Approval, till: str, tap_id: TapId) -> Refund:
        """Give the whole of a sale back, the way it was paid, out of the drawer of `till`; a manager approves by her PIN.

        Raises NotAllowed, PIN errors of the staff service, NotFound, NoOpenShift or AlreadyRefunded.
        """
        actor.must(Right.SELL)
        manager = await self._staff.approve(approval.approver, approval.pin, Right.REFUND, actor.station)
        return await self._db.write(self._refund, manager, sale, till, tap_id)

    def just_sold(self, actor: Actor, sale_id: str) -> Sale:
        """A sale as it was made, for its receipt; the newest are given without asking the database. Raises NotFound."""
        actor.must(Right.SELL)
        return self._newest.get(sale_id) or self.sale(actor, sale_id)

    def sale(self, actor: Actor, sale_id: str) -> Sale:
        """One sale. Raises NotFound."""
        actor.must(Right.SELL)
        return self._only(self._db.all(tables.SALE_BY_ID, (sale_id,)), sale=sale_id)

    def sale_by_receipt(self, actor: Actor, text: str) -> Sale:
        """The sale of a printed number such as `t1-000042`. Raises NotFound."""
        actor.must(Right.SELL)
        till, _, number = text.strip().rpartition("-")
        if not (till and number.isascii() and number.isdigit() and len(number) <= 12):
            raise NotFound(receipt=text[:40])
        return self._only(self._db.all(tables.SALE_BY_RECEIPT, (till, int(number))), receipt=text[:40])

    def sales_today(self, actor: Actor, till: str = "", limit: int = 100) -> list[Sale]:
        """The newest sales of this business day, of one till or of all."""
        actor.must(Right.SELL)
        return self._whole(self._db.all(tables.SALES_OF_DAY, (self._clock.business_day().isoformat(), till, limit)))

    def refund(self, actor: Actor, refund_id: str) -> Refund:
        """One refund. Raises NotFound."""
        actor.must(Right.SELL)
        row = self._db.one("SELECT * FROM refunds WHERE id = ?", (refund_id,))
        if row is None:
            raise NotFound(refund=refund_id)
        return _refund_of(row, self.sale(actor, row["sale"]))

    def _whole(self, rows: Sequence[Row]) -> list[Sale]:
        ids = [row["id"] for row in rows]
        places = ", ".join("?" * len(ids))
        return tables.sales_of(rows, self._db.all(tables.LINES.format(places), ids), self._db.all(tables.TENDERS.format(places), ids))

    def _only(self, rows: Sequence[Row], **asked: str) -> Sale:
        if not rows:
            raise NotFound(**asked)
        return self._whole(rows)[0]

    def _in(self, tx: Tx, sale_id: str) -> Sale:
        rows = tx.all(tables.SALE_BY_ID, (sale_id,))
        if not rows:
            raise NotFound(sale=sale_id)
        return tables.sales_of(rows, tx.all(tables.LINES.format("?"), (sale_id,)), tx.all(tables.TENDERS.format("?"), (sale_id,)))[0]

    def _complete(self, tx: Tx, actor: Actor, draft: SaleDraft, tap_id: TapId) -> Sale:
        if known := first_result(tx, tap_id, "pos.complete_sale", draft):
            return self._in(tx, known)
        if not 0 < len(draft.lines) <= LINES_MAX:
            raise EmptyBasket
        shift = self._shifts.open_in(tx, draft.till)
        lines, stocked = self._priced(tx, draft.lines)
        total = sum(line.amount for line in lines)
        check_payment(total, draft.total, draft.tenders)
        sale_id = SaleId.new()
        sale = Sale(
            id=sale_id,
            till=draft.till,
            receipt_no=tables.next_receipt(tx, draft.till, sale_id),
            shift=shift,
            day=self._clock.business_day(),
            at=self._clock.now(),
            currency=self._catalog.shop().currency,
            total=total,
            tax=sum(line.tax for line in lines),
            lines=lines,
            tenders=draft.tenders,
            visit=draft.visit,
            cashier=actor.id,
        )
        tables.insert_sale(tx, sale)
        for product, pieces in stocked:
            self._stock.move(tx, actor, Movement(product=product, quantity=-pieces, reason=Reason.SALE, source=sale_id))
        postings = _postings(sale)
        if postings:
            self._ledger.book(tx, Entry(source=sale_id, kind="sale", day=sale.day, currency=sale.currency, postings=postings))
        if draft.basket:
            baskets.close(tx, draft.basket, "paid")
        if draft.visit:
            self._visits.paid(tx, actor, draft.visit)
        self._announce(tx, actor, sale)
        remember(tx, tap_id, "pos.complete_sale", sale_id, draft)
        tx.on_commit(lambda: self._keep(sale))
        return sale

    def _keep(self, sale: Sale) -> None:
        if len(self._newest) == NEWEST_MAX:
            self._newest.pop(next(iter(self._newest)))
        self._newest[sale.id] = sale

    def _announce(self, tx: Tx, actor: Actor, sale: Sale) -> None:
        self._journal.append(
            tx,
            actor,
            SaleCompleted(
                sale=sale.id,
                receipt_no=sale.receipt_no,
                till=sale.till,
                shift=sale.shift,
                business_day=sale.day,
                currency=sale.currency,
                total=sale.total,
                tax=sale.tax,
                tenders=tuple(TenderTold(kind=t.kind, amount=t.amount) for t in sale.tenders),
                lines=len(sale.lines),
            ),
        )
        self._printing.queue(tx, PrintKind.RECEIPT, sale.id, till=sale.till, kick=_opens_drawer(sale))

    def _priced(self, tx: Tx, wishes: Sequence[LineWish]) -> tuple[tuple[SaleLine, ...], list[tuple[str, int]]]:
        """Lines at the catalogue's prices of this moment, and the stocked pieces among them."""
        lines: list[SaleLine] = []
        stocked: dict[str, int] = {}
        for wish in wishes:
            if wish.kind is LineKind.PRODUCT:
                product = self._catalog.product_for_sale(tx, ProductId(wish.item))
                lines.append(priced_line(wish, product.names.of(RECEIPT_LANGUAGE), product.price, product.tax))
                if product.stocked:
                    stocked[wish.item] = stocked.get(wish.item, 0) + wish.quantity
            else:
                service = self._catalog.service_for_sale(tx, ServiceId(wish.item))
                lines.append(priced_line(wish, service.names.of(RECEIPT_LANGUAGE), service.price, service.tax))
        return tuple(lines), list(stocked.items())

    def _refund(self, tx: Tx, manager: Actor, sale_id: SaleId, till: str, tap_id: TapId) -> Refund:
        wish = (sale_id, till)
        sale = self._in(tx, sale_id)
        if known := first_result(tx, tap_id, "pos.refund_sale", wish):
            return _refund_of(tx.one("SELECT * FROM refunds WHERE id = ?", (known,)), sale)
        if sale.refund:
            raise AlreadyRefunded(receipt=sale.receipt)
        shift = self._shifts.open_in(tx, till)
        refund_id = RefundId.new()
        refund = Refund(
            id=refund_id,
            sale=sale.id,
            till=till,
            receipt_no=tables.next_receipt(tx, till, refund_id),
            shift=shift,
            day=self._clock.business_day(),
            at=self._clock.now(),
            currency=sale.currency,
            total=sale.total,
            tenders=_given_back(sale.tenders),
            approved_by=manager.id,
        )
        try:
            tables.insert_refund(tx, refund)
        except IntegrityError as twice:
            raise AlreadyRefunded(receipt=sale.receipt) from twice
        self._undo(tx, manager, sale, refund)
        remember(tx, tap_id, "pos.refund_sale", refund_id, wish)
        return refund

    def _undo(self, tx: Tx, manager: Actor, sale: Sale, refund: Refund) -> None:
        back = tuple(
            p.reversed() if not p.till else Posting(p.credit, p.debit, p.amount, refund.till) for p in self._ledger.postings_of(tx, sale.id)
        )
        if back:
            self._ledger.book(tx, Entry(source=refund.id, kind="refund", day=refund.day, currency=sale.currency, postings=back))
        for moved in self._stock.moved_by(tx, sale.id):
            back_on_shelf = Movement(product=moved.product, quantity=-moved.quantity, reason=Reason.REFUND, source=refund.id)
            self._stock.move(tx, manager, back_on_shelf)
        told = SaleRefunded(
            refund=refund.id,
            sale=sale.id,
            receipt_no=refund.receipt_no,
            till=refund.till,
            shift=refund.shift,
            business_day=refund.day,
            currency=sale.currency,
            total=sale.total,
        )
        self._journal.append(tx, manager, told)
        self._printing.queue(tx, PrintKind.REFUND, refund.id, till=refund.till, kick=_opens_drawer(sale))


def _postings(sale: Sale) -> tuple[Posting, ...]:
    """Revenue without tax and the tax, owed by the guest; then what she paid. Nought amounts are no postings."""
    revenue: dict[Account, Minor] = {}
    for line in sale.lines:
        account = _REVENUE[line.kind]
        revenue[account] = revenue.get(account, 0) + line.amount - line.tax
    owed = [Posting(Account.GUESTS, account, amount) for account, amount in revenue.items() if amount]
    tax = [Posting(Account.GUESTS, Account.TAX_PAYABLE, sale.tax)] if sale.tax else []
    paid = [Posting(_PAID_INTO[t.kind], Account.GUESTS, t.amount, sale.till) for t in sale.tenders if t.amount]
    return (*owed, *tax, *paid)


def _opens_drawer(sale: Sale) -> bool:
    return any(t.kind is TenderKind.CASH for t in sale.tenders)


def _given_back(tenders: Sequence[Tender]) -> tuple[Tender, ...]:
    return tuple(Tender(kind=t.kind, amount=t.amount, reference=t.reference) for t in tenders)


def _refund_of(row: Row, sale: Sale) -> Refund:
    return Refund(
        id=RefundId(row["id"]),
        sale=sale.id,
        till=row["till"],
        receipt_no=row["receipt_no"],
        shift=type(sale.shift)(row["shift"]),
        day=type(sale.day).fromisoformat(row["day"]),
        at=type(sale.at).fromisoformat(row["at"]),
        currency=sale.currency,
        total=row["total"],
        tenders=_given_back(sale.tenders),
        approved_by=row["approved_by"],
    )
