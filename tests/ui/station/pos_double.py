"""The till in memory: prices, payments and shifts by the rules of the real model."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hub.access import Actor, Right, Role
from hub.catalog.model import Product, Service
from hub.errors import NotAllowed, NotFound
from hub.ids import TapId
from hub.money import Minor
from hub.pos.model import (
    AlreadyRefunded,
    Approval,
    Basket,
    BasketClosed,
    BasketId,
    BasketLine,
    LineKind,
    LineWish,
    NoOpenShift,
    Refund,
    RefundId,
    Sale,
    SaleDraft,
    SaleId,
    Shift,
    ShiftAlreadyOpen,
    ShiftId,
    Takings,
    TenderKind,
    ZReport,
    check_payment,
    priced_line,
)
from hub.pos.payment_codes import NoPaymentOpen, PaymentCodes
from hub.staff.model import StaffId
from hub.visits.model import Stage, VisitId


async def commit() -> None:
    """The time a commit takes, in which a second click can arrive."""
    await asyncio.sleep(0.05)


class PosDouble:
    payment_codes = PaymentCodes()

    def __init__(self, shop: Any) -> None:
        self.shop = shop
        self.baskets: dict[str, Basket] = {}
        self.sales: dict[str, Sale] = {}
        self.refunds: dict[str, Refund] = {}
        self.shifts: dict[str, Shift] = {}
        self.reports: list[ZReport] = []
        self.taps: dict[str, Any] = {}
        self.calls: list[dict[str, Any]] = []
        self.next_no = 1

    async def open_basket(self, actor: Actor, till: str, visit_id: VisitId | None, tap_id: TapId) -> Basket:
        actor.must(Right.SELL)
        for basket in self.baskets.values():
            if visit_id and basket.visit == visit_id:
                return self._put(replace(basket, till=till))
            if not visit_id and basket.till == till and basket.visit is None:
                return self._put(basket)
        visit = self.shop.visits.all[visit_id] if visit_id else None
        lines = tuple(self._line(LineWish(kind=LineKind.SERVICE, item=s, stylist=visit.stylist)) for s in visit.services) if visit else ()
        return self._put(Basket(id=BasketId.new(), till=till, visit=visit_id, ticket=visit.ticket if visit else None, lines=lines))

    def basket(self, actor: Actor, basket_id: str) -> Basket:
        if basket_id not in self.baskets:
            raise BasketClosed(basket=basket_id)
        return self.baskets[basket_id]

    def current_basket(self, actor: Actor, till: str) -> Basket | None:
        return next((b for b in reversed(self.baskets.values()) if b.till == till), None)

    async def add_line(self, actor: Actor, basket_id: str, wish: LineWish, tap_id: TapId) -> Basket:
        return self._once(tap_id, lambda: self._add(self.basket(actor, basket_id), wish))

    async def add_scanned(self, actor: Actor, basket_id: str, code: str, tap_id: TapId) -> Basket:
        if whose := self.payment_codes.provider_of(code):
            raise NoPaymentOpen(provider=whose)
        found = self.shop.catalog.product_by_barcode(code)
        return await self.add_line(actor, basket_id, LineWish(kind=LineKind.PRODUCT, item=found.id), tap_id)

    async def change_quantity(self, actor: Actor, basket_id: str, line_id: str, quantity: int, tap_id: TapId) -> Basket:
        def change() -> Basket:
            basket = self.basket(actor, basket_id)
            lines = tuple(replace(x, quantity=quantity) if x.id == line_id else x for x in basket.lines)
            return self._put(replace(basket, lines=tuple(x for x in lines if x.quantity)))

        return self._once(tap_id, change)

    async def assign_stylist(self, actor: Actor, basket_id: str, line_id: str, staff_id: StaffId | None, tap_id: TapId) -> Basket:
        basket = self.basket(actor, basket_id)
        return self._put(replace(basket, lines=tuple(replace(x, stylist=staff_id) if x.id == line_id else x for x in basket.lines)))

    async def clear_basket(self, actor: Actor, basket_id: str, tap_id: TapId) -> None:
        self.baskets.pop(basket_id, None)

    async def complete_sale(self, actor: Actor, draft: SaleDraft, tap_id: TapId) -> Sale:
        actor.must(Right.SELL)
        self.calls.append(
            {"act": "complete_sale", "tap": tap_id, "tenders": [(t.kind, t.amount, t.given, t.reference) for t in draft.tenders]}
        )
        await commit()
        return self._once(tap_id, lambda: self._sell(actor, draft))

    def _sell(self, actor: Actor, draft: SaleDraft) -> Sale:
        shift = self.open_shift_of(draft.till)
        if shift is None:
            raise NoOpenShift(till=draft.till)
        lines = tuple(self._sold(w) for w in draft.lines)
        total = sum(x.amount for x in lines)
        check_payment(total, draft.total, draft.tenders)
        now = self.shop.clock.now()
        sale = Sale(
            id=SaleId.new(), till=draft.till, receipt_no=self._number(), shift=shift.id, day=now.date(), at=now, currency="CNY",
            total=total, tax=sum(x.tax for x in lines), lines=lines, tenders=draft.tenders, visit=draft.visit, cashier=actor.id,
        )  # fmt: skip
        self.sales[sale.id] = sale
        if draft.basket:
            self.baskets.pop(draft.basket, None)
        if draft.visit:
            self.shop.visits.move(draft.visit, Stage.PAID)
        self.shop.equipment.print("receipt", sale.id)
        self.shop.announce("SaleCompleted")
        return sale

    def sale(self, actor: Actor, sale_id: str) -> Sale:
        return self.sales[sale_id]

    def sales_today(self, actor: Actor, till: str = "", limit: int = 100) -> list[Sale]:
        actor.must(Right.SELL)
        return [s for s in reversed(self.sales.values()) if till in {"", s.till}][:limit]

    def sale_by_receipt(self, actor: Actor, text: str) -> Sale:
        for sale in self.sales.values():
            if sale.receipt == text:
                return sale
        raise NotFound(receipt=text)

    async def refund_sale(self, actor: Actor, sale_id: str, approval: Approval, till: str, tap_id: TapId) -> Refund:
        self.calls.append({"act": "refund_sale", "tap": tap_id})
        approver = approval.approver
        if self.shop.staff.pins.get(approver) != approval.pin:
            raise self.shop.wrong_pin(tries_left=4)
        if self.shop.staff.member(approver).role is not Role.MANAGER:
            raise NotAllowed(right=Right.REFUND)
        return self._once(tap_id, lambda: self._give_back(self.sales[sale_id], approver, till))

    def _give_back(self, sale: Sale, approver: StaffId, till: str) -> Refund:
        if sale.refund:
            raise AlreadyRefunded(sale=sale.id)
        now = self.shop.clock.now()
        refund = Refund(
            id=RefundId.new(), sale=sale.id, till=till, receipt_no=self._number(), shift=sale.shift, day=now.date(), at=now,
            currency="CNY", total=sale.total, tenders=sale.tenders, approved_by=approver,
        )  # fmt: skip
        self.refunds[refund.id] = refund
        self.sales[sale.id] = replace(sale, refund=refund.id)
        self.shop.equipment.print("refund", refund.id)
        self.shop.announce("SaleRefunded")
        return refund

    def open_shift_of(self, till: str) -> Shift | None:
        return self.shifts.get(till)

    def open_shifts(self, actor: Actor) -> list[Shift]:
        return list(self.shifts.values())

    def takings(self, actor: Actor) -> Takings:
        actor.must(Right.SEE_MONEY)
        back = self.refunds.values()
        by_tender = {kind: sum(t.amount for s in self.sales.values() for t in s.tenders if t.kind is kind) for kind in TenderKind}
        for tender in (t for r in back for t in r.tenders):
            by_tender[tender.kind] -= tender.amount
        return Takings(
            sales=len(self.sales), gross=sum(s.total for s in self.sales.values()), refunds=len(back),
            refunded=sum(r.total for r in back), by_tender=by_tender,
        )  # fmt: skip

    async def open_shift(self, actor: Actor, till: str, counted: Minor, tap_id: TapId) -> Shift:
        actor.must(Right.HANDLE_SHIFT)
        return self._once(tap_id, lambda: self.count_in(till, counted, actor.id))

    def count_in(self, till: str, counted: Minor, who: str = "") -> Shift:
        if till in self.shifts:
            raise ShiftAlreadyOpen(till=till)
        self.shifts[till] = Shift(id=ShiftId.new(), till=till, opened_at=self.shop.clock.now(), opened_by=who, opening_float=counted)
        self.shop.announce("ShiftOpened")
        return self.shifts[till]

    async def close_shift(self, actor: Actor, till: str, counted: Minor, tap_id: TapId) -> ZReport:
        actor.must(Right.HANDLE_SHIFT)
        return self._once(tap_id, lambda: self._count_out(till, counted))

    def _count_out(self, till: str, counted: Minor) -> ZReport:
        shift = self.shifts.pop(till, None)
        if shift is None:
            raise NoOpenShift(till=till)
        sales = [s for s in self.sales.values() if s.shift == shift.id]
        refunds = [r for r in self.refunds.values() if r.shift == shift.id]
        by_tender = {kind: sum(t.amount for s in sales for t in s.tenders if t.kind is kind) for kind in TenderKind}
        for refund in refunds:
            for tender in refund.tenders:
                by_tender[tender.kind] -= tender.amount
        expected = shift.opening_float + by_tender[TenderKind.CASH]
        closed = replace(shift, closed_at=self.shop.clock.now(), expected=expected, counted=counted, z_number=len(self.reports) + 1)
        numbers = [s.receipt_no for s in sales] + [r.receipt_no for r in refunds]
        report = ZReport(
            shift=closed, sales=len(sales), refunds=len(refunds), first_receipt=min(numbers, default=None),
            last_receipt=max(numbers, default=None), gross=sum(s.total for s in sales), refunded=sum(r.total for r in refunds),
            tax=sum(s.tax for s in sales), by_tender=by_tender,
        )  # fmt: skip
        self.reports.insert(0, report)
        self.shop.equipment.print("z_report", closed.id)
        self.shop.announce("ShiftClosed")
        return report

    def z_reports(self, actor: Actor, till: str = "", limit: int = 60) -> list[ZReport]:
        return [z for z in self.reports if till in {"", z.shift.till}][:limit]

    async def reprint(self, actor: Actor, source: str, tap_id: TapId) -> Any:
        self.calls.append({"act": "reprint", "source": source})
        return self.shop.equipment.print("receipt", source, copy=1)

    def _number(self) -> int:
        self.next_no += 1
        return self.next_no - 1

    def _once(self, tap_id: TapId, act: Callable[[], Any]) -> Any:
        if tap_id not in self.taps:
            self.taps[tap_id] = act()
        return self.taps[tap_id]

    def _put(self, basket: Basket) -> Basket:
        self.baskets.pop(basket.id, None)
        self.baskets[basket.id] = basket
        return basket

    def _thing(self, wish: LineWish) -> Service | Product:
        catalog = self.shop.catalog
        return catalog.service(wish.item) if wish.kind is LineKind.SERVICE else catalog.product(wish.item)

    def _sold(self, wish: LineWish) -> Any:
        thing = self._thing(wish)
        return priced_line(wish, thing.names.zh_CN, thing.price, thing.tax)

    def _line(self, wish: LineWish) -> BasketLine:
        thing = self._thing(wish)
        return BasketLine(
            id=str(BasketId.new()), kind=wish.kind, item=wish.item, name=thing.names.zh_CN, quantity=wish.quantity, price=thing.price,
            stylist=wish.stylist,
        )  # fmt: skip

    def _add(self, basket: Basket, wish: LineWish) -> Basket:
        for line in basket.lines:
            if line.kind is wish.kind is LineKind.PRODUCT and line.item == wish.item:
                more = replace(line, quantity=line.quantity + wish.quantity)
                return self._put(replace(basket, lines=tuple(more if x is line else x for x in basket.lines)))
        return self._put(replace(basket, lines=(*basket.lines, self._line(wish))))
