"""Screens: a link with a code for a kiosk or a board, and the paired ones."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from urllib.parse import quote

import segno

from hub.access import Right, Role
from hub.ids import TapId
from hub.sessions import Screen
from ui.office.services import OfficeServices
from ui.station.desk import Desk
from ui.station.parts import Drawn, box, field, heading
from ui.texts import N_
from ui.widgets import Kind, act, chip, empty_state, main_action, text

CHANGES = frozenset({"ScreenPaired", "ScreenUnpaired"})
CODE_MINUTES = 30
KINDS: dict[Role, tuple[str, str]] = {Role.KIOSK: (N_("Check-in kiosk"), "/kiosk"), Role.BOARD: (N_("Wall board"), "/board")}


class Screens:
    """The screens section of the office."""

    def __init__(self, desk: Desk, services: OfficeServices, base_url: str) -> None:
        self._desk, self._services, self._base = desk, services, services.base_url or base_url
        self._kind: Role | None = Role.KIOSK
        self._link, self._code = "", ""
        self._list: Drawn | None = None

    def draw(self) -> None:
        """A new link on the left, the paired screens on the right."""
        t = self._desk.t
        with box("desk-bar"):
            text(t("Screens"), "cs-t4 cs-grow", tag="h1")
        if not self._desk.may(Right.PAIR_SCREENS):
            empty_state(t("Only a manager or a technician pairs screens."), icon="lock")
            return
        with box("desk-two cs-grow"):
            with box("desk-panel cs-scroll", "section"):
                self._draw_new()
            self._list = Drawn(self._draw_list, "desk-panel cs-scroll", "section")

    def redraw(self) -> None:
        """Show what is so now."""
        if self._list:
            self._list.redraw()

    def _draw_new(self) -> None:
        t = self._desk.t
        heading(t("Add a screen"))
        self._kinds = Drawn(self._draw_kinds, "desk-chips cs-wrap")
        self._station = field(t("Where it stands"), value="kiosk1", hint=t("letters, digits and dashes, such as door or wall-2"))
        main_action(t, t("Make a link"), self._make, icon="qr_code_2").repeats = True
        self._result = Drawn(self._draw_link, "office-link")

    def _draw_kinds(self) -> None:
        t = self._desk.t
        for role, (label, _) in KINDS.items():
            chip(t(label), partial(self._choose, role, f"{role}1"), chosen=role is self._kind)
        chip(t("Front desk"), partial(self._choose, None, "desk2"), chosen=self._kind is None)

    def _choose(self, kind: Role | None, station: str) -> None:
        self._kind, self._link, self._code = kind, "", ""
        self._station.value = station
        self._kinds.redraw()
        self._result.redraw()

    async def _make(self, _: TapId) -> None:
        station = str(self._station.value or "").strip()
        if self._kind is None:  # people log in there by PIN; the link only names the desk
            self._code, self._link = "", f"{self._base}/login?station={quote(station)}&next=/station"
        else:
            self._code = await self._services.screens.new_code(self._desk.actor(), self._kind, station, CODE_MINUTES)
            self._link = f"{self._base}/enter?code={self._code}&next={KINDS[self._kind][1]}"
        self._result.redraw()

    def _draw_link(self) -> None:
        t = self._desk.t
        if not self._link:
            return
        picture = segno.make(self._link, error="m").svg_data_uri(scale=5, border=2, dark="#2B2624", light="#FFFFFF")
        made = box("office-qr", "img")
        made.props["src"], made.props["alt"] = picture, t("QR code of the link")
        with box("cs-column cs-grow"):
            if self._code:
                text(t("Pairing code"), "cs-label")
                text(f"{self._code[:4]} {self._code[4:]}", "cs-t4 cs-bold cs-figures").props('data-code="1"')
                text(t("Works once, for {minutes} minutes.", minutes=CODE_MINUTES), "cs-muted")
            text(t("Open this on the screen:"), "cs-label")
            text(self._link, "office-url").props('data-link="1"')

    def _draw_list(self) -> None:
        t, desk = self._desk.t, self._desk
        heading(t("Paired screens"))
        screens = self._services.screens.screens(desk.reader())
        for screen in screens:
            self._draw_screen(screen)
        if not screens:
            empty_state(t("No screen is paired yet."), t("Make a link on the left and open it on the kiosk or the board."), icon="devices")

    def _draw_screen(self, screen: Screen) -> None:
        t, desk = self._desk.t, self._desk
        with box("desk-device", "article"):
            with box("cs-grow"):
                text(screen.station, "cs-bold")
                kind = t(KINDS[screen.role][0]) if screen.role in KINDS else str(screen.role)
                seen = desk.ask.clock.local(screen.seen_at)
                text(t("{kind}, last seen {time}", kind=kind, time=f"{seen:%m-%d} {t.clock(seen)}"), "cs-muted cs-t1")
            _two_touches(desk, t("Take access away"), partial(self._unpair, screen))

    async def _unpair(self, screen: Screen, _: TapId) -> None:
        await self._services.screens.unpair(self._desk.actor(), screen.id)
        self.redraw()


def _two_touches(desk: Desk, label: str, do: Callable[[TapId], Awaitable[object]]) -> None:
    """A screen that loses its access needs somebody at it: the first touch only asks."""
    t = desk.t

    def ask() -> None:
        first.set_visibility(False)
        sure.set_visibility(True)

    first = chip(label, ask)
    sure = act(t, t("Yes, take it away"), do, kind=Kind.DANGER)
    sure.set_visibility(False)
