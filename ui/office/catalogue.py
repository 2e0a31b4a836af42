"""Services and products as they are sold, and taking in a price list: first a trial that names every bad line."""

from __future__ import annotations

from functools import partial

from nicegui import events, ui

from hub.access import Right
from hub.catalog.columns import Kind as ListKind
from hub.catalog.importing import ImportPlan
from hub.ids import TapId
from ui.kiosk.menu import category_name
from ui.office.reasons import COLUMNS, REASONS
from ui.office.services import OfficeServices
from ui.office.table import table
from ui.station.desk import Desk
from ui.station.parts import Drawn, box, field
from ui.texts import N_
from ui.widgets import InlineError, chip, empty_state, loading, main_action, press, text

CHANGES = frozenset({"CatalogImported", "ServiceChanged", "ProductChanged"})
SERVICES, PRODUCTS, IMPORT = "services", "products", "import"
TABS = ((SERVICES, N_("Services")), (PRODUCTS, N_("Products")), (IMPORT, N_("Take in a price list")))
PRODUCTS_SHOWN = 200
PROBLEMS_SHOWN = 500
FILE_BYTES_MAX = 8_000_000
KINDS = {ListKind.SERVICES: N_("Services"), ListKind.PRODUCTS: N_("Products")}


class Catalogue:
    """The catalogue section of the office."""

    def __init__(self, desk: Desk, services: OfficeServices) -> None:
        self._desk = desk
        self._tab, self._search = SERVICES, ""
        self._import = ImportForm(desk, services)
        self._all: Drawn | None = None

    def draw(self) -> None:
        """Tabs, then the chosen list."""
        with box("desk-bar"):
            text(self._desk.t("Catalogue"), "cs-t4 cs-grow", tag="h1")
            self._tabs = Drawn(self._draw_tabs, "desk-chips")
        self._all = Drawn(self._draw_tab, "desk-panel cs-scroll cs-grow", "section")

    def redraw(self) -> None:
        """Show what is so now; an import in hand is left alone."""
        if self._all and self._tab != IMPORT:
            self._all.redraw()

    def _draw_tabs(self) -> None:
        for tab, label in TABS:
            if tab != IMPORT or self._desk.may(Right.CHANGE_CATALOG):
                chip(self._desk.t(label), partial(self._choose, tab), chosen=tab == self._tab)

    def _choose(self, tab: str) -> None:
        self._tab, self._search = tab, ""
        self._tabs.redraw()
        if self._all:
            self._all.redraw()

    def _draw_tab(self) -> None:
        if self._tab == SERVICES:
            self._draw_services()
        elif self._tab == PRODUCTS:
            self._draw_products()
        else:
            self._import.draw()

    def _draw_services(self) -> None:
        t, desk = self._desk.t, self._desk
        offered = desk.ask.catalog.services_offered()
        if not offered:
            empty_state(t("There are no services yet."), t("Take in your price list, so that guests can choose."), icon="content_cut")
            return
        columns = (
            ("code", t("Code"), "left"),
            ("name", t("Service"), "left"),
            ("category", t("Category"), "left"),
            ("minutes", t("Duration"), "right"),
            ("work", t("of it work"), "right"),
            ("price", t("Price"), "right"),
        )
        rows = [
            {
                "code": s.code,
                "name": s.names.of(t.language),
                "category": category_name(t, s.category),
                "minutes": t.minutes(s.minutes),
                "work": t.minutes(s.working_minutes),
                "price": desk.money(s.price),
            }
            for s in offered
        ]
        table(columns, rows, key="code")

    def _draw_products(self) -> None:
        t = self._desk.t
        field(t("Search for a product"), self._searched, value=self._search).props('clearable debounce=150 type="search"')
        self._found = Drawn(self._draw_found)

    def _searched(self, wanted: str) -> None:
        self._search = wanted.strip()
        self._found.redraw()

    def _draw_found(self) -> None:
        t, desk = self._desk.t, self._desk
        catalog = desk.ask.catalog
        found = catalog.search_products(self._search, PRODUCTS_SHOWN) if self._search else catalog.favourite_products(PRODUCTS_SHOWN)
        if not found:
            if self._search:
                advice = t("Try a part of its name, its code or its barcode.")
                empty_state(t("No product is called “{wanted}”.", wanted=self._search), advice)
            else:
                empty_state(t("No favourites yet."), t("Search above, or take in your list of products."), icon="inventory_2")
            return
        columns = (
            ("code", t("Code"), "left"),
            ("name", t("Product"), "left"),
            ("barcode", t("Barcode"), "left"),
            ("price", t("Price"), "right"),
        )
        rows = [{"code": p.code, "name": p.names.of(t.language), "barcode": p.barcode or "–", "price": desk.money(p.price)} for p in found]
        text(t("Found for “{wanted}”", wanted=self._search) if self._search else t("Favourites at the till"), "cs-muted")
        table(columns, rows, key="code")


class ImportForm:
    """A file, its trial, and the act."""

    def __init__(self, desk: Desk, services: OfficeServices) -> None:
        self._desk, self._services = desk, services
        self._kind = ListKind.SERVICES
        self._plan: ImportPlan | None = None
        self._file, self._done = "", ""

    def draw(self) -> None:
        """What kind of list, which file, and what it would do."""
        t = self._desk.t
        self._chips = Drawn(self._draw_kinds, "desk-chips")
        text(t("A CSV or XLSX file. First it is only read: every line that is wrong is named, and nothing changes."), "cs-muted")
        self._upload = ui.upload(
            on_upload=self._read, on_rejected=self._too_large, auto_upload=True, max_files=1, max_file_size=FILE_BYTES_MAX
        )
        self._upload.props('accept=".csv,.xlsx"').classes("office-upload")
        with box("cs-row"):
            choose = press(t("Choose a file"), icon="upload_file", classes="cs-brand")
            choose.on("click", js_handler=f"() => runMethod({self._upload.id}, 'pickFiles', [])")
        self._error = InlineError(t)
        self._result = Drawn(self._draw_result, "cs-column")

    def _draw_kinds(self) -> None:
        for kind, label in KINDS.items():
            chip(self._desk.t(label), partial(self._choose, kind), chosen=kind is self._kind)

    def _choose(self, kind: ListKind) -> None:
        self._kind, self._plan, self._done = kind, None, ""
        self._chips.redraw()
        self._result.redraw()

    def _too_large(self) -> None:
        t = self._desk.t
        self._error.say(t("This file cannot be taken."), t("Choose one CSV or XLSX file of at most 8 MB."))

    async def _read(self, event: events.UploadEventArguments) -> None:
        content = await event.file.read()
        self._file, self._plan, self._done = event.file.name, None, ""
        self._upload.reset()
        self._result.clear()
        with self._result:
            loading(self._desk.t)

        async def read() -> None:
            self._plan = await self._services.importing.plan(self._desk.actor(), content, self._kind)

        await self._desk.attempt(self._error, read)
        self._result.redraw()

    def _draw_result(self) -> None:
        t, plan = self._desk.t, self._plan
        if self._done:
            with box("cs-banner cs-good"):
                text("task_alt", "material-icons", tag="i").props('aria-hidden="true"')
                text(self._done)
        if plan is None:
            return
        text(self._file, "cs-t3 cs-bold", tag="h2")
        counts = t("{added} new, {changed} changed, {same} as they are", added=plan.added, changed=plan.changed, same=plan.same)
        if plan.problems:
            self._draw_problems(plan)
        elif plan.added or plan.changed:
            text(counts)
            main_action(t, t("Import now"), self._apply, icon="download_done")
        else:
            text(t("The shop has all of this already; there is nothing to take in."), "cs-good cs-bold")

    def _draw_problems(self, plan: ImportPlan) -> None:
        t = self._desk.t
        count = len(plan.problems)
        text(
            t.many(
                "{count} line must be corrected before anything is taken in.",
                "{count} lines must be corrected before anything is taken in.",
                count,
            ),
            "cs-bad cs-bold",
        )
        columns = (
            ("line", t("Line"), "right"),
            ("column", t("Column"), "left"),
            ("reason", t("What is wrong"), "left"),
            ("value", t("What is there"), "left"),
        )
        rows = [
            {
                "key": number,
                "line": problem.line,
                "column": t(COLUMNS[problem.column]) if problem.column in COLUMNS else problem.column,
                "reason": t(REASONS[problem.reason]),
                "value": problem.value,
            }
            for number, problem in enumerate(plan.problems[:PROBLEMS_SHOWN])
        ]
        table(columns, rows, key="key")

    async def _apply(self, tap_id: TapId) -> None:
        if self._plan is None:
            return
        t = self._desk.t
        done = await self._services.importing.apply(self._desk.actor(), self._plan, tap_id)
        self._done = t("Taken in: {added} new, {changed} changed.", added=done.added, changed=done.changed)
        self._plan = None
        self._result.redraw()
