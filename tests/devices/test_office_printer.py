"""The office printer over IPP: a document comes out once, or is flagged, whatever happens to the paper, the printer or the answer."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio
import zxingcpp
from PIL import Image, ImageStat

from devices.driver import Result
from devices.drivers.office_printer import OfficePrinter
from devices.drivers.office_printer.talk import PrinterRefuses
from devices.errors import CannotConnect, DeviceError, LinkLost, Silent
from devices.recording import Tee
from devices.simulators.ipp_told import CANCELED, COMPLETED
from devices.simulators.office_printer import OfficePrinterSim, PagesLeft, SlowPages
from devices.simulators.paged import pictures
from devices.simulators.verbs import AfterBytes, Garble, Nothing
from devices.transport import Address, transport_to
from hub.clock import Clock
from hub.ports import Document, Outcome, Text
from tests.devices.rig import RECEIPT, Errand, Rig, driving, errand, until

NOTHING = Nothing()
LONG = Document(blocks=tuple(Text(text=f"Line {at}") for at in range(120)))  # three pages


class Brisk(Clock):
    """A second of the driver's is a fiftieth of ours."""

    def monotonic(self) -> float:
        return super().monotonic() * 50

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds / 50)


@pytest_asyncio.fixture
async def sim() -> AsyncIterator[OfficePrinterSim]:
    """A printer with paper and toner."""
    made = OfficePrinterSim.on_tcp("office")
    await made.start()
    yield made
    await made.stop()


def on(sim: OfficePrinterSim, **profile: Any):
    return driving("office_printer", sim.address, clock=Brisk(), **{"answer_wait_s": 0.5, **profile})


def order(document: Document = RECEIPT, copy: int = 0, **more: Any) -> Errand:
    return errand("print", {"document": document.model_dump(), "copy": copy}, kind=OfficePrinter, **more)


def cancel(work: Errand) -> Errand:
    return errand("cancel", {"id": work.job.id}, kind=OfficePrinter)


async def begun(rig: Rig, work: Errand, move: tuple[str, str]) -> asyncio.Task[Result]:
    """The job, on its way, as far as `move`."""
    task = asyncio.create_task(rig.run(work))
    await until(lambda: move in work.moves or task.done())
    assert move in work.moves, task.result()
    return task


def printed(sim: OfficePrinterSim) -> list[str]:
    return [job.name for job in sim.jobs if job.printed]


async def test_a_document_comes_out_on_a4_and_its_codes_can_be_read(sim: OfficePrinterSim) -> None:
    work = order(copy=2)
    async with on(sim) as rig:
        assert await rig.run(work) == Result.done()
    (job,) = sim.jobs
    assert (job.name, job.mime, job.state, work.wrote, work.moves) == (
        f"Chairside {work.job.id}",
        "application/pdf",
        COMPLETED,
        True,
        [("printing", "")],
    )
    (page,) = pictures(job.mime, job.data)
    assert ImageStat.Stat(page).mean[0] > 230  # ink on white, not white in ink
    assert page.width / page.height == pytest.approx(210 / 297, abs=0.001)
    assert {code.text for code in zxingcpp.read_barcodes(page)} == {"6901234567892", "https://example.com/r/1"}


async def test_a_long_document_goes_on_on_the_next_page(sim: OfficePrinterSim) -> None:
    async with on(sim) as rig:
        assert (await rig.run(order(LONG))).outcome is Outcome.DONE
    pages = pictures(sim.jobs[0].mime, sim.jobs[0].data)
    assert (sim.jobs[0].printed, len(pages)) == (3, 3)
    assert all(page.getextrema() == (0, 255) for page in pages)


async def test_a_printer_without_pdf_gets_one_page_as_jpeg_and_no_more() -> None:
    sim = OfficePrinterSim.on_tcp("photo", formats=("image/jpeg",))
    await sim.start()
    async with on(sim) as rig:
        assert (await rig.run(order())).outcome is Outcome.DONE
        assert await rig.run(order(LONG)) == Result.refused("no_format")
    picture = Image.open(io.BytesIO(sim.jobs[0].data))
    assert {code.text for code in zxingcpp.read_barcodes(picture)} == {"6901234567892", "https://example.com/r/1"}
    assert len(sim.jobs) == 1
    await sim.stop()


async def test_a_printer_that_takes_only_other_formats_is_refused_before_anything_is_sent() -> None:
    sim = OfficePrinterSim.on_tcp("old", formats=("image/urf",))
    await sim.start()
    work = order()
    async with on(sim) as rig:
        assert await rig.run(work) == Result.refused("no_format")
    assert not work.wrote
    await sim.stop()


async def test_a_wrong_barcode_or_an_endless_document_is_refused_before_anything_is_sent(sim: OfficePrinterSim) -> None:
    wrong = Document.model_validate({"blocks": [{"block": "ean13", "digits": "6901234567890"}]})
    endless = Document(blocks=tuple(Text(text="长" * 400, size=4) for _ in range(12)))
    async with on(sim) as rig:
        assert await rig.run(order(wrong)) == Result.refused("bad_barcode")
        assert await rig.run(order(endless)) == Result.refused("document_too_long")
    assert sim.jobs == []


async def test_it_says_who_it_is_and_how_full_its_cartridges_are(sim: OfficePrinterSim) -> None:
    async with on(sim) as rig:
        who = await rig.driver.identify()
        assert (who.model, who.serial, who.firmware) == ("SIMULATED A4", "5d3c1a52-0000-4000-8000-51a11a7ed001", "1.0")
        seen = await rig.driver.poll()
        assert (seen.reason, seen.figures["supply_low_pct"], seen.figures["supplies"]) == ("", 80, "Black Toner 80 %")
        await sim.do("toner_low", NOTHING)
        low = await rig.driver.poll()
        assert (low.reason, low.figures["supply_low_pct"]) == ("toner_low", 6)
        assert (await rig.run(order())).outcome is Outcome.DONE  # it still prints


@pytest.mark.parametrize(
    ("verb", "reason"),
    [
        ("jam", "paper_jam"),
        ("cover_open", "cover_open"),
        ("paper_out", "paper_out"),
        ("toner_out", "toner_out"),
        ("pause", "printer_paused"),
    ],
)
async def test_before_a_printer_that_is_stopped_the_job_waits_outside_and_goes_in_when_it_is_well(
    sim: OfficePrinterSim, verb: str, reason: str
) -> None:
    await sim.do(verb, sim.verbs[verb]())
    work = order()
    async with on(sim) as rig:
        task = await begun(rig, work, ("held", reason))
        assert not work.wrote
        assert sim.jobs == []
        assert rig.bells.shown[-1].reason == reason
        await sim.do("mend", NOTHING)
        assert await task == Result.done()
    assert len(printed(sim)) == 1


async def test_paper_that_ends_in_the_middle_holds_the_job_in_the_printer_and_it_comes_out_once(sim: OfficePrinterSim) -> None:
    await sim.do("paper_out", PagesLeft(after_pages=2))
    work = order(LONG)
    async with on(sim) as rig:
        task = await begun(rig, work, ("held", "paper_out"))
        assert sim.jobs[0].printed == 2
        await sim.do("mend", NOTHING)
        assert await task == Result.done()
    assert ([job.printed for job in sim.jobs], work.moves[-1]) == ([3], ("held", "paper_out"))


async def test_an_answer_that_is_lost_sends_nothing_twice(sim: OfficePrinterSim) -> None:
    await sim.do("lose_answer", NOTHING)
    async with on(sim) as rig:
        assert await rig.run(order()) == Result.done()
    assert len(sim.jobs) == 1


async def test_an_answer_that_is_lost_by_a_printer_that_forgets_its_jobs_is_unknown(sim: OfficePrinterSim) -> None:
    await sim.do("lose_answer", NOTHING)
    await sim.do("forget_jobs", NOTHING)
    async with on(sim) as rig:
        assert await rig.run(order()) == Result.unknown("lost_while_printing")


async def test_a_link_that_breaks_in_the_middle_of_the_document_is_unknown_and_prints_nothing(sim: OfficePrinterSim) -> None:
    async with on(sim) as rig:
        await rig.driver.poll()
        await sim.do("drop", AfterBytes(after_bytes=3000))
        assert await rig.run(order()) == Result.unknown("lost_while_printing")
    assert printed(sim) == []


async def test_a_cable_that_is_pulled_while_it_prints_is_bridged_when_it_is_back_in_time(sim: OfficePrinterSim) -> None:
    await sim.do("slow", SlowPages(seconds=0.1))
    async with on(sim) as rig:
        task = await begun(rig, order(LONG), ("printing", ""))
        await sim.do("cut_cable", NOTHING)
        await until(lambda: sim.jobs[0].state == COMPLETED)
        await sim.do("plug_in", NOTHING)
        assert await task == Result.done()
    assert len(sim.jobs) == 1


async def test_a_printer_that_stays_away_in_the_middle_is_unknown(sim: OfficePrinterSim) -> None:
    await sim.do("slow", SlowPages(seconds=30))
    async with on(sim, silent_s_max=5) as rig:
        task = await begun(rig, order(), ("printing", ""))
        await sim.do("cut_cable", NOTHING)
        assert await task == Result.unknown("lost_while_printing")


async def test_a_job_that_never_ends_is_unknown(sim: OfficePrinterSim) -> None:
    await sim.do("slow", SlowPages(seconds=30))
    async with on(sim, confirm_s_max=5) as rig:
        assert await rig.run(order()) == Result.unknown("no_confirmation")


async def test_a_printer_counted_anew_is_not_asked_for_the_job_of_somebody_else(sim: OfficePrinterSim) -> None:
    await sim.do("slow", SlowPages(seconds=30))
    async with on(sim) as rig:
        task = await begun(rig, order(), ("printing", ""))
        sim.jobs[0].name, sim.jobs[0].state = "of somebody else", COMPLETED
        assert await task == Result.unknown("no_confirmation")


async def test_a_job_the_printer_gives_up_before_a_page_is_out_failed_and_after_one_is_unknown(sim: OfficePrinterSim) -> None:
    await sim.do("abort_jobs", NOTHING)
    async with on(sim) as rig:
        assert await rig.run(order()) == Result.refused("job_aborted")
        await sim.do("heal", NOTHING)
        await sim.do("paper_out", PagesLeft(after_pages=1))
        work = order(LONG)
        task = await begun(rig, work, ("held", "paper_out"))
        sim.jobs[-1].state = CANCELED  # at the printer's own panel
        assert await task == Result.unknown("job_canceled")


async def test_a_held_job_can_be_cancelled_and_only_that_one(sim: OfficePrinterSim) -> None:
    await sim.do("slow", SlowPages(seconds=30))
    async with on(sim) as rig:
        work = order()
        task = await begun(rig, work, ("printing", ""))
        assert await rig.run(cancel(order())) == Result.refused("no_such_job")
        assert await rig.run(cancel(work)) == Result.done()
        assert await task == Result.refused("job_canceled")
        assert await rig.run(cancel(work)) == Result.refused("no_such_job")


async def test_a_busy_printer_is_tried_until_it_takes_the_job_or_it_is_too_late(sim: OfficePrinterSim) -> None:
    await sim.do("busy", NOTHING)
    async with on(sim) as rig:
        task = await begun(rig, order(), ("held", "printer_busy"))
        await sim.do("heal", NOTHING)
        assert await task == Result.done()
        late = order(expires=datetime(2020, 1, 1, tzinfo=UTC))
        assert await rig.run(late) == Result.failed("expired")
    assert len(sim.jobs) == 1


async def test_a_host_that_restarts_finds_the_job_it_left_in_the_printer(sim: OfficePrinterSim) -> None:
    await sim.do("paper_out", PagesLeft(after_pages=1))
    work = order(LONG)
    async with on(sim) as rig:
        task = await begun(rig, work, ("held", "paper_out"))
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    async with on(sim) as rig:
        going_on = asyncio.create_task(rig.driver.resume(work.job))
        await sim.do("mend", NOTHING)
        assert await going_on == Result.done()
        assert await rig.driver.resume(order().job) == Result.unknown("lost_while_printing")
    assert [job.printed for job in sim.jobs] == [3]


async def test_a_print_job_cancelled_at_any_moment_never_leaves_two_copies(sim: OfficePrinterSim) -> None:
    for steps in range(0, 400, 20):
        work, before = order(), len(sim.jobs)
        async with on(sim) as rig:
            task = asyncio.create_task(rig.run(work))
            for _ in range(steps):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        assert len(sim.jobs) <= before + bool(work.wrote)
        sim.jobs = sim.jobs[-2:]


async def test_silence_and_nonsense_are_misses_and_counted(sim: OfficePrinterSim) -> None:
    async with on(sim, answer_wait_s=0.1) as rig:
        await sim.do("dont_answer", NOTHING)
        with pytest.raises(Silent):
            await rig.driver.poll()
        await sim.do("heal", NOTHING)
        await sim.do("garble", Garble(answers=1))
        with pytest.raises(Silent):
            await rig.driver.poll()
        assert (await rig.driver.poll()).figures["answers_refused"] == 1
        await sim.do("cut_cable", NOTHING)
        with pytest.raises((CannotConnect, LinkLost)):
            await rig.driver.poll()


async def scripted(answer: bytes) -> tuple[asyncio.Server, str]:
    """A printer that says the same whatever it is asked, then closes."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65536)
        writer.write(answer)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    return server, f"ipp://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n", PrinterRefuses),
        (b"HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\n\r\n", PrinterRefuses),
        (b"HTTP/1.1 404 Not Found\r\n\r\n<html>", PrinterRefuses),
        (b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n", Silent),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", Silent),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", Silent),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n" + b"x" * 300_000, Silent),
        (b"@PJL INFO STATUS\r\n", Silent),
        (b"HTTP/1.1 200", LinkLost),
    ],
)
async def test_whatever_else_answers_there_is_a_named_error(answer: bytes, error: type[DeviceError]) -> None:
    server, address = await scripted(answer)
    async with driving("office_printer", address, answer_wait_s=1) as rig:
        with pytest.raises(error):
            await rig.driver.identify()
    server.close()


async def test_its_bytes_can_be_recorded(sim: OfficePrinterSim, tmp_path: Any) -> None:
    tee = Tee(transport_to(Address.parse(sim.address)), tmp_path / "p.jsonl")
    async with driving("office_printer", sim.address, link=tee) as rig:
        await rig.driver.identify()
    assert len((tmp_path / "p.jsonl").read_text().splitlines()) >= 2


@pytest.mark.parametrize(
    ("text", "uri"),
    [
        ("ipp://10.0.0.9", "ipp://10.0.0.9:631/ipp/print"),
        ("ipp://10.0.0.9/printers/a4?simulated=1", "ipp://10.0.0.9:631/printers/a4"),
        ("ipps://[fd00::9]:443/ipp/print", "ipps://[fd00::9]:443/ipp/print"),
    ],
)
def test_an_address_without_port_and_path_is_the_usual_one(text: str, uri: str) -> None:
    assert transport_to(Address.parse(text)).uri == uri  # type: ignore[attr-defined]
