"""The queue at the desk: who waits, who sits, who pays; the next step is the large button on each card."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from nicegui import ui

from hub.access import Right
from hub.errors import PersonError
from hub.ids import TapId
from hub.ports import Scan
from hub.staff.model import StaffId
from hub.visits.model import Stage, Visit, WalkIn
from ui.station.desk import Desk
from ui.station.parts import Drawn, box
from ui.station.walk_in import WalkInSheet
from ui.texts import N_
from ui.widgets import Act, Kind, Sheet, act, empty_state, press, status_dot, stylist_chip, text

CHANGES = frozenset(
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
        "SaleCompleted",
    }
)
COLUMNS: tuple[tuple[str, tuple[Stage, ...], str], ...] = (
    (N_("Waiting"), (Stage.CALLED, Stage.WAITING), N_("Nobody is waiting.")),
    (N_("In the chair"), (Stage.SEATED, Stage.IN_SERVICE), N_("Nobody is in a chair.")),
    (N_("Ready to pay"), (Stage.SERVED,), N_("Nobody has to pay.")),
)
MINUTES_SHOWN_AGAIN_S = 30.0

Step = Callable[[TapId], Awaitable[object]]


class Waiting:
    """The queue section of one page."""

    def __init__(self, desk: Desk, pay: Callable[[Visit, TapId], Awaitable[None]]) -> None:
        self._desk, self._pay = desk, pay
        self._columns: Drawn | None = None
        self._gone: Visit | None = None

    def draw(self) -> None:
        """Three columns, and the walk-in's button."""
        t = self._desk.t
        self._sheet = Sheet(t, t("Guest"))
        with box("desk-bar"):
            text(t("Queue"), "cs-t4 cs-grow", tag="h1")
            self._regret = Drawn(self._draw_regret, "cs-row")
            if self._desk.may(Right.CHECK_IN):
                walk_in = WalkInSheet(self._desk, self.redraw)
                press(t("Walk-in"), walk_in.open, icon="person_add", classes="cs-brand")
        self._columns = Drawn(self._draw_columns, "desk-columns")
        ui.timer(MINUTES_SHOWN_AGAIN_S, self._minute_passed, immediate=False)

    def _minute_passed(self) -> None:
        if self._desk.still_here():
            self.redraw()

    def redraw(self) -> None:
        """Show the queue as it is now."""
        if self._columns:
            self._columns.redraw()

    async def scanned(self, scan: Scan) -> bool:
        """Nothing of the queue is scanned here; a ticket opens the till."""
        del scan
        return False

    def _draw_columns(self) -> None:
        t = self._desk.t
        guests = self._desk.ask.visits.queue(self._desk.reader())
        for title, stages, nobody in COLUMNS:
            found = sorted((v for v in guests if v.stage in stages), key=lambda v: (stages.index(v.stage), v.ticket))
            with box("desk-column", "section") as column:
                column.props["aria-label"] = t(title)
                with box("desk-column-head"):
                    text(t(title), "cs-t3", tag="h2")
                    text(str(len(found)), "desk-count cs-figures")
                with box("desk-cards cs-scroll"):
                    for visit in found:
                        self._card(visit)
                    if not found:
                        text(t(nobody), "desk-nobody")

    def _card(self, visit: Visit) -> None:
        t, desk = self._desk.t, self._desk
        with box(f"desk-card desk-{visit.stage}", "article").props(f'data-ticket="{visit.ticket}"'):
            with box("desk-card-head"):
                text(str(visit.ticket), "desk-ticket cs-figures")
                with box("cs-column cs-grow desk-tight"):
                    text(desk.services_of(visit.services), "desk-services")
                    self._whose(visit)
                press("", lambda: self._more(visit), icon="more_vert", classes="cs-quiet cs-square").called(
                    t("More about number {ticket}", ticket=visit.ticket)
                )
            with box("desk-card-foot"):
                self._since(visit)
                if desk.may(Right.MOVE_QUEUE):
                    self._next(visit)

    def _whose(self, visit: Visit) -> None:
        t, desk = self._desk.t, self._desk
        if name := desk.person(visit.stylist):
            stylist_chip(name)
        elif name := desk.person(visit.wanted_stylist):
            stylist_chip(name, t("wished"))
        else:
            text(t("Anyone, soonest"), "cs-muted")

    def _since(self, visit: Visit) -> None:
        t = self._desk.t
        now = self._desk.ask.clock.now()
        if visit.stage is Stage.IN_SERVICE and visit.started_at:
            minutes = int((now - visit.started_at).total_seconds()) // 60
            planned = sum(self._desk.ask.catalog.service(s).minutes for s in visit.services)
            words = t("{minutes} of {planned} min", minutes=minutes, planned=planned)
            text(words, "desk-since cs-figures" + (" cs-warn cs-bold" if minutes > planned else ""))
            return
        waited = int((now - visit.arrived_at).total_seconds())
        if visit.stage is Stage.CALLED:
            status_dot("warn", t("called"))
        elif visit.stage is Stage.WAITING:
            text(t("{minutes} min", minutes=waited // 60), "desk-since cs-figures" + (" cs-warn cs-bold" if waited > visit.wait_s else ""))
        elif visit.stage is Stage.SERVED:
            text(t("done"), "cs-muted")
        else:
            text(t("seated"), "cs-muted")

    def _next(self, visit: Visit) -> None:
        t, desk = self._desk.t, self._desk
        visits = desk.ask.visits
        match visit.stage:
            case Stage.WAITING:
                act(t, t("Call"), lambda tap: visits.call(desk.actor(), visit.id, tap), kind=Kind.BRAND, icon="campaign")
            case Stage.CALLED:
                self._seat(visit)
            case Stage.SEATED:
                act(t, t("Start"), lambda tap: visits.start(desk.actor(), visit.id, tap), kind=Kind.BRAND, icon="content_cut")
            case Stage.IN_SERVICE:
                act(t, t("Finish"), lambda tap: visits.finish(desk.actor(), visit.id, tap), kind=Kind.BRAND, icon="done")
            case Stage.SERVED if desk.may(Right.SELL):
                act(t, t("Pay"), lambda tap: self._pay(visit, tap), kind=Kind.BRAND, icon="point_of_sale")
            case _:
                pass

    def _seat(self, visit: Visit) -> None:
        t, desk = self._desk.t, self._desk
        likely = self._likely(visit)
        if likely is None:
            press(t("Seat"), lambda: self._choose_stylist(visit), icon="chair", classes="cs-brand")
            return
        with box("desk-split"):
            self._seat_with(visit, likely, t("Seat · {name}", name=desk.person(likely)), Kind.BRAND)
            press("", lambda: self._choose_stylist(visit), icon="expand_more", classes="cs-square").called(t("Choose another stylist"))

    def _seat_with(self, visit: Visit, stylist: StaffId, label: str, kind: Kind) -> Act:
        desk = self._desk

        async def seat(tap_id: TapId) -> None:
            await desk.ask.visits.seat(desk.actor(), visit.id, stylist, tap_id)
            self._sheet.close()

        return act(desk.t, label, seat, kind=kind, icon="chair" if kind is Kind.BRAND else "")

    def _likely(self, visit: Visit) -> StaffId | None:
        """Who is offered first: the wished one, or whoever is free next."""
        if visit.wanted_stylist:
            return visit.wanted_stylist
        try:
            return self._desk.ask.visits.estimate(WalkIn(services=visit.services)).stylist
        except PersonError:
            return None  # nobody can do all of it: then a person chooses

    def _choose_stylist(self, visit: Visit) -> None:
        t, desk = self._desk.t, self._desk
        busy = {v.stylist for v in desk.ask.visits.queue(desk.reader()) if v.stage in {Stage.SEATED, Stage.IN_SERVICE}}
        with self._sheet:
            for stylist in desk.ask.staff.stylists():
                note = t("has a guest") if stylist.id in busy else t("free")
                self._seat_with(visit, stylist.id, f"{stylist.name} · {note}", Kind.PLAIN)
            if not desk.ask.staff.stylists():
                empty_state(t("No stylist is in the list."), t("A manager adds people in the office, under Staff."))
        self._sheet.open(t("Who serves number {ticket}?", ticket=visit.ticket))

    def _more(self, visit: Visit) -> None:
        t, desk = self._desk.t, self._desk
        with self._sheet:
            text(desk.services_of(visit.services), "cs-t3")
            self._whose(visit)
            arrived = desk.ask.clock.local(visit.arrived_at)
            text(t("Arrived at {time}", time=t.clock(arrived)), "cs-muted")
            if desk.may(Right.MOVE_QUEUE):
                self._undo(visit)
        self._sheet.open(t("Number {ticket}", ticket=visit.ticket))

    def _undo(self, visit: Visit) -> None:
        t, desk = self._desk.t, self._desk
        visits = desk.ask.visits
        if visit.stage in {Stage.CALLED, Stage.SEATED}:
            self._step(t("Back to waiting"), lambda tap: visits.put_back(desk.actor(), visit.id, tap))
        if visit.stage is Stage.IN_SERVICE and (stylist := visit.stylist):
            self._step(t("Not begun yet"), lambda tap: visits.seat(desk.actor(), visit.id, stylist, tap))
        if visit.stage is Stage.SERVED:
            self._step(t("Not finished yet"), lambda tap: visits.start(desk.actor(), visit.id, tap))
        if visit.stage in {Stage.WAITING, Stage.CALLED, Stage.SEATED}:
            self._step(t("The guest has left"), lambda tap: self._leave(visit, tap), Kind.DANGER)

    def _step(self, label: str, step: Step, kind: Kind = Kind.PLAIN) -> None:
        async def stepped(tap_id: TapId) -> None:
            await step(tap_id)
            self._sheet.close()

        act(self._desk.t, label, stepped, kind=kind)

    async def _leave(self, visit: Visit, tap_id: TapId) -> None:
        self._gone = await self._desk.ask.visits.leave(self._desk.actor(), visit.id, tap_id)
        self._regret.redraw()

    def _draw_regret(self) -> None:
        """Whoever was marked as gone by mistake comes back at her old place."""
        t, gone = self._desk.t, self._gone
        if gone is None:
            return

        async def back(tap_id: TapId) -> None:
            await self._desk.ask.visits.come_back(self._desk.actor(), gone.id, tap_id)
            self._gone = None
            self._regret.redraw()

        text(t("Number {ticket} has left.", ticket=gone.ticket), "cs-muted")
        act(t, t("Undo"), back, kind=Kind.QUIET, icon="undo")
