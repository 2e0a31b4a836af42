"""Devices: what each says of itself, taking new ones in, and a test print."""

from __future__ import annotations

from functools import partial
from typing import Any

from pydantic import ValidationError

from hub.access import Right
from hub.equipment import DeviceSpec
from hub.equipment.model import Device
from hub.errors import InvalidInput
from hub.ids import TapId
from ui.office.device_sheet import PRINTER, PRINTER_ROLES, DeviceSheet
from ui.office.services import OfficeServices
from ui.station.desk import Desk
from ui.station.parts import Drawn, box, field, heading
from ui.station.printing import DEVICE_CHANGES, DEVICE_KINDS, ROLES, device_name, draw_device, grams
from ui.widgets import InlineError, Kind, Sheet, act, chip, empty_state, loading, main_action, press, text

CHANGES = DEVICE_CHANGES
LABEL_PRINTER, SCALE, UPS = "label_printer", "scale", "ups"
NETWORK_GEAR = "network_gear"
ADOPTABLE = (PRINTER, LABEL_PRINTER, "scanner", SCALE, UPS, NETWORK_GEAR)
# What a profile calls the language, and the names of protocols, which are the same in every language of ours.
DIALECTS = {
    SCALE: ("dialect", {"toledo_8217": "Toledo 8217", "mt_sics": "MT-SICS", "cas": "CAS"}),
    LABEL_PRINTER: ("language", {"zpl": "ZPL", "tspl": "TSPL"}),
}
LABEL_MM = {"width_mm": 60, "height_mm": 40}


class Devices:
    """The devices section of the office."""

    def __init__(self, desk: Desk, services: OfficeServices) -> None:
        self._desk, self._services = desk, services
        self._list: Drawn | None = None

    def draw(self) -> None:
        """What there is on the left, what was found on the right."""
        t = self._desk.t
        self._sheet = Sheet(t, t("Take in a device"))
        self._one = DeviceSheet(self._desk, self._sheet, self.redraw)
        with box("desk-bar"):
            text(t("Devices"), "cs-t4 cs-grow", tag="h1")
        with box("desk-two desk-two-wide cs-grow"):
            self._list = Drawn(self._draw_list, "desk-panel cs-scroll", "section")
            with box("desk-panel cs-scroll", "section"):
                self._draw_search()

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
            if device.info and device.info.kind == PRINTER and desk.may(Right.RESOLVE_PRINTS):
                act(t, t("Test print"), partial(self._test, device.id), icon="print").repeats = True
            if device.info and device.info.kind == SCALE:
                act(t, t("Weigh"), partial(self._weigh, device), icon="scale").repeats = True
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

    def _ask_remove(self, device: Device) -> None:
        t = self._desk.t

        async def remove(_: TapId) -> None:
            await self._desk.ask.equipment.remove(self._desk.actor(), device.id)
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
            press(t("Network printer by address"), partial(self._ask_adopt, _NETWORK_PRINTER), icon="lan")
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
            press(t("Take in"), partial(self._ask_adopt, found), classes="cs-brand")

    def _ask_adopt(self, found: dict[str, Any]) -> None:
        with self._sheet:
            Adoption(self._desk, self._services, found, self._adopted)
        self._sheet.open(self._desk.t("Take in a device"))

    def _adopted(self) -> None:
        self._sheet.close()
        if not self._found.is_deleted:
            self._found.clear()
        self.redraw()


_NETWORK_PRINTER: dict[str, Any] = {"kind": PRINTER, "name": "", "address": "tcp://"}


class Adoption:
    """The form for one device: name, kind, what it is for."""

    def __init__(self, desk: Desk, services: OfficeServices, found: dict[str, Any], adopted: Any) -> None:
        self._desk, self._services, self._adopted = desk, services, adopted
        self._kind = str(found.get("kind") or PRINTER)
        self._roles = set(PRINTER_ROLES) if self._kind == PRINTER else set()
        self._dialect = self._ups = ""
        self._sizes: dict[str, Any] = {}
        self._community = ""
        t = desk.t
        self._name = field(t("Name"), value=str(found["name"])[:60])
        self._address = field(t("Address"), value=str(found["address"]), hint=t("tcp://address:9100 for a network printer"))
        text(t("Kind"), "cs-label")
        self._kinds = Drawn(self._draw_kinds, "desk-chips cs-wrap")
        self._uses = Drawn(self._draw_roles, "cs-column")
        main_action(t, t("Take in"), self._adopt, icon="add")

    def _draw_kinds(self) -> None:
        t = self._desk.t
        for kind in ADOPTABLE:
            chip(t(DEVICE_KINDS[kind]), partial(self._choose_kind, kind), chosen=kind == self._kind)

    def _choose_kind(self, kind: str) -> None:
        self._kind, self._roles = kind, set(PRINTER_ROLES) if kind == PRINTER else set()
        self._kinds.redraw()
        self._uses.redraw()

    def _draw_roles(self) -> None:
        t = self._desk.t
        if self._kind == UPS:
            hint = t("Empty when there is only one; the address is tcp://address:3493")
            field(t("Its name in NUT"), self._name_ups, value=self._ups, hint=hint)
        if self._kind in DIALECTS:
            self._draw_dialects(DIALECTS[self._kind][1])
        if self._kind == LABEL_PRINTER:
            names = {"width_mm": t("Width of a label in mm"), "height_mm": t("Height of a label in mm")}
            self._sizes = {size: field(names[size], value=str(mm)) for size, mm in LABEL_MM.items()}
        if self._kind == NETWORK_GEAR:
            self._draw_community()
        if self._kind != PRINTER:
            return
        text(t("What it prints"), "cs-label")
        with box("desk-chips cs-wrap"):
            for role in PRINTER_ROLES:
                chip(t(ROLES[role]), partial(self._turn_role, role), chosen=role in self._roles)

    def _draw_dialects(self, dialects: dict[str, str]) -> None:
        self._dialect = self._dialect if self._dialect in dialects else next(iter(dialects))
        text(self._desk.t("The language it speaks; its manual names it"), "cs-label")
        with box("desk-chips cs-wrap"):
            for dialect, name in dialects.items():
                chip(name, partial(self._choose_dialect, dialect), chosen=dialect == self._dialect)

    def _draw_community(self) -> None:
        def heard(typed: str) -> None:
            self._community = typed

        made = field(self._desk.t("Community (SNMP v2c)"), heard, value=self._community, hint=self._desk.t("Empty: public"))
        made.props("type=password autocomplete=new-password")

    def _choose_dialect(self, dialect: str) -> None:
        self._dialect = dialect
        self._uses.redraw()

    def _name_ups(self, name: str) -> None:
        self._ups = name.strip()

    def _turn_role(self, role: str) -> None:
        self._roles ^= {role}
        self._uses.redraw()

    def _profile(self) -> dict[str, Any]:
        """What the person said of the device; whether it is right the device host says."""
        profile: dict[str, Any] = {DIALECTS[self._kind][0]: self._dialect} if self._kind in DIALECTS else {}
        if self._kind == LABEL_PRINTER:
            profile |= {size: str(typed.value or "").strip() for size, typed in self._sizes.items()}
        if self._kind == UPS:
            profile["ups"] = self._ups
        if self._kind == NETWORK_GEAR and self._community:
            profile["community"] = self._community
        return profile

    async def _adopt(self, tap_id: TapId) -> None:
        name, address = str(self._name.value or "").strip(), str(self._address.value or "").strip()
        try:
            spec = DeviceSpec(kind=self._kind, name=name, address=address, roles=tuple(sorted(self._roles)), profile=self._profile())
        except ValidationError:
            raise InvalidInput(name=name, address=address) from None
        await self._desk.ask.equipment.adopt(self._desk.actor(), spec, tap_id)
        self._adopted()
