"""The shop's network for pages and API: who is new on it, where each device hangs, a sweep, and the picture of all of it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime
from typing import Any

import structlog
from pydantic import Field, ValidationError

from hub.access import SYSTEM, Actor, Right
from hub.clock import Clock
from hub.db import Db, Tx
from hub.equipment import network_tables as tables
from hub.equipment.events import CableRecorded, NetworkCardNamed, UnknownCardAppeared
from hub.equipment.link import MqttLink
from hub.equipment.model import Device, DeviceBusy
from hub.equipment.network_model import (
    MAC,
    Cable,
    Card,
    Gear,
    Known,
    Neighbour,
    Neighbours,
    Picture,
    Place,
    PortTaken,
    Progress,
)
from hub.equipment.picture import GEAR, picture_of
from hub.equipment.service import Equipment
from hub.errors import InvalidInput, NotFound
from hub.ids import TapId
from hub.journal import Journal
from hub.ports import Health, Outcome
from hub.taps import first_result, remember

log = structlog.get_logger()

GEAR_ANSWERS_WITHIN_S = 6.0
PAGES_MAX = 8  # of a table of one network device
NAME_MAX = 60
_GEAR_VERBS = ("neighbours", "addresses")


class NewCard(Neighbour):
    """`event/new_mac`. `more`: others that came at once and are only counted."""

    more: int = Field(0, ge=0)


class Network:
    """Whose card is whose is kept here, not on the device host: a board that is replaced learns anew, the shop remembers."""

    def __init__(self, db: Db, journal: Journal, clock: Clock, link: MqttLink, equipment: Equipment) -> None:
        self._db, self._journal, self._clock, self._link, self._equipment = db, journal, clock, link, equipment
        self._progress: Progress | None = None
        link.listen("host/+/event/new_mac", self._on_new_card)
        link.listen("host/+/event/sweep", self._on_sweep)

    # cards

    def strangers(self, actor: Actor) -> list[Card]:
        """Cards that appeared and nobody has named, newest first, at most 100."""
        actor.must(Right.SEE_DEVICES)
        return [tables.card_of(row) for row in self._db.all(tables.STRANGERS)]

    async def know(self, actor: Actor, mac: str, name: str, tap_id: TapId) -> Card:
        """A person says whose card it is. Raises InvalidInput for a name of no or more than 60 letters, or for what is no MAC."""
        actor.must(Right.CHANGE_DEVICES)
        mac, name = mac.lower(), name.strip()
        if not MAC.fullmatch(mac) or not 0 < len(name) <= NAME_MAX:
            raise InvalidInput(mac=mac[:40], name=name[:NAME_MAX])
        return await self._db.write(self._know, actor, mac, name, tap_id)

    # cables

    def cables(self, actor: Actor) -> dict[str, Place]:
        """Where each device hangs, as far as people recorded it."""
        actor.must(Right.SEE_DEVICES)
        return {row["device"]: tables.cable_of(row).place for row in self._db.all(tables.CABLES)}

    def places_of(self, actor: Actor, device: str) -> list[Cable]:
        """Where a device hung, newest first; kept when another one takes its place."""
        actor.must(Right.SEE_DEVICES)
        return [tables.cable_of(row) for row in self._db.all(tables.HISTORY, (device, tables.HISTORY_SHOWN))]

    async def plug(self, actor: Actor, device: str, place: Place | None, tap_id: TapId) -> None:
        """A person records where a device hangs from now on; None: nobody knows. Raises NotFound or PortTaken."""
        actor.must(Right.CHANGE_DEVICES)
        known = {one.id: one for one in self._equipment.devices(actor)}
        gear = known.get(place.gear) if place and place.gear else None
        if device not in known or (place and place.gear and not _is_gear(gear)):
            raise NotFound(device=device, gear=place.gear if place else "")
        await self._db.write(self._plug, actor, device, place, tap_id)

    # asking

    async def sweep(self, actor: Actor, subnet: str = "", community: str | None = None) -> Progress:
        """Have the device host ask around in the shop's network. Raises DeviceBusy, or DeviceRefused for a network that is not its own."""
        actor.must(Right.CHANGE_DEVICES)
        done = await self._equipment.asking.host("sweep", {"subnet": subnet.strip(), **({"community": community} if community else {})})
        self._progress = Progress(subnet=str(done.result["subnet"]), asked=0, of=int(done.result["hosts"]), ended=False)
        return self._progress

    def sweeping(self, actor: Actor) -> Progress | None:
        """How far the last sweep is; None when there was none since the hub started."""
        actor.must(Right.SEE_DEVICES)
        return self._progress

    async def picture(self, actor: Actor) -> Picture:
        """The network from the hub outwards; whoever does not answer in six seconds tells nothing."""
        actor.must(Right.SEE_DEVICES)
        devices = self._equipment.devices(actor)
        gear = [device for device in devices if _is_gear(device)]
        neighbours = asyncio.ensure_future(self._neighbours())
        told = await asyncio.gather(*(self._told_by(device) for device in gear))
        known = Known(
            devices=devices,
            neighbours=await neighbours,
            gear={device.id: said for device, said in zip(gear, told, strict=True)},
            cables=self.cables(actor),
            cards={card.mac: card for row in self._db.all(tables.CARDS) if (card := tables.card_of(row))},
        )
        return picture_of(known)

    async def _neighbours(self) -> Neighbours:
        try:
            done = await self._equipment.asking.host("neighbours", {})
            return Neighbours.model_validate(done.result)
        except (DeviceBusy, ValidationError) as why:
            log.info("who is on the network is not known", why=type(why).__name__)
            return Neighbours()

    async def _told_by(self, device: Device) -> Gear:
        able = [verb for verb in _GEAR_VERBS if device.info and verb in device.info.capabilities]
        if device.health not in {Health.ONLINE, Health.DEGRADED}:
            return Gear()
        said: dict[str, Any] = {}
        for answer in await asyncio.gather(*(self._ask(device.id, verb) for verb in able)):
            said.update(answer)
        try:
            return Gear.model_validate(said)
        except ValidationError as strange:
            log.warning("what a network device tells of others is not understood", device=device.id, errors=strange.error_count())
            return Gear()

    async def _ask(self, device: str, verb: str) -> dict[str, Any]:
        """The rows of one table, page by page; what is not told in time is missing."""
        rows: list[Any] = []
        for _ in range(PAGES_MAX):
            try:
                done = await self._equipment.asking.device(device, verb, {"first": len(rows)}, GEAR_ANSWERS_WITHIN_S)
            except DeviceBusy:
                break
            found = done.result.get(verb) if done.outcome is Outcome.DONE else None
            if not isinstance(found, list):
                break
            rows += found
            if not found or not done.result.get("more"):
                break
        return {verb: rows}

    # what the host tells

    def _on_new_card(self, _: list[str], payload: bytes) -> None:
        told = NewCard.model_validate_json(payload)
        self._link.later(self._db.write(self._appeared, told))

    def _on_sweep(self, _: list[str], payload: bytes) -> None:
        self._progress = Progress.model_validate_json(payload)

    # steps

    def _appeared(self, tx: Tx, told: NewCard) -> None:
        if tables.card(tx, told.mac) is None:
            tables.keep_card(tx, self._card(told.mac, ip=told.ip, said=told.name, maker=told.maker))
            self._journal.append(tx, SYSTEM, UnknownCardAppeared(mac=told.mac, more=told.more))

    def _know(self, tx: Tx, actor: Actor, mac: str, name: str, tap_id: TapId) -> Card:
        card = replace(tables.card(tx, mac) or self._card(mac), name=name, known=True)
        if not first_result(tx, tap_id, "network.know", (mac, name)):
            tables.keep_card(tx, card)
            self._journal.append(tx, actor, NetworkCardNamed(mac=mac))
            remember(tx, tap_id, "network.know", mac, (mac, name))
        return card

    def _plug(self, tx: Tx, actor: Actor, device: str, place: Place | None, tap_id: TapId) -> None:
        wish = (device, place.model_dump() if place else None)
        if first_result(tx, tap_id, "network.plug", wish):
            return
        other = tables.at_port(tx, place) if place and place.gear else None
        if other and other != device:
            raise PortTaken(device=other, port=place.port if place else "")
        tables.plug(tx, device, place, self._clock.now())
        self._journal.append(tx, actor, CableRecorded(device=device, gear=place.gear if place else ""))
        remember(tx, tap_id, "network.plug", device, wish)

    def _card(self, mac: str, *, ip: str = "", said: str = "", maker: str = "") -> Card:
        at: datetime = self._clock.now()
        return Card(mac=mac, ip=ip, said=said, maker=maker, name="", known=False, appeared_at=at)


def _is_gear(device: Device | None) -> bool:
    return device is not None and device.info is not None and device.info.kind == GEAR
