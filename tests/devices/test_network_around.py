"""What lies around network gear: neighbours, addresses, Wi-Fi; and a table that is cut short by a page too big in its middle."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from devices.drivers.network_gear.around import NEIGHBOURS_MAX, identifier, mac_of_index
from devices.simulators import snmp_agent
from devices.simulators.network_gear import ARP, BRIDGE, FED_PORTS, PORTS, Neighbour, NetworkGearSim, Wifi, WifiGearSim
from hub.clock import Clock
from tests.devices.rig import Rig, driving, errand


class Hands(Clock):
    """A clock that goes on by hand."""

    at = 1000.0

    def monotonic(self) -> float:
        return self.at


@pytest_asyncio.fixture
async def sim() -> AsyncIterator[WifiGearSim]:
    sim = WifiGearSim.on_udp("sw1")
    await sim.start()
    yield sim
    await sim.stop()


def on(sim: NetworkGearSim, clock: Clock | None = None) -> Any:
    return driving("network_gear", sim.address, clock=clock, answer_wait_s=1)


async def rows(rig: Rig, verb: str, first: int = 0) -> tuple[list[dict[str, Any]], bool]:
    answer = (await rig.run(errand(verb, {"first": first}, kind=type(rig.driver)))).answer
    return answer[verb], answer["more"]


async def test_neighbours_are_named_by_our_port_and_theirs(sim: WifiGearSim) -> None:
    await sim.do("neighbour", Neighbour(port=7, name="前台"))
    await sim.do("neighbour", Neighbour(port=2, name=""))
    async with on(sim) as rig:
        found, more = await rows(rig, "neighbours")
        assert (await rows(rig, "neighbours", first=2)) == ([], False)
    assert found == [
        {"port": "GigabitEthernet1/0/1", "chassis": "02:00:00:00:00:01", "remote_port": "eth0", "name": "SIMULATED till"},
        {"port": "GigabitEthernet1/0/7", "chassis": "02:00:00:00:00:07", "remote_port": "eth0", "name": "前台"},
    ]
    assert more is False


async def test_a_port_lldp_has_no_name_for_is_found_by_the_number_of_the_bridge_or_told_by_its_own(sim: WifiGearSim) -> None:
    for number in (105, 4000):  # port 5 of the bridge, and one nobody knows
        for leaf, value in ((4, snmp_agent.number(7)), (5, snmp_agent.octets(f"n{number}"))):
            sim.tree.grow(f"1.0.8802.1.1.2.1.4.1.1.{leaf}.0.{number}.1", lambda value=value: value)
    async with on(sim) as rig:
        found, _ = await rows(rig, "neighbours")
    assert [(row["port"], row["chassis"]) for row in found[2:]] == [("GigabitEthernet1/0/5", "n105"), ("#4000", "n4000")]


async def test_an_address_is_told_with_its_port_and_its_ip_through_the_bridges_own_numbers(sim: WifiGearSim) -> None:
    async with on(sim) as rig:
        found, more = await rows(rig, "addresses")
    assert (len(found), more) == (FED_PORTS, False)
    assert found[2] == {"mac": "02:00:00:00:01:03", "port": "GigabitEthernet1/0/3", "ip": "10.0.0.3"}


async def test_an_address_nobody_answered_for_is_left_out_and_one_of_the_bridge_itself_has_no_port(sim: WifiGearSim) -> None:
    sim.tree.grow(f"{ARP}.49.10.0.0.99", lambda: snmp_agent.tlv(snmp_agent.OCTETS, bytes(6)))
    sim.tree.grow(f"{BRIDGE}.4.3.1.2.2.0.0.0.9.9", lambda: snmp_agent.number(0))
    sim.tree.grow(f"{ARP}.49.10.0.0.98", lambda: snmp_agent.tlv(snmp_agent.OCTETS, bytes((2, 0, 0, 0, 9, 9))))
    async with on(sim) as rig:
        found, _ = await rows(rig, "addresses")
    assert [row for row in found if row["ip"] in {"10.0.0.99", "10.0.0.98"}] == [
        {"mac": "02:00:00:00:09:09", "port": "", "ip": "10.0.0.98"}
    ]


async def test_what_changes_slowly_is_looked_at_once_a_minute(sim: WifiGearSim) -> None:
    clock = Hands()
    async with on(sim, clock) as rig:
        figures = (await rig.driver.poll()).figures
        assert [figures[name] for name in ("neighbours", "wifi_clients", "access_points")] == [2, 0, 2]
        await sim.do("wifi", Wifi(clients=9))
        await sim.do("neighbour", Neighbour(port=3))
        clock.at += 59
        assert (await rig.driver.poll()).figures["wifi_clients"] == 0
        clock.at += 1
        figures = (await rig.driver.poll()).figures
    assert [figures[name] for name in ("neighbours", "wifi_clients")] == [3, 9]


async def test_a_table_of_neighbours_that_never_ends_is_cut(sim: WifiGearSim) -> None:
    for at in range(NEIGHBOURS_MAX + 50):
        for leaf, value in ((4, snmp_agent.number(7)), (5, snmp_agent.octets(f"n{at}"))):
            sim.tree.grow(f"1.0.8802.1.1.2.1.4.1.1.{leaf}.0.{at + 100}.1", lambda value=value: value)
    async with on(sim) as rig:
        assert (await rig.driver.poll()).figures["neighbours"] == NEIGHBOURS_MAX
        seen = [row for first in (0, 128, 256) for row in (await rows(rig, "neighbours", first))[0]]
    assert len(seen) == NEIGHBOURS_MAX


async def test_a_device_that_falls_silent_in_the_middle_is_a_miss(sim: WifiGearSim) -> None:
    async with driving("network_gear", sim.address, answer_wait_s=0.2) as rig:
        asked = asyncio.create_task(rig.driver.poll())
        await asyncio.sleep(0)
        await sim.do("dont_answer", sim.verbs["dont_answer"]())
        with pytest.raises(Exception, match="device_silent"):
            await asked


# a page that is too big in the middle of the column of types


def refuses_from(sim: NetworkGearSim, column: str, row: int, over: int) -> None:
    """Pages of more than `over` rows that begin at `row` of `column` or later are refused as too big."""
    begin = tuple(map(int, column.split(".")))

    def answer(tree: snmp_agent.Tree, request: snmp_agent.Request, any_size: int) -> bytes:
        asked = request.asked[0][0]
        late = asked[: len(begin)] == begin and asked[len(begin) :] >= (row,)
        return plain(tree, request, over if late and request.kind == snmp_agent.GET_BULK else any_size)

    plain = snmp_agent.answer
    sim.answer = answer  # type: ignore[method-assign]


async def test_a_page_refused_in_the_middle_of_the_types_loses_no_port(sim: WifiGearSim) -> None:
    sim._too_big_over = 16  # pages end within the table
    refuses_from(sim, "1.3.6.1.2.1.2.2.1.3", row=16, over=3)
    async with on(sim) as rig:
        assert (await rig.driver.poll()).figures["ports"] == PORTS
        before = sim.questions
        assert (await rig.driver.poll()).figures["ports"] == PORTS
        assert sim.questions - before < before


async def test_a_table_out_of_order_is_taken_as_far_as_it_grows_and_doubted_once(sim: WifiGearSim) -> None:
    types = tuple(map(int, ["1", "3", "6", "1", "2", "1", "2", "2", "1", "3"]))
    plain = sim.tree.after
    sim.tree.after = lambda oid: plain((*types, 4)) if oid == (*types, 19) else plain(oid)  # type: ignore[method-assign]
    async with on(sim) as rig:
        assert (await rig.driver.poll()).figures["ports"] == 19
        before = sim.questions
        assert (await rig.driver.poll()).figures["ports"] == 19
        assert sim.questions - before < 30


# garbage


@given(st.none() | st.binary(max_size=300) | st.text(max_size=9) | st.integers(), st.none() | st.integers(-1, 9))
def test_any_id_is_shown_on_one_short_line(value: Any, kind: int | None) -> None:
    shown = identifier(value, kind, (4, 5))
    assert len(shown) <= 64
    assert shown.isprintable()


@given(st.lists(st.integers(0, 2**32), max_size=9).map(tuple))
def test_any_index_is_an_address_of_a_station_or_none(index: tuple[int, ...]) -> None:
    shown = mac_of_index(index)
    assert shown == "" or (len(shown) == 17 and index[0] % 2 == 0)
