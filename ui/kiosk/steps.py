"""What every step is handed, and the shape they share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from nicegui import ui

from ui.kiosk.guest import Guest, Step
from ui.kiosk.services import KioskServices
from ui.texts import Texts
from ui.widgets import text


class AtKiosk(Protocol):
    """The screen a step is shown on."""

    services: KioskServices
    guest: Guest
    on_print: Callable[[], None] | None  # set by a step that shows a print job; forgotten with the step

    @property
    def t(self) -> Texts:
        """The words of this guest's language."""
        ...

    def go(self, step: Step) -> None:
        """Show another step."""
        ...

    def start_over(self) -> None:
        """The next guest."""
        ...


@contextmanager
def question(words: str, explained: str = "") -> Iterator[None]:
    """The one question of a step above what answers it; the answers scroll when there are many."""
    with ui.element("div").classes("kiosk-question"):
        text(words, tag="h1")
        if explained:
            text(explained, "kiosk-explained", tag="p")
    with ui.element("div").classes("kiosk-answers cs-scroll"):
        yield


@contextmanager
def actions() -> Iterator[None]:
    """The lower third, where hands are."""
    with ui.element("div").classes("kiosk-actions"):
        yield
