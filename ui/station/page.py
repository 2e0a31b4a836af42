"""The station page: rail, status strip, banner, and one section at a time; the scanner is always live."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from fastapi import Request
from nicegui import Client, ui
from nicegui.events import GenericEventArguments

from hub.access import Right
from hub.equipment.labels import device_of
from hub.equipment.service import HqLink
from hub.ids import TapId
from hub.ports import Health, Scan
from hub.visits.model import TICKET_CODE, Visit
from ui import texts, theme
from ui.station import parts, printing, sales, shift, till, waiting
from ui.station.desk import Desk, Section, not_for_this_role
from ui.station.parts import Drawn, box
from ui.station.scanning import ScanPost
from ui.station.services import DeskServices
from ui.texts import N_
from ui.widgets import InlineError, Sheet, language_switch, press, status_dot, text
from ui.widgets.parts import Tone

QUEUE, TILL, SALES, SHIFT, PRINTING = "queue", "till", "sales", "shift", "printing"
RAIL: tuple[tuple[str, str, str, Right], ...] = (
    (QUEUE, N_("Queue"), "groups", Right.SEE_QUEUE),
    (TILL, N_("Till"), "point_of_sale", Right.SELL),
    (SALES, N_("Sales"), "receipt_long", Right.SELL),
    (SHIFT, N_("Shift"), "lock_clock", Right.SELL),
    (PRINTING, N_("Printing"), "print", Right.SEE_DEVICES),
)
HQ: dict[HqLink, tuple[Tone, str]] = {"online": ("good", N_("Head office")), "offline": ("warn", N_("Head office away"))}
STRIP_CHANGES = frozenset(
    {"DeviceChanged", "DeviceAdopted", "PrintJobMoved", "PrintJobSettled", "ReprintAsked", "ShiftOpened", "ShiftClosed"}
)
LOOK_AT_LINKS_S = 5.0
SCAN_MAX = 256


def pages(services: DeskServices) -> None:
    """Register /station and /station/<section>. Call once, before the server starts."""
    post = ScanPost(services.equipment, lambda code: not device_of(code))  # a label of a device is for the office

    @ui.page("/station")
    @ui.page("/station/{section}")
    def station_page(request: Request, client: Client, section: str = QUEUE) -> None:
        t = texts.asked(request.query_params, request.cookies)
        parts.head()
        with theme.page(t, t("Front desk"), theme.Look.STATION):
            desk = Desk(services, t, client)
            if any(desk.may(right) for *_, right in RAIL):
                StationPage(desk, post).build(section)
            else:
                not_for_this_role(desk)


class StationPage:
    """One open page of the desk."""

    def __init__(self, desk: Desk, post: ScanPost) -> None:
        self._desk, self._post = desk, post
        self._till = till.Till(desk)
        self._sales = sales.Sales(desk)
        self._shift, self._printing = shift.Shift(desk), printing.Printing(desk)
        self._waiting = waiting.Waiting(desk, self._pay)
        self._sections: dict[str, Section] = {
            QUEUE: self._waiting,
            TILL: self._till,
            SALES: self._sales,
            SHIFT: self._shift,
            PRINTING: self._printing,
        }
        self._shown = QUEUE
        desk.go, desk.touched = self.show, lambda: post.touched(desk.client)

    def build(self, section: str) -> None:
        """Draw the frame and its first section, and listen."""
        desk = self._desk
        allowed = [name for name, _, _, right in RAIL if desk.may(right)]
        self._shown = section if section in allowed else allowed[0]
        self._person_sheet = Sheet(desk.t, desk.t("Who works here"))
        with box("desk"):
            self._rail = Drawn(self._draw_rail, "desk-rail", "nav")
            with box("desk-main"):
                self._strip = Drawn(self._draw_strip, "desk-strip", "header")
                self._banner = Drawn(printing.Banner(desk).draw, "desk-banners")
                self._error = InlineError(desk.t)
                self._body = Drawn(self._draw_body, "desk-body")
        self._listen()

    def show(self, section: str) -> None:
        """Go to another section."""
        self._shown = section
        self._error.hush()
        self._rail.redraw()
        self._body.redraw()
        ui.run_javascript(f"desk.path('/station/{section}')")

    def _listen(self) -> None:
        desk, on = self._desk, self._desk.ask.refresh.on
        self._post.attach(desk.client, self._scanned)
        ui.on("desk_scan", self._typed_scan)
        on(waiting.CHANGES, lambda: self._when(QUEUE, self._waiting.redraw))
        on(till.CHANGES, lambda: self._when(TILL, self._till.redraw))
        on(till.PRINTING, lambda: self._when(TILL, self._till.printing_moved))
        on(sales.CHANGES, lambda: self._when(SALES, self._sales.redraw))
        on(shift.CHANGES, lambda: self._when(SHIFT, self._shift.redraw))
        on(printing.CHANGES, lambda: self._when(PRINTING, self._printing.redraw))
        on(STRIP_CHANGES, self._redraw_strip)
        self._links = self._links_now()
        ui.timer(LOOK_AT_LINKS_S, self._look_at_links, immediate=False)

    def _when(self, section: str, redraw: Callable[[], None]) -> None:
        if self._shown == section and self._desk.still_here():
            redraw()

    # The frame

    def _draw_rail(self) -> None:
        t = self._desk.t
        for section, label, icon, right in RAIL:
            if not self._desk.may(right):
                continue
            made = press("", partial(self.show, section), classes="desk-rail-item cs-quiet").choose(section == self._shown)
            with made:
                text(icon, "material-icons", tag="i").props('aria-hidden="true"')
                text(t(label), tag="span")

    def _draw_body(self) -> None:
        self._sections[self._shown].draw()

    def _draw_strip(self) -> None:
        t, desk = self._desk.t, self._desk
        shop = desk.ask.catalog.shop()
        text(shop.name, "desk-shop cs-one-line cs-grow")
        self._draw_printer()
        if (link := desk.ask.equipment.hq_link()) in HQ:
            tone, word = HQ[link]
            status_dot(tone, t(word))
        is_open = desk.ask.pos.open_shift_of(desk.till) is not None
        status_dot("good" if is_open else "warn", t("Shift open") if is_open else t("No shift"))
        face = text("", "desk-clock cs-figures")
        now = desk.ask.clock.now()
        face.text = t.clock(desk.ask.clock.local(now))
        ui.run_javascript(f"desk.clock('{face.html_id}', {shop.zone!r}, {int(now.timestamp() * 1000)})")
        name = desk.person(desk.reader().id) or desk.till
        press(name, self._open_person, icon="account_circle", classes="desk-person")

    def _draw_printer(self) -> None:
        t, desk = self._desk.t, self._desk
        if not desk.may(Right.SEE_DEVICES):
            return
        printers = [d for d in desk.ask.equipment.devices(desk.reader()) if d.info and d.info.kind == "receipt_printer"]
        if not printers:
            status_dot("idle", t("No printer"))
            return
        bad = next((d for d in printers if d.health is not Health.ONLINE), None)
        status_dot("good" if bad is None else "warn", t("Printer ready") if bad is None else t("Printer: look"))

    def _open_person(self) -> None:
        t, desk = self._desk.t, self._desk
        with self._person_sheet:
            press(t("Switch user"), desk.switch_user, icon="switch_account", classes="cs-brand cs-wide")
            press(t("Log out"), desk.log_out, icon="logout", classes="cs-wide")
            text(t("Till {till}", till=desk.till), "cs-muted")
            language_switch(t)
        self._person_sheet.open(desk.person(desk.reader().id) or None)

    def _links_now(self) -> tuple[object, ...]:
        desk = self._desk
        devices = desk.ask.equipment.devices(desk.reader()) if desk.may(Right.SEE_DEVICES) else ()
        return (desk.ask.equipment.hq_link(), *((d.id, d.health, d.state and d.state.reason) for d in devices))

    def _look_at_links(self) -> None:
        """Head office and a reason under the same health are no events of the journal."""
        if not self._desk.still_here():
            return
        now = self._links_now()
        if now != self._links:
            self._links = now
            self._redraw_strip()

    def _redraw_strip(self) -> None:
        if not self._desk.still_here():
            return
        self._strip.redraw()
        self._banner.redraw()

    # What is scanned

    async def _typed_scan(self, event: GenericEventArguments) -> None:
        code = str(event.args)[:SCAN_MAX] if event.args else ""
        self._desk.touched()
        if code:
            await self._scanned(Scan(code=code))

    async def _scanned(self, scan: Scan) -> None:
        error = self._till.error if self._shown == TILL else self._error
        await self._desk.attempt(error, lambda: self._take(scan))

    async def _take(self, scan: Scan) -> None:
        self._desk.actor().must(Right.SELL)
        code = scan.code
        if await self._sections[self._shown].scanned(scan):
            return
        if receipt := sales.receipt_of(code):
            found = self._desk.ask.pos.sale_by_receipt(self._desk.actor(), receipt)
            self.show(SALES)
            self._sales.find(found.receipt)
            return
        if code.startswith(TICKET_CODE):
            await self._pay(self._desk.ask.visits.visit_by_code(self._desk.actor(), code), TapId.new())
            return
        await self._till.add_scanned(scan.article)
        self.show(TILL)

    async def _pay(self, visit: Visit, tap_id: TapId) -> None:
        await self._till.open_visit(visit, tap_id)
        self.show(TILL)
