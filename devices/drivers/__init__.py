"""The kinds of devices there are. A driver is loaded when the first device of its kind is: a board has little memory."""

from __future__ import annotations

from importlib import import_module

from devices.driver import Driver
from devices.errors import NoSuchKind

KINDS = {
    "receipt_printer": "devices.drivers.receipt_printer:ReceiptPrinter",
    "label_printer": "devices.drivers.label_printer:LabelPrinter",
    "office_printer": "devices.drivers.office_printer:OfficePrinter",
    "scanner": "devices.drivers.scanner:Scanner",
    "card_reader": "devices.drivers.card_reader:CardReader",
    "scale": "devices.drivers.scale:Scale",
    "hub_board": "devices.drivers.hub_board:HubBoard",
    "internet": "devices.drivers.internet:Internet",
    "ups": "devices.drivers.ups:Ups",
    "network_gear": "devices.drivers.network_gear:NetworkGear",
    "customer_display": "devices.drivers.customer_display:CustomerDisplay",
    "sensor": "devices.drivers.sensor:Sensor",
    "card_terminal": "devices.drivers.card_terminal:CardTerminal",
    "presence": "devices.drivers.presence:Presence",
}


def driver_of(kind: str) -> type[Driver]:
    """The driver class of `kind`. Raises NoSuchKind."""
    try:
        module, _, name = KINDS[kind].partition(":")
    except KeyError:
        raise NoSuchKind(kind=kind, known=", ".join(KINDS)) from None
    found: type[Driver] = getattr(import_module(module), name)
    return found
