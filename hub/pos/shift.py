"""A drawer's time: counted in, counted out, and the Z report that is kept for ever."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

import orjson

from hub.access import Actor, Right
from hub.catalog import Catalog
from hub.clock import Clock
from hub.db import Db, IntegrityError, Row, Tx
from hub.errors import InvalidInput, NotFound
from hub.ids import TapId
from hub.journal import Journal
from hub.ledger import Account, Entry, Ledger, Posting
from hub.money import MAX_AMOUNT, Minor
from hub.ports import PrintDesk, PrintKind
from hub.pos.events import ShiftClosed, ShiftOpened
from hub.pos.model import NoOpenShift, Shift, ShiftAlreadyOpen, ShiftId, Takings, TenderKind, ZReport
from hub.pos.payment_codes import PaymentCodes
from hub.staff import Staff
from hub.stock import Stock
from hub.taps import first_result, remember
from hub.visits import Visits

_OPEN = "SELECT * FROM shifts WHERE till = ? AND closed_at IS NULL"
_BY_ID = "SELECT * FROM shifts WHERE id = ?"
_SALES = """
    SELECT count(*) AS sales, coalesce(sum(total), 0) AS gross, coalesce(sum(tax), 0) AS tax, min(receipt_no) AS first, max(receipt_no) AS last
    FROM sales s WHERE {sold}"""
_REFUNDS = """
    SELECT count(*) AS refunds, coalesce(sum(r.total), 0) AS refunded, coalesce(sum(s.tax), 0) AS tax
    FROM refunds r JOIN sales s ON s.id = r.sale WHERE {refunded}"""
_BY_TENDER = """
    SELECT kind, sum(amount) AS amount FROM (
      SELECT t.kind, t.amount FROM sale_tenders t JOIN sales s ON s.id = t.sale WHERE {sold}
      UNION ALL SELECT t.kind, -t.amount FROM sale_tenders t JOIN refunds r ON r.sale = t.sale WHERE {refunded})
    GROUP BY kind"""
_BY_DAY, _BY_SHIFT = (
    [text.format(sold=of.format("s"), refunded=of.format("r")) for text in (_SALES, _REFUNDS, _BY_TENDER)]
    for of in ("{0}.day = ?1", "{0}.shift = ?1 AND {0}.id IN (SELECT source FROM receipt_numbers WHERE till = ?2 AND number > ?3)")
)
_LAST_COUNTED = "SELECT coalesce(max(z.last_receipt), 0) FROM z_reports z JOIN shifts h ON h.id = z.shift WHERE h.till = ?"
_KEPT_FIGURES = ("sales", "refunds", "first_receipt", "last_receipt", "gross", "refunded", "tax")
_KEPT = "SELECT h.*, z.* FROM shifts h JOIN z_reports z ON z.shift = h.id"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    """What the till stands on."""

    catalog: Catalog
    staff: Staff
    stock: Stock
    ledger: Ledger
    visits: Visits
    printing: PrintDesk
    payment_codes: PaymentCodes = field(default_factory=PaymentCodes)


class Shifts:
    """Opening and closing the drawers."""

    def __init__(self, db: Db, journal: Journal, clock: Clock, counter: Counter) -> None:
        self._db, self._journal, self._clock = db, journal, clock
        self._catalog, self._ledger, self._printing = counter.catalog, counter.ledger, counter.printing

    async def open_shift(self, actor: Actor, till: str, counted: Minor, tap_id: TapId) -> Shift:
        """Count a drawer in. Raises ShiftAlreadyOpen or InvalidInput."""
        actor.must(Right.HANDLE_SHIFT)
        _check_counted(counted)
        return await self._db.write(self._open, actor, till, counted, tap_id)

    async def close_shift(self, actor: Actor, till: str, counted: Minor, tap_id: TapId) -> ZReport:
        """Count a drawer out: books the difference, empties the drawer into the safe, keeps and prints the Z report.

        Raises NoOpenShift or InvalidInput.
        """
        actor.must(Right.HANDLE_SHIFT)
        _check_counted(counted)
        return await self._db.write(self._close, actor, till, counted, tap_id)

    def open_shift_of(self, till: str) -> Shift | None:
        """The open shift of a till."""
        row = self._db.one(_OPEN, (till,))
        return _shift_of(row) if row else None

    def open_shifts(self, actor: Actor) -> list[Shift]:
        """Every drawer that is counted in, the longest open first."""
        actor.must(Right.HANDLE_SHIFT)
        return [_shift_of(row) for row in self._db.all("SELECT * FROM shifts WHERE closed_at IS NULL ORDER BY opened_at")]

    def takings(self, actor: Actor) -> Takings:
        """What this business day has brought so far, at every till."""
        actor.must(Right.SEE_MONEY)
        sales, refunds, by_tender = _sums(self._db, _BY_DAY, (self._clock.business_day().isoformat(),))
        return Takings(
            sales=sales["sales"], gross=sales["gross"], refunds=refunds["refunds"], refunded=refunds["refunded"], by_tender=by_tender
        )

    def z_reports(self, actor: Actor, till: str = "", limit: int = 60) -> list[ZReport]:
        """Closed shifts, newest first."""
        actor.must(Right.SEE_MONEY)
        return [
            _kept_report(row) for row in self._db.all(f"{_KEPT} WHERE ?1 = '' OR h.till = ?1 ORDER BY h.rowid DESC LIMIT ?2", (till, limit))
        ]

    def z_report(self, actor: Actor, shift_id: str) -> ZReport:
        """The report of one closed shift. Raises NotFound."""
        actor.must(Right.SEE_MONEY)
        row = self._db.one(f"{_KEPT} WHERE h.id = ?", (shift_id,))
        if row is None:
            raise NotFound(shift=shift_id)
        return _kept_report(row)

    def open_in(self, tx: Tx, till: str) -> ShiftId:
        """Step: the open shift of a till. Raises NoOpenShift."""
        row = tx.one("SELECT id FROM shifts WHERE till = ? AND closed_at IS NULL", (till,))
        if row is None:
            raise NoOpenShift(till=till)
        return ShiftId(row["id"])

    def _open(self, tx: Tx, actor: Actor, till: str, counted: Minor, tap_id: TapId) -> Shift:
        wish = (till, counted)
        if known := first_result(tx, tap_id, "pos.open_shift", wish):
            return _shift_of(tx.one(_BY_ID, (known,)))
        shift = Shift(id=ShiftId.new(), till=till, opened_at=self._clock.now(), opened_by=actor.id, opening_float=counted)
        try:
            tx.insert("shifts", id=shift.id, till=till, opened_at=shift.opened_at.isoformat(), opened_by=actor.id, opening_float=counted)
        except IntegrityError as open_one:
            raise ShiftAlreadyOpen(till=till) from open_one
        if counted:
            self._book(tx, f"{shift.id}:open", "shift_open", (Posting(Account.CASH, Account.SAFE, counted, till),))
        self._journal.append(tx, actor, ShiftOpened(shift=shift.id, till=till, opening_float=counted))
        remember(tx, tap_id, "pos.open_shift", shift.id, wish)
        return shift

    def _close(self, tx: Tx, actor: Actor, till: str, counted: Minor, tap_id: TapId) -> ZReport:
        wish = (till, counted)
        if known := first_result(tx, tap_id, "pos.close_shift", wish):
            return _kept_report(tx.one(f"{_KEPT} WHERE h.id = ?", (known,)))
        shift = _shift_of(tx.one(_BY_ID, (self.open_in(tx, till),)))
        before = _report(tx, shift)
        expected = shift.opening_float + before.by_tender.get(TenderKind.CASH, 0)
        row = tx.one("SELECT coalesce(max(z_number), 0) + 1 FROM shifts WHERE till = ?", (till,))
        closed = replace(shift, closed_at=self._clock.now(), expected=expected, counted=counted, z_number=int(row[0]) if row else 1)
        tx.execute(
            "UPDATE shifts SET closed_at = ?, expected = ?, counted = ?, z_number = ? WHERE id = ?",
            (closed.closed_at and closed.closed_at.isoformat(), expected, counted, closed.z_number, shift.id),
        )
        _keep(tx, before)
        self._book(tx, f"{shift.id}:close", "shift_close", _closing(till, expected, counted))
        told = ShiftClosed(shift=shift.id, till=till, z_number=closed.z_number or 0, expected=expected, counted=counted)
        self._journal.append(tx, actor, told)
        self._printing.queue(tx, PrintKind.Z_REPORT, shift.id, till=till)
        remember(tx, tap_id, "pos.close_shift", shift.id, wish)
        return replace(before, shift=closed)

    def _book(self, tx: Tx, source: str, kind: str, postings: tuple[Posting, ...]) -> None:
        if postings:
            day, currency = self._clock.business_day(), self._catalog.shop().currency
            self._ledger.book(tx, Entry(source=source, kind=kind, day=day, currency=currency, postings=postings))


def _closing(till: str, expected: Minor, counted: Minor) -> tuple[Posting, ...]:
    """The difference to over/short, then what was counted into the safe: the drawer's account is empty again."""
    found = []
    if counted > expected:
        found.append(Posting(Account.CASH, Account.CASH_OVER_SHORT, counted - expected, till))
    elif counted < expected:
        found.append(Posting(Account.CASH_OVER_SHORT, Account.CASH, expected - counted, till))
    if counted:
        found.append(Posting(Account.SAFE, Account.CASH, counted, till))
    return tuple(found)


def _check_counted(counted: Minor) -> None:
    if not 0 <= counted <= MAX_AMOUNT:
        raise InvalidInput(counted=counted)


def _report(tx: Tx, shift: Shift) -> ZReport:
    # found by its receipt numbers: an index by shift would cost every sale, and days go wrong when someone sets the clock back
    sales, refunds, by_tender = _sums(tx, _BY_SHIFT, (shift.id, shift.till, tx.all(_LAST_COUNTED, (shift.till,))[0][0]))
    return ZReport(
        shift=shift,
        sales=sales["sales"],
        refunds=refunds["refunds"],
        first_receipt=sales["first"],
        last_receipt=sales["last"],
        gross=sales["gross"],
        refunded=refunds["refunded"],
        tax=sales["tax"] - refunds["tax"],
        by_tender=by_tender,
    )


def _keep(tx: Tx, z: ZReport) -> None:
    by_tender = orjson.dumps({str(kind): amount for kind, amount in z.by_tender.items()}).decode()
    tx.insert("z_reports", shift=z.shift.id, by_tender=by_tender, **{name: getattr(z, name) for name in _KEPT_FIGURES})


def _kept_report(row: Row) -> ZReport:
    by_tender = {TenderKind(kind): amount for kind, amount in orjson.loads(row["by_tender"]).items()}
    return ZReport(shift=_shift_of(row), by_tender=by_tender, **{name: row[name] for name in _KEPT_FIGURES})


def _sums(source: Db | Tx, by: list[str], values: tuple[str | int, ...]) -> tuple[Row, Row, dict[TenderKind, Minor]]:
    """Sales, refunds and tenders of one shift or one day; a sum is always one row."""
    sales, refunds, tenders = by
    by_tender = {TenderKind(row["kind"]): row["amount"] for row in source.all(tenders, values)}
    return source.all(sales, values)[0], source.all(refunds, values)[0], by_tender


def _shift_of(row: Row) -> Shift:
    return Shift(
        id=ShiftId(row["id"]),
        till=row["till"],
        opened_at=datetime.fromisoformat(row["opened_at"]),
        opened_by=row["opened_by"],
        opening_float=row["opening_float"],
        closed_at=datetime.fromisoformat(row["closed_at"]) if row["closed_at"] else None,
        expected=row["expected"],
        counted=row["counted"],
        z_number=row["z_number"],
    )
