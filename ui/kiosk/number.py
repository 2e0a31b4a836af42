"""Who shall do it, how long she waits, and her number."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from nicegui import ui

from hub.customers.model import CustomerId, PhoneAndWishes
from hub.errors import PersonError
from hub.ids import TapId
from hub.money import CURRENCIES
from hub.staff.model import StaffId
from hub.visits.model import Wait
from ui.kiosk.guest import Step
from ui.kiosk.steps import AtKiosk, actions, question
from ui.texts import Texts
from ui.widgets import Idle, Press, empty_state, main_action, press, text, tile

PRINTING = {"queued", "printing"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Choice:
    name: str
    wait: Wait


def stylist(at: AtKiosk) -> None:
    """Anyone, soonest, or a named stylist with her wait; then the number."""
    t, guest = at.t, at.guest
    choices: dict[StaffId | None, Press] = {}

    def choose(who: StaffId | None) -> None:
        guest.stylist = who
        for other, made in choices.items():
            made.choose(other == who)
        take.arm()

    async def take_number(tap_id: TapId) -> None:
        customer = await _enrolled(at)
        guest.wait = waits[guest.stylist].wait
        guest.visit = await at.services.visits.check_in(at.services.who(), guest.wish(customer), tap_id)
        at.go(Step.DONE)

    with question(t("Who shall take care of you?")):
        waits = _waits(at, t)
        if not waits:
            empty_state(
                t("Nobody here can do all of this today."), t("Go back and choose fewer services, or ask at the desk."), icon="event_busy"
            )
        elif guest.stylist not in waits:
            guest.stylist = None
        for who, choice in waits.items():
            icon = "groups" if who is None else "person"
            lines = ("", t.wait(choice.wait.from_s, choice.wait.to_s))
            choices[who] = tile(choice.name, partial(choose, who), lines=lines, icon=icon, chosen=who == guest.stylist)
    with actions():
        price = CURRENCIES[at.services.catalog.shop().currency].show(guest.price)
        chosen = t(", ").join(service.names.of(t.language) for service in guest.services)
        text(t("{chosen} · {minutes} · from {price}", chosen=chosen, minutes=t.minutes(guest.minutes), price=price), "kiosk-sum")
        take = main_action(t, t("Take a number"), take_number, icon="confirmation_number").enable(bool(waits))


def done(at: AtKiosk) -> None:
    """Her number, as large as it goes, how long it takes, and whether the ticket comes out."""
    t, guest = at.t, at.guest
    visit = guest.visit
    if visit is None:
        at.start_over()
        return
    with ui.element("div").classes("kiosk-number"):
        text(t("Your number"), "kiosk-explained")
        text(str(visit.ticket), "kiosk-ticket")
        if guest.wait:
            text(t.wait(guest.wait.from_s, guest.wait.to_s), "kiosk-wait-words")
        paper = ui.element("div").classes("kiosk-paper").props('role="status"')
    text(t("We call your number on the wall. Please take a seat."), "kiosk-explained", tag="p")

    def redraw() -> None:
        paper.clear()
        with paper:
            _paper(at, t)

    redraw()
    at.on_print = redraw
    with actions():
        sentence = t("Back to the start in {seconds} s", seconds="{seconds}")
        Idle(at.start_over, sentence, limit_s=at.services.done_s, warn_s=at.services.done_s, touches=False)
        press(t("Done"), at.start_over, classes="cs-main")


async def _enrolled(at: AtKiosk) -> CustomerId | None:
    """Her file, when she gave a phone number; made only now, so that who walks away leaves nothing behind."""
    guest = at.guest
    if not guest.phone:
        return None
    wishes = PhoneAndWishes(phone=guest.phone, name="", language=guest.language, consents=tuple(sorted(guest.agreed)))
    return await at.services.customers.enrol(at.services.who(), wishes, guest.enrol_tap)


def _waits(at: AtKiosk, t: Texts) -> dict[StaffId | None, _Choice]:
    """Anyone first, then each stylist who can do all of it, with her wait."""
    names: list[tuple[StaffId | None, str]] = [(None, t("Anyone, soonest"))]
    names += [(member.id, member.name) for member in at.services.staff.stylists()]
    found: dict[StaffId | None, _Choice] = {}
    for who, name in names:
        try:
            found[who] = _Choice(name=name, wait=at.services.visits.estimate(at.guest.wish(stylist=who)))
        except PersonError:
            continue  # she cannot do all of this: not a choice
    return found


def _paper(at: AtKiosk, t: Texts) -> None:
    visit = at.guest.visit
    job = at.services.ticket_print(visit.id) if visit else None
    if job is None:
        _line("info", t("Please remember your number."), "")
    elif job.state in PRINTING and not job.reason:
        _line("print", t("Your ticket is being printed …"), "")
    elif job.state == "printed":
        _line("task_alt", t("Please take your ticket."), "cs-good")
    else:
        _line("warning", t("The printer needs help. Please remember your number, or ask at the desk."), "cs-warn")


def _line(icon: str, words: str, tone: str) -> None:
    text(icon, f"material-icons {tone}", tag="i").props('aria-hidden="true"')
    text(words, tone, tag="span")
