"""A sheet from the right edge: edits one thing without leaving the page."""

from __future__ import annotations

from typing import Self

from nicegui import ui

from ui.texts import Texts
from ui.widgets.parts import text
from ui.widgets.press import press


class Sheet:
    """`sheet = Sheet(t, title)`; fill it with `with sheet:` (which empties it first), then `open()`. Escape and the cross close it."""

    def __init__(self, t: Texts, title: str) -> None:
        self._dialog = ui.dialog().props('position="right" full-height').classes("cs-sheet-dialog")
        with self._dialog, ui.element("section").classes("cs-sheet").props('aria-modal="true" role="dialog"'):
            with ui.element("header").classes("cs-sheet-head"):
                self._title = text(title, "cs-t3", tag="h2")
                press("", self.close, icon="close", classes="cs-quiet cs-square").called(t("Close"))
            self.body = ui.element("div").classes("cs-sheet-body")

    def __enter__(self) -> Self:
        self.body.clear()
        self.body.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.body.__exit__(*_)

    def open(self, title: str | None = None) -> None:
        """Slide it in, under another title when one is given."""
        if title is not None:
            self._title.text = title
        self._dialog.open()

    def close(self) -> None:
        """Slide it out; nothing is saved by closing."""
        self._dialog.close()
