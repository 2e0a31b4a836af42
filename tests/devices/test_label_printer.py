"""The label printer in its two languages: a label comes out once, or is flagged, and what a person typed is never a command."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import pytest
import pytest_asyncio
import zxingcpp
from PIL import Image, ImageOps

from devices.driver import Result
from devices.drivers import drawing
from devices.drivers.label_printer import LabelPrinter
from devices.drivers.label_printer.language import Status
from devices.errors import CannotConnect, LinkLost, Silent
from devices.simulators.label_language import Ask, Bitmap, PrintedLabel
from devices.simulators.label_printer import LabelPrinterSim, LabelsOut, Language, SlowLabels
from devices.simulators.verbs import AfterBytes, Garble, Nothing
from hub.clock import Clock
from hub.ports import Outcome
from tests.devices.rig import Errand, driving, errand, until

NOTHING = Nothing()
SHAMPOO = {"lines": [{"text": "Shampoo 500 ml", "size": 2}, {"text": "36.50"}], "ean13": "6901234567892"}
NASTY = ["^XZ^XA^FDno~JA", 'say "PRINT 9,9"', "a\r\nPRINT 7\nCLS", "~!T \\ _5E ^FH_", "\x1b!?\x02"]


class Brisk(Clock):
    """A second of the driver's is a hundredth of ours."""

    def monotonic(self) -> float:
        return super().monotonic() * 100

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds / 100)


@pytest_asyncio.fixture(params=get_args(Language))
async def sim(request: pytest.FixtureRequest) -> AsyncIterator[LabelPrinterSim]:
    """A printer of each language."""
    made = LabelPrinterSim.on_tcp("labels", language=request.param)
    await made.start()
    yield made
    await made.stop()


def on(sim: LabelPrinterSim, **profile: Any):
    return driving("label_printer", sim.address, clock=Brisk(), language=sim.language, **profile)


def order(label: dict[str, Any] = SHAMPOO, count: int = 1, **more: Any) -> Errand:
    return errand("print", {"label": label, "count": count}, kind=LabelPrinter, **more)


async def printed(sim: LabelPrinterSim, label: dict[str, Any]) -> PrintedLabel:
    async with on(sim) as rig:
        assert (await rig.run(order(label))).outcome is Outcome.DONE
    return sim.labels[-1]


def codes_in(bitmap: Bitmap) -> list[str]:
    picture = ImageOps.invert(Image.frombytes("1", (bitmap.row_bytes * 8, bitmap.rows), bitmap.data).convert("L"))
    return [code.text for code in zxingcpp.read_barcodes(picture)]


async def test_a_label_comes_out_with_its_lines_and_its_barcode(sim: LabelPrinterSim) -> None:
    label = await printed(sim, SHAMPOO)
    assert (label.texts, label.barcodes, label.bitmaps) == (["Shampoo 500 ml", "36.50"], ["6901234567892"], [])
    assert (label.width, label.height) == {"zpl": ("480", "320"), "tspl": ("60 mm", "40 mm")}[sim.language]
    assert sim.state()["unknown_commands"] == 0


async def test_what_the_printers_own_font_lacks_is_drawn(sim: LabelPrinterSim) -> None:
    label = await printed(sim, {"lines": [{"text": "护发素"}, {"text": "bold", "bold": True, "size": 2}, {"text": "plain"}]})
    assert label.texts == ["plain"]
    assert [(b.x, b.y, b.row_bytes, b.rows) for b in label.bitmaps] == [(16, 16, 9, 30), (16, 46, 12, 60)]
    assert all(any(b.data) for b in label.bitmaps)
    assert all(
        0.02 < sum(byte.bit_count() for byte in b.data) / len(b.data) / 8 < 0.5 for b in label.bitmaps
    )  # ink on white, not the reverse


async def test_characters_no_font_has_are_said(sim: LabelPrinterSim, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "font_for", lambda *_: None)
    async with on(sim) as rig:
        assert (await rig.run(order({"lines": [{"text": "护发素"}]}))).outcome is Outcome.DONE
        condition = await rig.driver.poll()
    assert (condition.reason, condition.figures["glyphs_missing"]) == ("no_font", 3)


async def test_what_others_left_in_the_printer_is_not_on_the_label(sim: LabelPrinterSim) -> None:
    sim.received(b'TEXT 9,9,"3",0,1,1,"old"\r\nDENSITY')
    label = await printed(sim, {"lines": [{"text": "a\r\nb"}]})
    assert label.texts == ["a b"]
    assert label.width.startswith(("480", "60"))


async def test_a_qr_code_with_its_quiet_zone_can_be_read_whatever_is_in_it(sim: LabelPrinterSim) -> None:
    data = 'https://example.com/?q="春"^XZ~JA\r\nPRINT 9'
    (bitmap,) = (await printed(sim, {"qr": data})).bitmaps
    assert codes_in(bitmap) == [data]
    module = bitmap.rows // 37 if bitmap.rows % 37 == 0 else 4
    assert not any(bitmap.data[: bitmap.row_bytes * 4 * module])  # four modules above it are white
    assert len(sim.labels) == 1


@pytest.mark.parametrize("text", NASTY)
async def test_what_a_person_typed_is_never_a_command(sim: LabelPrinterSim, text: str) -> None:
    label = await printed(sim, {"lines": [{"text": text}, {"text": "after"}]})
    assert label.texts[-1] == "after"
    assert len(label.texts) + len(label.bitmaps) == 2
    assert (len(sim.labels), label.copies, sim.state()["unknown_commands"]) == (1, 1, 0)


async def test_so_many_labels_come_out_as_were_asked_for(sim: LabelPrinterSim) -> None:
    async with on(sim) as rig:
        assert (await rig.run(order(count=100))).outcome is Outcome.DONE
    assert len(sim.labels) == 100


@pytest.mark.parametrize("count", [0, 101])
def test_a_number_of_labels_nobody_means_is_refused(count: int) -> None:
    with pytest.raises(ValueError, match="count"):
        order(count=count)


@pytest.mark.parametrize(
    ("label", "reason"),
    [
        ({"ean13": "6901234567890"}, "bad_barcode"),
        ({"lines": [{"text": "x" * 38}]}, "label_too_small"),  # 37 columns fit
        ({"lines": [{"text": "x", "size": 3}] * 4}, "label_too_small"),
        ({"lines": [{"text": "x", "size": 3}] * 3, "ean13": "6901234567892"}, "label_too_small"),
        ({"lines": [{"text": "x", "size": 3}] * 3, "qr": "https://example.com"}, "label_too_small"),
        ({"lines": [{"text": "x", "size": 3}], "qr": "x" * 300}, "label_too_small"),
    ],
)
async def test_what_cannot_stand_on_the_label_is_refused_before_anything_is_written(
    sim: LabelPrinterSim, label: dict[str, Any], reason: str
) -> None:
    async with on(sim) as rig:
        work = order(label)
        result = await rig.run(work)
    assert (result.outcome, result.retry_safe, result.reason) == (Outcome.FAILED, False, reason)
    assert not work.wrote
    assert sim.labels == []


@pytest.mark.parametrize(
    ("fault", "cure", "reason"),
    [("paper_out", "reload", "paper_out"), ("head_open", "head_close", "head_open"), ("pause", "resume", "printer_paused")],
)
async def test_a_stopped_printer_gets_no_byte_until_it_can_print(sim: LabelPrinterSim, fault: str, cure: str, reason: str) -> None:
    await sim.do(fault, sim.verbs[fault]())
    async with on(sim) as rig:
        work = order()
        printing = asyncio.ensure_future(rig.run(work))
        await until(lambda: work.moves)
        assert (work.moves, work.wrote, sim.waiting) == ([("held", reason)], False, 0)
        await sim.do(cure, NOTHING)
        assert (await printing).outcome is Outcome.DONE
    assert (rig.bells.reasons()[:2], len(sim.labels)) == ([reason, ""], 1)


async def test_a_look_at_the_printer_passes_a_job_that_is_held(sim: LabelPrinterSim) -> None:
    await sim.do("slow", SlowLabels(seconds=0.03))
    await sim.do("paper_out", LabelsOut())
    async with on(sim) as rig:
        work = order()
        printing = asyncio.ensure_future(rig.run(work))
        for moves in (1, 2):  # before the first byte, and behind the last
            await until(lambda moves=moves: len(work.moves) == moves)
            assert (await rig.run(errand("status", kind=LabelPrinter))).outcome is Outcome.DONE
            assert not printing.done()
            await sim.do("reload", NOTHING)
        assert (await printing).outcome is Outcome.DONE
    assert "status" in LabelPrinter.urgent


async def test_paper_that_ends_among_the_labels_holds_the_job_and_the_rest_comes_after_the_reload(sim: LabelPrinterSim) -> None:
    await sim.do("paper_out", LabelsOut(after_labels=2))
    async with on(sim) as rig:
        work = order(count=5)
        printing = asyncio.ensure_future(rig.run(work))
        await until(lambda: len(work.moves) == 2)
        assert (len(sim.labels), printing.done()) == (2, False)
        await sim.do("reload", NOTHING)
        assert (await printing).outcome is Outcome.DONE
    assert work.moves == [("printing", ""), ("held", "paper_out"), ("printing", "")]
    assert len(sim.labels) == 5


async def test_a_job_is_done_only_when_the_printer_has_come_to_rest(sim: LabelPrinterSim) -> None:
    await sim.do("slow", SlowLabels(seconds=0.03))
    async with on(sim) as rig:
        assert (await rig.run(order(count=2))).outcome is Outcome.DONE
        assert len(sim.labels) == 2


async def test_a_printer_that_has_not_begun_yet_is_not_taken_for_one_that_has_ended(sim: LabelPrinterSim) -> None:
    """One look alone may come before the printer has read what it was sent."""
    statuses = [Status(), Status(), Status(busy=True), Status(), Status(busy=True), Status(), Status()]
    async with on(sim) as rig:

        async def next_status() -> Status:
            return statuses.pop(0)

        rig.driver._status = next_status  # type: ignore[attr-defined]
        assert (await rig.run(order())).outcome is Outcome.DONE
    assert statuses == []


async def test_the_cable_pulled_behind_the_first_byte_is_unknown(sim: LabelPrinterSim) -> None:
    await sim.do("slow", SlowLabels(seconds=5))
    async with on(sim) as rig:
        work = order()
        printing = asyncio.ensure_future(rig.run(work))
        await until(lambda: work.moves)
        await sim.do("cut_cable", NOTHING)
        result = await printing
    assert work.wrote
    assert (result.outcome, result.reason) == (Outcome.UNKNOWN, "lost_while_printing")


async def test_no_byte_is_written_that_is_not_marked_before(sim: LabelPrinterSim) -> None:
    async def disk_is_full() -> None:
        raise OSError

    async with on(sim) as rig:
        work = order()
        work.job.before_writing = disk_is_full
        with pytest.raises(OSError):
            await rig.run(work)
        assert (await rig.run(order())).outcome is Outcome.DONE
    assert len(sim.labels) == 1


async def test_a_cable_pulled_before_the_first_byte_leaves_the_job_to_be_run_later(sim: LabelPrinterSim) -> None:
    await sim.do("head_open", NOTHING)
    async with on(sim) as rig:
        work = order()
        printing = asyncio.ensure_future(rig.run(work))
        await until(lambda: work.moves)
        await sim.do("cut_cable", NOTHING)
        result = await printing
        assert (result.put_back, result.reason, work.wrote) == (True, "unreachable", False)
        with pytest.raises(CannotConnect):
            await rig.run(order())


async def test_after_a_label_that_broke_off_the_next_one_is_whole(sim: LabelPrinterSim) -> None:
    torn = {"lines": [{"text": "护发素", "size": 3}]}
    for after_bytes in (60, 130, 250):
        async with on(sim) as rig:
            await sim.do("drop", AfterBytes(after_bytes=after_bytes))
            assert (await rig.run(order(torn))).outcome is Outcome.UNKNOWN
            before = len(sim.labels)
            assert (await rig.run(order(after_break=True))).outcome is Outcome.DONE
        assert [(label.texts, label.bitmaps) for label in sim.labels[before:]] == [(["Shampoo 500 ml", "36.50"], [])]


async def test_a_printer_that_never_answers_prints_unmonitored_and_is_not_offline(sim: LabelPrinterSim) -> None:
    await sim.do("dont_answer", NOTHING)
    async with on(sim, answer_wait_s=0.1) as rig:
        assert (await rig.driver.identify()).learned == {"monitored": False}
    async with on(sim, monitored=False, answer_wait_s=0.1) as rig:
        assert (await rig.driver.poll()).reason == "unmonitored"
        result = await rig.run(order())
    assert (result.outcome, result.reason) == (Outcome.DONE, "unmonitored")
    await until(lambda: len(sim.labels) == 1)


async def test_a_printer_that_did_answer_and_falls_silent_gets_no_label(sim: LabelPrinterSim) -> None:
    await sim.do("dont_answer", NOTHING)
    async with on(sim, answer_wait_s=0.1) as rig:
        assert (await rig.driver.poll()).reason == "silent"
        work = order()
        printing = asyncio.ensure_future(rig.run(work))
        await until(lambda: work.moves)
        assert (work.moves, work.wrote) == ([("held", "silent")], False)
        await sim.do("heal", NOTHING)
        assert (await printing).outcome is Outcome.DONE


async def test_a_printer_that_falls_silent_behind_the_bytes_leaves_the_job_unknown(sim: LabelPrinterSim) -> None:
    await sim.do("slow", SlowLabels(seconds=5))
    async with on(sim, answer_wait_s=0.05, confirm_s_max=600) as rig:
        work = order()
        printing = asyncio.ensure_future(rig.run(work))
        await until(lambda: work.moves)
        await sim.do("dont_answer", NOTHING)
        async with asyncio.timeout(3):  # long before the limit of a printer that is busy
            assert await printing == Result.unknown("no_confirmation")


@pytest.mark.parametrize(("meanwhile", "outcome"), [(Status(busy=True), Outcome.UNKNOWN), (Status(stopped_by="paper_out"), Outcome.DONE)])
async def test_a_printer_has_its_time_to_come_to_rest_and_a_stopped_one_has_all_the_time(
    sim: LabelPrinterSim, meanwhile: Status, outcome: Outcome
) -> None:
    async with on(sim, confirm_s_max=5) as rig:
        work, clock = order(), Brisk()
        until_s = clock.monotonic() + 20  # twice as long as a label may take

        async def status() -> Status:
            return meanwhile if work.wrote and clock.monotonic() < until_s else Status()

        rig.driver._status = status  # type: ignore[attr-defined]
        assert (await rig.run(work)).outcome is outcome


async def test_a_job_whose_time_has_come_while_it_was_held_is_not_begun(sim: LabelPrinterSim) -> None:
    async with on(sim) as rig:
        result = await rig.run(work := order(expires=datetime(2020, 1, 1, tzinfo=UTC)))
    assert (result.outcome, result.reason, work.wrote) == (Outcome.FAILED, "expired", False)


async def test_an_answer_that_makes_no_sense_is_counted_and_no_state(sim: LabelPrinterSim) -> None:
    await sim.do("garble", Garble(answers=1))
    async with on(sim, answer_wait_s=0.1) as rig:
        condition = await rig.driver.poll()
        assert condition.reason == "silent"
        assert sim.language == "zpl" or condition.figures["answers_refused"] == 1
        assert (await rig.driver.poll()).reason == ""


async def test_a_printer_says_what_it_is_where_its_language_has_words_for_it(sim: LabelPrinterSim) -> None:
    async with on(sim) as rig:
        who = await rig.driver.identify()
    if sim.language == "zpl":
        assert (who.model, who.firmware, who.learned) == ("SIM-ZPL SIMULATED", "V1.0 SIMULATED", {"monitored": True, "dots_mm": 8})
    else:
        assert (who.model, who.learned) == ("", {"monitored": True})


async def test_a_printer_hangs_on_a_serial_line_too_and_silence_there_is_a_miss(tmp_path: Path) -> None:
    sim = LabelPrinterSim.on_pty("labels", tmp_path / "labels")
    await sim.start()
    async with driving("label_printer", sim.address, clock=Brisk(), answer_wait_s=0.2) as rig:
        assert (await rig.run(order())).outcome is Outcome.DONE
        await sim.do("dont_answer", NOTHING)
        with pytest.raises(Silent):
            await rig.driver.poll()
        await sim.do("cut_cable", NOTHING)
        with pytest.raises((LinkLost, Silent)):
            await rig.driver.poll()
    await sim.stop()


async def test_a_picture_that_broke_off_on_a_serial_line_does_not_silence_the_printer_for_good(tmp_path: Path) -> None:
    sim = LabelPrinterSim.on_pty("labels", tmp_path / "labels", language="tspl")
    await sim.start()
    sim.received(b"BITMAP 0,0,60,320,0,\0\0\0")
    async with driving("label_printer", sim.address, clock=Brisk(), answer_wait_s=0.1, language="tspl") as rig:
        assert (await rig.driver.poll()).reason == ""
    await sim.stop()
    assert (sim.labels, sim.state()["unknown_commands"]) == ([], 0)


async def test_an_answer_nobody_asked_for_is_not_the_state_of_now(tmp_path: Path) -> None:
    sim = LabelPrinterSim.on_pty("labels", tmp_path / "labels", language="tspl")
    await sim.start()
    async with driving("label_printer", sim.address, language="tspl") as rig:
        await rig.driver.poll()
        sim._hear(Ask("status"))
        await sim.do("head_open", NOTHING)
        assert (await rig.driver.poll()).reason == "head_open"
    await sim.stop()


async def test_a_full_buffer_keeps_the_next_label_waiting_outside(sim: LabelPrinterSim) -> None:
    async with on(sim) as rig:
        full = True

        async def status() -> Status:
            return Status(full=full)

        rig.driver._status = status  # type: ignore[attr-defined]
        work = order()
        printing = asyncio.ensure_future(rig.run(work))
        await until(lambda: work.moves)
        assert (work.moves, work.wrote) == ([("held", "buffer_full")], False)
        full = False
        assert (await printing).outcome is Outcome.DONE


async def test_the_simulator_reads_labels_of_other_programs_too() -> None:
    sims = [LabelPrinterSim.on_tcp("labels", language=language) for language in get_args(Language)]
    for sim in sims:
        await sim.start()
    sims[0].received(b"^XA^FO50,50^A0N,30,30^FDHello^FS^FO9,9^BQN,2,5^FDMA,abc^FS^ZZ9^XZ")
    sims[1].received(b'SIZE 60 mm,40 mm\r\nCLS\r\nTEXT 9,9,"3",0,1,1,"Hello"\r\nQRCODE 9,9,L,5,A,0,"abc"\r\nZZ 9\r\nPRINT 1\r\n')
    for sim in sims:
        assert [(label.texts, label.qrs) for label in sim.labels] == [(["Hello"], ["abc"])]
        assert sim.state()["unknown_commands"] == 1
        await sim.stop()
