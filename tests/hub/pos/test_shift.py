from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from hub.access import SYSTEM, Actor, Role
from hub.errors import InvalidInput, NotAllowed
from hub.ids import TapId
from hub.ledger import Account
from hub.ports import PrintKind
from hub.pos import Approval, Tender, TenderKind
from hub.pos.model import NoOpenShift, ShiftAlreadyOpen
from hub.pos.receipts import Receipts


async def close(salon, counted, tap=None):
    return await salon.shop.pos.close_shift(salon.boss, "t1", counted, tap or TapId.new())


async def test_a_close_compares_counted_with_expected_and_empties_the_drawer(salon):
    await salon.sell()
    await salon.sell(tenders=(Tender(kind=TenderKind.CARD, amount=6800, reference="SLIP1"),))
    z = await close(salon, 50000 + 6800 - 300)
    assert (z.shift.expected, z.shift.counted, z.shift.difference) == (56800, 56500, -300)
    assert (z.sales, z.gross, z.takings, z.shift.z_number) == (2, 13600, 13600, 1)
    assert z.by_tender == {TenderKind.CASH: 6800, TenderKind.CARD: 6800}
    balances = salon.shop.ledger.balances(SYSTEM)
    assert balances[Account.CASH] == 0
    assert balances[Account.CASH_OVER_SHORT] == 300
    assert salon.shop.ledger.sum_of_all_legs() == 0
    assert salon.shop.equipment.job_of(PrintKind.Z_REPORT, z.shift.id)


async def test_takings_of_a_day_go_down_by_what_it_gives_back_of_another(salon):
    yesterday = await salon.sell()
    salon.clock.forward(days=1)
    await salon.sell(tenders=(Tender(kind=TenderKind.CARD, amount=6800, reference="SLIP1"),))
    await salon.sell()
    await salon.shop.staff.set_pin(SYSTEM, salon.manager.id, "482915", TapId.new())
    approval = Approval(approver=salon.manager.id, pin="482915")
    await salon.shop.pos.refund_sale(salon.desk, yesterday.id, approval, "t1", TapId.new())
    today = salon.shop.pos.takings(salon.boss)
    assert (today.sales, today.gross, today.refunds, today.refunded, today.net) == (2, 13600, 1, 6800, 6800)
    assert today.by_tender == {TenderKind.CARD: 6800, TenderKind.CASH: 0}
    with pytest.raises(NotAllowed):
        salon.shop.pos.takings(salon.kiosk)


async def test_open_drawers_are_listed_until_they_are_counted_out(salon):
    await salon.shop.pos.open_shift(salon.boss, "t2", 100, TapId.new())
    assert [shift.till for shift in salon.shop.pos.open_shifts(salon.boss)] == ["t1", "t2"]
    await close(salon, 50000)
    assert [shift.till for shift in salon.shop.pos.open_shifts(salon.boss)] == ["t2"]


async def test_closing_twice_with_one_tap_is_one_report(salon):
    tap = TapId.new()
    first, second = await close(salon, 50000, tap), await close(salon, 50000, tap)
    assert first.shift == second.shift
    with pytest.raises(NoOpenShift):
        await close(salon, 50000)


async def test_two_managers_open_one_drawer_once(salon):
    await close(salon, 50000)
    answers = await asyncio.gather(
        *(salon.shop.pos.open_shift(salon.boss, "t1", 10000, TapId.new()) for _ in range(2)), return_exceptions=True
    )
    assert sorted(type(a).__name__ for a in answers) == ["Shift", "ShiftAlreadyOpen"]
    with pytest.raises(ShiftAlreadyOpen):
        await salon.shop.pos.open_shift(salon.boss, "t1", 10000, TapId.new())


async def test_z_numbers_count_per_till_and_reports_are_kept(salon):
    await close(salon, 50000)
    await salon.shop.pos.open_shift(salon.boss, "t1", 100, TapId.new())
    await close(salon, 100)
    assert [z.shift.z_number for z in salon.shop.pos.z_reports(salon.boss)] == [2, 1]


async def test_a_shift_over_midnight_counts_its_own_sales_and_no_other_drawers(salon):
    await salon.shop.pos.open_shift(salon.boss, "t2", 0, TapId.new())
    await salon.sell()
    salon.clock.forward(days=1)
    await salon.sell()
    await salon.shop.pos.complete_sale(salon.desk, replace(salon.draft(), till="t2"), TapId.new())
    z = await close(salon, 50000 + 2 * 6800)
    assert (z.sales, z.gross, z.first_receipt, z.last_receipt, z.shift.difference) == (2, 13600, 1, 2, 0)


async def test_a_clock_set_back_takes_no_sale_out_of_the_report(salon):
    await salon.sell()
    await close(salon, 56800)
    await salon.shop.pos.open_shift(salon.boss, "t1", 56800, TapId.new())
    await salon.sell()
    salon.clock.set_wall(salon.clock.now() - timedelta(days=400))
    refunded = await salon.sell()
    await salon.shop.staff.set_pin(SYSTEM, salon.manager.id, "482915", TapId.new())
    await salon.shop.pos.refund_sale(salon.desk, refunded.id, Approval(approver=salon.manager.id, pin="482915"), "t1", TapId.new())
    z = await close(salon, 56800 + 6800)
    assert (z.sales, z.refunds, z.gross, z.refunded, z.shift.difference) == (2, 1, 13600, 6800, 0)


async def test_a_kept_report_stays_as_it_was_printed_whatever_is_refunded_later(salon):
    sale = await salon.sell()
    printed = await close(salon, 56800)
    await salon.shop.pos.open_shift(salon.boss, "t1", 50000, TapId.new())
    await salon.shop.staff.set_pin(SYSTEM, salon.manager.id, "482915", TapId.new())
    await salon.shop.pos.refund_sale(salon.desk, sale.id, Approval(approver=salon.manager.id, pin="482915"), "t1", TapId.new())
    assert salon.shop.pos.z_report(salon.boss, printed.shift.id) == printed
    assert salon.shop.pos.z_reports(salon.boss) == [printed]
    assert (await close(salon, 50000 - 6800)).takings == -6800
    for harm in ("UPDATE z_reports SET gross = 0", "DELETE FROM z_reports"):
        with pytest.raises(Exception, match="a Z report is never"):
            await salon.shop.db.write(lambda tx, harm=harm: tx.execute(harm))


async def test_reception_opens_no_drawer_and_nobody_counts_less_than_nothing(salon):
    with pytest.raises(NotAllowed):
        await salon.shop.pos.open_shift(salon.desk, "t9", 0, TapId.new())
    with pytest.raises(InvalidInput):
        await close(salon, -1)
    with pytest.raises(NotAllowed):
        salon.shop.pos.z_reports(Actor(id="x", role=Role.RECEPTION, station="x"))


async def test_the_papers_say_what_was_sold(salon):
    sale = await salon.sell(tenders=(Tender(kind=TenderKind.CASH, amount=6800, given=10000),))
    receipts = Receipts(salon.shop.catalog.shop(), salon.clock)
    paper = receipts.receipt(sale).model_dump_json()
    for said in ("青丝", "洗发水", "¥68.00", "找零", "¥32.00", "t1-000001", "2026-03-14 12:00"):
        assert said in paper
    z = await close(salon, 56800)
    paper = receipts.z_report(z).model_dump_json()
    for said in ("t1 Z1", "应有现金", "¥568.00", "¥0.00"):
        assert said in paper
