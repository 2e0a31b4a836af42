"""Money by card, as the hub asks for it: kept before it is asked, asked once, and in doubt until the terminal or a person says."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sqlite3

import pytest

from hub.access import Actor, Role
from hub.app import Shop
from hub.equipment import card_terminal
from hub.equipment.events import CardAsked, CardEnded, CardSettled
from hub.equipment.model import (
    CannotTell,
    DeviceBusy,
    NotInDoubt,
    NotReversible,
    TerminalInDoubt,
    TerminalRefused,
    TerminalTaken,
)
from hub.errors import InvalidInput, NotAllowed, NotFound
from hub.ids import TapId
from hub.ports import CardState
from tests.hub.equipment.wire import Wire, printer, until

TOLD = {"code": "00", "amount_minor": 1250, "currency": "CNY", "receipt_no": 7, "trace_no": 7, "at": "03-14 12:00:05", "card": "****0119"}


def terminal(wire, health="online"):
    wire.says("host/h1/state", health="online", since="2026-01-01T00:00:00Z")
    wire.says("dev/ct1/info", kind="card_terminal", name="刷卡机", transport="tcp")
    wire.says("dev/ct1/state", health=health, since="2026-01-01T00:00:00Z")


async def asked(wire, work, verb="pay", count=1):
    """A running call, and the command it sent."""
    running = asyncio.ensure_future(work)
    await until(lambda: len(wire.commands(verb)) >= count or running.done())
    return running, wire.commands(verb)[-1][1] if wire.commands(verb) else None


def says(wire, command, outcome="done", told=None, **more):
    wire.says("dev/ct1/done", id=command.id, outcome=outcome, result=told or {}, **more)


async def paid(salon, wire, outcome="done", told=None, amount=1250, **more):
    """One payment that has ended."""
    count = len(wire.commands("pay")) + 1
    running, command = await asked(wire, salon.shop.card_terminals.pay(salon.desk, "ct1", amount, "s-1", TapId.new()), count=count)
    says(wire, command, outcome, told, **more)
    return await running


async def settled(salon, wire, attempt, told=None, outcome="done"):
    count = len(wire.commands("repeat_receipt")) + 1
    running, command = await asked(wire, salon.shop.card_terminals.settle_unknown(salon.desk, attempt.id), "repeat_receipt", count)
    says(wire, command, outcome, told)
    return await running


async def test_a_payment_is_kept_before_it_is_asked_for_and_then_told(salon, wire):
    terminal(wire)
    kept = []

    def send(topic, message, *, qos=1):
        with contextlib.closing(sqlite3.connect(salon.shop.settings.store_dir / "shop.db")) as other:
            kept.append(other.execute("SELECT id, state, amount FROM card_attempts").fetchall())
        wire.sent.append((topic, message))

    salon.shop.link.send = send
    running, command = await asked(wire, salon.shop.card_terminals.pay(salon.desk, "ct1", 1250, "s-1", TapId.new()))
    assert kept == [[(command.id, "asked", 1250)]]
    assert command.args == {"amount_minor": 1250, "currency": "CNY", "reference": "s-1"}
    assert command.deadline is not None
    says(wire, command, told=TOLD)
    attempt = await running
    assert (attempt.state, attempt.told.receipt_no, attempt.told.card) == (CardState.APPROVED, 7, "****0119")
    assert (salon.shop.journal.count(CardAsked), salon.shop.journal.count(CardEnded)) == (1, 1)


async def test_a_second_touch_is_the_first_payment(salon, wire):
    terminal(wire)
    tap = TapId.new()
    pay = salon.shop.card_terminals.pay
    running, command = await asked(wire, pay(salon.desk, "ct1", 1250, "s-1", tap))
    again = asyncio.ensure_future(pay(salon.desk, "ct1", 1250, "s-1", tap))
    await asyncio.sleep(0)
    says(wire, command, told=TOLD)
    assert (await running) == (await again) == await pay(salon.desk, "ct1", 1250, "s-1", tap)
    assert len(wire.commands("pay")) == 1


async def test_what_the_terminal_declines_is_declined_with_its_reason(salon, wire):
    terminal(wire)
    attempt = await paid(salon, wire, "failed", {"code": "71"}, reason="credit_short")
    assert (attempt.state, attempt.reason, attempt.told.code) == (CardState.DECLINED, "credit_short", "71")


async def test_while_one_is_in_doubt_its_terminal_is_asked_for_no_more_money(salon, wire):
    terminal(wire)
    running, command = await asked(wire, salon.shop.card_terminals.pay(salon.desk, "ct1", 1250, "s-1", TapId.new()))
    with pytest.raises(TerminalTaken):
        await salon.shop.card_terminals.pay(salon.desk, "ct1", 1250, "s-1", TapId.new())
    says(wire, command, "unknown", reason="payment_unknown")
    assert (await running).state is CardState.UNKNOWN
    with pytest.raises(TerminalInDoubt):
        await salon.shop.card_terminals.pay(salon.desk, "ct1", 1250, "s-1", TapId.new())
    with pytest.raises(TerminalInDoubt):
        await salon.shop.card_terminals.end_of_day(salon.boss, "ct1", TapId.new())
    assert len(wire.commands("pay")) == 1


async def test_the_terminals_last_receipt_proves_a_payment_in_doubt(salon, wire):
    terminal(wire)
    doubted = await paid(salon, wire, "unknown")
    found = await settled(salon, wire, doubted, TOLD)
    assert (found.state, found.told.receipt_no, found.told.reference) == (CardState.APPROVED, 7, "s-1")
    assert salon.shop.journal.count(CardSettled) == 1
    assert salon.shop.card_terminals.in_doubt(salon.desk) == []
    with pytest.raises(NotInDoubt):
        await salon.shop.card_terminals.settle_unknown(salon.desk, doubted.id)


async def test_a_last_receipt_of_an_earlier_payment_proves_that_none_was_taken(salon, wire):
    terminal(wire)
    await paid(salon, wire, told=TOLD)
    doubted = await paid(salon, wire, "unknown")
    assert (await settled(salon, wire, doubted, TOLD)).state is CardState.DECLINED
    assert (await paid(salon, wire, told=TOLD | {"receipt_no": 8})).state is CardState.APPROVED


async def test_the_same_number_on_another_day_is_another_receipt(salon, wire):
    terminal(wire)
    await paid(salon, wire, told=TOLD)
    doubted = await paid(salon, wire, "unknown")
    assert (await settled(salon, wire, doubted, TOLD | {"at": "03-15 10:00:00"})).state is CardState.APPROVED


@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        ("done", TOLD | {"amount_minor": 900}),
        ("done", TOLD | {"currency": "EUR"}),
        ("done", TOLD | {"code": "05"}),
        ("done", {k: v for k, v in TOLD.items() if k != "receipt_no"}),
        ("failed", {"code": "83"}),
    ],
)
async def test_a_receipt_that_proves_nothing_leaves_it_to_a_person(salon, wire, outcome, told):
    terminal(wire)
    doubted = await paid(salon, wire, "unknown")
    with pytest.raises(CannotTell):
        await settled(salon, wire, doubted, told, outcome)
    assert salon.shop.card_terminals.attempt(doubted.id).state is CardState.UNKNOWN
    tap = TapId.new()
    with pytest.raises(NotAllowed):
        await salon.shop.card_terminals.decide(salon.desk, doubted.id, True, tap)
    decided = await salon.shop.card_terminals.decide(salon.boss, doubted.id, True, tap)
    assert decided.state is CardState.APPROVED
    assert await salon.shop.card_terminals.decide(salon.boss, doubted.id, True, tap) == decided
    with pytest.raises(NotInDoubt):
        await salon.shop.card_terminals.decide(salon.boss, doubted.id, False, TapId.new())


async def test_after_the_hub_was_killed_the_same_command_is_said_again_and_its_answer_kept(salon, wire):
    terminal(wire)
    running, command = await asked(wire, salon.shop.card_terminals.pay(salon.desk, "ct1", 1250, "s-1", TapId.new()))
    running.cancel()
    salon.shop.close()
    reborn = await asyncio.to_thread(Shop, salon.shop.settings, salon.clock)
    try:
        second = Wire(reborn.link)
        terminal(second)
        second.reconnect()
        assert [c.id for _, c in second.commands("pay")] == [command.id] * 2  # when the host is heard, and on the connection
        assert second.commands("pay")[0][1] == command
        says(second, command, told=TOLD)
        await until(lambda: reborn.card_terminals.attempt(command.id).state is CardState.APPROVED)
        assert reborn.card_terminals.in_doubt(salon.desk) == []
        before = len(second.sent)
        second.reconnect()
        assert len(second.sent) == before
    finally:
        reborn.close()


async def test_a_host_that_never_answers_leaves_it_open_until_someone_decides(salon, wire, monkeypatch):
    monkeypatch.setattr(card_terminal, "WAIT_S", 0.02)
    terminal(wire)
    attempt = await salon.shop.card_terminals.pay(salon.desk, "ct1", 1250, "s-1", TapId.new())
    assert attempt.state is CardState.ASKED
    with pytest.raises(NotInDoubt):
        await salon.shop.card_terminals.decide(salon.boss, attempt.id, False, TapId.new())
    salon.clock.forward(minutes=21)
    assert (await salon.shop.card_terminals.decide(salon.boss, attempt.id, False, TapId.new())).state is CardState.DECLINED
    wire.says("dev/ct1/done", id=attempt.id, outcome="done", result=TOLD)
    await asyncio.sleep(0)
    assert salon.shop.card_terminals.attempt(attempt.id).state is CardState.DECLINED


async def test_a_terminal_that_cannot_be_reached_is_not_asked_and_nothing_is_kept(salon, wire):
    terminal(wire, "offline")
    with pytest.raises(DeviceBusy):
        await salon.shop.card_terminals.pay(salon.desk, "ct1", 1250, "s-1", TapId.new())
    printer(wire)
    for device in ("p1", "nobody"):
        with pytest.raises(NotFound):
            await salon.shop.card_terminals.pay(salon.desk, device, 1250, "s-1", TapId.new())
    for amount in (0, -5, 10**13):
        with pytest.raises(InvalidInput):
            await salon.shop.card_terminals.pay(salon.desk, "ct1", amount, "s-1", TapId.new())
    assert (salon.shop.card_terminals.latest(salon.boss), wire.commands("pay")) == ([], [])


async def test_a_payment_is_given_back_once_and_only_by_who_may(salon, wire):
    terminal(wire)
    payment = await paid(salon, wire, told=TOLD)
    with pytest.raises(NotAllowed):
        await salon.shop.card_terminals.reverse(salon.desk, payment.id, TapId.new())
    running, command = await asked(wire, salon.shop.card_terminals.reverse(salon.boss, payment.id, TapId.new()), "reverse")
    assert command.args == {"amount_minor": 1250, "currency": "CNY", "reference": "", "receipt_no": 7}
    says(wire, command, "failed", reason="bank_unreachable")
    assert (await running).state is CardState.DECLINED
    running, command = await asked(wire, salon.shop.card_terminals.reverse(salon.boss, payment.id, TapId.new()), "reverse", 2)
    says(wire, command, told=TOLD | {"receipt_no": 8})
    assert (await running).reverses == payment.id
    with pytest.raises(NotReversible):
        await salon.shop.card_terminals.reverse(salon.boss, payment.id, TapId.new())
    declined = await paid(salon, wire, "failed")
    with pytest.raises(NotReversible):
        await salon.shop.card_terminals.reverse(salon.boss, declined.id, TapId.new())


async def test_the_self_test_pays_the_smallest_amount_and_gives_it_back(salon, wire):
    terminal(wire)
    tap = TapId.new()
    running, command = await asked(wire, salon.shop.card_terminals.self_test(salon.boss, "ct1", tap))
    assert command.args["amount_minor"] == 1
    says(wire, command, told=TOLD | {"amount_minor": 1})
    await until(lambda: wire.commands("reverse"))
    says(wire, wire.commands("reverse")[0][1], told=TOLD | {"amount_minor": 1, "receipt_no": 8})
    payment, back = await running
    assert (payment.state, back.state, back.reverses) == (CardState.APPROVED, CardState.APPROVED, payment.id)
    assert await salon.shop.card_terminals.self_test(salon.boss, "ct1", tap) == (payment, back)
    with pytest.raises(NotAllowed):
        await salon.shop.card_terminals.self_test(salon.desk, "ct1", TapId.new())


async def test_the_day_is_closed_and_a_payment_stopped_by_who_may(salon, wire):
    terminal(wire)
    running, command = await asked(wire, salon.shop.card_terminals.end_of_day(salon.boss, "ct1", TapId.new()), "end_of_day")
    assert command.args == {}
    says(wire, command, told={"code": "00", "amount_minor": 1250})
    assert (await running).state is CardState.APPROVED
    running, command = await asked(wire, salon.shop.card_terminals.abort(salon.desk, "ct1"), "abort")
    says(wire, command, "failed", reason="nothing_to_abort")
    with pytest.raises(TerminalRefused) as refused:
        await running
    assert refused.value.facts["reason"] == "nothing_to_abort"
    kiosk = Actor(id="k1", role=Role.KIOSK, station="k1")
    for work in (
        salon.shop.card_terminals.pay(kiosk, "ct1", 1, "", TapId.new()),
        salon.shop.card_terminals.abort(kiosk, "ct1"),
        salon.shop.card_terminals.end_of_day(salon.desk, "ct1", TapId.new()),
    ):
        with pytest.raises(NotAllowed):
            await work


async def test_an_unknown_end_of_day_is_for_a_person(salon, wire):
    terminal(wire)
    running, command = await asked(wire, salon.shop.card_terminals.end_of_day(salon.boss, "ct1", TapId.new()), "end_of_day")
    says(wire, command, "unknown")
    attempt = await running
    with pytest.raises(CannotTell):
        await salon.shop.card_terminals.settle_unknown(salon.desk, attempt.id)
    assert wire.commands("repeat_receipt") == []


async def test_the_journal_tells_amounts_and_nothing_of_the_card(salon, wire):
    terminal(wire)
    await paid(salon, wire, told=TOLD | {"card": "****0119", "card_name": "VISA", "receipt": ["Karte ****0119"]})
    told = json.dumps([dict(line.body) for line in salon.shop.journal.after(0, 500) if line.kind.startswith("Card")])
    assert "1250" in told
    assert not any(secret in told for secret in ("0119", "VISA", "Karte"))
