"""Ways to a device: addresses, TCP, serial lines, a USB printer port, recordings and faults."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
import tty
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from devices.descriptors import Opened, SerialLine, UsbPrinterPort
from devices.drivers import driver_of
from devices.drivers.receipt_printer import PrinterProfile
from devices.errors import BadAddress, CannotConnect, LinkLost
from devices.recording import Fault, Faulty, Replay, Tape, Tee
from devices.simulators.receipt_printer import PrinterSim
from devices.simulators.shelf import Shelf
from devices.simulators.wire import PtyEnd
from devices.transport import Address, Inbox, Tcp, transport_to
from hub.clock import Clock
from hub.ports import Outcome
from tests.devices.rig import RECEIPT, driving, free_port, print_errand, until


@pytest.fixture
async def pty_printer(tmp_path: Path) -> AsyncIterator[PrinterSim]:
    """A printer on a serial line."""
    sim = PrinterSim("serial", Shelf(), serial="SIM-serial")
    sim.end = PtyEnd(tmp_path / "tty-printer", sim.received)
    await sim.start()
    yield sim
    await sim.stop()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "printer",
        "ftp://host:1",
        "tcp://host",
        "tcp://:9100",
        "tcp://host:99999",
        "serial://ttyUSB0",
        "serial:///dev/ttyUSB0?baud=9600&shell=rm",
        "serial:///dev/ttyUSB0?baud",
        "usb://",
        "screen://a b",
    ],
)
def test_addresses_that_cannot_be_used_are_refused(text: str) -> None:
    with pytest.raises(BadAddress) as refused:
        Address.parse(text)
    assert refused.value.facts["why"]


def test_line_settings_that_do_not_exist_are_refused() -> None:
    for text in ("serial:///dev/x?baud=fast", "serial:///dev/x?bits=9", "serial:///dev/x?parity=sometimes"):
        with pytest.raises(BadAddress):
            transport_to(Address.parse(text))


def test_addresses_make_their_transport() -> None:
    assert isinstance(transport_to(Address.parse("tcp://10.0.0.9:9100")), Tcp)
    assert transport_to(Address.parse("socket://10.0.0.9:4000")).keeps_open
    assert transport_to(Address.parse("tcp://10.0.0.9:9100")).keeps_open
    assert not transport_to(Address.parse("tcp://10.0.0.9:9100?shared=1")).keeps_open
    assert isinstance(transport_to(Address.parse("usb:///dev/usb/lp0")), UsbPrinterPort)
    assert isinstance(transport_to(Address.parse("serial:///dev/serial/by-id/x?baud=19200&bits=7&parity=even")), SerialLine)
    assert isinstance(transport_to(Address.parse("screen://kiosk-1")), Inbox)
    assert Address.parse("tcp://127.0.0.1:1?simulated=1").simulated


async def test_a_port_nobody_listens_on_cannot_be_connected() -> None:
    link = Tcp("127.0.0.1", free_port(), keeps_open=False)
    with pytest.raises(CannotConnect):
        await link.open()
    with pytest.raises(LinkLost):
        await link.read(0.1)
    await link.close()


async def test_a_device_file_that_is_not_there_cannot_be_connected(tmp_path: Path) -> None:
    for link in (SerialLine(str(tmp_path / "none")), UsbPrinterPort(str(tmp_path / "none"))):
        with pytest.raises(CannotConnect):
            await link.open()
        await link.close()


async def test_a_file_is_never_taken_for_a_printer(tmp_path: Path) -> None:
    file = tmp_path / "shop.db"
    file.write_bytes(b"keep me")
    for link in (UsbPrinterPort(str(file)), SerialLine(str(file))):
        with pytest.raises(CannotConnect):
            await link.open()
    assert file.read_bytes() == b"keep me"


async def test_a_serial_printer_prints_and_loses_its_cable(pty_printer: PrinterSim) -> None:
    async with driving("receipt_printer", pty_printer.address, answer_wait_s=0.2) as rig:
        assert (await rig.driver.identify()).serial == "SIM-serial"
        assert (await rig.run(print_errand(RECEIPT))).outcome is Outcome.DONE
        assert (await rig.run(print_errand(RECEIPT))).outcome is Outcome.DONE
        await pty_printer.stop()
        with pytest.raises((LinkLost, CannotConnect)):
            await rig.driver.poll()
    assert len(pty_printer.shelf.receipts) == 2


async def test_a_usb_printer_port_prints(pty_printer: PrinterSim) -> None:
    assert isinstance(pty_printer.end, PtyEnd)
    link = UsbPrinterPort(str(pty_printer.end.link))
    async with driving("receipt_printer", "", link=link, answer_wait_s=0.2) as rig:
        assert (await rig.run(print_errand(RECEIPT))).outcome is Outcome.DONE
    assert len(pty_printer.shelf.receipts) == 1


async def test_a_second_program_cannot_take_a_serial_line(pty_printer: PrinterSim) -> None:
    assert isinstance(pty_printer.end, PtyEnd)
    first, second = SerialLine(str(pty_printer.end.link)), SerialLine(str(pty_printer.end.link))
    await first.open()
    with pytest.raises(CannotConnect):
        await second.open()
    await first.close()
    await second.open()
    await second.close()


async def test_a_line_nobody_reads_does_not_hang_the_writer() -> None:
    master, slave = os.openpty()
    tty.setraw(slave)
    link = SerialLine(os.ttyname(slave))
    await link.open()
    with pytest.raises(LinkLost) as lost:
        await link.write(b"x" * 200_000, 0.2)
    assert lost.value.facts["unsent"] > 0
    await link.close()
    os.close(master)
    os.close(slave)


async def test_opening_cancelled_in_the_middle_leaves_no_open_file(pty_printer: PrinterSim) -> None:
    assert isinstance(pty_printer.end, PtyEnd)
    link = SerialLine(str(pty_printer.end.link))
    opening = asyncio.create_task(link.open())
    await asyncio.sleep(0)
    opening.cancel()
    await asyncio.gather(opening, return_exceptions=True)
    for _ in range(500):
        with contextlib.suppress(CannotConnect):  # the thread that opens may not have come to its end yet
            await link.open()
            break
        await asyncio.sleep(0.005)
    await link.write(b"\x10\x04\x01", 1)
    assert await link.read(2) == b"\x12"
    await link.close()


async def test_a_recording_of_a_job_plays_again(printer: PrinterSim, tmp_path: Path) -> None:
    file = tmp_path / "job.jsonl"
    async with driving("receipt_printer", "", link=Tee(transport_to(Address.parse(printer.address)), file)) as rig:
        assert (await rig.run(print_errand(RECEIPT))).outcome is Outcome.DONE
    replay = Replay(file)
    made = driver_of("receipt_printer")
    driver = made(PrinterProfile(), replay, Clock())
    assert (await driver.run(print_errand(RECEIPT).job)).outcome is Outcome.DONE
    assert replay.unlike == []
    with pytest.raises(LinkLost):
        await replay.read(0.1)


def test_a_tape_keeps_the_beginning_and_says_that_there_was_more() -> None:
    tape = Tape(10)
    for line in ("12345", "67890", "x"):
        tape.keep(line)
    assert (tape.lines, tape.full) == (["12345", "67890"], True)


async def test_a_recording_kept_in_the_project_still_plays() -> None:
    replay = Replay(Path(__file__).parents[1] / "recordings" / "simulated-80mm-ticket.jsonl")
    driver = driver_of("receipt_printer")(PrinterProfile(), replay, Clock())
    assert (await driver.run(print_errand().job)).outcome is Outcome.DONE
    assert replay.unlike == []


@pytest.mark.parametrize("after", [0, 3, 9, 12, 40])
async def test_a_link_that_drops_while_writing_is_flagged_once_bytes_are_out(printer: PrinterSim, after: int) -> None:
    link = Faulty(transport_to(Address.parse(printer.address)), [Fault(way="write", what="drop", after_bytes=after)])
    async with driving("receipt_printer", "", link=link) as rig:
        work = print_errand(RECEIPT)
        if after < 9:
            with pytest.raises(LinkLost):
                await rig.run(work)
            assert not work.wrote
        else:
            assert (await rig.run(work)).outcome is Outcome.UNKNOWN
    assert printer.shelf.receipts == []


async def test_answers_that_come_byte_by_byte_or_not_at_all(printer: PrinterSim) -> None:
    slow = Faulty(transport_to(Address.parse(printer.address)), [Fault(way="read", what="one_by_one")])
    async with driving("receipt_printer", "", link=slow) as rig:
        assert (await rig.driver.identify()).model == "SIM-80 SIMULATED"
    mute = Faulty(transport_to(Address.parse(printer.address)), [Fault(way="read", what="stall")])
    async with driving("receipt_printer", "", link=mute, answer_wait_s=0.05) as rig:
        assert (await rig.driver.poll()).reason == "silent"
    garbled = Faulty(transport_to(Address.parse(printer.address)), [Fault(way="read", what="garble")])
    async with driving("receipt_printer", "", link=garbled, answer_wait_s=0.05) as rig:
        assert (await rig.driver.poll()).reason == "silent"
    closed = Faulty(transport_to(Address.parse(printer.address)), [Fault(way="open", what="drop")])
    async with driving("receipt_printer", "", link=closed) as rig:
        with pytest.raises(CannotConnect):
            await rig.driver.poll()


async def test_an_inbox_gives_the_newest_beats_and_waits_for_none_longer_than_asked() -> None:
    inbox = Inbox()
    assert await inbox.read(0.01) == b""
    for n in range(100):
        inbox.put(bytes([n]))
    assert await inbox.read(0.01) == bytes([68])  # thirty-two are kept
    with pytest.raises(LinkLost):
        await inbox.write(b"x", 1)


async def test_a_line_that_takes_its_time_to_close_holds_up_no_other_device(tmp_path: Path) -> None:
    closing, others_went_on = threading.Event(), threading.Event()
    seen: list[bool] = []

    class Stopped(UsbPrinterPort):
        def _open(self) -> Opened:
            def let_go() -> None:
                closing.set()
                seen.append(others_went_on.wait(2))

            return os.open(os.devnull, os.O_RDWR), let_go

    link = Stopped(str(tmp_path))
    await link.open()
    ending = asyncio.create_task(link.close())
    await until(closing.is_set)
    others_went_on.set()
    await ending
    assert seen == [True]
    await link.close()  # once is enough
    assert seen == [True]
