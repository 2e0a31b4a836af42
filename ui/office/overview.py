"""What needs the manager, ordered by consequence; then what was taken today."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from hub.access import Right
from hub.equipment.model import JobState
from hub.ports import Health
from ui.office.services import OfficeServices
from ui.station.basket import TENDERS
from ui.station.desk import Desk
from ui.station.parts import Drawn, box, fact, heading
from ui.station.printing import device_name, device_words, job_name, waiting_papers
from ui.station.reasons import joined, words
from ui.widgets import empty_state, press, text
from ui.widgets.parts import TONE_ICONS, Tone

CHANGES = frozenset(
    {
        "SaleCompleted",
        "SaleRefunded",
        "DeviceChanged",
        "DeviceAdopted",
        "UnknownCardAppeared",
        "NetworkCardNamed",
        "PrintJobMoved",
        "PrintJobSettled",
        "ReprintAsked",
        "ShiftOpened",
        "ShiftClosed",
        "CatalogImported",
        "StaffAdded",
    }
)
SHIFT_LONG = timedelta(hours=16)
DEVICES, NETWORK, CATALOGUE = "devices", "network", "catalogue"


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One thing that needs somebody: what is so, what to do, and where."""

    tone: Tone
    sentence: str
    advice: str
    section: str = ""
    path: str = ""


class Overview:
    """The first page of the office."""

    def __init__(self, desk: Desk, services: OfficeServices, go: Callable[[str], None]) -> None:
        self._desk, self._services, self._go = desk, services, go
        self._all: Drawn | None = None

    def draw(self) -> None:
        """Both halves."""
        with box("desk-bar"):
            text(self._desk.t("Overview"), "cs-t4 cs-grow", tag="h1")
        self._all = Drawn(self._draw_all, "desk-two desk-two-wide cs-grow")

    def redraw(self) -> None:
        """Show what is so now."""
        if self._all:
            self._all.redraw()

    def _draw_all(self) -> None:
        t = self._desk.t
        with box("desk-panel cs-scroll", "section"):
            heading(t("What needs you"))
            needs = self._needs()
            for need in needs:
                self._draw_need(need)
            if not needs:
                empty_state(t("Nothing needs you."), t("Printers, scanners, shift and readers are all well."), icon="task_alt")
        with box("desk-panel cs-scroll", "section"):
            if self._desk.may(Right.SEE_MONEY):
                self._draw_takings()
            else:
                empty_state(t("Only managers see money."), icon="lock")

    def _draw_need(self, need: Need) -> None:
        t = self._desk.t
        with box(f"office-need cs-{need.tone}", "article"):
            text(TONE_ICONS[need.tone], "material-icons", tag="i").props('aria-hidden="true"')
            with box("cs-grow"):
                text(need.sentence, "cs-bold")
                if need.advice:
                    text(need.advice, "office-advice")
            if need.section:
                press(t("Look"), lambda: self._go(need.section), classes="cs-small")
            elif need.path:
                press(t("Open the desk"), lambda: self._desk.open_page(need.path), classes="cs-small")

    def _needs(self) -> list[Need]:
        desk = self._desk
        found: list[Need] = []
        if desk.may(Right.SEE_DEVICES):
            found += self._papers()
            found += self._devices() + self._strangers()
        found += self._readers() + self._shift() + self._catalogue()
        return found

    def _papers(self) -> list[Need]:
        t, desk = self._desk.t, self._desk
        found = []
        for job in waiting_papers(desk):
            sentence, action = words(t, job.reason, job.sentence, job.action)
            name = t("{paper}, {time}", paper=job_name(t, job), time=t.clock(desk.ask.clock.local(job.at)))
            tone: Tone = "bad" if job.state in {JobState.UNCERTAIN, JobState.FAILED} else "warn"
            if job.state is JobState.UNCERTAIN:
                title = t("Did it come out? {paper}", paper=name)
            elif job.state is JobState.FAILED:
                title = t("Not printed: {paper}", paper=name)
            else:
                title = t("Waiting for the printer: {paper}", paper=name)
            found.append(Need(tone=tone, sentence=title, advice=joined(t, sentence, action), path="/station/printing"))
        return sorted(found, key=lambda need: need.tone != "bad")

    def _devices(self) -> list[Need]:
        t, desk = self._desk.t, self._desk
        devices = desk.ask.equipment.devices(desk.reader())
        found = []
        for device in devices:
            if device.health not in {Health.OFFLINE, Health.DEGRADED, Health.UNKNOWN}:
                continue
            sentence, action = device_words(t, device)
            if device.health is Health.UNKNOWN:
                sentence, action = t("The device host is not heard of."), t("It is started again by itself; if not, restart the hub.")
            tone: Tone = "bad" if device.health is Health.OFFLINE else "warn"
            found.append(
                Need(
                    tone=tone,
                    sentence=t("{device}: {sentence}", device=device_name(t, device), sentence=sentence),
                    advice=action,
                    section=DEVICES,
                )
            )
        if not any(d.info and d.info.kind == "receipt_printer" for d in devices):
            advice = t("Receipts and queue tickets wait until there is one.")
            found.append(Need(tone="warn", sentence=t("There is no printer yet."), advice=advice, section=DEVICES))
        return found

    def _strangers(self) -> list[Need]:
        t = self._desk.t
        count = len(self._services.network.strangers(self._desk.reader()))
        if not count:
            return []
        sentence = t.many("{count} unknown device appeared in the network.", "{count} unknown devices appeared in the network.", count)
        return [Need(tone="warn", sentence=sentence, advice=t("Find out whose it is, and name it."), section=NETWORK)]

    def _readers(self) -> list[Need]:
        count = len(self._services.dead_letters())
        if not count:
            return []
        t = self._desk.t
        sentence = t.many("{count} event could not be worked off.", "{count} events could not be worked off.", count)
        return [Need(tone="bad", sentence=sentence, advice=t("Nothing is lost, but a reader needs support: send them the log."))]

    def _shift(self) -> list[Need]:
        t, desk = self._desk.t, self._desk
        if not desk.may(Right.HANDLE_SHIFT):
            return []
        found = []
        for shift in desk.ask.pos.open_shifts(desk.reader()):
            if desk.ask.clock.now() - shift.opened_at >= SHIFT_LONG:
                since = desk.ask.clock.local(shift.opened_at)
                title = t("Till {till} has been open since {since}.", till=shift.till, since=f"{since:%m-%d} {t.clock(since)}")
                found.append(
                    Need(tone="warn", sentence=title, advice=t("Count the drawer out at the end of the day."), path="/station/shift")
                )
        return found

    def _catalogue(self) -> list[Need]:
        t, desk = self._desk.t, self._desk
        if desk.ask.catalog.services_offered():
            return []
        advice = t("Take in your price list, so that guests can choose.")
        return [Need(tone="warn", sentence=t("There are no services yet."), advice=advice, section=CATALOGUE)]

    def _draw_takings(self) -> None:
        t, desk = self._desk.t, self._desk
        today = desk.ask.pos.takings(desk.reader())
        heading(t("Today"), t("as of {time}", time=t.clock(desk.ask.clock.local(desk.ask.clock.now()))))
        text(desk.money(today.net), "cs-t5 cs-bold cs-money").props('data-takings="1"')
        with box("desk-facts"):
            fact(t("Sales"), str(today.sales))
            fact(t("Sold"), desk.money(today.gross))
            fact(t("Given back"), desk.money(today.refunded))
            for kind, name, _ in TENDERS:
                fact(t(name), desk.money(today.by_tender.get(kind, 0)))
        if not today.sales:
            text(t("The first sale of the day appears here at once."), "cs-muted")
