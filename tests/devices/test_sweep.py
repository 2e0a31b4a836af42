"""Asking around, on addresses of loopback: what listens is found and gets no byte; silent machines cost no more than their time."""

from __future__ import annotations

import asyncio
import math
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import IPv4Interface, IPv4Network
from typing import Any

import pytest

from devices.host import Host
from devices.messages import Sweep
from devices.network import sweep
from devices.network.sweep import AT_ONCE, KNOCK_S, PORTS, Around, SubnetRefused, Sweeper, SweepRuns, attached, knock, planned
from devices.simulators.network_gear import NetworkGearSim
from hub.clock import Clock
from tests.devices.rig import free_port, until
from tests.devices.shop import Shop

LOOPBACK = [IPv4Interface("127.0.0.250/24")]
SMALL = "127.0.0.8/29"


class Listener:
    """Somebody at an address of loopback who notes what comes."""

    def __init__(self) -> None:
        self.bytes, self.calls, self.ended = 0, 0, 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.calls += 1
        self.bytes += len(await reader.read())
        self.ended += 1
        writer.close()


@asynccontextmanager
async def listening(ip: str, port: int) -> AsyncIterator[Listener]:
    heard = Listener()
    server = await asyncio.start_server(heard, ip, port)
    yield heard
    server.close()
    await server.wait_closed()


def four_ports() -> dict[int, str]:
    return {free_port(): kind for kind in PORTS.values()}


async def swept(around: Around, wish: Sweep) -> tuple[Sweeper, list[dict[str, Any]]]:
    told: list[dict[str, Any]] = []
    made = Sweeper(Clock(), around, told.append)
    made.begin(wish)
    await until(lambda: told and told[-1]["ended"])
    return made, told


async def test_a_printer_a_ups_and_an_office_printer_are_found_and_none_gets_a_byte() -> None:
    ports = four_ports()
    at = {kind: port for port, kind in ports.items()}
    around = Around(networks=lambda: LOOPBACK, ports=ports)
    async with (
        listening("127.0.0.9", at["receipt_printer"]) as printer,
        listening("127.0.0.10", at["receipt_printer"]),
        listening("127.0.0.10", at["office_printer"]),
        listening("127.0.0.12", at["ups"]),
    ):
        made, told = await swept(around, Sweep(subnet=SMALL))
        await until(lambda: printer.ended == 1)
    assert (printer.calls, printer.bytes) == (1, 0)
    found = {one.address.split("/")[2].split(":")[0]: one for one in made.found}
    assert sorted(found) == ["127.0.0.10", "127.0.0.12", "127.0.0.9"]
    assert found["127.0.0.9"].kind == "receipt_printer"
    assert found["127.0.0.9"].evidence == f"sweep: open TCP ports {at['receipt_printer']}"
    assert found["127.0.0.10"].address == f"tcp://127.0.0.10:{at['office_printer']}"
    assert found["127.0.0.12"].kind == "ups"
    assert told[-1] == {"subnet": SMALL, "asked": 6, "of": 6, "ended": True}


async def test_a_switch_is_asked_over_snmp_only_with_a_community() -> None:
    sim = NetworkGearSim.on_udp("switch")
    await sim.start()
    around = Around(networks=lambda: [IPv4Interface("127.0.0.254/24")], ports={free_port(): "ups"}, snmp_port=sim.end.port)
    without, _ = await swept(around, Sweep(subnet="127.0.0.0/30"))
    assert without.found == []
    made, _ = await swept(around, Sweep.model_validate({"subnet": "127.0.0.0/30", "community": "public"}))
    await sim.stop()
    [found] = made.found
    assert (found.kind, found.address) == ("network_gear", f"snmp://127.0.0.1:{sim.end.port}")
    assert "1.3.6.1.4.1" in found.evidence


async def test_a_subnet_of_silent_machines_is_through_within_its_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    open_at_once = most = 0

    async def silence(_ip: str, _port: int) -> bool | None:
        nonlocal open_at_once, most
        open_at_once += 1
        most = max(most, open_at_once)
        await asyncio.sleep(KNOCK_S / 50)
        open_at_once -= 1
        return None

    began = asyncio.get_running_loop().time()
    made, _ = await swept(Around(networks=lambda: LOOPBACK, knock=silence), Sweep(subnet="127.0.0.0/24"))
    rounds = math.ceil(253 * len(PORTS) / AT_ONCE)
    assert made.found == []
    assert most <= AT_ONCE
    assert rounds * KNOCK_S <= 20
    assert asyncio.get_running_loop().time() - began < 20


async def test_a_machine_that_says_nothing_costs_a_second_and_no_more() -> None:
    with socket.socket() as full, socket.socket() as first, socket.socket() as second:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for waiting in (first, second):  # the queue of a listener that takes nobody is full: the kernel then says nothing
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        assert await asyncio.wait_for(knock(*full.getsockname()), KNOCK_S * 3) is None


async def test_one_sweep_at_a_time_and_stopped_it_asks_nobody_any_more() -> None:
    async def never(_ip: str, _port: int) -> bool | None:
        await asyncio.Event().wait()
        return None

    told: list[dict[str, Any]] = []
    made = Sweeper(Clock(), Around(networks=lambda: LOOPBACK, knock=never), told.append)
    assert made.begin(Sweep(subnet=SMALL)) == {"subnet": SMALL, "hosts": 6}
    with pytest.raises(SweepRuns):
        made.begin(Sweep(subnet=SMALL))
    await asyncio.sleep(0)
    await made.stop()
    assert told[-1]["ended"]


@pytest.mark.parametrize("subnet", ["198.51.100.0/24", "127.0.1.0/24", "10.0.0.0/8", "nonsense", "fd00::/64", "127.0.0.0/16"])
def test_only_a_part_of_the_own_network_may_be_asked(subnet: str) -> None:
    with pytest.raises(SubnetRefused):
        planned(LOOPBACK, subnet)


def test_without_a_name_the_part_around_this_machine_is_asked_and_never_this_machine() -> None:
    plan = planned([IPv4Interface("10.1.2.3/16")], "")
    assert (plan.subnet, len(plan.hosts)) == (IPv4Network("10.1.2.0/24"), 253)
    assert "10.1.2.3" not in plan.hosts
    assert len(planned([IPv4Interface("10.1.2.3/16")], "10.1.4.0/22").hosts) == 1022
    with pytest.raises(SubnetRefused):
        planned([IPv4Interface("10.1.2.3/16")], "10.1.0.0/21")
    with pytest.raises(SubnetRefused):
        planned([], "")


def test_the_real_networks_of_this_machine_are_private_ones() -> None:
    for own in attached():
        assert any(own.network.subnet_of(private) for private in sweep._PRIVATE)


async def test_the_host_sweeps_as_it_is_asked_tells_how_far_it_is_and_proposes_what_it_found(host: Host, shop: Shop) -> None:
    ports = four_ports()
    host._around._sweeper._around = Around(networks=lambda: LOOPBACK, ports=ports)
    printer_port = next(port for port, kind in ports.items() if kind == "receipt_printer")
    async with listening("127.0.0.9", printer_port) as printer:
        answer = await shop.ask_host("sweep", {"subnet": SMALL})
        assert answer["result"] == {"subnet": SMALL, "hosts": 6}
        await until(lambda: any(body["ended"] for body in shop.bodies("host/h1/event/sweep")))
        found = (await shop.ask_host("candidates"))["result"]["candidates"]
    assert [(one["address"], one["adopted"]) for one in found] == [(f"tcp://127.0.0.9:{printer_port}", False)]
    assert printer.bytes == 0
    refused = await shop.ask_host("sweep", {"subnet": "198.51.100.0/24"})
    assert (refused["outcome"], refused["reason"]) == ("failed", "subnet_refused")
    assert (await shop.ask_host("neighbours"))["result"] == {"watching": False, "neighbours": [], "more": 0}
