"""A screen proves that it is alive: its browser, not the server, beats, so a hung browser falls silent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from nicegui import ui
from nicegui.element import Element
from nicegui.events import GenericEventArguments

EVERY_S = 5.0
AT_MS_MAX = 1e14  # the year 5138: a browser may say anything


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """One sign of life. `session` changes with every page load, `visible` is whether a person could see the page.

    `at_ms` is the browser's clock in milliseconds of the epoch; the battery is None where the browser tells of none.
    """

    screen: str
    page: str
    version: str
    visible: bool
    session: str
    at_ms: float | None = None
    battery_pct: int | None = None
    charging: bool | None = None


class _Heart(Element, component="beat.js"):
    pass


def beat(screen: str, on_beat: Callable[[Beat], Any], *, version: str, every_s: float = EVERY_S) -> None:
    """Call `on_beat` at once and every `every_s` seconds for as long as this page lives in its browser."""
    client = ui.context.client

    def heard(event: GenericEventArguments) -> Any:
        said = event.args if isinstance(event.args, dict) else {}
        level, charging, at = said.get("battery"), said.get("charging"), said.get("at")
        told = Beat(
            screen=screen,
            page=client.page.path,
            version=version,
            visible=said.get("visible") is True,
            session=client.id,
            at_ms=float(at) if isinstance(at, int | float) and 0 < at < AT_MS_MAX else None,
            battery_pct=round(level * 100) if isinstance(level, int | float) and 0 <= level <= 1 else None,
            charging=charging if isinstance(charging, bool) else None,
        )
        return on_beat(told)

    heart = _Heart()
    heart.props["every"] = every_s
    heart.on("beat", heard)
