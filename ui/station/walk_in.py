"""A walk-in who comes to the desk instead of the kiosk: the same check-in, in one sheet."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from hub.catalog.model import Service
from hub.errors import PersonError
from hub.ids import TapId
from hub.staff.model import StaffId
from hub.visits.model import WalkIn
from ui.kiosk.menu import category_name
from ui.station.desk import Desk
from ui.station.parts import Drawn, box
from ui.widgets import Sheet, chip, main_action, text, tile


class WalkInSheet:
    """Services, a stylist, the estimate, a number."""

    def __init__(self, desk: Desk, taken: Callable[[], None]) -> None:
        self._desk, self._taken = desk, taken
        self._chosen: dict[str, Service] = {}
        self._stylist: StaffId | None = None
        self._sheet = Sheet(desk.t, desk.t("Walk-in"))

    def open(self) -> None:
        """Begin with a clean sheet."""
        self._chosen, self._stylist = {}, None
        t = self._desk.t
        with self._sheet:
            self._draw_services()
            text(t("Stylist"), "cs-label")
            self._people = Drawn(self._draw_stylists, "cs-row cs-wrap desk-chips")
            self._foot = Drawn(self._draw_foot, "desk-sheet-foot cs-column")
        self._sheet.open()

    def _wish(self) -> WalkIn:
        return WalkIn(services=tuple(s.id for s in self._chosen.values()), stylist=self._stylist, language=self._desk.t.language)

    def _draw_services(self) -> None:
        t, catalog = self._desk.t, self._desk.ask.catalog
        offered = catalog.services_offered()
        for category in dict.fromkeys(service.category for service in offered):
            text(category_name(t, category), "cs-label")
            with box("desk-wishes"):
                for service in offered:
                    if service.category == category:
                        self._draw_service(service)

    def _draw_service(self, service: Service) -> None:
        t = self._desk.t

        def toggle() -> None:
            if self._chosen.pop(service.id, None) is None:
                self._chosen[service.id] = service
            made.choose(service.id in self._chosen)
            self._foot.redraw()

        lines = (t.minutes(service.minutes), self._desk.money(service.price))
        made = tile(service.names.of(t.language), toggle, lines=lines, chosen=False)

    def _draw_stylists(self) -> None:
        choices: list[tuple[StaffId | None, str]] = [(None, self._desk.t("Anyone, soonest"))]
        choices += [(s.id, s.name) for s in self._desk.ask.staff.stylists()]
        for who, name in choices:
            chip(name, partial(self._choose, who), chosen=who == self._stylist)

    def _choose(self, who: StaffId | None) -> None:
        self._stylist = who
        self._people.redraw()
        self._foot.redraw()

    def _draw_foot(self) -> None:
        t = self._desk.t
        if not self._chosen:
            text(t("Choose at least one service."), "cs-muted")
        else:
            try:
                wait = self._desk.ask.visits.estimate(self._wish())
                text(t.wait(wait.from_s, wait.to_s), "cs-t3 cs-bold")
            except PersonError as wrong:
                text(t.error(wrong).sentence, "cs-bad cs-bold")
        main_action(t, t("Take a number"), self._check_in).enable(bool(self._chosen))

    async def _check_in(self, tap_id: TapId) -> None:
        await self._desk.ask.visits.check_in(self._desk.actor(), self._wish(), tap_id)
        self._sheet.close()
        self._taken()
