"""Pieces that the desk and the office share; what every page uses is in ui/widgets."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nicegui import app, ui

from ui.theme import ASSETS
from ui.widgets import text

STATIC = Path(__file__).parent / "static"


def install() -> None:
    """Serve the desk's style and script and put them into the head of its pages. Once per process."""
    version = hashlib.sha256(b"".join(f.read_bytes() for f in sorted(STATIC.iterdir()))).hexdigest()[:12]
    app.add_static_files(_folder(version), STATIC, max_cache_age=365 * 24 * 3600)
    _Head.tags = f'<link rel="stylesheet" href="{_folder(version)}/desk.css"><script src="{_folder(version)}/desk.js"></script>'


def head() -> None:
    """Put the desk's style and script into this page."""
    ui.add_head_html(_Head.tags)


class _Head:
    tags = ""


def _folder(version: str) -> str:
    return f"{ASSETS}/desk-{version}"


class Drawn(ui.element):
    """A part of a page that can be drawn again: `build` fills it, `redraw()` empties it first."""

    def __init__(self, build: Callable[[], None], classes: str = "", tag: str = "div") -> None:
        super().__init__(tag)
        self.classes(classes)
        self._build = build
        with self:
            build()

    def redraw(self) -> None:
        """Show what is so now."""
        if self.is_deleted:
            return
        self.clear()
        with self:
            self._build()


def box(classes: str, tag: str = "div") -> ui.element:
    """A plain element that only holds others."""
    return ui.element(tag).classes(classes)


def heading(words: str, note: str = "") -> None:
    """The title of a section, with a muted note beside it."""
    with box("desk-heading"):
        text(words, "cs-t3", tag="h2")
        if note:
            text(note, "cs-muted")


def fact(name: str, value: str, classes: str = "") -> None:
    """One line: what it is on the left, its value on the right."""
    with box(f"desk-fact {classes}".strip()):
        text(name, "cs-muted", tag="span")
        text(value, "cs-figures", tag="span")


def field(label: str, on_change: Callable[[str], Any] | None = None, *, value: str = "", hint: str = "") -> ui.input:
    """One line of typed text under its label; `on_change` hears it while it is typed."""
    made = ui.input(label, value=value, on_change=(lambda event: on_change(str(event.value or ""))) if on_change else None)
    made.props("outlined autocomplete=off").classes("desk-field")
    if hint:
        made.props["hint"] = hint
    return made
