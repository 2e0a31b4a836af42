from __future__ import annotations

import asyncio

import pytest

from hub.errors import NotAllowed, NotFound, TapReused
from hub.ids import TapId
from hub.ports import PrintKind
from hub.staff.model import StaffId
from hub.visits import Stage, VisitId, WalkIn
from hub.visits.events import GuestCheckedIn, GuestPutBack
from hub.visits.model import NobodyCanDoThis, NothingChosen, VisitCannotMove


async def test_a_walk_in_who_taps_twice_gets_one_ticket(salon):
    tap = TapId.new()
    first = await salon.shop.visits.check_in(salon.kiosk, salon.wish(), tap)
    second = await salon.shop.visits.check_in(salon.kiosk, salon.wish(), tap)
    assert second == first
    assert salon.shop.journal.count(GuestCheckedIn) == 1


async def test_fifty_taps_at_once_are_one_guest(salon):
    tap = TapId.new()
    answers = await asyncio.gather(*(salon.shop.visits.check_in(salon.kiosk, salon.wish(), tap) for _ in range(50)))
    assert len(set(answers)) == 1
    assert len(salon.shop.visits.queue(salon.desk)) == 1


async def test_the_same_tap_for_another_wish_is_refused(salon):
    tap = TapId.new()
    await salon.shop.visits.check_in(salon.kiosk, salon.wish(salon.cut), tap)
    with pytest.raises(TapReused):
        await salon.shop.visits.check_in(salon.kiosk, salon.wish(salon.colour), tap)


async def test_tickets_count_from_one_each_business_day(salon):
    assert [(await salon.walk_in()).ticket for _ in range(3)] == [1, 2, 3]
    salon.clock.forward(hours=10)  # 22:00, the same day
    assert (await salon.walk_in()).ticket == 4
    salon.clock.forward(hours=8)  # 06:00, the next
    assert (await salon.walk_in()).ticket == 1


async def test_a_guest_is_called_seated_served_and_goes_to_the_till(salon):
    visits = salon.shop.visits
    visit = await salon.walk_in()
    await visits.call(salon.desk, visit.id, TapId.new())
    await visits.seat(salon.desk, visit.id, salon.mei.id, TapId.new())
    await visits.start(salon.desk, visit.id, TapId.new())
    served = await visits.finish(salon.desk, visit.id, TapId.new())
    assert served.stage is Stage.SERVED
    assert served.stylist == salon.mei.id


async def test_a_guest_who_left_cannot_be_seated(salon):
    visit = await salon.walk_in()
    await salon.shop.visits.leave(salon.desk, visit.id, TapId.new())
    with pytest.raises(VisitCannotMove) as refused:
        await salon.shop.visits.seat(salon.desk, visit.id, salon.mei.id, TapId.new())
    assert "Refresh the queue" in refused.value.hint


async def test_a_guest_who_left_by_mistake_comes_back_to_her_place(salon):
    first, _second = await salon.walk_in(), await salon.walk_in()
    await salon.shop.visits.leave(salon.desk, first.id, TapId.new())
    await salon.shop.visits.come_back(salon.desk, first.id, TapId.new())
    assert [v.ticket for v in salon.shop.visits.queue(salon.desk)] == [1, 2]


async def test_two_who_seat_one_guest_at_once_both_learn_who_won(salon):
    visit = await salon.walk_in()
    seat = salon.shop.visits.seat
    answers = await asyncio.gather(
        seat(salon.desk, visit.id, salon.mei.id, TapId.new()),
        seat(salon.desk, visit.id, salon.lin.id, TapId.new()),
        return_exceptions=True,
    )
    assert sorted(type(a).__name__ for a in answers) == ["Visit", "VisitCannotMove"]


async def test_who_was_called_by_mistake_waits_again(salon):
    visit = await salon.walk_in()
    await salon.shop.visits.call(salon.desk, visit.id, TapId.new())
    back = await salon.shop.visits.put_back(salon.desk, visit.id, TapId.new())
    assert back.stage is Stage.WAITING
    assert salon.shop.journal.count(GuestPutBack) == 1


async def test_a_stylist_without_the_skill_cannot_take_her(salon):
    visit = await salon.walk_in(salon.colour)
    with pytest.raises(NobodyCanDoThis):
        await salon.shop.visits.seat(salon.desk, visit.id, salon.lin.id, TapId.new())


async def test_a_wished_stylist_who_cannot_do_it_is_said_at_the_kiosk(salon):
    with pytest.raises(NobodyCanDoThis):
        salon.shop.visits.estimate(salon.wish(salon.colour, stylist=salon.lin.id))


async def test_nothing_chosen_is_no_visit(salon):
    with pytest.raises(NothingChosen):
        await salon.shop.visits.check_in(salon.kiosk, WalkIn(services=()), TapId.new())


async def test_an_unknown_service_is_no_visit(salon):
    with pytest.raises(NotFound):
        await salon.shop.visits.check_in(salon.kiosk, WalkIn(services=(type(salon.cut.id).new(),)), TapId.new())
    assert salon.shop.visits.queue(salon.desk) == []


async def test_a_kiosk_may_check_in_and_nothing_else(salon):
    visit = await salon.walk_in()
    with pytest.raises(NotAllowed):
        salon.shop.visits.queue(salon.kiosk)
    with pytest.raises(NotAllowed):
        await salon.shop.visits.call(salon.kiosk, visit.id, TapId.new())


async def test_each_ticket_is_queued_for_paper_once(salon):
    visit = await salon.walk_in()
    job = salon.shop.equipment.job_of(PrintKind.TICKET, visit.id)
    assert job is not None
    assert job.copy == 0


async def test_the_first_guest_does_not_wait_and_the_third_of_two_stylists_does(salon):
    assert salon.shop.visits.estimate(salon.wish()).to_s == 0
    for _ in range(2):
        visit = await salon.walk_in()
        assert visit.wait_s == 0
    third = salon.shop.visits.estimate(salon.wish())
    assert third.from_s == third.to_s == 45 * 60


async def test_a_colour_that_processes_frees_the_stylist_early_in_the_short_estimate(salon):
    await salon.walk_in(salon.colour, stylist=salon.mei.id)
    wait = salon.shop.visits.estimate(salon.wish(stylist=salon.mei.id))
    assert (wait.from_s, wait.to_s) == (45 * 60, 90 * 60)


async def test_what_was_served_already_does_not_count_as_waiting(salon):
    visit = await salon.walk_in(stylist=salon.mei.id)
    await salon.shop.visits.seat(salon.desk, visit.id, salon.mei.id, TapId.new())
    await salon.shop.visits.start(salon.desk, visit.id, TapId.new())
    salon.clock.forward(minutes=35)
    assert salon.shop.visits.estimate(salon.wish(stylist=salon.mei.id)).to_s == 10 * 60
    salon.clock.forward(minutes=60)  # it runs over: five minutes more, never less
    assert salon.shop.visits.estimate(salon.wish(stylist=salon.mei.id)).to_s == 5 * 60


async def test_a_scanned_ticket_finds_its_visit_and_a_scanned_soap_does_not(salon):
    visit = await salon.walk_in()
    assert salon.shop.visits.visit_by_code(salon.desk, visit.ticket_code).id == visit.id
    with pytest.raises(NotFound):
        salon.shop.visits.visit_by_code(salon.desk, "6901234567892")
    with pytest.raises(NotFound):
        salon.shop.visits.visit_by_code(salon.desk, f"CS1:{VisitId.new()}")


async def test_the_board_shows_numbers_and_stylists_and_counts_down(salon):
    await salon.walk_in(stylist=salon.mei.id)
    await salon.walk_in(stylist=salon.mei.id)
    salon.clock.forward(minutes=15)
    rows = salon.shop.visits.board(salon.desk)
    assert [(r.ticket, r.stylist_name, r.wait_s) for r in rows] == [(1, "梅", 0), (2, "梅", 30 * 60)]


async def test_an_unknown_stylist_serves_nobody(salon):
    visit = await salon.walk_in()
    with pytest.raises(NobodyCanDoThis):
        await salon.shop.visits.seat(salon.desk, visit.id, StaffId.new(), TapId.new())
