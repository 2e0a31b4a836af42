"""A shop without data: its first links, the demo shop, and the simulated devices of a demo."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog

from hub.access import SYSTEM, Role
from hub.catalog.columns import StaffRow
from hub.catalog.demo import create_demo
from hub.catalog.events import ShopSetUp
from hub.catalog.model import ProductId
from hub.equipment import DeviceSpec
from hub.errors import ChairsideError
from hub.ids import TapId
from hub.journal import Line
from hub.staff import StaffDraft

if TYPE_CHECKING:
    from hub.app import Shop

log = structlog.get_logger()

LINK_MINUTES = 24 * 60
SETUP_STATION = "setup"
LOOK_AGAIN_S = 1.0
_ROLES = {"receipt_printer": ("receipt", "ticket")}


async def take_demo(shop: Shop) -> None:
    """Fill the empty shop with the demo shop, through the import a real shop uses. Raises AlreadySetUp."""

    async def add_staff(row: StaffRow, pin: str, tap_id: TapId) -> None:
        draft = StaffDraft(name=row.name, role=row.role, stylist=row.stylist, skills=row.skills)
        await shop.staff.add(SYSTEM, draft, tap_id, pin)

    async def receive_stock(product: ProductId, quantity: int, tap_id: TapId) -> None:
        await shop.stock.receive(SYSTEM, product, quantity, tap_id)

    await create_demo(SYSTEM, shop.catalog, add_staff, receive_stock)


async def adopt_simulated(shop: Shop) -> None:
    """Take every simulated device of the bench into a demo shop, once each, whenever the device host finds one."""
    adopted: set[str] = set()
    while True:
        if shop.catalog.shop().demo:
            try:
                for found in await shop.equipment.candidates(SYSTEM):
                    await _adopt(shop, found, adopted)
            except ChairsideError as not_yet:
                log.debug("no device host yet", why=str(not_yet))
        await shop.clock.sleep(LOOK_AGAIN_S)


async def _adopt(shop: Shop, found: dict[str, Any], adopted: set[str]) -> None:
    address, kind = str(found["address"]), str(found["kind"])
    if not found["simulated"] or found["adopted"] or address in adopted:
        return
    spec = DeviceSpec(kind=kind, name=str(found["name"]), address=address, roles=_ROLES.get(kind, ()))
    try:
        await shop.equipment.adopt(SYSTEM, spec, TapId.new())
        adopted.add(address)
    except ChairsideError as refused:
        log.warning("simulated device not adopted", address=address, why=str(refused))


async def keep_entry(shop: Shop, base: str, file: Path) -> None:
    """Write the links that let the first screens in, and again when the shop has been set up; each code works once."""
    await write_entry(shop, base, file)
    if shop.catalog.is_set_up():
        return

    async def set_up(line: Line) -> None:
        if line.kind == ShopSetUp.kind:
            shop.link.say_alive()
            await write_entry(shop, base, file)

    await shop.journal.tail(set_up)


async def write_entry(shop: Shop, base: str, file: Path) -> None:
    """Write today's links: to set-up for a shop without data; else to the pages, with a code for the screens."""
    links = {page: f"{base}/login?next=/{page}" for page in ("station", "office")}
    if shop.catalog.is_set_up():
        for page, role in (("kiosk", Role.KIOSK), ("board", Role.BOARD)):
            links[page] = f"{base}/enter?code={await shop.sessions.new_code(SYSTEM, role, page, LINK_MINUTES)}"
    else:
        links = {"setup": f"{base}/enter?code={await shop.sessions.new_code(SYSTEM, Role.SETUP, SETUP_STATION, LINK_MINUTES)}"}
    draft = file.with_suffix(".new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        json.dump(links, out)
    draft.replace(file)
