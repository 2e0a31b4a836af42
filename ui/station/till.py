"""The till: the basket on the left; on the right what can be added, the payment, or the change."""

from __future__ import annotations

from enum import StrEnum

from hub.ids import TapId
from hub.ports import Scan
from hub.pos.model import Basket, BasketClosed, LineWish, PriceChanged, Sale, SaleDraft, TenderKind
from hub.staff.model import StaffId
from hub.visits.model import TICKET_CODE, Visit
from ui.station.basket import BasketColumn
from ui.station.counting import CountIn
from ui.station.desk import Desk
from ui.station.paid import Paid
from ui.station.parts import Drawn, box
from ui.station.paying import Paying
from ui.station.payment import Payment
from ui.station.shelf import Shelf
from ui.widgets import InlineError

CHANGES = frozenset({"SaleCompleted", "ShiftOpened", "ShiftClosed", "ProductChanged", "ServiceChanged", "CatalogImported"})
PRINTING = frozenset({"PrintJobMoved", "DeviceChanged"})


class Side(StrEnum):
    """What the right half shows."""

    SHELF = "shelf"
    PAYING = "paying"
    PAID = "paid"
    COUNT_IN = "count_in"


class Till:
    """The till section of one page."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.basket: Basket | None = None
        self._looked = False
        self.side, self.sale = Side.SHELF, None
        self._shelf, self._paying, self._paid = Shelf(self), Paying(self), Paid(self)
        self._column = BasketColumn(self)
        self._error: InlineError | None = None
        self._left: Drawn | None = None
        self._right: Drawn | None = None

    side: Side
    sale: Sale | None

    def draw(self) -> None:
        """Both halves; the first time with the basket this till left open."""
        if not self._looked and self.basket is None:
            self.basket = self.desk.ask.pos.current_basket(self.desk.reader(), self.desk.till)
        self._looked = True
        with box("desk-till"):
            with box("desk-basket", "section"):
                self._error = InlineError(self.desk.t)
                self._left = Drawn(self._column.draw, "desk-basket-body")
            self._right = Drawn(self._draw_right, "desk-side", "section")

    @property
    def error(self) -> InlineError:
        """Where the basket's refusals are told; there is one while the till is shown."""
        if self._error is None:
            raise LookupError
        return self._error

    def redraw(self) -> None:
        """Show what is so now; a basket paid elsewhere is gone, prices may have changed."""
        if self.basket:
            try:
                self.basket = self.desk.ask.pos.basket(self.desk.reader(), self.basket.id)
            except BasketClosed:
                self.basket = None
                if self.side is Side.PAYING:
                    self.side = Side.SHELF
        self._redraw_both()

    def printing_moved(self) -> None:
        """A job or a drawer moved."""
        if self.side is Side.PAID:
            self._paid.printing_moved()

    async def scanned(self, scan: Scan) -> bool:
        """A ticket opens its visit; while a payment is open its slip is wanted; everything else is a product."""
        if scan.code.startswith(TICKET_CODE):
            visit = self.desk.ask.visits.visit_by_code(self.desk.actor(), scan.code)
            await self.open_visit(visit, TapId.new())
        elif self.side is Side.PAYING and self._paying.takes_slip:
            self._paying.scanned(scan)
        else:
            await self.add_scanned(scan.article)
        return True

    async def open_visit(self, visit: Visit, tap_id: TapId) -> None:
        """Show the basket of a guest."""
        self._put(await self.desk.ask.pos.open_basket(self.desk.actor(), self.desk.till, visit.id, tap_id))

    async def new_basket(self, tap_id: TapId) -> None:
        """Begin the till's own basket; a guest's one stays as it is until she is opened again."""
        self._put(await self.desk.ask.pos.open_basket(self.desk.actor(), self.desk.till, None, tap_id))

    async def add(self, wish: LineWish) -> None:
        """One more line, or one more piece."""
        basket = await self._some_basket()
        self._put(await self.desk.ask.pos.add_line(self.desk.actor(), basket.id, wish, TapId.new()))

    async def add_scanned(self, code: str) -> None:
        """One piece of what was scanned."""
        basket = await self._some_basket()
        self._put(await self.desk.ask.pos.add_scanned(self.desk.actor(), basket.id, code, TapId.new()))

    async def change(self, line_id: str, by: int) -> None:
        """More or fewer pieces; the last one takes the line away."""
        if self.basket is None:
            return
        now = next((line.quantity for line in self.basket.lines if line.id == line_id), 0)
        if now + by >= 0:
            self._put(await self.desk.ask.pos.change_quantity(self.desk.actor(), self.basket.id, line_id, now + by, TapId.new()))

    async def assign(self, line_id: str, stylist: StaffId | None, tap_id: TapId) -> None:
        """Who did the work."""
        if self.basket:
            self._put(await self.desk.ask.pos.assign_stylist(self.desk.actor(), self.basket.id, line_id, stylist, tap_id))

    async def clear(self, tap_id: TapId) -> None:
        """Drop the basket."""
        if self.basket:
            await self.desk.ask.pos.clear_basket(self.desk.actor(), self.basket.id, tap_id)
        self.basket, self.side = None, Side.SHELF
        self._redraw_both()

    def pay(self, kind: TenderKind) -> None:
        """Take money: first the drawer must have been counted in."""
        if self.basket is None or not self.basket.lines:
            return
        if self.desk.ask.pos.open_shift_of(self.desk.till) is None:
            self.count_in()
            return
        self._paying.begin(self.basket, kind)
        self.show(Side.PAYING)

    def count_in(self) -> None:
        """Ask for the counted drawer."""
        self.show(Side.COUNT_IN)

    def show(self, side: Side) -> None:
        """Another right half."""
        self.side = side
        if self._right:
            self._right.redraw()

    async def complete(self, payment: Payment, tap_id: TapId) -> None:
        """The payment is whole: sell. Raises what the till's service refuses; nothing is lost then."""
        if self.basket is None:
            raise BasketClosed
        try:
            self.sale = await self.desk.ask.pos.complete_sale(self.desk.actor(), self._draft(self.basket, payment), tap_id)
        except PriceChanged as wrong:
            self.redraw()
            self.show(Side.SHELF)
            self.error.show(wrong)
            return
        self.basket, self.side = None, Side.PAID
        self._paying.done()
        self._paid.begin()
        self._redraw_both()

    def _draft(self, basket: Basket, payment: Payment) -> SaleDraft:
        lines = tuple(LineWish(kind=x.kind, item=x.item, quantity=x.quantity, stylist=x.stylist) for x in basket.lines)
        return SaleDraft(
            till=self.desk.till, lines=lines, tenders=payment.tenders, total=basket.total, basket=basket.id, visit=basket.visit
        )

    async def _some_basket(self) -> Basket:
        if self.basket is None:
            self.basket = await self.desk.ask.pos.open_basket(self.desk.actor(), self.desk.till, None, TapId.new())
        return self.basket

    def _put(self, basket: Basket) -> None:
        self.basket = basket
        if self._error and not self._error.is_deleted:
            self._error.hush()
        if self.side is not Side.SHELF:
            self.show(Side.SHELF)
        if self._left and not self._left.is_deleted:
            self._column.update()

    def _redraw_both(self) -> None:
        if self._left and self._right and not self._left.is_deleted:
            self._column.update()
            self._column.shift_moved()
            self._right.redraw()

    def _draw_right(self) -> None:
        match self.side:
            case Side.SHELF:
                self._shelf.draw()
            case Side.PAYING:
                self._paying.draw()
            case Side.PAID:
                self._paid.draw()
            case Side.COUNT_IN:
                CountIn(self.desk, lambda: self.show(Side.SHELF)).draw()
