"""The line cut at every byte of a payment: whatever the till came to know, the terminal's own ledger never contradicts it."""

from __future__ import annotations

import asyncio

import pytest

from devices.driver import Result
from devices.drivers.card_terminal import CardTerminal, TerminalProfile
from devices.errors import DeviceError, LinkLost, Silent
from devices.simulators.card_terminal import Decline, TerminalSim
from devices.simulators.verbs import Nothing
from devices.transport import Address, Transport, transport_to
from hub.clock import Clock
from hub.ports import Outcome
from tests.devices.rig import Bells, Errand, errand
from tests.devices.shop import HostProcess, Shop, running

PAY = {"amount_minor": 1250, "currency": "CNY"}
# how the line is, who prints, and after how many bytes more it is cut again: receipts and frames make a payment long
CASES = [("tcp", "terminal", 1), ("tcp", "till", 11), ("serial", "terminal", 3)]


class Cut:
    """Passes on so many bytes each way, then the line is dead. Counts what went through."""

    keeps_open, proves_presence = True, True

    def __init__(self, inner: Transport, read: int = 10**9, written: int = 10**9) -> None:
        self._inner, self._read, self._written = inner, read, written
        self.read_so_far = self.written_so_far = 0

    async def open(self) -> None:
        await self._inner.open()

    async def write(self, data: bytes, within_s: float) -> None:
        room = max(0, self._written - self.written_so_far)
        self.written_so_far += len(data)
        if data[:room]:
            await self._inner.write(data[:room], within_s)
        if len(data) > room:
            await self._dead()

    async def read(self, within_s: float) -> bytes:
        room = self._read - self.read_so_far
        if room <= 0:
            await self._dead()
        data = await self._inner.read(within_s)
        self.read_so_far += len(data)
        if len(data) > room:
            await self._dead()
        return data

    async def close(self) -> None:
        await self._inner.close()

    async def _dead(self) -> None:
        await self._inner.close()
        raise LinkLost(why="cut")


async def terminal(framing: str) -> TerminalSim:
    sim = TerminalSim.on_tcp("t", serial=framing == "serial")
    sim.ack_wait_s = 0.05
    await sim.start()
    return sim


async def paid(sim: TerminalSim, framing: str, link: Cut, prints: str = "terminal") -> tuple[Result | None, Errand]:
    """A payment over `link`; None when the driver raised, which is a failure that is safe to repeat."""
    driver = CardTerminal(TerminalProfile(framing=framing, answer_wait_s=1, silence_s_max=1, prints=prints), link, Clock())
    asked = errand("pay", PAY, kind=CardTerminal)
    try:
        await driver.identify()
        await driver.start(Bells().bell)
        result: Result | None = await driver.run(asked.job)
    except DeviceError:
        result = None
    finally:
        await driver.stop()
    await sim.finished()
    return result, asked


async def last_of(sim: TerminalSim, framing: str) -> Result:
    """What the terminal says it did last, over a line that is well; asked again while the torn frame is still in its ears."""
    link = transport_to(Address.parse(sim.address))
    for _ in range(5):
        driver = CardTerminal(TerminalProfile(framing=framing, answer_wait_s=0.5), link, Clock())
        try:
            await driver.identify()
            return await driver.run(errand("repeat_receipt", kind=CardTerminal).job)
        except Silent:
            continue
        finally:
            await driver.stop()
    raise AssertionError("the terminal does not answer any more")


@pytest.mark.parametrize(("framing", "prints", "every"), CASES)
@pytest.mark.parametrize("way", ["read", "written"])
async def test_cut_at_every_byte_a_payment_is_done_not_done_or_unknown_as_the_ledger_has_it(
    framing: str, prints: str, every: int, way: str
) -> None:
    sim = await terminal(framing)
    whole = Cut(transport_to(Address.parse(sim.address)))
    result, _ = await paid(sim, framing, whole, prints)
    assert result is not None
    assert result.outcome is Outcome.DONE
    total = whole.read_so_far if way == "read" else whole.written_so_far
    seen: set[str] = set()
    for at in range(0, total, every):
        sim.ledger.clear()
        sim.commands.clear()
        result, asked = await paid(sim, framing, Cut(transport_to(Address.parse(sim.address)), **{way: at}), prints)
        seen.add("raised" if result is None else result.outcome.value)
        assert sim.commands.count("0601") <= 1
        if result is None or result.outcome is Outcome.FAILED:
            assert sim.taken() == [], (way, at, result)
            assert not asked.wrote
        elif result.outcome is Outcome.DONE:
            assert sim.taken() == [1250], (way, at)
        if sim.taken():
            told = await last_of(sim, framing)
            assert (told.outcome, told.answer["amount_minor"]) == (Outcome.DONE, 1250)
    assert seen >= {"raised", "unknown"}
    await sim.stop()


async def test_cut_at_every_byte_a_declined_payment_is_never_taken_for_a_paid_one() -> None:
    sim = await terminal("tcp")
    await sim.do("decline", Decline(code=5))
    whole = Cut(transport_to(Address.parse(sim.address)))
    await paid(sim, "tcp", whole)
    for at in range(whole.read_so_far):
        result, _ = await paid(sim, "tcp", Cut(transport_to(Address.parse(sim.address)), read=at))
        assert result is None or result.outcome is not Outcome.DONE
    assert sim.taken() == []
    await sim.stop()


async def test_a_host_killed_while_the_guest_stands_at_the_terminal_never_asks_again_and_flags_the_payment(
    shop: Shop, host_process: HostProcess
) -> None:
    sim = TerminalSim.on_tcp("t")
    await sim.start()
    try:
        host_process.start()
        session = await running(host_process, shop)
        device = await shop.adopt("card_terminal", sim.address)
        await shop.health(device, "online")
        await sim.do("no_card", Nothing())
        command = shop.command(device, "pay", PAY)
        while sim.state()["screen"] != "insert card":
            await asyncio.sleep(0.005)
        host_process.kill()
        await sim.do("insert_card", Nothing())
        await sim.finished()
        assert sim.taken() == [1250]
        host_process.start()
        await running(host_process, shop, before=session)
        answer = await shop.answer(device, command, 15)
        assert (answer["outcome"], answer["retry_safe"]) == ("unknown", False)
        last = await shop.answer(device, shop.command(device, "repeat_receipt"), 15)
        assert (last["result"]["amount_minor"], last["result"]["receipt_no"]) == (1250, 1)
        assert sim.commands.count("0601") == 1
    finally:
        await sim.stop()


async def test_an_abort_passes_the_payment_that_runs_and_whatever_waits_behind_it(shop: Shop, host_process: HostProcess) -> None:
    sim = TerminalSim.on_tcp("t")
    await sim.start()
    try:
        host_process.start()
        await running(host_process, shop)
        device = await shop.adopt("card_terminal", sim.address)
        await shop.health(device, "online")
        await sim.do("no_card", Nothing())
        paying, waiting = shop.command(device, "pay", PAY), shop.command(device, "status")
        while sim.state()["screen"] != "insert card":
            await asyncio.sleep(0.005)
        aborting = shop.command(device, "abort")
        assert (await shop.answer(device, aborting))["outcome"] == "done"
        ended = await shop.answer(device, paying)
        assert (ended["outcome"], ended["reason"]) == ("failed", "payment_cancelled")
        assert (await shop.answer(device, waiting))["outcome"] == "done"
        assert [step["reason"] for step in shop.bodies(f"dev/{device}/event/payment")] == ["card_wanted"]
        assert sim.taken() == []
    finally:
        await sim.stop()
