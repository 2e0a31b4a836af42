"""Draws the shop's network from what everybody tells of it. Pure: no question is asked here.

What a person recorded wins over what machines say. Between network devices LLDP wins over the tables of addresses; a device hangs where the
fewest cards are heard behind one port that leads to no other network device.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from hub.equipment.model import Device
from hub.equipment.network_model import Gear, Known, Neighbour, Picture, Place, Spot, mac_of

GEAR, INTERNET = "network_gear", "internet"
ON_THE_HUB = frozenset({"serial", "usb", "board"})
NO_GEAR = Gear()


@dataclass(frozen=True, slots=True)
class _Link:
    """A cable between two network devices, seen from the first one."""

    gear: str
    port: str
    other: str


def picture_of(known: Known) -> Picture:
    """The network from the hub outwards; every device stands in it exactly once."""
    return _Drawing(known).picture()


class _Drawing:
    def __init__(self, known: Known) -> None:
        self._known = known
        self._devices = {device.id: device for device in known.devices}
        self._gear = [device.id for device in known.devices if device.info and device.info.kind == GEAR]
        self._row = {row.device: row for row in known.neighbours.neighbours if row.device}
        self._links = list(self._found_links())
        self._uplinks = {(link.gear, link.port) for link in self._links}

    def picture(self) -> Picture:
        tree = self._tree()
        hung: dict[str, list[Spot]] = {}
        direct: list[Spot] = []
        loose: list[Spot] = []
        for spot, gear in (*self._placed_devices(), *self._placed_cards()):
            if gear in self._gear:
                hung.setdefault(gear, []).append(spot)
            elif spot.device and spot.device.info and spot.device.info.transport in ON_THE_HUB:
                direct.append(spot)
            else:
                loose.append(spot)
        router = self._router(tree, hung)
        root = Spot(id="hub", name="", kind="hub", children=(*_ordered(direct), *([router] if router else [])))
        guests = sum(row.random and not row.device for row in self._known.neighbours.neighbours)
        return Picture(root=root, loose=_ordered(loose), guests=guests, watching=self._known.neighbours.watching)

    # between network devices

    def _found_links(self) -> Iterator[_Link]:
        """What was recorded, then LLDP, then addresses: the first that speaks of a pair counts."""
        said: set[tuple[str, str]] = set()
        for link in (*self._recorded_links(), *self._lldp_links(), *self._heard_links()):
            if link.gear != link.other and (link.gear, link.other) not in said:
                said.add((link.gear, link.other))
                yield link

    def _recorded_links(self) -> Iterator[_Link]:
        for device, place in self._known.cables.items():
            if device in self._gear and place.gear in self._gear:
                yield _Link(place.gear, place.port, device)

    def _lldp_links(self) -> Iterator[_Link]:
        for gear in self._gear:
            for row in self._known.gear.get(gear, NO_GEAR).neighbours:
                other = self._named(row.name, mac_of(row.chassis))
                if other:
                    yield _Link(gear, row.port, other)

    def _heard_links(self) -> Iterator[_Link]:
        macs = {row.mac: device for device, row in self._row.items() if device in self._gear}
        for gear in self._gear:
            for row in self._known.gear.get(gear, NO_GEAR).heard:
                if row.mac in macs:
                    yield _Link(gear, row.port, macs[row.mac])

    def _named(self, name: str, mac: str) -> str:
        """The adopted network device that calls itself so or has this card; empty for another one."""
        for gear in self._gear:
            state = self._devices[gear].state
            if (name and state and state.figures.get("name") == name) or (mac and gear in self._row and self._row[gear].mac == mac):
                return gear
        return ""

    def _tree(self) -> dict[str, tuple[str, str]]:
        """Every network device with its parent and the port there; those that hang on nothing known have the router for a parent."""
        ways: dict[str, list[tuple[str, str]]] = {}
        for link in self._links:
            ways.setdefault(link.gear, []).append((link.other, link.port))
            back = next((b.port for b in self._links if (b.gear, b.other) == (link.other, link.gear)), "")
            ways.setdefault(link.other, []).append((link.gear, back))
        parents: dict[str, tuple[str, str]] = {}
        for start in sorted(self._gear, key=lambda gear: (gear != self._gateway_gear(), -len(ways.get(gear, ())), gear)):
            if start in parents:
                continue
            parents[start] = ("", "")
            reached = [start]
            for gear in reached:
                for other, port in ways.get(gear, ()):
                    if other not in parents:
                        parents[other] = (gear, port)
                        reached.append(other)
        return parents

    # the router

    def _gateway(self) -> str:
        """The address of the router, as the way to the Internet knows it."""
        for device in self._known.devices:
            if device.info and device.info.kind == INTERNET and not device.info.simulated and device.state:
                return str(device.state.figures.get("gateway") or "")
        return ""

    def _gateway_gear(self) -> str:
        gateway = self._gateway()
        return next((device for device, row in self._row.items() if gateway and row.ip == gateway and device in self._gear), "")

    def _router(self, tree: Mapping[str, tuple[str, str]], hung: Mapping[str, list[Spot]]) -> Spot | None:
        top = [gear for gear, (parent, _) in tree.items() if not parent]
        first = self._gateway_gear()
        if first:
            spot = self._gear_spot(first, "", tree, hung)
            others = tuple(self._gear_spot(gear, "", tree, hung) for gear in top if gear != first)
            return replace(spot, children=(*spot.children, *others))
        below = tuple(self._gear_spot(gear, "", tree, hung) for gear in top)
        gateway = self._gateway()
        if not gateway and not below:
            return None
        row = next((row for row in self._known.neighbours.neighbours if gateway and row.ip == gateway), None)
        return Spot(
            id="router", name=self._card_name(row) if row else "", kind="router", ip=gateway, mac=row.mac if row else "", children=below
        )

    def _gear_spot(self, gear: str, port: str, tree: Mapping[str, tuple[str, str]], hung: Mapping[str, list[Spot]]) -> Spot:
        below = [self._gear_spot(other, at, tree, hung) for other, (parent, at) in tree.items() if parent == gear]
        recorded = self._known.cables.get(gear)
        is_recorded = recorded is not None and recorded.gear == tree[gear][0] and bool(recorded.gear)
        made = self._device_spot(self._devices[gear], port, recorded)
        return replace(made, recorded=is_recorded, children=_ordered([*hung.get(gear, ()), *below]))

    # what hangs on them

    def _placed_devices(self) -> Iterator[tuple[Spot, str]]:
        for device in self._known.devices:
            if device.id in self._gear or (device.info and device.info.kind == INTERNET):
                continue
            place = self._known.cables.get(device.id)
            if place and place.gear in self._gear:
                yield replace(self._device_spot(device, place.port, place), recorded=True), place.gear
                continue
            gear, port = self._heard_at(self._row[device.id].mac) if device.id in self._row else ("", "")
            yield replace(self._device_spot(device, port, place), recorded=bool(place) and not gear), gear

    def _placed_cards(self) -> Iterator[tuple[Spot, str]]:
        gateway = self._gateway()
        for row in self._known.neighbours.neighbours:
            if row.device or row.random or row.ip == gateway:
                continue
            gear, port = self._heard_at(row.mac)
            yield Spot(id=row.mac, name=self._card_name(row), kind="card", ip=row.ip, mac=row.mac, port=port), gear

    def _heard_at(self, mac: str) -> tuple[str, str]:
        """The network device and port a card hangs on; empty when no table has it, or only ports that lead on."""
        found = [
            (sum(other.port == row.port for other in rows), gear, row.port)
            for gear in self._gear
            for rows in [self._known.gear.get(gear, NO_GEAR).heard]
            for row in rows
            if row.mac == mac and (gear, row.port) not in self._uplinks
        ]
        return min(found)[1:] if found else ("", "")

    def _device_spot(self, device: Device, port: str, place: Place | None) -> Spot:
        row = self._row.get(device.id)
        return Spot(
            id=device.id,
            name=device.info.name if device.info else device.id,
            kind=device.info.kind if device.info else "",
            device=device,
            ip=row.ip if row else "",
            mac=row.mac if row else "",
            port=port,
            socket=place.socket if place else "",
        )

    def _card_name(self, row: Neighbour) -> str:
        card = self._known.cards.get(row.mac)
        return (card.name if card else "") or row.name or row.maker


def _ordered(spots: list[Spot]) -> tuple[Spot, ...]:
    """By port as people count (2 before 10), then by name."""

    def place(spot: Spot) -> tuple[object, ...]:
        digits = "".join(letter if letter.isdigit() else " " for letter in spot.port).split()
        return ([int(number[:9]) for number in digits], spot.port, spot.name, spot.id)

    return tuple(sorted(spots, key=place))
