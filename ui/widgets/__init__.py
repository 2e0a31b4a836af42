"""What every page is made of; nothing here knows a service.

| to show | use |
| --- | --- |
| the one thing to do on this page | `main_action(t, label, on_tap)` |
| another act of the shop | `act(t, label, on_tap, kind=…)` |
| a step on this page that changes nothing in the shop | `press(label, on_press)`, `tile(title, on_press)`, `chip(label, on_press)` |
| a refusal, where the finger is | `InlineError(t)` (every act has one of its own) |
| digits | `Keypad(t, on_change)` |
| a side sheet | `Sheet(t, title)` |
| nothing, a state, an amount, a stylist | `empty_state`, `status_dot`, `money`, `stylist_chip` |
| a page that must give up by itself | `Idle` |
| a screen that must prove it is alive | `beat` |

An act gets a TapId when it is armed, not when it is pressed, so a double press is one tap.
"""

from ui.widgets.acts import Act, Kind, act, main_action
from ui.widgets.beat import Beat, beat
from ui.widgets.errors import InlineError
from ui.widgets.idle import Idle
from ui.widgets.keypad import Keypad
from ui.widgets.language import language_switch
from ui.widgets.parts import empty_state, loading, money, status_dot, stylist_chip, text
from ui.widgets.press import Press, chip, press, tile
from ui.widgets.sheet import Sheet

__all__ = [
    "Act",
    "Beat",
    "Idle",
    "InlineError",
    "Keypad",
    "Kind",
    "Press",
    "Sheet",
    "act",
    "beat",
    "chip",
    "empty_state",
    "language_switch",
    "loading",
    "main_action",
    "money",
    "press",
    "status_dot",
    "stylist_chip",
    "text",
    "tile",
]
