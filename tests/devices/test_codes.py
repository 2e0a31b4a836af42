"""What a scanner sends, as codes: check digits, prefixes, garbage, bytes in any pieces."""

from __future__ import annotations

import contextlib
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.drivers.codes import NotACode, check_digit_fits, read_code
from devices.drivers.listening import FRAME_MAX, Framer

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("sent", "code", "symbology"),
    [
        (b"6901234567892", "6901234567892", "ean13"),
        (b"]E06901234567892", "6901234567892", "ean13"),
        (b"]E496385074", "96385074", "ean8"),
        (b"]E0036000291452", "036000291452", "upca"),
        (b"]C1010690123456789217261231", "010690123456789217261231", "code128"),
        (b"]Q1https://example.com/m/7", "https://example.com/m/7", "qr"),
        (b"]X0abc", "abc", "other"),
        (b"https://example.com/m/7", "https://example.com/m/7", "qr"),
        (b"036000291452", "036000291452", "upca"),
        (b"12345678", "12345678", "other"),  # eight digits that are no EAN-8: a member's number
        (b"134567890123456789", "134567890123456789", "other"),
        (b"\x0200123456\x03", "00123456", "other"),
        ("会员 007".encode(), "会员 007", "other"),
        (b"]C1010\x1d21SER", "010\x1d21SER", "code128"),
    ],
)
def test_codes_are_read(sent: bytes, code: str, symbology: str) -> None:
    scan = read_code(sent, TODAY)
    assert (scan.code, scan.symbology) == (code, symbology)


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        (b"6901234567893", "check_digit"),
        (b"]E06901234567893", "check_digit"),
        (b"]E496385075", "check_digit"),
        (b"]E0ABC", "check_digit"),
        (b"]E0", "empty"),
        (b"   ", "empty"),
        (b"\xff\xfe", "not_text"),
        (b"ab\x07c", "not_text"),
        (b"x" * 257, "too_long"),
    ],
)
def test_what_is_no_code_is_refused(sent: bytes, why: str) -> None:
    with pytest.raises(NotACode) as refused:
        read_code(sent, TODAY)
    assert refused.value.why == why


@given(st.integers(0, 12), st.integers(1, 9), st.text("0123456789", min_size=12, max_size=12))
def test_one_wrong_digit_never_makes_another_article(at: int, by: int, body: str) -> None:
    check = str(-sum(int(d) * (3 if n % 2 else 1) for n, d in enumerate(body)) % 10)
    good = body + check
    assert check_digit_fits(good)
    wrong = good[:at] + str((int(good[at]) + by) % 10) + good[at + 1 :]
    assert not check_digit_fits(wrong)


@given(st.lists(st.binary(max_size=600), max_size=20))
def test_any_bytes_in_any_pieces_give_bounded_frames_and_no_error(pieces: list[bytes]) -> None:
    framer = Framer()
    for piece in pieces:
        for frame in framer.feed(piece):
            assert 0 < len(frame) <= FRAME_MAX
            with contextlib.suppress(NotACode):  # anything else it raises fails this test
                read_code(frame, TODAY)


@given(st.data())
def test_the_same_bytes_give_the_same_codes_however_they_are_cut(data: st.DataObject) -> None:
    codes = data.draw(st.lists(st.text("0123456789ABC-", min_size=1, max_size=30), min_size=1, max_size=6))
    stream = b"".join(code.encode() + data.draw(st.sampled_from([b"\r", b"\n", b"\r\n"])) for code in codes)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    framer, found = Framer(), []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        found += [frame.decode() for frame in framer.feed(stream[start:end])]
    assert found == codes


def test_an_endless_frame_is_dropped_up_to_its_end_and_the_next_code_is_read() -> None:
    framer = Framer()
    assert list(framer.feed(b"9" * 10_000)) == []
    assert list(framer.feed(b"\r6901234567892\r")) == [b"6901234567892"]
    assert framer.dropped == 10_000
