"""The right half of the till while selling: services by category, favourites, and the search for a product."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from hub.catalog.model import Product, Service
from hub.pos.model import LineKind, LineWish
from hub.staff.model import StaffId
from ui.kiosk.menu import category_name
from ui.station.parts import Drawn, box, field
from ui.widgets import Press, chip, empty_state, press, text

if TYPE_CHECKING:
    from ui.station.till import Till

ALL, PRODUCTS = "*", "*products"  # no category can be called so
FAVOURITES_MAX = 30
FOUND_MAX = 48


class Shelf:
    """What can be put into the basket by hand."""

    def __init__(self, till: Till) -> None:
        self._till, self._desk = till, till.desk
        self._category = ALL
        self._search = ""

    def draw(self) -> None:
        """Search, categories, tiles."""
        t = self._desk.t
        with box("desk-shelf-head"):
            field(t("Search for a product"), self._searched, value=self._search).props('clearable type="search" debounce=120')
            self._chips = Drawn(self._draw_categories, "desk-chips cs-scroll")
        self._tiles = Drawn(self._draw_tiles, "desk-tiles cs-scroll cs-grow")

    def _offered(self) -> list[Service]:
        return self._desk.ask.catalog.services_offered()

    def _draw_categories(self) -> None:
        t = self._desk.t
        categories = list(dict.fromkeys(service.category for service in self._offered()))
        chip(t("All services"), partial(self._choose, ALL), chosen=self._shown == ALL)
        for category in categories:
            chip(category_name(t, category), partial(self._choose, category), chosen=self._shown == category)
        chip(t("Products"), lambda: self._choose(PRODUCTS), chosen=self._shown == PRODUCTS)

    @property
    def _shown(self) -> str:
        return PRODUCTS if self._search else self._category

    def _choose(self, category: str) -> None:
        self._category, self._search = category, ""
        self._till.show(self._till.side)

    def _searched(self, wanted: str) -> None:
        self._search = wanted.strip()
        self._chips.redraw()
        self._tiles.redraw()

    def _draw_tiles(self) -> None:
        t, catalog = self._desk.t, self._desk.ask.catalog
        if self._shown != PRODUCTS:
            for service in self._offered():
                if self._category in {ALL, service.category}:
                    self._draw_service(service)
            return
        found = catalog.search_products(self._search, FOUND_MAX) if self._search else catalog.favourite_products(FAVOURITES_MAX)
        for product in found:
            self._draw_product(product)
        if not found and self._search:
            empty_state(t("No product is called “{wanted}”.", wanted=self._search), t("Try a part of its name, its code or its barcode."))
        elif not found:
            empty_state(t("No favourites yet."), t("Search above, or scan the product."))

    def _draw_service(self, service: Service) -> None:
        t = self._desk.t
        self._draw_tile(LineKind.SERVICE, service.id, service.names.of(t.language), t.minutes(service.minutes), service.price)

    def _draw_product(self, product: Product) -> None:
        under = product.code
        self._draw_tile(LineKind.PRODUCT, product.id, product.names.of(self._desk.t.language), under, product.price)

    def _draw_tile(self, kind: LineKind, item: str, name: str, under: str, price: int) -> Press:
        async def add() -> None:
            wish = LineWish(kind=kind, item=item, stylist=self._usual_stylist() if kind is LineKind.SERVICE else None)
            await self._desk.attempt(self._till.error, lambda: self._till.add(wish))

        with press("", add, classes="desk-tile") as made:
            text(name, "desk-tile-name", tag="span")
            with box("desk-tile-foot", "span"):
                text(under, "cs-muted cs-figures cs-one-line", tag="span")
                text(self._desk.money(price), "cs-money cs-bold", tag="span")
        made.props["data-item"] = item
        return made

    def _usual_stylist(self) -> StaffId | None:
        """Who serves this guest already, so that a further service is hers too."""
        basket = self._till.basket
        return next((line.stylist for line in basket.lines if line.stylist), None) if basket else None
