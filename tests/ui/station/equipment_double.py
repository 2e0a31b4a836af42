"""Printers and scanners in memory; a test moves their jobs and states by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson

from hub.access import Right
from hub.equipment import DeviceChange, DeviceSpec
from hub.equipment.model import CannotShow, CannotWeigh, Device, DeviceRefused, JobId, JobState, Moment, NotSettled, PrintJob
from hub.equipment.self_test import STEPS, Step
from hub.ids import TapId
from hub.ports import DeviceInfo, DeviceState, DisplayLine, Health, Outcome, PrintKind, Reading, Scan, Weight


def state(health: Health, reason: str = "", sentence: str = "", action: str = "", **figures: Any) -> DeviceState:
    return DeviceState(health=health, reason=reason, sentence=sentence, action=action, since=datetime.now(UTC).isoformat(), figures=figures)


def device(device_id: str, kind: str, name: str, roles: tuple[str, ...], *, simulated: bool = False) -> Device:
    info = DeviceInfo(kind=kind, name=name, transport="tcp", roles=roles, simulated=simulated)
    return Device(id=device_id, info=info, state=state(Health.ONLINE), health=Health.ONLINE)


class SensorsDouble:
    """Readings that a test puts in by hand."""

    def __init__(self) -> None:
        self.told: dict[str, dict[str, Reading]] = {}
        self.calls: list[tuple[str, bool, str]] = []

    def readings(self, actor: Any, device: str) -> dict[str, Reading]:
        actor.must(Right.SEE_DEVICES)
        return self.told.get(device, {})

    async def switch(self, actor: Any, device: str, *, on: bool, outlet: str = "switch") -> None:
        actor.must(Right.CHANGE_DEVICES)
        self.calls.append((device, on, outlet))
        self.told[device][outlet] = Reading(value=on, at="now")


class PrintersDouble:
    def __init__(self, equipment: Any) -> None:
        self.equipment = equipment
        self.fallbacks: dict[str, str] = {}

    def fallback_of(self, device_id: str) -> str:
        return self.fallbacks.get(device_id, "")

    async def choose_fallback(self, actor: Any, device_id: str, fallback: str) -> None:
        actor.must(Right.CHANGE_DEVICES)
        self.fallbacks[device_id] = fallback
        self.equipment.calls.append(("fallback", device_id, fallback))


class EquipmentDouble:
    def __init__(self, shop: Any) -> None:
        self.shop = shop
        self.all = {
            "p1": device("p1", "receipt_printer", "收银打印机", ("receipt", "ticket"), simulated=True),
            "s1": device("s1", "scanner", "扫码枪", ("scan",), simulated=True),
        }
        self.papers: dict[str, PrintJob] = {}
        self.told: list[Callable[[Scan, str], None]] = []
        self.link = "none"
        self.calls: list[tuple[str, ...]] = []
        self.settled: set[str] = set()
        self.found: list[dict[str, Any]] = []
        self.weights: list[int] = []
        self.shown: list[tuple[DisplayLine, DisplayLine]] | None = None
        self.printers = PrintersDouble(self)

    def devices(self, actor: Any) -> list[Device]:
        return list(self.all.values())

    def jobs(self, actor: Any, limit: int) -> list[PrintJob]:
        return list(reversed(self.papers.values()))[:limit]

    def jobs_needing_someone(self, actor: Any) -> list[PrintJob]:
        waits = {JobState.HELD, JobState.UNCERTAIN, JobState.FAILED}
        return [
            j for j in self.papers.values() if (j.state in waits or (j.state is JobState.QUEUED and j.reason)) and j.id not in self.settled
        ]

    def print(self, kind: str, source: str, copy: int = 0) -> PrintJob:
        job = PrintJob(
            id=JobId.new(), kind=PrintKind(kind), source=source, till="t1", device="p1", state=JobState.PRINTED, copy=copy,
            reason="", sentence="", action="", at=self.shop.clock.now(), command="", kick_until=None,
        )  # fmt: skip
        self.papers[job.id] = job
        return job

    def job_moves(self, state: str, reason: str = "", at: str = "") -> None:
        """The newest paper moves; `at` is a printer that stands in for the one it was meant for."""
        job = list(self.papers.values())[-1]
        where = {"device": at, "meant_for": job.meant_for or job.device} if at else {}
        self.papers[job.id] = replace(job, state=JobState(state), reason=reason, **where)
        self.shop.announce("PrintJobMoved")

    def device_becomes(self, device_id: str, health: str, reason: str = "", action: str = "", **figures: Any) -> None:
        new = state(Health(health), reason, reason, action, **figures)
        self.all[device_id] = replace(self.all[device_id], state=new, health=Health(health))
        self.shop.announce("DeviceChanged")

    async def reprint(self, actor: Any, job_id: str, tap_id: str) -> PrintJob:
        old = self.papers[job_id]
        self.calls.append(("reprint", job_id))
        self.settled.add(job_id)
        made = self.print(old.kind, old.source, copy=old.copy + 1)
        self.shop.announce("ReprintAsked")
        return made

    async def settle(self, actor: Any, job_id: str, printed: bool, tap_id: str) -> PrintJob:
        job = self.papers[job_id]
        if job.state not in {JobState.UNCERTAIN, JobState.FAILED}:
            raise NotSettled(job=job_id)
        self.calls.append(("settle", job_id, str(printed)))
        self.papers[job_id] = replace(job, state=JobState.PRINTED if printed else JobState.FAILED, reason="")
        self.settled.add(job_id)
        if not printed:
            self.print(job.kind, job.source, copy=job.copy + 1)
        self.shop.announce("PrintJobSettled")
        return self.papers[job_id]

    async def test_print(self, actor: Any, device_id: str, tap_id: str) -> PrintJob:
        self.calls.append(("test_print", device_id))
        return self.print("test", device_id)

    async def weigh(self, actor: Any, device_id: str) -> Weight:
        actor.must(Right.SEE_DEVICES)
        self.calls.append(("weigh", device_id))
        if not self.weights:
            raise CannotWeigh(device=device_id, reason="scale_moving")
        return Weight(mg=self.weights.pop(0))

    async def show(self, actor: Any, device_id: str, lines: tuple[DisplayLine, DisplayLine]) -> None:
        actor.must(Right.SEE_DEVICES)
        if self.shown is None:
            raise CannotShow(device=device_id, reason="not_taken")
        self.shown.append(lines)

    async def candidates(self, actor: Any) -> list[dict[str, Any]]:
        actor.must(Right.CHANGE_DEVICES)
        return self.found

    async def adopt(self, actor: Any, spec: DeviceSpec, tap_id: str) -> str:
        if spec.address == "tcp://10.0.0.66:9100":
            raise DeviceRefused(reason="unreachable", sentence="")
        self.calls.append(("adopt", spec.name, spec.address, *spec.profile.values()))
        self.all["new-1"] = device("new-1", spec.kind, spec.name, tuple(spec.roles))
        self.shop.announce("DeviceAdopted")
        return "new-1"

    async def change(self, actor: Any, device_id: str, change: DeviceChange, _tap_id: TapId) -> None:
        actor.must(Right.CHANGE_DEVICES)
        if change.address == "tcp://10.0.0.66:9100":
            raise DeviceRefused(reason="unreachable", sentence="")
        self.calls.append(
            ("change", device_id, change.name or "", *(change.roles or ()), change.address or "", *(change.profile or {}).values())
        )
        self.all[device_id] = device(device_id, "receipt_printer", change.name or "", change.roles or ())
        self.shop.announce("DeviceSettingsChanged")

    async def enable(self, actor: Any, device_id: str, _tap_id: TapId, *, enabled: bool) -> None:
        actor.must(Right.CHANGE_DEVICES)
        self.device_becomes(device_id, "online" if enabled else "disabled", "" if enabled else "disabled")

    async def look(self, actor: Any, device_id: str) -> None:
        self.device_becomes(device_id, "degraded", "paper_low", waiting=3)

    def history(self, actor: Any, device_id: str, limit: int) -> list[Moment]:
        at = self.shop.clock.now()
        return [Moment(at=at, health=Health.ONLINE, reason=""), Moment(at=at, health=Health.DEGRADED, reason="cover_open")]

    async def remove(self, actor: Any, device_id: str, _tap_id: TapId) -> None:
        del self.all[device_id]

    def on_scan(self, told: Callable[[Scan, str], None]) -> Callable[[], None]:
        self.told.append(told)
        return lambda: self.told.remove(told)

    def scan(self, code: str, gtin: str | None = None) -> None:
        for told in self.told:
            told(Scan(code=code, gtin=gtin), "s1")

    def hq_link(self) -> str:
        return self.link


class SelfTestsDouble:
    """Every step is done at once; the test says what a person sees."""

    def __init__(self, shop: Any) -> None:
        self.shop = shop
        self.outcome = Outcome.DONE
        self.heard: list[tuple[str, ...]] = []
        self.steps: dict[str, Step] = {}

    async def begin(self, actor: Any, device_id: str) -> tuple[str, ...]:
        actor.must(Right.CHANGE_DEVICES)
        self.steps.clear()
        return STEPS.get(self.shop.equipment.all[device_id].info.kind, ("look",))

    async def step(self, actor: Any, device_id: str, step: str) -> Step:
        reason = "" if self.outcome is Outcome.DONE else "paper_out"
        self.steps[step] = Step(step=step, outcome=self.outcome, reason=reason, answer={}, took_ms=12)
        return self.steps[step]

    def saw(self, actor: Any, device_id: str, step: str, *, seen: bool) -> Step:
        self.steps[step] = replace(self.steps[step], seen=seen)
        return self.steps[step]

    async def finish(self, actor: Any, device_id: str, tap_id: str) -> bytes:
        return orjson.dumps({"device": device_id, "steps": [[s.step, s.passed] for s in self.steps.values()]})
