"""Plain native buttons: light, focusable, and as large as the page's fingers need."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement

OnPress = Callable[[], Any]


class Press(TextElement):
    """A `<button>`. `on_press` may be a coroutine function. Children may be added with `with`."""

    def __init__(self, label: str, on_press: OnPress | None = None, *, icon: str = "", classes: str = "cs-press") -> None:
        super().__init__(tag="button", text="" if icon else label)
        self.classes(classes)
        self.props["type"] = "button"
        self._label: TextElement | None = None
        if icon:
            with self:
                _icon(icon)
                self._label = TextElement(tag="span", text=label) if label else None
        if on_press is not None:
            self.on("click", on_press, args=[])

    def relabel(self, label: str) -> None:
        """Change what the button says."""
        if self._label:
            self._label.text = label
        else:
            self.text = label

    def enable(self, on: bool) -> Press:  # noqa: FBT001 - the one thing this method says
        """Whether it can be pressed at all."""
        if on:
            self.props.pop("disabled", None)
        else:
            self.props["disabled"] = True
        self.update()
        return self

    def choose(self, on: bool) -> Press:  # noqa: FBT001
        """Whether it is the chosen one among its kind; seen, and heard by a screen reader."""
        self.classes(add="cs-chosen") if on else self.classes(remove="cs-chosen")
        self.props["aria-pressed"] = "true" if on else "false"
        self.update()
        return self

    def called(self, name: str) -> Press:
        """Give it a spoken name, when the label alone is a sign."""
        self.props["aria-label"] = name
        return self


def press(label: str, on_press: OnPress | None = None, *, icon: str = "", classes: str = "") -> Press:
    """A secondary button: outlined, on the page's surface. `classes`: cs-quiet (text only), cs-small, cs-wide, cs-danger, cs-brand."""
    return Press(label, on_press, icon=icon, classes=f"cs-press {classes}".strip())


def chip(label: str, on_press: OnPress | None = None, *, chosen: bool = False) -> Press:
    """A small round choice, such as a category or a filter."""
    return Press(label, on_press, classes="cs-press cs-chip").choose(chosen)


def tile(title: str, on_press: OnPress | None = None, *, lines: Sequence[str] = (), icon: str = "", chosen: bool | None = None) -> Press:
    """A large choice: a title, a line in muted ink below it (may be empty), and what is said on the right.

    `chosen` None means it is no either-or.
    """
    made = Press("", on_press, classes="cs-tile")
    with made:
        if icon:
            _icon(icon)
        with ui.element("span").classes("cs-tile-text"):
            TextElement(tag="span", text=title).classes("cs-tile-title")
            for line in filter(None, lines[:1]):
                TextElement(tag="span", text=line).classes("cs-tile-line")
        for line in lines[1:]:
            TextElement(tag="span", text=line).classes("cs-tile-end")
    if chosen is not None:
        made.choose(chosen)
    return made


def _icon(name: str) -> None:
    TextElement(tag="i", text=name).classes("material-icons cs-icon").props('aria-hidden="true"')
