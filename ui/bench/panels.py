"""The panels of simulated devices: what a person sees of each, and what can be done to it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from nicegui import ui

from hub.access import Right
from hub.money import CURRENCIES
from hub.visits.model import Visit
from ui.bench.client import BenchClient, Sim
from ui.bench.verbs import (
    CARD_READER,
    DISPLAY,
    DRAWER,
    INTERNET,
    LABELS,
    NETWORK_GEAR,
    OFFICE,
    PRINTER,
    SCALE,
    SCANNER,
    TERMINAL,
    THING,
    UPS,
    WEIGHTS_G,
    Deed,
)
from ui.bench.words import WORDS
from ui.station.desk import Desk
from ui.station.parts import box, fact, field, heading
from ui.station.printing import grams
from ui.texts import N_
from ui.widgets import InlineError, press, status_dot, text

RECEIPTS_SHOWN = 8
CODES_SHOWN = 12
GUESTS_SHOWN = 6
SALES_SHOWN = 4
THING_NAMES = {"water": N_("Water sensor"), "plug": N_("Plug"), "door": N_("Door contact"), "climate": N_("Thermometer")}


class Panels:
    """One for each kind. `look` is awaited after something was done to a device; `error` is where a refusal stands."""

    def __init__(self, desk: Desk, bench: BenchClient, error: InlineError, look: Callable[[], Awaitable[None]]) -> None:
        self._desk, self._bench, self._error, self._look = desk, bench, error, look
        self._panels: dict[str, Callable[[Sim], None]] = {
            "receipt_printer": self._draw_printer,
            "scanner": self._draw_scanner,
            "card_reader": self._draw_card_reader,
            "scale": self._draw_scale,
            "office_printer": self._draw_office_printer,
            "label_printer": self._draw_label_printer,
            "customer_display": self._draw_display,
            "ups": self._draw_ups,
            "network_gear": self._draw_gear,
            "sensor": self._draw_thing,
            "internet": self._draw_internet,
            "card_terminal": self._draw_terminal,
        }

    def draw(self, sim: Sim) -> None:
        """The panel of one device."""
        self._panels[sim.kind](sim)

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
        with box("cs-row cs-wrap"):
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
            types = "separator" in sim.state
            self._draw_title(sim, t("Scanner that types") if types else t("Barcode scanner"))
            self._draw_faults(sim.state)
            if not types:  # one basket of codes is enough
                self._draw_codes(sim)
            self._draw_deeds(sim, SCANNER)

    def _draw_codes(self, sim: Sim) -> None:
        t = self._desk.t
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

    # Card reader

    def _draw_card_reader(self, sim: Sim) -> None:
        with box("desk-panel", "section"):
            self._draw_title(sim, self._desk.t("Card reader"))
            self._draw_faults(sim.state)
            self._draw_deeds(sim, CARD_READER)

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
            networked = sim.address.startswith("snmp:")
            self._draw_title(sim, t("Battery backup on the network") if networked else t("Battery backup (UPS)"))
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

    # Office printer

    def _draw_office_printer(self, sim: Sim) -> None:
        t, state = self._desk.t, sim.state
        with box("desk-panel", "section"):
            self._draw_title(sim, t("Office printer"))
            with box("bench-machine"):
                with box("bench-paper cs-scroll"):
                    if not state.get("pages"):
                        text(t("Nothing has come out yet."), "cs-muted bench-no-paper")
                    else:
                        picture = box("bench-receipts", "img")
                        picture.props["src"] = f"/bench/paper/{sim.id}.png?v={state['pages']}"
                        picture.props["alt"] = t("The paper that came out of the printer")
                with box("bench-hands"):
                    with box("desk-facts"):
                        fact(t("Listens at"), sim.address.split("?")[0])
                        for part in ("paper", "cover"):
                            fact(t(WORDS[part]), self._word(state.get(part)))
                        fact(t("Pages that came out"), str(state.get("pages", 0)))
                        if waiting := state.get("waiting_jobs"):
                            fact(t("Jobs waiting"), str(waiting))
                    self._draw_faults(state)
                    self._draw_deeds(sim, OFFICE)

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
                if "wifi_clients" in sim.state:
                    fact(t("Devices on its Wi-Fi"), str(sim.state["wifi_clients"]))
            self._draw_faults(sim.state)
            self._draw_deeds(sim, NETWORK_GEAR)

    # Internet

    def _draw_internet(self, sim: Sim) -> None:
        t = self._desk.t
        with box("desk-panel", "section"):
            self._draw_title(sim, t("Way to the Internet"))
            with box("desk-facts"):
                fact(t("Lost in the shop"), t("{percent} %", percent=sim.state.get("lose_shop_pct", 0)))
                fact(t("Lost on the line"), t("{percent} %", percent=sim.state.get("lose_line_pct", 0)))
            self._draw_faults(sim.state)
            self._draw_deeds(sim, INTERNET)

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

    # Third-party things

    def _draw_thing(self, sim: Sim) -> None:
        t, state = self._desk.t, sim.state
        with box("desk-panel", "section"):
            self._draw_title(sim, t(THING_NAMES.get(sim.id, sim.id)))
            with box("desk-facts"):
                fact(t("It speaks like"), str(state.get("dialect")))
                for name, value in dict(state.get("values", {})).items():
                    fact(self._word(name), self._word(str(value).lower()) if isinstance(value, bool) else str(value))
            self._draw_faults(state)
            self._draw_deeds(sim, THING)

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
