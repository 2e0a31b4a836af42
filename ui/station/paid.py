"""The right half of the till after a sale: the change, as large as it must be, and whether the receipt came out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nicegui import ui

from hub.equipment.model import JobState
from hub.pos.model import TenderKind
from ui.station.basket import TENDERS
from ui.station.parts import Drawn, box
from ui.station.printing import job_status, paper_of
from ui.widgets import main_action, text

if TYPE_CHECKING:
    from ui.station.till import Till

LOOK_AT_DRAWER_S = 1.0
NAMES = {kind: name for kind, name, _ in TENDERS}


class Paid:
    """Stays until the next basket begins, or the drawer that opened is closed again."""

    def __init__(self, till: Till) -> None:
        self._till, self._desk = till, till.desk
        self._was_open = False
        self._paper: Drawn | None = None

    def begin(self) -> None:
        """A new sale: its drawer has not been seen open yet."""
        self._was_open = False

    def draw(self) -> None:
        """Change, payments, receipt, and the way on."""
        t, desk, sale = self._desk.t, self._desk, self._till.sale
        if sale is None:
            return
        paid_cash = any(tender.kind is TenderKind.CASH for tender in sale.tenders)
        with box("desk-paid"):
            if paid_cash:
                text(t("Change"), "cs-t4 cs-muted")
                text(desk.money(sale.change), "cs-t6 cs-bold cs-money desk-change").props('role="status" data-change="1"')
            else:
                text(t("Paid"), "cs-t4 cs-muted")
                text(desk.money(sale.total), "cs-t6 cs-bold cs-money desk-change").props('role="status"')
            with box("desk-paid-facts"):
                self._fact(t("Total"), desk.money(sale.total))
                for tender in sale.tenders:
                    self._fact(t(NAMES[tender.kind]), desk.money(tender.amount if tender.given is None else tender.given))
                self._fact(t("Receipt number"), sale.receipt)
            self._paper = Drawn(self._draw_paper, "desk-paid-paper")
        made = main_action(t, t("New basket"), self._till.new_basket, icon="add_shopping_cart")
        ui.run_javascript(f"setTimeout(() => document.getElementById('{made.button.html_id}')?.focus(), 30)")
        ui.timer(LOOK_AT_DRAWER_S, self._look_at_drawer)

    def printing_moved(self) -> None:
        """The receipt's job moved."""
        if self._paper:
            self._paper.redraw()

    def _fact(self, name: str, value: str) -> None:
        with box("desk-fact"):
            text(name, "cs-muted", tag="span")
            text(value, "cs-figures cs-bold", tag="span")

    def _draw_paper(self) -> None:
        t, sale = self._desk.t, self._till.sale
        job = paper_of(self._desk, sale.id) if sale else None
        if job is None:
            text(t("The receipt is on its way to the printer."), "cs-muted")
            return
        job_status(self._desk, job)
        if job.state is JobState.UNCERTAIN:
            text(t("Answer the question above: did it come out?"), "cs-muted")

    def _look_at_drawer(self) -> None:
        from ui.station.till import Side  # noqa: PLC0415 - the till builds its halves

        if not self._desk.still_here():
            return
        states = [d.state.figures.get("drawer_open") for d in self._desk.ask.equipment.devices(self._desk.reader()) if d.state]
        if True in states:
            self._was_open = True
        elif self._was_open and self._till.side is Side.PAID:
            self._till.show(Side.SHELF)
