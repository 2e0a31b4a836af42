"""The three languages, each in its own words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nicegui import ui

from ui.texts import LANGUAGES, Texts
from ui.widgets.press import Press, chip


def language_switch(t: Texts, on_choose: Callable[[str], Any] | None = None) -> None:
    """Chips for the languages. Without `on_choose` this browser remembers the choice and the page loads again in it."""
    with ui.element("div").classes("cs-languages").props('role="group"') as group:
        group.props["aria-label"] = t("Language")
        for language, own_name in LANGUAGES.items():
            _choice(language, own_name, on_choose).choose(language == t.language).props["lang"] = language.replace("_", "-")


def _choice(language: str, own_name: str, on_choose: Callable[[str], Any] | None) -> Press:
    if on_choose is not None:
        return chip(own_name, lambda: on_choose(language))
    made = chip(own_name)
    made.on("click", js_handler=f"() => chairside.speak('{language}')")
    return made
