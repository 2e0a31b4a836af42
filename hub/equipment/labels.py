"""Labels that say which device this is: its name, what it tells of itself, and a QR code a scanner in the office opens it by."""

from __future__ import annotations

import unicodedata
from typing import Any

from hub.access import Actor, Right
from hub.db import Db, Tx
from hub.equipment.events import AssetLabelPrinted
from hub.equipment.model import Device
from hub.equipment.network_model import LabelNotPrinted, LabelUncertain, NoLabelPrinter
from hub.equipment.service import Equipment
from hub.errors import NotFound
from hub.ids import TapId
from hub.journal import Journal
from hub.ports import Health, Outcome
from hub.taps import first_result, remember

ASSET_CODE = "CSA:"  # what the QR code of a device begins with
PRINT_WITHIN_S = 20.0
COLUMNS = 36  # that stand on a label of 60 mm beside its margins; a Chinese character takes two


class AssetLabels:
    """Prints them, one at a touch."""

    def __init__(self, db: Db, journal: Journal, equipment: Equipment) -> None:
        self._db, self._journal, self._equipment = db, journal, equipment

    async def print_asset_label(self, actor: Actor, device: str, tap_id: TapId) -> None:
        """Print the label of a device; the same touch prints once, because it is one command.

        Raises NotFound, NoLabelPrinter, DeviceBusy when nobody answers, LabelNotPrinted with the reason, or LabelUncertain.
        """
        actor.must(Right.CHANGE_DEVICES)
        devices = self._equipment.devices(actor)
        wanted = next((one for one in devices if one.id == device), None)
        if wanted is None:
            raise NotFound(device=device)
        printers = [one for one in devices if one.info and one.info.kind == "label_printer" and one.health in _ABLE]
        if not printers:
            raise NoLabelPrinter
        printer = min(printers, key=lambda one: (one.health is not Health.ONLINE, one.id)).id
        args = {"label": asset_label(wanted), "count": 1}
        done = await self._equipment.asking.device(printer, "print", args, PRINT_WITHIN_S, command_id=tap_id)
        if done.outcome is Outcome.UNKNOWN:
            raise LabelUncertain(printer=printer, reason=done.reason)
        if done.outcome is Outcome.FAILED:
            raise LabelNotPrinted(printer=printer, reason=done.reason, sentence=done.sentence)
        await self._db.write(self._printed, actor, device, tap_id)

    def _printed(self, tx: Tx, actor: Actor, device: str, tap_id: TapId) -> None:
        if not first_result(tx, tap_id, "equipment.label", device):
            self._journal.append(tx, actor, AssetLabelPrinted(device=device))
            remember(tx, tap_id, "equipment.label", device, device)


def asset_label(device: Device) -> dict[str, Any]:
    """The label, as docs/mqtt.md has it: name, make and serial number, id, QR code."""
    info = device.info
    made = " ".join(filter(None, (info.model, info.serial))) if info else ""
    lines = [{"text": _fitting(info.name if info and info.name else device.id), "bold": True}]
    lines += [{"text": _fitting(words)} for words in (made, device.id) if words]
    return {"lines": lines, "qr": f"{ASSET_CODE}{device.id}"}


def device_of(code: str) -> str:
    """The device a scanned code names; empty when it is another code."""
    return code.removeprefix(ASSET_CODE).strip() if code.startswith(ASSET_CODE) else ""


def _fitting(words: str) -> str:
    """As much as stands on one line."""
    taken, room = "", COLUMNS
    for letter in words:
        room -= 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        if room < 0:
            break
        taken += letter
    return taken


_ABLE = frozenset({Health.ONLINE, Health.DEGRADED})
