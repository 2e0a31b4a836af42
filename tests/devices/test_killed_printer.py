"""A printer killed at every byte of a receipt, on a network and on a serial line: printed, held or flagged, and never two originals."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from devices.driver import Driver, Result
from devices.errors import CannotConnect, LinkLost, Silent
from devices.simulators.label_printer import LabelPrinterSim
from devices.simulators.receipt_printer import PrinterSim
from devices.simulators.shelf import Shelf
from devices.simulators.verbs import AfterBytes, Nothing
from devices.simulators.wire import PtyEnd
from devices.transport import Address, Transport, transport_to
from hub.clock import Clock
from hub.ports import Outcome
from tests.devices.memory_wire import MemoryEnd, MemoryLine
from tests.devices.rig import RECEIPT, TICKET, Errand, driving, errand, print_errand
from tests.devices.virtual_time import run_virtually

STEP = 37
AT_ONCE = 40  # printers killed side by side where time is real
NEVER = 0.0
EVERY = pytest.param(1, marks=[pytest.mark.soak, pytest.mark.timeout(600)])


def originals(printer: PrinterSim) -> int:
    """Receipts that are complete: from the name of the shop to the code at the foot."""
    papers = [receipt.lines() for receipt in printer.shelf.receipts]
    return sum("春风美发 Spring Salon" in lines and lines[-1].startswith("[qr") for lines in papers)


def label_errand(kind: type[Driver]) -> Errand:
    return errand("print", {"label": {"lines": [{"text": "A12"}]}}, kind=kind)


async def killed(printer: PrinterSim, link: Transport, clock: Clock, work: tuple[str, int, float], **profile: Any) -> Result:
    """How a receipt ended whose printer goes by `verb` at `position` and comes back `back_s` later. What is said of it must be true."""
    verb, position, back_s = work
    await printer.do(verb, AfterBytes(after_bytes=position))
    async with driving("receipt_printer", "", link, clock, **profile) as rig:
        receipt = print_errand(RECEIPT)
        running = asyncio.create_task(rig.run(receipt))
        if back_s:
            await clock.sleep(back_s)
            await printer.do("plug_in", Nothing())
        try:
            result = await running
        except (LinkLost, CannotConnect, Silent) as miss:
            assert not receipt.wrote
            result = Result.failed(miss.reason)
    printed = originals(printer)
    assert printed <= 1, position
    if result.outcome is Outcome.DONE:
        assert printed == 1, position
    if result.retry_safe:
        assert printed == 0, position
    return result


async def bytes_of_a_receipt(line: str = "") -> int:
    """How many a receipt takes, questions and all."""
    probe, received = PrinterSim.on_tcp("probe"), 0
    await probe.start()
    take = probe._take

    def counting(data: bytes) -> None:
        nonlocal received
        received += len(data)
        take(data)

    probe._take = counting  # type: ignore[method-assign]
    async with driving("receipt_printer", probe.address + line) as rig:
        await rig.run(print_errand(RECEIPT))
    await probe.stop()
    return received


@pytest.mark.parametrize("step", [STEP, EVERY])
@pytest.mark.parametrize("verb", ["drop", "half_write"])
@pytest.mark.parametrize("line", ["", "&shared=1"], ids=["held", "shared"])
async def test_on_a_network(verb: str, line: str, step: int) -> None:
    ends: Counter[Outcome] = Counter()
    for position in range(1, await bytes_of_a_receipt(line) + 2, step):
        sim = PrinterSim.on_tcp("printer")
        await sim.start()
        link = transport_to(Address.parse(sim.address + line))
        result = await killed(sim, link, Clock(), (verb, position, NEVER), answer_wait_s=0.15)
        await sim.stop()
        ends[result.outcome] += 1
    print(f"network{line} {verb}, every {step} bytes: {dict(ends)}")
    assert set(ends) >= {
        Outcome.UNKNOWN,
        Outcome.FAILED if line else Outcome.DONE,
    }  # a line that is held is made again before the first byte


@pytest.mark.parametrize("verb", ["drop", "half_write"])
@pytest.mark.parametrize(("chunk_bytes", "back_s"), [(1024, NEVER), (1024, 1.5), (1024, 6.0), (64, 0.3), (64, 1.5)])
def test_on_a_serial_line_in_virtual_time(verb: str, back_s: float, chunk_bytes: int) -> None:
    """Nothing but silence shows it there, and what comes back may answer as if nothing had been."""
    ends: Counter[Outcome] = Counter()

    async def story(clock: Clock) -> None:
        for position in range(1, await bytes_of_a_receipt() + 200, STEP):
            sim = PrinterSim("printer", Shelf())
            sim.end = end = MemoryEnd(sim.received, sim.opened)  # type: ignore[assignment]
            await sim.start()
            result = await killed(sim, MemoryLine(end, connection=False), clock, (verb, position, back_s), chunk_bytes=chunk_bytes)
            await sim.stop()
            ends[result.outcome] += 1

    run_virtually(lambda clock: clock, story)
    assert ends[Outcome.UNKNOWN] > ends[Outcome.DONE]


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.parametrize("verb", ["drop", "half_write"])
async def test_on_a_pty_at_every_byte(verb: str, tmp_path: Path) -> None:
    ends: Counter[Outcome] = Counter()

    async def one(position: int) -> None:
        sim = PrinterSim("printer", Shelf())
        sim.end = PtyEnd(tmp_path / f"tty{position}", sim.received)
        await sim.start()
        link = transport_to(Address.parse(sim.address))
        ends[(await killed(sim, link, Clock(), (verb, position, NEVER), silent_s_max=1)).outcome] += 1
        await sim.stop()

    last = await bytes_of_a_receipt()
    for first in range(1, last + 2, AT_ONCE):
        await asyncio.gather(*map(one, range(first, min(first + AT_ONCE, last + 2))))
    print(f"pty {verb}, every byte: {dict(ends)}")
    assert ends[Outcome.UNKNOWN] > ends[Outcome.DONE]


async def test_one_that_is_not_killed_prints(printer: PrinterSim) -> None:
    link = transport_to(Address.parse(printer.address))
    result = await killed(printer, link, Clock(), ("drop", 100_000, NEVER))
    assert (result.outcome, originals(printer)) == (Outcome.DONE, 1)


@pytest.mark.parametrize("kind", ["receipt_printer", "label_printer"])
def test_a_job_held_outside_a_serial_printer_that_falls_silent_is_put_back_and_prints_once_later(kind: str) -> None:
    async def story(clock: Clock) -> None:
        sim: Any = PrinterSim.on_tcp("p") if kind == "receipt_printer" else LabelPrinterSim.on_tcp("p")
        sim.end = end = MemoryEnd(sim.received)
        await sim.start()
        await sim.do("paper_out", sim.verbs["paper_out"]())
        async with driving(kind, "", MemoryLine(end, connection=False), clock) as rig:
            work = print_errand(TICKET) if kind == "receipt_printer" else label_errand(type(rig.driver))
            held = asyncio.create_task(rig.run(work))
            await clock.sleep(2)
            await sim.do("dont_answer", Nothing())
            began = clock.monotonic()
            result = await held
            assert (result.put_back, work.wrote) == (True, False)
            assert 8 <= clock.monotonic() - began <= 12
            assert work.moves == [("held", "paper_out"), ("held", "silent")]
            await sim.do("heal", Nothing())
            assert (await rig.run(work)).outcome is Outcome.DONE
        assert len(sim.shelf.receipts if kind == "receipt_printer" else sim.labels) == 1

    run_virtually(lambda clock: clock, story)
