"""The driver against Debian's snmpd over v3, and every row it reads against what Debian's snmpbulkwalk reads."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.drivers.network_gear.ports import COLUMNS, TYPE
from devices.drivers.network_gear.profile import NetworkGearProfile
from devices.drivers.snmp.agent import Agent, NoAnswer, Refused
from tests.devices.rig import driving
from tests.devices.walks import BULKWALK, as_rows, walked

SNMPD, GET = Path("/usr/sbin/snmpd"), Path("/usr/bin/snmpget")
USER = {"version": "v3", "user": "hub", "auth": "sha", "auth_key": "authpass12", "priv": "aes", "priv_key": "privpass12"}
AS_USER = ["-v3", "-l", "authPriv", "-u", "hub", "-a", "SHA", "-A", "authpass12", "-x", "AES", "-X", "privpass12"]

pytestmark = pytest.mark.peer


@pytest.fixture(scope="module")
def snmpd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """An agent by others on a free UDP port; v3 with authentication and privacy, and v2c for reading."""
    for program in (SNMPD, BULKWALK, GET):
        assert program.exists(), f"{program.name} is not installed: make peers installs it"
    folder = tmp_path_factory.mktemp("snmpd")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    config = folder / "snmpd.conf"
    config.write_text(
        f'agentaddress udp:127.0.0.1:{port}\ncreateUser hub SHA "authpass12" AES "privpass12"\nrouser hub priv\n'
        "rocommunity readers 127.0.0.1\nsysName peer\n"
    )
    command = [str(SNMPD), "-f", "-Lo", "-C", "-c", str(config), f"--persistentDir={folder}", "-p", str(folder / "pid")]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        limit = time.monotonic() + 20
        while subprocess.run(
            ["snmpget", "-v2c", "-c", "readers", "-t", "0.2", f"127.0.0.1:{port}", "1.3.6.1.2.1.1.5.0"], capture_output=True, check=False
        ).returncode:
            assert process.poll() is None, "snmpd ended"
            assert time.monotonic() < limit, "snmpd does not answer"
        yield port
    finally:
        process.kill()
        process.wait(5)


@pytest.mark.parametrize(("settings", "how"), [({"community": "readers"}, ["-v2c", "-c", "readers"]), (USER, AS_USER)], ids=["v2c", "v3"])
async def test_every_row_is_the_row_another_reader_sees(snmpd: int, settings: dict[str, str], how: list[str]) -> None:
    agent = Agent(NetworkGearProfile.model_validate(settings), "127.0.0.1", snmpd)
    await agent.greet()
    for oid in [TYPE, *(oid for name, oid in COLUMNS.items() if "octets" not in name)]:  # those count on between two readers
        ours = as_rows(oid, await agent.column(oid))
        assert ours == walked(snmpd, oid, *how)
        assert ours


async def test_a_driver_is_well_over_v3(snmpd: int) -> None:
    async with driving("network_gear", f"snmp://127.0.0.1:{snmpd}", **USER) as rig:
        assert (await rig.driver.identify()).model.startswith("Linux")
        condition = await rig.driver.poll()
    assert (condition.reason, condition.figures["name"], condition.figures["poe_w"]) == ("", "peer", None)


@pytest.mark.parametrize(
    ("wrong", "error"), [({"auth_key": "authpass13"}, Refused), ({"user": "nobody"}, Refused), ({"priv_key": "privpass13"}, NoAnswer)]
)
async def test_a_wrong_user_or_key_is_told_apart_where_the_protocol_allows_it(snmpd: int, wrong: dict[str, str], error: type) -> None:
    async with driving("network_gear", f"snmp://127.0.0.1:{snmpd}", **{**USER, "answer_wait_s": 0.2, **wrong}) as rig:
        with pytest.raises(error):
            await rig.driver.identify()
