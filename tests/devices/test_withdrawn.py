"""A print job that another printer is given: it never begins here, or it is not given away."""

from __future__ import annotations

import asyncio

import pytest

from devices.errors import NotWithdrawn, Withdrawn
from devices.host import Host
from devices.job_log import JobLog
from devices.simulators.receipt_printer import PrinterSim
from devices.simulators.verbs import Nothing, PaperOut, Slow
from hub.ports import Outcome
from tests.devices.rig import RECEIPT, TICKET, until
from tests.devices.shop import Shop
from tests.devices.test_job_log import clock, db, log, taken, wish

__all__ = ["clock", "db", "log"]
PRINT = {"document": TICKET.model_dump(), "copy": 0}
NOTHING = Nothing()


async def withdraw(shop: Shop, device: str, command: str) -> tuple[str, str]:
    answer = await shop.ask_host("withdraw", {"id": device, "command": command})
    return answer["outcome"], answer["reason"]


async def test_a_job_held_before_its_first_byte_is_given_back_and_never_printed(host: Host, shop: Shop, printer: PrinterSim) -> None:
    device = await shop.adopt("receipt_printer", printer.address)
    await shop.health(device, "online")
    await printer.do("paper_out", PaperOut())
    held = shop.command(device, "print", PRINT)
    await until(lambda: ("held", "paper_out") in shop.jobs(device))
    waits = shop.command(device, "print", PRINT)
    await until(lambda: host.job_log.waiting(device) == 2)
    for command in (waits, held):
        assert await withdraw(shop, device, command) == ("done", "")
        answer = await shop.answer(device, command)
        assert (answer["outcome"], answer["reason"], answer["retry_safe"]) == ("failed", "withdrawn", True)
    await printer.do("reload", NOTHING)
    after = shop.command(device, "print", PRINT)
    assert (await shop.answer(device, after))["outcome"] == "done"
    assert len(printer.shelf.receipts) == 1


async def test_a_job_of_a_printer_that_is_away_is_given_back_at_once(host: Host, shop: Shop, printer: PrinterSim) -> None:
    device = await shop.adopt("receipt_printer", printer.address)
    await shop.health(device, "online")
    await printer.do("power_off", NOTHING)
    await shop.health(device, "offline", 15)
    command = shop.command(device, "print", PRINT)
    await until(lambda: host.job_log.waiting(device) == 1)
    assert await withdraw(shop, device, command) == ("done", "")
    assert (await shop.answer(device, command))["reason"] == "withdrawn"


async def test_a_job_of_which_bytes_are_in_the_printer_stays_there(host: Host, shop: Shop, printer: PrinterSim) -> None:
    device = await shop.adopt("receipt_printer", printer.address, profile={"chunk_bytes": 64})
    await shop.health(device, "online")
    await printer.do("slow", Slow(bytes_per_s=2000))
    await printer.do("paper_out", PaperOut(after_lines=2))
    command = shop.command(device, "print", {"document": RECEIPT.model_dump(), "copy": 0})
    await until(lambda: ("held", "paper_out") in shop.jobs(device))
    assert await withdraw(shop, device, command) == ("failed", "not_withdrawn")
    await printer.do("reload", NOTHING)
    assert (await shop.answer(device, command))["outcome"] == "done"
    assert await withdraw(shop, device, command) == ("failed", "not_withdrawn")
    assert len(printer.shelf.receipts) == 1


async def test_what_is_withdrawn_cannot_begin_and_what_begins_cannot_be_withdrawn(log: JobLog) -> None:
    given_away, begun = await taken(log, wish()), await taken(log, wish())
    assert log.withdraw("p1", given_away.command.id) is given_away
    with pytest.raises(Withdrawn):
        await log.writing(given_away)
    assert not given_away.wrote
    writing = asyncio.ensure_future(log.writing(begun))
    await asyncio.sleep(0)  # the mark is on its way to the disk
    assert not writing.done()
    with pytest.raises(NotWithdrawn):
        log.withdraw("p1", begun.command.id)
    await writing


async def test_a_mark_that_could_not_be_kept_leaves_the_job_to_be_withdrawn(log: JobLog, monkeypatch: pytest.MonkeyPatch) -> None:
    stored = await taken(log, wish())

    async def full(*_: object) -> None:
        raise OSError

    with monkeypatch.context() as patched:
        patched.setattr(log._db, "write", full)
        with pytest.raises(OSError):
            await log.writing(stored)
    assert log.withdraw("p1", stored.command.id) is stored
    assert (await log.finish(stored, stored.never_began)).done.outcome is Outcome.FAILED


@pytest.mark.parametrize("moment", range(0, 60, 4))
async def test_given_back_at_any_moment_it_is_printed_here_or_given_back_and_never_both(
    host: Host, shop: Shop, printer: PrinterSim, moment: int
) -> None:
    device = await shop.adopt("receipt_printer", printer.address, profile={"chunk_bytes": 64})
    await shop.health(device, "online")
    command = shop.command(device, "print", PRINT)
    await until(lambda: host.job_log.waiting(device) or shop.answers(device, command))
    for _ in range(moment):
        await asyncio.sleep(0)
    try:
        stored = host.job_log.withdraw(device, command)
    except NotWithdrawn:
        given_back = False
    else:
        given_back = True
        assert not stored.wrote
    answer = await shop.answer(device, command)
    assert answer["reason"] == ("withdrawn" if given_back else "")
    assert len(printer.shelf.receipts) == (not given_back)
