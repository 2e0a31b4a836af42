"""The counter of simulated devices: paper that comes out, a drawer that opens, a scanner with things to scan, screens that live."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Annotated

from fastapi import Path as PathParam
from fastapi import Request, Response
from nicegui import Client, app, ui

from hub.access import Actor, Right
from hub.equipment.model import Device
from ui import texts, theme
from ui.bench.client import BenchClient, BenchSilent, Sim
from ui.bench.panels import RECEIPTS_SHOWN, Panels
from ui.station import parts
from ui.station.desk import Desk, not_for_this_role
from ui.station.parts import Drawn, box, heading
from ui.station.printing import device_name
from ui.station.reasons import HEALTH
from ui.station.services import DeskServices
from ui.widgets import InlineError, empty_state, press, status_dot, text

LOOK_AGAIN_S = 0.7
SCREEN_KIND = "presence"
LEFT = ("receipt_printer", "office_printer", "label_printer", "network_gear", "internet")
RIGHT = ("scanner", "card_reader", "card_terminal", "customer_display", "scale", "ups", "sensor")


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

    async def build(self) -> None:
        """Draw it, and keep looking."""
        t = self._desk.t
        await self._ask()
        with box("bench"):
            with box("bench-head", "header"):
                text("SIMULATED", "bench-mark")
                text(t("Bench: the devices on this page are programs, for practice and trials"), "cs-bold cs-grow")
                press(t("Front desk"), partial(self._desk.open_page, "/station"), icon="storefront", classes="cs-small")
            self._panels = Panels(self._desk, self._bench, InlineError(t), self._look)
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
                            self._panels.draw(sim)
                if column is RIGHT:
                    self._draw_screens()

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
