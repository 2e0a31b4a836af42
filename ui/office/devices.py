"""Devices: what each says of itself, taking new ones in, and a test print."""

from __future__ import annotations

from functools import partial
from typing import Any

from hub.access import Right
from hub.equipment.model import TEST_LINES, Device, DeviceChange
from hub.ids import TapId
from ui.office.adoption import ADOPTABLE, DISPLAY, SCALE, Adoption
from ui.office.device_sheet import DeviceSheet
from ui.office.services import OfficeServices
from ui.office.uses import OFFICE_PRINTER, PRINTER
from ui.station.desk import Desk
from ui.station.parts import Drawn, box, heading
from ui.station.printing import DEVICE_CHANGES, DEVICE_KINDS, device_name, draw_device, grams
from ui.widgets import InlineError, Kind, Sheet, act, empty_state, loading, press, text

CHANGES = DEVICE_CHANGES
_BY_ADDRESS: dict[str, Any] = {"kind": PRINTER, "name": "", "address": "tcp://"}


class Devices:
    """The devices section of the office."""

    def __init__(self, desk: Desk, services: OfficeServices) -> None:
        self._desk, self._services = desk, services
        self._list: Drawn | None = None

    def draw(self) -> None:
        """What there is on the left, what was found on the right."""
        t = self._desk.t
        self._sheet = Sheet(t, t("Take in a device"))
        self._one = DeviceSheet(self._desk, self._sheet, self._services.self_tests, self.redraw)
        with box("desk-bar"):
            text(t("Devices"), "cs-t4 cs-grow", tag="h1")
        with box("desk-two desk-two-wide cs-grow"):
            self._list = Drawn(self._draw_list, "desk-panel cs-scroll", "section")
            with box("desk-panel cs-scroll", "section"):
                self._draw_search()

    def open(self, device_id: str) -> None:
        """The sheet of one device; nothing for one this shop does not have."""
        for device in self._desk.ask.equipment.devices(self._desk.reader()):
            if device.id == device_id:
                self._one.open(device)

    def redraw(self) -> None:
        """Show what is so now."""
        if self._list:
            self._list.redraw()

    def _draw_list(self) -> None:
        t, desk = self._desk.t, self._desk
        heading(t("In this shop"))
        devices = desk.ask.equipment.devices(desk.reader())
        for device in devices:
            draw_device(t, device, partial(self._draw_acts, device))
        if not devices:
            empty_state(t("No devices yet."), t("Look for devices on the right, and take in your printer and scanner."), icon="print")

    def _draw_acts(self, device: Device) -> None:
        t, desk = self._desk.t, self._desk
        with box("office-acts"):
            if device.info and device.info.kind in {PRINTER, OFFICE_PRINTER} and desk.may(Right.RESOLVE_PRINTS):
                act(t, t("Test print"), partial(self._test, device.id), icon="print").repeats = True
            if device.info and device.info.kind == SCALE:
                act(t, t("Weigh"), partial(self._weigh, device), icon="scale").repeats = True
            if device.info and device.info.kind == DISPLAY:
                act(t, t("Show a test text"), partial(self._show, device.id), icon="price_check").repeats = True
            press("", partial(self._one.open, device), icon="tune", classes="cs-quiet cs-square").called(
                t("More of {device}", device=device_name(t, device))
            )
            if device.info and device.info.kind in ADOPTABLE and desk.may(Right.CHANGE_DEVICES):
                press("", partial(self._ask_remove, device), icon="delete_outline", classes="cs-quiet cs-square").called(
                    t("Remove {device}", device=device_name(t, device))
                )

    async def _test(self, device: str, tap_id: TapId) -> None:
        await self._desk.ask.equipment.test_print(self._desk.actor(), device, tap_id)

    async def _weigh(self, device: Device, _: TapId) -> None:
        t = self._desk.t
        weight = await self._desk.ask.equipment.weigh(self._desk.actor(), device.id)
        with self._sheet:
            text(grams(t, weight.mg), "cs-t4 cs-figures")
        self._sheet.open(device_name(t, device))

    async def _show(self, device: str, _: TapId) -> None:
        await self._desk.ask.equipment.show(self._desk.actor(), device, TEST_LINES)

    def _ask_remove(self, device: Device) -> None:
        t = self._desk.t

        async def remove(tap_id: TapId) -> None:
            await self._desk.ask.equipment.remove(self._desk.actor(), device.id, tap_id)
            self._sheet.close()
            self.redraw()

        with self._sheet:
            text(t("The shop forgets this device. It can be taken in again at any time."))
            act(t, t("Remove it"), remove, kind=Kind.DANGER, icon="delete_outline")
        self._sheet.open(device_name(t, device))

    # Taking in

    def _draw_search(self) -> None:
        t = self._desk.t
        heading(t("Take in a device"))
        if not self._desk.may(Right.CHANGE_DEVICES):
            empty_state(t("Only a manager or a technician takes devices in."), icon="lock")
            return
        with box("cs-row cs-wrap"):
            press(t("Look for devices"), self._look, icon="search", classes="cs-brand")
            press(t("Take in by address"), partial(self._ask_adopt, _BY_ADDRESS), icon="lan")
        self._error = InlineError(t)
        self._found = box("cs-column")

    async def _look(self) -> None:
        t = self._desk.t
        self._found.clear()
        with self._found:
            loading(t)
        await self._desk.attempt(self._error, self._ask_host)

    async def _ask_host(self) -> None:
        t = self._desk.t
        try:
            candidates = await self._desk.ask.equipment.candidates(self._desk.actor())
        finally:
            self._found.clear()
        with self._found:
            new = [found for found in candidates if not found.get("adopted")]
            for found in new:
                self._draw_candidate(found)
            if not new:
                empty_state(t("Nothing new was found."), t("Plug the device in and switch it on, then look again."), icon="cable")

    def _draw_candidate(self, found: dict[str, Any]) -> None:
        t = self._desk.t
        with box("desk-device", "article"):
            with box("cs-grow"):
                with box("cs-row desk-tight-row cs-wrap"):
                    text(str(found["name"]), "cs-bold")
                    if found.get("simulated"):
                        text(t("SIMULATED"), "desk-simulated")
                kind = str(found.get("kind") or "")
                text(f"{t(DEVICE_KINDS[kind]) if kind in DEVICE_KINDS else t('Unknown kind')} · {found['address']}", "cs-muted cs-t1")
                if moved := self._moved(found):
                    text(t("This is {device}; its address has changed.", device=device_name(t, moved)), "cs-t1")
            if moved:
                act(t, t("It is here now"), partial(self._follow, moved.id, str(found["address"])), icon="move_down")
            else:
                press(t("Take in"), partial(self._ask_adopt, found), classes="cs-brand")

    def _moved(self, found: dict[str, Any]) -> Device | None:
        """The device of this shop that was found at another address than its own."""
        desk = self._desk
        return next((device for device in desk.ask.equipment.devices(desk.reader()) if device.id == found.get("moved")), None)

    async def _follow(self, device: str, address: str, tap_id: TapId) -> None:
        await self._desk.ask.equipment.change(self._desk.actor(), device, DeviceChange(address=address), tap_id)
        self._adopted()

    def _ask_adopt(self, found: dict[str, Any]) -> None:
        with self._sheet:
            Adoption(self._desk, found, self._adopted)
        self._sheet.open(self._desk.t("Take in a device"))

    def _adopted(self) -> None:
        self._sheet.close()
        if not self._found.is_deleted:
            self._found.clear()
        self.redraw()
