"""A call fills the screen, with a chime, and goes away by itself."""

from __future__ import annotations

from nicegui.element import Element

from ui.texts import Texts

SHOWN_S = 6.0


class Announcer(Element, component="announcer.js"):
    """Shows one call after the other, each for `shown_s` seconds. The browser keeps the queue: a call is never drawn twice."""

    def __init__(self, t: Texts, *, shown_s: float = SHOWN_S) -> None:
        super().__init__()
        self.props["shown"] = shown_s
        self.props["words"] = {
            "please": t("Now calling number"),
            "come": t("please come to the desk"),
            "to": t("please come to {stylist}", stylist="{stylist}"),
            "mute": t("Sound is off. Touch the screen once to turn it on."),
        }

    def call(self, ticket: int, stylist: str) -> None:
        """Announce a number; `stylist` may be empty."""
        self.run_method("call", ticket, stylist)
