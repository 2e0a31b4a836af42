"""Our ZVT and the simulator's, read by tshark: no frame is malformed, and it reads the amounts we meant."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from devices.drivers.card_terminal import CardTerminal, TerminalProfile
from devices.simulators.card_terminal import Decline, TerminalSim
from devices.simulators.verbs import Nothing
from devices.transport import Address, Transport, transport_to
from hub.clock import Clock
from tests.devices.rig import Bells, errand

pytestmark = pytest.mark.peer

FIELDS = (
    "zvt.control_field",
    "zvt.amount",
    "zvt.result_code",
    "zvt.ccrc",
    "zvt.cc",
    "zvt.card_number",
    "zvt.tlv.text_lines.line",
    "zvt.crc",
)
PAY = {"amount_minor": 1250, "currency": "CNY"}
GIVEN_BACK = {"receipt_no": 1, "amount_minor": 1250, "currency": "CNY"}


class Noted:
    """Passes everything on and keeps it: (O or I, bytes)."""

    keeps_open, proves_presence = True, True

    def __init__(self, inner: Transport) -> None:
        self._inner = inner
        self.said: list[tuple[str, bytes]] = []

    async def open(self) -> None:
        await self._inner.open()

    async def write(self, data: bytes, within_s: float) -> None:
        self.said.append(("O", data))
        await self._inner.write(data, within_s)

    async def read(self, within_s: float) -> bytes:
        data = await self._inner.read(within_s)
        if data:
            self.said.append(("I", data))
        return data

    async def close(self) -> None:
        await self._inner.close()


async def every_verb(*, serial: bool) -> list[tuple[str, bytes]]:
    """What goes over the line when everything is asked for once."""
    sim = TerminalSim.on_tcp("t", serial=serial, blocks=not serial)
    await sim.start()
    link = Noted(transport_to(Address.parse(sim.address)))
    driver = CardTerminal(TerminalProfile(framing="serial" if serial else "tcp", prints="till"), link, Clock())
    await driver.identify()
    await driver.start(Bells().bell)
    await driver.poll()
    for verb, args in (("pay", PAY), ("repeat_receipt", {}), ("reverse", GIVEN_BACK), ("end_of_day", {}), ("status", {})):
        assert (await driver.run(errand(verb, args, kind=CardTerminal).job)).outcome.value == "done"
    await sim.do("decline", Decline(code=0x71))
    await driver.run(errand("pay", PAY, kind=CardTerminal).job)
    await sim.do("customer_cancels", Nothing())
    await driver.run(errand("pay", PAY, kind=CardTerminal).job)
    await driver.stop()
    await sim.stop()
    return link.said


def run(*command: str) -> str:
    assert shutil.which(command[0]), f"{command[0]} is not installed: make peers installs it"
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


TCP = (("-D", "-T", "40000,20007"), ("-d", "tcp.port==20007,zvt"))
SERIAL = (("-D", "-l", "147"), ("-o", 'uat:user_dlts:"User 0 (DLT=147)","zvt","0","","0",""'))  # a packet is a frame


def read_by_tshark(said: list[tuple[str, bytes]], folder: Path, line: tuple[tuple[str, ...], tuple[str, ...]]) -> list[dict[str, str]]:
    """One row a packet, as tshark reads it."""
    dump = folder / "zvt.hex"
    dump.write_text("".join(f"{way}\n000000 {data.hex(' ')}\n" for way, data in said), "ascii")
    run("text2pcap", "-q", *line[0], str(dump), str(folder / "zvt.pcap"))
    asked = [part for name in (*FIELDS, "_ws.malformed", "_ws.expert.message") for part in ("-e", name)]
    how = (*line[1], "-T", "fields", "-E", "separator=|", "-E", "occurrence=a")
    rows = run("tshark", "-r", str(folder / "zvt.pcap"), *how, *asked).splitlines()
    return [dict(zip((*FIELDS, "malformed", "expert"), row.split("|"), strict=True)) for row in rows]


async def test_tshark_reads_a_dialogue_of_every_verb_over_tcp(tmp_path: Path) -> None:
    rows = read_by_tshark(await every_verb(serial=False), tmp_path, TCP)
    assert [row["malformed"] for row in rows if row["malformed"]] == []
    assert [row["expert"] for row in rows if "length" in row["expert"].lower()] == []
    controls = [control for row in rows for control in row["zvt.control_field"].split(",") if control]
    known = {"0x0600", "0x0601", "0x0630", "0x0650", "0x040f", "0x04ff", "0x060f", "0x061e", "0x06d3"}  # 05 01 and 06 20 it does not know
    assert known <= set(controls)
    amounts = [row["zvt.amount"] for row in rows if row["zvt.control_field"] == "0x0601"]
    assert amounts == ["1250"] * 3
    told = [(row["zvt.amount"], row["zvt.result_code"]) for row in rows if "0x040f" in row["zvt.control_field"]]
    assert told[:3] == [("1250", "0x00")] * 3  # paid, told again, given back
    assert ("1250", "0x71") in told
    assert {row["zvt.cc"] for row in rows if row["zvt.control_field"] == "0x0601"} == {"0x0156"}
    assert any("4761730000000119" in row["zvt.card_number"] for row in rows)  # as the simulator means it, so the driver's masking is tried
    assert any("Kundenbeleg" in row["zvt.tlv.text_lines.line"] for row in rows)


async def test_tshark_reads_the_frames_of_a_serial_line(tmp_path: Path) -> None:
    frames = [(way, data.lstrip(b"\x06")) for way, data in await every_verb(serial=True)]
    rows = read_by_tshark([(way, frame) for way, frame in frames if frame], tmp_path, SERIAL)
    # on a serial line it takes the end of the frame for the currency that a registration may have and ours has not
    assert {row["zvt.control_field"] for row in rows if row["malformed"]} <= {"0x0600"}
    assert [row["zvt.amount"] for row in rows if row["zvt.control_field"] == "0x0601"] == ["1250"] * 3
    assert all(row["zvt.crc"] for row in rows if row["zvt.control_field"] in {"0x0601", "0x0630"})
