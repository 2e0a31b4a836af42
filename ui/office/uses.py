"""What a device is used for; of a receipt printer also where its papers come out while it cannot print, and what only a person can see."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from hub.equipment.model import POWERS_HUB, Device
from hub.equipment.papers import SAMPLES
from ui.station.desk import Desk
from ui.station.parts import Drawn, box
from ui.station.printing import ROLES, device_name
from ui.texts import N_
from ui.widgets import chip, text

PRINTER, OFFICE_PRINTER = "receipt_printer", "office_printer"
ROLES_OF: Mapping[str, tuple[str, ...]] = {PRINTER: ("receipt", "ticket", "colour"), OFFICE_PRINTER: ("report",), "ups": (POWERS_HUB,)}
USES: Mapping[str, str] = {PRINTER: N_("What it prints"), OFFICE_PRINTER: N_("What it prints"), "ups": N_("What hangs on it")}
DRAWER_LEVELS: Mapping[str, str] = {
    "open_high": N_("high while it is open"),
    "open_low": N_("low while it is open"),
    "no_sensor": N_("it has none"),
}


class Use:
    """Part of the sheet of a device: what it is used for. `roles` are those chosen now."""

    def __init__(self, desk: Desk, device: Device) -> None:
        self._desk, self._kind = desk, device.info.kind if device.info else ""
        self.roles = set(device.info.roles) if device.info else set[str]()
        self._drawn = Drawn(self._draw, "cs-column")

    def _draw(self) -> None:
        t = self._desk.t
        text(t(USES[self._kind]), "cs-label")
        with box("desk-chips cs-wrap"):
            for role in ROLES_OF[self._kind]:
                chip(t(ROLES[role]), partial(self._turn, role), chosen=role in self.roles)

    def _turn(self, role: str) -> None:
        self.roles ^= {role}
        self._drawn.redraw()


class PrinterUse(Use):
    """That of a receipt printer; `fallback` and `seen` are what else is chosen. `seen`: values of its profile, none at first."""

    def __init__(self, desk: Desk, device: Device) -> None:
        self.fallback = desk.ask.equipment.printers.fallback_of(device.id)
        self.seen: dict[str, str] = {}
        self._others = [d for d in desk.ask.equipment.devices(desk.reader()) if d.info and d.info.kind == PRINTER and d.id != device.id]
        super().__init__(desk, device)

    def _draw(self) -> None:
        super()._draw()
        t = self._desk.t
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

    def _choose(self, fallback: str) -> None:
        self.fallback = fallback
        self._drawn.redraw()


def use_of(desk: Desk, device: Device) -> Use | None:
    """The part for this kind, drawn where it is called; None where a kind has but one use."""
    kind = device.info.kind if device.info else ""
    if kind not in ROLES_OF:
        return None
    return PrinterUse(desk, device) if kind == PRINTER else Use(desk, device)
