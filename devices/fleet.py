"""Every adopted device with its supervisor. A device that cannot be set up is shown and the others go on."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, replace

import structlog
from pydantic import ValidationError

from devices.driver import Driver, Identity, Result
from devices.drivers import driver_of
from devices.job_log import JobLog
from devices.lines import Lines
from devices.post import Post
from devices.reasons import reason as words
from devices.recording import Tape, Tee
from devices.registry import Device, Registry
from devices.supervisor import Supervisor
from devices.transport import Inbox, Transport
from hub.clock import Clock
from hub.errors import ChairsideError
from hub.ports import DeviceInfo, DeviceState, Health

log = structlog.get_logger()

LOOK_S = 7.0


@dataclass(slots=True, kw_only=True)
class _Watch:
    supervisor: Supervisor
    link: Transport
    task: asyncio.Task[None]


class Fleet:
    """Starts and stops supervisors; knows what to say of a device that has none."""

    def __init__(self, registry: Registry, job_log: JobLog, post: Post, clock: Clock, lines: Lines) -> None:
        self._registry, self._log, self._post, self._clock = registry, job_log, post, clock
        self.lines = lines
        self._watches: dict[str, _Watch] = {}
        self._still: dict[str, DeviceState] = {}  # of devices without a supervisor
        self._capabilities: dict[str, tuple[str, ...]] = {}
        post.on_identified = self._identified

    def start(self) -> None:
        """Look after everything that is adopted."""
        for device in self._registry.all():
            self.look_after(device)

    async def stop(self) -> None:
        """Let go of everything; what was running is settled at the next start."""
        await asyncio.gather(*(watch.supervisor.wind_down() for watch in self._watches.values()))
        for device_id in list(self._watches):
            await self._stop(device_id)
            with contextlib.suppress(ChairsideError):  # then the next start flags it
                await self._log.disarm(device_id)

    def look_after(self, device: Device) -> None:
        """Begin (or, when disabled or impossible, say so)."""
        self._still.pop(device.id, None)
        try:
            profile, link, first = self.lines.assembled(device, self._clock)
        except (ChairsideError, ValidationError) as why:
            log.warning("device cannot be loaded", device=device.id, kind=device.kind, why=str(why))
            self._stand_still(device, Health.OFFLINE, "cannot_load")
            return
        self._capabilities[device.id] = tuple(first.verbs)
        if not device.enabled:
            self._stand_still(device, Health.DISABLED, "disabled")
            return
        kind = type(first)

        def make() -> Driver:
            return kind(profile, link, self._clock)

        supervisor = Supervisor(device, make, self._log, self._post, self._clock)
        self._post.info(device.id, self.info(device.id))
        task = asyncio.create_task(supervisor.run(), name=f"device {device.id}")
        self._watches[device.id] = _Watch(supervisor=supervisor, link=link, task=task)

    async def let_go(self, device_id: str, why: str) -> None:
        """Stop looking after a device and end its commands: what may have reached it is unknown. Raises StorageFailed."""
        await self._stop(device_id)
        for stored in self._log.of(device_id):
            result = Result.unknown("cut_short") if stored.wrote else Result.failed(why)
            self._post.ended(await self._log.finish(stored, result))

    async def withdraw(self, device_id: str, command: str) -> None:
        """A command that has not begun ends, and never will. Raises NotWithdrawn, or StorageFailed."""
        stored = self._log.withdraw(device_id, command)
        if not stored.running:  # else its driver lets go of it
            self._post.ended(await self._log.finish(stored, stored.never_began))

    async def enable(self, device: Device, *, enabled: bool) -> None:
        """The person's wish, kept. Raises StorageFailed."""
        changed = replace(device, enabled=enabled)
        await self._registry.change(changed)
        if not enabled:
            await self.let_go(device.id, "disabled")
            self._stand_still(changed, Health.DISABLED, "disabled")
        elif device.id not in self._watches:
            self.look_after(changed)

    def forget(self, device_id: str) -> None:
        """It is removed: clear what the shop sees of it."""
        self._still.pop(device_id, None)
        self._capabilities.pop(device_id, None)
        self._post.forget(device_id)

    def writes_at_once(self, device_id: str, verb: str) -> bool:
        """Whether such a command would begin now and has a lasting effect."""
        watch = self._watches.get(device_id)
        return watch is not None and watch.supervisor.free and verb in driver_of(watch.supervisor.device.kind).lasting

    async def command_came(self, device_id: str) -> None:
        """There is a new command in the log. Raises StorageFailed."""
        watch = self._watches.get(device_id)
        if watch is not None:
            watch.supervisor.wake()
            return
        why = self._still[device_id].reason if device_id in self._still else "no_such_device"
        for stored in self._log.of(device_id):
            self._post.ended(await self._log.finish(stored, Result.failed(why)))

    def beat(self, device_id: str, message: bytes) -> None:
        """A page was heard of."""
        watch = self._watches.get(device_id)
        if watch is not None and isinstance(watch.link, Inbox):
            watch.link.put(message)

    def tell(self, device_id: str) -> None:
        """Tell again what it is: its name or what it is used for changed."""
        self._post.info(device_id, self.info(device_id))

    def repeat(self) -> None:
        """Tell everything that is retained again: a restarted broker may have lost it."""
        for device_id in self._registry.removed:
            self._post.forget(device_id)
        for device in self._registry.all():
            self._post.info(device.id, self.info(device.id))
            if device.id in self._watches:
                self._watches[device.id].supervisor.repeat()
            elif device.id in self._still:
                self._post.state(device.id, self._still[device.id])

    def info(self, device_id: str) -> DeviceInfo:
        """What the shop is told of a device. Raises NoSuchDevice."""
        return self._registry.get(device_id).info(self._capabilities.get(device_id, ()))

    def counts(self) -> dict[str, int]:
        """How many devices are in which state."""
        found: dict[str, int] = {}
        for state in (*(w.supervisor.state() for w in self._watches.values()), *self._still.values()):
            found[f"devices_{state.health}"] = found.get(f"devices_{state.health}", 0) + 1
        return found

    async def look(self, device_id: str) -> DeviceState:
        """The state after one more look, or as it is while a command runs."""
        watch = self._watches.get(device_id)
        if watch is None:
            return self._still[device_id]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LOOK_S):
                await watch.supervisor.look()
        return watch.supervisor.state()

    def record(self, device_id: str) -> None:
        """Keep the bytes of a device from now on, on a new tape."""
        link = self._watches[device_id].link if device_id in self._watches else None
        if isinstance(link, Tee):
            link.tape = Tape()

    def recorded(self, device_id: str) -> Tape:
        """What was recorded; the recording ends. An empty tape for what has no bytes of ours."""
        link = self._watches[device_id].link if device_id in self._watches else None
        tape = None
        if isinstance(link, Tee):
            tape, link.tape = link.tape, None
        return tape or Tape()

    async def _identified(self, device_id: str, identity: Identity) -> None:
        device = self._registry.get(device_id)
        if device.identified(identity) != device:
            await self._registry.change(device.identified(identity))
        self._post.info(device_id, self.info(device_id))

    def _stand_still(self, device: Device, health: Health, why: str) -> None:
        said = words(why)
        state = DeviceState(health=health, reason=why, sentence=said.sentence, action=said.action, since=self._clock.now().isoformat())
        self._still[device.id] = state
        self._post.info(device.id, self.info(device.id))
        self._post.state(device.id, state)

    async def _stop(self, device_id: str) -> None:
        watch = self._watches.pop(device_id, None)
        if watch is not None:
            await watch.supervisor.wind_down()
            watch.task.cancel()
            await asyncio.gather(watch.task, return_exceptions=True)
            self.lines.let_go(watch.link)
