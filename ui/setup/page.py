"""The page of the first start."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any
from zoneinfo import available_timezones

from fastapi import Request
from fastapi.responses import RedirectResponse
from nicegui import ui
from nicegui.events import ValueChangeEventArguments

from hub.catalog.values import Reason, ValueRefused
from hub.ids import TapId
from hub.money import CURRENCIES
from ui import texts, theme
from ui.setup.draft import PATH, Day, Draft, Step
from ui.setup.printers import printers
from ui.setup.services import SetupServices
from ui.texts import N_, Texts
from ui.widgets import InlineError, Kind, Press, act, chip, language_switch, press, text

WEEK = (N_("Monday"), N_("Tuesday"), N_("Wednesday"), N_("Thursday"), N_("Friday"), N_("Saturday"), N_("Sunday"))
REFUSALS = {
    Reason.MISSING: N_("This is needed."),
    Reason.TOO_LONG: N_("This is too long."),
    Reason.CHARACTERS: N_("Some of these characters cannot be used here."),
    Reason.FORMULA: N_("This must not begin with = + - or @."),
    Reason.ZONE_UNKNOWN: N_("Choose a time zone from the list."),
    Reason.CURRENCY_UNKNOWN: N_("Choose a currency from the list."),
    Reason.HOURS_SHAPE: N_("Opening hours go from an hour after 04:00 to a later one."),
}
PIN_LONGEST = 12


def pages(services: SetupServices) -> None:
    """Register /setup; once the shop is set up it only leads to the log-in."""

    @ui.page("/setup", response_timeout=10)
    def setup_page(request: Request) -> RedirectResponse | None:
        if services.is_set_up():
            return RedirectResponse("/login", status_code=303)
        t = texts.asked(request.query_params, request.cookies)
        with theme.page(t, t("Set up the shop"), theme.Look.OFFICE):
            Setup(services, t).show()
        return None


class Setup:
    """One run through set-up: the answers so far and the question on the screen."""

    def __init__(self, services: SetupServices, t: Texts) -> None:
        self.services, self.t = services, t
        self.draft = Draft()
        self.step = Step.START
        self.on_print: Callable[[], None] | None = None

    def show(self) -> None:
        """Build the page around the steps."""
        self._room = ui.element("div").classes("setup")
        self.services.refresh.on({"PrintJobMoved"}, lambda: self.on_print() if self.on_print else None)
        self.go(Step.START)

    def go(self, step: Step) -> None:
        """Show another step."""
        self.step, self.on_print = step, None
        self._room.clear()
        with self._room:
            self._head()
            with ui.element("section").classes("setup-step"):
                STEPS[step](self)

    def _head(self) -> None:
        with ui.element("header").classes("kiosk-head"):
            text("Chairside", "kiosk-shop")
            if self.step in PATH:
                place = PATH.index(self.step) + 1
                text(self.t("Step {place} of {of}", place=place, of=len(PATH)), "cs-muted")

    def actions(self, label: str, onwards: Callable[[], Any], back: Step | None) -> Press:
        """The buttons below a question; gives back the main one."""
        with ui.element("div").classes("setup-actions"):
            if back is not None:
                press(self.t("Back"), lambda: self.go(back), icon="arrow_back")
            return press(label, onwards, classes="cs-brand cs-grow")


def _start(at: Setup) -> None:
    t = at.t

    async def take_demo(_: TapId) -> None:
        await at.services.take_demo()
        at.go(Step.DONE)

    text(t("Welcome to Chairside"), tag="h1")
    text(t("Everything is kept on this computer, in this shop. It works without any Internet."), "kiosk-explained", tag="p")
    language_switch(t)
    with ui.element("div").classes("setup-choices"):
        with ui.element("div").classes("cs-surface cs-pad setup-choice"):
            text(t("My own shop"), tag="h2")
            text(t("Its name, its hours, your PIN and your printers. About five minutes; prices and staff follow in the office."), tag="p")
            press(t("Set up my shop"), lambda: at.go(Step.SHOP), icon="storefront", classes="cs-main")
        with ui.element("div").classes("cs-surface cs-pad setup-choice"):
            text(t("Only looking"), tag="h2")
            text(t("A made-up shop with services, products and staff, to try everything. It is marked as a demo."), tag="p")
            act(t, t("Take the demo shop"), take_demo, kind=Kind.PLAIN, icon="science")


def _shop(at: Setup) -> None:
    t, draft = at.t, at.draft
    text(t("Your shop"), tag="h1")
    with ui.element("div").classes("setup-fields"):
        _field(t("Name of the shop"), draft, "name").props("autofocus")
        _field(t("Address, as it stands on receipts"), draft, "address")
        _field(t("Telephone"), draft, "phone").props("type=tel")
        zone = ui.select(list(_zones()), value=draft.zone, label=t("Time zone"), with_input=True, on_change=_puts(draft, "zone"))
        zone.props("outlined")
        text(t("Currency"), "cs-label")
        with ui.element("div").classes("cs-row cs-wrap"):
            chips = {code: chip(f"{code} {currency.symbol}", chosen=code == draft.currency) for code, currency in CURRENCIES.items()}
    for code, made in chips.items():
        made.on("click", lambda code=code: _one_of(chips, draft, code), args=[])
    _checked(at, Step.HOURS, Step.START)


def _hours(at: Setup) -> None:
    t = at.t
    text(t("Opening hours"), tag="h1")
    with ui.element("div").classes("setup-week"):
        for name, day in zip(WEEK, at.draft.week, strict=True):
            _weekday(t, t(name), day)
    _checked(at, Step.OWNER, Step.SHOP)


def _owner(at: Setup) -> None:
    t, draft = at.t, at.draft

    async def open_shop(_: TapId) -> None:
        await at.services.finish(draft.shop(), draft.owner.strip(), draft.pin)
        draft.pin = draft.again = ""
        at.go(Step.PRINTERS)

    def typed() -> None:
        agree = draft.pins_agree and bool(draft.owner.strip())
        finish.arm()
        finish.enable(agree)
        unlike = len(draft.again) >= len(draft.pin) > 0 and draft.pin != draft.again
        note.text = t("The two PINs differ.") if unlike else t("At least six digits: no row, no repetition, no year.")

    text(t("You, the owner"), tag="h1")
    with ui.element("div").classes("setup-fields"):
        _field(t("Your name"), draft, "owner", typed)
    with ui.element("div").classes("setup-pins"):
        for attribute, label in (("pin", t("PIN")), ("again", t("PIN, once more"))):
            pin = ui.input(label, password=True, value=getattr(draft, attribute), on_change=_puts(draft, attribute, typed))
            pin.props(f'outlined inputmode=numeric maxlength={PIN_LONGEST} autocomplete="new-password"')
    note = text(t("At least six digits: no row, no repetition, no year."), "cs-hint", tag="p").props('role="status"')
    with ui.element("div").classes("setup-actions"):
        press(t("Back"), lambda: at.go(Step.HOURS), icon="arrow_back")
        finish = act(t, t("Open the shop"), open_shop, kind=Kind.BRAND).enable(draft.pins_agree)
        finish.classes("cs-grow")


def _done(at: Setup) -> None:
    t = at.t
    text("task_alt", "material-icons setup-done", tag="i").props('aria-hidden="true"')
    text(t("The shop is open"), tag="h1")
    text(
        t("Log in, then connect kiosk and board under Office, Screens. Price list and staff are under Office too."),
        "kiosk-explained",
        tag="p",
    )
    press(t("Log in"), lambda: ui.navigate.to("/login"), classes="cs-main")


def _checked(at: Setup, onwards: Step, back: Step) -> None:
    """Go on only when the shop, as far as it is described, can be."""
    error = InlineError(at.t)

    def check() -> None:
        try:
            at.draft.shop()
        except ValueRefused as wrong:
            error.say(at.t(REFUSALS.get(wrong.reason, REFUSALS[Reason.CHARACTERS])), str(wrong.value))
            return
        at.go(onwards)

    at.actions(at.t("Continue"), check, back)


def _weekday(t: Texts, name: str, day: Day) -> None:
    hours: list[ui.input] = []

    def toggled() -> None:
        for other in hours:
            other.set_enabled(day.open)

    ui.switch(name, value=day.open, on_change=_puts(day, "open", toggled))
    for attribute, label in (("opens", t("opens")), ("closes", t("closes"))):
        made = ui.input(label, value=getattr(day, attribute), on_change=_puts(day, attribute))
        hours.append(made.props('outlined dense mask="##:##" inputmode=numeric'))
    toggled()


def _field(label: str, draft: Draft, attribute: str, then: Callable[[], None] | None = None) -> ui.input:
    return ui.input(label, value=getattr(draft, attribute), on_change=_puts(draft, attribute, then)).props("outlined")


def _puts(kept: Draft | Day, attribute: str, then: Callable[[], None] | None = None) -> Callable[[ValueChangeEventArguments[Any]], None]:
    """A handler that keeps what was typed; a binding would look at it ten times a second."""

    def put(event: ValueChangeEventArguments[Any]) -> None:
        setattr(kept, attribute, event.value if event.value is not None else "")
        if then:
            then()

    return put


def _one_of(chips: dict[str, Press], draft: Draft, code: str) -> None:
    draft.currency = code
    for other, made in chips.items():
        made.choose(other == code)


@lru_cache(maxsize=1)
def _zones() -> tuple[str, ...]:
    return tuple(sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "posix/", "right/"))))


STEPS: dict[Step, Callable[[Setup], None]] = {
    Step.START: _start,
    Step.SHOP: _shop,
    Step.HOURS: _hours,
    Step.OWNER: _owner,
    Step.PRINTERS: printers,
    Step.DONE: _done,
}
