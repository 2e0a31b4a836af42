"""Hearing and being heard by multicast DNS, on the loopback of this machine, against the library's own other half."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import zeroconf
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from devices.desk import Desk
from devices.fleet import Fleet
from devices.lines import Lines
from devices.messages import Adopt, Candidate, NoArgs
from devices.network import mdns as module
from devices.network.mdns import Mdns
from devices.network.services import Sign
from devices.network.surroundings import Lookout, Surroundings
from devices.registry import Registry
from devices.schema import STEPS
from devices.simulators.ipp_told import UUID
from devices.simulators.office_printer import OfficePrinterSim
from devices.simulators.verbs import Nothing
from hub.clock import Clock
from hub.db import Db
from hub.ids import Id
from hub.migrations import migrate
from tests.devices.rig import until

HERE = ("127.0.0.1",)


class Brisk(Clock):
    """Ten seconds of the machine's addresses are a tenth of ours."""

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds / 100)


@asynccontextmanager
async def hearing(sign: Sign | None = None, at: tuple[str, ...] = HERE) -> AsyncIterator[Mdns]:
    made = Mdns(Brisk(), sign, at)
    task = asyncio.create_task(made.run())
    try:
        yield made
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@asynccontextmanager
async def neighbour() -> AsyncIterator[AsyncZeroconf]:
    other = AsyncZeroconf(interfaces=list(HERE), ip_version=zeroconf.IPVersion.V4Only)
    try:
        yield other
    finally:
        await other.async_unregister_all_services()
        await other.async_close()


def service(name: str, port: int, address: str = "127.0.0.1", **txt: str) -> AsyncServiceInfo:
    kind = "_ipp._tcp.local."
    return AsyncServiceInfo(
        kind,
        f"{name}.{kind}",
        port=port,
        addresses=[socket.inet_aton(address)],
        properties={"rp": "ipp/print", **txt},
        server=f"{name}.local.",
    )


async def test_a_printer_that_comes_changes_its_address_and_goes_is_followed() -> None:
    name = f"a4-{Id.new()[-6:]}"

    def found(heard: Mdns) -> list[str]:
        return [one.address for one in heard.candidates() if one.name == name]

    async with hearing() as heard, neighbour() as other:
        await (await other.async_register_service(service(name, 631, UUID=UUID)))
        await until(lambda: found(heard) == ["ipp://127.0.0.1:631/ipp/print"])
        await (await other.async_update_service(service(name, 8631, UUID=UUID)))
        await until(lambda: found(heard) == ["ipp://127.0.0.1:8631/ipp/print"])
        await (await other.async_unregister_service(service(name, 8631)))
        await until(lambda: found(heard) == [])


async def test_the_hub_is_announced_a_second_one_gets_another_name_and_a_clean_stop_takes_it_back() -> None:
    sign = Sign(name=f"Chairside {Id.new()[-6:]}", port=8443, host="hub.local", words={"store": "s1", "path": "/"})
    full = f"{sign.name}._chairside._tcp.local."
    async with neighbour() as other:
        async with hearing(sign) as first:
            await until(lambda: len(first.signs()) == 2)
            info = AsyncServiceInfo("_chairside._tcp.local.", full)
            assert await info.async_request(other.zeroconf, 3000)
            assert (info.port, info.server, info.decoded_properties) == (8443, "hub.local.", {"txtvers": "1", "store": "s1", "path": "/"})
            async with hearing(sign, ("127.0.0.2",)) as second:  # answers to one address reach one of its programs only
                await until(lambda: second.signs())
                assert second.signs()[0] == f"{sign.name}-2._chairside._tcp.local."
        gone = AsyncServiceInfo("_chairside._tcp.local.", full)
        other.zeroconf.cache.async_expire(zeroconf.current_time_millis() + 2000)
        assert not await gone.async_request(other.zeroconf, 1000)


async def test_without_an_address_at_boot_it_waits_and_speaks_when_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[int] = []

    class NotYet(AsyncZeroconf):
        def __init__(self, **how: Any) -> None:
            tried.append(1)
            if len(tried) < 3:
                raise OSError(99, "Cannot assign requested address")
            super().__init__(**how)

    monkeypatch.setattr(module, "AsyncZeroconf", NotYet)
    async with hearing(Sign(name=f"Chairside {Id.new()[-6:]}", port=1, host="hub.local")) as made:
        await until(made.signs)
    assert len(tried) == 3


async def test_a_machine_that_gets_another_address_is_announced_under_it(monkeypatch: pytest.MonkeyPatch) -> None:
    at = ["10.0.0.2"]
    rebound: list[int] = []

    class Noting(AsyncZeroconf):
        async def async_update_interfaces(self, *args: Any, **more: Any) -> None:
            rebound.append(1)
            await super().async_update_interfaces(list(HERE))

    monkeypatch.setattr(module, "AsyncZeroconf", Noting)
    monkeypatch.setattr(module, "addresses", lambda: at)
    made = Mdns(Brisk(), Sign(name=f"Chairside {Id.new()[-6:]}", port=1, host=f"{Id.new()[-6:]}.local"))
    task = asyncio.create_task(made.run())
    async with neighbour() as other:
        await until(lambda: len(made.signs()) == 2)
        at = ["10.0.0.3"]

        async def seen() -> list[str]:
            info = AsyncServiceInfo("_chairside._tcp.local.", made.signs()[0])
            return info.parsed_addresses() if await info.async_request(other.zeroconf, 500) else []

        async with asyncio.timeout(20):
            while await seen() != ["10.0.0.3"]:
                await asyncio.sleep(0.05)
    assert len(rebound) >= 2
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_no_more_is_kept_than_a_salon_has_however_much_is_announced() -> None:
    made = Mdns(Clock(), None, HERE)
    for at in range(1000):
        made._heard(None, "_ipp._tcp.local.", f"{at}._ipp._tcp.local.", zeroconf.ServiceStateChange.Added)
    assert len(made._asked) == module.SERVICES_MAX


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """The host's own commands, with nobody at the broker."""
    from devices.job_log import JobLog  # noqa: PLC0415

    class Nobody:
        on_identified = None

        def __getattr__(self, _: str) -> Any:
            return lambda *_: None

    db = Db(tmp_path / "devices.db")
    await asyncio.to_thread(db.open)
    await asyncio.to_thread(migrate, db, STEPS)
    registry = Registry(db, Clock())
    fleet = Fleet(registry, JobLog(db, Clock()), Nobody(), Clock(), Lines())  # type: ignore[arg-type]
    made = Desk(registry, fleet, Clock(), 1, Surroundings(db, Clock(), Lookout(), Nobody()))  # type: ignore[arg-type]
    yield made
    await fleet.stop()
    await asyncio.to_thread(db.close)


async def test_a_device_that_has_another_address_is_the_same_one_and_another_at_its_address_is_not(desk: Desk) -> None:
    sim = OfficePrinterSim.on_tcp("a4")
    await sim.start()
    there = sim.uri
    away = "ipp://10.0.0.77:631/ipp/print"

    def hears(address: str, identity: str) -> None:
        desk.services = lambda: [Candidate(kind="office_printer", name="A4", address=address, evidence="", identity=identity)]

    async def shown() -> tuple[bool, str]:
        answer = await desk._candidates(NoArgs())
        (one,) = [found for found in answer["candidates"] if found["name"] == "A4"]
        return one["adopted"], one["moved"]

    hears(there, UUID)
    assert await shown() == (False, "")
    device = await desk.take_in(Adopt(kind="office_printer", name="A4", address=there))
    assert device.identity == UUID
    assert await shown() == (True, "")
    hears(away, UUID)
    assert await shown() == (False, device.id)
    hears(there, "00000000-0000-4000-8000-000000000000")
    assert await shown() == (False, "")
    hears("tcp://10.0.0.77:9100", UUID)
    assert await shown() == (True, "")
    await sim.do("cut_cable", Nothing())
    await sim.stop()
