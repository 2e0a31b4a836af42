"""The shift: counted in, counted out, and the Z reports that stay."""

from __future__ import annotations

from hub.access import Right
from hub.errors import InvalidInput
from hub.ids import TapId
from hub.ports import Scan
from hub.pos.model import Shift as OpenShift
from hub.pos.model import ZReport
from ui.station.basket import TENDERS
from ui.station.counting import Counter, CountIn
from ui.station.desk import Desk
from ui.station.parts import Drawn, box, fact, heading
from ui.station.printing import job_status, paper_of, reprint_button
from ui.widgets import empty_state, main_action, press, text

CHANGES = frozenset({"ShiftOpened", "ShiftClosed", "PrintJobMoved"})
REPORTS_SHOWN = 30


class Shift:
    """The shift section of one page."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._report: ZReport | None = None
        self._closing = False
        self._left: Drawn | None = None

    def draw(self) -> None:
        """What to do now on the left, the kept reports on the right."""
        t = self._desk.t
        with box("desk-bar"):
            text(t("Shift"), "cs-t4 cs-grow", tag="h1")
        with box("desk-two desk-two-wide cs-grow"):
            self._left = Drawn(self._draw_left, "desk-panel cs-scroll", "section")
            self._right = Drawn(self._draw_reports, "desk-panel cs-scroll", "section")

    def redraw(self) -> None:
        """Show what is so now; a count that has begun is left alone."""
        if self._left and not self._counting:
            self._left.redraw()
            self._right.redraw()

    async def scanned(self, scan: Scan) -> bool:
        """Nothing is scanned here."""
        del scan
        return False

    @property
    def _open(self) -> OpenShift | None:
        return self._desk.ask.pos.open_shift_of(self._desk.till)

    @property
    def _counting(self) -> bool:
        return self._closing or (self._open is None and self._report is None)

    def _show(self) -> None:
        if self._left:
            self._left.redraw()
            self._right.redraw()

    def _draw_left(self) -> None:
        shift = self._open
        if shift is None and self._report is not None:
            self._draw_report(self._report)
            press(self._desk.t("Count in again"), self._begin_again, icon="restart_alt")
        elif shift is None:
            CountIn(self._desk, self._show).draw()
        elif self._closing:
            self._draw_count_out()
        else:
            self._draw_open(shift)

    def _begin_again(self) -> None:
        self._report = None
        self._show()

    def _draw_open(self, shift: OpenShift) -> None:
        t, desk = self._desk.t, self._desk
        heading(t("The shift is open"), t("till {till}", till=desk.till))
        since = desk.ask.clock.local(shift.opened_at)
        with box("desk-facts"):
            fact(t("Since"), f"{since:%Y-%m-%d} {t.clock(since)}")
            fact(t("Counted in by"), desk.person(shift.opened_by) or "–")
            fact(t("In the drawer at the start"), desk.money(shift.opening_float))
        if desk.may(Right.HANDLE_SHIFT):
            text(t("Count the drawer first; what should be in it is shown afterwards."), "cs-muted")
            press(t("Close the shift"), self._begin_closing, icon="lock_clock", classes="cs-brand cs-wide")
        else:
            text(t("A manager closes the shift by counting the drawer out."), "cs-muted")

    def _begin_closing(self) -> None:
        self._closing, self._report = True, None
        self._show()

    def _draw_count_out(self) -> None:
        t = self._desk.t
        heading(t("Count the drawer out"))
        self._counter = Counter(self._desk, self._counted)
        self._counter.draw()
        self._main = main_action(t, t("Close the shift"), self._close)
        self._main.enable(False)
        press(t("Not yet"), self._stop_closing, classes="cs-quiet cs-wide")

    def _counted(self) -> None:
        t, counted = self._desk.t, self._counter.counted
        self._main.arm()
        self._main.enable(counted is not None)
        amount = self._desk.money(counted or 0)
        self._main.relabel(t("Close the shift") if counted is None else t("Close the shift with {amount}", amount=amount))

    def _stop_closing(self) -> None:
        self._closing = False
        self._show()

    async def _close(self, tap_id: TapId) -> None:
        counted = self._counter.counted
        if counted is None:
            raise InvalidInput(counted="")
        desk = self._desk
        self._report = await desk.ask.pos.close_shift(desk.actor(), desk.till, counted, tap_id)
        self._closing = False
        self._show()

    def _draw_report(self, z: ZReport) -> None:
        draw_report(self._desk, z)
        job = paper_of(self._desk, z.shift.id)
        if job is not None:
            job_status(self._desk, job)
            if self._desk.may(Right.RESOLVE_PRINTS):
                reprint_button(self._desk, job, self._desk.t("Print a copy"))

    def _draw_reports(self) -> None:
        t, desk = self._desk.t, self._desk
        heading(t("Z reports"))
        if not desk.may(Right.SEE_MONEY):
            empty_state(t("Only managers see Z reports."), t("Log in as a manager to look at them."), icon="lock")
            return
        reports = desk.ask.pos.z_reports(desk.reader(), desk.till, REPORTS_SHOWN)
        for z in reports:
            self._draw_row(z)
        if not reports:
            empty_state(t("No shift was closed yet."), t("Each closed shift leaves its Z report here."), icon="summarize")

    def _draw_row(self, z: ZReport) -> None:
        t, desk = self._desk.t, self._desk
        closed = desk.ask.clock.local(z.shift.closed_at or z.shift.opened_at)

        def show() -> None:
            self._report = z
            if self._open is None:
                self._show()
            else:
                self._left.clear() if self._left else None
                with self._left or box(""):
                    self._draw_report(z)
                    press(t("Back"), self._begin_again, icon="arrow_back", classes="cs-quiet")

        with press("", show, classes="desk-sale cs-quiet"):
            text(f"Z{z.shift.z_number}", "cs-bold cs-figures", tag="span")
            text(f"{closed:%m-%d} {t.clock(closed)}", "cs-muted cs-figures cs-grow", tag="span")
            if z.shift.difference:
                text(desk.money(z.shift.difference), "cs-bad cs-money", tag="span")
            text(desk.money(z.takings), "cs-money cs-bold", tag="span")


def draw_report(desk: Desk, z: ZReport) -> None:
    """A Z report on the screen: the same figures as on its paper."""
    t, shift = desk.t, z.shift
    heading(f"Z{shift.z_number}", t("till {till}", till=shift.till))
    difference = shift.difference or 0
    tone = "cs-good" if difference == 0 else "cs-bad"
    with box("desk-facts desk-count-result"):
        fact(t("Should be in the drawer"), desk.money(shift.expected or 0))
        fact(t("Counted"), desk.money(shift.counted or 0))
        fact(t("Difference"), desk.money(difference), f"cs-bold {tone}")
    with box("desk-facts"):
        opened, closed = desk.ask.clock.local(shift.opened_at), desk.ask.clock.local(shift.closed_at or shift.opened_at)
        fact(t("From"), f"{opened:%Y-%m-%d} {t.clock(opened)}")
        fact(t("Until"), f"{closed:%Y-%m-%d} {t.clock(closed)}")
        fact(t("Sales"), str(z.sales))
        fact(t("Refunds"), str(z.refunds))
        fact(t("Receipt numbers"), f"{z.first_receipt}–{z.last_receipt}" if z.first_receipt else "–")
        fact(t("Sold"), desk.money(z.gross))
        fact(t("Given back"), desk.money(z.refunded))
        fact(t("Takings"), desk.money(z.takings), "cs-bold")
        fact(t("of it tax"), desk.money(z.tax))
        for kind, name, _ in TENDERS:
            fact(t(name), desk.money(z.by_tender.get(kind, 0)))
