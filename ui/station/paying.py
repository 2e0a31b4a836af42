"""The right half of the till while taking money: cash with likely sums, card and QR with their slip, in one or several parts."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from nicegui import ui

from hub.errors import InvalidInput
from hub.ids import TapId
from hub.money import CURRENCIES, Minor
from hub.ports import Scan
from hub.pos.model import Basket, TenderKind
from hub.pos.payment_codes import PaymentCodeNotTaken, ProductNotPayment
from ui.station.basket import TENDERS
from ui.station.cash import likely_cash
from ui.station.parts import Drawn, box, field
from ui.station.payment import Payment
from ui.widgets import Act, Keypad, act, chip, main_action, press, text

if TYPE_CHECKING:
    from ui.station.till import Till

AMOUNT_DIGITS_MAX = 10
SLIP_MAX = 32
PRODUCT_CODE_LENGTHS = {8, 12, 13}  # EAN-8, UPC-A, EAN-13; anything longer scanned while paying is a slip
NAMES = {kind: name for kind, name, _ in TENDERS}


class Paying:
    """One payment from the first note to the last."""

    def __init__(self, till: Till) -> None:
        self._till, self._desk = till, till.desk
        self._kind = TenderKind.CASH
        self._payment = Payment(total=0)
        self._begun: dict[str, Payment] = {}  # part payments by basket: a guest may be put aside half-paid
        self._basket = ""
        self._typed, self._slip = "", ""
        self._in_part = False

    def begin(self, basket: Basket, kind: TenderKind) -> None:
        """Start on `basket`; what was taken for it before stays taken, as far as the total still needs it."""
        self._payment = self._begun.get(basket.id, Payment(total=0)).towards(basket.total)
        self._basket = basket.id
        self._turn_to(kind)
        ui.run_javascript("document.activeElement?.blur()")  # the keys are the pad's from here on, Enter too

    def done(self) -> None:
        """The basket was paid: forget its parts."""
        self._begun.pop(self._basket, None)

    @property
    def takes_slip(self) -> bool:
        """Whether the number of a slip is wanted now."""
        return self._kind is not TenderKind.CASH

    def scanned(self, scan: Scan) -> None:
        """A scanned slip is as good as a typed one. Raises PaymentCodeNotTaken or ProductNotPayment for what is none."""
        code = scan.code.strip()
        if whose := self._desk.ask.pos.payment_codes.provider_of(code):
            raise PaymentCodeNotTaken(provider=whose)
        if scan.gtin or (code.isdigit() and len(code) in PRODUCT_CODE_LENGTHS):
            raise ProductNotPayment(code=scan.article)
        self._slip = code[:SLIP_MAX]
        self._field.value = self._slip
        self._ready()

    def draw(self) -> None:
        """The rest, what was taken, and how to take more."""
        t, desk = self._desk.t, self._desk
        with box("desk-pay-head"):
            press(t("Back"), self._leave, icon="arrow_back", classes="cs-quiet")
            with box("desk-chips cs-grow"):
                for kind, name in NAMES.items():
                    chip(t(name), partial(self._switch, kind), chosen=kind is self._kind)
        with box("desk-rest"):
            text(t("To pay"), "cs-t3")
            text(desk.money(self._payment.rest), "cs-t5 cs-bold cs-money").props('data-rest="1" role="status"')
        Drawn(self._draw_taken, "desk-taken")
        if self._payment.is_complete:
            main_action(t, t("Complete the sale"), lambda tap: self._till.complete(self._payment, tap))
        elif self._kind is TenderKind.CASH:
            self._draw_cash()
        else:
            self._draw_outside()

    def _turn_to(self, kind: TenderKind) -> None:
        self._kind, self._typed, self._slip, self._in_part = kind, "", "", False

    def _switch(self, kind: TenderKind) -> None:
        self._turn_to(kind)
        self._till.show(self._till.side)

    def _leave(self) -> None:
        from ui.station.till import Side  # noqa: PLC0415 - the till builds its halves

        self._till.show(Side.SHELF)

    def _draw_taken(self) -> None:
        t = self._desk.t
        for place, tender in enumerate(self._payment.tenders):
            with box("desk-tender-taken"):
                text(t(NAMES[tender.kind]), "cs-bold cs-grow")
                if tender.reference:
                    text(tender.reference, "cs-muted cs-figures cs-one-line")
                text(self._desk.money(tender.amount), "cs-money cs-bold")
                press("", partial(self._give_back, place), icon="close", classes="cs-quiet cs-square").called(
                    t("Take this payment out again")
                )

    def _give_back(self, place: int) -> None:
        self._payment = self._begun[self._basket] = self._payment.without(place)
        self._till.show(self._till.side)

    async def _take(self, payment: Payment, tap_id: TapId) -> None:
        self._desk.touched()
        if payment.is_complete:
            await self._till.complete(payment, tap_id)
            return
        self._payment = self._begun[self._basket] = payment
        self._turn_to(self._kind)
        self._till.show(self._till.side)

    # Cash

    def _draw_cash(self) -> None:
        t, desk = self._desk.t, self._desk
        with box("desk-pay-body"):
            with box("desk-likely"):
                text(t("Cash given"), "cs-label")
                for place, given in enumerate(likely_cash(self._payment.rest, desk.currency)):
                    label = t("Exactly {amount}", amount=desk.money(given)) if place == 0 else desk.money(given)
                    made = act(t, label, partial(self._take, self._payment.with_cash(given)))
                    made.button.props["data-given"] = str(given)
            with box("desk-pad"):
                self._pad = Keypad(t, self._typed_amount, kind="amount", longest=AMOUNT_DIGITS_MAX).on_enter(self._press_take)
        self._main = main_action(t, t("Type the cash given"), self._take_typed)
        self._main.enable(False)

    def _typed_amount(self, value: str) -> None:
        self._typed = value
        given, rest, t = self._amount(), self._payment.rest, self._desk.t
        self._main.arm()
        self._main.enable(bool(given))
        if not given:
            self._main.relabel(t("Type the cash given"))
        elif given < rest:
            left = self._desk.money(rest - given)
            self._main.relabel(t("Take {amount}, {rest} stays to pay", amount=self._desk.money(given), rest=left))
        else:
            self._main.relabel(
                t("Take {amount}, give {change} back", amount=self._desk.money(given), change=self._desk.money(given - rest))
            )

    async def _take_typed(self, tap_id: TapId) -> None:
        given = self._amount()
        if not given:
            raise InvalidInput(amount=self._typed)
        await self._take(self._payment.with_cash(given), tap_id)

    async def _press_take(self) -> None:
        if self._amount():
            await self._main.press()

    def _amount(self) -> Minor | None:
        """What is typed; None while it is no amount."""
        try:
            return CURRENCIES[self._desk.currency].parse(self._typed) if self._typed else None
        except InvalidInput:
            return None

    # Card and QR, taken on a device of their own

    def _draw_outside(self) -> None:
        t, desk = self._desk.t, self._desk
        with box("desk-pay-body"):
            with box("desk-likely"):
                text(t("Take the payment on the terminal, then type the number of its slip."), "cs-muted")
                text(t("Amount"), "cs-label")
                with box("desk-chips"):
                    chip(desk.money(self._payment.rest), lambda: self._part(False), chosen=not self._in_part)
                    chip(t("A part of it"), lambda: self._part(True), chosen=self._in_part)
                if self._in_part:
                    self._part_field = field(t("Part"), self._typed_part, value=self._typed).props('inputmode="decimal"')
                self._field = field(
                    t("Slip number"), self._typed_slip, value=self._slip, hint=t("4 to 32 letters or digits, never a card number")
                )
            with box("desk-pad desk-pad-bare"):
                self._pad = Keypad(t, self._padded, longest=SLIP_MAX, keyboard=False)
        self._main = main_action(t, t("Take the payment"), self._take_outside)
        self._ready()
        if not self._in_part:
            _focus(self._field)

    def _part(self, in_part: bool) -> None:  # noqa: FBT001 - which of two chips
        self._in_part, self._typed = in_part, ""
        self._till.show(self._till.side)

    def _padded(self, value: str) -> None:
        self._field.value = value

    def _typed_part(self, value: str) -> None:
        self._typed = value
        self._ready()

    def _typed_slip(self, value: str) -> None:
        self._slip = value.strip()
        if self._pad.value != self._slip:
            self._pad.put(self._slip)
        self._ready()

    def _ready(self) -> None:
        t, amount = self._desk.t, self._outside_amount()
        main: Act = self._main
        main.arm()
        main.enable(bool(self._slip) and amount is not None)
        main.relabel(t("Taken: {amount}", amount=self._desk.money(amount)) if amount else t("Type the part"))

    def _outside_amount(self) -> Minor | None:
        if not self._in_part:
            return self._payment.rest
        amount = self._amount()
        return amount if amount and 0 < amount <= self._payment.rest else None

    async def _take_outside(self, tap_id: TapId) -> None:
        amount = self._outside_amount()
        if amount is None:
            raise InvalidInput(amount=self._typed)
        await self._take(self._payment.with_outside(self._kind, amount, self._slip), tap_id)


def _focus(element: ui.input) -> None:
    ui.run_javascript(f"setTimeout(() => document.querySelector('#{element.html_id} input, input#{element.html_id}')?.focus(), 30)")
