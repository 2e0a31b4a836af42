"""Where the parts of a label stand, what is said to a printer in ZPL and TSPL, and what its answers mean."""

from __future__ import annotations

import base64
import io
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from devices.drivers.label_printer import LabelPrinter, LabelProfile, tspl, zpl
from devices.drivers.label_printer.label import CannotSet, Label, Line, place
from devices.drivers.label_printer.language import NotAStatus, Status
from devices.simulators.label_language import PrintedLabel, TsplReader, ZplReader
from devices.transport import Inbox
from hub.clock import Clock

READERS = {"zpl": ZplReader, "tspl": TsplReader}
RENDERER = Path(__file__).parents[2] / "build/peers/node_modules/zpl-renderer-js"
RENDER = """
const renderer = require(process.argv[1]), [width, height, dots] = process.argv.slice(2).map(Number);
renderer.ready.then(async ({ api }) => {
  const png = await api.zplToBase64Async(require("fs").readFileSync(0, "utf8"), width, height, dots);
  process.stdout.write(JSON.stringify(png), () => process.exit(0));
});
"""


def test_what_just_fits_is_taken_and_on_a_finer_head_keeps_its_size() -> None:
    for dots_mm in (8, 12):
        profile = LabelProfile(dots_mm=dots_mm)  # type: ignore[arg-type]
        words, bars, square = place(Label(lines=(Line(text="x" * 37),), ean13="6901234567892", qr="https://example.com/1"), profile)
        assert (words.x, words.y) == (2 * dots_mm, 2 * dots_mm)
        assert (bars.module, bars.rows, square.module) == (dots_mm // 4, 8 * dots_mm, dots_mm // 2)  # type: ignore[union-attr]
    with pytest.raises(CannotSet):
        list(place(Label(lines=(Line(text="x" * 38),)), LabelProfile()))


@given(st.sampled_from(sorted(READERS)), st.text(st.characters(codec="ascii"), max_size=30))
def test_text_left_to_the_printer_comes_back_as_it_was(language: Any, text: str) -> None:
    profile = LabelProfile(language=language, width_mm=110)
    speaks = zpl.ZPL if language == "zpl" else tspl.TSPL
    parts = [p for p in place(Label(lines=(Line(text=text),)), profile) if speaks.plain.fullmatch(p.set_line.text)]  # type: ignore[union-attr]
    heard = list(READERS[language]().take(speaks.say(parts, profile, 3)))  # type: ignore[arg-type]
    assert len(heard) == 1
    assert isinstance(heard[0], PrintedLabel)
    assert heard[0].texts == [p.set_line.text for p in parts]  # type: ignore[union-attr]
    assert heard[0].copies == 3


HS = "\x02030,{paper},{pause},0320,{formats},{full},0,{partial},000,0,0,0\x03\r\n\x02000,0,{head},{ribbon},1,2,6,0,{left},1,000\x03\r\n\x021234,0\x03\r\n"
WELL = {"paper": 0, "pause": 0, "formats": "000", "full": 0, "partial": 0, "head": 0, "ribbon": 0, "left": "00000000"}


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({}, Status(labels_left=0)),
        ({"paper": 1, "pause": 1}, Status(stopped_by="paper_out", labels_left=0)),
        ({"head": 1, "paper": 1, "pause": 1}, Status(stopped_by="head_open", labels_left=0)),
        ({"ribbon": 1, "pause": 1}, Status(stopped_by="ribbon_out", labels_left=0)),
        ({"pause": 1}, Status(stopped_by="printer_paused", labels_left=0)),
        ({"full": 1}, Status(full=True, labels_left=0)),
        ({"formats": "002"}, Status(busy=True, labels_left=0)),
        ({"partial": 1}, Status(busy=True, labels_left=0)),
        ({"left": "00000012"}, Status(busy=True, labels_left=12)),
    ],
)
def test_the_three_lines_of_a_zpl_printer_are_read_as_its_manual_means_them(said: dict[str, Any], status: Status) -> None:
    assert zpl.status(HS.format(**WELL | said).encode()) == status


@pytest.mark.parametrize(
    ("byte", "status"),
    [
        (0x00, Status()),
        (0x01, Status(stopped_by="head_open")),
        (0x02, Status(stopped_by="printer_error")),
        (0x04, Status(stopped_by="paper_out")),
        (0x05, Status(stopped_by="head_open")),
        (0x07, Status(stopped_by="head_open")),  # a clone's number for an open lid
        (0x08, Status(stopped_by="ribbon_out")),
        (0x10, Status(stopped_by="printer_paused")),
        (0x20, Status(busy=True)),
        (0x80, Status(stopped_by="printer_error")),
    ],
)
def test_the_byte_of_a_tspl_printer_is_read_as_bits(byte: int, status: Status) -> None:
    assert tspl.status(bytes((byte,))) == status


@given(st.sampled_from([zpl.status, tspl.status]), st.binary(max_size=120) | st.from_regex(rb"(\x02[0-9,]{0,40}\x03){3}", fullmatch=True))
def test_any_bytes_are_a_status_or_refused(read: Any, answer: bytes) -> None:
    try:
        assert isinstance(read(answer), Status)
    except NotAStatus:
        return


def test_an_empty_label_and_a_language_nobody_speaks_are_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        Label()
    with pytest.raises(ValueError, match="language"):
        LabelProfile.model_validate({"language": "klingon"})


@pytest.mark.peer
@pytest.mark.parametrize("dots_mm", [8, 12])
def test_a_zpl_renderer_of_others_draws_a_label_whose_codes_can_be_read(dots_mm: Any) -> None:
    assert RENDERER.exists(), "zpl-renderer-js is not installed: make peers installs it"
    profile = LabelProfile(dots_mm=dots_mm)
    codes = {"ean13": "6901234567892", "qr": "https://example.com/?q=春^XZ"}
    order = LabelPrinter.verbs["print"].model_validate({"label": {"lines": [{"text": "^XZ ~JA", "size": 2}, {"text": "护发素"}], **codes}})
    said = zpl.say(LabelPrinter(profile, Inbox(), Clock())._inks(order), profile, 1)  # type: ignore[arg-type]
    node = shutil.which("node") or "node"
    size = (f"{profile.width_mm:g}", f"{profile.height_mm:g}", str(dots_mm))
    drawn = subprocess.run((node, "-e", RENDER, str(RENDERER), *size), input=said, capture_output=True, timeout=60, check=True)
    picture = Image.open(io.BytesIO(base64.b64decode(json.loads(drawn.stdout))))
    assert picture.size == (profile.wide, profile.high)
    assert {code.text for code in zxingcpp.read_barcodes(picture)} == set(codes.values())
