"""The hub looks at itself: a folder of the kernel's files, well and with everything that befalls a board in a shop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from devices.errors import CannotConnect, LinkLost
from devices.host import BOARD, Host, HostConfig
from devices.simulators.hub_board import BoardSim
from devices.simulators.verbs import Nothing
from devices.transport import Address, transport_to
from hub.clock import Clock
from hub.mqtt import Broker as Links
from tests.devices.rig import driving, free_port
from tests.devices.shop import Broker, Shop

NOTHING = Nothing()


@pytest_asyncio.fixture
async def sim(tmp_path: Path) -> AsyncIterator[BoardSim]:
    """A board that is well."""
    sim = BoardSim("board", tmp_path / "board")
    await sim.start()
    yield sim
    await sim.stop()


async def test_a_board_that_is_well_tells_its_name_and_its_figures(sim: BoardSim) -> None:
    async with driving("hub_board", sim.address) as rig:
        who = await rig.driver.identify()
        condition = await rig.driver.poll()
    assert (who.model, who.serial) == ("Raspberry Pi 5 Model B Rev 1.0 SIMULATED", "simulated0000001")
    assert condition.reason == ""
    assert condition.figures == {
        "heat_c": 51,
        "under_voltage": False,
        "under_voltage_since_start": False,
        "disk_free_mb": 24_000,
        "disk_worn_pct": 20,
        "memory_free_mb": 2662,
        "clock_set": True,
    }


@pytest.mark.parametrize(
    ("verb", "reason", "figure"),
    [
        ("under_voltage", "under_voltage", ("under_voltage", True)),
        ("slow_down", "throttled", ("under_voltage", False)),
        ("heat", "too_hot", ("heat_c", 86)),
        ("fill_disk", "disk_full", ("disk_free_mb", 120)),
        ("wear_out", "disk_worn", ("disk_worn_pct", 100)),
        ("read_only", "disk_read_only", ("clock_set", True)),
        ("use_memory", "memory_low", ("memory_free_mb", 62)),
        ("lose_clock", "clock_not_set", ("clock_set", False)),
    ],
)
async def test_what_befalls_a_board_is_named(sim: BoardSim, verb: str, reason: str, figure: tuple[str, object]) -> None:
    await sim.do(verb, NOTHING)
    async with driving("hub_board", sim.address) as rig:
        condition = await rig.driver.poll()
    assert condition.reason == reason
    assert condition.figures[figure[0]] == figure[1]


async def test_of_two_troubles_the_worse_is_said(sim: BoardSim) -> None:
    for verb in ("lose_clock", "heat", "read_only"):
        await sim.do(verb, NOTHING)
    async with driving("hub_board", sim.address) as rig:
        assert (await rig.driver.poll()).reason == "disk_read_only"


async def test_a_clock_has_ten_minutes_from_the_start_to_be_set(sim: BoardSim, tmp_path: Path) -> None:
    await sim.do("lose_clock", NOTHING)
    (tmp_path / "board/proc/uptime").write_text("599.0 1.0\n")
    async with driving("hub_board", sim.address) as rig:
        assert (await rig.driver.poll()).reason == ""


async def test_what_a_board_does_not_tell_is_left_out_and_nonsense_is_nothing(sim: BoardSim) -> None:
    await sim.do("garble", NOTHING)
    async with driving("hub_board", sim.address) as rig:
        condition = await rig.driver.poll()
    assert condition.reason == ""
    known = {name: value for name, value in condition.figures.items() if value is not None}
    assert known == {"disk_free_mb": 24_000, "clock_set": True}


async def test_a_board_whose_files_are_gone_is_a_miss(sim: BoardSim) -> None:
    async with driving("hub_board", sim.address) as rig:
        await sim.do("unplug", NOTHING)
        with pytest.raises(LinkLost):
            await rig.driver.poll()
        with pytest.raises(CannotConnect):
            await rig.driver.identify()


async def test_what_befalls_a_board_that_is_switched_off_shows_when_it_is_on(sim: BoardSim) -> None:
    for verb in ("unplug", "read_only"):
        await sim.do(verb, sim.verbs[verb]())
    assert sim.state()["plugged"] is False
    await sim.do("plug_in", Nothing())
    async with driving("hub_board", sim.address) as rig:
        assert (await rig.driver.poll()).reason == "disk_read_only"


async def test_the_real_board_is_read_without_a_fault(tmp_path: Path) -> None:
    async with driving("hub_board", f"board:///?data={tmp_path}") as rig:
        await rig.driver.identify()
        figures = (await rig.driver.poll()).figures
    assert isinstance(figures["disk_free_mb"], int)
    assert isinstance(figures["memory_free_mb"], int)
    assert figures["memory_free_mb"] > 0


async def test_files_are_read_only_by_name_and_never_written() -> None:
    link = transport_to(Address.parse("board:///"))
    with pytest.raises(LinkLost):
        await link.write(b"x", 1)
    with pytest.raises(LinkLost):
        await link.read(1)


async def test_the_host_watches_its_own_board_without_being_asked(broker: Broker, shop: Shop, sim: BoardSim, tmp_path: Path) -> None:
    broker.secret(tmp_path)

    async def run_once(address: str) -> None:
        config = HostConfig(store_id=shop.store, host_id="h1", bench_port=free_port(), data=tmp_path / "devices.db", board=address)
        host = await asyncio.to_thread(Host, config, Links.from_file(tmp_path / "secrets" / "mqtt-host.json"), Clock())
        stop = asyncio.Event()
        running = asyncio.create_task(host.run(stop))
        try:
            await shop.health(BOARD, "online")
            assert host.registry.get(BOARD).address == address
            await sim.do("heat", NOTHING)
            answer = await shop.ask_host("identify", {"id": BOARD})
            assert answer["result"]["state"]["reason"] == "too_hot"
            await sim.do("heal", NOTHING)
        finally:
            stop.set()
            await running
            host.close()

    await run_once(sim.address)
    shop.last.clear()
    await run_once(f"{sim.address}&data=/elsewhere")  # the shop's folder was moved
