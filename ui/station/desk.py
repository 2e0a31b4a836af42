"""One open page of the desk: who sits there, what is shown, and where a scanned code goes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import structlog
from nicegui import Client, ui

from hub.access import Actor, Right
from hub.catalog.model import ProductId, ServiceId
from hub.errors import ChairsideError, MachineError, NotFound, NotLoggedIn
from hub.money import CURRENCIES, Minor
from hub.ports import Scan
from hub.pos.model import LineKind
from hub.staff.model import StaffId
from ui.station.services import DeskServices
from ui.texts import Texts
from ui.widgets import InlineError, empty_state, press

log = structlog.get_logger()


class Section(Protocol):
    """One of the desk's rooms: queue, till, sales, shift, printing."""

    def draw(self) -> None:
        """Show it in the place it is called in."""

    async def scanned(self, scan: Scan) -> bool:
        """Do the obvious thing with what was scanned; False when it means nothing here. Raises ChairsideError."""
        ...


class Desk:
    """What every section of one page shares. Lives as long as the page."""

    def __init__(self, services: DeskServices, t: Texts, client: Client) -> None:
        self.ask, self.t, self.client = services, t, client
        self.till = self.reader().station
        self.currency = services.catalog.shop().currency
        self.go: Callable[[str], None] = lambda _section: None
        self.touched: Callable[[], None] = lambda: None
        self._one_by_one = asyncio.Lock()

    def switch_user(self) -> None:
        """Somebody else logs in at this desk; baskets stay with the shop."""
        ui.run_javascript("location.assign('/login?next=' + encodeURIComponent(location.pathname))")

    def open_page(self, path: str) -> None:
        """Another page of this hub, in this window."""
        ui.navigate.to(path)

    def log_out(self) -> None:
        """End this session."""
        ui.run_javascript("desk.logOut()")

    def actor(self) -> Actor:
        """Who acts, asked anew; counts as use of the session. Raises NotLoggedIn."""
        return self.ask.actor_now(self.client)

    def reader(self) -> Actor:
        """For whom the page is drawn. A page that redraws by itself must not keep a session alive. Raises NotLoggedIn."""
        if self.ask.holder_of is None:
            return self.actor()
        holder = self.ask.holder_of(getattr(self.client.request.state, "sid", ""))
        if holder is None:
            raise NotLoggedIn
        return holder

    def still_here(self) -> bool:
        """Whether the session goes on; if not, the page makes way for the log-in."""
        try:
            self.reader()
        except NotLoggedIn:
            ui.navigate.reload()
            return False
        return True

    def may(self, right: Right) -> bool:
        """Whether whoever is logged in has the right; the services decide again."""
        try:
            return self.reader().may(right)
        except NotLoggedIn:
            return False

    def money(self, amount: Minor) -> str:
        """An amount as this shop writes it."""
        return CURRENCIES[self.currency].show(amount)

    def person(self, staff_id: StaffId | str | None) -> str:
        """A colleague's name; empty for nobody, and for one this shop no longer knows."""
        if not staff_id:
            return ""
        try:
            return self.ask.staff.member(StaffId(staff_id)).name
        except NotFound:
            return ""

    def item(self, kind: LineKind, item: str, otherwise: str) -> str:
        """What is sold, in the reader's language; `otherwise` when it is no longer in the catalogue."""
        catalog = self.ask.catalog
        try:
            found = catalog.service(ServiceId(item)) if kind is LineKind.SERVICE else catalog.product(ProductId(item))
        except NotFound:
            return otherwise
        return found.names.of(self.t.language)

    def services_of(self, wished: tuple[ServiceId, ...]) -> str:
        """The services a guest asked for, in one line."""
        return " · ".join(self.item(LineKind.SERVICE, service, "–") for service in wished)

    async def attempt(self, error: InlineError, act: Callable[[], Awaitable[Any]]) -> None:
        """Run a small act of the page, one after another; what goes wrong is told in `error`, where the finger is."""
        self.touched()
        async with self._one_by_one:
            error.hush()
            try:
                await act()
            except NotLoggedIn:
                ui.navigate.reload()  # the guard leads to the log-in page
            except ChairsideError as wrong:
                error.show(wrong)
            except Exception:  # the border of a page: the person must be told, the log names the culprit
                log.exception("act failed", path=self.client.page.path)
                error.show(MachineError())


def not_for_this_role(desk: Desk) -> None:
    """What a screen, or a person without any right here, sees instead of the page."""
    t = desk.t
    with empty_state(t("This page is for the staff."), t("Log in with your PIN."), icon="lock"):
        press(t("Switch user"), desk.switch_user, icon="switch_account", classes="cs-brand")
