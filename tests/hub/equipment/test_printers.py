"""What a printer cannot print comes out of the one chosen instead of it, once, and the drawer that opens is still the till's."""

from __future__ import annotations

import pytest

from hub.access import Actor, Role
from hub.equipment import JobState
from hub.equipment.events import FallbackChosen
from hub.equipment.model import NoFallback
from hub.equipment.printers import Printers
from hub.errors import NotAllowed
from hub.ids import TapId
from hub.ports import Done, JobProgress, Outcome, PrintKind
from tests.hub.equipment.wire import printer, until

TECHNICIAN = Actor(id="tech", role=Role.TECHNICIAN, station="office")
SINCE = "2026-01-01T00:00:00Z"


@pytest.fixture
async def two(salon, wire):
    """The till's printer, and the one at reception that stands in for it."""
    printer(wire, "till")
    printer(wire, "reception", roles=())
    await salon.shop.equipment.printers.choose_fallback(TECHNICIAN, "till", "reception")
    return salon


def state(wire, name, health, reason=""):
    wire.says(f"dev/{name}/state", health=health, reason=reason, since=SINCE)


def paper(salon, sale):
    return salon.shop.equipment.job_of(PrintKind.RECEIPT, sale.id)


def withdrawn(wire):
    return [m.args for topic, m in wire.sent if topic == "host/h1/do/withdraw"]


async def ends(salon, device, command, outcome=Outcome.DONE, **more):
    await salon.shop.printing.finished(device, Done(id=command.id, outcome=outcome, **more))


@pytest.mark.parametrize(("health", "reason"), [("offline", "unreachable"), ("degraded", "paper_out"), ("degraded", "cover_open")])
async def test_what_cannot_be_printed_at_the_till_is_printed_at_reception_and_the_tills_drawer_opens(two, wire, health, reason):
    state(wire, "till", health, reason)
    sale = await two.sell()
    await until(wire.commands)
    [(device, command)] = wire.commands()
    assert (device, paper(two, sale).meant_for) == ("reception", "till")
    assert [name for name, _ in wire.commands("kick")] == ["till"]
    await ends(two, "reception", command)
    job = paper(two, sale)
    assert (job.state, job.device, job.meant_for) == (JobState.PRINTED, "reception", "till")


async def test_a_job_that_waits_at_a_printer_that_stops_is_asked_back_and_goes_on_once_it_is_given_back(two, wire):
    sale = await two.sell()
    await until(wire.commands)
    [(first, held)] = wire.commands()
    assert first == "till"
    state(wire, "till", "degraded", "paper_out")
    await until(lambda: withdrawn(wire) == [{"id": "till", "command": held.id}])
    assert len(wire.commands()) == 1  # nothing goes anywhere before the host has let go of it
    await ends(two, "till", held, Outcome.FAILED, retry_safe=True, reason="withdrawn")
    await until(lambda: len(wire.commands()) == 2)
    device, again = wire.commands()[1]
    assert (device, again.id != held.id, paper(two, sale).meant_for) == ("reception", True, "till")


async def test_a_job_the_host_keeps_because_bytes_are_out_goes_nowhere_else(two, wire):
    sale = await two.sell()
    await until(wire.commands)
    [(_, held)] = wire.commands()
    await two.shop.printing.progressed(JobProgress(id=held.id, state="held", reason="paper_out"))
    state(wire, "till", "degraded", "paper_out")
    await until(lambda: withdrawn(wire))
    wire.says("host/h1/done", id=withdrawn_command(wire).id, outcome="failed", reason="not_withdrawn")
    state(wire, "till", "online")
    await ends(two, "till", held)
    assert (paper(two, sale).device, paper(two, sale).state, paper(two, sale).meant_for) == ("till", JobState.PRINTED, "")
    assert len(wire.commands()) == 1


def withdrawn_command(wire):
    return next(m for topic, m in wire.sent if topic == "host/h1/do/withdraw")


async def test_a_paper_held_at_the_printer_that_stands_in_goes_back_to_the_one_that_prints_again(two, wire):
    state(wire, "till", "offline", "unreachable")
    sale = await two.sell()
    await until(wire.commands)
    [(_, held)] = wire.commands()
    state(wire, "reception", "degraded", "paper_out")
    state(wire, "till", "online")
    await until(lambda: withdrawn(wire) == [{"id": "reception", "command": held.id}])
    await ends(two, "reception", held, Outcome.FAILED, retry_safe=True, reason="withdrawn")
    await until(lambda: len(wire.commands()) == 2)
    assert (wire.commands()[1][0], paper(two, sale).meant_for) == ("till", "")


async def test_a_printer_that_only_says_something_is_not_left(two, wire):
    for health, reason in (("degraded", "paper_low"), ("degraded", "drawer_open_too_long"), ("connecting", ""), ("unknown", "")):
        state(wire, "till", health, reason)
        assert two.shop.equipment.printers.way_for("receipt") == ("till", "")
    state(wire, "till", "offline", "unreachable")
    state(wire, "reception", "degraded", "paper_out")
    assert two.shop.equipment.printers.way_for("receipt") == ("till", "")  # nobody prints: it waits where it belongs


async def test_a_test_print_stays_on_the_printer_it_tests(two, wire):
    state(wire, "till", "offline", "unreachable")
    await two.shop.equipment.test_print(two.desk, "till", TapId.new())
    await until(wire.commands)
    two.shop.printing.wake()
    await two.sell()
    await until(lambda: len(wire.commands()) == 2)
    assert [name for name, _ in wire.commands()] == ["till", "reception"]
    assert withdrawn(wire) == []


async def test_a_chain_of_printers_ends_where_it_began(two, wire):
    printers = two.shop.equipment.printers
    printer(wire, "back", roles=())
    await printers.choose_fallback(TECHNICIAN, "reception", "back")
    await printers.choose_fallback(TECHNICIAN, "back", "till")
    for name in ("till", "reception"):
        state(wire, name, "offline", "unreachable")
    assert printers.way_for("ticket") == ("back", "till")
    state(wire, "back", "offline", "unreachable")
    assert printers.way_for("ticket") == ("till", "")


async def test_the_choice_is_kept_journaled_once_and_only_of_printers_by_those_who_may(two, wire):
    printers = two.shop.equipment.printers
    await printers.choose_fallback(TECHNICIAN, "till", "reception")
    assert two.shop.journal.count(FallbackChosen) == 1
    assert Printers(two.shop.db, two.shop.journal, dict).fallback_of("till") == "reception"
    wire.says("dev/s1/info", kind="scanner", name="s1", transport="tcp")
    for device, wrong in (("till", "till"), ("till", "s1"), ("s1", "till"), ("till", "nobody")):
        with pytest.raises(NoFallback):
            await printers.choose_fallback(TECHNICIAN, device, wrong)
    with pytest.raises(NotAllowed):
        await printers.choose_fallback(two.desk, "till", "")
    await printers.choose_fallback(TECHNICIAN, "till", "")
    state(wire, "till", "offline", "unreachable")
    assert printers.way_for("receipt") == ("till", "")
