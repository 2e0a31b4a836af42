"""Today's sales; any sale by its receipt; and the refund of a whole one, with a manager's PIN."""

from __future__ import annotations

import re
from functools import partial

from hub.access import RIGHTS, Right, Role
from hub.errors import InvalidInput
from hub.ids import TapId
from hub.ports import Scan
from hub.pos.model import Approval, Sale, SaleId
from hub.pos.receipts import RECEIPT_CODE
from hub.staff.model import StaffId
from ui.station.basket import TENDERS
from ui.station.desk import Desk
from ui.station.parts import Drawn, box, fact, field
from ui.station.printing import job_status, paper_of, reprint_button
from ui.widgets import InlineError, Keypad, Kind, act, chip, empty_state, press, text

CHANGES = frozenset({"SaleCompleted", "SaleRefunded", "PrintJobMoved", "PrintJobSettled", "ReprintAsked"})
SHOWN_MAX = 100
PIN_LONGEST = 12
RECEIPT = re.compile(r"[A-Za-z0-9_-]{1,32}-\d{1,12}")
NAMES = {kind: name for kind, name, _ in TENDERS}


def receipt_of(code: str) -> str:
    """The receipt number in a scanned or typed text; empty when it is none."""
    bare = code.strip().removeprefix(RECEIPT_CODE)
    return bare if RECEIPT.fullmatch(bare) else ""


class Sales:
    """The sales section of one page."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._chosen: SaleId | None = None
        self._refunding = False
        self._approver: StaffId | None = None
        self._pin = ""
        self._list: Drawn | None = None

    def draw(self) -> None:
        """The day's list on the left, one sale on the right."""
        t = self._desk.t
        with box("desk-bar"):
            text(t("Sales of today"), "cs-t4 cs-grow", tag="h1")
            self._wanted = field(t("Receipt number")).on("keydown.enter", self._look_up)
            press(t("Find"), self._look_up, icon="search")
        self._error = InlineError(t)
        with box("desk-two cs-grow"):
            self._list = Drawn(self._draw_list, "desk-panel cs-scroll", "section")
            self._one = Drawn(self._draw_one, "desk-panel cs-scroll", "section")

    def redraw(self) -> None:
        """Show what is so now; a refund that is being typed is left alone."""
        if self._list and not self._refunding:
            self._list.redraw()
            self._one.redraw()

    async def scanned(self, scan: Scan) -> bool:
        """A receipt shows its sale."""
        receipt = receipt_of(scan.code)
        if receipt:
            self.find(receipt)
        return bool(receipt)

    def find(self, receipt: str) -> None:
        """Show the sale of a receipt number. Raises NotFound."""
        self._choose(self._desk.ask.pos.sale_by_receipt(self._desk.actor(), receipt).id)

    async def _look_up(self) -> None:
        async def look() -> None:
            typed = str(self._wanted.value or "").strip()
            if not typed:
                return
            receipt = receipt_of(typed) or f"{self._desk.till}-{typed}"  # the running number alone means this till
            self.find(receipt)

        await self._desk.attempt(self._error, look)

    def _choose(self, sale: SaleId) -> None:
        self._chosen, self._refunding = sale, False
        self._list.redraw() if self._list else None
        self._one.redraw()

    def _draw_list(self) -> None:
        t, desk = self._desk.t, self._desk
        sales = desk.ask.pos.sales_today(desk.reader(), "", SHOWN_MAX)
        for sale in sales:
            self._draw_row(sale)
        if not sales:
            empty_state(t("Nothing was sold today yet."), t("Older sales are found by the number on their receipt."), icon="receipt_long")

    def _draw_row(self, sale: Sale) -> None:
        t, desk = self._desk.t, self._desk
        with press("", lambda: self._choose(sale.id), classes="desk-sale cs-quiet") as row:
            text(t.clock(desk.ask.clock.local(sale.at)), "cs-figures cs-muted", tag="span")
            text(sale.receipt, "cs-figures cs-grow", tag="span")
            if sale.refund:
                text(t("Refunded"), "cs-bad cs-bold", tag="span")
            else:
                text(" + ".join(t(NAMES[tender.kind]) for tender in sale.tenders), "cs-muted cs-one-line", tag="span")
            text(desk.money(sale.total), "cs-money cs-bold", tag="span")
        row.choose(sale.id == self._chosen).props["data-receipt"] = sale.receipt

    def _draw_one(self) -> None:
        t, desk = self._desk.t, self._desk
        if self._chosen is None:
            empty_state(t("Choose a sale."), t("Touch one on the left, or scan the code on a receipt."), icon="touch_app")
            return
        sale = desk.ask.pos.sale(desk.reader(), self._chosen)
        if self._refunding:
            self._draw_refund(sale)
            return
        text(t("Receipt {number}", number=sale.receipt), "cs-t3 cs-bold", tag="h2")
        self._draw_facts(sale)
        with box("desk-buttons"):
            job = paper_of(desk, sale.id)
            if job is not None:
                job_status(desk, job)
                if desk.may(Right.RESOLVE_PRINTS):
                    reprint_button(desk, job, t("Print a copy"))
            if sale.refund:
                text(t("This sale was given back."), "cs-bad cs-bold")
            else:
                press(t("Give the money back"), self._begin_refund, icon="undo", classes="cs-danger")

    def _draw_facts(self, sale: Sale) -> None:
        t, desk = self._desk.t, self._desk
        with box("desk-facts"):
            for line in sale.lines:
                name = desk.item(line.kind, line.item, line.name)
                quantity = f" × {line.quantity}" if line.quantity > 1 else ""
                who = f" · {desk.person(line.stylist)}" if line.stylist else ""
                fact(f"{name}{quantity}{who}", desk.money(line.amount), "desk-fact-line")
            fact(t("Total"), desk.money(sale.total), "cs-bold")
            fact(t("of it tax"), desk.money(sale.tax))
            for tender in sale.tenders:
                slip = f" · {tender.reference}" if tender.reference else ""
                fact(t(NAMES[tender.kind]) + slip, desk.money(tender.amount))
            if sale.change:
                fact(t("Change"), desk.money(sale.change))
            when = desk.ask.clock.local(sale.at)
            fact(t("Sold at"), f"{when:%Y-%m-%d} {t.clock(when)}")
            fact(t("Cashier"), desk.person(sale.cashier) or "–")

    # Refund

    def _begin_refund(self) -> None:
        self._refunding, self._approver, self._pin = True, None, ""
        actor = self._desk.reader()
        approvers = self._approvers()
        if any(person == actor.id for person, _ in approvers):
            self._approver = StaffId(actor.id)
        elif len(approvers) == 1:
            self._approver = approvers[0][0]
        self._one.redraw()

    def _approvers(self) -> list[tuple[StaffId, str]]:
        people = self._desk.ask.staff.for_login()
        return [(person, name) for person, name, role in people if Right.REFUND in RIGHTS[Role(role)]]

    def _draw_refund(self, sale: Sale) -> None:
        t, desk = self._desk.t, self._desk
        with box("desk-refund"):
            with box("cs-row"):
                text(t("Give {amount} back", amount=desk.money(sale.total)), "cs-t3 cs-bold cs-grow", tag="h2")
                press(t("Cancel"), self._stop_refund, icon="close", classes="cs-quiet")
            ways = " + ".join(f"{t(NAMES[x.kind])} {desk.money(x.amount)}" for x in sale.tenders)
            text(t("The way it was paid: {ways}", ways=ways), "cs-muted")
            text(t("Which manager allows it?"), "cs-label")
            with box("desk-chips cs-wrap"):
                for person, name in self._approvers():
                    chip(name, partial(self._choose_approver, person), chosen=person == self._approver)
            self._pad = Keypad(t, self._typed, kind="pin", longest=PIN_LONGEST).on_enter(self._enter)
            self._give = act(t, t("Give {amount} back", amount=desk.money(sale.total)), lambda tap: self._refund(sale, tap), kind=Kind.MAIN)
            self._give.enable(False)

    def _choose_approver(self, person: StaffId) -> None:
        self._approver, self._pin = person, ""
        self._one.redraw()

    def _typed(self, value: str) -> None:
        self._pin = value
        self._give.enable(bool(value and self._approver))

    async def _enter(self) -> None:
        if self._pin and self._approver:
            await self._give.press()

    def _stop_refund(self) -> None:
        self._refunding, self._pin = False, ""
        self._one.redraw()

    async def _refund(self, sale: Sale, tap_id: TapId) -> None:
        if self._approver is None:
            raise InvalidInput(approver="")
        pin, self._pin = self._pin, ""
        self._pad.empty()
        self._give.enable(False)
        desk = self._desk
        await desk.ask.pos.refund_sale(desk.actor(), sale.id, Approval(approver=self._approver, pin=pin), desk.till, tap_id)
        self._refunding = False
        self.redraw()
