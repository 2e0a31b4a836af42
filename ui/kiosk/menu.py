"""What she would like: the services by category, and the running sum of time and money."""

from __future__ import annotations

from itertools import groupby
from operator import attrgetter

from nicegui import ui

from hub.catalog.model import Service
from hub.money import CURRENCIES
from ui.kiosk.guest import Step
from ui.kiosk.steps import AtKiosk, actions, question
from ui.texts import N_, Texts
from ui.widgets import press, text, tile

CATEGORIES = {  # the codes a price list may use, with what people call them; any other code is shown as it is
    "cut": (N_("Cut"), "content_cut"),
    "wash": (N_("Wash and blow-dry"), "shower"),
    "color": (N_("Colour"), "palette"),
    "colour": (N_("Colour"), "palette"),
    "perm": (N_("Perm and straightening"), "waves"),
    "care": (N_("Care"), "spa"),
    "treatment": (N_("Treatment"), "spa"),
    "styling": (N_("Styling"), "auto_awesome"),
    "nails": (N_("Nails"), "back_hand"),
    "beauty": (N_("Beauty"), "face"),
    "scalp": (N_("Scalp care"), "spa"),
}


def services(at: AtKiosk) -> None:
    """The menu; choosing changes the foot at once."""
    t, guest = at.t, at.guest
    offered = list(at.services.catalog.services_offered())
    order = list(dict.fromkeys(service.category for service in offered))
    offered.sort(key=lambda service: order.index(service.category))
    groups = [(category, list(found)) for category, found in groupby(offered, key=attrgetter("category"))]

    def changed() -> None:
        chosen.text = _sum(at, t)
        on.enable(bool(guest.services))

    with question(t("What would you like?"), t("Choose one or more.")):
        for category, found in groups:
            with ui.element("section").classes("kiosk-category"):
                _heading(t, category)
                with ui.element("div").classes("cs-tiles"):
                    for service in found:
                        _service(at, service, changed)
    with actions():
        chosen = text(_sum(at, t), "kiosk-sum").props('role="status"')
        on = press(t("Continue"), lambda: at.go(Step.STYLIST), classes="cs-main").enable(bool(guest.services))


def category_name(t: Texts, category: str) -> str:
    """What people call a category."""
    known = CATEGORIES.get(category)
    return t(known[0]) if known else category


def _heading(t: Texts, category: str) -> None:
    with ui.element("h2").classes("kiosk-subtitle"):
        text(CATEGORIES.get(category, ("", "spa"))[1], "material-icons", tag="i").props('aria-hidden="true"')
        text(category_name(t, category), tag="span")


def _service(at: AtKiosk, service: Service, changed: object) -> None:
    t = at.t

    def toggle() -> None:
        made.choose(at.guest.toggle(service))
        if callable(changed):
            changed()

    price = t("from {price}", price=CURRENCIES[at.services.catalog.shop().currency].show(service.price))
    lines = (t.minutes(service.minutes), price)
    made = tile(service.names.of(t.language), toggle, lines=lines, chosen=service in at.guest.services)


def _sum(at: AtKiosk, t: Texts) -> str:
    guest = at.guest
    if not guest.services:
        return t("Nothing chosen yet")
    price = CURRENCIES[at.services.catalog.shop().currency].show(guest.price)
    count = t.many("{count} service", "{count} services", len(guest.services))
    return t("{count} · {minutes} · from {price}", count=count, minutes=t.minutes(guest.minutes), price=price)
