"""The form that takes one device in: its name and kind, where it is, and what only a person knows of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from pydantic import ValidationError

from hub.equipment import DeviceSpec
from hub.errors import InvalidInput
from hub.ids import TapId
from ui.office.uses import OFFICE_PRINTER, PRINTER, ROLES_OF, USES
from ui.station.desk import Desk
from ui.station.parts import Drawn, box, field
from ui.station.printing import DEVICE_KINDS, ROLES
from ui.texts import N_
from ui.widgets import chip, main_action, text

SCALE, DISPLAY = "scale", "customer_display"
ADOPTABLE = (
    PRINTER,
    OFFICE_PRINTER,
    "label_printer",
    "scanner",
    "card_reader",
    "card_terminal",
    SCALE,
    DISPLAY,
    "ups",
    "network_gear",
    "sensor",
)
_LANGUAGE = N_("The language it speaks; its manual names it")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One setting of a profile with few values; the first is the usual one. Names of protocols are the same in every language.

    `only`: another setting and the value it must have; else this one is neither shown nor sent.
    """

    name: str
    label: str
    values: Mapping[str, str]
    only: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """One setting of a profile that is typed; empty leaves it out. `only` as in Choice."""

    name: str
    label: str
    hint: str = ""
    usual: str = ""
    secret: bool = False
    only: tuple[str, str] | None = None


_V2C, _V3 = ("version", "v2c"), ("version", "v3")
_SNMP: tuple[Choice | Typed, ...] = (
    Choice(name="version", label=N_("Version of SNMP"), values={"v2c": "v2c", "v3": "v3"}),
    Typed(name="community", label=N_("Community (SNMP v2c)"), hint=N_("Empty: public"), secret=True, only=_V2C),
    Typed(name="user", label=N_("SNMP user"), only=_V3),
    Choice(
        name="auth",
        label=N_("How the user proves who it is"),
        values={"sha": "SHA", "sha256": "SHA-256", "sha512": "SHA-512", "md5": "MD5", "none": N_("Not at all")},
        only=_V3,
    ),
    Typed(name="auth_key", label=N_("Key of the user"), hint=N_("At least eight characters"), secret=True, only=_V3),
    Choice(name="priv", label=N_("How it is encrypted"), values={"aes": "AES", "des": "DES", "none": N_("Not at all")}, only=_V3),
    Typed(name="priv_key", label=N_("Key of the encryption"), hint=N_("At least eight characters"), secret=True, only=_V3),
)
_OF_SNMP = frozenset(setting.name for setting in _SNMP)

SETTINGS: Mapping[str, tuple[Choice | Typed, ...]] = {
    SCALE: (Choice(name="dialect", label=_LANGUAGE, values={"toledo_8217": "Toledo 8217", "mt_sics": "MT-SICS", "cas": "CAS"}),),
    "label_printer": (
        Choice(name="language", label=_LANGUAGE, values={"zpl": "ZPL", "tspl": "TSPL"}),
        Typed(name="width_mm", label=N_("Width of a label in mm"), usual="60"),
        Typed(name="height_mm", label=N_("Height of a label in mm"), usual="40"),
    ),
    "card_reader": (
        Choice(name="frame", label=N_("How it sends a number"), values={"cr": N_("With Enter behind it"), "stx_etx": "STX … ETX"}),
        Choice(
            name="number",
            label=N_("The numbers of its cards"),
            values={"decimal": N_("Digits"), "hex": N_("Hexadecimal"), "hex_as_decimal": N_("Hexadecimal, as the digits on the card")},
        ),
        Choice(name="checksum", label=N_("Checksum behind the number"), values={"none": N_("None"), "xor": "XOR"}),
        Typed(name="digits", label=N_("Characters of a number"), usual="10"),
    ),
    DISPLAY: (
        Choice(name="dialect", label=_LANGUAGE, values={"escpos": "ESC/POS", "cd5220": "CD5220"}),
        Choice(
            name="charset",
            label=N_("The characters it can show"),
            values={"ascii": N_("Latin letters only"), "gbk": N_("Chinese too (GBK)")},
        ),
    ),
    "card_terminal": (
        Choice(
            name="framing", label=N_("How it is connected"), values={"tcp": N_("Network: tcp://address:20007"), "serial": N_("Serial line")}
        ),
        Choice(name="prints", label=N_("Who prints its receipts"), values={"terminal": N_("The terminal"), "till": N_("The till")}),
        Typed(name="password", label=N_("Password of the terminal"), hint=N_("Empty: 000000"), secret=True),
    ),
    "ups": (
        Typed(name="ups", label=N_("Its name in NUT"), hint=N_("Empty when there is only one; the address is tcp://address:3493")),
        Typed(name="low_minutes", label=N_("Nearly empty with so many minutes left"), hint=N_("Empty: when it says so itself")),
        *_SNMP,
    ),
    "sensor": (
        Typed(name="temperature_max", label=N_("Warmest it may be (°C)"), hint=N_("Empty: any")),
        Typed(name="temperature_min", label=N_("Coldest it may be (°C)"), hint=N_("Empty: any")),
    ),
    "network_gear": _SNMP,
}


class Adoption:
    """The form. `adopted` is called when the device host has taken the device in."""

    def __init__(self, desk: Desk, found: Mapping[str, Any], adopted: Callable[[], None]) -> None:
        self._desk, self._adopted = desk, adopted
        self._choose(str(found.get("kind") or PRINTER))
        t = desk.t
        self._name = field(t("Name"), value=str(found["name"])[:60])
        self._address = field(t("Address"), value=str(found["address"]), hint=t("tcp://address:9100 for a network printer"))
        text(t("Kind"), "cs-label")
        self._kinds = Drawn(self._draw_kinds, "desk-chips cs-wrap")
        self._rest = Drawn(self._draw_rest, "cs-column")
        main_action(t, t("Take in"), self._adopt, icon="add")

    def _choose(self, kind: str) -> None:
        self._kind = kind
        self._roles = {PRINTER: {"receipt", "ticket"}, OFFICE_PRINTER: {"report"}}.get(kind, set[str]())
        self._profile = {s.name: next(iter(s.values)) if isinstance(s, Choice) else s.usual for s in SETTINGS.get(kind, ())}

    def _draw_kinds(self) -> None:
        t = self._desk.t
        for kind in ADOPTABLE:
            chip(t(DEVICE_KINDS[kind]), partial(self._choose_kind, kind), chosen=kind == self._kind)

    def _choose_kind(self, kind: str) -> None:
        self._choose(kind)
        self._kinds.redraw()
        self._rest.redraw()

    def _draw_rest(self) -> None:
        t = self._desk.t
        for setting in filter(self._is_asked, SETTINGS.get(self._kind, ())):
            if isinstance(setting, Choice):
                self._draw_choice(setting)
            else:
                hint = t(setting.hint) if setting.hint else ""
                made = field(t(setting.label), partial(self._set, setting.name), value=self._profile[setting.name], hint=hint)
                if setting.secret:
                    made.props("type=password autocomplete=new-password")
        if roles := ROLES_OF.get(self._kind):
            text(t(USES[self._kind]), "cs-label")
            with box("desk-chips cs-wrap"):
                for role in roles:
                    chip(t(ROLES[role]), partial(self._turn_role, role), chosen=role in self._roles)

    def _is_asked(self, setting: Choice | Typed) -> bool:
        return setting.only is None or self._profile[setting.only[0]] == setting.only[1]

    def _draw_choice(self, setting: Choice) -> None:
        t = self._desk.t
        text(t(setting.label), "cs-label")
        with box("desk-chips cs-wrap"):
            for value, name in setting.values.items():
                chip(t(name), partial(self._take, setting.name, value), chosen=value == self._profile[setting.name])

    def _take(self, name: str, value: str) -> None:
        self._set(name, value)
        self._rest.redraw()

    def _set(self, name: str, value: str) -> None:
        self._profile[name] = value.strip()

    def _turn_role(self, role: str) -> None:
        self._roles ^= {role}
        self._rest.redraw()

    async def _adopt(self, tap_id: TapId) -> None:
        """What is typed is checked by the device host."""
        name, address = str(self._name.value or "").strip(), str(self._address.value or "").strip()
        asked = [setting.name for setting in filter(self._is_asked, SETTINGS.get(self._kind, ()))]
        if not address.startswith("snmp://"):  # a UPS behind NUT has no SNMP to be set up
            asked = [name for name in asked if name not in _OF_SNMP]
        profile = {setting: value for setting in asked if (value := self._profile[setting])}
        try:
            spec = DeviceSpec(kind=self._kind, name=name, address=address, roles=tuple(sorted(self._roles)), profile=profile)
        except ValidationError:
            raise InvalidInput(name=name, address=address) from None
        await self._desk.ask.equipment.adopt(self._desk.actor(), spec, tap_id)
        self._adopted()
