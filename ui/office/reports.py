"""Z reports of every till."""

from __future__ import annotations

from functools import partial

from hub.access import Right
from hub.pos.model import ZReport
from ui.station.desk import Desk
from ui.station.parts import Drawn, box
from ui.station.printing import job_status, paper_of, reprint_button
from ui.station.shift import draw_report
from ui.widgets import empty_state, press, text

CHANGES = frozenset({"ShiftClosed", "PrintJobMoved"})
REPORTS_SHOWN = 60


class Reports:
    """The reports section of the office."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._chosen: ZReport | None = None
        self._all: Drawn | None = None

    def draw(self) -> None:
        """The list on the left, one report on the right."""
        with box("desk-bar"):
            text(self._desk.t("Z reports"), "cs-t4 cs-grow", tag="h1")
        self._all = Drawn(self._draw_all, "desk-two cs-grow")

    def redraw(self) -> None:
        """Show what is so now."""
        if self._all:
            self._all.redraw()

    def _draw_all(self) -> None:
        t, desk = self._desk.t, self._desk
        if not desk.may(Right.SEE_MONEY):
            empty_state(t("Only managers see Z reports."), t("Log in as a manager to look at them."), icon="lock")
            return
        reports = desk.ask.pos.z_reports(desk.reader(), "", REPORTS_SHOWN)
        with box("desk-panel cs-scroll", "section"):
            for z in reports:
                self._draw_row(z)
            if not reports:
                empty_state(t("No shift was closed yet."), t("Each closed shift leaves its Z report here."), icon="summarize")
        with box("desk-panel cs-scroll", "section"):
            if self._chosen is None:
                empty_state(t("Choose a report."), icon="touch_app")
                return
            draw_report(desk, self._chosen)
            job = paper_of(desk, self._chosen.shift.id)
            if job is not None:
                job_status(desk, job)
                reprint_button(desk, job, t("Print a copy"))

    def _draw_row(self, z: ZReport) -> None:
        t, desk = self._desk.t, self._desk
        closed = desk.ask.clock.local(z.shift.closed_at or z.shift.opened_at)
        with press("", partial(self._choose, z), classes="desk-sale cs-quiet") as row:
            text(f"{z.shift.till} Z{z.shift.z_number}", "cs-bold cs-figures", tag="span")
            text(f"{closed:%Y-%m-%d} {t.clock(closed)}", "cs-muted cs-figures cs-grow", tag="span")
            if z.shift.difference:
                text(desk.money(z.shift.difference), "cs-bad cs-money", tag="span")
            text(desk.money(z.takings), "cs-money cs-bold", tag="span")
        row.choose(self._chosen is not None and self._chosen.shift.id == z.shift.id)

    def _choose(self, z: ZReport) -> None:
        self._chosen = z
        self.redraw()
