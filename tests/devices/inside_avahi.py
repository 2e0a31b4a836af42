"""Run by test_office_printer_peer.py inside its own network: our side of mDNS and IPP beside avahi and a printer by CUPS."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path

import zxingcpp
from PIL import Image, ImageStat

from devices.driver import Result
from devices.drivers.office_printer import OfficePrinter
from devices.drivers.office_printer.pages import sheets
from devices.network.mdns import Mdns
from devices.network.services import Sign
from devices.simulators.office_printer import OfficePrinterSim
from hub.clock import Clock
from tests.devices.rig import RECEIPT, driving, errand, until

SPOOL = Path("/run/spool")
PRINTER = "127.0.0.1:18631/ipp/print"


async def said(*command: str) -> str:
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT)
    out, _ = await asyncio.wait_for(process.communicate(), 60)
    return out.decode()


async def test_what_avahi_and_the_printer_announce_is_heard_and_the_hub_is_heard_by_avahi() -> None:
    made = Mdns(Clock(), Sign(name="Chairside s1", port=8443, host="hub.local", words={"store": "s1"}), ("127.0.0.1",))
    task = asyncio.create_task(made.run())
    await until(lambda: {"TM-T20 store1", "Shop A4"} <= {one.name for one in made.candidates()})
    found = {one.name: one for one in made.candidates()}
    assert sum(one.name == "Shop A4" for one in made.candidates()) == 1  # it announces itself three times
    assert (found["TM-T20 store1"].kind, found["TM-T20 store1"].address) == ("receipt_printer", "tcp://127.0.0.1:9100")
    a4 = found["Shop A4"]
    assert (a4.kind, a4.address) == ("office_printer", f"ipp://{PRINTER}")
    async with driving("office_printer", a4.address) as rig:
        assert (await rig.driver.identify()).serial == a4.identity != ""
    await until(lambda: len(made.signs()) == 2)
    for kind in ("_chairside._tcp", "_https._tcp"):
        assert f'IPv4;Chairside\\032s1;{kind};local;hub.local;127.0.0.1;8443;"' in (
            heard := await said("avahi-browse", "-rpt", kind)
        ).replace("Secure Web Site", kind), heard
        assert '"store=s1"' in heard
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    async with asyncio.timeout(10):  # without a goodbye avahi would know it for hours
        while "Chairside" in await said("avahi-browse", "-rpt", "_chairside._tcp"):
            pass


async def test_a_document_is_printed_by_another_printer_over_ipp_and_ipps_and_its_codes_can_be_read() -> None:
    names = []
    for scheme in ("ipp", "ipps"):
        async with driving("office_printer", f"{scheme}://{PRINTER}") as rig:
            work = errand("print", {"document": RECEIPT.model_dump()}, kind=OfficePrinter)
            assert await rig.run(work) == Result.done()
            names.append(work.job.id)
    files = sorted(await asyncio.to_thread(lambda: list(SPOOL.iterdir())))
    assert len(files) == 2
    assert all(name in file.name for name, file in zip(names, files, strict=True))
    process = await asyncio.create_subprocess_exec("pdftoppm", "-r", "150", "-png", str(files[0]), stdout=asyncio.subprocess.PIPE)
    picture, _ = await asyncio.wait_for(process.communicate(), 30)
    page = Image.open(io.BytesIO(picture))
    assert ImageStat.Stat(page.convert("L")).mean[0] > 230
    assert {code.text for code in zxingcpp.read_barcodes(page)} == {"6901234567892", "https://example.com/r/1"}


async def test_the_suite_of_ipp_finds_no_fault_in_our_simulator(tmp_path: Path) -> None:
    document = tmp_path / "a4.pdf"
    document.write_bytes((await asyncio.to_thread(sheets, RECEIPT, 0, ("application/pdf",))).data)
    sim = OfficePrinterSim.on_tcp("office")
    await sim.start()
    report = await said("ipptool", "-f", str(document), "-t", sim.uri, "ipp-1.1.test")
    assert " 0 failed" in report, report
    assert report.count("[PASS]") >= 15, report
    await sim.stop()
