"""One device: its name and use, how it is and was, switched off and on, another one put in its place."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from pydantic import ValidationError

from hub.access import Right
from hub.equipment import DeviceChange, SelfTests
from hub.equipment.model import Device, Moment
from hub.errors import InvalidInput
from hub.ids import TapId
from hub.ports import Health
from ui.office import figures
from ui.office.readings import Readings
from ui.office.self_test import SelfTest
from ui.office.uses import PrinterUse, Use, use_of
from ui.station.desk import Desk
from ui.station.parts import Drawn, box, fact, field, heading
from ui.station.printing import device_name, device_words
from ui.station.reasons import HEALTH, joined, words
from ui.widgets import Kind, Sheet, act, main_action, status_dot, text

HISTORY_SHOWN = 20
SENSOR = "sensor"


class DeviceSheet:
    """The side sheet of a device. `changed` is called when the list behind it is no longer right."""

    def __init__(self, desk: Desk, sheet: Sheet, tests: SelfTests, changed: Callable[[], None]) -> None:
        self._desk, self._sheet, self._tests, self._changed = desk, sheet, tests, changed
        self._use: Use | None = None

    def open(self, device: Device) -> None:
        """Show it; whoever may not change devices only looks."""
        t = self._desk.t
        with self._sheet:
            self._state = Drawn(partial(self._draw_state, device.id), "cs-column")
            if device.info and device.info.kind not in {"presence", "hub_board", "internet"} and self._desk.may(Right.CHANGE_DEVICES):
                SelfTest(self._desk, self._tests, device)
                self._draw_settings(device)
            if device.info and device.info.kind == SENSOR:
                Readings(self._desk, device)
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
        for name, value in figures.said(t, desk.ask.clock, device.state.figures):
            fact(name, value)
        act(t, t("Look now"), partial(self._look, device.id), icon="refresh").repeats = True

    async def _look(self, device: str, _: TapId) -> None:
        await self._desk.ask.equipment.look(self._desk.actor(), device)
        self._state.redraw()

    def _draw_moment(self, moment: Moment) -> None:
        t, desk = self._desk.t, self._desk
        tone, health = HEALTH[moment.health]
        with box("cs-row cs-between"):
            sentence, _ = words(t, moment.reason, "", "") if moment.reason else ("", "")
            status_dot(tone, sentence or t(health))
            text(f"{desk.ask.clock.local(moment.at):%m-%d %H:%M}", "cs-muted cs-figures")

    # settings

    def _draw_settings(self, device: Device) -> None:
        t = self._desk.t
        heading(t("Settings"))
        info = device.info
        assert info is not None  # noqa: S101 - the caller looked
        self._name = field(t("Name"), value=info.name)
        self._use = use_of(self._desk, device)
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

    async def _save(self, device: Device, tap_id: TapId) -> None:
        name, address = str(self._name.value or "").strip(), str(self._address.value or "").strip()
        try:
            roles = tuple(sorted(self._use.roles)) if self._use else None
            profile = (self._use.seen if isinstance(self._use, PrinterUse) else None) or None
            wish = DeviceChange(name=name, roles=roles, address=address or None, profile=profile)
        except ValidationError:
            raise InvalidInput(name=name, address=address) from None
        await self._desk.ask.equipment.change(self._desk.actor(), device.id, wish, tap_id)
        if isinstance(self._use, PrinterUse):
            await self._desk.ask.equipment.printers.choose_fallback(self._desk.actor(), device.id, self._use.fallback)
        self._sheet.close()
        self._changed()

    async def _switch(self, device: str, on: bool, tap_id: TapId) -> None:  # noqa: FBT001
        await self._desk.ask.equipment.enable(self._desk.actor(), device, tap_id, enabled=on)
        self._sheet.close()
        self._changed()
