"""When the battery the hub lives on is nearly empty: have what is unsent sent, then order everything to stop, in time and in order.

The order is a file in the shop's folder: whoever started the hub's processes obeys it. Until it lies there, mains that come back call
everything off. Every step has a deadline, so that nothing that hangs can keep the shutdown from happening.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import structlog

from hub.access import SYSTEM
from hub.clock import Clock
from hub.db import Db, Tx
from hub.equipment.events import ShutdownBegun, ShutdownCalledOff, ShutdownOrdered
from hub.equipment.link import MqttLink
from hub.equipment.model import POWERS_HUB, Device
from hub.equipment.service import Equipment
from hub.errors import ChairsideError
from hub.ids import Id
from hub.journal import Event, Journal
from hub.ports import Command, Done, Health, Outcome

log = structlog.get_logger()

LOOK_S = 1.0
NOTE_S_MAX = 3.0
SAYS_NOTHING = frozenset({"ups_stale", "ups_driver_gone"})  # of the mains


@dataclass(frozen=True, slots=True, kw_only=True)
class ShutdownPlan:
    """`wait_s`: for how long the battery must be nearly empty. `flush_s`: what the bridge gets at most. `order`: the file."""

    wait_s: float
    flush_s: float
    order: Path


class PowerWatch:
    """Looks at the UPSes with the role `powers_hub`; without one nothing is ever stopped."""

    def __init__(self, db: Db, journal: Journal, equipment: Equipment, link: MqttLink, clock: Clock) -> None:
        self._db, self._journal, self._equipment, self._link, self._clock = db, journal, equipment, link, clock
        self._low: dict[str, bool] = {}  # as last known
        self._since: float | None = None
        self._flush: asyncio.Task[bool] | None = None  # from then on the shop gets ready to stop
        self._ordered = False
        self._asked: tuple[str, asyncio.Future[bool]] | None = None
        link.listen("bridge/done", self._on_bridge_done)

    async def run(self, plan: ShutdownPlan) -> None:
        """For ever."""
        try:
            while True:
                await self.look(plan)
                await self._clock.sleep(LOOK_S)
        finally:
            self._end_flush()

    async def look(self, plan: ShutdownPlan) -> None:
        """One look and the step that follows from it."""
        device = self._nearly_empty()
        now = self._clock.monotonic()
        if device is None:
            await self._call_off(plan)
        elif self._since is None:
            self._since = now
        elif self._flush is None:
            if now - self._since >= plan.wait_s:
                log.warning("battery nearly empty, getting ready to stop", device=device)
                await self._note(ShutdownBegun(device=device))
                self._flush = asyncio.create_task(self._flushed(plan.flush_s), name="flush before shutdown")
        elif self._flush.done() and not self._ordered:
            await self._give_order(device, plan, flushed=self._flush.result())

    def _nearly_empty(self) -> str | None:
        """A UPS whose battery is; one of which nothing is known now is taken to be as it was."""
        for device in self._equipment.devices(SYSTEM):
            if device.info and device.info.kind == "ups" and POWERS_HUB in device.info.roles:
                known = _is_low(device)
                self._low[device.id] = self._low.get(device.id, False) if known is None else known
            else:
                self._low.pop(device.id, None)
        there = {device.id for device in self._equipment.devices(SYSTEM)}
        self._low = {device: low for device, low in self._low.items() if device in there}
        return next((device for device, low in self._low.items() if low), None)

    async def _call_off(self, plan: ShutdownPlan) -> None:
        begun, self._since, self._ordered = self._flush is not None, None, False
        self._end_flush()
        if begun:
            await self._in_time(asyncio.to_thread(plan.order.unlink, missing_ok=True))
            log.warning("power is back, nothing is stopped")
            await self._note(ShutdownCalledOff())

    async def _give_order(self, device: str, plan: ShutdownPlan, *, flushed: bool) -> None:
        order = orjson.dumps({"why": "battery_low", "device": device, "at": self._clock.now().isoformat()})
        self._ordered = await self._in_time(asyncio.to_thread(_put, plan.order, order))
        if self._ordered:
            await self._note(ShutdownOrdered(device=device, flushed=flushed))

    async def _flushed(self, within_s: float) -> bool:
        """Whether the bridge says that head office has everything. False at once in a shop without head office."""
        if self._equipment.hq_link() == "none":
            return False
        until = self._clock.now() + timedelta(seconds=within_s)
        command = Command(id=Id.new(), deadline=until.isoformat(), args={})
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._asked = (command.id, answer)
        self._link.send("bridge/do/flush", command)
        late = asyncio.ensure_future(self._clock.sleep(within_s))
        either: list[asyncio.Future[Any]] = [late, answer]
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            return answer.done() and answer.result()
        finally:
            late.cancel()
            self._asked = None

    def _on_bridge_done(self, _: list[str], payload: bytes) -> None:
        done = Done.model_validate_json(payload)
        if self._asked and self._asked[0] == done.id and not self._asked[1].done():
            self._asked[1].set_result(done.outcome is Outcome.DONE)

    def _end_flush(self) -> None:
        if self._flush is not None:
            self._flush.cancel()
        self._flush = None

    async def _note(self, event: Event) -> None:
        await self._in_time(self._db.write(self._append, event))

    def _append(self, tx: Tx, event: Event) -> None:
        self._journal.append(tx, SYSTEM, event)

    async def _in_time(self, work: Any) -> bool:
        """Whether it was done; a disk that hangs or is full must not keep the shop from stopping."""
        try:
            async with asyncio.timeout(NOTE_S_MAX):
                await work
        except (TimeoutError, OSError, ChairsideError) as why:
            log.warning("a step of the shutdown failed", why=repr(why))
            return False
        return True


def _is_low(device: Device) -> bool | None:
    """None while nothing is known of it."""
    if device.state is None or device.health not in {Health.ONLINE, Health.DEGRADED} or device.state.reason in SAYS_NOTHING:
        return None
    return device.state.reason == "battery_low"


def _put(file: Path, content: bytes) -> None:
    draft = file.with_suffix(".part")
    draft.write_bytes(content)
    draft.replace(file)
