"""Fixtures: one head office for the run, a shop of its own for each test."""

from __future__ import annotations

import asyncio
import secrets
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from cloud_bridge.bridge import Bridge
from cloud_bridge.hq.child import Child, Program
from hub.clock import Clock
from tests.cloud_bridge.parts import Hq, HubDouble, Office, Process, Shop, bridge_of, free_port, listens


@pytest.fixture(scope="session")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    found = Office(tmp_path_factory.mktemp("office"))
    asyncio.run(found.start())
    yield found
    asyncio.run(found.stop())


@pytest.fixture
async def hq(office: Office) -> AsyncIterator[Hq]:
    found = Hq(office, Clock())
    await found.start()
    yield found
    await found.stop()


@pytest.fixture
async def shop(tmp_path: Path, office: Office) -> AsyncIterator[Shop]:
    """A shop known at head office under a name of its own."""
    found = Shop(f"s-{secrets.token_hex(4)}", tmp_path / "store")
    office.shops.add(found.store, found.dir / "secrets" / "hq.json")
    yield found
    found.db.close()


@pytest.fixture
async def hub(shop: Shop) -> AsyncIterator[HubDouble]:
    found = HubDouble(shop)
    await found.start()
    yield found
    await found.stop()


@pytest.fixture
async def bridge(shop: Shop, hub: HubDouble, hq: Hq) -> AsyncIterator[Bridge]:
    async with bridge_of(shop) as found:
        yield found


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Callable[..., Process]]:
    made: list[Process] = []

    def make(module: str, *arguments: str, env: dict[str, str] | None = None) -> Process:
        made.append(Process(module, *arguments, env=env, log=tmp_path / f"{module}-{len(made)}.log"))
        made[-1].start()
        return made[-1]

    yield make
    for process in made:
        process.kill()


@pytest.fixture(scope="session")
def broker_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A shop's MQTT broker: nats-server, with users `bridge` and `shop`."""
    folder, port, plain = tmp_path_factory.mktemp("broker"), free_port(), free_port()
    (folder / "broker.conf").write_text(
        f'listen: "127.0.0.1:{plain}"\nserver_name: shop\njetstream {{ store_dir: "{folder}/js" }}\nmqtt {{ listen: "127.0.0.1:{port}" }}\n'
        "accounts { SHOP { jetstream: enabled, users: [ { user: bridge, password: b }, { user: shop, password: s } ] } }\n"
    )
    child = Child(
        Program(
            name="broker",
            argv=[str(Path(sys.executable).parent / "nats-server"), "-c", str(folder / "broker.conf")],
            log=folder / "broker.log",
            ready=lambda: listens(port),
        )
    )
    asyncio.run(child.start())
    yield port
    asyncio.run(child.stop())
