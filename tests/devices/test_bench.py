"""The bench: simulated devices over HTTP, their paper as a picture, and the same ports and receipts after a restart."""

from __future__ import annotations

import asyncio
import io
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import zxingcpp
from escpos.printer import Dummy
from PIL import Image

from devices.discovery import candidates
from devices.simulators import paper
from devices.simulators.bench import Bench, bench_app
from devices.simulators.receipt_printer import PrinterSim
from devices.simulators.verbs import PaperOut
from hub.ports import Outcome
from tests.devices.rig import RECEIPT, driving, errand, free_port, print_errand, until
from tests.devices.shop import ROOT


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    made = Bench(tmp_path / "bench")
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def api(bench: Bench) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(bench_app(bench)), base_url="http://127.0.0.1:8090") as client:
        yield client


async def test_the_simulated_devices_are_listed_and_marked(api: httpx.AsyncClient) -> None:
    sims = (await api.get("/sims")).json()
    assert [(sim["id"], sim["kind"], sim["simulated"]) for sim in sims] == [
        ("printer", "receipt_printer", True),
        ("scanner", "scanner", True),
        ("scale", "scale", True),
        ("ups", "ups", True),
        ("labels", "label_printer", True),
        ("switch", "network_gear", True),
        ("wifi", "network_gear", True),
        ("ups-card", "ups", True),
        ("display", "customer_display", True),
        ("typing-scanner", "scanner", True),
        ("cards", "card_reader", True),
        ("internet", "internet", True),
        ("office", "office_printer", True),
        ("terminal", "card_terminal", True),
    ]
    assert all("SIMULATED" in sim["name"] and "simulated=1" in sim["address"] for sim in sims)
    assert {"paper_out", "reload", "cover_open", "cut_cable", "plug_in", "slow", "dont_answer", "liar", "garble", "drop"} <= set(
        sims[0]["verbs"]
    )


async def test_a_printed_receipt_is_shown_as_text_and_as_a_picture_whose_codes_decode(api: httpx.AsyncClient, bench: Bench) -> None:
    async with driving("receipt_printer", bench.sims["printer"].address) as rig:
        assert (await rig.run(print_errand(RECEIPT))).outcome is Outcome.DONE
    (receipt,) = (await api.get("/sims/printer/receipts")).json()
    assert receipt["lines"][0] == "春风美发 Spring Salon"
    assert receipt["simulated"] is True
    assert receipt["first_byte_mono"] <= receipt["first_ink_mono"] <= receipt["cut_mono"]
    answer = await api.get("/sims/printer/paper.png?last=1")
    assert answer.headers["content-type"] == "image/png"
    found = zxingcpp.read_barcodes(Image.open(io.BytesIO(answer.content)))
    assert sorted(code.text for code in found) == ["6901234567892", "https://example.com/r/1"]


async def test_the_page_of_the_office_printer_is_a_picture_that_can_be_read(api: httpx.AsyncClient, bench: Bench) -> None:
    empty = (await api.get("/sims/office/paper.png")).content
    async with driving("office_printer", bench.sims["office"].address) as rig:
        order = errand("print", {"document": RECEIPT.model_dump()}, kind=type(rig.driver))
        assert (await rig.run(order)).outcome is Outcome.DONE
    answer = await api.get("/sims/office/paper.png")
    assert answer.content != empty
    found = {code.text for code in zxingcpp.read_barcodes(Image.open(io.BytesIO(answer.content)))}
    assert found == {"6901234567892", "https://example.com/r/1"}


async def test_paper_that_hangs_out_uncut_is_on_the_picture(api: httpx.AsyncClient, bench: Bench) -> None:
    empty = (await api.get("/sims/printer/paper.png?last=0")).content
    sim = bench.sims["printer"]
    assert isinstance(sim, PrinterSim)
    await sim.do("paper_out", PaperOut(after_lines=2))
    async with driving("receipt_printer", sim.address) as rig:
        work = print_errand(RECEIPT)
        printing = asyncio.create_task(rig.run(work))
        await until(lambda: ("held", "paper_out") in work.moves)
        state = (await api.get("/sims")).json()[0]["state"]
        assert len(state["unfinished_lines"]) == 2
        assert (await api.get("/sims/printer/paper.png?last=0")).content != empty
        await api.post("/sims/printer/do/reload")
        assert (await printing).outcome is Outcome.DONE


async def test_a_scan_is_sent_by_hand(api: httpx.AsyncClient, bench: Bench) -> None:
    assert (await api.post("/sims/scanner/do/scan", json={"code": "6901234567892"})).json()["heard"] is False
    async with driving("scanner", bench.sims["scanner"].address) as rig:
        assert (await api.post("/sims/scanner/do/scan", json={"code": "6901234567892"})).json()["heard"] is True
        while not rig.bells.announced:
            await rig.driver.poll()


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/sims/toaster/do/scan", {}, 404),
        ("/sims/printer/do/dance", {}, 404),
        ("/sims/scanner/do/scan", {}, 422),
        ("/sims/printer/do/slow", {"bytes_per_s": -1}, 422),
        ("/sims/printer/do/slow", {"speed": 1}, 422),
    ],
)
async def test_what_cannot_be_done_is_refused(api: httpx.AsyncClient, path: str, body: object, status: int) -> None:
    assert (await api.post(path, json=body)).status_code == status


async def test_only_this_machine_may_use_the_bench(api: httpx.AsyncClient) -> None:
    assert (await api.get("/sims", headers={"host": "evil.example"})).status_code == 403
    assert (await api.post("/sims/printer/do/reload", headers={"origin": "http://evil.example"})).status_code == 403
    assert (await api.post("/sims/printer/do/reload", headers={"origin": "http://127.0.0.1:8080"})).status_code == 200
    assert (await api.get("/sims/scanner/paper.png")).status_code == 404


async def test_ports_and_receipts_survive_a_restart(tmp_path: Path) -> None:
    first = Bench(tmp_path)
    await first.start()
    addresses = [sim.address for sim in first.sims.values()]
    async with driving("receipt_printer", addresses[0]) as rig:
        await rig.run(print_errand())
    await first.stop()
    second = Bench(tmp_path)
    await second.start()
    assert [sim.address for sim in second.sims.values()] == addresses
    printer = second.sims["printer"]
    assert isinstance(printer, PrinterSim)
    assert [r.lines() for r in printer.shelf.receipts] == [["排队号 A12", "前面还有 2 位"]]
    async with driving("receipt_printer", addresses[0]) as rig:
        await rig.run(print_errand())
    assert [r.number for r in printer.shelf.receipts] == [1, 2]
    await second.stop()


async def test_a_taken_port_is_replaced(tmp_path: Path) -> None:
    first, second = Bench(tmp_path), Bench(tmp_path / "other")
    await first.start()
    (tmp_path / "other" / "ports.json").write_text((tmp_path / "ports.json").read_text())
    second = Bench(tmp_path / "other")
    await second.start()
    assert {s.address for s in first.sims.values()}.isdisjoint({s.address for s in second.sims.values()})
    await first.stop()
    await second.stop()


def bench_process(port: int, data: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "devices.simulators", "--port", str(port), "--data", str(data)], cwd=ROOT)


async def test_the_bench_runs_as_a_process_and_its_devices_are_candidates(tmp_path: Path) -> None:
    port = free_port()
    assert await candidates(port, dev=tmp_path) == []
    process = bench_process(port, tmp_path / "b")
    try:
        for _ in range(400):
            found = await candidates(port, dev=tmp_path)
            if found:
                break
            await asyncio.sleep(0.02)
        assert [(c.kind, c.simulated) for c in found] == [
            ("receipt_printer", True),
            ("scanner", True),
            ("scale", True),
            ("ups", True),
            ("label_printer", True),
            ("network_gear", True),
            ("network_gear", True),
            ("ups", True),
            ("customer_display", True),
            ("scanner", True),
            ("card_reader", True),
            ("internet", True),
            ("office_printer", True),
            ("card_terminal", True),
        ]
        async with driving("receipt_printer", found[0].address) as rig:
            assert (await rig.run(print_errand())).outcome is Outcome.DONE
        process.terminate()
        assert await asyncio.to_thread(process.wait, 10) == 0
    finally:
        process.kill()
        process.wait(10)
    assert json.loads((tmp_path / "b" / "ports.json").read_text())


async def test_serial_lines_and_printer_ports_are_found_without_being_opened(tmp_path: Path) -> None:
    for folder in ("serial/by-id", "serial/by-path", "usb"):
        (tmp_path / folder).mkdir(parents=True)
    for name in ("ttyUSB0", "ttyUSB1", "usb/lp0"):
        os.mkfifo(tmp_path / name)  # opening one would hang this test
    (tmp_path / "serial/by-id/usb-Honeywell_Scanner_123-if00").symlink_to(tmp_path / "ttyUSB0")
    (tmp_path / "serial/by-path/pci-0-usb-1").symlink_to(tmp_path / "ttyUSB0")
    (tmp_path / "serial/by-path/pci-0-usb-2").symlink_to(tmp_path / "ttyUSB1")
    found = await candidates(free_port(), dev=tmp_path)
    assert sorted((c.kind, Path(c.address.split("://")[1]).name, c.simulated) for c in found) == [
        ("", "pci-0-usb-2", False),
        ("receipt_printer", "lp0", False),
        ("scanner", "usb-Honeywell_Scanner_123-if00", False),
    ]


async def test_an_independent_program_prints_on_the_simulated_printer() -> None:
    """python-escpos writes the bytes: the simulator must not only understand our own driver."""
    other = Dummy()
    other.set(bold=True, double_height=True, double_width=True, align="center")
    other.textln("Hello")
    other.set_with_default()
    other.textln("plain")
    other.barcode("6901234567892", "EAN13", height=80, width=3, function_type="B")
    other.qr("https://example.com/x", size=6, native=True, center=False)
    other.image(Image.new("1", (64, 16), 0), impl="bitImageRaster")
    other.image(Image.new("1", (64, 24), 0), impl="bitImageColumn")
    other.cut()
    sim = PrinterSim.on_tcp("p")
    sim.received(other.output)
    (receipt,) = sim.shelf.receipts
    assert receipt.lines()[:4] == ["Hello", "plain", "[barcode 6901234567892]", "[qr https://example.com/x]"]
    assert "[picture 64x16]" in receipt.lines()
    found = zxingcpp.read_barcodes(Image.open(io.BytesIO(paper.png([receipt]))))
    assert sorted(code.text for code in found) == ["6901234567892", "https://example.com/x"]
    assert sim.state()["unknown_commands"] == 0
