"""The shop's network: the picture of what hangs where, who is new on it, the way to the Internet, and a search on request."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from nicegui import ui

from hub.access import Right
from hub.equipment.model import Device
from hub.equipment.network_model import Card, Picture, Spot
from hub.ids import TapId
from hub.ports import Health
from ui.office.network_sheet import PlaceSheet, name_card
from ui.office.services import OfficeServices
from ui.station.desk import Desk
from ui.station.parts import Drawn, box, fact, heading
from ui.station.printing import DEVICE_CHANGES, DEVICE_KINDS, device_words
from ui.station.reasons import HEALTH, joined
from ui.texts import N_
from ui.widgets import InlineError, Sheet, act, empty_state, loading, press, status_dot, text

CHANGES = DEVICE_CHANGES | {"UnknownCardAppeared", "NetworkCardNamed", "CableRecorded"}
LOOK_AGAIN_S = 1.0
INTERNET = "internet"
ICONS = {
    "hub": "memory",
    "router": "router",
    "network_gear": "device_hub",
    "card": "help_outline",
    "receipt_printer": "print",
    "label_printer": "label",
    "scanner": "qr_code_scanner",
    "scale": "scale",
    "ups": "battery_charging_full",
    "customer_display": "price_check",
    "presence": "tv",
    "hub_board": "developer_board",
}
# what is shown of the way to the Internet: the figure and its unit
MEASURED = (
    ("gateway_ms", N_("Router"), N_("{number} ms")),
    ("dns_ms", N_("Names"), N_("{number} ms")),
    ("far_ms", N_("Host outside"), N_("{number} ms")),
    ("hq_ms", N_("Head office"), N_("{number} ms")),
    ("gateway_loss_pct", N_("Lost in the shop"), N_("{number} %")),
    ("far_loss_pct", N_("Lost on the line"), N_("{number} %")),
)


class Network:
    """The network section of the office."""

    def __init__(self, desk: Desk, services: OfficeServices) -> None:
        self._desk, self._services = desk, services
        self._picture: Picture | None = None
        self._tree: Drawn | None = None
        self._side: Drawn | None = None

    def draw(self) -> None:
        """The picture on the left; on the right what is new, and the way out."""
        t = self._desk.t
        self._sheet = Sheet(t, t("Network"))
        self._place = PlaceSheet(self._desk, self._services, self._sheet)
        with box("desk-bar"):
            text(t("Network"), "cs-t4 cs-grow", tag="h1")
            if self._desk.may(Right.CHANGE_DEVICES):
                act(t, t("Search the network"), self._sweep, icon="travel_explore").repeats = True
            press(t("Look again"), self._load, icon="refresh")
        self._error = InlineError(t)
        with box("desk-two desk-two-wide cs-grow"):
            self._tree = Drawn(self._draw_tree, "desk-panel cs-scroll", "section")
            self._side = Drawn(self._draw_side, "desk-panel cs-scroll", "section")
        ui.timer(0, self._load, once=True)
        self._watching = ui.timer(LOOK_AGAIN_S, self._look_at_sweep, active=False)

    def redraw(self) -> None:
        """Show what is so now."""
        if self._side:
            self._side.redraw()
            ui.timer(0, self._load, once=True)

    async def _load(self) -> None:
        async def ask() -> None:
            self._picture = await self._services.network.picture(self._desk.actor())

        await self._desk.attempt(self._error, ask)
        if self._tree and not self._tree.is_deleted:
            self._tree.redraw()

    # searching

    async def _sweep(self, _: TapId) -> None:
        await self._services.network.sweep(self._desk.actor())
        self._watching.active = True
        if self._side:
            self._side.redraw()

    async def _look_at_sweep(self) -> None:
        progress = self._services.network.sweeping(self._desk.reader())
        if self._side and not self._side.is_deleted:
            self._side.redraw()
        if progress is None or progress.ended:
            self._watching.active = False
            await self._load()

    def _draw_sweep(self) -> None:
        t = self._desk.t
        progress = self._services.network.sweeping(self._desk.reader())
        if progress is None:
            return
        if progress.ended:
            words = t(
                "{subnet}: {count} addresses were asked. What was found stands under Devices.", subnet=progress.subnet, count=progress.of
            )
        else:
            words = t("{subnet}: {asked} of {count} addresses asked", subnet=progress.subnet, asked=progress.asked, count=progress.of)
        text(words, "net-progress").props('role="status"')

    # the picture

    def _draw_tree(self) -> None:
        t, picture = self._desk.t, self._picture
        heading(t("What hangs where"))
        if picture is None:
            loading(t)
            return
        with box("net-tree", "ul"):
            self._draw_spot(picture.root)
        if not picture.root.children and not picture.loose:
            empty_state(
                t("Nothing is known of the network yet."), t("Take in a router or switch under Devices, or search the network."), icon="lan"
            )
        if picture.loose:
            heading(t("Where it hangs is not known"), t("touch one to record its place"))
            with box("net-tree", "ul"):
                for spot in picture.loose:
                    self._draw_spot(spot)
        if picture.guests:
            words = t.many(
                "{count} phone or laptop that hides who it is, probably a guest's.",
                "{count} phones and laptops that hide who they are, probably guests'.",
                picture.guests,
            )
            text(words, "cs-muted")

    def _draw_spot(self, spot: Spot) -> None:
        with box("net-spot", "li").props(f'data-spot="{spot.id}"'):
            self._draw_line(spot)
            if spot.children:
                with box("net-children", "ul"):
                    for child in spot.children:
                        self._draw_spot(child)

    def _draw_line(self, spot: Spot) -> None:
        t = self._desk.t
        touch = self._touch(spot)
        with press("", touch, classes="net-line cs-quiet") if touch else box("net-line"):
            if spot.port:
                text(t("port {port}", port=spot.port), "net-port", tag="span")
            text(ICONS.get(spot.kind, "devices_other"), "material-icons", tag="i").props('aria-hidden="true"')
            with box("net-words", "span"):
                text(self._name(spot), "cs-bold cs-one-line", tag="span")
                text(" · ".join(self._about(spot)), "cs-muted cs-t1 cs-one-line", tag="span")
            if spot.device and spot.device.health is not Health.ONLINE:
                tone, word = HEALTH[spot.device.health]
                status_dot(tone, t(word))

    def _touch(self, spot: Spot) -> Callable[[], None] | None:
        if not self._desk.may(Right.CHANGE_DEVICES):
            return None
        if spot.device and self._picture:
            return partial(self._place.open, spot.device, gear_in(self._picture))
        if spot.kind == "card":
            return partial(self._ask_name, spot.mac, self._name(spot))
        return None

    def _name(self, spot: Spot) -> str:
        t = self._desk.t
        named = {"hub": t("The hub itself"), "router": spot.name or t("Router")}
        kind = t(DEVICE_KINDS[spot.kind]) if spot.kind in DEVICE_KINDS else ""
        return named.get(spot.kind) or spot.name or kind or spot.mac

    def _about(self, spot: Spot) -> list[str]:
        t = self._desk.t
        said = [t(DEVICE_KINDS[spot.kind])] if spot.device and spot.kind in DEVICE_KINDS else []
        said += [spot.ip] if spot.ip else []
        said += [spot.mac] if spot.kind == "card" else []
        said += [t("socket {socket}", socket=spot.socket)] if spot.socket else []
        return said

    # beside it

    def _draw_side(self) -> None:
        t = self._desk.t
        self._draw_sweep()
        strangers = self._services.network.strangers(self._desk.reader())
        heading(t("New in the network"))
        for card in strangers:
            self._draw_stranger(card)
        if not strangers:
            empty_state(t("Nobody unknown."), t("A device nobody knows is shown here when it appears."), icon="verified_user")
        ways = [d for d in self._desk.ask.equipment.devices(self._desk.reader()) if d.info and d.info.kind == INTERNET]
        for way in ways:
            self._draw_way_out(way)

    def _draw_stranger(self, card: Card) -> None:
        t, desk = self._desk.t, self._desk
        with box("office-need cs-warn net-stranger", "article").props(f'data-card="{card.mac}"'):
            text("new_releases", "material-icons", tag="i").props('aria-hidden="true"')
            with box("cs-grow"):
                text(t("An unknown device appeared: {name}", name=card.said or card.maker or card.mac), "cs-bold")
                at = desk.ask.clock.local(card.appeared_at)
                text(
                    " · ".join(filter(None, (card.ip, card.mac, card.maker if card.said else "", f"{at:%m-%d} {t.clock(at)}"))),
                    "office-advice cs-t1",
                )
            if desk.may(Right.CHANGE_DEVICES):
                press(t("It is ours"), partial(self._ask_name, card.mac, card.said), classes="cs-small")

    def _ask_name(self, mac: str, said: str) -> None:
        name_card(self._desk, self._services, self._sheet, mac, said)

    def _draw_way_out(self, way: Device) -> None:
        t = self._desk.t
        heading(t("Way to the Internet"), t("SIMULATED") if way.info and way.info.simulated else "")
        tone, word = HEALTH[way.health]
        status_dot(tone, t(word))
        sentence, action = device_words(t, way)
        if sentence and way.health is not Health.ONLINE:
            text(joined(t, sentence, action), "cs-bold")
        figures = way.state.figures if way.state else {}
        with box("desk-facts"):
            for name, label, unit in MEASURED:
                if figures.get(name) is not None:
                    fact(t(label), t(unit, number=figures[name]))


def gear_in(picture: Picture) -> list[Device]:
    """Every network device of the picture."""
    found: list[Device] = []
    waiting = [picture.root, *picture.loose]
    for spot in waiting:
        waiting += spot.children
        if spot.device and spot.kind == "network_gear":
            found.append(spot.device)
    return found
