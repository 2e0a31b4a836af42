"""The kiosk's page: its frame, its foot, and the way from step to step."""

from __future__ import annotations

from collections.abc import Callable

from nicegui import ui

from ui import texts, theme
from ui.kiosk import door, menu, number, person
from ui.kiosk.guest import Guest, Step
from ui.kiosk.services import KioskServices
from ui.texts import Texts
from ui.widgets import Idle, beat, language_switch, press, text

WARN_S = 10.0


def pages(services: KioskServices) -> None:
    """Register /kiosk."""

    @ui.page("/kiosk")
    def kiosk_page() -> None:
        Kiosk(services).show()


class Kiosk:
    """One kiosk screen: the guest in front of it and the step she sees. Lives and dies with the page in the browser."""

    def __init__(self, services: KioskServices) -> None:
        self.services = services
        self.guest = Guest()
        self.on_print: Callable[[], None] | None = None

    @property
    def t(self) -> Texts:
        """The words of this guest's language."""
        return texts.of(self.guest.language)

    def show(self) -> None:
        """Build the page around the steps."""
        with theme.page(self.t, self.t("Check-in"), theme.Look.KIOSK):
            self._room = ui.element("div").classes("kiosk")
        self._body = ui.query("body")
        actor = self.services.who()
        beat(actor.station, self.services.on_beat, version=self.services.version)
        self.services.refresh.on({"PrintJobMoved"}, self._print_moved)
        self.draw()

    def go(self, step: Step) -> None:
        """Show another step."""
        self.guest.step = step
        self.draw()

    def start_over(self) -> None:
        """The next guest: everything the last one said is gone."""
        self.guest = Guest()
        self.draw()

    def draw(self) -> None:
        """Show the step the guest is at, in her language and her size."""
        self._body.classes(
            add=" ".join(name for name, on in self._wishes().items() if on),
            remove=" ".join(name for name, on in self._wishes().items() if not on),
        )
        self._room.props["lang"] = self.guest.language.replace("_", "-")
        self.on_print = None
        self._room.clear()
        with self._room:
            self._head()
            with ui.element("section").classes(f"kiosk-step kiosk-{self.guest.step}"):
                STEPS[self.guest.step](self)
            self._foot()

    def _print_moved(self) -> None:
        if self.on_print:
            self.on_print()

    def _wishes(self) -> dict[str, bool]:
        return {"cs-large": self.guest.large, "cs-contrast": self.guest.contrast}

    def _head(self) -> None:
        with ui.element("header").classes("kiosk-head"):
            text(self.services.catalog.shop().name, "kiosk-shop")
            if self.guest.step in self.guest.path:
                place, of = self.guest.path.index(self.guest.step) + 1, len(self.guest.path)
                with ui.element("ol").classes("kiosk-dots").props('role="img"') as dots:
                    dots.props["aria-label"] = self.t("Step {place} of {of}", place=place, of=of)
                    for dot in range(1, of + 1):
                        ui.element("li").classes("kiosk-dot-here" if dot == place else "kiosk-dot-past" if dot < place else "")

    def _foot(self) -> None:
        t, guest = self.t, self.guest
        if not guest.fresh and guest.step is not Step.DONE:
            sentence = t("Are you still there? Starting over in {seconds} s", seconds="{seconds}")
            Idle(self.start_over, sentence, limit_s=self.services.idle_s, warn_s=min(WARN_S, self.services.idle_s))
        with ui.element("footer").classes("kiosk-foot"):
            if guest.step in guest.path:
                press(t("Back"), lambda: self.go(guest.before), icon="arrow_back", classes="kiosk-back")
            with ui.element("div").classes("kiosk-switches"):
                press("A+", self._larger, classes="cs-chip").choose(guest.large).called(t("Larger text"))
                press("", self._stronger, icon="contrast", classes="cs-chip cs-square").choose(guest.contrast).called(
                    t("Stronger contrast")
                )
            language_switch(t, self._speak)

    def _speak(self, language: str) -> None:
        if language != self.guest.language:  # drawn anew, the page would lose what is touched next
            self.guest.language = language
            self.draw()

    def _larger(self) -> None:
        self.guest.large = not self.guest.large
        self.draw()

    def _stronger(self) -> None:
        self.guest.contrast = not self.guest.contrast
        self.draw()


STEPS = {
    Step.WELCOME: door.welcome,
    Step.PHONE: person.phone,
    Step.PRIVACY: person.privacy,
    Step.SERVICES: menu.services,
    Step.STYLIST: number.stylist,
    Step.DONE: number.done,
}
