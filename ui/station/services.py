"""What the front desk asks of the shop: the part of each service its pages use, and nothing more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from hub.access import Actor
from hub.catalog.model import Product, ProductId, Service, ServiceId, Shop
from hub.clock import Clock
from hub.equipment.model import Device, PrintJob
from hub.ids import TapId
from hub.money import Minor
from hub.ports import Scan
from hub.pos.model import Approval, Basket, BasketId, LineWish, Refund, Sale, SaleDraft, SaleId, Shift, ZReport
from hub.staff.model import StaffId, StaffMember
from hub.visits.model import Visit, VisitId, Wait, WalkIn
from ui.refresh import ActorNow, Refresh

HqLink = Literal["none", "online", "offline"]
ScanTold = Callable[[Scan, str], None]


class Catalog(Protocol):
    """What can be sold."""

    def shop(self) -> Shop:
        """The shop itself."""
        ...

    def services_offered(self) -> list[Service]:
        """What a guest may choose."""
        ...

    def service(self, service_id: ServiceId, /) -> Service:
        """One service. Raises NotFound."""
        ...

    def product(self, product_id: ProductId, /) -> Product:
        """One product. Raises NotFound."""
        ...

    def search_products(self, text: str, limit: int = 50, /) -> list[Product]:
        """Products by name, code or barcode."""
        ...

    def favourite_products(self, limit: int, /) -> list[Product]:
        """What the till shows without a search."""
        ...


class Staff(Protocol):
    """Who works here."""

    def stylists(self) -> list[StaffMember]:
        """Who serves guests."""
        ...

    def member(self, staff_id: StaffId, /) -> StaffMember:
        """One colleague. Raises NotFound."""
        ...

    def for_login(self) -> Sequence[tuple[StaffId, str, Any]]:
        """Who may log in: id, name, role."""
        ...


class Visits(Protocol):
    """The queue of the day."""

    def estimate(self, wish: WalkIn, /) -> Wait:
        """What a guest would wait, and who would be free."""
        ...

    async def check_in(self, actor: Actor, wish: WalkIn, tap_id: TapId, /) -> Visit:
        """A number, a place, a ticket."""
        ...

    def queue(self, actor: Actor, /) -> list[Visit]:
        """Everyone in the shop."""
        ...

    def visit(self, actor: Actor, visit_id: VisitId, /) -> Visit:
        """One visit. Raises NotFound."""
        ...

    def visit_by_code(self, actor: Actor, code: str, /) -> Visit:
        """The visit of a scanned ticket. Raises NotFound."""
        ...

    async def call(self, actor: Actor, visit_id: VisitId, tap_id: TapId, /) -> Visit:
        """Show her number on the board."""
        ...

    async def put_back(self, actor: Actor, visit_id: VisitId, tap_id: TapId, /) -> Visit:
        """She waits again."""
        ...

    async def seat(self, actor: Actor, visit_id: VisitId, stylist_id: StaffId, tap_id: TapId, /) -> Visit:
        """A chair and a stylist."""
        ...

    async def start(self, actor: Actor, visit_id: VisitId, tap_id: TapId, /) -> Visit:
        """The service begins."""
        ...

    async def finish(self, actor: Actor, visit_id: VisitId, tap_id: TapId, /) -> Visit:
        """The service is done."""
        ...

    async def leave(self, actor: Actor, visit_id: VisitId, tap_id: TapId, /) -> Visit:
        """She went away."""
        ...

    async def come_back(self, actor: Actor, visit_id: VisitId, tap_id: TapId, /) -> Visit:
        """She had not gone after all."""
        ...


class Pos(Protocol):
    """Baskets, sales, refunds and shifts."""

    async def open_basket(self, actor: Actor, till: str, visit_id: VisitId | None, tap_id: TapId, /) -> Basket:
        """The basket of a visit, or the till's own."""
        ...

    def basket(self, actor: Actor, basket_id: BasketId, /) -> Basket:
        """An open basket. Raises BasketClosed."""
        ...

    def current_basket(self, actor: Actor, till: str, /) -> Basket | None:
        """The one last touched at this till."""
        ...

    async def add_line(self, actor: Actor, basket_id: BasketId, wish: LineWish, tap_id: TapId, /) -> Basket:
        """One more line, or one more piece."""
        ...

    async def add_scanned(self, actor: Actor, basket_id: BasketId, code: str, tap_id: TapId, /) -> Basket:
        """One piece of a scanned product. Raises UnknownBarcode."""
        ...

    async def change_quantity(self, actor: Actor, basket_id: BasketId, line_id: str, quantity: int, tap_id: TapId, /) -> Basket:
        """Set the pieces of a line; 0 takes it away."""
        ...

    async def assign_stylist(self, actor: Actor, basket_id: BasketId, line_id: str, staff_id: StaffId | None, tap_id: TapId, /) -> Basket:
        """Who did the work of a line."""
        ...

    async def clear_basket(self, actor: Actor, basket_id: BasketId, tap_id: TapId, /) -> Any:
        """Drop the draft."""
        ...

    async def complete_sale(self, actor: Actor, draft: SaleDraft, tap_id: TapId, /) -> Sale:
        """Take the payment."""
        ...

    def sale(self, actor: Actor, sale_id: SaleId, /) -> Sale:
        """One sale."""
        ...

    def sales_today(self, actor: Actor, till: str = "", limit: int = 100, /) -> list[Sale]:
        """The newest sales of the day."""
        ...

    def sale_by_receipt(self, actor: Actor, text: str, /) -> Sale:
        """The sale of a printed number. Raises NotFound."""
        ...

    async def refund_sale(self, actor: Actor, sale_id: SaleId, approval: Approval, till: str, tap_id: TapId, /) -> Refund:
        """Give a whole sale back; a manager approves by her PIN."""
        ...

    def open_shift_of(self, till: str, /) -> Shift | None:
        """The open shift of a till."""
        ...

    async def open_shift(self, actor: Actor, till: str, counted: Minor, tap_id: TapId, /) -> Shift:
        """Count a drawer in."""
        ...

    async def close_shift(self, actor: Actor, till: str, counted: Minor, tap_id: TapId, /) -> ZReport:
        """Count a drawer out."""
        ...

    def z_reports(self, actor: Actor, till: str = "", limit: int = 60, /) -> list[ZReport]:
        """Closed shifts, newest first."""
        ...


class Equipment(Protocol):
    """Printers and scanners as the shop sees them."""

    def devices(self, actor: Actor, /) -> list[Device]:
        """Every device with its state."""
        ...

    def jobs(self, actor: Actor, limit: int, /) -> list[PrintJob]:
        """The newest print jobs."""
        ...

    def jobs_needing_someone(self, actor: Actor, /) -> list[PrintJob]:
        """Held, uncertain, failed, or without a printer, until a person has settled it."""
        ...

    async def reprint(self, actor: Actor, job_id: str, tap_id: TapId, /) -> PrintJob:
        """A copy, marked as one."""
        ...

    async def settle(self, actor: Actor, job_id: str, printed: bool, tap_id: TapId, /) -> Any:  # noqa: FBT001 - the one thing it says
        """A person says whether an uncertain job came out."""
        ...

    def on_scan(self, told: ScanTold, /) -> Callable[[], None]:
        """Hear of every scanned code, until the returned function is called."""
        ...

    def hq_link(self) -> HqLink:
        """Whether head office is heard."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskServices:
    """Everything the station's pages ask, handed over by the composition root.

    `holder_of(sid)` tells for whom a page is drawn without counting as use of the session; without it drawing counts as use.
    """

    visits: Visits
    pos: Pos
    catalog: Catalog
    staff: Staff
    equipment: Equipment
    clock: Clock
    refresh: Refresh
    actor_now: ActorNow
    holder_of: Callable[[str], Actor | None] | None = None
