"""What a device says, recorded on request and fetched over the broker."""

from __future__ import annotations

import json

from devices.host import Host
from devices.simulators.receipt_printer import PrinterSim
from tests.devices.rig import TICKET
from tests.devices.shop import Shop

PRINT = {"document": TICKET.model_dump(), "copy": 0}


async def test_a_recording_asked_for_holds_what_was_said_until_it_is_fetched(host: Host, shop: Shop, printer: PrinterSim) -> None:
    device = await shop.adopt("receipt_printer", printer.address)
    await shop.health(device, "online")
    await shop.ask_host("record", {"id": device})
    await shop.answer(device, shop.command(device, "print", PRINT))
    kept = (await shop.ask_host("recorded", {"id": device}))["result"]
    said = b"".join(bytes.fromhex(line["to"]) for line in map(json.loads, kept["lines"]) if "to" in line)
    assert (kept["full"], "排队号".encode("gbk") in said) == (False, True)
    assert (await shop.ask_host("recorded", {"id": device}))["result"]["lines"] == []
