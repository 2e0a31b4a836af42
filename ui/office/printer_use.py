"""What a receipt printer is used for, where its papers come out while it cannot print, and what only a person can see of it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from hub.equipment.model import Device
from hub.equipment.papers import SAMPLES
from ui.station.desk import Desk
from ui.station.parts import Drawn, box
from ui.station.printing import ROLES, device_name
from ui.texts import N_
from ui.widgets import chip, text

PRINTER = "receipt_printer"
PRINTER_ROLES = ("receipt", "ticket", "colour")
DRAWER_LEVELS: Mapping[str, str] = {
    "open_high": N_("high while it is open"),
    "open_low": N_("low while it is open"),
    "no_sensor": N_("it has none"),
}


class PrinterUse:
    """Part of the sheet of a printer; `roles`, `fallback` and `seen` are what is chosen now. `seen`: values of its profile, none at first."""

    def __init__(self, desk: Desk, device: Device) -> None:
        self._desk = desk
        self.roles = set(device.info.roles) if device.info else set[str]()
        self.fallback = desk.ask.equipment.printers.fallback_of(device.id)
        self.seen: dict[str, str] = {}
        self._others = [d for d in desk.ask.equipment.devices(desk.reader()) if d.info and d.info.kind == PRINTER and d.id != device.id]
        self._drawn = Drawn(self._draw, "cs-column")

    def _draw(self) -> None:
        t = self._desk.t
        text(t("What it prints"), "cs-label")
        with box("desk-chips cs-wrap"):
            for role in PRINTER_ROLES:
                chip(t(ROLES[role]), partial(self._turn, role), chosen=role in self.roles)
        if self._others:
            text(t("While it cannot print, its papers come out of"), "cs-label")
            with box("desk-chips cs-wrap"):
                chip(t("no other: they wait"), partial(self._choose, ""), chosen=not self.fallback)
                for other in self._others:
                    chip(device_name(t, other), partial(self._choose, other.id), chosen=self.fallback == other.id)

        text(t("Which line of its test print reads well?"), "cs-label")
        with box("desk-chips cs-wrap"):
            for number, (font, _) in SAMPLES.items():
                chip(str(number), partial(self._see, "chinese", font), chosen=self.seen.get("chinese") == font)
        text(t("The level of the drawer's sensor"), "cs-label")
        with box("desk-chips cs-wrap"):
            for level, name in DRAWER_LEVELS.items():
                chip(t(name), partial(self._see, "drawer", level), chosen=self.seen.get("drawer") == level)

    def _see(self, name: str, value: str) -> None:
        self.seen[name] = value
        self._drawn.redraw()

    def _turn(self, role: str) -> None:
        self.roles ^= {role}
        self._drawn.redraw()

    def _choose(self, fallback: str) -> None:
        self.fallback = fallback
        self._drawn.redraw()
