"""Small pieces without behaviour."""

from __future__ import annotations

from typing import Literal

from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement

from hub.money import CURRENCIES, Minor
from ui.texts import Texts

Tone = Literal["good", "warn", "bad", "idle"]
TONE_ICONS: dict[Tone, str] = {"good": "check_circle", "warn": "warning", "bad": "error", "idle": "help"}


def text(words: str, classes: str = "", tag: str = "div") -> TextElement:
    """Words in a plain element of `tag`, such as `h1` or `p`."""
    return TextElement(tag=tag, text=words).classes(classes)


def empty_state(sentence: str, advice: str = "", *, icon: str = "spa") -> ui.element:
    """What to show instead of an empty list: what is so, and what to do. Buttons may be added with `with`."""
    with ui.element("div").classes("cs-empty") as made:
        text(icon, "material-icons cs-empty-icon", tag="i").props('aria-hidden="true"')
        text(sentence, "cs-empty-sentence", tag="p")
        if advice:
            text(advice, "cs-empty-advice", tag="p")
    return made


def loading(t: Texts) -> ui.element:
    """Something is on its way."""
    with ui.element("div").classes("cs-loading").props('role="status"') as made:
        ui.label(t("One moment …"))
    return made


def status_dot(tone: Tone, word: str) -> ui.element:
    """A state as sign, colour and word, so that colour alone never carries the meaning."""
    with ui.element("span").classes(f"cs-status cs-{tone}") as made:
        text(TONE_ICONS[tone], "material-icons", tag="i").props('aria-hidden="true"')
        text(word, tag="span")
    return made


def money(amount: Minor, currency: str, *, size: int = 2) -> TextElement:
    """`¥1,280.00` in tabular figures. `currency` is a code the shop trades in, `size` a step of the type scale, 1 to 6."""
    return text(CURRENCIES[currency].show(amount), f"cs-money cs-t{size}", tag="span")


def stylist_chip(name: str, note: str = "") -> ui.element:
    """A stylist: a round sign with the first letter, the name, and what is said of her."""
    with ui.element("span").classes("cs-stylist") as made:
        text(name[:1], "cs-face", tag="span").props('aria-hidden="true"')
        text(name, "cs-stylist-name", tag="span")
        if note:
            text(note, "cs-stylist-note", tag="span")
    return made
