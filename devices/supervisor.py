"""One task per device: connecting → online ↔ degraded → offline after three misses in a row, then tried again with jittered back-off.

It alone polls, retries and hands out commands, one after the other; while a command is held, urgent ones may pass.
Nothing a driver does leaves this task: an error no driver should raise is logged with its name and counts as a miss.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any, Protocol

import structlog
from pydantic import ValidationError

from devices.driver import Announcement, Bell, Condition, Driver, Identity, Job, Measured, Result
from devices.errors import DeviceError, LinkLost, Silent, WrongDevice
from devices.job_log import Ended, JobLog, Stored, result_of
from devices.reasons import reason as words
from devices.registry import Device
from hub.clock import Clock
from hub.errors import ChairsideError
from hub.ports import DeviceState, Health, JobProgress

log = structlog.get_logger()

FIGURES_EVERY_S = 10.0
WIND_DOWN_S = 3.0
TRY_AGAIN_S_MIN = 0.3


class Outlet(Protocol):
    """Where a supervisor's news go; never raises, never waits."""

    def state(self, device: str, state: DeviceState) -> None:
        """The device's state changed."""

    def event(self, device: str, name: str, body: dict[str, Any]) -> None:
        """Something happened at the device."""

    def reading(self, device: str, measured: Measured) -> None:
        """The device measured something."""

    def ended(self, ended: Ended) -> None:
        """A command ended, durably."""

    async def identified(self, device: str, identity: Identity) -> None:
        """The device said who it is."""


class Supervisor:
    """Looks after one enabled device. `make` gives a fresh driver for every connection."""

    def __init__(self, device: Device, make: Callable[[], Driver], job_log: JobLog, outlet: Outlet, clock: Clock) -> None:
        self.device = device
        self._make, self._log, self._outlet, self._clock = make, job_log, outlet, clock
        self._driver = make()
        self._misses = self._tries_offline = 0
        self._winding_down = False
        self._wake, self._looked = asyncio.Event(), asyncio.Event()
        self._health, self._reason = Health.CONNECTING, "connecting"
        self._since: datetime = clock.now()
        self._figures: dict[str, Any] = {}
        self._figures_told = self._figures  # what changed too soon after it is told later
        self._figures_told_at = clock.monotonic()
        self._progress: tuple[str, str, str] | None = None

    def wake(self) -> None:
        """A command came: do not wait for the next poll or the end of a back-off."""
        self._wake.set()

    async def wind_down(self) -> None:
        """Begin no further command, and give the one that runs a moment to end; one that is held is not waited for."""
        self._winding_down = True
        until = self._clock.monotonic() + WIND_DOWN_S
        while (now := self._log.running(self.device.id)) and not now.held and self._clock.monotonic() < until:
            await self._clock.sleep(0.02)

    @property
    def free(self) -> bool:
        """Whether a command that comes now is begun now."""
        well = self._health in {Health.ONLINE, Health.DEGRADED} and not self._misses and not self._winding_down
        return well and self._log.head(self.device.id) is None

    async def look(self) -> None:
        """Until the device has been looked at once more; at once while a command runs."""
        if self._log.running(self.device.id) is None:
            self._looked.clear()
            self._wake.set()
            await self._looked.wait()

    def state(self) -> DeviceState:
        """What the shop is told now."""
        said = words(self._reason) if self._reason else None
        return DeviceState(
            health=self._health,
            reason=self._reason,
            sentence=said.sentence if said else "",
            action=said.action if said else "",
            since=self._since.isoformat(),
            figures={**self._figures, "waiting": self._log.waiting(self.device.id)},
        )

    def repeat(self) -> None:
        """Tell the state again, and where the running command stands: the broker may have lost both."""
        self._outlet.state(self.device.id, self.state())
        if self._progress:
            self._tell_progress(*self._progress)

    async def run(self) -> None:
        """Until cancelled; leaves the device let go of."""
        self._outlet.state(self.device.id, self.state())
        try:
            while True:
                try:
                    await self._one_connection()
                except DeviceError as miss:
                    self._missed(miss.reason, miss)
                except TimeoutError as slow:
                    self._missed(Silent.reason, slow)
                except ChairsideError as refused:  # the host could not store something; the device itself may be well
                    self._missed("storage_failed", refused)
                except Exception as fault:  # a fault of the driver's own code must not take the other devices with it
                    log.exception("driver failed", device=self.device.id, kind=self.device.kind, fault=type(fault).__name__)
                    self._missed("driver_failed", fault)
                await self._driver.stop()
                await self._disarm()
                await self._pause(self._clock.sleep(self._pause_after_miss_s()))
        finally:
            await self._driver.stop()

    async def _one_connection(self) -> None:
        """From identify to the first miss."""
        self._wake.clear()
        driver = self._make()
        driver.follow(self._driver)
        self._driver = driver
        async with asyncio.timeout(driver.pace.poll_wait_s):
            identity = await driver.identify()
            if identity.serial and self.device.serial and identity.serial != self.device.serial:
                raise WrongDevice(device=self.device.id, expected=self.device.serial, found=identity.serial)
            await driver.start(Bell(announce=self._announce, show=self._show, read=self._read))
        if identity.model or identity.serial or identity.firmware:
            self.device = self.device.identified(identity)
            await self._outlet.identified(self.device.id, identity)
        while True:
            async with asyncio.timeout(driver.pace.poll_wait_s):
                condition = await driver.poll()
            self._misses = self._tries_offline = 0
            self._show(condition)
            while await self._work_or_rest(driver):
                pass

    async def _work_or_rest(self, driver: Driver) -> bool:
        """Carry out the next command and say True; without one, wait until it is time to poll."""
        self._wake.clear()
        first = self._log.next(self.device.id, driver.urgent)
        if first is not None and not self._winding_down:
            await self._work(first)
            return True
        await self._pause(driver.rest())
        return self._log.head(self.device.id) is not None and not self._winding_down

    async def _work(self, head: Stored) -> None:
        if head.expired(self._clock.now()):
            self._outlet.ended(await self._log.finish(head, head.never_began))
            return
        head.running = True
        working = asyncio.ensure_future(self._carry_out(head))
        try:
            while not working.done():
                self._wake.clear()
                passing = self._driver.urgent if head.held else self._driver.interrupts
                if urgent := self._log.urgent(self.device.id, passing):
                    await self._work_urgent(urgent)
                    continue
                woken = asyncio.ensure_future(self._wake.wait())
                try:
                    await asyncio.wait({working, woken}, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    woken.cancel()
            result, miss = working.result()
            if head.withdrawn and not head.wrote:
                result = head.never_began
            if not result.put_back:
                self._outlet.ended(await self._log.finish(head, result))
        finally:
            if not working.done():
                working.cancel()
                await asyncio.gather(working, return_exceptions=True)
            head.running, self._progress = False, None
        if miss is not None:
            raise miss

    async def _work_urgent(self, urgent: Stored) -> None:
        if urgent.expired(self._clock.now()):
            self._outlet.ended(await self._log.finish(urgent, urgent.never_began))
            return
        urgent.running = True
        try:
            result, _ = await self._carry_out(urgent)
            if result.put_back:
                result = Result.failed(result.reason)
            self._outlet.ended(await self._log.finish(urgent, result))
        finally:
            urgent.running = False

    async def _carry_out(self, stored: Stored) -> tuple[Result, Exception | None]:
        """How it ended, and the error that broke the link with it."""
        driver = self._driver
        form = driver.verbs.get(stored.verb)
        if form is None:
            return Result.refused("unknown_verb"), None
        try:
            args = form.model_validate(stored.command.args)
        except ValidationError as wrong:
            log.warning("command refused", device=self.device.id, verb=stored.verb, errors=wrong.error_count())
            return Result.refused("malformed"), None
        job = self._job(stored, args)
        try:
            result = await (driver.resume(job) if stored.wrote else driver.run(job))
            return result, (LinkLost(device=self.device.id) if result.put_back else None)
        except DeviceError as miss:
            return result_of(miss, stored), miss
        except ChairsideError as refused:  # not stored, so not written
            log.warning("command not carried out", device=self.device.id, verb=stored.verb, why=refused.sentence())
            return (Result.unknown("storage_failed") if stored.wrote else Result.failed("storage_failed")), None
        except Exception as fault:  # as above, and the command must get its answer
            log.exception("driver failed", device=self.device.id, kind=self.device.kind, verb=stored.verb)
            return result_of(None, stored), fault

    def _job(self, stored: Stored, args: Any) -> Job:
        async def before_writing() -> None:
            await self._log.writing(stored)

        async def moved(where: str, why: str) -> None:
            await self._log.held(stored, why if where == "held" else "")
            self._progress = (stored.command.id, where, why)
            self._tell_progress(*self._progress)
            self._wake.set()

        return Job(
            command=stored.command,
            verb=stored.verb,
            args=args,
            expires=stored.expires,
            withdrawn=lambda: stored.withdrawn,
            before_writing=before_writing,
            moved=moved,
            after_break=self._log.broke_off(self.device.id),
        )

    async def _disarm(self) -> None:
        """Commands that were to begin at once have to wait."""
        try:
            await self._log.disarm(self.device.id)
        except ChairsideError as why:
            log.warning("a waiting command stays marked as begun", device=self.device.id, why=why.sentence())

    def _tell_progress(self, job_id: str, where: str, why: str) -> None:
        said = words(why) if why else None
        progress = JobProgress(
            id=job_id,
            state="held" if where == "held" else "printing",
            reason=why,
            sentence=said.sentence if said else "",
            action=said.action if said else "",
        )
        self._outlet.event(self.device.id, "job", progress.model_dump())

    def _announce(self, news: Announcement) -> None:
        self._outlet.event(self.device.id, news.name, dict(news.body))

    def _read(self, measured: Measured) -> None:
        self._outlet.reading(self.device.id, measured)

    def _show(self, condition: Condition) -> None:
        self._become(Health.DEGRADED if condition.reason else Health.ONLINE, condition.reason, dict(condition.figures))

    def _missed(self, why: str, cause: Exception) -> None:
        self._misses += 1
        log.debug("device missed", device=self.device.id, misses=self._misses, why=str(cause))
        if self._misses >= self._driver.pace.misses or isinstance(cause, WrongDevice):
            self._tries_offline += 1
            self._become(Health.OFFLINE, why, self._figures)

    def _become(self, health: Health, why: str, figures: dict[str, Any]) -> None:
        self._looked.set()
        changed = (health, why) != (self._health, self._reason)
        turned = any(isinstance(now, bool) and now != self._figures_told.get(name) for name, now in figures.items())  # such as a drawer
        stale = turned or (figures != self._figures_told and self._clock.monotonic() - self._figures_told_at >= FIGURES_EVERY_S)
        if changed:
            speak = log.warning if health is Health.OFFLINE else log.info
            speak("device", device=self.device.id, name=self.device.name, health=health.value, reason=why, was=self._health.value)
            self._health, self._reason, self._since = health, why, self._clock.now()
        self._figures = figures
        if changed or stale:
            self._figures_told, self._figures_told_at = figures, self._clock.monotonic()
            self._outlet.state(self.device.id, self.state())

    def _pause_after_miss_s(self) -> float:
        pace = self._driver.pace
        if not self._tries_offline:
            return pace.miss_s
        longest: float = min(pace.back_off_s_max, pace.miss_s * 2**self._tries_offline)
        return max(TRY_AGAIN_S_MIN, longest * random.random())  # noqa: S311 - jitter, not a secret

    async def _pause(self, rest: Coroutine[Any, Any, None]) -> None:
        """Until `rest` is over, or a command comes; then it has let go of the link. Raises what `rest` raises."""
        resting, woken = asyncio.ensure_future(rest), asyncio.ensure_future(self._wake.wait())
        try:
            await asyncio.wait({resting, woken}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            woken.cancel()
            if resting.cancel():
                await asyncio.wait({resting})
        if not resting.cancelled():
            resting.result()
