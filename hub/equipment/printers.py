"""Which printer a paper goes to: the one with the role, or while that one cannot print the one a person chose instead of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from hub.access import Actor, Right
from hub.db import Db, Tx
from hub.equipment import tables
from hub.equipment.events import FallbackChosen
from hub.equipment.model import Device, NoFallback
from hub.journal import Journal
from hub.ports import Health

KIND, RECEIPT = "receipt_printer", "receipt"
PRINTERS = frozenset({KIND, "office_printer"})  # an office printer has the reports only, and nobody stands in for it
STOPPED = frozenset({"paper_out", "cover_open", "printer_error"})
REACHABLE = frozenset({Health.ONLINE, Health.DEGRADED})
GONE = frozenset({Health.OFFLINE, Health.DISABLED})


class Way(NamedTuple):
    """Where a paper goes; `meant_for` is the printer it goes there instead of, empty when it goes where it should."""

    device: str
    meant_for: str = ""


class Printers:
    """Knows roles and fallbacks. `devices` tells how every device is now."""

    def __init__(self, db: Db, journal: Journal, devices: Callable[[], Mapping[str, Device]]) -> None:
        self._db, self._journal, self._devices = db, journal, devices
        self._fallbacks: dict[str, str] = {row["device"]: row["fallback"] for row in db.all("SELECT * FROM printer_fallbacks")}

    def way_for(self, role: str) -> Way | None:
        """A printer with the role, one that is well before one that is not; receipts' printer when no other has the role."""
        printers = [device for device in self._devices().values() if device.info and device.info.kind in PRINTERS]
        for wanted in dict.fromkeys((role, RECEIPT)):
            found = [device for device in printers if device.info and wanted in device.info.roles]
            if found:
                return self.way_from(min(found, key=lambda d: (d.health not in REACHABLE, d.id)).id)
        return None

    def way_from(self, device: str) -> Way:
        """The first printer of its chain that prints now; it itself when it does, or when none of them does."""
        known = self._devices()
        chain = [device]
        while cannot_print(known.get(chain[-1])) and (following := self._fallbacks.get(chain[-1])) and following not in chain:
            chain.append(following)
        if chain[-1] == device or not _prints(known.get(chain[-1])):
            return Way(device)
        return Way(chain[-1], device)

    def could_go(self, here: Way) -> bool:
        """Whether a paper that waits where nothing comes out would come out of another printer of its chain."""
        known = self._devices()
        there = self.way_from(here.meant_for or here.device).device
        return cannot_print(known.get(here.device)) and there != here.device and _prints(known.get(there))

    def fallback_of(self, device: str) -> str:
        """The printer chosen to stand in for this one; empty when none was."""
        return self._fallbacks.get(device, "")

    async def choose_fallback(self, actor: Actor, device: str, fallback: str) -> None:
        """What `device` cannot print goes to `fallback` from now on; empty: it waits. Raises NoFallback."""
        actor.must(Right.CHANGE_DEVICES)
        known = self._devices()
        for name in filter(None, (device, fallback)):
            info = known[name].info if name in known else None
            if info is None or info.kind != KIND or device == fallback:
                raise NoFallback(device=name)
        if fallback != self.fallback_of(device):
            await self._db.write(self._choose, actor, device, fallback)
            self._fallbacks = {**self._fallbacks, device: fallback}

    def forget(self, device: str) -> None:
        """It is no longer here."""
        self._fallbacks = {one: other for one, other in self._fallbacks.items() if device not in {one, other}}

    def _choose(self, tx: Tx, actor: Actor, device: str, fallback: str) -> None:
        tx.execute(tables.CHOOSE_FALLBACK, (device, fallback))
        self._journal.append(tx, actor, FallbackChosen(device=device, fallback=fallback))


def cannot_print(device: Device | None) -> bool:
    """Whether it is known that nothing comes out of it now. Of a printer nobody hears of nothing is known."""
    if device is None:
        return True
    return device.health in GONE or (device.health is Health.DEGRADED and device.state is not None and device.state.reason in STOPPED)


def _prints(device: Device | None) -> bool:
    return device is not None and device.health in REACHABLE and not cannot_print(device)
