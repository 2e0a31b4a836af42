"""Likely cash and payments in parts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.money import CURRENCIES
from hub.pos.model import TenderKind, check_payment
from ui.station.cash import NOTES, PIECES, likely_cash
from ui.station.payment import Payment

amounts = st.integers(min_value=1, max_value=10_000_000)


def test_the_sums_a_guest_would_give_for_388_yuan() -> None:
    assert likely_cash(38800, "CNY") == (38800, 39000, 40000)


def test_an_amount_in_fen_is_rounded_up_to_what_notes_can_make() -> None:
    assert likely_cash(12345, "CNY") == (12345, 12400, 12500, 13000, 14000)


def test_nothing_due_needs_no_cash() -> None:
    assert likely_cash(0, "CNY") == ()


@given(due=amounts, currency=st.sampled_from(sorted(CURRENCIES)))
def test_the_exact_amount_comes_first_and_every_other_sum_is_enough_and_rising(due: int, currency: str) -> None:
    sums = likely_cash(due, currency)
    assert sums[0] == due
    assert list(sums) == sorted(set(sums))
    assert len(sums) <= 5


def test_every_currency_has_its_notes_and_coins() -> None:
    assert set(NOTES) == set(PIECES) == set(CURRENCIES)
    for code, pieces in PIECES.items():
        assert list(pieces) == sorted(pieces, reverse=True), code


def test_cash_above_the_rest_is_change_and_below_leaves_a_rest() -> None:
    part = Payment(total=8800).with_cash(5000)
    assert (part.rest, part.is_complete) == (3800, False)
    whole = part.with_cash(10000)
    assert (whole.rest, whole.tenders[-1].amount, whole.tenders[-1].change) == (0, 3800, 6200)


def test_a_taken_part_is_handed_back() -> None:
    payment = Payment(total=8800).with_cash(5000).with_outside(TenderKind.CARD, 3800, "88412")
    assert payment.without(0).rest == 5000
    assert payment.without(0).tenders[0].kind is TenderKind.CARD


def test_parts_stay_taken_when_the_total_grows_and_go_when_it_shrinks_below_them() -> None:
    payment = Payment(total=8800).with_cash(5000)
    assert payment.towards(18600).rest == 13600
    assert payment.towards(5000).is_complete
    assert payment.towards(4000).tenders == ()


@given(total=amounts, given_sums=st.lists(amounts, max_size=8))
def test_however_cash_is_given_the_till_accepts_a_payment_called_complete(total: int, given_sums: list[int]) -> None:
    payment = Payment(total=total)
    for handed in given_sums:
        if not payment.is_complete:
            payment = payment.with_cash(handed)
    assert 0 <= payment.rest <= total
    if payment.is_complete:
        check_payment(total, total, payment.tenders)
        assert sum(t.amount for t in payment.tenders) == total
    else:
        with pytest.raises(Exception, match="payment_does_not_match"):
            check_payment(total, total, payment.tenders)
