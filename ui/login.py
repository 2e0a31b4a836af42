"""The log-in page: a name, a PIN. The PIN goes straight from the browser to the hub's log-in; the page never sees it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from nicegui import ui
from nicegui.events import GenericEventArguments

from hub.access import Role
from hub.catalog import Catalog
from hub.staff import Staff, StaffId
from ui import texts, theme
from ui.texts import N_, Texts
from ui.widgets import InlineError, Keypad, Press, empty_state, language_switch, press, text

PIN_LONGEST = 12
ROLES = {
    Role.RECEPTION: N_("Reception"),
    Role.STYLIST: N_("Stylist"),
    Role.MANAGER: N_("Manager"),
    Role.TECHNICIAN: N_("Technician"),
    Role.OWNER: N_("Owner"),
}
HOME = {Role.MANAGER: "/office", Role.OWNER: "/office", Role.TECHNICIAN: "/office"}  # everyone else goes to the station


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginServices:
    """Everything the log-in page is a function of. `demo_pins` gives (name, PIN) of the demo shop's staff, empty in a real shop."""

    staff: Staff
    catalog: Catalog
    demo_pins: Callable[[], Sequence[tuple[str, str]]]
    station: str = "desk"


def pages(services: LoginServices) -> None:
    """Register /login. `?next=` is where to go afterwards, `?station=` names this screen once and for all."""

    @ui.page("/login")
    def login_page(request: Request) -> None:
        t = texts.asked(request.query_params, request.cookies)
        with theme.page(t, t("Log in"), theme.Look.STATION), ui.element("div").classes("login"):
            Login(services, t, _inside(request.query_params.get("next", ""))).build()


class Login:
    """One log-in page: who is chosen, and the pad."""

    def __init__(self, services: LoginServices, t: Texts, then: str) -> None:
        self._services, self._t, self._then = services, t, then
        self._tiles: dict[StaffId, Press] = {}

    def build(self) -> None:
        """Draw it: the people on the left, the pad on the right."""
        t, services = self._t, self._services
        people = list(services.staff.for_login())
        with ui.element("section").classes("login-people"):
            text(services.catalog.shop().name, "kiosk-shop")
            text(t("Who are you?"), tag="h1")
            with ui.element("div").classes("login-tiles cs-scroll"):
                for staff, name, role in people:
                    self._person(staff, name, role)
            if not people:
                empty_state(t("Nobody can log in yet."), t("Set up the shop first: open /setup on this computer."), icon="person_off")
            self._demo()
            language_switch(t)
        with ui.element("section").classes("login-pad"):
            self._name = text(t("Choose your name"), "cs-t3 cs-bold", tag="h2")
            self._pad = Keypad(t, lambda _: None, kind="secret", longest=PIN_LONGEST)
            self._error = InlineError(t)
            self._enter = press(t("Log in"), classes="cs-main").enable(False)
            self._enter.on("click", self._refused, js_handler=self._send("emit"))
            self._pad.on("enter", self._refused, js_handler=self._send("emit"))
        for staff, name, role in people:
            self._listen(staff, name, role)

    def _person(self, staff: StaffId, name: str, role: Role) -> None:
        made = Press("", classes="cs-tile login-tile").choose(False)
        with made:
            text(name[:1], "cs-face", tag="span").props('aria-hidden="true"')
            with ui.element("span").classes("cs-tile-text"):
                text(name, "cs-tile-title", tag="span")
                text(self._t(ROLES[role]) if role in ROLES else str(role), "cs-tile-line", tag="span")
        self._tiles[staff] = made

    def _listen(self, staff: StaffId, name: str, role: Role) -> None:
        """The browser knows at once whose PIN is typed; digits that follow quickly are not lost to a late answer."""
        chosen = json.dumps({"staff": staff, "then": self._then or HOME.get(role, "/station")})
        choose = f"() => {{ chairside.choose({self._pad.id}, {chosen}); emit(); }}"
        self._tiles[staff].on("click", lambda: self._choose(staff, name), js_handler=choose)

    def _choose(self, staff: StaffId, name: str) -> None:
        for other, made in self._tiles.items():
            made.choose(other == staff)
        self._name.text = self._t("PIN of {name}", name=name)
        self._error.hush()
        self._enter.enable(True)

    def _send(self, emit: str) -> str:
        """Script that logs in with what the pad holds, and tells the page of a refusal."""
        station = "".join(c for c in self._services.station if c.isalnum() or c in "-_")
        return f"async () => {{ const no = await chairside.logIn({self._pad.id}, '{station}'); if (no) {emit}(no); }}"

    def _refused(self, event: GenericEventArguments) -> None:
        told: Any = event.args if isinstance(event.args, dict) else {}
        said = self._t.refusal(str(told.get("code", "")), str(told.get("hint", "")), dict(told.get("facts") or {}))
        self._error.say(said.sentence, said.hint)

    def _demo(self) -> None:
        pins = self._services.demo_pins()
        if not pins:
            return
        with ui.element("div").classes("login-demo"):
            text(self._t("Demo shop: these PINs are public"), "cs-bold")
            with ui.element("div").classes("login-demo-pins"):
                for name, pin in pins:
                    text(f"{name} {pin}", "cs-figures", tag="span")


def _inside(path: str) -> str:
    """`path` when it leads to a page of this hub; a foreign address would make the log-in a trap."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable() else ""
