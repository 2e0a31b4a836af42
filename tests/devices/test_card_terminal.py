"""The card terminal: money is taken exactly once, or it is said that nobody knows; the terminal itself is the witness."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from devices.driver import Result
from devices.drivers.card_terminal import CardTerminal
from devices.errors import CannotConnect, DeviceError, RegistrationRefused, Silent
from devices.simulators.card_terminal import Decline, OtherAmount, TerminalSim
from devices.simulators.terminal_language import CARD
from devices.simulators.verbs import AfterBytes, Args, Garble, Late, Nothing
from hub.ports import Outcome
from tests.devices.rig import Errand, Rig, driving, errand, until

NOTHING = Nothing()
PAY = {"amount_minor": 1250, "currency": "CNY", "reference": "s-1"}


@pytest_asyncio.fixture(params=["tcp", "serial"])
async def sim(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[TerminalSim]:
    """A terminal on the network, and one on a serial line."""
    sim = TerminalSim.on_tcp("t") if request.param == "tcp" else TerminalSim.on_pty("t", tmp_path / "terminal")
    await sim.start()
    yield sim
    await sim.stop()


def on(sim: TerminalSim, **profile: Any):
    framing = "serial" if sim.address.startswith("serial") else "tcp"
    return driving("card_terminal", sim.address, framing=framing, **{"answer_wait_s": 1, "silence_s_max": 1, **profile})


def work(verb: str, args: Any = None) -> Errand:
    return errand(verb, args, kind=CardTerminal)


async def do(rig: Rig, verb: str, args: Any = None) -> Result:
    return await rig.run(work(verb, args))


def how(result: Result) -> tuple[str, bool, str]:
    return result.outcome.value, result.retry_safe, result.reason


async def test_a_payment_is_taken_once_and_told_with_its_receipt(sim: TerminalSim) -> None:
    async with on(sim, prints="till") as rig:
        paying = work("pay", PAY)
        result = await rig.run(paying)
    assert (how(result), paying.wrote) == (("done", False, ""), True)
    told = result.answer
    assert (told["amount_minor"], told["currency"], told["receipt_no"], told["reference"]) == (1250, "CNY", 1, "s-1")
    assert (told["auth_code"], told["card"], told["card_name"], told["terminal"]) == ("971382", "****0119", "VISA", "52500041")
    assert "Beleg 0001" in told["receipt"]
    assert sim.taken() == [1250]


async def test_the_till_is_told_what_happens_at_the_terminal_each_step_once(sim: TerminalSim) -> None:
    async with on(sim) as rig:
        paying = work("pay", PAY)
        await rig.run(paying)
    steps = [(news.name, news.body["reason"]) for news in rig.bells.announced]
    assert steps == [("payment", "card_wanted"), ("payment", "look_at_terminal"), ("payment", "terminal_waits")]
    assert {news.body["id"] for news in rig.bells.announced} == {paying.job.id}


async def test_a_terminal_that_prints_by_itself_tells_no_lines(sim: TerminalSim) -> None:
    async with on(sim, prints="terminal") as rig:
        result = await do(rig, "pay", PAY)
    assert (result.answer["receipt"], sim.printed) == ([], 1)


async def test_receipts_in_blocks_are_told_apart_for_guest_and_shop() -> None:
    sim = TerminalSim.on_tcp("t", blocks=True)
    await sim.start()
    async with on(sim, prints="till") as rig:
        told = (await do(rig, "pay", PAY)).answer
    await sim.stop()
    assert (told["receipt"][0], told["shop_receipt"][0]) == ("Kundenbeleg", "Händlerbeleg")


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (0x05, "card_declined"),
        (0x6C, "payment_cancelled"),
        (0x71, "credit_short"),
        (0x78, "card_expired"),
        (0xA3, "bank_unreachable"),
        (0xF0, "end_of_day_due"),
        (0xFE, "terminal_refused"),
    ],
)
async def test_what_the_terminal_declines_is_refused_with_its_reason_and_nothing_is_taken(sim: TerminalSim, code: int, reason: str) -> None:
    await sim.do("decline", Decline(code=code))
    async with on(sim) as rig:
        result = await do(rig, "pay", PAY)
    assert (how(result), result.answer["code"]) == (("failed", False, reason), f"{code:02X}")
    assert sim.taken() == []


@pytest.mark.parametrize(("guest", "reason"), [("customer_cancels", "payment_cancelled"), ("card_removed", "card_unreadable")])
async def test_a_guest_who_thinks_better_of_it_has_paid_nothing(sim: TerminalSim, guest: str, reason: str) -> None:
    await sim.do(guest, NOTHING)
    async with on(sim) as rig:
        assert how(await do(rig, "pay", PAY)) == ("failed", False, reason)
        await sim.do("approve", NOTHING)
        assert (await do(rig, "pay", PAY)).outcome is Outcome.DONE
    assert sim.taken() == [1250]


async def test_a_running_payment_is_aborted_and_ends_as_cancelled(sim: TerminalSim) -> None:
    await sim.do("no_card", NOTHING)
    async with on(sim, silence_s_max=10) as rig:
        paying = asyncio.ensure_future(do(rig, "pay", PAY))
        await until(lambda: sim.state()["screen"] == "insert card")
        assert how(await do(rig, "abort")) == ("done", False, "")
        assert how(await paying) == ("failed", False, "payment_cancelled")
    assert (sim.taken(), sim.commands.count("06b0")) == ([], 1)


async def test_an_abort_that_comes_too_late_is_refused_and_the_payment_goes_on(sim: TerminalSim) -> None:
    async with on(sim, answer_wait_s=2, silence_s_max=10) as rig:
        await sim.do("late", Late(seconds=0.05))
        paying = asyncio.ensure_future(do(rig, "pay", PAY))
        await until(lambda: sim.state()["screen"] == "asking the bank")
        assert how(await do(rig, "abort")) == ("failed", False, "terminal_busy")
        assert (await paying).outcome is Outcome.DONE
    assert sim.taken() == [1250]


async def test_without_a_payment_there_is_nothing_to_abort(sim: TerminalSim) -> None:
    async with on(sim) as rig:
        assert how(await do(rig, "abort")) == ("failed", False, "nothing_to_abort")
    assert "06b0" not in sim.commands


@pytest.mark.parametrize("fault", ["drop_after_authorisation", "no_answer_after_ack"])
async def test_silence_after_the_authorisation_is_unknown_and_the_last_receipt_proves_the_payment(sim: TerminalSim, fault: str) -> None:
    async with on(sim, answer_wait_s=0.5, silence_s_max=0.5) as rig:
        await sim.do(fault, NOTHING)
        result = await do(rig, "pay", PAY)
        assert how(result) == ("unknown", False, "payment_unknown")
    await sim.finished()
    assert (sim.taken(), sim.commands.count("0601")) == ([1250], 1)
    await sim.do("heal", NOTHING)
    async with on(sim) as rig:
        last = await do(rig, "repeat_receipt")
    assert (last.outcome, last.answer["amount_minor"], last.answer["receipt_no"]) == (Outcome.DONE, 1250, 1)
    assert sim.commands.count("0601") == 1


async def test_a_result_after_our_deadline_is_unknown_flagged_and_proven_by_the_last_receipt() -> None:
    sim = TerminalSim.on_tcp("t")
    await sim.start()
    await sim.do("no_card", NOTHING)
    async with on(sim, silence_s_max=0.3) as rig:
        assert how(await do(rig, "pay", PAY)) == ("unknown", False, "payment_unknown")
        assert (await rig.driver.poll()).reason == "terminal_busy"
        assert how(await do(rig, "pay", PAY)) == ("failed", True, "terminal_busy")  # and nothing of it was written
        await sim.do("insert_card", NOTHING)
        await until(lambda: sim.taken())
        while not any(news.name == "payment_late" for news in rig.bells.announced):
            await rig.driver.rest()
        [late] = [news.body for news in rig.bells.announced if news.name == "payment_late"]
        assert late == {"approved": True, "amount_minor": 1250, "receipt_no": 1}
        await sim.finished()
        assert (await do(rig, "repeat_receipt")).answer["receipt_no"] == 1
    assert (sim.taken(), sim.commands.count("0601")) == ([1250], 1)
    await sim.stop()


async def test_a_late_result_is_never_taken_for_that_of_the_next_payment() -> None:
    sim = TerminalSim.on_tcp("t")
    await sim.start()
    async with on(sim) as rig:
        sim._client = sim._clients()
        sim._put(bytes.fromhex("040f0c2700040000000012508700 07"))
        await asyncio.sleep(0)
        await sim.do("decline", Decline(code=5))
        result = await do(rig, "pay", PAY)
    await sim.stop()
    assert how(result) == ("failed", False, "card_declined")
    assert [n.body for n in rig.bells.announced if n.name == "payment_late"] == [{"approved": True, "amount_minor": 1250, "receipt_no": 7}]


async def test_a_completion_that_tells_no_result_is_unknown(sim: TerminalSim) -> None:
    await sim.do("no_result", NOTHING)
    async with on(sim) as rig:
        assert how(await do(rig, "pay", PAY)) == ("unknown", False, "payment_unknown")
    assert sim.taken() == [1250]


async def test_another_amount_than_asked_for_is_for_a_person_to_decide(sim: TerminalSim) -> None:
    await sim.do("other_amount", OtherAmount(minor=900))
    async with on(sim) as rig:
        result = await do(rig, "pay", PAY)
    assert (how(result), result.answer["amount_minor"]) == (("unknown", False, "amount_differs"), 900)


async def test_a_payment_is_reversed_once(sim: TerminalSim) -> None:
    async with on(sim) as rig:
        number = (await do(rig, "pay", PAY)).answer["receipt_no"]
        back = await do(rig, "reverse", {"receipt_no": number, "amount_minor": 1250, "currency": "CNY"})
        assert (back.outcome, back.answer["amount_minor"]) == (Outcome.DONE, 1250)
        assert how(await do(rig, "reverse", {"receipt_no": number})) == ("failed", False, "reversal_refused")
    assert sim.taken() == []


async def test_a_reversal_of_another_payment_than_meant_is_flagged(sim: TerminalSim) -> None:
    async with on(sim) as rig:
        number = (await do(rig, "pay", PAY)).answer["receipt_no"]
        await sim.do("other_amount", OtherAmount(minor=300))
        back = await do(rig, "reverse", {"receipt_no": number, "amount_minor": 1250})
    assert how(back) == ("unknown", False, "amount_differs")


async def test_the_day_of_the_terminal_is_closed_when_it_wants_it(sim: TerminalSim) -> None:
    async with on(sim) as rig:
        await do(rig, "pay", PAY)
        await sim.do("end_of_day_due", NOTHING)
        assert (await rig.driver.poll()).reason == "end_of_day_due"
        assert how(await do(rig, "pay", PAY)) == ("failed", True, "end_of_day_due")
        closed = await do(rig, "end_of_day")
        assert (closed.outcome, closed.answer["amount_minor"]) == (Outcome.DONE, 1250)
        assert (await do(rig, "pay", PAY)).outcome is Outcome.DONE
    assert sim.days_closed == 1


async def test_a_terminal_without_paper_is_not_asked_for_money(sim: TerminalSim) -> None:
    await sim.do("paper_out", NOTHING)
    async with on(sim) as rig:
        paying = work("pay", PAY)
        assert how(await rig.run(paying)) == ("failed", True, "terminal_paper_out")
    assert (paying.wrote, sim.commands.count("0601")) == (False, 0)


@pytest.mark.parametrize(("fault", "args"), [("garble", Garble(answers=400)), ("half_write", AfterBytes(after_bytes=9))])
async def test_nonsense_and_half_an_answer_leave_it_unknown(sim: TerminalSim, fault: str, args: Args) -> None:
    await sim.do("no_card", NOTHING)
    async with on(sim, answer_wait_s=0.3, silence_s_max=0.5) as rig:
        paying = asyncio.ensure_future(do(rig, "pay", PAY))
        await until(lambda: sim.state()["screen"] == "insert card")
        await sim.do(fault, args)
        await sim.do("insert_card", NOTHING)
        assert how(await paying) == ("unknown", False, "payment_unknown")
    await sim.finished()
    assert sim.taken() == [1250]


async def test_a_silent_or_unplugged_terminal_is_never_asked_for_money(sim: TerminalSim) -> None:
    async with on(sim, answer_wait_s=0.2) as rig:
        await sim.do("dont_answer", NOTHING)
        asked = work("pay", PAY)
        with pytest.raises(Silent):
            await rig.run(asked)
        await sim.do("unplug", NOTHING)
        with pytest.raises(DeviceError):
            await rig.run(asked)
        assert not asked.wrote
    with pytest.raises(CannotConnect):
        async with on(sim):
            pass
    assert sim.commands.count("0601") == 0


async def test_a_terminal_that_refuses_the_till_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    sim = TerminalSim.on_tcp("t")
    await sim.start()
    monkeypatch.setattr(sim, "_carry_out", lambda _said: sim._say("846b"))
    with pytest.raises(RegistrationRefused):
        async with on(sim):
            pass
    await sim.stop()


async def test_on_a_serial_line_a_frame_that_was_not_understood_is_sent_again_but_never_into_a_silence(tmp_path: Path) -> None:
    sim = TerminalSim.on_pty("t", tmp_path / "terminal")
    await sim.start()
    async with on(sim, answer_wait_s=0.3) as rig:
        heard, seen = sim.received, [0]

        def noisy(data: bytes) -> None:
            seen[0] += 1
            heard(bytes((*data[:-1], data[-1] ^ 1)) if seen[0] == 1 and len(data) > 4 else data)

        sim.end.received = noisy
        assert (await rig.driver.poll()).reason == ""
        assert seen[0] > 2
        sim.end.received = lambda _data: None
        with pytest.raises(Silent):
            await rig.driver.poll()
        seen[0] = 0

        def count(_data: bytes) -> None:
            seen[0] += 1

        sim.end.received = count
        with pytest.raises(Silent):
            await rig.driver.poll()
        assert seen[0] == 1
    await sim.stop()


async def test_no_answer_event_figure_or_log_holds_the_number_of_the_card(sim: TerminalSim, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with on(sim, prints="till") as rig:
        answers = [await do(rig, "pay", PAY), await do(rig, "repeat_receipt"), await do(rig, "reverse", {"receipt_no": 1})]
        figures = dict((await rig.driver.poll()).figures)
    said = json.dumps([[dict(a.answer) for a in answers], [dict(n.body) for n in rig.bells.announced], figures, caplog.text])
    digits = "".join(c for c in said if c.isdigit() or c == "*")
    assert CARD not in digits
    assert CARD[:12] not in digits
    assert "0119" in said
    assert CARD not in repr(answers)
    assert CARD not in json.dumps(sim.state())


async def test_an_unacknowledged_result_that_the_terminal_takes_back_is_not_its_last_receipt() -> None:
    sim = TerminalSim.on_tcp("t")
    await sim.start()
    async with on(sim) as rig:
        assert (await do(rig, "pay", PAY)).answer["receipt_no"] == 1
        await sim.do("auto_reverse", NOTHING)
        await sim.do("drop_after_authorisation", NOTHING)
        assert (await do(rig, "pay", PAY)).outcome is Outcome.UNKNOWN
    await sim.finished()
    sim._mute = sim._drops = False
    async with on(sim) as rig:
        assert (await do(rig, "repeat_receipt")).answer["receipt_no"] == 1
    assert sim.taken() == [1250]
    await sim.stop()


def test_the_password_is_in_no_repr() -> None:
    profile = CardTerminal.profile.model_validate({"password": "123456"})
    assert "123456" not in repr(profile)
    with pytest.raises(ValueError, match="password"):
        CardTerminal.profile.model_validate({"password": "12345x"})
