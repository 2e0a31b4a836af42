"""Simulated devices on free ports, and everything taken off the wire at the end."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from devices.host import Host, HostConfig
from devices.simulators.receipt_printer import PrinterSim
from devices.simulators.scanner import ScannerSim
from hub.clock import Clock
from hub.mqtt import Broker as Links
from tests.devices.rig import free_port, until
from tests.devices.shop import Broker, HostProcess, Shop


@pytest_asyncio.fixture
async def printer() -> AsyncIterator[PrinterSim]:
    """A printer with paper, on TCP."""
    sim = PrinterSim.on_tcp("printer")
    await sim.start()
    yield sim
    await sim.stop()


@pytest_asyncio.fixture
async def scanner() -> AsyncIterator[ScannerSim]:
    """A scanner on socket://."""
    sim = ScannerSim.on_tcp("scanner")
    await sim.start()
    yield sim
    await sim.stop()


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """One real broker for the run; every test has a store of its own on it."""
    broker = Broker(tmp_path_factory.mktemp("broker"))
    broker.start()
    yield broker
    broker.stop()


@pytest_asyncio.fixture
async def shop(broker: Broker) -> AsyncIterator[Shop]:
    """The hub's side, with a store id no other test has."""
    shop = Shop(broker.port, store=f"s{os.urandom(6).hex()}")
    await shop.connect()
    yield shop
    shop.close()


@pytest_asyncio.fixture
async def host(broker: Broker, shop: Shop, tmp_path: Path) -> AsyncIterator[Host]:
    """A device host in this process, online."""
    broker.secret(tmp_path)
    config = HostConfig(store_id=shop.store, host_id="h1", bench_port=free_port(), data=tmp_path / "devices.db")
    made = await asyncio.to_thread(Host, config, Links.from_file(tmp_path / "secrets" / "mqtt-host.json"), Clock())
    stop = asyncio.Event()
    task = asyncio.create_task(made.run(stop))
    await until(lambda: (shop.last.get(made.topics.host_state) or {}).get("health") == "online")
    yield made
    stop.set()
    await task
    made.close()


@pytest.fixture
def host_process(broker: Broker, shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HostProcess]:
    """A device host as a process, not started yet."""
    broker.secret(tmp_path)
    monkeypatch.setenv("CHAIRSIDE_STORE_ID", shop.store)
    process = HostProcess(tmp_path)
    yield process
    process.kill()
