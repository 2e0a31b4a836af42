"""What a receipt printer is used for: which papers come out of it, and where they come out while it cannot print."""

from __future__ import annotations

from functools import partial

from hub.equipment.model import Device
from ui.station.desk import Desk
from ui.station.parts import Drawn, box
from ui.station.printing import ROLES, device_name
from ui.widgets import chip, text

PRINTER = "receipt_printer"
PRINTER_ROLES = ("receipt", "ticket", "colour")


class PrinterUse:
    """Part of the sheet of a printer; `roles` and `fallback` are what is chosen now."""

    def __init__(self, desk: Desk, device: Device) -> None:
        self._desk = desk
        self.roles = set(device.info.roles) if device.info else set[str]()
        self.fallback = desk.ask.equipment.printers.fallback_of(device.id)
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

    def _turn(self, role: str) -> None:
        self.roles ^= {role}
        self._drawn.redraw()

    def _choose(self, fallback: str) -> None:
        self.fallback = fallback
        self._drawn.redraw()
