from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.access import SYSTEM, Actor, Role
from hub.catalog.model import ProductDraft, ProductId
from hub.errors import InvalidInput, NotAllowed, NotFound, TapReused
from hub.ids import TapId
from hub.ledger import Account
from hub.ports import PrintKind
from hub.pos import Approval, LineKind, LineWish, SaleDraft, Tender, TenderKind
from hub.pos.events import SaleCompleted, SaleRefunded
from hub.pos.model import (
    AlreadyRefunded,
    EmptyBasket,
    NoOpenShift,
    PaymentDoesNotMatch,
    PriceChanged,
    ReferenceMissing,
    check_payment,
)
from hub.stock.events import StockBelowNought
from hub.visits import Stage
from hub.visits.model import VisitCannotMove

PIN = "482915"


def rows(shop, table):
    return shop.db.one(f"SELECT count(*) FROM {table}")[0]


async def test_a_cash_sale_books_moves_stock_prints_kicks_and_tells(salon):
    two = LineWish(kind=LineKind.PRODUCT, item=salon.shampoo.id, quantity=2)
    cut = LineWish(kind=LineKind.SERVICE, item=salon.cut.id, stylist=salon.mei.id)
    cash = Tender(kind=TenderKind.CASH, amount=26400, given=30000)
    sale = await salon.sell(two, cut, tenders=(cash,))
    shop = salon.shop
    assert (sale.total, sale.change, sale.receipt) == (26400, 3600, "t1-000001")
    assert sale.tax == 1565 + 725  # 13 600 at 13 %, 12 800 at 6 %, each half up
    balances = shop.ledger.balances(SYSTEM)
    assert balances[Account.CASH] == 50000 + 26400
    assert balances[Account.GUESTS] == 0
    assert balances[Account.TAX_PAYABLE] == -sale.tax
    assert shop.ledger.sum_of_all_legs() == 0
    assert shop.stock.on_shelf(salon.shampoo.id) == 98
    job = shop.equipment.job_of(PrintKind.RECEIPT, sale.id)
    assert (job.copy, job.kick_until is not None) == (0, True)
    assert shop.journal.count(SaleCompleted) == 1


async def test_sales_of_one_commit_see_each_others_shelf_and_a_price_that_changes_between_them(salon):
    shop, shampoo = salon.shop, salon.shampoo
    was = ProductDraft(**{name: getattr(shampoo, name) for name in ("code", "category", "names", "price", "tax", "barcode", "stocked")})
    dearer = replace(was, price=shampoo.price + 100)
    wrong = salon.draft(total=1)
    answers = await asyncio.gather(
        salon.sell(),
        shop.pos.complete_sale(salon.desk, wrong, TapId.new()),
        salon.sell(),
        shop.catalog.change_product(salon.boss, shampoo.id, dearer, TapId.new()),
        salon.sell(),
        salon.sell(total=shampoo.price + 100),
        return_exceptions=True,
    )
    assert [type(a).__name__ for a in answers] == ["Sale", "PriceChanged", "Sale", "Product", "PriceChanged", "Sale"]
    assert shop.stock.on_shelf(shampoo.id) == 97
    moved = shop.db.all("SELECT n, quantity, balance FROM stock_movements WHERE product = ? ORDER BY n DESC LIMIT 3", (shampoo.id,))
    assert [(row["n"], row["quantity"], row["balance"]) for row in moved] == [(4, -1, 97), (3, -1, 98), (2, -1, 99)]


async def test_the_same_tap_fifty_times_in_parallel_is_one_sale_and_fifty_equal_answers(salon):
    tap, draft = TapId.new(), salon.draft()
    answers = await asyncio.gather(*(salon.shop.pos.complete_sale(salon.desk, draft, tap) for _ in range(50)))
    assert answers == [answers[0]] * 50
    assert rows(salon.shop, "sales") == 1
    assert salon.shop.stock.on_shelf(salon.shampoo.id) == 99


async def test_the_same_tap_for_another_basket_is_refused_and_sells_nothing(salon):
    tap = TapId.new()
    await salon.shop.pos.complete_sale(salon.desk, salon.draft(), tap)
    other = salon.draft(LineWish(kind=LineKind.SERVICE, item=salon.cut.id))
    with pytest.raises(TapReused):
        await salon.shop.pos.complete_sale(salon.desk, other, tap)
    assert rows(salon.shop, "sales") == 1


async def test_receipt_numbers_run_without_a_gap_whatever_is_refused_between(salon):
    numbers = []
    for attempt in range(6):
        if attempt % 2:
            with pytest.raises(PriceChanged):
                await salon.sell(total=1, tenders=(Tender(kind=TenderKind.CASH, amount=1),))
        else:
            numbers.append((await salon.sell()).receipt_no)
    assert numbers == [1, 2, 3]


async def test_a_card_and_cash_split_pays_exactly(salon):
    card = Tender(kind=TenderKind.CARD, amount=5000, reference="SLIP-0042")
    cash = Tender(kind=TenderKind.CASH, amount=1800, given=2000)
    sale = await salon.sell(tenders=(card, cash))
    assert sale.change == 200
    assert salon.shop.ledger.balances(SYSTEM)[Account.CARD_CLEARING] == 5000


@pytest.mark.parametrize(
    ("tenders", "refusal"),
    [
        ((Tender(kind=TenderKind.CASH, amount=6799),), PaymentDoesNotMatch),
        ((Tender(kind=TenderKind.CASH, amount=6800, given=6000),), PaymentDoesNotMatch),
        ((Tender(kind=TenderKind.CARD, amount=6800),), ReferenceMissing),
        ((Tender(kind=TenderKind.CARD, amount=6800, reference="4111111111111111"),), ReferenceMissing),
        ((Tender(kind=TenderKind.QR, amount=6800, given=7000, reference="WX12345"),), PaymentDoesNotMatch),
        ((Tender(kind=TenderKind.CASH, amount=-100), Tender(kind=TenderKind.CASH, amount=6900)), InvalidInput),
        ((), PaymentDoesNotMatch),
    ],
)
async def test_a_payment_that_does_not_add_up_changes_nothing(salon, tenders, refusal):
    head = salon.shop.journal.head().seq
    with pytest.raises(refusal):
        await salon.sell(tenders=tenders)
    assert rows(salon.shop, "sales") == rows(salon.shop, "receipt_numbers") == 0
    assert salon.shop.stock.on_shelf(salon.shampoo.id) == 100
    assert salon.shop.journal.head().seq == head


async def test_no_card_number_can_be_kept_as_a_reference(salon):
    with pytest.raises(ReferenceMissing):
        check_payment(100, 100, (Tender(kind=TenderKind.CARD, amount=100, reference="5500005555555559"),))


async def test_without_an_open_shift_nothing_is_sold(salon):
    with pytest.raises(NoOpenShift):
        await salon.shop.pos.complete_sale(salon.desk, replace(salon.draft(), till="t2"), TapId.new())


async def test_an_empty_basket_is_no_sale(salon):
    with pytest.raises(EmptyBasket):
        await salon.shop.pos.complete_sale(salon.desk, SaleDraft(till="t1", lines=(), tenders=(), total=0), TapId.new())


@pytest.mark.parametrize("quantity", [0, -1, 1000])
async def test_a_quantity_nobody_sells_is_refused(salon, quantity):
    line = LineWish(kind=LineKind.PRODUCT, item=salon.shampoo.id, quantity=quantity)
    with pytest.raises(InvalidInput):
        await salon.sell(line, total=abs(6800 * quantity))


async def test_an_unknown_product_is_no_sale(salon):
    line = LineWish(kind=LineKind.PRODUCT, item=ProductId.new())
    with pytest.raises(NotFound):
        await salon.sell(line, total=1)


async def test_a_kiosk_or_stylist_takes_no_money(salon):
    for role in (Role.KIOSK, Role.STYLIST, Role.BOARD, Role.TECHNICIAN):
        with pytest.raises(NotAllowed):
            await salon.shop.pos.complete_sale(Actor(id="x", role=role, station="x"), salon.draft(), TapId.new())


async def test_selling_what_the_books_do_not_have_is_allowed_and_announced(salon):
    await salon.sell(LineWish(kind=LineKind.PRODUCT, item=salon.shampoo.id, quantity=101))
    assert salon.shop.stock.on_shelf(salon.shampoo.id) == -1
    assert salon.shop.journal.count(StockBelowNought) == 1


async def test_a_served_guest_is_paid_in_the_transaction_of_her_sale(salon):
    visits = salon.shop.visits
    visit = await salon.walk_in()
    basket = await salon.shop.pos.open_basket(salon.desk, "t1", visit.id, TapId.new())
    assert [x.item for x in basket.lines] == [salon.cut.id]
    cut = LineWish(kind=LineKind.SERVICE, item=salon.cut.id)
    with pytest.raises(VisitCannotMove):
        await salon.sell(cut, visit=visit.id, basket=basket.id)
    assert rows(salon.shop, "sales") == 0
    for step in (visits.call, visits.leave, visits.come_back):
        await step(salon.desk, visit.id, TapId.new())
    await visits.seat(salon.desk, visit.id, salon.mei.id, TapId.new())
    await visits.start(salon.desk, visit.id, TapId.new())
    await visits.finish(salon.desk, visit.id, TapId.new())
    await salon.sell(cut, visit=visit.id, basket=basket.id)
    assert visits.visit(salon.desk, visit.id).stage is Stage.PAID
    assert salon.shop.pos.current_basket(salon.desk, "t1") is None


@pytest.fixture
async def with_pin(salon):
    await salon.shop.staff.set_pin(SYSTEM, salon.manager.id, PIN, TapId.new())
    return salon


async def give_back(salon, sale, pin=PIN, tap=None):
    return await salon.shop.pos.refund_sale(salon.desk, sale.id, Approval(approver=salon.manager.id, pin=pin), "t1", tap or TapId.new())


async def test_a_refund_undoes_books_and_stock_and_prints(with_pin):
    salon = with_pin
    sale = await salon.sell()
    refund = await give_back(salon, sale)
    shop = salon.shop
    assert (refund.total, refund.receipt_no) == (6800, 2)
    assert shop.stock.on_shelf(salon.shampoo.id) == 100
    balances = shop.ledger.balances(SYSTEM)
    assert balances[Account.CASH] == 50000
    assert balances[Account.PRODUCT_REVENUE] == balances[Account.TAX_PAYABLE] == 0
    assert shop.equipment.job_of(PrintKind.REFUND, refund.id)
    assert shop.pos.sale(salon.desk, sale.id).refund == refund.id


async def test_the_last_unit_refunded_twice_in_parallel_is_one_refund(with_pin):
    salon = with_pin
    sale = await salon.sell(LineWish(kind=LineKind.PRODUCT, item=salon.shampoo.id, quantity=100))
    answers = await asyncio.gather(give_back(salon, sale), give_back(salon, sale), return_exceptions=True)
    assert sorted(type(a).__name__ for a in answers) == ["AlreadyRefunded", "Refund"]
    assert salon.shop.stock.on_shelf(salon.shampoo.id) == 100
    assert salon.shop.journal.count(SaleRefunded) == 1


async def test_a_refund_sent_twice_with_one_tap_is_one_refund_and_one_answer(with_pin):
    salon = with_pin
    sale, tap = await salon.sell(), TapId.new()
    assert await give_back(salon, sale, tap=tap) == await give_back(salon, sale, tap=tap)
    with pytest.raises(AlreadyRefunded):
        await give_back(salon, sale)


async def test_a_wrong_pin_or_a_stylists_pin_gives_nothing_back(with_pin):
    salon = with_pin
    sale = await salon.sell()
    with pytest.raises(Exception, match="pin_wrong"):
        await give_back(salon, sale, pin="999998")
    with pytest.raises(NotAllowed):
        await salon.shop.pos.refund_sale(salon.desk, sale.id, Approval(approver=salon.mei.id, pin=PIN), "t1", TapId.new())
    assert rows(salon.shop, "refunds") == 0


async def test_a_completed_sale_cannot_be_changed_or_removed_even_by_sql(salon):
    sale = await salon.sell()
    for sql in ("UPDATE sales SET total = 1", "DELETE FROM sales", "UPDATE ledger_postings SET amount = 1", "DELETE FROM stock_movements"):
        with pytest.raises(Exception, match="never|append-only|only ever"):
            await salon.shop.db.write(lambda tx, sql=sql: tx.execute(sql))
    assert salon.shop.pos.sale(salon.desk, sale.id) == sale


async def test_a_sale_is_found_by_the_number_on_its_paper(salon):
    sale = await salon.sell()
    assert salon.shop.pos.sale_by_receipt(salon.desk, "t1-000001") == sale
    for nonsense in ("", "t1", "t1-", "t1-9999999999999999999", "t1--1", "t1-000002"):
        with pytest.raises(NotFound):
            salon.shop.pos.sale_by_receipt(salon.desk, nonsense)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    total=st.integers(0, 10**7),
    parts=st.lists(st.integers(-5, 10**7), min_size=0, max_size=4),
    given_extra=st.one_of(st.none(), st.integers(-100, 1000)),
)
def test_a_payment_is_taken_only_when_it_pays_the_total_to_the_fen(total, parts, given_extra):
    tenders = tuple(Tender(kind=TenderKind.CASH, amount=p, given=None if given_extra is None else p + given_extra) for p in parts)
    try:
        check_payment(total, total, tenders)
    except (PaymentDoesNotMatch, InvalidInput):
        return
    assert sum(t.amount for t in tenders) == total
    assert all(t.change >= 0 and t.amount >= 0 for t in tenders)
