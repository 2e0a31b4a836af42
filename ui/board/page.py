"""The board's page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from fastapi import Request
from nicegui import ui

from hub.catalog import Catalog
from hub.clock import Clock
from hub.errors import NotLoggedIn
from hub.journal import Line
from hub.visits import BoardRow, Stage, Visits
from ui import texts, theme
from ui.board.announcer import SHOWN_S, Announcer
from ui.refresh import ActorNow, Refresh
from ui.texts import Texts
from ui.widgets import Beat, beat, empty_state, text

MOVES = frozenset(
    {
        "GuestCheckedIn",
        "GuestCalled",
        "GuestPutBack",
        "GuestSeated",
        "ServiceStarted",
        "ServiceFinished",
        "GuestLeft",
        "GuestCameBack",
        "GuestPaid",
    }
)
CALLED_SHOWN, WAITING_SHOWN, SERVED_SHOWN = 3, 6, 6
ESTIMATES_AGE_S = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardServices:
    """Everything the board is a function of."""

    visits: Visits
    catalog: Catalog
    clock: Clock
    who: ActorNow
    refresh: Refresh
    on_beat: Callable[[Beat], Any]
    version: str
    call_s: float = field(default=SHOWN_S)


def pages(services: BoardServices) -> None:
    """Register /board; `?lang=` chooses its language."""

    @ui.page("/board")
    def board_page(request: Request) -> None:
        t = texts.asked(request.query_params, {})
        with theme.page(t, t("Board"), theme.Look.BOARD), ui.element("div").classes("board"):
            board = Board(services, t)
            board.build()
        beat(services.who().station, services.on_beat, version=services.version)


class Board:
    """One wall screen."""

    def __init__(self, services: BoardServices, t: Texts) -> None:
        self._services, self._t = services, t

    def build(self) -> None:
        """Draw it, and keep it true."""
        services, t = self._services, self._t
        with ui.element("header").classes("board-head"):
            text(services.catalog.shop().name, "board-shop", tag="h1")
            self._clock = text("", "board-clock cs-figures")
        self._room = ui.element("div").classes("board-room")
        self._announcer = Announcer(t, shown_s=services.call_s)
        self._client = ui.context.client
        services.refresh.on(MOVES, self.draw)
        services.refresh.each({"GuestCalled"}, self._called)
        ui.timer(ESTIMATES_AGE_S, self.draw, immediate=False)
        self.draw()

    def draw(self) -> None:
        """Show the queue as it is now."""
        services, t = self._services, self._t
        self._clock.text = t.clock(services.clock.local(services.clock.now()))
        rows = self._rows()
        called = [row for row in rows if row.stage is Stage.CALLED]
        waiting = [row for row in rows if row.stage is Stage.WAITING]
        served = [row for row in rows if row.stage in {Stage.SEATED, Stage.IN_SERVICE}]
        self._room.clear()
        with self._room:
            self._now(called)
            self._next(waiting)
            self._busy(served)

    def _rows(self) -> Sequence[BoardRow]:
        try:
            return self._services.visits.board(self._services.who(self._client))
        except NotLoggedIn:
            self._client.run_javascript("location.reload()")  # the guard decides what this screen may see now
            return ()

    def _called(self, line: Line) -> None:
        ticket = int(line.body["ticket"])
        rows = self._rows()
        stylist = next((row.stylist_name for row in rows if row.ticket == ticket), "")
        self._announcer.call(ticket, stylist)

    def _now(self, called: Sequence[BoardRow]) -> None:
        t = self._t
        with ui.element("section").classes("board-now"):
            text(t("Please come"), "board-title", tag="h2")
            if not called:
                empty_state(t("Nobody is being called."), t("Your number appears here and a chime sounds."), icon="notifications_none")
            for row in called[-CALLED_SHOWN:]:
                with ui.element("div").classes("board-called"):
                    text(str(row.ticket), "board-number")
                    text(row.stylist_name or t("to the desk"), "board-stylist")

    def _next(self, waiting: Sequence[BoardRow]) -> None:
        t = self._t
        with ui.element("section").classes("board-next"):
            text(t("Waiting"), "board-title", tag="h2")
            if not waiting:
                empty_state(t("Nobody is waiting."), t("Take a number at the kiosk, or ask at the desk."), icon="event_seat")
            for row in waiting[:WAITING_SHOWN]:
                with ui.element("div").classes("board-row"):
                    text(str(row.ticket), "board-number")
                    text(row.stylist_name or t("Anyone, soonest"), "board-stylist")
                    text(t.wait(max(0, row.wait_s - 300), row.wait_s) if row.wait_s else t("any moment"), "board-wait")
            self._more(len(waiting) - WAITING_SHOWN)

    def _busy(self, served: Sequence[BoardRow]) -> None:
        if not served:
            return
        with ui.element("section").classes("board-busy"):
            text(self._t("Being served"), "board-title", tag="h2")
            for row in served[:SERVED_SHOWN]:
                with ui.element("span").classes("board-chip"):
                    text(str(row.ticket), "board-number", tag="span")
                    text(row.stylist_name, "board-stylist", tag="span")
            self._more(len(served) - SERVED_SHOWN)

    def _more(self, more: int) -> None:
        if more > 0:
            text(self._t.many("and {count} more", "and {count} more", more), "board-more")
