"""The office page: a rail of sections for managers, owners and technicians."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Protocol

from fastapi import Request
from nicegui import Client, ui

from hub.access import Right
from hub.equipment.labels import device_of
from hub.ports import Scan
from ui import texts, theme
from ui.office import catalogue, devices, network, overview, people, reports, screens
from ui.office.services import OfficeServices
from ui.station import parts
from ui.station.desk import Desk, not_for_this_role
from ui.station.parts import Drawn, box
from ui.station.scanning import ScanPost
from ui.texts import N_
from ui.widgets import Sheet, language_switch, press, text

OVERVIEW, DEVICES, NETWORK, CATALOGUE = "overview", "devices", "network", "catalogue"
PEOPLE, SCREENS, REPORTS = "staff", "screens", "reports"
RAIL: tuple[tuple[str, str, str, Right], ...] = (
    (OVERVIEW, N_("Overview"), "space_dashboard", Right.CHANGE_DEVICES),
    (DEVICES, N_("Devices"), "devices_other", Right.CHANGE_DEVICES),
    (NETWORK, N_("Network"), "lan", Right.CHANGE_DEVICES),
    (CATALOGUE, N_("Catalogue"), "menu_book", Right.CHANGE_CATALOG),
    (PEOPLE, N_("Staff"), "badge", Right.CHANGE_STAFF),
    (SCREENS, N_("Screens"), "tv", Right.PAIR_SCREENS),
    (REPORTS, N_("Z reports"), "summarize", Right.SEE_MONEY),
)


class Section(Protocol):
    """One of the office's rooms."""

    def draw(self) -> None:
        """Show it in the place it is called in."""

    def redraw(self) -> None:
        """Show what is so now."""


def pages(services: OfficeServices) -> None:
    """Register /office and /office/<section>. Call once, before the server starts."""
    post = ScanPost(services.desk.equipment, lambda code: bool(device_of(code)))

    @ui.page("/office")
    @ui.page("/office/{section}")
    def office_page(request: Request, client: Client, section: str = OVERVIEW) -> None:
        t = texts.asked(request.query_params, request.cookies)
        parts.head()
        with theme.page(t, t("Office"), theme.Look.OFFICE):
            desk = Desk(services.desk, t, client)
            if any(desk.may(right) for *_, right in RAIL):
                OfficePage(desk, services, post, str(request.base_url).rstrip("/")).build(section)
            else:
                not_for_this_role(desk)


class OfficePage:
    """One open page of the office."""

    def __init__(self, desk: Desk, services: OfficeServices, post: ScanPost, base_url: str) -> None:
        self._desk = desk
        self._post = post
        self._devices = devices.Devices(desk, services)
        self._sections: dict[str, Section] = {
            OVERVIEW: overview.Overview(desk, services, self.show),
            DEVICES: self._devices,
            NETWORK: network.Network(desk, services),
            CATALOGUE: catalogue.Catalogue(desk, services),
            PEOPLE: people.People(desk, services),
            SCREENS: screens.Screens(desk, services, base_url),
            REPORTS: reports.Reports(desk),
        }
        self._shown = OVERVIEW

    def build(self, section: str) -> None:
        """Draw the frame and its first section, and listen."""
        allowed = [name for name, _, _, right in RAIL if self._desk.may(right)]
        self._shown = section if section in allowed else allowed[0]
        self._person_sheet = Sheet(self._desk.t, self._desk.t("Who works here"))
        with box("desk"):
            self._rail = Drawn(self._draw_rail, "desk-rail", "nav")
            with box("desk-main"):
                self._draw_strip()
                self._body = Drawn(self._draw_body, "desk-body")
        self._listen()

    def show(self, section: str) -> None:
        """Go to another section."""
        self._shown = section
        self._rail.redraw()
        self._body.redraw()
        ui.run_javascript(f"desk.path('/office/{section}')")

    def _listen(self) -> None:
        kinds: dict[str, frozenset[str]] = {
            OVERVIEW: overview.CHANGES,
            DEVICES: devices.CHANGES,
            NETWORK: network.CHANGES,
            CATALOGUE: catalogue.CHANGES,
            PEOPLE: people.CHANGES,
            SCREENS: screens.CHANGES,
            REPORTS: reports.CHANGES,
        }
        self._post.attach(self._desk.client, self._scanned)
        for section, changes in kinds.items():
            self._desk.ask.refresh.on(changes, self._when(section))

    async def _scanned(self, scan: Scan) -> None:
        """The label of a device opens its sheet."""
        if self._desk.may(Right.CHANGE_DEVICES):
            self.show(DEVICES)
            self._devices.open(device_of(scan.code))

    def _when(self, section: str) -> Callable[[], None]:
        def redraw() -> None:
            if self._shown == section and self._desk.still_here():
                self._sections[section].redraw()

        return redraw

    def _draw_rail(self) -> None:
        t = self._desk.t
        for section, label, icon, right in RAIL:
            if self._desk.may(right):
                made = press("", partial(self.show, section), classes="desk-rail-item cs-quiet").choose(section == self._shown)
                with made:
                    text(icon, "material-icons", tag="i").props('aria-hidden="true"')
                    text(t(label), tag="span")

    def _draw_body(self) -> None:
        self._sections[self._shown].draw()

    def _draw_strip(self) -> None:
        t, desk = self._desk.t, self._desk
        with box("desk-strip", "header"):
            text(desk.ask.catalog.shop().name, "desk-shop cs-one-line cs-grow")
            if desk.may(Right.SEE_QUEUE):
                press(t("Front desk"), partial(desk.open_page, "/station"), icon="storefront", classes="cs-quiet")
            press(desk.person(desk.reader().id) or desk.till, self._open_person, icon="account_circle", classes="desk-person")

    def _open_person(self) -> None:
        t, desk = self._desk.t, self._desk
        with self._person_sheet:
            press(t("Switch user"), desk.switch_user, icon="switch_account", classes="cs-brand cs-wide")
            press(t("Log out"), desk.log_out, icon="logout", classes="cs-wide")
            language_switch(t)
        self._person_sheet.open(desk.person(desk.reader().id) or None)
