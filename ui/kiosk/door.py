"""The first look: a greeting, how long it takes today, and the way in."""

from __future__ import annotations

from datetime import time

from nicegui import ui

from hub.errors import PersonError
from hub.visits.model import WalkIn
from ui.kiosk.guest import Step
from ui.kiosk.steps import AtKiosk, actions
from ui.texts import N_, Texts
from ui.widgets import press, stylist_chip, text

GREETINGS = ((time(11), N_("Good morning")), (time(18), N_("Good afternoon")), (time.max, N_("Good evening")))
STYLISTS_SHOWN = 12


def welcome(at: AtKiosk) -> None:
    """Greeting, today's wait and stylists, and one large way in."""
    t, services = at.t, at.services
    now = services.clock.local(services.clock.now()).time()
    greeting = next(words for until, words in GREETINGS if now <= until)
    with ui.element("div").classes("kiosk-greeting"):
        text("spa", "material-icons kiosk-leaf", tag="i").props('aria-hidden="true"')
        text(t(greeting), tag="h1")
        text(t("Welcome. Take a number here, it takes a minute."), "kiosk-explained", tag="p")
    with ui.element("div").classes("kiosk-today"):
        if wait := _wait_now(at, t):
            text(t("Waiting time now"), "cs-muted")
            text(wait, "kiosk-wait-words")
        if stylists := services.staff.stylists():
            text(t("Here today"), "cs-muted")
            with ui.element("div").classes("kiosk-stylists"):
                for stylist in stylists[:STYLISTS_SHOWN]:
                    stylist_chip(stylist.name)
    with actions():
        if services.catalog.services_offered():
            press(t("Walk in"), lambda: at.go(Step.PHONE), icon="door_front", classes="cs-main")
        else:
            text(t("Check-in is not ready yet. Please ask at the desk."), "cs-banner", tag="p")


def _wait_now(at: AtKiosk, t: Texts) -> str:
    """The wait for the shortest service, as the least a walk-in would wait; nothing when nobody can say."""
    offered = at.services.catalog.services_offered()
    if not offered:
        return ""
    quickest = min(offered, key=lambda service: service.minutes)
    try:
        wait = at.services.visits.estimate(WalkIn(services=(quickest.id,)))
    except PersonError:
        return ""
    return t.wait(wait.from_s, wait.to_s)
