"""A printer whose connection is held: it tells by itself how it is, and no job is written into a connection to nobody."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from devices.drivers.receipt_printer.escpos import TELL
from devices.errors import CannotConnect
from devices.simulators.receipt_printer import PrinterSim
from devices.simulators.verbs import Nothing
from devices.simulators.wire import TcpEnd
from hub.ports import Outcome
from tests.devices.rig import Rig, driving, errand, print_errand, until

NOTHING = Nothing()


def on(sim: PrinterSim, **profile: Any):
    return driving("receipt_printer", sim.address, **{"answer_wait_s": 0.15, **profile})


@asynccontextmanager
async def resting(rig: Rig) -> AsyncIterator[None]:
    """The driver rests as its supervisor lets it: after a poll, until it is needed."""
    await rig.driver.poll()
    rest = asyncio.ensure_future(rig.driver.rest())
    try:
        yield
    finally:
        rest.cancel()
        await asyncio.wait({rest})


async def test_a_printer_of_our_own_is_connected_to_once_and_tells_by_itself(printer: PrinterSim) -> None:
    async with on(printer) as rig:
        async with resting(rig):
            await until(lambda: rig.bells.reasons() == [""])
            await printer.do("cover_open", NOTHING)
            await until(lambda: rig.bells.reasons() == ["", "cover_open"], within_s=1)
            await printer.do("cover_close", NOTHING)
            await until(lambda: rig.bells.reasons() == ["", "cover_open", ""], within_s=1)
            await printer.do("paper_low", NOTHING)
            await until(lambda: rig.bells.reasons() == ["", "cover_open", "", "paper_low"], within_s=1)
        assert (await rig.run(print_errand())).outcome is Outcome.DONE
        assert rig.driver.pause_s() == rig.driver.pace.poll_s
    assert isinstance(printer.end, TcpEnd)
    assert printer.end.clients == 1


async def test_a_printer_that_was_switched_off_and_on_is_asked_to_tell_again(printer: PrinterSim) -> None:
    async with on(printer) as rig:
        async with resting(rig):
            await until(lambda: rig.bells.shown)
        printer._lose_memory()  # on a serial line nothing else shows that it was off
        assert not printer._automatic
        async with resting(rig):
            await until(lambda: printer._automatic)


async def test_a_printer_that_never_tells_is_asked_to_only_once(printer: PrinterSim) -> None:
    asked: list[bytes] = []
    assert printer.end is not None
    async with on(printer) as rig:
        printer.end.received = lambda data: printer._take(data) if data[:1] == b"\x10" else asked.append(data)
        for _ in range(3):
            async with resting(rig):
                await asyncio.sleep(0)
    assert asked == [TELL]


async def test_what_the_printer_told_before_it_answered_is_not_shown_after_it(printer: PrinterSim) -> None:
    async with on(printer) as rig:
        async with resting(rig):
            await until(lambda: rig.bells.reasons() == [""])
        await printer.do("cover_open", NOTHING)
        await printer.do("cover_close", NOTHING)
        rig.bells.shown.clear()
        async with resting(rig):
            await until(lambda: rig.bells.shown)
        assert rig.bells.reasons() == [""]


async def test_a_held_connection_to_a_printer_that_lost_its_power_is_noticed_before_a_byte_is_written(printer: PrinterSim) -> None:
    async with on(printer, answer_wait_s=0.05) as rig:
        await rig.driver.poll()
        assert printer.end is not None
        printer.end.received = lambda _data: None  # nothing comes back any more, not even that it is gone
        await _refuse_new_clients(printer)
        work = print_errand()
        with pytest.raises(CannotConnect):
            await rig.run(work)
    assert not work.wrote


async def test_a_connection_the_printer_closed_is_made_again_before_the_job(printer: PrinterSim) -> None:
    async with on(printer) as rig:
        await rig.driver.poll()
        assert printer.end is not None
        printer.end.drop()
        assert (await rig.run(print_errand())).outcome is Outcome.DONE
        printer.end.drop()
        assert (await rig.run(errand("kick"))).outcome is Outcome.DONE
    assert len(printer.shelf.receipts) == 1


async def test_a_printer_that_has_never_answered_is_connected_to_for_each_job(printer: PrinterSim) -> None:
    await printer.do("dont_answer", NOTHING)
    async with on(printer, monitored=False) as rig:
        await rig.driver.poll()
        await printer.do("power_off", NOTHING)
        work = print_errand()
        with pytest.raises(CannotConnect):
            await rig.run(work)
    assert not work.wrote


async def _refuse_new_clients(printer: PrinterSim) -> None:
    assert isinstance(printer.end, TcpEnd)
    server, printer.end._server = printer.end._server, None
    assert server is not None
    server.close()


async def test_a_shared_printer_is_left_alone_between_two_pieces_of_work(printer: PrinterSim) -> None:
    shared = f"{printer.address}&shared=1"
    async with driving("receipt_printer", shared) as first, driving("receipt_printer", shared) as second:
        assert (await first.driver.poll()).reason == ""
        assert (await second.driver.poll()).reason == ""
        assert (await first.run(print_errand())).outcome is Outcome.DONE
