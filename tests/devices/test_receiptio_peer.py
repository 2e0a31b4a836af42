"""receiptio, a host written by others, prints on our simulator: it finds its state, its end and its Chinese as on a real printer."""

from __future__ import annotations

import base64
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import zxingcpp
from PIL import Image

from devices.drivers.receipt_printer.escpos import encode
from devices.drivers.receipt_printer.profile import PrinterProfile
from devices.simulators import paper
from devices.simulators.paper_language import acts_of, as_text
from devices.simulators.shelf import Receipt
from hub.ports import Document, Text

pytestmark = pytest.mark.peer
ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / "build/peers/node_modules/.bin/receiptio"
CHINESE = ("春风美发", "洗剪吹", "护理", "合计")
RECEIPT = """^^^春风美发

洗剪吹 | ¥128.00
护理 | ¥60.00
---
^合计 | ^¥188.00
谢谢惠顾，欢迎再来。

{code:690123456789; option:ean,2,64,hri}
{code:https://example.com/r/1; option:qrcode,5,m}
"""


def printed(tmp_path: Path, *deeds: str) -> dict[str, Any]:
    """What came of one receipt, printed in a network of its own because the port is fixed."""
    assert PROGRAM.exists(), "receiptio is not installed: make peers installs it"
    receipt = tmp_path / "receipt.md"
    receipt.write_text(RECEIPT, "utf-8")
    apart = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--net"]
    host = [sys.executable, "-m", "tests.devices.foreign_host", str(PROGRAM), str(receipt), *deeds]
    run = subprocess.run(
        [*apart, "sh", "-c", 'ip link set lo up && exec "$@"', "sh", *host],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    answer: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    answer["raw"] = [base64.b64decode(raw) for raw in answer["receipts"]]
    return answer


def test_a_foreign_host_prints_a_chinese_receipt_that_reads_right_and_decodes(tmp_path: Path) -> None:
    came = printed(tmp_path)
    assert (came["said"], came["code"], came["unknown"]) == ("success", 0, 0), came
    [raw] = came["raw"]
    lines = [text.strip() for act in acts_of(raw, charset="gb18030") if (text := as_text(act))]
    assert lines[0] == "春风美发"
    assert [line.split()[-1] for line in lines if line.startswith(("洗剪吹", "护理", "合计"))] == ["¥128.00", "¥60.00", "¥188.00"]
    assert "谢谢惠顾，欢迎再来。" in lines
    picture = Image.open(io.BytesIO(paper.png([Receipt(number=1, raw=raw, charset="gb18030")])))
    read = sorted((code.format.name, code.text) for code in zxingcpp.read_barcodes(picture))
    assert read == [("EAN13", "6901234567892"), ("QRCode", "https://example.com/r/1")]


def test_its_bytes_of_chinese_are_those_of_our_encoder(tmp_path: Path) -> None:
    [raw] = printed(tmp_path)["raw"]
    for words in (*CHINESE, "谢谢惠顾，欢迎再来。"):
        ours = encode(Document(blocks=(Text(text=words),)), PrinterProfile(chinese="gb18030"))
        assert ours is not None
        [line] = [piece for piece in ours.pieces if b"\x1c&" in piece]
        golden = line.split(b"\x1c&")[1].split(b"\x1c.")[0]
        assert golden in raw
        assert golden == words.encode("gb18030")
    assert b"\x81\x30\x84\x36" in raw  # its yen sign is the four bytes that printers of two-byte fonts show as "0 6"; ours never is


@pytest.mark.parametrize(
    ("deed", "said"), [("paper_out", "paperempty"), ("cover_open", "coveropen"), ("dont_answer", "offline"), ("paper_low", "success")]
)
def test_it_is_told_why_the_printer_does_not_print(tmp_path: Path, deed: str, said: str) -> None:
    assert printed(tmp_path, deed)["said"] == said
