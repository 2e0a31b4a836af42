"""The console: on the left every shop, on the right one of them. Redrawn when something changed, looked at twice a second."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import structlog
from fastapi import Request
from nicegui import ui

from hub.errors import ChairsideError, NotFound
from ui import texts, theme
from ui.hq import words
from ui.hq.detail import Detail
from ui.hq.services import ConsoleServices, Shop
from ui.texts import Texts
from ui.widgets import InlineError, empty_state, language_switch, press, text
from ui.widgets.parts import TONE_ICONS

log = structlog.get_logger()

LOOK_S = 0.5
_STYLE = (Path(__file__).parent / "static" / "hq.css").read_text(encoding="utf-8")
_STATE_CELL = """<q-td :props="props"><span :class="'cs-status cs-' + props.row.tone"><i class="material-icons" aria-hidden="true">{{ props.row.icon }}</i>
<span>{{ props.row.state }}</span></span></q-td>"""
_SHOP_CELL = """<q-td :props="props"><a :href="'/shops/' + props.row.store" :aria-current="props.row.chosen ? 'page' : null" class="hq-shop">
<b>{{ props.row.name }}</b><small v-if="props.row.name !== props.row.store">{{ props.row.store }}</small>
<span v-if="props.row.alarms" class="hq-alarms"><i class="material-icons" aria-hidden="true">notifications_active</i>{{ props.row.alarms }}</span></a></q-td>"""
_DEVICES_CELL = """<q-td :props="props"><span :class="props.row.troubled ? 'cs-bad' : ''">{{ props.row.devices }}</span></q-td>"""


def console_pages(services: ConsoleServices) -> None:
    """Register the console. Once per process, after `theme.install()`."""
    ui.add_head_html(f"<style>{_STYLE}</style>", shared=True)

    @ui.page("/")
    async def overview(request: Request) -> None:
        await _console(services, request, None)

    @ui.page("/shops/{store}")
    async def one_shop(request: Request, store: str) -> None:
        await _console(services, request, store)


async def _console(services: ConsoleServices, request: Request, store: str | None) -> None:
    t = texts.asked(request.query_params, request.cookies)
    shops = services.fleet.overview()
    chosen = store or (shops[0].store if shops else None)
    with theme.page(t, t("Head office"), theme.Look.HQ):
        console = Console(services, t, chosen, getattr(request.state, "sid", ""))
        await console.build()


class Console:
    """One open page of it."""

    def __init__(self, services: ConsoleServices, t: Texts, store: str | None, sid: str) -> None:
        self._services, self._t, self._store, self._sid = services, t, store, sid
        self._shops: list[Shop] = []
        self._rows: list[dict[str, Any]] = []
        self._detail: Detail | None = None

    async def build(self) -> None:
        """Draw it and keep it current."""
        with ui.element("header").classes("hq-strip"):
            text(self._t("Head office"), "cs-t3 cs-bold", tag="h1")
            self._summary = text("", "cs-figures hq-summary", tag="p")
            ui.element("span").classes("cs-grow")
            language_switch(self._t)
            with ui.element("form").props('method="post" action="/logout"'):
                press(self._t("Log out"), classes="cs-quiet cs-small").props('type="submit"')
        self._error = InlineError(self._t)
        with ui.element("div").classes("hq-console"):
            with ui.element("nav").classes("hq-list cs-surface"):
                self._build_list()
            with ui.element("section").classes("hq-detail"):
                await self._build_detail()
        self._show_list()
        ui.timer(LOOK_S, self._look)

    def _build_list(self) -> None:
        t = self._t
        search = ui.input(placeholder=t("Search shops"), on_change=lambda e: self._filter(e.value)).props("dense outlined clearable")
        search.props["aria-label"] = t("Search shops")
        columns = [
            {"name": "shop", "label": t("Shop"), "field": "name", "align": "left", "sortable": True},
            {"name": "state", "label": t("State"), "field": "rank", "align": "left", "sortable": True},
            {"name": "devices", "label": t("Devices"), "field": "troubled", "align": "left", "sortable": True},
            {
                "name": "takings",
                "label": t("Today"),
                "field": "takings",
                "align": "right",
                "sortable": True,
                ":format": "(v, row) => row.shown",
            },
        ]
        self._table = (
            ui.table(rows=[], columns=columns, row_key="store", pagination=0)
            .classes("hq-table hq-shops")
            .props("flat dense virtual-scroll hide-pagination")
        )
        for name, cell in (("shop", _SHOP_CELL), ("state", _STATE_CELL), ("devices", _DEVICES_CELL)):
            self._table.add_slot(f"body-cell-{name}", cell)
        self._table.add_slot("no-data", f"<span>{t('No shop yet.')}</span>")

    async def _build_detail(self) -> None:
        if self._store is None:
            empty_state(
                self._t("No shop is known here yet."),
                self._t("Add one: python -m cloud_bridge.hq add-shop. It appears as soon as its bridge has connected."),
                icon="store",
            )
            return
        try:
            self._detail = Detail(self._services, self._t, self._services.fleet.shop(self._store))
        except NotFound as unknown:
            said = self._t.error(unknown)
            empty_state(said.sentence, said.hint, icon="store")
            return
        await self._detail.build()

    async def _look(self) -> None:
        """Show what changed since the last look. The session is asked for anew: this runs long after the request."""
        if not self._services.is_valid(self._sid):
            ui.navigate.to("/login")
            return
        try:
            self._show_list()
            if self._detail and self._store:
                await self._detail.show(self._services.fleet.shop(self._store))
            elif self._store is None and self._shops:
                ui.navigate.to("/")
            self._error.hush()
        except ChairsideError as wrong:
            log.warning("console could not look", why=str(wrong))
            self._error.show(wrong)

    def _show_list(self) -> None:
        self._shops = list(self._services.fleet.overview())
        rows = [self._row(shop) for shop in self._shops]
        if rows != self._rows:
            self._rows = rows
            self._table.rows = rows
            self._summary.text = self._summarised()

    def _row(self, shop: Shop) -> dict[str, Any]:
        tone, state = words.state_of(self._t, shop)
        broken, known = len(shop.troubled), len(shop.devices)
        return {
            "store": shop.store,
            "name": shop.name,
            "chosen": shop.store == self._store,
            "tone": tone,
            "icon": TONE_ICONS[tone],
            "state": state,
            "rank": ("bad", "warn", "idle", "good").index(tone),
            "devices": self._t("{broken} of {known}", broken=broken, known=known) if broken else str(known),
            "troubled": broken,
            "alarms": shop.alarms,
            "takings": sum(shop.takings.values()),
            "shown": words.money(shop.takings),
        }

    def _summarised(self) -> str:
        heard = [shop.presence for shop in self._shops]
        totals: dict[str, int] = {}
        for shop in self._shops:
            for code, amount in shop.takings.items():
                totals[code] = totals.get(code, 0) + amount
        return self._t(
            "{online} of {all} online · today {takings}", online=heard.count("online"), all=len(heard), takings=words.money(totals)
        )

    def _filter(self, wanted: str | None) -> None:
        self._table.filter = wanted or ""
