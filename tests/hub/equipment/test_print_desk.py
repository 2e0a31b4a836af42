"""The print desk against a broker link that notes what is sent; the real broker and printer are in tests/journeys."""

from __future__ import annotations

import asyncio

import pytest

from hub.access import SYSTEM
from hub.equipment import JobState, PrintDesk
from hub.equipment.events import DeviceChanged, PrintJobMoved
from hub.equipment.model import NotSettled
from hub.equipment.printing import NO_PRINTER
from hub.errors import NotFound
from hub.ids import TapId
from hub.ports import Done, JobProgress, Outcome, PrintKind
from tests.hub.equipment.wire import printer, until


def job_of(salon, sale):
    return salon.shop.equipment.job_of(PrintKind.RECEIPT, sale.id)


async def answered(salon, command, outcome, **more):
    await salon.shop.printing.finished("p1", Done(id=command.id, outcome=outcome, **more))


async def test_a_sale_sends_a_kick_and_a_receipt_and_is_printed_when_the_printer_says_so(salon, wire):
    printer(wire)
    sale = await salon.sell()
    await until(lambda: len(wire.sent) == 2)
    [(_, kick)], [(device, receipt)] = wire.commands("kick"), wire.commands()
    assert (device, receipt.args["copy"], kick.deadline is not None) == ("p1", 0, True)
    assert job_of(salon, sale).state is JobState.QUEUED
    await answered(salon, receipt, Outcome.DONE)
    assert job_of(salon, sale).state is JobState.PRINTED
    assert salon.shop.journal.count(PrintJobMoved) == 1


async def test_a_sale_that_is_refused_after_its_receipt_was_queued_sends_nothing(salon, wire, monkeypatch):
    printer(wire)

    def gone(*_):
        raise NotFound

    with monkeypatch.context() as patched:
        patched.setattr("hub.pos.checkout.remember", gone)  # the last step of a sale
        refused, sold = await asyncio.gather(salon.sell(), salon.walk_in(), return_exceptions=True)
    assert isinstance(refused, NotFound)
    await until(lambda: wire.commands())  # the walk-in's ticket, of the same commit
    await salon.sell()
    await until(lambda: len(wire.commands()) == 2)
    assert wire.commands()[0][1].args["document"] != wire.commands()[1][1].args["document"]
    assert salon.shop.db.one("SELECT count(*) FROM print_jobs")[0] == 2
    assert not isinstance(sold, Exception)


async def test_without_a_printer_the_job_waits_says_so_and_prints_when_one_comes(salon, wire):
    sale = await salon.sell()
    await until(lambda: job_of(salon, sale).reason == NO_PRINTER.reason)
    assert [j.id for j in salon.shop.equipment.jobs_needing_someone(salon.desk)] == [job_of(salon, sale).id]
    printer(wire)
    await until(lambda: wire.commands())


async def test_after_a_reconnect_the_same_command_is_sent_again_to_the_same_printer(salon, wire):
    printer(wire)
    await salon.sell()
    await until(lambda: wire.commands())
    printer(wire, "p0")  # another printer, first by name
    wire.reconnect()
    await until(lambda: len(wire.commands()) == 2)
    (first, one), (second, two) = wire.commands()
    assert (first, one.id) == (second, two.id)


async def test_what_was_lost_on_the_way_is_sent_again_when_the_host_says_it_lives(salon, wire):
    printer(wire)
    await salon.sell()
    await until(wire.commands)
    lost = wire.commands()
    wire.sent.clear()
    wire.says("host/h1/state", health="offline", since="2026-01-01T00:00:00Z")
    await salon.sell()  # when its receipt has left, the desk has looked at everything that is open
    await until(wire.commands)
    assert lost[0] not in wire.commands()
    wire.sent.clear()
    wire.says("host/h1/state", health="online", since="2026-01-01T00:00:00Z")
    await until(lambda: len(wire.commands()) == 2)
    assert lost[0] in wire.commands()


async def test_a_hub_that_restarts_sends_what_is_open_and_nothing_that_is_done(salon, wire):
    printer(wire)
    one, _two = await salon.sell(), await salon.sell()
    await until(lambda: len(wire.commands()) == 2)
    await answered(salon, wire.commands()[0][1], Outcome.DONE)
    shop = salon.shop
    restarted = PrintDesk(shop.db, shop.journal, shop.clock, shop.link)
    restarted.makes(PrintKind.RECEIPT, shop.printing._documents[PrintKind.RECEIPT])
    wire.sent.clear()
    task = asyncio.create_task(restarted.run())
    await until(lambda: wire.commands())
    task.cancel()
    assert [m.id for _, m in wire.commands()] != [job_of(salon, one).command]
    assert len(wire.commands()) == 1


async def test_paper_out_holds_the_job_with_a_sentence_and_it_is_printed_later(salon, wire):
    printer(wire)
    sale = await salon.sell()
    await until(lambda: wire.commands())
    command = wire.commands()[0][1]
    held = JobProgress(id=command.id, state="held", reason="paper_out", sentence="No paper.", action="Put in a new roll.")
    await salon.shop.printing.progressed(held)
    job = job_of(salon, sale)
    assert (job.state, job.reason, job.action) == (JobState.HELD, "paper_out", "Put in a new roll.")
    await answered(salon, command, Outcome.DONE)
    assert job_of(salon, sale).state is JobState.PRINTED


async def test_an_uncertain_receipt_is_never_sent_again_until_a_person_has_looked(salon, wire):
    printer(wire)
    sale = await salon.sell()
    await until(lambda: wire.commands())
    await answered(salon, wire.commands()[0][1], Outcome.UNKNOWN)
    wire.reconnect()
    await asyncio.sleep(0)
    job = job_of(salon, sale)
    assert job.state is JobState.UNCERTAIN
    assert len(wire.commands()) == 1
    await salon.shop.equipment.settle(salon.desk, job.id, False, TapId.new())
    await until(lambda: len(wire.commands()) == 2)
    assert wire.commands()[1][1].args["copy"] == 1
    with pytest.raises(NotSettled):
        await salon.shop.equipment.settle(salon.desk, job_of(salon, sale).id, True, TapId.new())


async def test_an_uncertain_receipt_that_did_come_out_needs_no_copy(salon, wire):
    printer(wire)
    sale = await salon.sell()
    await until(lambda: wire.commands())
    await answered(salon, wire.commands()[0][1], Outcome.UNKNOWN)
    tap = TapId.new()
    for _ in range(2):
        await salon.shop.equipment.settle(salon.desk, job_of(salon, sale).id, True, tap)
    assert job_of(salon, sale).state is JobState.PRINTED
    assert salon.shop.equipment.jobs_needing_someone(salon.desk) == []


async def test_a_failure_that_reached_no_paper_is_tried_again_as_a_new_command(salon, wire):
    printer(wire)
    sale = await salon.sell()
    await until(lambda: wire.commands())
    command = wire.commands()[0][1]
    await answered(salon, command, Outcome.FAILED, retry_safe=True, reason="unreachable", sentence="Cable?")
    assert job_of(salon, sale).reason == "unreachable"
    salon.shop.printing.wake()
    await until(lambda: len(wire.commands()) == 2)
    assert wire.commands()[1][1].id != command.id
    assert wire.commands()[1][1].args["copy"] == 0


async def test_a_drawer_is_not_kicked_late(salon, wire):
    await salon.sell()
    salon.clock.forward(seconds=11)
    printer(wire)
    await until(lambda: wire.commands())
    assert wire.commands("kick") == []


async def test_a_late_answer_to_a_finished_or_foreign_command_changes_nothing(salon, wire):
    printer(wire)
    sale = await salon.sell()
    await until(lambda: wire.commands())
    command = wire.commands()[0][1]
    await answered(salon, command, Outcome.DONE)
    await answered(salon, command, Outcome.UNKNOWN)
    await salon.shop.printing.finished("p1", Done(id=str(TapId.new()), outcome=Outcome.UNKNOWN))
    assert job_of(salon, sale).state is JobState.PRINTED


async def test_a_copy_asked_twice_with_one_tap_is_one_copy(salon, wire):
    printer(wire)
    sale = await salon.sell()
    await until(lambda: wire.commands())
    tap = TapId.new()
    job = job_of(salon, sale)
    await asyncio.gather(*(salon.shop.equipment.reprint(salon.desk, job.id, tap) for _ in range(5)))
    await until(lambda: len(wire.commands()) == 2)
    assert job_of(salon, sale).copy == 1


@pytest.mark.parametrize("payload", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"health":"splendid"}', b'{"wrong":1}', b"1" * 70000])
async def test_garbage_from_a_device_is_counted_and_changes_nothing(salon, wire, payload):
    printer(wire)
    before = salon.shop.link.refused
    topics = ("dev/p1/done", "dev/p1/event/job", "dev/p1/event/scan", "host/h1/done", "bridge/state")
    for topic in topics:
        wire.garbage(topic, payload)
    wire.garbage("dev/p1/elsewhere", payload)
    assert salon.shop.link.refused - before == len(topics)
    assert salon.shop.equipment.printers.way_for("receipt") == ("p1", "")


async def test_reports_go_to_the_printer_for_them_and_without_one_where_receipts_go(salon, wire):
    printer(wire)
    assert salon.shop.equipment.printers.way_for("report") == ("p1", "")
    wire.says("dev/a4/info", kind="office_printer", name="A4", transport="ipp", roles=["report"])
    assert salon.shop.equipment.printers.way_for("report") == ("a4", "")
    await salon.shop.db.write(salon.shop.printing.queue, PrintKind.Z_REPORT, "z1")
    assert salon.shop.equipment.job_of(PrintKind.Z_REPORT, "z1").device == "a4"
    assert [salon.shop.equipment.printers.way_for(role)[0] for role in ("receipt", "ticket")] == ["p1", "p1"]


async def test_a_scan_is_heard_by_whoever_listens_and_one_deaf_page_stops_nobody(salon, wire):
    heard = []

    def deaf(scan, device):
        raise RuntimeError

    salon.shop.equipment.on_scan(deaf)
    stop = salon.shop.equipment.on_scan(lambda scan, device: heard.append((device, scan.code)))
    wire.says("dev/sc1/event/scan", code="6901234567892", symbology="ean13")
    stop()
    wire.says("dev/sc1/event/scan", code="6901234567892", symbology="ean13")
    assert heard == [("sc1", "6901234567892")]


async def test_a_change_of_health_is_told_once_even_when_the_state_is_sent_again(salon, wire):
    for _ in range(3):
        printer(wire)
    printer(wire, health="offline")
    await until(lambda: salon.shop.journal.count(DeviceChanged) >= 2)
    told = [line.body["health"] for line in salon.shop.journal.after(0) if line.kind == "DeviceChanged"]
    assert told == ["online", "offline"]


async def test_while_the_host_is_away_nobody_claims_to_know_how_a_device_is(salon, wire):
    printer(wire)
    assert salon.shop.equipment.devices(SYSTEM)[0].health == "online"
    wire.says("host/h1/state", health="offline", since="2026-01-01T00:00:00Z")
    assert salon.shop.equipment.devices(SYSTEM)[0].health == "unknown"
