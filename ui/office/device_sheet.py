"""One device: its name and use, how it is and was, switched off and on, another one put in its place."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from pydantic import ValidationError

from hub.access import Right
from hub.equipment import DeviceChange
from hub.equipment.model import Device, Moment
from hub.errors import InvalidInput
from hub.ids import TapId
from hub.ports import Health
from ui.station.desk import Desk
from ui.station.parts import Drawn, box, fact, field, heading
from ui.station.printing import ROLES, device_name, device_words
from ui.station.reasons import HEALTH, joined, words
from ui.texts import N_
from ui.widgets import Kind, Sheet, act, chip, main_action, status_dot, text

HISTORY_SHOWN = 20
PRINTER = "receipt_printer"
PRINTER_ROLES = ("receipt", "ticket")
FIGURES = {
    "waiting": N_("Commands that wait"),
    "drawer_open": N_("Drawer open"),
    "fence_ms": N_("Last confirmation took (ms)"),
    "glyphs_missing": N_("Characters no font had"),
    "answers_dropped": N_("Answers not understood"),
    "answers_refused": N_("Answers not understood"),
    "last_receipt_no": N_("Number of its last receipt"),
    "scans": N_("Codes read"),
    "refused": N_("Not taken for a code"),
    "garbage_bytes": N_("Bytes of garbage"),
    "heat_c": N_("Temperature (°C)"),
    "under_voltage": N_("Too little power"),
    "under_voltage_since_start": N_("Too little power since it started"),
    "disk_free_mb": N_("Free storage (MB)"),
    "disk_worn_pct": N_("Storage worn (%)"),
    "memory_free_mb": N_("Free memory (MB)"),
    "clock_set": N_("Clock was set"),
    "page": N_("Page"),
    "version": N_("Version"),
    "reloads": N_("Loaded again"),
}


class DeviceSheet:
    """The side sheet of a device. `changed` is called when the list behind it is no longer right."""

    def __init__(self, desk: Desk, sheet: Sheet, changed: Callable[[], None]) -> None:
        self._desk, self._sheet, self._changed = desk, sheet, changed
        self._roles: set[str] = set()

    def open(self, device: Device) -> None:
        """Show it; whoever may not change devices only looks."""
        t = self._desk.t
        with self._sheet:
            self._state = Drawn(partial(self._draw_state, device.id), "cs-column")
            if device.info and device.info.kind not in {"presence", "hub_board"} and self._desk.may(Right.CHANGE_DEVICES):
                self._draw_settings(device)
            heading(t("How it was"))
            for moment in self._desk.ask.equipment.history(self._desk.actor(), device.id, HISTORY_SHOWN):
                self._draw_moment(moment)
        self._sheet.open(device_name(t, device))

    # how it is

    def _draw_state(self, device_id: str) -> None:
        t, desk = self._desk.t, self._desk
        device = next((d for d in desk.ask.equipment.devices(desk.reader()) if d.id == device_id), None)
        if device is None or device.state is None:
            return
        tone, health = HEALTH[device.health]
        status_dot(tone, t(health))
        sentence, action = device_words(t, device)
        if sentence:
            text(joined(t, sentence, action), "cs-muted")
        if device.info:
            for name, value in (
                (t("Model"), device.info.model),
                (t("Serial number"), device.info.serial),
                (t("Firmware"), device.info.firmware),
            ):
                if value:
                    fact(name, value)
        for name, figure in device.state.figures.items():
            if figure is not None and name in FIGURES:
                fact(t(FIGURES[name]), _said(t("yes"), t("no"), figure))
        act(t, t("Look now"), partial(self._look, device.id), icon="refresh").repeats = True

    async def _look(self, device: str, _: TapId) -> None:
        await self._desk.ask.equipment.look(self._desk.actor(), device)
        self._state.redraw()

    def _draw_moment(self, moment: Moment) -> None:
        t, desk = self._desk.t, self._desk
        tone, health = HEALTH[moment.health]
        with box("cs-row cs-between"):
            sentence, _ = words(t, moment.reason, "", "") if moment.reason and moment.health is not Health.ONLINE else ("", "")
            status_dot(tone, sentence or t(health))
            text(f"{desk.ask.clock.local(moment.at):%m-%d %H:%M}", "cs-muted cs-figures")

    # settings

    def _draw_settings(self, device: Device) -> None:
        t = self._desk.t
        info = device.info
        assert info is not None  # noqa: S101 - the caller looked
        self._name = field(t("Name"), value=info.name)
        self._roles = set(info.roles)
        if info.kind == PRINTER:
            text(t("What it prints"), "cs-label")
            self._uses = Drawn(self._draw_roles, "desk-chips cs-wrap")
        self._address = field(t("Address of another device that takes its place"), hint=t("Empty: this device stays where it is."))
        main_action(t, t("Save"), partial(self._save, device), icon="save")
        enabled = device.health is not Health.DISABLED
        act(
            t,
            t("Switch off in this shop") if enabled else t("Switch on again"),
            partial(self._switch, device.id, not enabled),
            kind=Kind.DANGER if enabled else Kind.BRAND,
            icon="power_settings_new",
        )

    def _draw_roles(self) -> None:
        t = self._desk.t
        for role in PRINTER_ROLES:
            chip(t(ROLES[role]), partial(self._turn, role), chosen=role in self._roles)

    def _turn(self, role: str) -> None:
        self._roles ^= {role}
        self._uses.redraw()

    async def _save(self, device: Device, _: TapId) -> None:
        name, address = str(self._name.value or "").strip(), str(self._address.value or "").strip()
        try:
            wish = DeviceChange(name=name, roles=tuple(sorted(self._roles)), address=address or None)
        except ValidationError:
            raise InvalidInput(name=name, address=address) from None
        await self._desk.ask.equipment.change(self._desk.actor(), device.id, wish)
        self._sheet.close()
        self._changed()

    async def _switch(self, device: str, on: bool, _: TapId) -> None:  # noqa: FBT001
        await self._desk.ask.equipment.enable(self._desk.actor(), device, enabled=on)
        self._sheet.close()
        self._changed()


def _said(yes: str, no: str, figure: float | str | bool) -> str:  # noqa: FBT001
    if isinstance(figure, bool):
        return yes if figure else no
    return str(figure)
