"""The network around the host, for its desk: who is there, what could be adopted of it, and a sweep on request."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from devices.errors import BadAddress
from devices.messages import Candidate, Sweep
from devices.network.makers import maker_of
from devices.network.neighbours import SHOWN_MAX, Sources, Watch
from devices.network.sweep import Around, Sweeper
from devices.registry import Device
from devices.transport import Address
from hub.clock import Clock
from hub.db import Db

ACKNOWLEDGED_S = 5.0
ADDRESSES = {"receipt_printer": "tcp://{}:9100", "label_printer": "tcp://{}:9100", "network_gear": "snmp://{}:161"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookout:
    """Where the host looks: the files of the watch (None: it does not watch), and how it asks around."""

    watch: Sources | None = None
    around: Around = field(default_factory=Around)


class Outlet(Protocol):
    """Where news of the network go."""

    def host_event(self, name: str, body: dict[str, Any]) -> object:
        """Publish; None when there is no connection."""

    async def flushed(self) -> bool:
        """Wait until the broker has everything; False when the connection went instead."""


class Surroundings:
    """`load` and `run` once; `stop` at the end."""

    def __init__(self, db: Db, clock: Clock, lookout: Lookout, outlet: Outlet) -> None:
        self._outlet = outlet
        self._watch = Watch(db, clock, lookout.watch, self._tell) if lookout.watch else None
        self._sweeper = Sweeper(clock, lookout.around, lambda body: outlet.host_event("sweep", body))

    def load(self) -> None:
        """Read what is remembered."""
        if self._watch:
            self._watch.load()

    async def run(self) -> None:
        """Watch for ever."""
        if self._watch:
            await self._watch.run()
        else:
            await asyncio.Event().wait()

    async def stop(self) -> None:
        """End a sweep that runs."""
        await self._sweeper.stop()

    def sweep(self, wish: Sweep) -> dict[str, Any]:
        """Begin to ask around. Raises SubnetRefused or SweepRuns."""
        return self._sweeper.begin(wish)

    def neighbours(self, devices: Sequence[Device]) -> dict[str, Any]:
        """Who is remembered, at most 200, and which adopted device it is."""
        seen = self._watch.all() if self._watch else []
        at = {place: device.id for device in devices if (place := _host_of(device.address))}
        rows = [{**one.as_json(), "device": at.get(one.ip, "")} for one in seen[:SHOWN_MAX]]
        return {"watching": self._watch is not None, "neighbours": rows, "more": max(0, len(seen) - SHOWN_MAX)}

    def candidates(self) -> list[Candidate]:
        """What a sweep found, and cards of makers of such devices. Proposed only: a maker is no proof."""
        found = {Address.parse(one.address).host: one for one in self._sweeper.found}
        for seen in self._watch.all() if self._watch else []:
            maker = maker_of(seen.mac)
            if maker.kind in ADDRESSES and seen.ip not in found:
                address = ADDRESSES[maker.kind].format(seen.ip)
                name = seen.name or f"{maker.name} {seen.ip}"
                found[seen.ip] = Candidate(kind=maker.kind, name=name, address=address, evidence=f"network card made by {maker.name}")
        return list(found.values())

    async def _tell(self, body: dict[str, Any]) -> bool:
        if self._outlet.host_event("new_mac", body) is None:
            return False
        try:
            async with asyncio.timeout(ACKNOWLEDGED_S):
                return await self._outlet.flushed()
        except TimeoutError:
            return False


def _host_of(address: str) -> str:
    try:
        return Address.parse(address).host
    except BadAddress:
        return ""
