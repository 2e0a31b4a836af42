"""The host's own commands: what is there, take it in, let it go, switch it on and off, who is it, record it. One at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

import structlog
from pydantic import BaseModel, ValidationError

from devices.discovery import announced, candidates
from devices.driver import Result
from devices.errors import AlreadyAdopted, DeviceError
from devices.fleet import Fleet
from devices.job_log import Stored
from devices.messages import Adopt, Candidate, Change, Enable, NoArgs, OneDevice, Sweep, Withdraw
from devices.network.surroundings import Surroundings
from devices.registry import Device, Registry, place_of
from devices.transport import Address
from hub.clock import Clock
from hub.errors import ChairsideError
from hub.ids import Id

log = structlog.get_logger()

CANDIDATES_MAX = 100  # an answer must fit into one message
VERBS: Mapping[str, type[BaseModel]] = {
    "candidates": NoArgs,
    "adopt": Adopt,
    "change": Change,
    "remove": OneDevice,
    "enable": Enable,
    "withdraw": Withdraw,
    "identify": OneDevice,
    "record": OneDevice,
    "recorded": OneDevice,
    "neighbours": NoArgs,
    "sweep": Sweep,
}


class Desk:
    """Answers are plain JSON; errors become the outcome of the command."""

    def __init__(self, registry: Registry, fleet: Fleet, clock: Clock, bench_port: int, around: Surroundings) -> None:
        self._registry, self._fleet, self._clock = registry, fleet, clock
        self._bench_port, self._around = bench_port, around
        self.services: Callable[[], list[Candidate]] = list  # what announces itself by mDNS now
        self._verbs: Mapping[str, Callable[[Any], Awaitable[dict[str, Any]]]] = {
            "candidates": self._candidates,
            "adopt": self._adopt,
            "change": self._change,
            "remove": self._remove,
            "enable": self._enable,
            "identify": self._identify,
            "withdraw": self._withdraw,
            "record": self._record,
            "recorded": self._recorded,
            "neighbours": self._neighbours,
            "sweep": self._sweep,
        }

    async def answer(self, stored: Stored) -> Result:
        """Carry out one command of the host; never raises what is not a fault of its own."""
        form = VERBS.get(stored.verb)
        if form is None:
            return Result.refused("unknown_verb")
        try:
            args = form.model_validate(stored.command.args)
            return Result.done(answer=await self._verbs[stored.verb](args))
        except ValidationError as wrong:
            errors = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in wrong.errors()][:10]
            return Result.refused("malformed", {"errors": errors})
        except DeviceError as why:
            return Result.failed(why.reason, {"facts": {name: str(value) for name, value in why.facts.items()}})
        except TimeoutError:
            return Result.failed("silent")
        except ChairsideError as why:
            known = {"not_withdrawn", "no_such_device", "no_such_kind", "already_adopted", "bad_address", "subnet_refused", "sweep_runs"}
            facts = {name: str(value) for name, value in why.facts.items()}
            return Result.failed(why.code if why.code in known else "storage_failed", {"facts": facts})

    async def _identify(self, which: OneDevice) -> dict[str, Any]:
        device = self._registry.get(which.id).id
        state = await self._fleet.look(device)
        return {"device": device, "info": self._fleet.info(device).model_dump(), "state": state.model_dump()}

    async def _remove(self, which: OneDevice) -> dict[str, Any]:
        device = self._registry.get(which.id).id
        await self._fleet.let_go(device, "removed")
        await self._registry.remove(device)
        self._fleet.forget(device)
        return {"device": device}

    async def _enable(self, wish: Enable) -> dict[str, Any]:
        await self._fleet.enable(self._registry.get(wish.id), enabled=wish.enabled)
        return {"device": wish.id, "enabled": wish.enabled}

    async def _withdraw(self, wish: Withdraw) -> dict[str, Any]:
        await self._fleet.withdraw(self._registry.get(wish.id).id, wish.command)
        return {"device": wish.id, "command": wish.command}

    async def _record(self, which: OneDevice) -> dict[str, Any]:
        self._fleet.record(self._registry.get(which.id).id)
        return {"device": which.id}

    async def _recorded(self, which: OneDevice) -> dict[str, Any]:
        tape = self._fleet.recorded(self._registry.get(which.id).id)
        return {"device": which.id, "lines": tape.lines, "full": tape.full}

    async def _neighbours(self, _: NoArgs) -> dict[str, Any]:
        return self._around.neighbours(self._registry.all())

    async def _sweep(self, wish: Sweep) -> dict[str, Any]:
        return self._around.sweep(wish)

    async def _candidates(self, _: NoArgs) -> dict[str, Any]:
        found = [*await candidates(self._bench_port), *self.services(), *self._around.candidates()]
        there = {c.address for c in found}
        found += [c for c in announced(self._fleet.lines.things) if c.address not in there]
        return {"candidates": [self._known(c).model_dump() for c in found[:CANDIDATES_MAX]]}

    def _known(self, found: Candidate) -> Candidate:
        """Whether it is here already. Where a device says who it is that counts, and not its address, which the router may give to another."""
        at, same = self._registry.at(found.address), self._registry.known_as(found.identity)
        if at is not None and (same is at or not (found.identity and at.identity)):
            return found.model_copy(update={"adopted": True})
        if same is None:
            return found
        moved = same.address.partition("://")[0] == found.address.partition("://")[0]
        return found.model_copy(update={"moved": same.id} if moved else {"adopted": True})

    async def _adopt(self, wish: Adopt) -> dict[str, Any]:
        Address.parse(wish.address)
        known = self._registry.at(wish.address)
        if known is not None and known.kind != wish.kind:
            raise AlreadyAdopted(device=known.id, address=wish.address)
        if known is None:
            known = await self.take_in(wish)
        return {"device": known.id, "info": self._fleet.info(known.id).model_dump()}

    async def _change(self, wish: Change) -> dict[str, Any]:
        """New settings, kept only when the device that is there now answers to them; its id, and so its history, stays."""
        device = self._registry.get(wish.id)
        wanted = {name: value for name in ("name", "roles", "address", "profile") if (value := getattr(wish, name)) is not None}
        if wish.profile is not None:
            wanted["profile"] = {**device.profile, **wish.profile}
        changed = replace(device, **wanted)
        Address.parse(changed.address)
        at = self._registry.at(changed.address)
        if at is not None and at.id != device.id:
            raise AlreadyAdopted(device=at.id, address=changed.address)
        if (changed.address, changed.profile) == (device.address, device.profile):
            await self._registry.change(changed)
            self._fleet.tell(device.id)
        else:
            await self._change_line(changed)
        log.info("changed", device=device.id, what=sorted(wanted))
        return {"device": device.id, "info": self._fleet.info(device.id).model_dump()}

    async def _change_line(self, changed: Device) -> None:
        self._fleet.lines.assembled(changed, self._clock)
        await self._fleet.let_go(changed.id, "changed")  # most devices serve one client
        try:
            await self._registry.change(
                await self._asked_who_it_is(replace(changed, model="", serial="", firmware="", identity=self._announced(changed.address)))
            )
        finally:
            self._fleet.look_after(self._registry.get(changed.id))

    def _announced(self, address: str) -> str:
        """The identity of what announces itself at an address; empty when nothing does."""
        return next((one.identity for one in self.services() if place_of(one.address) == place_of(address)), "")

    async def _asked_who_it_is(self, device: Device) -> Device:
        """The device with what it tells of itself. Raises what identify raises, or ValidationError for its profile."""
        profile, link, driver = self._fleet.lines.assembled(device, self._clock)
        try:
            async with asyncio.timeout(driver.pace.poll_wait_s):
                identity = await driver.identify()
        finally:
            await driver.stop()
            self._fleet.lines.let_go(link)
        learned = {name: value for name, value in identity.learned.items() if name not in profile.model_fields_set}
        return replace(device, profile={**device.profile, **learned}).identified(identity)

    async def take_in(self, wish: Adopt, *, ask: bool = True) -> Device:
        """Identify what is there (unless told not to), keep it and look after it. Raises what identify raises."""
        device = Device(
            id=wish.id or Id.new(),
            kind=wish.kind,
            name=wish.name,
            address=wish.address,
            roles=wish.roles,
            profile=dict(wish.profile),
            identity=self._announced(wish.address),
        )
        if ask:
            device = await self._asked_who_it_is(device)
        else:
            self._fleet.lines.assembled(device, self._clock)
        await self._registry.add(device)
        log.info("adopted", device=device.id, kind=device.kind, address=device.address)
        self._fleet.look_after(device)
        return device
