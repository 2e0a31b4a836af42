"""A device's self-test: real answers, a person's eyes, one file for support."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import orjson
import pytest

from hub.equipment import self_test
from hub.equipment.events import DeviceTested
from hub.equipment.model import NotUnderTest
from hub.errors import NotAllowed, NotFound
from hub.ids import TapId
from hub.ports import CardAct, CardAttempt, CardAttemptId, CardState, CardTransaction, Outcome
from tests.hub.equipment.test_devices import TECHNICIAN, answered
from tests.hub.equipment.wire import printer, until

LINES = ['{"s": 0.1, "to": "1b40"}']


def scanner(wire):
    wire.says("host/h1/state", health="online", since="2026-01-01T00:00:00Z")
    wire.says("dev/s1/info", kind="scanner", name="s1", transport="serial", roles=[])
    wire.says("dev/s1/state", health="online", since="2026-01-01T00:00:00Z")


async def done(wire, asking, verb, **how):
    """One step, with the device's answer."""
    work = asyncio.ensure_future(asking)
    await until(lambda: any(topic.endswith(f"/do/{verb}") for topic, _ in wire.sent))
    [(topic, command)] = [sent for sent in wire.sent if sent[0].endswith(f"/do/{verb}")]
    wire.says(topic.split("/do/")[0] + "/done", id=command.id, **how)
    return await work


async def test_a_printer_that_printed_but_whose_drawer_stayed_shut_fails_and_the_file_says_all_of_it(salon, wire):
    printer(wire)
    tests = salon.shop.self_tests
    state = {"health": "online", "since": "2026-01-01T00:00:00Z"}
    _, steps = await answered(wire, tests.begin(TECHNICIAN, "p1"), "record")
    assert steps == ("look", "print", "kick")
    await answered(wire, tests.step(TECHNICIAN, "p1", "look"), "identify", result={"state": state})
    await done(wire, tests.step(TECHNICIAN, "p1", "print"), "print", outcome="done")
    await done(wire, tests.step(TECHNICIAN, "p1", "kick"), "kick", outcome="done")
    tests.saw(TECHNICIAN, "p1", "print", seen=True)
    tests.saw(TECHNICIAN, "p1", "kick", seen=False)
    tap = TapId.new()
    _, file = await answered(wire, tests.finish(TECHNICIAN, "p1", tap), "recorded", result={"lines": LINES, "full": False})
    told = orjson.loads(file)
    assert [(s["step"], s["outcome"], s["seen"]) for s in told["steps"]] == [
        ("look", "done", None),
        ("print", "done", True),
        ("kick", "done", False),
    ]
    assert (told["passed"], told["recording"]["lines"], told["device"]["kind"]) == (False, LINES, "receipt_printer")
    assert await tests.finish(TECHNICIAN, "p1", tap) == file == tests.file(TECHNICIAN, "p1")
    assert salon.shop.journal.count(DeviceTested) == 1


async def test_what_nobody_looked_at_did_not_pass(salon, wire):
    printer(wire)
    tests = salon.shop.self_tests
    await answered(wire, tests.begin(TECHNICIAN, "p1"), "record")
    step = await done(wire, tests.step(TECHNICIAN, "p1", "print"), "print", outcome="done")
    assert (step.outcome, step.seen, step.passed) == (Outcome.DONE, None, False)


async def test_a_scanner_passes_when_it_reads_a_code_and_only_its_own_counts(salon, wire, monkeypatch):
    scanner(wire)
    tests = salon.shop.self_tests
    await answered(wire, tests.begin(TECHNICIAN, "s1"), "record")
    reading = asyncio.ensure_future(tests.step(TECHNICIAN, "s1", "scan"))
    await asyncio.sleep(0)
    wire.says("dev/other/event/scan", code="0000000000000", symbology="ean13")
    wire.says("dev/s1/event/scan", code="6901234567892", symbology="ean13")
    step = await reading
    assert (step.passed, step.answer["code"]) == (True, "6901234567892")
    monkeypatch.setattr(self_test, "WITHIN_S", 0.01)
    step = await tests.step(TECHNICIAN, "s1", "scan")
    assert (step.outcome, step.reason) == (Outcome.FAILED, "nothing_scanned")


async def test_a_device_that_does_not_answer_is_a_step_that_nobody_can_tell_of_and_the_test_goes_on(salon, wire, monkeypatch):
    printer(wire)
    tests = salon.shop.self_tests
    await answered(wire, tests.begin(TECHNICIAN, "p1"), "record")
    monkeypatch.setattr(self_test, "WITHIN_S", 0.01)
    monkeypatch.setattr("hub.equipment.asking.ANSWER_MARGIN_S", 0.01)
    step = await tests.step(TECHNICIAN, "p1", "kick")
    assert (step.outcome, step.passed) == (Outcome.UNKNOWN, False)
    monkeypatch.setattr("hub.equipment.asking.HOST_ANSWERS_WITHIN_S", 0.01)
    told = orjson.loads(await tests.finish(TECHNICIAN, "p1", TapId.new()))
    assert told["recording"] == {"lines": [], "full": False, "why": "device_host_silent"}


async def test_a_test_nobody_began_and_a_step_there_is_not_are_refused_and_only_those_who_may_test(salon, wire):
    printer(wire)
    tests = salon.shop.self_tests
    for asking in (tests.step(TECHNICIAN, "p1", "print"), tests.finish(TECHNICIAN, "p1", TapId.new())):
        with pytest.raises(NotUnderTest):
            await asking
    with pytest.raises(NotFound):
        tests.file(TECHNICIAN, "p1")
    await answered(wire, tests.begin(TECHNICIAN, "p1"), "record")
    with pytest.raises(NotFound):
        await tests.step(TECHNICIAN, "p1", "weigh")
    with pytest.raises(NotFound):
        await tests.begin(TECHNICIAN, "nobody")
    for asking in (
        tests.begin(salon.desk, "p1"),
        tests.step(salon.desk, "p1", "print"),
        tests.finish(salon.desk, "p1", TapId.new()),
    ):
        with pytest.raises(NotAllowed):
            await asking
    for reading in (lambda: tests.file(salon.desk, "p1"), lambda: tests.saw(salon.desk, "p1", "print", seen=True)):
        with pytest.raises(NotAllowed):
            reading()


async def test_a_card_terminal_takes_the_smallest_amount_and_gives_it_back_and_a_card_it_refuses_fails_the_step(salon, wire, monkeypatch):
    wire.says("host/h1/state", health="online", since="2026-01-01T00:00:00Z")
    wire.says("dev/c1/info", kind="card_terminal", name="c1", transport="tcp", roles=[])
    wire.says("dev/c1/state", health="online", since="2026-01-01T00:00:00Z")
    tests, asked = salon.shop.self_tests, []

    async def answered_with(*states):
        async def self_test(actor, device, tap_id):
            asked.append(device)
            return tuple(state and attempt(state) for state in states)

        monkeypatch.setattr(salon.shop.card_terminals, "self_test", self_test)
        return await tests.step(TECHNICIAN, "c1", "pay")

    await answered(wire, tests.begin(TECHNICIAN, "c1"), "record")
    assert (await answered_with(CardState.APPROVED, CardState.APPROVED)).passed
    declined = await answered_with(CardState.DECLINED, None)
    assert (declined.outcome, declined.reason) == (Outcome.FAILED, "card_refused")
    assert (await answered_with(CardState.APPROVED, CardState.UNKNOWN)).outcome is Outcome.UNKNOWN
    assert asked == ["c1"] * 3


def attempt(state):
    return CardAttempt(
        id=CardAttemptId.new(), act=CardAct.PAY, device="c1", amount=1, currency="CNY", reference="self-test", state=state,
        reason="" if state is CardState.APPROVED else "card_refused", told=CardTransaction(), at=datetime.now(UTC),
    )  # fmt: skip
