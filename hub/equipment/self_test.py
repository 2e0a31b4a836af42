"""The self-test of a device: what it was told to do, what it answered, what a person saw, and one file of it all for support."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import orjson

from hub.access import Actor, Right
from hub.clock import Clock
from hub.db import Db, Tx
from hub.equipment.card_terminal import CardTerminals
from hub.equipment.events import DeviceTested
from hub.equipment.model import TEST_LINES, Device, DeviceBusy, DeviceRefused, NotUnderTest
from hub.equipment.papers import test_document
from hub.equipment.service import Equipment
from hub.errors import NotFound
from hub.ids import TapId
from hub.journal import Journal
from hub.ports import CardState, Done, Outcome, Scan
from hub.taps import first_result, remember

LOOK, SCAN, PAY = "look", "scan", "pay"
STEPS: Mapping[str, tuple[str, ...]] = {  # of a kind; every other is only looked at
    "receipt_printer": (LOOK, "print", "kick"),
    "label_printer": (LOOK, "print"),
    "scanner": (LOOK, SCAN),
    "scale": (LOOK, "weigh"),
    "customer_display": (LOOK, "show"),
    "network_gear": (LOOK, "ports"),
    "office_printer": (LOOK, "print"),
    "card_terminal": (LOOK, PAY),
}
NEEDS_EYES = frozenset({"print", "kick", "show"})  # only a person can tell whether it happened
WITHIN_S = 20.0  # of one step: a person must find the scanner first
_LABEL = {"lines": [{"text": "测试 Test", "size": 2}], "ean13": "6901234567892"}
_ARGUMENTS: Mapping[tuple[str, str], Callable[[str], dict[str, Any]]] = {
    ("receipt_printer", "print"): lambda device: {"document": test_document(device).model_dump(mode="json"), "copy": 0},
    ("office_printer", "print"): lambda device: {"document": test_document(device).model_dump(mode="json"), "copy": 0},
    ("label_printer", "print"): lambda device: {"label": _LABEL | {"qr": device}, "count": 1},
    ("scale", "weigh"): lambda _: {"within_s": 5},
    ("customer_display", "show"): lambda _: {"lines": [line.model_dump() for line in TEST_LINES]},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step as it ended. `seen`: what a person said, None while nobody was asked. `took_ms` from asking to the answer."""

    step: str
    outcome: Outcome
    reason: str = ""
    sentence: str = ""
    answer: Mapping[str, Any]
    took_ms: int
    seen: bool | None = None

    @property
    def passed(self) -> bool:
        """It was done, and whoever should have seen it did."""
        return self.outcome is Outcome.DONE and (self.seen is True if self.step in NEEDS_EYES else self.seen is not False)


@dataclass(slots=True, kw_only=True)
class _Open:
    by: str
    at: str
    steps: dict[str, Step]


class SelfTests:
    """One test of a device at a time; what is not finished is forgotten, what is finished is kept until the next."""

    def __init__(self, db: Db, journal: Journal, clock: Clock, equipment: Equipment, cards: CardTerminals) -> None:
        self._db, self._journal, self._clock, self._equipment, self._cards = db, journal, clock, equipment, cards
        self._open: dict[str, _Open] = {}

    async def begin(self, actor: Actor, device: str) -> tuple[str, ...]:
        """The steps there are; from now on what the device says is recorded. Raises NotFound, DeviceBusy or DeviceRefused."""
        actor.must(Right.CHANGE_DEVICES)
        kind = self._kind(actor, device)
        await self._equipment.asking.host("record", {"id": device})
        self._open[device] = _Open(by=actor.id, at=self._clock.now().isoformat(), steps={})
        return STEPS.get(kind, (LOOK,))

    async def step(self, actor: Actor, device: str, step: str) -> Step:
        """Carry out one step; what goes wrong with the device is its outcome. Raises NotUnderTest, NotFound."""
        actor.must(Right.CHANGE_DEVICES)
        kind, test = self._kind(actor, device), self._test(device)
        if step not in STEPS.get(kind, (LOOK,)):
            raise NotFound(step=step)
        began = time.monotonic()
        done = await self._carry_out(actor, device, kind, step)
        made = Step(
            step=step,
            outcome=done.outcome,
            reason=done.reason,
            sentence=done.sentence,
            answer=done.result,
            took_ms=round((time.monotonic() - began) * 1000),
        )
        test.steps[step] = made
        return made

    def saw(self, actor: Actor, device: str, step: str, *, seen: bool) -> Step:
        """What a person says of a step that was carried out. Raises NotUnderTest, NotFound."""
        actor.must(Right.CHANGE_DEVICES)
        test = self._test(device)
        if step not in test.steps:
            raise NotFound(step=step)
        test.steps[step] = replace(test.steps[step], seen=seen)
        return test.steps[step]

    async def finish(self, actor: Actor, device: str, tap_id: TapId) -> bytes:
        """Keep and give the result file (JSON). Raises NotUnderTest; a device host that is away only leaves the recording out."""
        actor.must(Right.CHANGE_DEVICES)
        if first_result(self._db, tap_id, DeviceTested.kind, device):
            return self.file(actor, device)
        test = self._test(device)
        found = self._device(actor, device)
        try:
            tape = (await self._equipment.asking.host("recorded", {"id": device})).result
        except (DeviceBusy, DeviceRefused) as why:
            tape = {"lines": [], "full": False, "why": why.code}
        passed = bool(test.steps) and all(step.passed for step in test.steps.values())
        told = {
            "device": {"id": device, **(found.info.model_dump(mode="json") if found.info else {})},
            "at": test.at,
            "by": test.by,
            "passed": passed,
            "steps": [asdict(step) for step in test.steps.values()],
            "state": found.state.model_dump(mode="json") if found.state else None,
            "history": [asdict(moment) for moment in self._equipment.history(actor, device)],
            "recording": tape,
        }
        file = orjson.dumps(told, option=orjson.OPT_INDENT_2)
        await self._db.write(self._keep, actor, DeviceTested(device=device, passed=passed), file, tap_id)
        self._open.pop(device, None)
        return file

    def file(self, actor: Actor, device: str) -> bytes:
        """The result file of the last finished test. Raises NotFound."""
        actor.must(Right.CHANGE_DEVICES)
        row = self._db.one("SELECT file FROM device_tests WHERE device = ?", (device,))
        if row is None:
            raise NotFound(device=device)
        return bytes(row["file"])

    async def _carry_out(self, actor: Actor, device: str, kind: str, step: str) -> Done:
        try:
            if step == LOOK:
                state = await self._equipment.look(actor, device)
                return Done(id="look", outcome=Outcome.DONE, result=state.model_dump(mode="json"))
            if step == SCAN:
                return await self._next_scan(device)
            if step == PAY:
                return await self._paid_and_given_back(actor, device)
            make = _ARGUMENTS.get((kind, step))
            return await self._equipment.asking.device(device, step, make(device) if make else {}, WITHIN_S)
        except (DeviceBusy, DeviceRefused) as why:
            return Done(id=step, outcome=Outcome.UNKNOWN, reason=str(why.facts.get("reason") or why.code), sentence=why.hint)

    async def _paid_and_given_back(self, actor: Actor, device: str) -> Done:
        """The smallest amount there is. Raises NotAllowed for who may not give money back."""
        for attempt in filter(None, await self._cards.self_test(actor, device, TapId.new())):
            if attempt.state is not CardState.APPROVED:
                outcome = Outcome.FAILED if attempt.state is CardState.DECLINED else Outcome.UNKNOWN
                return Done(id=PAY, outcome=outcome, reason=attempt.reason, result={"attempt": attempt.id, "act": str(attempt.act)})
        return Done(id=PAY, outcome=Outcome.DONE)

    async def _next_scan(self, device: str) -> Done:
        came: asyncio.Future[Scan] = asyncio.get_running_loop().create_future()

        def heard(scan: Scan, which: str) -> None:
            if which == device and not came.done():
                came.set_result(scan)

        end = self._equipment.on_scan(heard)
        try:
            scan = await asyncio.wait_for(came, WITHIN_S)
        except TimeoutError:
            return Done(id=SCAN, outcome=Outcome.FAILED, reason="nothing_scanned")
        finally:
            end()
        return Done(id=SCAN, outcome=Outcome.DONE, result=scan.model_dump(mode="json"))

    def _device(self, actor: Actor, device: str) -> Device:
        found = next((d for d in self._equipment.devices(actor) if d.id == device), None)
        if found is None:
            raise NotFound(device=device)
        return found

    def _kind(self, actor: Actor, device: str) -> str:
        info = self._device(actor, device).info
        return info.kind if info else ""

    def _test(self, device: str) -> _Open:
        if device not in self._open:
            raise NotUnderTest(device=device)
        return self._open[device]

    def _keep(self, tx: Tx, actor: Actor, event: DeviceTested, file: bytes, tap_id: TapId) -> None:
        if first_result(tx, tap_id, event.kind, event.device) is None:
            tx.execute(
                "INSERT OR REPLACE INTO device_tests VALUES (?, ?, ?, ?)",
                (event.device, self._clock.now().isoformat(), int(event.passed), file),
            )
            self._journal.append(tx, actor, event)
            remember(tx, tap_id, event.kind, event.device, event.device)
