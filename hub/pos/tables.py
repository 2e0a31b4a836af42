"""SQL of sales, refunds and receipt numbers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from hub.db import Row, Tx
from hub.migrations import Migration
from hub.pos.model import LineKind, Refund, RefundId, Sale, SaleId, SaleLine, ShiftId, Tender, TenderKind
from hub.staff.model import StaffId
from hub.visits.model import VisitId

SCHEMA = Migration(
    "0050-pos",
    """
    CREATE TABLE receipt_numbers (
      till TEXT NOT NULL, number INTEGER NOT NULL CHECK (number > 0), source TEXT NOT NULL, PRIMARY KEY (till, number)) STRICT, WITHOUT ROWID;
    CREATE TABLE shifts (
      id TEXT PRIMARY KEY, till TEXT NOT NULL, opened_at TEXT NOT NULL, opened_by TEXT NOT NULL,
      opening_float INTEGER NOT NULL CHECK (opening_float >= 0), closed_at TEXT, expected INTEGER, counted INTEGER CHECK (counted >= 0),
      z_number INTEGER, UNIQUE (till, z_number), CHECK ((closed_at IS NULL) = (z_number IS NULL))) STRICT;
    CREATE UNIQUE INDEX one_open_shift_a_till ON shifts (till) WHERE closed_at IS NULL;
    CREATE TABLE sales (
      id TEXT PRIMARY KEY, till TEXT NOT NULL, receipt_no INTEGER NOT NULL, shift TEXT NOT NULL REFERENCES shifts (id), day TEXT NOT NULL,
      at TEXT NOT NULL, currency TEXT NOT NULL, total INTEGER NOT NULL CHECK (total >= 0), tax INTEGER NOT NULL, visit TEXT, cashier TEXT NOT NULL,
      FOREIGN KEY (till, receipt_no) REFERENCES receipt_numbers (till, number)) STRICT;
    CREATE INDEX sales_of_shift ON sales (shift);
    CREATE INDEX sales_of_day ON sales (day);
    CREATE UNIQUE INDEX one_sale_a_visit ON sales (visit) WHERE visit IS NOT NULL;
    CREATE TABLE sale_lines (
      sale TEXT NOT NULL REFERENCES sales (id), position INTEGER NOT NULL, kind TEXT NOT NULL, item TEXT NOT NULL, name TEXT NOT NULL,
      quantity INTEGER NOT NULL CHECK (quantity > 0), price INTEGER NOT NULL, amount INTEGER NOT NULL, tax INTEGER NOT NULL, stylist TEXT,
      PRIMARY KEY (sale, position), CHECK (amount = price * quantity)) STRICT, WITHOUT ROWID;
    CREATE TABLE sale_tenders (
      sale TEXT NOT NULL REFERENCES sales (id), position INTEGER NOT NULL, kind TEXT NOT NULL, amount INTEGER NOT NULL CHECK (amount >= 0),
      given INTEGER, reference TEXT NOT NULL, PRIMARY KEY (sale, position), CHECK (given IS NULL OR given >= amount)) STRICT, WITHOUT ROWID;
    CREATE TABLE refunds (
      id TEXT PRIMARY KEY, sale TEXT NOT NULL UNIQUE REFERENCES sales (id), till TEXT NOT NULL, receipt_no INTEGER NOT NULL,
      shift TEXT NOT NULL REFERENCES shifts (id), day TEXT NOT NULL, at TEXT NOT NULL, total INTEGER NOT NULL, approved_by TEXT NOT NULL,
      FOREIGN KEY (till, receipt_no) REFERENCES receipt_numbers (till, number)) STRICT;
    CREATE INDEX refunds_of_shift ON refunds (shift);
    CREATE TRIGGER sales_are_never_changed BEFORE UPDATE ON sales
    BEGIN
      SELECT RAISE(ABORT, 'a completed sale is never changed');
    END;
    CREATE TRIGGER sales_are_never_removed BEFORE DELETE ON sales
    BEGIN
      SELECT RAISE(ABORT, 'a completed sale is never removed');
    END;
    """,
)
REFUNDS_BY_DAY = Migration("0052-refunds-by-day", "CREATE INDEX refunds_of_day ON refunds (day);")
Z_REPORTS = Migration(
    "0053-z-reports-kept",
    """
    CREATE TABLE z_reports (
      shift TEXT PRIMARY KEY REFERENCES shifts (id), sales INTEGER NOT NULL, refunds INTEGER NOT NULL, first_receipt INTEGER,
      last_receipt INTEGER, gross INTEGER NOT NULL, refunded INTEGER NOT NULL, tax INTEGER NOT NULL, by_tender TEXT NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TRIGGER z_reports_are_never_changed BEFORE UPDATE ON z_reports
    BEGIN
      SELECT RAISE(ABORT, 'a Z report is never changed');
    END;
    CREATE TRIGGER z_reports_are_never_removed BEFORE DELETE ON z_reports
    BEGIN
      SELECT RAISE(ABORT, 'a Z report is never removed');
    END;
    INSERT INTO z_reports
      SELECT h.id, count(s.id), (SELECT count(*) FROM refunds r WHERE r.shift = h.id), min(s.receipt_no), max(s.receipt_no),
        coalesce(sum(s.total), 0), (SELECT coalesce(sum(r.total), 0) FROM refunds r WHERE r.shift = h.id),
        coalesce(sum(s.tax), 0) - (SELECT coalesce(sum(o.tax), 0) FROM refunds r JOIN sales o ON o.id = r.sale WHERE r.shift = h.id),
        (SELECT json_group_object(kind, amount) FROM (
          SELECT kind, sum(amount) AS amount FROM (
            SELECT t.kind, t.amount FROM sale_tenders t JOIN sales o ON o.id = t.sale WHERE o.shift = h.id
            UNION ALL SELECT t.kind, -t.amount FROM sale_tenders t JOIN refunds r ON r.sale = t.sale WHERE r.shift = h.id)
          GROUP BY kind))
      FROM shifts h LEFT JOIN sales s ON s.shift = h.id WHERE h.closed_at IS NOT NULL GROUP BY h.id;
    DROP INDEX sales_of_shift;
    DROP INDEX refunds_of_shift;
    """,
)
_SALE = "SELECT s.*, r.id AS refund FROM sales s LEFT JOIN refunds r ON r.sale = s.id"
SALE_BY_ID = f"{_SALE} WHERE s.id = ?"
SALE_BY_RECEIPT = f"{_SALE} WHERE s.id = (SELECT source FROM receipt_numbers WHERE till = ? AND number = ?)"  # noqa: S608
SALES_OF_DAY = f"{_SALE} WHERE s.day = ? AND (?2 = '' OR s.till = ?2) ORDER BY s.rowid DESC LIMIT ?3"
_NEXT_RECEIPT = """
    INSERT INTO receipt_numbers SELECT ?1, coalesce(max(number), 0) + 1, ?2 FROM receipt_numbers WHERE till = ?1 RETURNING number"""
LINES = "SELECT * FROM sale_lines WHERE sale IN ({}) ORDER BY sale, position"
TENDERS = "SELECT * FROM sale_tenders WHERE sale IN ({}) ORDER BY sale, position"


def next_receipt(tx: Tx, till: str, source: str) -> int:
    """The next number of the till's series, taken for `source`."""
    return int(tx.all(_NEXT_RECEIPT, (till, source))[0][0])


def skip_receipts(tx: Tx, till: str, last: int) -> int | None:
    """Take every number up to `last` out of the series; returns the first skipped, None when none was free below it."""
    row = tx.one("SELECT coalesce(max(number), 0) + 1 FROM receipt_numbers WHERE till = ?", (till,))
    first = int(row[0]) if row else 1
    if first > last:
        return None
    tx.execute("INSERT INTO receipt_numbers VALUES (?, ?, ?)", (till, last, f"skipped from {first}"))
    return first


def insert_sale(tx: Tx, sale: Sale) -> None:
    """A sale with its lines and tenders."""
    tx.execute(
        "INSERT INTO sales VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(sale.id, sale.till, sale.receipt_no, sale.shift, sale.day.isoformat(), sale.at.isoformat()),
            *(sale.currency, sale.total, sale.tax, sale.visit, sale.cashier),
        ),
    )
    tx.executemany(
        "INSERT INTO sale_lines VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (sale.id, n, str(x.kind), x.item, x.name, x.quantity, x.price, x.amount, x.tax, x.stylist)
            for n, x in enumerate(sale.lines, start=1)
        ],
    )
    tx.executemany(
        "INSERT INTO sale_tenders VALUES (?, ?, ?, ?, ?, ?)",
        [(sale.id, n, str(t.kind), t.amount, t.given, t.reference) for n, t in enumerate(sale.tenders, start=1)],
    )


def insert_refund(tx: Tx, refund: Refund) -> None:
    """A refund; the database takes one a sale."""
    tx.insert(
        "refunds",
        id=refund.id,
        sale=refund.sale,
        till=refund.till,
        receipt_no=refund.receipt_no,
        shift=refund.shift,
        day=refund.day.isoformat(),
        at=refund.at.isoformat(),
        total=refund.total,
        approved_by=refund.approved_by,
    )


def sales_of(rows: Sequence[Row], lines: Sequence[Row], tenders: Sequence[Row]) -> list[Sale]:
    """Sales with their lines and tenders, in the order of `rows`."""
    lines_by: dict[str, list[SaleLine]] = {}
    for row in lines:
        lines_by.setdefault(row["sale"], []).append(_line_of(row))
    tenders_by: dict[str, list[Tender]] = {}
    for row in tenders:
        kind = TenderKind(row["kind"])
        tenders_by.setdefault(row["sale"], []).append(
            Tender(kind=kind, amount=row["amount"], given=row["given"], reference=row["reference"])
        )
    return [_sale_of(row, lines_by.get(row["id"], []), tenders_by.get(row["id"], [])) for row in rows]


def _sale_of(row: Row, lines: list[SaleLine], tenders: list[Tender]) -> Sale:
    return Sale(
        id=SaleId(row["id"]),
        till=row["till"],
        receipt_no=row["receipt_no"],
        shift=ShiftId(row["shift"]),
        day=date.fromisoformat(row["day"]),
        at=datetime.fromisoformat(row["at"]),
        currency=row["currency"],
        total=row["total"],
        tax=row["tax"],
        lines=tuple(lines),
        tenders=tuple(tenders),
        visit=VisitId(row["visit"]) if row["visit"] else None,
        cashier=row["cashier"],
        refund=RefundId(row["refund"]) if row["refund"] else None,
    )


def _line_of(row: Row) -> SaleLine:
    return SaleLine(
        kind=LineKind(row["kind"]),
        item=row["item"],
        name=row["name"],
        quantity=row["quantity"],
        price=row["price"],
        amount=row["amount"],
        tax=row["tax"],
        stylist=StaffId(row["stylist"]) if row["stylist"] else None,
    )
