"""The printer driver against a simulated printer over real bytes: printed once, or flagged."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from devices.errors import CannotConnect
from devices.simulators.receipt_printer import PrinterSim
from devices.simulators.verbs import AfterBytes, Garble, Liar, Nothing, PaperOut, Slow
from hub.clock import Clock
from hub.ports import Document, Ean13, Outcome, Text
from tests.devices.rig import RECEIPT, TICKET, driving, errand, print_errand, until

LONG = Document(blocks=tuple(Text(text=f"第 {n:03d} 行 line {n:03d} 洗剪吹 Wash and cut") for n in range(120)))
NOTHING = Nothing()


def on(sim: PrinterSim, **profile: Any):
    return driving("receipt_printer", sim.address, **{"answer_wait_s": 0.15, **profile})


def lines(sim: PrinterSim) -> list[list[str]]:
    return [receipt.lines() for receipt in sim.shelf.receipts]


async def test_a_ticket_is_printed_once_and_its_fence_makes_it_done(printer: PrinterSim) -> None:
    async with on(printer) as rig:
        work = print_errand()
        result = await rig.run(work)
    assert result.outcome is Outcome.DONE
    assert lines(printer) == [["排队号 A12", "前面还有 2 位"]]
    assert work.wrote
    assert work.moves == [("printing", "")]


async def test_the_printer_tells_who_it_is(printer: PrinterSim) -> None:
    async with on(printer) as rig:
        who = await rig.driver.identify()
    assert (who.model, who.serial, who.learned) == ("SIM-80 SIMULATED", "SIM-printer", {"monitored": True})


async def test_a_silent_printer_is_taken_in_as_unmonitored(printer: PrinterSim) -> None:
    await printer.do("dont_answer", NOTHING)
    async with on(printer, answer_wait_s=0.05) as rig:
        who = await rig.driver.identify()
    assert who.learned == {"monitored": False}


async def test_an_unmonitored_printer_prints_and_says_that_nothing_is_confirmed(printer: PrinterSim) -> None:
    await printer.do("dont_answer", NOTHING)
    async with on(printer, monitored=False) as rig:
        result = await rig.run(print_errand())
        condition = await rig.driver.poll()
    assert (result.outcome, result.reason) == (Outcome.DONE, "unmonitored")
    assert condition.reason == "unmonitored"
    await until(lambda: len(printer.shelf.receipts) == 1)


async def test_without_paper_nothing_is_sent_until_the_roll_is_changed(printer: PrinterSim) -> None:
    await printer.do("paper_out", PaperOut())
    async with on(printer) as rig:
        work = print_errand()
        printing = asyncio.create_task(rig.run(work))
        await until(lambda: work.moves == [("held", "paper_out")])
        assert not work.wrote
        assert printer.state()["waiting_bytes"] == 0
        await printer.do("reload", NOTHING)
        assert (await printing).outcome is Outcome.DONE
    assert len(printer.shelf.receipts) == 1
    assert "paper_out" in rig.bells.reasons()


async def test_paper_that_ends_in_the_middle_holds_the_job_and_gives_exactly_one_receipt(printer: PrinterSim) -> None:
    await printer.do("paper_out", PaperOut(after_lines=40))
    async with on(printer) as rig:
        work = print_errand(LONG)
        printing = asyncio.create_task(rig.run(work))
        await until(lambda: ("held", "paper_out") in work.moves)
        assert work.wrote
        assert not printing.done()
        assert printer.state()["waiting_bytes"] < 2048  # the rest is not poured into a printer that stands still
        await printer.do("reload", NOTHING)
        assert (await printing).outcome is Outcome.DONE
    assert [len(receipt) for receipt in lines(printer)] == [120]
    assert work.moves == [("printing", ""), ("held", "paper_out"), ("printing", "")]


async def test_paper_that_ends_in_the_last_lines_is_found_by_the_missing_fence(printer: PrinterSim) -> None:
    await printer.do("paper_out", PaperOut(after_lines=1))
    async with on(printer) as rig:
        work = print_errand()
        printing = asyncio.create_task(rig.run(work))
        await until(lambda: ("held", "paper_out") in work.moves)
        await printer.do("reload", NOTHING)
        assert (await printing).outcome is Outcome.DONE
    assert len(printer.shelf.receipts) == 1


async def test_an_open_cover_holds_the_job(printer: PrinterSim) -> None:
    await printer.do("cover_open", NOTHING)
    async with on(printer) as rig:
        work = print_errand()
        printing = asyncio.create_task(rig.run(work))
        await until(lambda: work.moves == [("held", "cover_open")])
        await printer.do("cover_close", NOTHING)
        assert (await printing).outcome is Outcome.DONE


async def test_a_printer_that_is_away_fails_before_any_byte_and_may_be_asked_again(printer: PrinterSim) -> None:
    await printer.do("cut_cable", NOTHING)
    async with on(printer) as rig:
        work = print_errand()
        with pytest.raises(CannotConnect):
            await rig.run(work)
    assert not work.wrote


async def test_a_cable_pulled_in_the_middle_is_unknown(printer: PrinterSim) -> None:
    await printer.do("paper_out", PaperOut(after_lines=5))
    async with on(printer) as rig:
        work = print_errand(LONG)
        printing = asyncio.create_task(rig.run(work))
        await until(lambda: ("held", "paper_out") in work.moves)
        await printer.do("cut_cable", NOTHING)
        result = await printing
    assert (result.outcome, result.retry_safe, result.reason) == (Outcome.UNKNOWN, False, "lost_while_printing")


async def test_a_printer_switched_off_to_change_the_roll_gets_the_job_afterwards(printer: PrinterSim) -> None:
    await printer.do("paper_out", PaperOut())
    async with on(printer) as rig:
        work = print_errand()
        printing = asyncio.create_task(rig.run(work))
        await until(lambda: work.moves == [("held", "paper_out")])
        await printer.do("power_off", NOTHING)
        result = await printing
        assert (result.put_back, result.outcome, work.wrote) == (True, Outcome.FAILED, False)


async def test_a_monitored_printer_that_falls_silent_prints_and_is_flagged(printer: PrinterSim) -> None:
    await printer.do("dont_answer", NOTHING)
    async with on(printer, answer_wait_s=0.05, silent_s_max=1) as rig:
        result = await rig.run(print_errand())
    assert (result.outcome, result.reason) == (Outcome.UNKNOWN, "no_confirmation")
    assert rig.bells.reasons() == ["silent"]
    assert len(printer.shelf.receipts) == 1


async def test_a_printer_that_says_offline_while_it_prints_is_believed_by_its_fence(printer: PrinterSim) -> None:
    await printer.do("liar", Liar(how="says_offline"))
    async with on(printer) as rig:
        result = await rig.run(print_errand())
    assert result.outcome is Outcome.DONE
    assert rig.bells.reasons() == ["says_offline"]
    assert len(printer.shelf.receipts) == 1


async def test_a_slow_printer_is_waited_for(printer: PrinterSim) -> None:
    await printer.do("slow", Slow(bytes_per_s=4000))
    async with on(printer) as rig:
        result = await rig.run(print_errand(RECEIPT))
    assert result.outcome is Outcome.DONE
    assert rig.driver.pause_s() > 0


async def test_garbled_answers_do_not_count_as_a_confirmation(printer: PrinterSim) -> None:
    await printer.do("garble", Garble(answers=3))
    async with on(printer, answer_wait_s=0.05) as rig:
        result = await rig.run(print_errand())
    assert result.outcome is Outcome.DONE
    assert len(printer.shelf.receipts) == 1


async def test_a_printer_that_hears_one_question_of_several_is_asked_one_by_one(printer: PrinterSim) -> None:
    await printer.do("liar", Liar(how="hears_one"))
    await printer.do("cover_open", NOTHING)
    async with on(printer, answer_wait_s=0.05) as rig:
        held = await rig.driver.poll()
        await printer.do("cover_close", NOTHING)
        result = await rig.run(print_errand())
    assert held.reason == "cover_open"
    assert result.outcome is Outcome.DONE
    assert len(printer.shelf.receipts) == 1


async def test_a_printer_is_asked_everything_in_one_packet(printer: PrinterSim) -> None:
    heard: list[bytes] = []
    assert printer.end is not None
    take = printer.end.received
    printer.end.received = lambda data: (heard.append(data), take(data))[1]
    async with on(printer) as rig:
        await rig.driver.poll()
    assert heard[0] == bytes.fromhex("10 04 01 10 04 02 10 04 04")


async def test_automatic_status_between_the_answers_is_sorted_out(printer: PrinterSim) -> None:
    async with on(printer) as rig:
        real = printer._realtime
        assert printer.end is not None

        def chatty(about: int) -> int:
            printer.end.send(bytes((0x10, 0x00, 0x00, 0x00)))  # type: ignore[union-attr]
            return real(about)

        printer._realtime = chatty  # type: ignore[method-assign]
        result = await rig.run(print_errand())
        condition = await rig.driver.poll()
    assert result.outcome is Outcome.DONE
    assert condition.reason == ""


async def test_automatic_status_is_not_taken_for_the_confirmation(printer: PrinterSim) -> None:
    printer._automatic = 0xFF  # somebody switched it on; it speaks when the paper ends
    await printer.do("paper_out", PaperOut(after_lines=1))
    async with on(printer) as rig:
        work = print_errand()
        printing = asyncio.create_task(rig.run(work))
        await until(lambda: ("held", "paper_out") in work.moves or printing.done())
        assert not printing.done()
        await printer.do("reload", NOTHING)
        assert (await printing).outcome is Outcome.DONE
    assert len(printer.shelf.receipts) == 1


async def test_a_job_past_its_deadline_never_begins(printer: PrinterSim) -> None:
    async with on(printer) as rig:
        work = print_errand(expires=Clock().now() - timedelta(seconds=1))
        result = await rig.run(work)
    assert (result.outcome, result.reason, result.retry_safe) == (Outcome.FAILED, "expired", True)
    assert printer.shelf.receipts == []


async def test_a_job_held_before_its_first_byte_expires_in_its_time(printer: PrinterSim) -> None:
    await printer.do("paper_out", PaperOut())
    async with on(printer) as rig:
        work = print_errand(expires=Clock().now() + timedelta(seconds=0.3))
        result = await rig.run(work)
    assert (result.reason, work.wrote) == ("expired", False)


async def test_a_bad_barcode_is_refused_before_the_first_byte(printer: PrinterSim) -> None:
    async with on(printer) as rig:
        work = print_errand(Document(blocks=(Ean13(digits="6901234567893"),)))
        result = await rig.run(work)
    assert (result.outcome, result.reason, work.wrote) == (Outcome.FAILED, "bad_barcode", False)


async def test_a_copy_says_that_it_is_one(printer: PrinterSim) -> None:
    async with on(printer) as rig:
        await rig.run(print_errand(TICKET, copy=2))
    assert lines(printer)[0][0] == "补打 / COPY 2"


async def test_the_drawer_opens_although_the_printer_has_no_paper(printer: PrinterSim) -> None:
    await printer.do("paper_out", PaperOut())
    async with on(printer) as rig:
        held = print_errand()
        printing = asyncio.create_task(rig.run(held))
        await until(lambda: held.moves)
        assert (await rig.run(errand("kick"))).outcome is Outcome.DONE
        assert printer.drawer
        await printer.do("reload", NOTHING)
        assert (await printing).outcome is Outcome.DONE
    assert lines(printer) == [["排队号 A12", "前面还有 2 位"]]


async def test_a_drawer_kick_cut_off_in_the_middle_is_unknown(printer: PrinterSim) -> None:
    await printer.do("drop", AfterBytes(after_bytes=11))
    async with on(printer) as rig:
        result = await rig.run(errand("kick"))
    assert result.outcome is Outcome.UNKNOWN


async def test_a_resumed_job_writes_nothing_and_is_flagged_after_the_reload(printer: PrinterSim) -> None:
    await printer.do("paper_out", PaperOut())
    async with on(printer) as rig:
        work = print_errand()
        resuming = asyncio.create_task(rig.driver.resume(work.job))
        await until(lambda: work.moves == [("held", "paper_out")])
        await printer.do("reload", NOTHING)
        result = await resuming
    assert (result.outcome, result.reason) == (Outcome.UNKNOWN, "restarted_while_held")
    assert printer.shelf.receipts == []


async def test_a_poll_shows_paper_running_low(printer: PrinterSim) -> None:
    await printer.do("paper_low", NOTHING)
    async with on(printer) as rig:
        assert (await rig.driver.poll()).reason == "paper_low"


async def test_what_a_broken_off_job_left_is_cut_from_the_next_receipt(printer: PrinterSim) -> None:
    picture = b"\x1dv0\x00\x48\x00\x18\x00" + b"\xff" * 700  # a picture of 1728 bytes, 700 of them sent
    async with on(printer) as rig:
        printer._take(b"\x1b@" + b"half a receipt\n" + picture)
        result = await rig.run(print_errand(after_break=True))
    assert result.outcome is Outcome.DONE
    assert lines(printer) == [["half a receipt", "[picture 576x24]"], ["排队号 A12", "前面还有 2 位"]]
