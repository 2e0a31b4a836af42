"""Basket, sale, refund, tenders and shift: the words of the till and their rules."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from hub.errors import InvalidInput, PersonError
from hub.ids import Id
from hub.money import MAX_AMOUNT, Minor, tax_within
from hub.staff.model import StaffId
from hub.visits.model import VisitId

LINES_MAX = 100
QUANTITY_MAX = 999


class BasketId(Id):
    """What a guest is about to pay for."""


class SaleId(Id):
    """A completed sale."""


class RefundId(Id):
    """The money given back for one sale."""


class ShiftId(Id):
    """One cashier's time at one till, from the counted float to the Z report."""


class LineKind(StrEnum):
    """What is sold on a line."""

    SERVICE = "service"
    PRODUCT = "product"


class TenderKind(StrEnum):
    """How it is paid; card and QR are taken on a device of their own and only recorded here."""

    CASH = "cash"
    CARD = "card"
    QR = "qr"


@dataclass(frozen=True, slots=True, kw_only=True)
class LineWish:
    """One thing to sell; the price is the catalogue's at the moment of sale."""

    kind: LineKind
    item: str
    quantity: int = 1
    stylist: StaffId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tender:
    """A payment. `amount` goes towards the total; `given` is the cash handed over; `reference` names an outside payment."""

    kind: TenderKind
    amount: Minor
    given: Minor | None = None
    reference: str = ""

    @property
    def change(self) -> Minor:
        """Cash to hand back."""
        return 0 if self.given is None else self.given - self.amount


@dataclass(frozen=True, slots=True, kw_only=True)
class SaleDraft:
    """Everything a till knows when the cashier presses pay. `total` is what she saw; another price refuses the sale."""

    till: str
    lines: tuple[LineWish, ...]
    tenders: tuple[Tender, ...]
    total: Minor
    basket: BasketId | None = None
    visit: VisitId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SaleLine:
    """A sold line: the price per piece, and the amount with its tax inside."""

    kind: LineKind
    item: str
    name: str
    quantity: int
    price: Minor
    amount: Minor
    tax: Minor
    stylist: StaffId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """A completed sale; nothing of it ever changes. `refund` names the refund, once there is one."""

    id: SaleId
    till: str
    receipt_no: int
    shift: ShiftId
    day: date
    at: datetime
    currency: str
    total: Minor
    tax: Minor
    lines: tuple[SaleLine, ...]
    tenders: tuple[Tender, ...]
    visit: VisitId | None
    cashier: str
    refund: RefundId | None = None

    @property
    def change(self) -> Minor:
        """Cash handed back."""
        return sum(t.change for t in self.tenders)

    @property
    def receipt(self) -> str:
        """The number on the paper: till and running number."""
        return f"{self.till}-{self.receipt_no:06d}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """The whole of one sale given back the way it was paid; its receipt has a number of its own."""

    id: RefundId
    sale: SaleId
    till: str
    receipt_no: int
    shift: ShiftId
    day: date
    at: datetime
    currency: str
    total: Minor
    tenders: tuple[Tender, ...]
    approved_by: str

    @property
    def receipt(self) -> str:
        """The number on the paper: till and running number."""
        return f"{self.till}-{self.receipt_no:06d}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """Someone with the right vouches for one act, proven by her PIN."""

    approver: StaffId
    pin: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class BasketLine:
    """One line of an open basket with today's price."""

    id: str
    kind: LineKind
    item: str
    name: str
    quantity: int
    price: Minor
    stylist: StaffId | None

    @property
    def amount(self) -> Minor:
        """Price times quantity."""
        return self.price * self.quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class Basket:
    """A server-side draft: it survives a reload, a crash and a change of station."""

    id: BasketId
    till: str
    visit: VisitId | None
    ticket: int | None
    lines: tuple[BasketLine, ...]

    @property
    def total(self) -> Minor:
        """What the guest will pay."""
        return sum(line.amount for line in self.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """One drawer's time. `expected` and `counted` are cash in the drawer at the close, `z_number` counts per till."""

    id: ShiftId
    till: str
    opened_at: datetime
    opened_by: str
    opening_float: Minor
    closed_at: datetime | None = None
    expected: Minor | None = None
    counted: Minor | None = None
    z_number: int | None = None

    @property
    def difference(self) -> Minor | None:
        """Counted less expected; negative when cash is short."""
        return None if self.counted is None or self.expected is None else self.counted - self.expected


@dataclass(frozen=True, slots=True, kw_only=True)
class ZReport:
    """What one shift did, printed and kept for ever. Amounts by tender are net of refunds."""

    shift: Shift
    sales: int
    refunds: int
    first_receipt: int | None
    last_receipt: int | None
    gross: Minor
    refunded: Minor
    tax: Minor
    by_tender: dict[TenderKind, Minor]

    @property
    def takings(self) -> Minor:
        """Gross less refunded."""
        return self.gross - self.refunded


@dataclass(frozen=True, slots=True, kw_only=True)
class Takings:
    """What came in on one business day, at every till. Amounts by tender are net of refunds, of older sales too."""

    sales: int
    gross: Minor
    refunds: int
    refunded: Minor
    by_tender: dict[TenderKind, Minor]

    @property
    def net(self) -> Minor:
        """Gross less refunded; below nought on a day that gave more back than it took."""
        return self.gross - self.refunded


def priced_line(wish: LineWish, name: str, price: Minor, tax: int) -> SaleLine:
    """`wish` at a tax-inclusive price and a rate in basis points. Raises InvalidInput for a quantity nobody sells."""
    if not 1 <= wish.quantity <= QUANTITY_MAX:
        raise InvalidInput(quantity=wish.quantity)
    amount = price * wish.quantity
    return SaleLine(
        kind=wish.kind,
        item=wish.item,
        name=name,
        quantity=wish.quantity,
        price=price,
        amount=amount,
        tax=tax_within(amount, tax),
        stylist=wish.stylist,
    )


def check_payment(total: Minor, seen: Minor, tenders: tuple[Tender, ...]) -> None:
    """Raises PriceChanged, PaymentDoesNotMatch or InvalidInput; silent when the tenders pay the total exactly."""
    if total != seen:
        raise PriceChanged(total=total, seen=seen)
    for tender in tenders:
        if not 0 <= tender.amount <= MAX_AMOUNT or (tender.amount == 0 and total != 0):
            raise InvalidInput(amount=tender.amount)
        if tender.given is not None and (tender.kind is not TenderKind.CASH or not tender.amount <= tender.given <= MAX_AMOUNT):
            raise PaymentDoesNotMatch(total=total, given=tender.given)
        if tender.kind is not TenderKind.CASH and not _is_reference(tender.reference):
            raise ReferenceMissing(kind=tender.kind)
    if sum(t.amount for t in tenders) != total:
        raise PaymentDoesNotMatch(total=total, paid=sum(t.amount for t in tenders))


def _is_reference(text: str) -> bool:
    """A slip number, never a card number: 4 to 32 letters or digits that are not 13 to 19 digits passing the Luhn check."""
    if not (4 <= len(text) <= 32 and text.replace("-", "").isalnum() and text.isascii()):
        return False
    return not (text.isdigit() and 13 <= len(text) <= 19 and _luhn(text))


def _luhn(digits: str) -> bool:
    doubled = [sum(divmod(int(d) * 2, 10)) if i % 2 else int(d) for i, d in enumerate(reversed(digits))]
    return sum(doubled) % 10 == 0


class NoOpenShift(PersonError):
    """This till's drawer has not been counted in."""

    code = "no_open_shift"
    hint = "A manager opens the shift by counting the cash in the drawer."


class ShiftAlreadyOpen(PersonError):
    """This till has an open shift."""

    code = "shift_already_open"
    hint = "Close the open shift first."


class EmptyBasket(PersonError):
    """A sale without a line."""

    code = "empty_basket"
    hint = "Add a service or a product."
    status = 422


class PriceChanged(PersonError):
    """The total is not what the cashier saw."""

    code = "price_changed"
    hint = "A price was changed meanwhile. Look at the new total and take the payment again."


class PaymentDoesNotMatch(PersonError):
    """The tenders do not add up to the total, or less cash was given than is due."""

    code = "payment_does_not_match"
    hint = "The payments must add up to the total, and the cash given must cover its part."
    status = 422


class ReferenceMissing(PersonError):
    """An outside payment without the number of its slip."""

    code = "reference_missing"
    hint = "Type the slip number of the card or QR payment: 4 to 32 letters or digits, never a card number."
    status = 422


class AlreadyRefunded(PersonError):
    """A sale is refunded once."""

    code = "already_refunded"
    hint = "This sale has been given back already."


class BasketClosed(PersonError):
    """The basket was paid or cleared meanwhile."""

    code = "basket_closed"
    hint = "Someone paid or cleared this basket. Open the guest again."
