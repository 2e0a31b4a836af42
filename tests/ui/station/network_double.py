"""The shop's network in memory: the real drawing over what a test says everybody told."""

from __future__ import annotations

from typing import Any

from hub.access import Actor, Right
from hub.equipment.network_model import Cable, Card, Gear, Known, Neighbours, NoLabelPrinter, Picture, Place, Progress
from hub.equipment.picture import picture_of
from hub.ids import TapId


class NetworkDouble:
    def __init__(self, shop: Any) -> None:
        self.shop = shop
        self.told: dict[str, Any] = {"neighbours": [], "gear": {}}
        self.places: dict[str, list[Cable]] = {}
        self.unknown: list[Card] = []
        self.named: dict[str, str] = {}
        self.progress: Progress | None = None

    def strangers(self, actor: Actor) -> list[Card]:
        actor.must(Right.SEE_DEVICES)
        return self.unknown

    async def know(self, actor: Actor, mac: str, name: str, tap_id: TapId) -> None:
        actor.must(Right.CHANGE_DEVICES)
        self.named[mac] = name
        self.unknown = [card for card in self.unknown if card.mac != mac]
        self.shop.announce("NetworkCardNamed")

    def cables(self, actor: Actor) -> dict[str, Place]:
        return {device: cables[0].place for device, cables in self.places.items() if cables and cables[0].until is None}

    def places_of(self, actor: Actor, device: str) -> list[Cable]:
        return self.places.get(device, [])

    async def plug(self, actor: Actor, device: str, place: Place | None, tap_id: TapId) -> None:
        actor.must(Right.CHANGE_DEVICES)
        if place:
            cable = Cable(device=device, place=place, since=self.shop.clock.now(), until=None)
            self.places.setdefault(device, []).insert(0, cable)
        self.shop.announce("CableRecorded")

    async def sweep(self, actor: Actor) -> Progress:
        actor.must(Right.CHANGE_DEVICES)
        self.progress = Progress(subnet="10.0.0.0/24", asked=0, of=253, ended=False)
        return self.progress

    def sweeping(self, actor: Actor) -> Progress | None:
        return self.progress

    async def picture(self, actor: Actor) -> Picture:
        return picture_of(
            Known(
                devices=self.shop.equipment.devices(actor),
                neighbours=Neighbours.model_validate({"watching": True, "neighbours": self.told["neighbours"]}),
                gear={name: Gear.model_validate(said) for name, said in self.told["gear"].items()},
                cables=self.cables(actor),
                cards={},
            )
        )


class LabelsDouble:
    def __init__(self, shop: Any) -> None:
        self.shop = shop

    async def print_asset_label(self, actor: Actor, device: str, tap_id: TapId) -> None:
        if not any(d.info.kind == "label_printer" for d in self.shop.equipment.all.values()):
            raise NoLabelPrinter
        self.shop.equipment.calls.append(("label", device))
