"""Documents as bytes: columns, Chinese in GBK, ¥, pictures for what printers have no glyph for, codes that really decode."""

from __future__ import annotations

import io
import re
import unicodedata

import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from devices.drivers import drawing, lettering
from devices.drivers.receipt_printer import layout
from devices.drivers.receipt_printer.escpos import BadBarcode, chunks, encode, encode_and_draw, wash
from devices.drivers.receipt_printer.profile import PrinterProfile
from devices.simulators import paper
from devices.simulators.paper_language import Line, Picture, acts_of, as_text
from devices.simulators.shelf import Receipt
from hub.ports import Columns, Document, Ean13, Feed, Qr, Rule, Text

WIDE = PrinterProfile()


def printed(*blocks: object, profile: PrinterProfile = WIDE, copy: int = 0) -> bytes:
    return b"".join(encode_and_draw(Document(blocks=blocks), profile, copy).pieces)  # type: ignore[arg-type]


def lines(raw: bytes, dots: int = 576) -> list[str]:
    return [text for act in acts_of(raw, dots) if (text := as_text(act)) is not None]


def decoded(raw: bytes, dots: int = 576) -> list[tuple[str, str]]:
    picture = Image.open(io.BytesIO(paper.png([Receipt(number=1, raw=raw)], dots=dots)))
    return sorted((code.format.name, code.text) for code in zxingcpp.read_barcodes(picture))


def test_what_counts_as_plain_text_really_needs_no_care() -> None:
    plain = [char for char in map(chr, range(0x10000)) if lettering._PLAIN.fullmatch(char)]
    assert len(plain) > 20_000
    for char in plain:
        assert lettering._clean(char) == char == unicodedata.normalize("NFC", char)
        assert lettering.in_gbk(char)
        assert lettering.char_width(char) == len(char.encode("gbk"))


def test_chinese_goes_out_as_gbk_between_its_switches() -> None:
    raw = printed(Text(text="洗剪吹，¥12。"))
    assert b"\x1c&" + "洗剪吹，￥12。".encode("gbk") + b"\x1c.\n" in raw
    assert b"\xa3\xa4" in raw  # ¥ as a Chinese printer knows it
    assert b"\x81\x30\x84\x36" not in raw


def test_plain_text_needs_no_chinese_mode() -> None:
    assert b"\x1c&" not in printed(Text(text="Cut 12.50"))


@pytest.mark.parametrize("text", ["Café", "剪发 😀", "naïve ü", "ไทย", "한글"])
def test_a_line_with_a_character_outside_the_printers_font_is_drawn_and_only_that_line(text: str) -> None:
    assert encode(Document(blocks=(Text(text=text),)), WIDE) is None
    acts = acts_of(printed(Text(text="洗剪吹"), Text(text=text), Text(text="护理")))
    kinds = [type(act) for act in acts if isinstance(act, (Line, Picture))]
    assert kinds == [Line, Picture, Picture, Line]  # thirty rows are two bands
    drawn = [act for act in acts if isinstance(act, Picture)]
    assert all(any(act.data) for act in drawn[:1])


def test_a_character_no_font_has_comes_out_as_a_question_mark_and_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    drawing.font_for.cache_clear()
    monkeypatch.setattr(drawing, "_fonts_with", lambda _: [])
    made = encode_and_draw(Document(blocks=(Text(text="\U0001f9ff é"),)), WIDE)
    drawing.font_for.cache_clear()
    assert made.glyphs_missing == 1


@pytest.mark.parametrize(("columns", "dots"), [(48, 576), (42, 504), (32, 384)])
def test_no_line_is_wider_than_the_paper(columns: int, dots: int) -> None:
    profile = PrinterProfile.model_validate({"columns": columns})
    raw = printed(
        Text(text="一二三四五六七八九十" * 6 + " and a word"),
        Columns(left="一次很长很长很长很长很长很长很长很长的服务名称 with English", right="¥1,280.00"),
        Rule(),
        Text(text="大字大字大字大字大字大字大字大字大字", size=2),
        profile=profile,
    )
    acts = [act for act in acts_of(raw, 4096) if isinstance(act, Line)]  # paper so wide that nothing is wrapped by the printer
    assert acts
    assert max(sum(c.dots for c in act.cells) for act in acts) <= dots


def test_the_price_stands_at_the_right_edge_of_the_last_line_of_a_long_name() -> None:
    found = lines(printed(Columns(left="洗剪吹" * 12, right="¥9.00")))
    assert len(found) == 2
    assert found[1].endswith("￥9.00")
    assert lettering.width(found[1]) == 48


def test_what_a_guest_typed_is_never_a_command() -> None:
    nasty = "A\x1b@\x10\x04\x01\x1dV\x00\x00B\x9b\u202e\ud800C\nD"
    raw = printed(Text(text=nasty.encode("utf-16", "surrogatepass").decode("utf-16", "replace")))
    assert re.search(rb"\x10\x04|\x1dV\x00", raw) is None
    assert raw.count(b"\x1b@") == 1
    assert lines(raw)[-1] == "D"


@given(st.text(max_size=200), st.sampled_from([48, 42, 32]))
def test_any_text_is_set_within_the_columns_and_loses_no_letter(text: str, columns: int) -> None:
    kept = lettering.clean(text)
    assert not any(c < " " and c != "\n" for c in kept)
    set_lines = lettering.wrap(kept, columns)
    assert all(lettering.width(line) <= columns for line in set_lines)
    assert "".join("".join(set_lines).split()) == "".join(kept.split())


@given(
    st.text(st.characters(codec="gbk"), max_size=40), st.text(st.characters(codec="ascii", categories=("N", "P")), min_size=1, max_size=14)
)
def test_two_columns_never_run_over_the_edge(left: str, right: str) -> None:
    for line in layout.beside(lettering.clean(left), lettering.clean(right), 32):
        assert lettering.width(line) <= 32


@pytest.mark.parametrize("how", ["native", "raster"])
@pytest.mark.parametrize("columns", [48, 32])
def test_printed_codes_decode(how: str, columns: int) -> None:
    profile = PrinterProfile.model_validate({"qr": how, "barcode": how, "columns": columns})
    raw = printed(
        Text(text="扫码"), Ean13(digits="6901234567892"), Feed(lines=2), Qr(data="https://example.com/r/一二三?a=1"), profile=profile
    )
    assert decoded(raw, profile.dots) == [("EAN13", "6901234567892"), ("QRCode", "https://example.com/r/一二三?a=1")]


def test_a_wrong_check_digit_is_refused() -> None:
    with pytest.raises(BadBarcode) as refused:
        printed(Ean13(digits="6901234567890"))
    assert refused.value.hint


def test_a_copy_is_marked_at_its_head() -> None:
    assert lines(printed(Text(text="x"), copy=3))[0] == "补打 / COPY 3"


def test_chunks_never_cut_a_command_in_two() -> None:
    pieces = encode_and_draw(Document(blocks=(Text(text="é" * 20), Qr(data="x"), Text(text="y"))), WIDE).pieces
    parts = chunks(pieces, 256)
    assert b"".join(parts) == b"".join(pieces)
    ends = {sum(map(len, pieces[: n + 1])) for n in range(len(pieces))}
    at = 0
    for part in parts:
        at += len(part)
        assert at in ends


def test_a_wash_ends_whatever_command_broke_off() -> None:
    whole = printed(Text(text="一二三 é"), Qr(data="abc"))
    for position in range(1, len(whole), 11):
        acts = acts_of(whole[:position] + wash(WIDE) + printed(Text(text="NEXT")))
        assert as_text(acts[-2] if as_text(acts[-1]) is None else acts[-1]) == "NEXT", position


def test_every_block_of_a_document_is_printed() -> None:
    raw = printed(Text(text="a", bold=True, align="right"), Rule(), Feed(lines=3), Columns(left="l", right="r", size=2))
    assert lines(raw) == ["a", "-" * 48, "l" + " " * 22 + "r"]
