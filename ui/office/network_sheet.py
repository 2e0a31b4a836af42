"""Where one device hangs, now and before, and its label; and whose a network card is."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from pydantic import ValidationError

from hub.equipment.model import Device
from hub.equipment.network_model import Cable, Place
from hub.errors import InvalidInput
from hub.ids import TapId
from ui.office.services import OfficeServices
from ui.station.desk import Desk
from ui.station.parts import Drawn, box, field, heading
from ui.station.printing import device_name
from ui.widgets import Sheet, act, chip, main_action, text


class PlaceSheet:
    """The side sheet of a device in the picture."""

    def __init__(self, desk: Desk, services: OfficeServices, sheet: Sheet) -> None:
        self._desk, self._services, self._sheet = desk, services, sheet
        self._gear = ""

    def open(self, device: Device, gear: Sequence[Device]) -> None:
        """Show it; `gear` are the network devices it could hang on."""
        t, network = self._desk.t, self._services.network
        place = network.cables(self._desk.actor()).get(device.id)
        others = [one for one in gear if one.id != device.id]
        self._gear = place.gear if place else ""
        with self._sheet:
            heading(t("Where it hangs"))
            if others:
                text(t("On which network device"), "cs-label")
                self._chips = Drawn(partial(self._draw_gear, others), "desk-chips cs-wrap")
            self._port = field(t("Port"), value=place.port if place else "", hint=t("as it is printed beside it, such as 7"))
            self._socket = field(t("Socket in the wall"), value=place.socket if place else "", hint=t("such as W-12"))
            main_action(t, t("Save"), partial(self._save, device.id), icon="save")
            act(t, t("Print its label"), partial(self._print, device.id), icon="qr_code_2").repeats = True
            past = network.places_of(self._desk.actor(), device.id)
            if past:
                heading(t("Where it hung"))
            for cable in past:
                self._draw_past(cable, gear)
        self._sheet.open(device_name(t, device))

    def _draw_gear(self, gear: Sequence[Device]) -> None:
        for one in gear:
            chip(device_name(self._desk.t, one), partial(self._choose, one.id), chosen=one.id == self._gear)

    def _choose(self, gear: str) -> None:
        self._gear = "" if self._gear == gear else gear
        self._chips.redraw()

    async def _save(self, device: str, tap_id: TapId) -> None:
        port, socket = str(self._port.value or "").strip(), str(self._socket.value or "").strip()
        try:
            place = Place(gear=self._gear, port=port, socket=socket) if self._gear or port or socket else None
        except ValidationError:
            raise InvalidInput(gear=self._gear, port=port, socket=socket) from None
        await self._services.network.plug(self._desk.actor(), device, place, tap_id)
        self._sheet.close()

    async def _print(self, device: str, tap_id: TapId) -> None:
        await self._services.labels.print_asset_label(self._desk.actor(), device, tap_id)

    def _draw_past(self, cable: Cable, gear: Sequence[Device]) -> None:
        t, clock = self._desk.t, self._desk.ask.clock
        names = {one.id: device_name(t, one) for one in gear}
        place = cable.place
        where = [t("{gear}, port {port}", gear=names.get(place.gear, place.gear), port=place.port)] if place.gear else []
        where += [t("socket {socket}", socket=place.socket)] if place.socket else []
        until = f"{clock.local(cable.until):%Y-%m-%d}" if cable.until else t("now")
        with box("cs-row cs-between"):
            text(" · ".join(where))
            text(f"{clock.local(cable.since):%Y-%m-%d} – {until}", "cs-muted cs-figures")


def name_card(desk: Desk, services: OfficeServices, sheet: Sheet, mac: str, said: str) -> None:
    """Ask whose a network card is."""
    t = desk.t
    with sheet:
        text(t("Find out what it is before you name it. If nobody knows it, pull its cable or change the password of the Wi-Fi."))
        text(mac, "cs-muted cs-figures")
        name = field(t("What it is"), value="" if said == mac else said[:60])

        async def save(tap_id: TapId) -> None:
            await services.network.know(desk.actor(), mac, str(name.value or ""), tap_id)
            sheet.close()

        main_action(t, t("It is ours"), save, icon="done")
    sheet.open(t("Unknown device"))
