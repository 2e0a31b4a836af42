"""The left half of the till: what the guest is about to pay for.

Lines are changed in place, never drawn anew: a finger that taps three times in a row always finds its button.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from hub.ids import TapId
from hub.pos.model import Basket, BasketLine, TenderKind
from hub.staff.model import StaffId
from ui.station.desk import Desk
from ui.station.parts import Drawn, box
from ui.texts import N_
from ui.widgets import Kind, Sheet, act, empty_state, press, text

if TYPE_CHECKING:
    from ui.station.till import Till

TENDERS: tuple[tuple[TenderKind, str, str], ...] = (
    (TenderKind.CASH, N_("Cash"), "payments"),
    (TenderKind.CARD, N_("Card"), "credit_card"),
    (TenderKind.QR, N_("QR payment"), "qr_code_2"),
)


class BasketColumn:
    """Shows the basket of a till, and hands what is pressed back to it."""

    def __init__(self, till: Till) -> None:
        self._till, self._desk = till, till.desk
        self._rows: dict[str, _Row] = {}
        self._head_shows: tuple[object, ...] = ()

    def draw(self) -> None:
        """Head, lines, total, tenders."""
        t = self._desk.t
        self._rows = {}
        self._sheet = Sheet(t, t("Stylist"))
        self._head = Drawn(self._draw_head, "desk-basket-head")
        with box("desk-lines cs-scroll cs-grow"):
            self._lines = box("desk-lines-of-basket")
            self._empty = empty_state(
                t("The basket is empty."), t("Scan a product, choose a service, or scan a guest's ticket."), icon="shopping_basket"
            )
        with box("desk-basket-foot"):
            self._shift = Drawn(self._draw_shift, "desk-basket-shift")
            with box("desk-total"):
                self._pieces = text("", "cs-muted")
                self._total = text("", "cs-t5 cs-bold cs-money").props('data-total="1" role="status"')
            with box("desk-tenders"):
                self._tenders = [
                    press(t(label), partial(self._till.pay, kind), icon=icon, classes="cs-brand desk-tender")
                    for kind, label, icon in TENDERS
                ]
        self.update()

    def update(self) -> None:
        """Show the basket as it is now."""
        basket = self._till.basket
        lines = basket.lines if basket else ()
        if self._head_shows != self._wanted_in_head(basket):
            self._head.redraw()
        if [line.id for line in lines][: len(self._rows)] != list(self._rows):
            self._drop_rows_but(lines)
        for line in lines:
            row = self._rows.get(line.id)
            if row is None:
                with self._lines:
                    self._rows[line.id] = _Row(self, line)
            else:
                row.update(line)
        self._empty.set_visibility(not lines)
        self._pieces.text = self._desk.t.many("{count} piece", "{count} pieces", sum(line.quantity for line in lines))
        self._total.text = self._desk.money(basket.total if basket else 0)
        for tender in self._tenders:
            tender.enable(bool(lines))

    def shift_moved(self) -> None:
        """The drawer was counted in or out."""
        self._shift.redraw()

    def _drop_rows_but(self, lines: tuple[BasketLine, ...]) -> None:
        """Take away what is gone; when the order is another one, begin anew."""
        ids = [line.id for line in lines]
        for gone in [found for found in self._rows if found not in ids]:
            self._rows.pop(gone).box.delete()
        if ids[: len(self._rows)] != list(self._rows):
            self._rows = {}
            self._lines.clear()

    @staticmethod
    def _wanted_in_head(basket: Basket | None) -> tuple[object, ...]:
        return (basket.id, basket.ticket, bool(basket.lines)) if basket else (None,)

    def _draw_head(self) -> None:
        t, basket = self._desk.t, self._till.basket
        self._head_shows = self._wanted_in_head(basket)
        if basket and basket.ticket is not None:
            text(str(basket.ticket), "desk-ticket cs-figures").props["aria-label"] = t("Number {ticket}", ticket=basket.ticket)
            text(t("Guest"), "cs-t3 cs-bold cs-grow")
        else:
            text(t("Counter sale"), "cs-t3 cs-bold cs-grow")
        if basket and basket.lines:
            self._draw_clear()
        if basket and (basket.lines or basket.visit):
            act(t, t("New basket"), self._till.new_basket, icon="add")

    def _draw_clear(self) -> None:
        """Two presses: a basket cannot be brought back."""
        t = self._desk.t

        def ask() -> None:
            first.set_visibility(False)
            sure.set_visibility(True)

        first = press("", ask, icon="delete_outline", classes="cs-quiet cs-square").called(t("Clear the basket"))
        sure = act(t, t("Clear all"), self._till.clear, kind=Kind.DANGER)
        sure.set_visibility(False)

    def _draw_shift(self) -> None:
        t = self._desk.t
        if self._desk.ask.pos.open_shift_of(self._desk.till) is None:
            with box("desk-note"):
                text(t("The drawer has not been counted in."), "cs-warn cs-bold cs-grow")
                press(t("Count in"), self._till.count_in)

    # What a row asks for

    @property
    def desk(self) -> Desk:
        """Who sits here."""
        return self._desk

    async def change(self, line_id: str, by: int) -> None:
        """More or fewer pieces of a line."""
        await self._desk.attempt(self._till.error, lambda: self._till.change(line_id, by))

    def choose_stylist(self, line: BasketLine) -> None:
        """Ask who did it."""
        t, desk = self._desk.t, self._desk
        with self._sheet:
            text(desk.item(line.kind, line.item, line.name), "cs-t3")
            for stylist in desk.ask.staff.stylists():
                self._draw_choice(line, stylist.id, stylist.name)
            self._draw_choice(line, None, t("Nobody"))
        self._sheet.open(t("Who did this?"))

    def _draw_choice(self, line: BasketLine, who: StaffId | None, name: str) -> None:
        async def assign(tap_id: TapId) -> None:
            await self._till.assign(line.id, who, tap_id)
            self._sheet.close()

        act(self._desk.t, name, assign).button.choose(line.stylist == who)


class _Row:
    """One line; its elements stay as long as the line does."""

    def __init__(self, column: BasketColumn, line: BasketLine) -> None:
        self._column, self._line = column, line
        desk = column.desk
        t, name = desk.t, desk.item(line.kind, line.item, line.name)
        with box("desk-line").props(f'data-item="{line.item}"') as self.box:
            with press("", lambda: column.choose_stylist(self._line), classes="desk-line-name cs-quiet"):
                text(name, "desk-line-title", tag="span")
                with box("desk-line-under", "span"):
                    self._stylist = text("", "desk-line-stylist", tag="span")
                    self._each = text("", "cs-figures", tag="span")
            press("", partial(column.change, line.id, -1), icon="remove", classes="cs-square").called(t("One less: {name}", name=name))
            self._quantity = text("", "desk-quantity cs-figures", tag="span")
            press("", partial(column.change, line.id, 1), icon="add", classes="cs-square").called(t("One more: {name}", name=name))
            self._amount = text("", "desk-line-amount cs-money", tag="span")
        self.update(line)

    def update(self, line: BasketLine) -> None:
        """Show the line as it is now."""
        self._line = line
        desk = self._column.desk
        who = desk.person(line.stylist)
        self._stylist.text = who or desk.t("Add a stylist")
        self._stylist.classes(remove="desk-line-nobody") if who else self._stylist.classes(add="desk-line-nobody")
        self._each.text = desk.t("{price} each", price=desk.money(line.price)) if line.quantity > 1 else ""
        self._quantity.text = str(line.quantity)
        self._amount.text = desk.money(line.amount)
