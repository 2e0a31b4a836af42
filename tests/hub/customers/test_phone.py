"""A number is the same number however it is written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.customers.phone import PhoneInvalid, last_four, masked, normalised

mobiles = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("13800138000", "+8613800138000"),
        ("138 0013 8000", "+8613800138000"),
        ("138-0013-8000", "+8613800138000"),
        ("+86 138 0013 8000", "+8613800138000"),
        ("8613800138000", "+8613800138000"),
        ("008613800138000", "+8613800138000"),
        ("(+86)13800138000", "+8613800138000"),
        ("１３８００１３８０００", "+8613800138000"),
        ("+852 5123 4567", "+85251234567"),
        ("+853 6612 3456", "+85366123456"),
        ("+886 0912-345-678", "+886912345678"),
        ("+886912345678", "+886912345678"),
        ("+1 (212) 555-0123", "+12125550123"),
        ("+44 (0)7700 900123", "+447700900123"),
        ("+39 347 123 4567", "+393471234567"),
    ],
)
def test_one_number_has_one_form(typed: str, kept: str) -> None:
    assert normalised(typed) == kept


NO_NUMBERS = ["", "+", "00", "1", "1380013800", "138001380001", "12800138000", "abc", "1380013800a", "+861380013800", "+8612345678901"]
NEITHER = ["+852123", "++8613800138000", "+86+13800138000", "13800138000" * 4, "①③800138000", "+0123456789", "\x0013800138000", "²" * 11]


@pytest.mark.parametrize("typed", [*NO_NUMBERS, *NEITHER])
def test_what_is_no_mobile_number_is_refused_without_repeating_it(typed: str) -> None:
    with pytest.raises(PhoneInvalid) as refused:
        normalised(typed)
    assert refused.value.code == "phone_invalid"
    assert refused.value.hint
    assert len(typed) < 4 or typed not in str(refused.value)


@given(
    mobiles,
    st.lists(st.sampled_from([" ", "-", ".", "\u2014", "\u3000", "(", ")", "/"]), min_size=12, max_size=12),
    st.sampled_from(["", "+86", "86", "0086", "＋86"]),
)
def test_spaces_hyphens_and_the_country_code_change_nothing(mobile: str, noise: list[str], code: str) -> None:
    typed = code + "".join(before + digit for before, digit in zip(noise, mobile + " ", strict=True))
    assert normalised(typed) == "+86" + mobile


@given(st.text(max_size=60) | st.from_regex(r"\+[0-9]{6,16}", fullmatch=True))
def test_any_text_is_a_number_in_its_one_form_or_refused(typed: str) -> None:
    try:
        kept = normalised(typed)
    except PhoneInvalid:
        return
    assert normalised(kept) == kept
    assert kept[0] == "+"
    assert kept[1:].isascii()
    assert kept[1:].isdigit()


@given(mobiles, mobiles)
def test_different_numbers_stay_different(one: str, other: str) -> None:
    assert (normalised(one) == normalised(other)) == (one == other)


def test_a_colleague_sees_the_first_three_and_the_last_four() -> None:
    assert masked("+8613800138000") == "138****8000"
    assert masked("+85251234567") == "+852 ****4567"
    assert last_four("+8613800138000") == "8000"


@given(mobiles)
def test_a_masked_number_is_the_number_with_its_middle_hidden(mobile: str) -> None:
    assert masked(normalised(mobile)) == mobile[:3] + "****" + mobile[7:]
