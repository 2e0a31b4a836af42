"""A page nobody touches gives itself up, so that the next guest never sees the last one's steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nicegui.element import Element


class Idle(Element, component="idle.js"):
    """Calls `on_over()` after `limit_s` seconds without a touch; the last `warn_s` of them are counted down on the screen.

    `sentence` holds `{seconds}`. `touches=False` counts down whatever happens (a done page). The browser keeps the time, so a
    touch never waits for the network; the page forgets on the server too, when the browser goes away.
    """

    def __init__(self, on_over: Callable[[], Any], sentence: str, *, limit_s: float, warn_s: float, touches: bool = True) -> None:
        super().__init__()
        self.props["limit"] = limit_s
        self.props["warn"] = warn_s
        self.props["touches"] = touches
        self.props["sentence"] = sentence
        self.on("over", on_over, args=[])
