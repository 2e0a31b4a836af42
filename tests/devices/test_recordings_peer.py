"""Recorded switches, Wi-Fi controllers and UPSes of real make, served by snmpsim: read row by row as snmpbulkwalk reads them, and judged.

The recordings are those of snmpsim-data, cut to what a driver asks; NUT's snmp-ups reads the UPSes as a third reader.
"""

from __future__ import annotations

import asyncio
import bz2
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from devices.driver import Condition
from devices.drivers.network_gear.around import ARP, BRIDGE_PORTS, CHASSIS, FORWARDED, FORWARDED_BY_VLAN, NAME, PORT
from devices.drivers.network_gear.ports import COLUMNS, TYPE
from devices.drivers.network_gear.profile import NetworkGearProfile
from devices.drivers.snmp.agent import Agent
from devices.errors import DeviceError
from tests.devices.rig import driving, errand, free_port
from tests.devices.walks import BULKWALK, as_rows, walked

pytestmark = pytest.mark.peer

SNMPSIM = Path(__file__).parents[2] / "build" / "peers" / "snmpsim"
NUT = Path("/lib/nut")
SWITCHES = {
    "h3c-e528-2": "network/switch",
    "huawei-s5720": "network/router",
    "ruijie-s5750-24gt12sfp": "network/switch",
    "aruba-7210": "network/wifi",
    "hpe-procurve-516733-b21": "network/switch",
}
WIFI = {"ruijie-m18000": "network/wifi", "ruckus-smartcell-gateway": "network/wifi", "h3c-wx6103": "network/switch"}
UPSES = dict.fromkeys(("eaton-93e-80", "phoenixtec-power", "huawei-gse200m"), "UPS")
NO_UPSES = {"apc-8932": "UPS"}
ASKED = tuple(
    f"{oid}.".encode()
    for oid in (
        *("1.3.6.1.2.1.1", "1.3.6.1.2.1.2", "1.3.6.1.2.1.31.1.1", "1.3.6.1.2.1.47.1.1.1.1.11", "1.3.6.1.2.1.17", "1.3.6.1.2.1.4.22"),
        *("1.3.6.1.2.1.105", "1.3.6.1.2.1.33", "1.0.8802.1.1.2.1", "1.3.6.1.4.1.318.1.1.1", "1.3.6.1.4.1.14823.2.2.1.1.3"),
        *("1.3.6.1.4.1.4881.1.1.10.2.56.1", "1.3.6.1.4.1.25053.1.3.1", "1.3.6.1.4.1.2011.10.2.75.1"),
    )
)
READ_ROW_BY_ROW = (TYPE, *COLUMNS.values(), CHASSIS, PORT, NAME, BRIDGE_PORTS, FORWARDED, FORWARDED_BY_VLAN, ARP)
ROWS_MAX = 512


@pytest.fixture(scope="module")
def snmpsim() -> Iterator[int]:
    """The port of a responder that serves each recording as the community of its name."""
    responder = SNMPSIM / "bin" / "snmpsim-command-responder"
    assert responder.exists(), "snmpsim is not installed: make peers installs it"
    assert BULKWALK.exists(), "snmpbulkwalk is not installed: make peers installs it"
    data = next(SNMPSIM.glob("lib/python3.*/site-packages/snmpsim_data/data"))
    folder = Path(tempfile.mkdtemp(prefix="snmpsim-"))
    (folder / "sim").mkdir()
    (folder / "cache").mkdir()
    for name, where in {**SWITCHES, **WIFI, **UPSES, **NO_UPSES}.items():
        (folder / "sim" / f"{name}.snmprec").write_bytes(b"".join(line for line in lines_of(data / where, name) if line.startswith(ASKED)))
    as_nobody = ["--process-user=nobody", "--process-group=nogroup"] if os.getuid() == 0 else []
    for path in (folder, folder / "sim", folder / "cache"):  # it gives its rights away
        path.chmod(0o777)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    process = subprocess.Popen(
        [
            *(str(responder), f"--data-dir={folder / 'sim'}", f"--cache-dir={folder / 'cache'}", "--log-level=error"),
            *(f"--agent-udpv4-endpoint=127.0.0.1:{port}", *as_nobody),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(process, port)
        yield port
    finally:
        process.kill()
        process.wait(5)
        shutil.rmtree(folder, ignore_errors=True)


def lines_of(folder: Path, name: str) -> list[bytes]:
    packed = folder / f"{name}.snmprec.bz2"
    raw = bz2.decompress(packed.read_bytes()) if packed.exists() else (folder / f"{name}.snmprec").read_bytes()
    return raw.splitlines(keepends=True)


def wait_for(process: subprocess.Popen[bytes], port: int) -> None:
    """It answers when every recording has been indexed."""
    limit = time.monotonic() + 60
    asked = ["snmpget", "-v2c", "-c", "eaton-93e-80", "-t", "0.5", "-r", "0", f"127.0.0.1:{port}", "1.3.6.1.2.1.1.3.0"]
    while subprocess.run(asked, capture_output=True, check=False).returncode:
        assert process.poll() is None, "snmpsim ended"
        assert time.monotonic() < limit, "snmpsim does not answer"


def on(kind: str, port: int, name: str) -> Any:
    return driving(kind, f"snmp://127.0.0.1:{port}", community=name, answer_wait_s=2.5)


async def looked(kind: str, port: int, name: str) -> Condition:
    async with on(kind, port, name) as rig:
        assert (await rig.driver.identify()).model
        return await rig.driver.poll()


@pytest.mark.parametrize("name", SWITCHES)
async def test_every_row_of_a_recorded_switch_is_the_row_another_reader_sees(snmpsim: int, name: str) -> None:
    agent = Agent(NetworkGearProfile.model_validate({"community": name, "answer_wait_s": 5}), "127.0.0.1", snmpsim)
    seen = 0
    for oid in READ_ROW_BY_ROW:
        ours = as_rows(oid, await agent.column(oid, rows_max=ROWS_MAX))
        theirs = await asyncio.to_thread(walked, snmpsim, oid, "-v2c", "-c", name)
        assert ours == theirs[:ROWS_MAX]
        seen += len(ours)
    assert seen > 50


@pytest.mark.parametrize(
    ("name", "ports", "up", "neighbours", "clients"),
    [
        ("h3c-e528-2", 28, 1, 1, None),
        ("huawei-s5720", 33, 10, 0, None),
        ("ruijie-s5750-24gt12sfp", 24, 12, 0, None),
        ("aruba-7210", 6, 4, 0, 67),
        ("hpe-procurve-516733-b21", 25, 15, 5, None),
        ("ruijie-m18000", None, None, 0, 2387),
        ("ruckus-smartcell-gateway", None, None, 0, 13021),
        ("h3c-wx6103", None, None, 0, 0),
    ],
)
async def test_a_recorded_device_is_well_and_its_figures_are_those_of_the_recording(
    snmpsim: int, name: str, ports: int | None, up: int | None, neighbours: int, clients: int | None
) -> None:
    condition = await looked("network_gear", snmpsim, name)
    assert condition.reason == ""
    if ports is not None:
        assert (condition.figures["ports"], condition.figures["ports_up"]) == (ports, up)
    assert (condition.figures["neighbours"], condition.figures["wifi_clients"]) == (neighbours, clients)


async def test_neighbours_and_addresses_of_recorded_switches_make_a_picture(snmpsim: int) -> None:
    async with on("network_gear", snmpsim, "h3c-e528-2") as rig:
        met = (await rig.run(errand("neighbours", kind=type(rig.driver)))).answer["neighbours"]
        found = (await rig.run(errand("addresses", kind=type(rig.driver)))).answer["addresses"]
    here = "GigabitEthernet1/0/24"
    assert met == [{"port": here, "chassis": "38:91:d5:fb:74:2c", "remote_port": "GigabitEthernet1/0/33", "name": "WRD-Huiju-2"}]
    assert {"mac": "0c:da:41:49:86:d8", "port": here, "ip": "10.1.123.1"} in found
    async with on("network_gear", snmpsim, "hpe-procurve-516733-b21") as rig:
        met = (await rig.run(errand("neighbours", kind=type(rig.driver)))).answer["neighbours"]
    assert {"port": "17", "chassis": "8c:60:4f:19:16:3a", "remote_port": "Eth1/19", "name": "NWPU-CA-5548-01"} in met


async def test_a_recorded_power_strip_is_no_ups(snmpsim: int) -> None:
    with pytest.raises(DeviceError) as refused:
        async with on("ups", snmpsim, "apc-8932"):
            pass
    assert refused.value.reason == "no_ups_there"


@pytest.fixture
def nut(snmpsim: int, tmp_path: Path) -> Iterator[int]:
    """The port of a NUT whose snmp-ups reads every recorded UPS."""
    assert (NUT / "snmp-ups").exists(), "snmp-ups is not installed: make peers installs it"
    port, user = free_port(), pwd.getpwuid(os.getuid()).pw_name
    env = {**os.environ, **dict.fromkeys(("NUT_CONFPATH", "NUT_STATEPATH", "NUT_ALTPIDPATH"), str(tmp_path))}
    parts = [
        f"[{name}]\ndriver = snmp-ups\nport = 127.0.0.1:{snmpsim}\ncommunity = {name}\nsnmp_version = v2c\nmibs = ietf\n" for name in UPSES
    ]
    for file, said in {"ups.conf": "".join(parts), "upsd.conf": f"LISTEN 127.0.0.1 {port}\nMAXAGE 30\n", "upsd.users": ""}.items():
        (tmp_path / file).write_text(said)
        (tmp_path / file).chmod(0o600)
    commands = [["snmp-ups", "-a", name, "-u", user, "-F"] for name in UPSES] + [["upsd", "-u", user, "-F"]]
    running = [
        subprocess.Popen([str(NUT / program), *args], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for program, *args in commands
    ]
    yield port
    for process in running:
        process.kill()
        process.wait(5)


async def through_nut(port: int, name: str) -> Condition:
    """The first look of ours, through NUT, at which its driver has news."""
    async with asyncio.timeout(60):
        while True:
            with suppress(DeviceError):
                async with driving("ups", f"tcp://127.0.0.1:{port}", ups=name, answer_wait_s=2) as rig:
                    while (seen := await rig.driver.poll()).reason.startswith("ups_"):
                        await asyncio.sleep(0.1)
                    return seen
            await asyncio.sleep(0.1)


async def test_both_ways_of_asking_a_ups_agree_on_every_figure(snmpsim: int, nut: int) -> None:
    for name in UPSES:
        async with on("ups", snmpsim, name) as rig:
            ours = await rig.driver.poll()
        theirs = await through_nut(nut, name)
        figures = {figure: value for figure, value in theirs.figures.items() if figure != "lines_ignored"}
        assert (ours.reason, ours.figures) == (theirs.reason, figures)
        assert ours.figures["battery_v"] is not None
