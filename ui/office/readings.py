"""What a third-party sensor measures now, and its plugs, on its sheet in the office."""

from __future__ import annotations

from functools import partial

from nicegui import ui

from hub.access import Right
from hub.equipment.model import Device
from hub.ids import TapId
from hub.ports import Reading
from ui.station.desk import Desk
from ui.station.parts import Drawn, fact, heading
from ui.texts import N_, Texts
from ui.widgets import act, text

LOOK_AGAIN_S = 1.0
NAMES = {
    "temperature": N_("Temperature"),
    "humidity": N_("Humidity"),
    "water": N_("Water"),
    "door": N_("Door"),
    "battery": N_("Battery"),
    "power": N_("Power"),
    "energy": N_("Energy"),
    "voltage": N_("Voltage"),
    "current": N_("Current"),
    "linkquality": N_("Radio link"),
    "switch": N_("Switched on"),
}
SAID = {"water": (N_("there is water"), N_("dry")), "door": (N_("open"), N_("closed"))}


class Readings:
    """Drawn where it is made, and again when something was measured."""

    def __init__(self, desk: Desk, device: Device) -> None:
        self._desk, self._device = desk, device
        heading(desk.t("What it measures"))
        self._drawn = Drawn(self._draw, "cs-column")
        self._shown = self._now()
        ui.timer(LOOK_AGAIN_S, self._look)

    def _now(self) -> dict[str, Reading]:
        return dict(self._desk.ask.sensors.readings(self._desk.reader(), self._device.id))

    def _look(self) -> None:
        if self._desk.still_here() and self._now() != self._shown:
            self._shown = self._now()
            self._drawn.redraw()

    def _draw(self) -> None:
        t, found = self._desk.t, self._now()
        for name, reading in found.items():
            fact(t(NAMES[name]) if name in NAMES else name, said(t, name, reading))
        if not found:
            text(t("Nothing has been measured yet."), "cs-muted")
        if not self._desk.may(Right.CHANGE_DEVICES):
            return
        for outlet in [name for name in found if name.startswith("switch")]:
            turn_on = found[outlet].value is not True
            label = t("Switch {outlet} on", outlet=outlet) if turn_on else t("Switch {outlet} off", outlet=outlet)
            act(t, label, partial(self._switch, outlet, turn_on), icon="power_settings_new").repeats = True

    async def _switch(self, outlet: str, on: bool, _: TapId) -> None:  # noqa: FBT001
        await self._desk.ask.sensors.switch(self._desk.actor(), self._device.id, on=on, outlet=outlet)
        self._drawn.redraw()


def said(t: Texts, name: str, reading: Reading) -> str:
    """A value with its unit, in the reader's words."""
    value = reading.value
    if value is None:
        return t("not known any more")
    if isinstance(value, bool):
        yes, no = SAID.get(name, (N_("yes"), N_("no")))
        return t(yes) if value else t(no)
    shown = f"{value:,.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else f"{value:,}"
    return f"{shown} {reading.unit}".rstrip()
