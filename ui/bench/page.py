"""The counter of simulated devices: paper that comes out, a drawer that opens, a scanner with things to scan, screens that live."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

from fastapi import Path as PathParam
from fastapi import Request, Response
from nicegui import Client, app, ui

from hub.access import Actor, Right
from hub.equipment.model import Device
from hub.money import CURRENCIES
from hub.visits.model import Visit
from ui import texts, theme
from ui.bench.client import BenchClient, BenchSilent, Sim
from ui.bench.verbs import DISPLAY, DRAWER, LABELS, NETWORK_GEAR, PRINTER, SCALE, SCANNER, TERMINAL, UPS, WEIGHTS_G, WORDS, Deed
from ui.station import parts
from ui.station.desk import Desk, not_for_this_role
from ui.station.parts import Drawn, box, fact, field, heading
from ui.station.printing import device_name, grams
from ui.station.reasons import HEALTH
from ui.station.services import DeskServices
from ui.widgets import InlineError, empty_state, press, status_dot, text

LOOK_AGAIN_S = 0.7
RECEIPTS_SHOWN = 8
CODES_SHOWN = 12
GUESTS_SHOWN = 6
SALES_SHOWN = 4
SCREEN_KIND = "presence"
LEFT = ("receipt_printer", "label_printer", "network_gear")
RIGHT = ("scanner", "customer_display", "card_terminal", "scale", "ups")


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchServices:
    """Everything the bench page asks. `is_shown`: whether this shop practises (development, or the demo shop)."""

    bench: BenchClient
    desk: DeskServices
    is_shown: Callable[[], bool]


def pages(services: BenchServices) -> None:
    """Register /bench and the pictures of its paper. Call once, before the server starts."""

    @app.get("/bench/paper/{sim}.png")
    async def paper(request: Request, sim: Annotated[str, PathParam(pattern=r"^[a-z0-9-]{1,32}$")]) -> Response:
        actor = getattr(request.state, "actor", None)
        if not services.is_shown() or not isinstance(actor, Actor) or not actor.may(Right.SEE_DEVICES):
            return Response(status_code=403)
        try:
            picture = await services.bench.paper(sim, RECEIPTS_SHOWN)
        except BenchSilent:
            return Response(status_code=502)
        return Response(picture, media_type="image/png", headers={"Cache-Control": "no-store"})

    @ui.page("/bench")
    async def bench_page(request: Request, client: Client) -> None:
        t = texts.asked(request.query_params, request.cookies)
        parts.head()
        with theme.page(t, t("Bench"), theme.Look.OFFICE):
            desk = Desk(services.desk, t, client)
            if not desk.may(Right.SEE_DEVICES):
                not_for_this_role(desk)
            elif not services.is_shown():
                empty_state(t("There is no bench in this shop."), t("Simulated devices belong to the demo shop and to development."))
            else:
                await BenchPage(desk, services.bench).build()


class BenchPage:
    """One open page of the bench."""

    def __init__(self, desk: Desk, bench: BenchClient) -> None:
        self._desk, self._bench = desk, bench
        self._sims: list[Sim] = []
        self._silent = False
        self._shown: object = None
        self._panels: dict[str, Callable[[Sim], None]] = {
            "receipt_printer": self._draw_printer,
            "scanner": self._draw_scanner,
            "scale": self._draw_scale,
            "label_printer": self._draw_label_printer,
            "customer_display": self._draw_display,
            "ups": self._draw_ups,
            "network_gear": self._draw_gear,
            "card_terminal": self._draw_terminal,
        }

    async def build(self) -> None:
        """Draw it, and keep looking."""
        t = self._desk.t
        await self._ask()
        with box("bench"):
            with box("bench-head", "header"):
                text("SIMULATED", "bench-mark")
                text(t("Bench: the devices on this page are programs, for practice and trials"), "cs-bold cs-grow")
                press(t("Front desk"), partial(self._desk.open_page, "/station"), icon="storefront", classes="cs-small")
            self._error = InlineError(t)
            self._all = Drawn(self._draw_all, "bench-counter")
        self._shown = self._now()
        ui.timer(LOOK_AGAIN_S, self._look)
        self._desk.ask.refresh.on(frozenset({"GuestCheckedIn", "GuestPaid", "SaleCompleted"}), self._codes_changed)

    async def _ask(self) -> None:
        try:
            self._sims, self._silent = await self._bench.sims(), False
        except BenchSilent:
            self._sims, self._silent = [], True

    async def _look(self) -> None:
        if not self._desk.still_here():
            return
        await self._ask()
        if self._now() != self._shown:
            self._shown = self._now()
            self._all.redraw()

    def _now(self) -> object:
        screens = [(d.id, d.health) for d in self._screens()]
        return (self._silent, [(s.id, {k: v for k, v in s.state.items() if k != "sent"}) for s in self._sims], screens)

    def _codes_changed(self) -> None:
        if self._desk.still_here():
            self._all.redraw()

    def _draw_all(self) -> None:
        t = self._desk.t
        if self._silent:
            empty_state(
                t("The simulated devices do not answer."),
                t("They are a program of their own; start it and this page finds it."),
                icon="power_off",
            )
            return
        for column in (LEFT, RIGHT):
            with box("bench-column"):
                for kind in column:
                    for sim in self._sims:
                        if sim.kind == kind:
                            self._panels[kind](sim)
                if column is RIGHT:
                    self._draw_screens()

    # Printer and drawer

    def _draw_printer(self, sim: Sim) -> None:
        t, state = self._desk.t, sim.state
        with box("desk-panel bench-printer", "section"):
            self._draw_title(sim, t("Receipt printer"))
            with box("bench-machine"):
                with box("bench-paper cs-scroll"):
                    if not (state.get("receipts") or state.get("unfinished_lines")):
                        text(t("Nothing has come out yet."), "cs-muted bench-no-paper")
                    version = f"{state.get('receipts', 0)}-{len(state.get('unfinished_lines', ()))}-{state.get('paper')}"
                    picture = box("bench-receipts", "img")
                    picture.props["src"] = f"/bench/paper/{sim.id}.png?v={version}"
                    picture.props["alt"] = t("The paper that came out of the printer")
                with box("bench-hands"):
                    with box("desk-facts"):
                        fact(t("Listens at"), sim.address.split("?")[0])
                        for part in ("paper", "cover"):
                            fact(t(WORDS[part]), self._word(state.get(part)))
                        if waiting := state.get("waiting_bytes"):
                            fact(t("Waiting in its memory"), t("{count} bytes", count=waiting))
                    self._draw_faults(state)
                    self._draw_deeds(sim, PRINTER)
            self._draw_drawer(sim)

    def _draw_drawer(self, sim: Sim) -> None:
        t = self._desk.t
        is_open = sim.state.get("drawer") == "open"
        with box(f"bench-drawer {'bench-drawer-open' if is_open else ''}".strip()):
            text("inventory_2", "material-icons", tag="i").props('aria-hidden="true"')
            text(t("The drawer is open") if is_open else t("The drawer is closed"), "cs-bold cs-grow")
            self._draw_deeds(sim, DRAWER)

    def _draw_title(self, sim: Sim, title: str) -> None:
        t = self._desk.t
        plugged = bool(sim.state.get("plugged"))
        with box("cs-row"):
            heading(title)
            text(t("SIMULATED"), "desk-simulated")
            box("cs-grow")
            status_dot("good" if plugged else "bad", t("plugged in") if plugged else t("unplugged"))

    def _draw_faults(self, state: dict[str, Any]) -> None:
        faults = [str(fault) for fault in state.get("faults", ())]
        if faults:
            text(" · ".join(self._word(fault) for fault in faults), "cs-warn cs-bold")

    def _word(self, code: object) -> str:
        known = WORDS.get(str(code))
        return self._desk.t(known) if known else str(code)

    def _draw_deeds(self, sim: Sim, deeds: tuple[Deed, ...]) -> None:
        with box("bench-deeds"):
            for deed in deeds:
                if deed.verb in sim.verbs and deed.when(sim.state):
                    kind = "cs-small" if deed.fault else "cs-small cs-brand"
                    made = press(self._desk.t(deed.label), partial(self._do, sim.id, deed), icon=deed.icon, classes=kind)
                    made.props["data-verb"] = deed.verb

    async def _do(self, sim: str, deed: Deed) -> None:
        await self._desk.attempt(self._error, lambda: self._bench.do(sim, deed.verb, **deed.args))
        await self._look()

    # Scanner

    def _draw_scanner(self, sim: Sim) -> None:
        t = self._desk.t
        with box("desk-panel", "section"):
            self._draw_title(sim, t("Barcode scanner"))
            self._draw_faults(sim.state)
            with box("bench-codes"):
                for product in self._desk.ask.catalog.favourite_products(CODES_SHOWN):
                    if product.barcode:
                        self._draw_code(sim, product.names.of(t.language), product.barcode, product.barcode)
                for visit in self._guests():
                    self._draw_code(sim, t("Ticket number {ticket}", ticket=visit.ticket), t("Queue ticket"), visit.ticket_code)
                for receipt in self._receipts():
                    self._draw_code(sim, t("Receipt {number}", number=receipt), t("Receipt"), f"CSR:{receipt}")
            with box("cs-row"):
                typed = field(t("Any other code"))
                typed.on("keydown.enter", lambda: self._scan_typed(sim, typed))
                press(t("Scan"), lambda: self._scan_typed(sim, typed), icon="qr_code_scanner")
            self._draw_deeds(sim, SCANNER)

    def _draw_code(self, sim: Sim, name: str, under: str, code: str) -> None:
        with press("", partial(self._scan, sim, code), classes="bench-code") as made:
            text(name, "cs-bold cs-one-line", tag="span")
            text(under, "cs-muted cs-figures cs-t1", tag="span")
        made.props["data-code"] = code

    def _guests(self) -> list[Visit]:
        desk = self._desk
        return desk.ask.visits.queue(desk.reader())[:GUESTS_SHOWN] if desk.may(Right.SEE_QUEUE) else []

    def _receipts(self) -> list[str]:
        desk = self._desk
        return [s.receipt for s in desk.ask.pos.sales_today(desk.reader(), "", SALES_SHOWN)] if desk.may(Right.SELL) else []

    async def _scan(self, sim: Sim, code: str) -> None:
        await self._desk.attempt(self._error, lambda: self._bench.do(sim.id, "scan", code=code))

    async def _scan_typed(self, sim: Sim, typed: ui.input) -> None:
        code = str(typed.value or "").strip()
        if code:
            await self._scan(sim, code)

    # Scale

    def _draw_scale(self, sim: Sim) -> None:
        t = self._desk.t
        with box("desk-panel", "section"):
            self._draw_title(sim, t("Scale"))
            moving = bool(sim.state.get("moving"))
            with box("desk-facts"):
                fact(t("On the pan"), grams(t, int(sim.state.get("mg", 0))))
                fact(t("The pan"), t("moves") if moving else t("is at rest"))
            self._draw_faults(sim.state)
            with box("bench-deeds"):
                for weight in WEIGHTS_G:
                    made = press(grams(t, weight * 1000), partial(self._put, sim, weight * 1000), classes="cs-small")
                    made.props["data-grams"] = weight
            self._draw_deeds(sim, SCALE)

    async def _put(self, sim: Sim, mg: int) -> None:
        await self._desk.attempt(self._error, lambda: self._bench.do(sim.id, "put", mg=mg))
        await self._look()

    # UPS

    def _draw_ups(self, sim: Sim) -> None:
        t, state = self._desk.t, sim.state
        with box("desk-panel", "section"):
            self._draw_title(sim, t("Battery backup (UPS)"))
            with box("desk-facts"):
                fact(t("Mains"), t("there") if state.get("mains") else t("gone"))
                fact(t("Battery"), t("{percent} %, {minutes} min", percent=state.get("pct", 0), minutes=state.get("minutes", 0)))
                fact(t("Load"), t("{percent} %", percent=state.get("load", 0)))
            self._draw_faults(state)
            self._draw_deeds(sim, UPS)

    # Label printer

    def _draw_label_printer(self, sim: Sim) -> None:
        t, state = self._desk.t, sim.state
        with box("desk-panel", "section"):
            self._draw_title(sim, t("Label printer"))
            with box("desk-facts"):
                fact(t("Listens at"), sim.address.split("?")[0])
                for part in ("paper", "ribbon", "head"):
                    fact(t(WORDS[part]), self._word(state.get(part)))
                fact(t("Labels that came out"), str(state.get("labels", 0)))
                if waiting := state.get("waiting_labels"):
                    fact(t("Labels waiting"), str(waiting))
            if last := state.get("last_label"):
                parts_of_it = [*last["texts"], *last["barcodes"], *last["qrs"], *last["pictures"]]
                text(" · ".join(parts_of_it), "cs-muted cs-t1")
            self._draw_faults(state)
            self._draw_deeds(sim, LABELS)

    # Network device

    def _draw_gear(self, sim: Sim) -> None:
        t = self._desk.t
        with box("desk-panel", "section"):
            self._draw_title(sim, t("Network device"))
            down = sim.state.get("down", ())
            with box("desk-facts"):
                fact(
                    t("Ports"),
                    t("{up} of {count} have a link", up=int(sim.state.get("ports", 0)) - len(down), count=sim.state.get("ports", 0)),
                )
                fact(t("Power it gives"), t("{watts} W", watts=sim.state.get("poe_w", 0)))
            self._draw_faults(sim.state)
            self._draw_deeds(sim, NETWORK_GEAR)

    # Customer display

    def _draw_display(self, sim: Sim) -> None:
        t = self._desk.t
        with box("desk-panel", "section"):
            self._draw_title(sim, t("Customer display"))
            with box("bench-glass"):
                for line in sim.state.get("lines", ()):
                    text(str(line), "bench-glass-line")
            self._draw_faults(sim.state)
            self._draw_deeds(sim, DISPLAY)

    # Card terminal

    def _draw_terminal(self, sim: Sim) -> None:
        t, state = self._desk.t, sim.state
        currency = CURRENCIES[self._desk.ask.catalog.shop().currency]
        with box("desk-panel", "section"):
            self._draw_title(sim, t("Card terminal"))
            with box("desk-facts"):
                fact(t("On its screen"), self._word(state.get("screen")))
                fact(t("Who stands before it"), self._word(state.get("guest")))
                fact(t("Really taken"), currency.show(int(state.get("taken_minor", 0))))
            self._draw_faults(state)
            self._draw_deeds(sim, TERMINAL)

    # Screens

    def _screens(self) -> list[Device]:
        desk = self._desk
        devices = desk.ask.equipment.devices(desk.reader())
        return [device for device in devices if device.info and device.info.kind == SCREEN_KIND]

    def _draw_screens(self) -> None:
        t = self._desk.t
        with box("desk-panel", "section"):
            heading(t("Screens"), t("these are real pages that report by themselves"))
            screens = self._screens()
            for screen in screens:
                tone, word = HEALTH[screen.health]
                with box("cs-row cs-between"):
                    text(device_name(t, screen), "cs-bold")
                    status_dot(tone, t(word))
            if not screens:
                text(t("Open a kiosk or a board, and it appears here."), "cs-muted")
