"""Who she is, if she wants to say so, and what she agrees to."""

from __future__ import annotations

from nicegui import ui

from hub.customers.model import CURRENT_NOTICE, PhoneAndWishes, PhoneInvalid, Purpose
from ui.kiosk.guest import Step
from ui.kiosk.steps import AtKiosk, actions, question
from ui.texts import N_
from ui.widgets import InlineError, Keypad, Press, press, text

PHONE_LONGEST = 16
PHONE_SHORTEST = 8
NOTICES = {  # by the key of hub/customers; a version that was ever shown stays, because consents name it
    "privacy_notice_2026_1": (
        N_("We keep your phone number to find you again, to call you, and to keep your visits together."),
        N_("It is kept encrypted in this shop, until you ask us to delete it."),
        N_("We give it to nobody else. You may see it, correct it, take it with you or have it erased: ask at the desk."),
    ),
}
PURPOSES = {
    Purpose.MEMBERSHIP: (N_("Membership"), N_("We keep your visits together, so that they count for you.")),
    Purpose.MARKETING: (N_("News and offers"), N_("A message now and then; you can stop it any time.")),
    Purpose.PHOTOS: (N_("Photos of my hair"), N_("Only so that your stylist remembers the last result.")),
}


def phone(at: AtKiosk) -> None:
    """Her phone number by keypad, or she stays a guest."""
    t, guest = at.t, at.guest

    def typed(value: str) -> None:
        guest.phone = value
        on.enable(len(value) >= PHONE_SHORTEST)
        error.hush()

    def onwards() -> None:
        if len(guest.phone) < PHONE_SHORTEST:
            return
        try:
            PhoneAndWishes(phone=guest.phone).checked()
        except PhoneInvalid as wrong:
            error.show(wrong)
            return
        guest.anonymous = False
        at.go(Step.PRIVACY)

    def stay_a_guest() -> None:
        guest.stay_a_guest()
        at.go(Step.SERVICES)

    with question(t("Your phone number?"), t("So that we find you again. You may also stay a guest: then we keep nothing about you.")):
        pad = Keypad(t, typed, kind="phone", longest=PHONE_LONGEST).on_enter(onwards)
    with actions():
        error = InlineError(t)
        on = press(t("Continue"), onwards, classes="cs-main").enable(len(guest.phone) >= PHONE_SHORTEST)
        press(t("Stay a guest"), stay_a_guest, classes="cs-wide")
    if guest.phone:
        pad.put(guest.phone)


def privacy(at: AtKiosk) -> None:
    """The notice in plain words, and each optional consent on its own; all off until she says so."""
    t = at.t
    with question(t("Your data, in short")):
        with ui.element("div").classes("kiosk-notice"):
            for sentence in NOTICES[CURRENT_NOTICE.text_key]:
                text(t(sentence), tag="p")
            text(t("Responsible: {shop}", shop=at.services.catalog.shop().name), "cs-muted", tag="p")
        text(t("May we also … (optional, change it at the desk any time)"), "kiosk-subtitle", tag="h2")
        for purpose, (title, explained) in PURPOSES.items():
            _consent(at, purpose, t(title), t(explained))
    with actions():
        press(t("Continue"), lambda: at.go(Step.SERVICES), classes="cs-main")


def _consent(at: AtKiosk, purpose: Purpose, title: str, explained: str) -> None:
    agreed = at.guest.agreed

    def toggle() -> None:
        agreed.symmetric_difference_update({purpose})
        on = purpose in agreed
        made.choose(on)
        mark.props["data-on"] = "true" if on else "false"
        mark.update()

    made = Press("", toggle, classes="cs-tile kiosk-consent").choose(purpose in agreed)
    with made:
        with ui.element("span").classes("cs-tile-text"):
            text(title, "cs-tile-title", tag="span")
            text(explained, "cs-tile-line", tag="span")
        mark = ui.element("span").classes("cs-switch")
        mark.props["data-on"] = "true" if purpose in agreed else "false"
