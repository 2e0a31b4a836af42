"""A refusal or a failure in words, next to what was pressed."""

from __future__ import annotations

from nicegui import ui

from hub.errors import ChairsideError
from ui.texts import Texts


class InlineError(ui.element):
    """One sentence and one hint; takes no room while there is nothing to say. Screen readers hear it at once."""

    def __init__(self, t: Texts) -> None:
        super().__init__("div")
        self._t = t
        self.classes("cs-error").props('role="alert"')
        self.set_visibility(False)

    def show(self, wrong: ChairsideError) -> None:
        """Tell of `wrong` in this page's language."""
        said = self._t.error(wrong)
        self.say(said.sentence, said.hint)

    def say(self, sentence: str, hint: str = "") -> None:
        """Show two already translated lines."""
        self.clear()
        with self:
            ui.label(sentence).classes("cs-error-sentence")
            if hint:
                ui.label(hint).classes("cs-error-hint")
        self.set_visibility(True)

    def hush(self) -> None:
        """Nothing to say any more."""
        if self.visible:
            self.clear()
            self.set_visibility(False)
