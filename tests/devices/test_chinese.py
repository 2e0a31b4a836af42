"""How Chinese is told to a printer: each way reads well on the printer it is meant for, and a person sees which by the test print."""

from __future__ import annotations

import io
from typing import Any

import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from devices.drivers import lettering
from devices.drivers.receipt_printer.escpos import encode, encode_and_draw
from devices.drivers.receipt_printer.profile import PrinterProfile
from devices.simulators import characters, paper
from devices.simulators.paper_language import Line, Picture, acts_of
from devices.simulators.receipt_printer import PrinterSim
from devices.simulators.shelf import Receipt
from devices.simulators.verbs import Font
from hub.equipment import papers
from hub.equipment.papers import SAMPLES
from hub.ports import Columns, Document, Outcome, Text
from tests.devices.rig import RECEIPT, driving, print_errand

FONTS = ("gbk", "gb18030", "utf8")
ON_PAPER = {"gbk": "春风美发 ￥128", "gb18030": "春风美发 ￥128 䶮", "utf8": "春风美发 ￥128 䶮"}


def printed(document: Document, **profile: Any) -> bytes:
    return b"".join(encode_and_draw(document, PrinterProfile(**profile)).pieces)


@pytest.mark.parametrize("font", FONTS)
async def test_a_receipt_reads_right_on_the_printer_it_was_told_for(printer: PrinterSim, font: Any) -> None:
    await printer.do("charset", Font(name=font))
    document = Document(blocks=(Text(text=ON_PAPER[font].replace("￥", "¥")), Columns(left="洗剪吹", right="¥128.00"), Text(text="Cut")))
    async with driving("receipt_printer", printer.address, answer_wait_s=0.2, chinese=font) as rig:
        assert (await rig.run(print_errand(document))).outcome is Outcome.DONE
    [receipt] = printer.shelf.receipts
    assert receipt.lines() == [ON_PAPER[font], "洗剪吹" + " " * 34 + "￥128.00", "Cut"]


@pytest.mark.parametrize("reads", FONTS)
def test_of_the_numbered_lines_of_the_test_print_those_that_suit_the_font_read_well(reads: Any) -> None:
    acts = acts_of(printed(papers.test_document("x")), charset=reads)
    samples = [act for act in acts if isinstance(act, Line) and act.text[:3] in {"1  ", "2  ", "3  "}]
    well = {int(act.text[0]) for act in samples if act.text[3:] in ON_PAPER.values()}
    assert len(samples) == 3
    assert well == {"gbk": {1}, "gb18030": {1, 2}, "utf8": {3}}[reads]
    assert any(isinstance(act, Picture) for act in acts)  # the fourth, and what GBK has not


@pytest.mark.parametrize("reads", FONTS)
def test_no_sample_swallows_the_line_after_it_whatever_the_font_reads(reads: Any) -> None:
    for font, sample in SAMPLES.values():
        acts = acts_of(printed(Document(blocks=(Text(text=sample, font=font), Text(text="THE END")))), charset=reads)
        assert [act.text for act in acts if isinstance(act, Line)][-1] == "THE END"


def test_the_person_sees_the_lines_numbered_one_to_four() -> None:
    texts = [block.text for block in papers.test_document("x").blocks if isinstance(block, Text)]
    assert [text[0] for text in texts if "春风美发" in text] == ["1", "2", "3", "4"]
    assert [font for font, _ in SAMPLES.values()] == ["gbk", "gb18030", "utf8", "raster"]


def test_what_only_larger_fonts_have_is_a_picture_for_gbk_and_the_rest_for_all() -> None:
    name, face = Text(text="䶮女士"), Text(text="剪发 😀")
    assert encode(Document(blocks=(name,)), PrinterProfile()) is None
    for font in ("gb18030", "utf8"):
        assert encode(Document(blocks=(name,)), PrinterProfile(chinese=font)) is not None
        assert encode(Document(blocks=(face,)), PrinterProfile(chinese=font)) is None


def test_each_font_tells_the_yen_sign_as_the_one_its_makers_draw() -> None:
    price = Document(blocks=(Text(text="¥"),))
    told = {font: printed(price, chinese=font) for font in FONTS}
    assert b"\x1c&\xa3\xa4\x1c." in told["gbk"]
    assert b"\x1c&\xa3\xa4\x1c." in told["gb18030"]
    assert b"\xef\xbf\xa5" in told["utf8"]
    assert b"\x1c&" not in told["utf8"]
    assert b"\x81\x30\x84\x36" not in b"".join(told.values())


@pytest.mark.parametrize("drawn", ["native", "raster"])
@pytest.mark.parametrize("font", [*FONTS, "raster"])
def test_codes_decode_however_they_and_the_chinese_around_them_are_told(font: Any, drawn: Any) -> None:
    raw = printed(RECEIPT, chinese=font, qr=drawn, barcode=drawn)
    charset = font if font in FONTS else "gbk"
    picture = Image.open(io.BytesIO(paper.png([Receipt(number=1, raw=raw, charset=charset)])))
    read = sorted((code.format.name, code.text) for code in zxingcpp.read_barcodes(picture))
    assert read == [("EAN13", "6901234567892"), ("QRCode", "https://example.com/r/1")]


@given(st.text(st.characters(codec="gb18030"), max_size=40), st.sampled_from(FONTS))
def test_what_is_left_to_a_font_is_read_by_it_as_it_was_meant(text: str, font: Any) -> None:
    text = lettering.clean(text).replace("\n", "")
    if not lettering.prints_in(text, font):
        return
    raw = text.encode({"utf8": "utf-8"}.get(font, font))
    assert "".join(char for char, _ in characters.read(raw, font, chinese=True)) == text


@given(st.binary(max_size=60), st.sampled_from(FONTS), st.booleans())
def test_no_bytes_break_the_reading_of_characters(raw: bytes, charset: Any, chinese: bool) -> None:
    size = characters.whole(bytearray(raw), charset, chinese=chinese)
    assert 0 <= size <= len(raw)
    characters.read(raw[:size], charset, chinese=chinese)
