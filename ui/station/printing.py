"""Printers and their jobs at the desk: what came out, what waits, and what only a person can say."""

from __future__ import annotations

from collections.abc import Callable

from hub.access import Right
from hub.equipment.model import Device, JobState, PrintJob
from hub.ids import TapId
from hub.ports import Health, PrintKind, Scan
from ui.station.desk import Desk
from ui.station.parts import Drawn, box, heading
from ui.station.reasons import HEALTH, joined, words
from ui.texts import N_, Texts
from ui.widgets import Kind, act, empty_state, status_dot, text
from ui.widgets.parts import Tone

JOBS_SHOWN = 60
JOBS_LOOKED_AT = 200
DEVICE_CHANGES = frozenset({"DeviceChanged", "DeviceAdopted", "DeviceRemoved", "DeviceSettingsChanged", "DeviceSwitched"})
CHANGES = DEVICE_CHANGES | {"PrintJobMoved", "PrintJobSettled", "ReprintAsked"}
STATES: dict[JobState, tuple[Tone, str]] = {
    JobState.QUEUED: ("idle", N_("Waiting for the printer")),
    JobState.PRINTING: ("idle", N_("Printing")),
    JobState.HELD: ("warn", N_("Held by the printer")),
    JobState.PRINTED: ("good", N_("Printed")),
    JobState.UNCERTAIN: ("bad", N_("Nobody knows whether it came out")),
    JobState.FAILED: ("bad", N_("Not printed")),
}
KINDS: dict[PrintKind, str] = {
    PrintKind.RECEIPT: N_("Receipt"),
    PrintKind.REFUND: N_("Refund receipt"),
    PrintKind.TICKET: N_("Queue ticket"),
    PrintKind.Z_REPORT: N_("Z report"),
    PrintKind.TEST: N_("Test print"),
}
ROLES: dict[str, str] = {
    "receipt": N_("receipts"),
    "ticket": N_("queue tickets"),
    "colour": N_("colour orders"),
    "scan": N_("scanning"),
    "report": N_("reports"),
    "powers_hub": N_("this hub"),
}
DEVICE_KINDS: dict[str, str] = {
    "receipt_printer": N_("Receipt printer"),
    "label_printer": N_("Label printer"),
    "office_printer": N_("Office printer"),
    "scanner": N_("Barcode scanner"),
    "card_reader": N_("Card reader"),
    "scale": N_("Scale"),
    "hub_board": N_("The hub itself"),
    "internet": N_("Way to the Internet"),
    "ups": N_("Battery backup (UPS)"),
    "network_gear": N_("Network device"),
    "customer_display": N_("Customer display"),
    "sensor": N_("Sensor or plug"),
    "card_terminal": N_("Card terminal"),
    "presence": N_("Screen"),
}

AT_ONCE = ("water_leak", "battery_low", "on_battery")  # what comes before any paper, the most urgent first
NOT_TODAY = frozenset(
    {"replace_battery", "sensor_battery_low", "names_broken", "line_down", "line_loses", "line_slow", "shop_network_loses"}
)  # the office shows it until the new one is there; at the till it would hide other things


def grams(t: Texts, mg: int) -> str:
    """A weight of a scale, as people say it: never more decimals than it has."""
    shown = f"{abs(mg) // 1000:,}" + (f".{abs(mg) % 1000:03d}".rstrip("0") if mg % 1000 else "")
    return t("{number} g", number=f"-{shown}" if mg < 0 else shown)


def papers(desk: Desk, limit: int = JOBS_LOOKED_AT) -> list[PrintJob]:
    """Print jobs, newest first."""
    return list(desk.ask.equipment.jobs(desk.reader(), limit))


def waiting_papers(desk: Desk) -> list[PrintJob]:
    """Papers that somebody must look after, newest first."""
    jobs = desk.ask.equipment.jobs_needing_someone(desk.reader())
    return sorted(jobs, key=lambda job: job.at, reverse=True)


def paper_of(desk: Desk, source: str) -> PrintJob | None:
    """The newest paper of a sale, refund or shift."""
    return next((job for job in papers(desk) if job.source == source), None)


def job_name(t: Texts, job: PrintJob) -> str:
    """What the paper is."""
    name = t(KINDS[job.kind])
    return t("{paper}, copy {number}", paper=name, number=job.copy) if job.copy else name


def _instead_of(desk: Desk, job: PrintJob) -> str:
    """The name of the printer a paper came out of though it was meant for another one; empty when it went where it should."""
    if not job.meant_for or job.meant_for == job.device:
        return ""
    return next((device_name(desk.t, d) for d in desk.ask.equipment.devices(desk.reader()) if d.id == job.device), "")


def job_status(desk: Desk, job: PrintJob) -> None:
    """State, what to do about it when something is, and where it came out when that is not where it should."""
    t, instead = desk.t, _instead_of(desk, job)
    tone, state = STATES[job.state]
    sentence, action = words(t, job.reason, job.sentence, job.action) if job.reason else ("", "")
    with box("desk-job-state"):
        status_dot("warn" if sentence and tone == "idle" else tone, t(state))
        if sentence and job.state is not JobState.PRINTED:
            text(joined(t, sentence, action), "cs-muted")
        if instead:
            printed = t("Printed at {printer} instead", printer=instead)
            text(printed if job.state is JobState.PRINTED else t("Goes to {printer} instead", printer=instead), "cs-warn cs-bold")


class Banner:
    """Over every section, only while somebody at the desk can do something about it."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def draw(self) -> None:
        """The first thing that needs a hand: water, mains that are gone, then uncertain paper, then a printer that has stopped."""
        desk = self._desk
        if not (desk.may(Right.SEE_DEVICES) and desk.may(Right.RESOLVE_PRINTS)):
            return
        wrong = [device for device in desk.ask.equipment.devices(desk.reader()) if needs_a_hand(device)]
        urgent = [device for device in wrong if device.state and device.state.reason in AT_ONCE]
        if urgent:
            self._draw_device(min(urgent, key=lambda device: AT_ONCE.index(device.state.reason) if device.state else 0))
            return
        waiting = waiting_papers(desk)
        uncertain = [job for job in waiting if job.state is JobState.UNCERTAIN]
        if uncertain:
            self._draw_question(uncertain[-1], len(uncertain))
            return
        held = [job for job in waiting if job.state in {JobState.HELD, JobState.QUEUED}]
        if held:
            self._draw_held(held)
            return
        failed = [job for job in waiting if job.state is JobState.FAILED]
        if failed:
            self._draw_failed(failed)
            return
        if wrong:
            self._draw_device(wrong[0])

    def _draw_question(self, job: PrintJob, count: int) -> None:
        t = self._desk.t
        with box("cs-banner cs-bad desk-banner").props('role="alert"'):
            text("help", "material-icons", tag="i").props('aria-hidden="true"')
            with box("cs-grow"):
                text(t("Did it come out? {paper}, {time}", paper=job_name(t, job), time=t.clock(self._desk.ask.clock.local(job.at))))
                if count > 1:
                    text(t("{count} more questions after this one", count=count - 1), "cs-t1")
            settle_buttons(self._desk, job)

    def _draw_held(self, held: list[PrintJob]) -> None:
        t, job = self._desk.t, held[-1]
        sentence, action = words(t, job.reason, job.sentence, job.action)
        with box("cs-banner desk-banner").props('role="alert"'):
            text("print_disabled", "material-icons", tag="i").props('aria-hidden="true"')
            with box("cs-grow"):
                text(sentence or t("A paper is held by the printer."))
                waiting = t.many(
                    "{count} paper waits and prints by itself afterwards.",
                    "{count} papers wait and print by themselves afterwards.",
                    len(held),
                )
                text(joined(t, action, waiting), "desk-banner-more")

    def _draw_failed(self, failed: list[PrintJob]) -> None:
        t, job = self._desk.t, failed[-1]
        sentence, action = words(t, job.reason, job.sentence, job.action)
        with box("cs-banner cs-bad desk-banner").props('role="alert"'):
            text("print_disabled", "material-icons", tag="i").props('aria-hidden="true"')
            with box("cs-grow"):
                text(t("Not printed: {paper}, {time}", paper=job_name(t, job), time=t.clock(self._desk.ask.clock.local(job.at))))
                text(joined(t, sentence, action), "desk-banner-more")
            reprint_button(self._desk, job, t("Print again"))

    def _draw_device(self, device: Device) -> None:
        t = self._desk.t
        sentence, action = device_words(t, device)
        with box("cs-banner desk-banner").props('role="alert"'):
            text("warning", "material-icons", tag="i").props('aria-hidden="true"')
            with box("cs-grow"):
                text(t("{device}: {sentence}", device=device_name(t, device), sentence=sentence))
                text(action, "desk-banner-more")


class Printing:
    """The printing section of one page."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._list: Drawn | None = None

    def draw(self) -> None:
        """Devices above, papers below."""
        t = self._desk.t
        with box("desk-bar"):
            text(t("Devices and printing"), "cs-t4 cs-grow", tag="h1")
        self._list = Drawn(self._draw_all, "desk-two cs-grow")

    def redraw(self) -> None:
        """Show what is so now."""
        if self._list:
            self._list.redraw()

    async def scanned(self, scan: Scan) -> bool:
        """Nothing is scanned here."""
        del scan
        return False

    def _draw_all(self) -> None:
        t, desk = self._desk.t, self._desk
        with box("desk-panel cs-scroll", "section"):
            heading(t("Devices"))
            devices = desk.ask.equipment.devices(desk.reader())
            for device in devices:
                draw_device(t, device)
            if not devices:
                empty_state(t("No devices yet."), t("A manager adds printers and scanners in the office, under Devices."), icon="print")
        with box("desk-panel cs-scroll", "section"):
            heading(t("Papers"), t("today's newest first"))
            jobs = papers(desk, JOBS_SHOWN)
            waiting = {job.id: job for job in waiting_papers(desk)}
            for job in [*waiting.values(), *(job for job in jobs if job.id not in waiting)]:
                self._draw_job(job, waits=job.id in waiting)
            if not jobs:
                empty_state(t("Nothing was printed yet."), t("Receipts and queue tickets appear here."), icon="receipt_long")

    def _draw_job(self, job: PrintJob, *, waits: bool) -> None:
        t, desk = self._desk.t, self._desk
        with box("desk-job", "article").props(f'data-job="{job.id}"'):
            with box("cs-grow"):
                with box("cs-row desk-tight-row"):
                    text(job_name(t, job), "cs-bold")
                    text(t.clock(desk.ask.clock.local(job.at)), "cs-muted cs-figures")
                job_status(desk, job)
            if not desk.may(Right.RESOLVE_PRINTS):
                return
            if job.state is JobState.UNCERTAIN:
                settle_buttons(desk, job)
            elif job.state is JobState.FAILED and waits:
                reprint_button(desk, job, t("Print again"))
            elif job.state is JobState.PRINTED and not job.copy:
                reprint_button(desk, job, t("Print a copy"))


def settle_buttons(desk: Desk, job: PrintJob) -> None:
    """Only a person can say whether an uncertain paper came out; when it did not, a copy is printed, marked as one."""
    t = desk.t

    async def came_out(tap_id: TapId) -> None:
        await desk.ask.equipment.settle(desk.actor(), job.id, True, tap_id)

    async def did_not(tap_id: TapId) -> None:
        await desk.ask.equipment.settle(desk.actor(), job.id, False, tap_id)

    with box("desk-answers"):
        act(t, t("Yes, it came out"), came_out, icon="done")
        act(t, t("No, print a copy"), did_not, kind=Kind.BRAND, icon="print")


def reprint_button(desk: Desk, job: PrintJob, label: str) -> None:
    """One more paper, marked as a copy."""

    async def again(tap_id: TapId) -> None:
        await desk.ask.equipment.reprint(desk.actor(), job.id, tap_id)

    act(desk.t, label, again, icon="print").repeats = True


def needs_a_hand(device: Device) -> bool:
    """Whether somebody at the desk can do something about it now: a real device that is wrong and says what to do."""
    if device.state is None or device.info is None or device.info.kind == "presence" or device.state.reason in NOT_TODAY:
        return False
    return device.health in {Health.OFFLINE, Health.DEGRADED} and bool(device.state.action)


def device_name(t: Texts, device: Device) -> str:
    """Its given name, or what kind of thing it is."""
    if device.info is None:
        return device.id
    return device.info.name or t(DEVICE_KINDS.get(device.info.kind, device.info.kind))


def device_words(t: Texts, device: Device) -> tuple[str, str]:
    """What it says of itself, and what to do."""
    if device.state is None or not device.state.reason:
        return (device.state.sentence, device.state.action) if device.state else ("", "")
    return words(t, device.state.reason, device.state.sentence, device.state.action)


def draw_device(t: Texts, device: Device, more: Callable[[], None] | None = None) -> None:
    """One device: name, kind, state, and what to do."""
    tone, health = HEALTH[device.health]
    with box("desk-device", "article").props(f'data-device="{device.id}"'):
        with box("cs-grow"):
            with box("cs-row desk-tight-row cs-wrap"):
                text(device_name(t, device), "cs-bold")
                if device.info:
                    text(t(DEVICE_KINDS.get(device.info.kind, device.info.kind)), "cs-muted")
                if device.info and device.info.simulated:
                    text(t("SIMULATED"), "desk-simulated")
            if device.info and device.info.roles:
                text(" · ".join(t(ROLES[role]) if role in ROLES else role for role in device.info.roles), "cs-muted cs-t1")
            sentence, action = device_words(t, device)
            if sentence and device.health is not Health.ONLINE:
                text(joined(t, sentence, action), "cs-muted")
        status_dot(tone, t(health))
        if more:
            more()
