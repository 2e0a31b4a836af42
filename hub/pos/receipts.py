"""What the till puts on paper: receipt, refund and Z report, as documents of lines."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from hub.catalog.model import Shop
from hub.clock import Clock
from hub.money import CURRENCIES
from hub.ports import Block, Columns, Document, Qr, Rule, Text
from hub.pos.model import Refund, Sale, SaleLine, Tender, TenderKind, ZReport
from hub.words import words

RECEIPT_CODE = "CSR:"  # what the QR code on a receipt begins with; the receipt number follows
WORD = words("zh_CN")
_KINDS = {TenderKind.CASH: WORD["cash"], TenderKind.CARD: WORD["card"], TenderKind.QR: WORD["qr"]}


class Receipts:
    """Makes the documents of one shop."""

    def __init__(self, shop: Shop, clock: Clock) -> None:
        self._shop, self._clock, self._money = shop, clock, CURRENCIES[shop.currency]

    def receipt(self, sale: Sale) -> Document:
        """The receipt of a sale."""
        show = self._money.show
        return Document(
            blocks=(
                *self._head(WORD["receipt"], sale.receipt, sale.at),
                *(block for line in sale.lines for block in self._line(line)),
                Rule(),
                Columns(left=WORD["total"], right=show(sale.total), bold=True, size=2),
                Columns(left=WORD["tax"], right=show(sale.tax)),
                *self._tenders(sale.tenders),
                Rule(),
                Text(text=WORD["thanks"], align="center"),
                Text(text=WORD["keep"], align="center"),
                Qr(data=f"{RECEIPT_CODE}{sale.receipt}", module_dots=4),
            )
        )

    def refund(self, refund: Refund, sale: Sale) -> Document:
        """The paper of a refund."""
        return Document(
            blocks=(
                *self._head(WORD["refund"], refund.receipt, refund.at),
                Columns(left=WORD["original"], right=sale.receipt),
                *(block for line in sale.lines for block in self._line(line)),
                Rule(),
                Columns(left=WORD["refunded"], right=self._money.show(-refund.total), bold=True, size=2),
                *(Columns(left=_KINDS[t.kind], right=self._money.show(-t.amount)) for t in refund.tenders),
            )
        )

    def z_report(self, z: ZReport) -> Document:
        """The paper of a closed shift."""
        show = self._money.show
        shift = z.shift
        closed = shift.closed_at or shift.opened_at
        numbers = f"{z.first_receipt}–{z.last_receipt}" if z.first_receipt else "–"
        rows: tuple[tuple[str, str], ...] = (
            (WORD["opened"], self._time(shift.opened_at)),
            (WORD["closed"], self._time(closed)),
            (WORD["sales"], str(z.sales)),
            (WORD["refunds"], str(z.refunds)),
            (WORD["receipts"], numbers),
            (WORD["gross"], show(z.gross)),
            (WORD["refund_sum"], show(z.refunded)),
            (WORD["tax"], show(z.tax)),
            *((_KINDS[kind], show(amount)) for kind, amount in sorted(z.by_tender.items())),
            (WORD["float"], show(shift.opening_float)),
            (WORD["expected"], show(shift.expected or 0)),
            (WORD["counted"], show(shift.counted or 0)),
            (WORD["difference"], show(shift.difference or 0)),
        )
        return Document(
            blocks=(
                *self._head(WORD["z_report"], f"{shift.till} Z{shift.z_number}", closed),
                *(Columns(left=left, right=right) for left, right in rows),
                Rule(),
                Columns(left=WORD["takings"], right=show(z.takings), bold=True, size=2),
            )
        )

    def _head(self, title: str, number: str, at: datetime) -> tuple[Block, ...]:
        address = [Text(text=part, align="center") for part in (self._shop.address, self._shop.phone) if part]
        return (
            Text(text=self._shop.name, align="center", bold=True, size=2),
            *address,
            Text(text=title, align="center", bold=True),
            Columns(left=WORD["number"], right=number),
            Columns(left=WORD["time"], right=self._time(at)),
            Rule(),
        )

    def _line(self, line: SaleLine) -> tuple[Block, ...]:
        show = self._money.show
        if line.quantity == 1:
            return (Columns(left=line.name, right=show(line.amount)),)
        return (Text(text=line.name), Columns(left=f"  {line.quantity} × {show(line.price)}", right=show(line.amount)))

    def _tenders(self, tenders: Sequence[Tender]) -> list[Block]:
        show = self._money.show
        blocks: list[Block] = []
        for tender in tenders:
            blocks.append(Columns(left=_KINDS[tender.kind], right=show(tender.amount)))
            if tender.given is not None:
                blocks.append(Columns(left=WORD["given"], right=show(tender.given)))
                blocks.append(Columns(left=WORD["change"], right=show(tender.change)))
            elif tender.reference:
                blocks.append(Columns(left=f"  {WORD['number']}", right=tender.reference))
        return blocks

    def _time(self, moment: datetime) -> str:
        return self._clock.local(moment).strftime("%Y-%m-%d %H:%M")
