"""The hub's view of devices: what they show, what a person may do with them, and who hears a scan."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import orjson
import structlog
from pydantic import ValidationError

from hub.access import SYSTEM, Actor, Right
from hub.clock import Clock
from hub.db import Db, Tx
from hub.equipment import tables
from hub.equipment.events import (
    DeviceAdopted,
    DeviceChanged,
    DeviceRemoved,
    DeviceSettingsChanged,
    DeviceSwitched,
    PrintJobSettled,
    ReprintAsked,
)
from hub.equipment.link import MqttLink
from hub.equipment.model import (
    CannotShow,
    CannotWeigh,
    Device,
    DeviceBusy,
    DeviceChange,
    DeviceRefused,
    DeviceSpec,
    JobState,
    Moment,
    NotSettled,
    PrintJob,
)
from hub.equipment.papers import test_document
from hub.equipment.printing import PrintDesk
from hub.errors import NotFound
from hub.ids import Id, TapId
from hub.journal import Event, Journal
from hub.ports import (
    Command,
    DeviceInfo,
    DeviceState,
    DisplayLine,
    Done,
    Health,
    JobProgress,
    Outcome,
    PrintKind,
    Scan,
    Weight,
)
from hub.taps import first_result, remember

log = structlog.get_logger()

HOST_ANSWERS_WITHIN_S = 15.0
WEIGH_WITHIN_S = 5.0
SHOW_WITHIN_S = 2.0
ANSWER_MARGIN_S = 1.0
Heard = Callable[[Scan, str], None]
HqLink = Literal["none", "online", "offline"]


@dataclass(slots=True)
class _Seen:
    info: DeviceInfo | None = None
    state: DeviceState | None = None


class Equipment:
    """Devices, scans and print jobs, for pages and API."""

    def __init__(self, db: Db, journal: Journal, clock: Clock, link: MqttLink, desk: PrintDesk) -> None:
        self._db, self._journal, self._clock, self._link, self._desk = db, journal, clock, link, desk
        self._seen: dict[str, _Seen] = {}
        self._hosts: dict[str, bool] = {}
        self._asked: dict[str, asyncio.Future[Done]] = {}
        self._listeners: list[Heard] = []
        self._tasks: set[asyncio.Task[Any]] = set()
        self._hq: HqLink = "none"
        desk.chooses(self.printer_for)
        desk.makes(PrintKind.TEST, test_document)
        for pattern, told in {
            "dev/+/info": self._on_info,
            "dev/+/state": self._on_state,
            "dev/+/done": self._on_done,
            "dev/+/event/job": self._on_job,
            "dev/+/event/scan": self._on_scan,
            "host/+/state": self._on_host,
            "host/+/done": self._on_host_done,
            "bridge/state": self._on_bridge,
        }.items():
            link.listen(pattern, told)

    def devices(self, actor: Actor) -> list[Device]:
        """Every device ever told of, by id."""
        actor.must(Right.SEE_DEVICES)
        return [self._device(name) for name in sorted(self._seen)]

    def printer_for(self, role: str) -> str | None:
        """A printer with the role, one that is well before one that is not; receipts' printer when no other prints tickets."""
        able = [name for name, seen in self._seen.items() if seen.info and seen.info.kind == "receipt_printer"]
        for wanted in dict.fromkeys((role, "receipt")):
            found = [n for n in able if wanted in (self._seen[n].info or _NOBODY).roles]
            if found:
                return min(found, key=lambda n: (self._device(n).health not in {Health.ONLINE, Health.DEGRADED}, n))
        return None

    def on_scan(self, told: Heard) -> Callable[[], None]:
        """Call `told(scan, device)` for every scan; returns the call that ends it."""
        self._listeners.append(told)
        return lambda: self._listeners.remove(told) if told in self._listeners else None

    def beat(self, screen: str, page: str, version: str, *, visible: bool, session: str) -> None:
        """A kiosk's or board's page is alive."""
        self._link.send(f"screen/{screen}/beat", {"page": page, "version": version, "visible": visible, "session": session}, qos=0)

    def hq_link(self) -> HqLink:
        """Whether head office is heard; none for a shop without one."""
        return self._hq if self._link.connected else "none"

    async def candidates(self, actor: Actor) -> list[dict[str, Any]]:
        """Devices the host could be told to adopt. Raises DeviceBusy."""
        actor.must(Right.CHANGE_DEVICES)
        answer = await self._ask_host("candidates", {})
        return list(answer.result["candidates"])

    async def adopt(self, actor: Actor, spec: DeviceSpec, tap_id: TapId) -> str:
        """Take a device into the shop; the host identifies it first. Raises DeviceBusy or DeviceRefused."""
        actor.must(Right.CHANGE_DEVICES)
        answer = await self._ask_host("adopt", spec.model_dump(mode="json"))
        return await self._db.write(self._adopted, actor, str(answer.result["device"]), tap_id)

    async def change(self, actor: Actor, device: str, change: DeviceChange) -> None:
        """Give a device another name or use, or put another one in its place: id and history stay. Raises DeviceBusy or DeviceRefused."""
        actor.must(Right.CHANGE_DEVICES)
        await self._ask_host("change", {"id": device, **change.model_dump(mode="json", exclude_none=True)})
        await self._db.write(self._note, actor, DeviceSettingsChanged(device=device))

    async def enable(self, actor: Actor, device: str, *, enabled: bool) -> None:
        """A person's wish, apart from what the device shows. Raises DeviceBusy or DeviceRefused."""
        actor.must(Right.CHANGE_DEVICES)
        await self._ask_host("enable", {"id": device, "enabled": enabled})
        await self._db.write(self._note, actor, DeviceSwitched(device=device, enabled=enabled))

    async def look(self, actor: Actor, device: str) -> DeviceState:
        """How a device is after one more look. Raises DeviceBusy or DeviceRefused."""
        actor.must(Right.SEE_DEVICES)
        done = await self._ask_host("identify", {"id": device})
        return DeviceState.model_validate(done.result["state"])

    def history(self, actor: Actor, device: str, limit: int = 50) -> list[Moment]:
        """How a device was, newest first."""
        actor.must(Right.SEE_DEVICES)
        rows = self._db.all(tables.LATEST_HISTORY, (device, limit))
        return [Moment(at=datetime.fromisoformat(r["at"]), health=Health(r["health"]), reason=r["reason"]) for r in rows]

    async def remove(self, actor: Actor, device: str) -> None:
        """Let a device go. Raises DeviceBusy or DeviceRefused."""
        actor.must(Right.CHANGE_DEVICES)
        await self._ask_host("remove", {"id": device})
        self._seen.pop(device, None)
        await self._db.write(self._removed, actor, device)

    def jobs(self, actor: Actor, limit: int = 50) -> list[PrintJob]:
        """The newest print jobs."""
        actor.must(Right.SEE_DEVICES)
        return [tables.job_of(row) for row in self._db.all(tables.LATEST_JOBS, (limit,))]

    def job(self, job_id: str) -> PrintJob:
        """One job. Raises NotFound."""
        row = self._db.one(tables.BY_ID, (job_id,))
        if row is None:
            raise NotFound(job=job_id)
        return tables.job_of(row)

    def jobs_needing_someone(self, actor: Actor) -> list[PrintJob]:
        """Held, uncertain, failed, or without a printer: what a banner shows."""
        actor.must(Right.SEE_DEVICES)
        return [tables.job_of(row) for row in self._db.all(tables.NEEDING_SOMEONE)]

    def job_of(self, kind: PrintKind, source: str) -> PrintJob | None:
        """The newest job for a receipt, ticket or report; its state is no secret."""
        row = self._db.one(tables.JOB_OF, (str(kind), source))
        return tables.job_of(row) if row else None

    async def reprint(self, actor: Actor, job_id: str, tap_id: TapId) -> PrintJob:
        """One more, marked as a copy. Raises NotFound."""
        actor.must(Right.RESOLVE_PRINTS)
        return await self._db.write(self._reprint, actor, job_id, tap_id)

    async def settle(self, actor: Actor, job_id: str, printed: bool, tap_id: TapId) -> PrintJob:  # noqa: FBT001
        """A person saw whether the paper came out. Raises NotFound or NotSettled."""
        actor.must(Right.RESOLVE_PRINTS)
        return await self._db.write(self._settle, actor, job_id, printed, tap_id)

    async def test_print(self, actor: Actor, device: str, tap_id: TapId) -> PrintJob:
        """A test receipt on one printer."""
        actor.must(Right.RESOLVE_PRINTS)
        return await self._db.write(self._test_print, device, tap_id)

    def _device(self, name: str) -> Device:
        seen = self._seen[name]
        reachable = self._link.connected and any(self._hosts.values())
        health = seen.state.health if seen.state and reachable else Health.UNKNOWN
        return Device(id=name, info=seen.info, state=seen.state, health=health)

    async def weigh(self, actor: Actor, device: str) -> Weight:
        """What lies on a scale and has come to rest within five seconds.

        Raises NotFound, DeviceBusy when nobody answers, or CannotWeigh with the reason: moving, too much, less than nothing.
        """
        actor.must(Right.SEE_DEVICES)
        self._must_be("scale", device)
        done = await self.ask_device(device, "weigh", {"within_s": WEIGH_WITHIN_S}, WEIGH_WITHIN_S)
        if done.outcome is not Outcome.DONE:
            raise CannotWeigh(device=device, reason=done.reason, sentence=done.sentence)
        return Weight.model_validate(done.result)

    async def show(self, actor: Actor, device: str, lines: tuple[DisplayLine, DisplayLine]) -> None:
        """Show two lines to the guest, within two seconds or not at all; the display clears them by itself after a while.

        Raises NotFound, DeviceBusy when nobody answers, or CannotShow with the reason.
        """
        actor.must(Right.SEE_DEVICES)
        self._must_be("customer_display", device)
        done = await self.ask_device(device, "show", {"lines": [line.model_dump() for line in lines]}, SHOW_WITHIN_S)
        if done.outcome is not Outcome.DONE:
            raise CannotShow(device=device, reason=done.reason, sentence=done.sentence)

    def _must_be(self, kind: str, device: str) -> None:
        seen = self._seen.get(device)
        if seen is None or seen.info is None or seen.info.kind != kind:
            raise NotFound(device=device)

    async def ask_device(self, device: str, verb: str, args: dict[str, Any], within_s: float) -> Done:
        """Ask for what makes sense only now: begun within `within_s`, or never. Raises DeviceBusy."""
        until = self._clock.now() + timedelta(seconds=within_s)
        command = Command(id=Id.new(), deadline=until.isoformat(), args=args)
        return await self._ask(f"dev/{device}/do/{verb}", command, within_s + ANSWER_MARGIN_S)

    async def _ask_host(self, verb: str, args: dict[str, Any]) -> Done:
        host = next((name for name, alive in self._hosts.items() if alive), None)
        if host is None:
            raise DeviceBusy
        done = await self._ask(f"host/{host}/do/{verb}", Command(id=Id.new(), args=args), HOST_ANSWERS_WITHIN_S)
        if done.outcome is not Outcome.DONE:
            raise DeviceRefused(reason=done.reason, sentence=done.sentence)
        return done

    async def _ask(self, topic: str, command: Command, within_s: float) -> Done:
        """Send a question that is kept nowhere, and wait for its answer. Raises DeviceBusy."""
        answer: asyncio.Future[Done] = asyncio.get_running_loop().create_future()
        self._asked[command.id] = answer
        try:
            self._link.send(topic, command)
            return await asyncio.wait_for(answer, within_s)
        except TimeoutError:
            raise DeviceBusy(topic=topic) from None
        finally:
            self._asked.pop(command.id, None)

    def _on_info(self, levels: list[str], payload: bytes) -> None:
        if not payload:  # a cleared retained message: the device was removed
            self._seen.pop(levels[1], None)
            return
        self._seen.setdefault(levels[1], _Seen()).info = DeviceInfo.model_validate_json(payload)
        self._desk.wake()

    def _on_state(self, levels: list[str], payload: bytes) -> None:
        if not payload:
            self._seen.pop(levels[1], None)
            return
        seen = self._seen.setdefault(levels[1], _Seen())
        before, seen.state = seen.state, DeviceState.model_validate_json(payload)
        if before is None or (before.health, before.reason) != (seen.state.health, seen.state.reason):
            self._later(self._db.write(self._health_changed, levels[1], seen.state))
            self._desk.wake()

    def _on_done(self, levels: list[str], payload: bytes) -> None:
        done = Done.model_validate_json(payload)
        if not self._answered(done):
            self._later(self._desk.finished(levels[1], done))

    def _on_job(self, _: list[str], payload: bytes) -> None:
        self._later(self._desk.progressed(JobProgress.model_validate_json(payload)))

    def _on_scan(self, levels: list[str], payload: bytes) -> None:
        scan = Scan.model_validate_json(payload)
        for told in list(self._listeners):
            try:
                told(scan, levels[1])
            except Exception:  # one page's fault must not keep the scan from the others
                log.exception("a page could not take a scan", device=levels[1])

    def _on_host(self, levels: list[str], payload: bytes) -> None:
        try:
            self._hosts[levels[1]] = DeviceState.model_validate_json(payload).health is Health.ONLINE
        except ValidationError:
            self._hosts[levels[1]] = bool(orjson.loads(payload or b"{}").get("alive"))
        if self._hosts[levels[1]]:
            self._desk.send_again()
        else:
            self._desk.wake()

    def _on_bridge(self, _: list[str], payload: bytes) -> None:
        told = orjson.loads(payload)["hq"]
        self._hq = "online" if told == "online" else "offline" if told == "offline" else "none"

    def _on_host_done(self, _: list[str], payload: bytes) -> None:
        self._answered(Done.model_validate_json(payload))

    def _answered(self, done: Done) -> bool:
        waiting = self._asked.get(done.id)
        if waiting and not waiting.done():
            waiting.set_result(done)
        return waiting is not None

    def _later(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (failed := task.exception()):
            log.error("a device's message could not be kept", why=repr(failed))

    def _health_changed(self, tx: Tx, device: str, state: DeviceState) -> None:
        last = tx.one(tables.LAST_SEEN, (device,))
        if last is None or (last["health"], last["reason"]) != (state.health, state.reason):
            tables.remember(tx, device, self._clock.now(), str(state.health), state.reason)
        if last is None or last["health"] != state.health:
            self._journal.append(tx, SYSTEM, DeviceChanged(device=device, health=state.health))

    def _note(self, tx: Tx, actor: Actor, event: Event) -> None:
        self._journal.append(tx, actor, event)

    def _removed(self, tx: Tx, actor: Actor, device: str) -> None:
        tables.forget(tx, device)
        self._journal.append(tx, actor, DeviceRemoved(device=device))

    def _adopted(self, tx: Tx, actor: Actor, device: str, tap_id: TapId) -> str:
        if not first_result(tx, tap_id, "equipment.adopt", device):
            self._journal.append(tx, actor, DeviceAdopted(device=device))
            remember(tx, tap_id, "equipment.adopt", device, device)
        return device

    def _reprint(self, tx: Tx, actor: Actor, job_id: str, tap_id: TapId) -> PrintJob:
        if known := first_result(tx, tap_id, "equipment.reprint", job_id):
            return tables.get(tx, known)
        copy = self._desk.copy(tx, tables.get(tx, job_id))
        tx.execute("UPDATE print_jobs SET settled = 1 WHERE id = ? AND state IN ('uncertain', 'failed')", (job_id,))
        self._journal.append(tx, actor, ReprintAsked(job=copy.id, copy=copy.copy))
        remember(tx, tap_id, "equipment.reprint", copy.id, job_id)
        return copy

    def _settle(self, tx: Tx, actor: Actor, job_id: str, printed: bool, tap_id: TapId) -> PrintJob:  # noqa: FBT001
        job = tables.get(tx, job_id)
        if first_result(tx, tap_id, "equipment.settle", (job_id, printed)):
            return job
        if job.state not in {JobState.UNCERTAIN, JobState.FAILED}:
            raise NotSettled(job=job_id)
        tx.execute("UPDATE print_jobs SET settled = 1, state = ? WHERE id = ?", ("printed" if printed else "failed", job_id))
        self._journal.append(tx, actor, PrintJobSettled(job=job.id, printed=printed))
        if not printed:
            self._desk.copy(tx, job)
        remember(tx, tap_id, "equipment.settle", job_id, (job_id, printed))
        return tables.get(tx, job_id)

    def _test_print(self, tx: Tx, device: str, tap_id: TapId) -> PrintJob:
        if known := first_result(tx, tap_id, "equipment.test_print", device):
            return tables.get(tx, known)
        job = self._desk.test(tx, device, tap_id)
        remember(tx, tap_id, "equipment.test_print", job.id, device)
        return job


_NOBODY = DeviceInfo(kind="", name="", transport="")
