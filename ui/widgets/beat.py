"""A screen proves that it is alive: its browser, not the server, beats, so a hung browser falls silent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from nicegui import ui
from nicegui.element import Element
from nicegui.events import GenericEventArguments

EVERY_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """One sign of life. `session` changes with every page load, `visible` is whether a person could see the page."""

    screen: str
    page: str
    version: str
    visible: bool
    session: str


class _Heart(Element, component="beat.js"):
    pass


def beat(screen: str, on_beat: Callable[[Beat], Any], *, version: str, every_s: float = EVERY_S) -> None:
    """Call `on_beat` at once and every `every_s` seconds for as long as this page lives in its browser."""
    client = ui.context.client

    def heard(event: GenericEventArguments) -> Any:
        told = Beat(screen=screen, page=client.page.path, version=version, visible=event.args is True, session=client.id)
        return on_beat(told)

    heart = _Heart()
    heart.props["every"] = every_s
    heart.on("beat", heard)
