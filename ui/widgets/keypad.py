"""A pad of digits that answers at once: typing happens in the browser, the page hears of the value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from nicegui.element import Element
from nicegui.events import GenericEventArguments

from ui.texts import Texts

PadKind = Literal["phone", "pin", "secret", "digits", "amount"]


class Keypad(Element, component="keypad.js"):
    """Digits by finger or keyboard. `on_change(value)` hears the plain value: digits, for an amount with at most one point.

    phone: shown in groups; amount: has a point and `00`; pin: shown as dots; secret: a PIN that never leaves the browser by itself:
    `on_change` hears dots, a script takes it from `getElement(id).value`. `keyboard=False` leaves the keys to a scanner.
    """

    def __init__(
        self,
        t: Texts,
        on_change: Callable[[str], Any],
        *,
        kind: PadKind = "digits",
        longest: int = 11,
        keyboard: bool = True,
    ) -> None:
        super().__init__()
        self.value = ""
        self._on_change = on_change
        self.props["kind"] = kind
        self.props["longest"] = longest
        self.props["keyboard"] = keyboard
        self.props["words"] = {
            "back": t("Delete the last digit"),
            "value": t("Entered so far"),
            "typed": t("{count} digits entered", count="{count}"),
        }
        self.on("change", self._changed)

    def on_enter(self, handler: Callable[[], Any]) -> Keypad:
        """Call `handler` when Enter is pressed on a keyboard."""
        self.on("enter", handler, args=[])
        return self

    def empty(self) -> None:
        """Forget what was typed."""
        self.put("")

    def put(self, value: str) -> None:
        """Show `value` as if it had been typed; `on_change` is not called."""
        self.value = value
        self.run_method("put", value)

    def _changed(self, event: GenericEventArguments) -> Any:
        self.value = str(event.args)[:64]
        return self._on_change(self.value)
