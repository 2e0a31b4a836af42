"""One suite every driver must pass: identify, poll, command, every fault verb, unplug, replug, cancelled at every await."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from devices.driver import Condition, Driver, Identity
from devices.drivers import KINDS, driver_of
from devices.errors import DeviceError, NoSuchKind
from devices.reasons import REASONS
from devices.simulators.card_reader import CardReaderSim
from devices.simulators.card_terminal import TerminalSim
from devices.simulators.customer_display import DisplaySim
from devices.simulators.hub_board import BoardSim
from devices.simulators.internet import FAR, InternetSim
from devices.simulators.label_printer import LabelPrinterSim
from devices.simulators.network_gear import NetworkGearSim
from devices.simulators.office_printer import OfficePrinterSim
from devices.simulators.presence import ScreenSim
from devices.simulators.receipt_printer import PrinterSim
from devices.simulators.scale import ScaleSim
from devices.simulators.scanner import ScannerSim
from devices.simulators.third_parties import Plug
from devices.simulators.ups import UpsSim
from devices.simulators.ups_agent import UpsAgentSim
from devices.transport import Address, Inbox, Transport, transport_to
from hub.clock import Clock
from hub.ports import Outcome
from tests.devices.rig import Bells, errand, print_errand
from tests.devices.things_rig import InProcess

CALLS_MAX = 400
ARGUMENTS = {"put": {"mg": 99_000_000}, "battery": {"pct": 1, "minutes": 1}, "load": {"pct": 120}}
SIMS: dict[str, Any] = {
    "receipt_printer": PrinterSim,
    "label_printer": LabelPrinterSim,
    "office_printer": OfficePrinterSim,
    "scanner": ScannerSim,
    "card_reader": CardReaderSim,
    "scale": ScaleSim,
    "ups": UpsSim,
    "customer_display": DisplaySim,
    "card_terminal": TerminalSim,
}
OVER_SNMP: dict[str, Any] = {"network_gear": NetworkGearSim, "ups over SNMP": UpsAgentSim}  # a kind, or the second way of one
WAYS = (*KINDS, "ups over SNMP")
ANSWERING = set(SIMS) - {"scanner", "card_reader", "customer_display"} | set(OVER_SNMP)


@dataclass
class Under:
    """A kind with its simulator and a way to take it away."""

    kind: str
    sim: Any
    link: Transport
    profile: dict[str, Any]

    def driver(self) -> Driver:
        made = driver_of(self.kind)
        return made(made.profile.model_validate(self.profile), self.link, Clock())

    async def unplug(self) -> None:
        await self.sim.stop()

    async def replug(self) -> None:
        if isinstance(self.sim, ScreenSim):
            self.sim.start()
        else:
            await self.sim.start()

    async def first(self, driver: Driver) -> Bells:
        bells = Bells()
        await driver.identify()
        await driver.start(bells.bell)
        return bells


class CancelledAt:
    """Passes everything on and cancels whoever makes the n-th call, in the middle of it."""

    def __init__(self, inner: Transport) -> None:
        self.keeps_open, self.proves_presence = inner.keeps_open, inner.proves_presence
        self._inner = inner
        self.cancel_at = 0

    @property
    def ip(self) -> str:
        return self._inner.ip  # type: ignore[attr-defined,no-any-return]

    @property
    def port(self) -> int:
        return self._inner.port  # type: ignore[attr-defined,no-any-return]

    def _call(self) -> None:
        self.cancel_at -= 1
        task = asyncio.current_task()
        if self.cancel_at == 0 and task is not None:
            task.cancel()

    async def open(self) -> None:
        self._call()
        await self._inner.open()

    async def write(self, data: bytes, within_s: float) -> None:
        self._call()
        await self._inner.write(data, within_s)

    async def read(self, within_s: float) -> bytes:
        self._call()
        return await self._inner.read(within_s)

    async def close(self) -> None:
        await self._inner.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)  # of a board: files have names


def screen(link: Inbox) -> ScreenSim:
    return ScreenSim(lambda _topic, payload: link.put(payload.encode()), "t", "kiosk", beat_s=0.05)


async def make(kind: str) -> Under:
    if kind == "presence":
        inbox = Inbox()
        beating = screen(inbox)
        beating.start()
        return Under(kind, beating, inbox, {"beat_s": 0.1})
    if kind == "hub_board":
        board = BoardSim(kind, Path(tempfile.mkdtemp()) / "board")
        await board.start()
        return Under(kind, board, transport_to(Address.parse(board.address)), {})
    if kind == "sensor":
        broker = InProcess()
        plug = Plug("plug", broker.line())
        await plug.start()
        return Under(kind, plug, broker.things.box(plug.uid), {"confirm_s": 0.1})
    if kind == "internet":
        way = InternetSim(kind, Path(tempfile.mkdtemp()) / "internet")
        await way.start()
        return Under(kind, way, transport_to(Address.parse(way.address)), {"far": FAR})
    sim: Any = OVER_SNMP[kind].on_udp(kind) if kind in OVER_SNMP else SIMS[kind].on_tcp(kind)
    await sim.start()
    return Under(sim.kind, sim, transport_to(Address.parse(sim.address)), {"answer_wait_s": 0.1} if kind in ANSWERING else {})


@pytest.fixture(params=WAYS)
async def under(request: pytest.FixtureRequest) -> AsyncIterator[Under]:
    made = await make(request.param)
    yield made
    await made.unplug()
    await made.link.close()


async def test_it_says_who_it_is_and_how_it_is(under: Under) -> None:
    driver = under.driver()
    assert isinstance(await driver.identify(), Identity)
    await driver.start(Bells().bell)
    condition = await driver.poll()
    assert isinstance(condition, Condition)
    assert condition.reason == ""
    assert driver.pause_s() >= 0
    await driver.stop()


async def test_every_reason_it_gives_has_words(under: Under) -> None:
    driver = under.driver()
    bells = await under.first(driver)
    for verb, args in getattr(under.sim, "verbs", {}).items():
        if verb in {"scan", "split", "merged", "gs1", "slow"}:
            continue
        await under.sim.do(verb, args(**ARGUMENTS.get(verb, {})))
        try:
            bells.shown.append(await driver.poll())
        except DeviceError as miss:
            bells.shown.append(Condition(reason=miss.reason))
            cure = "heal" if "heal" in under.sim.verbs else "plug_in"
            await under.sim.do(cure, under.sim.verbs[cure]())
            await driver.stop()
            await driver.identify()
            await driver.start(bells.bell)
    assert {c.reason for c in bells.shown} - {""} <= set(REASONS)
    await driver.stop()


async def test_stopping_is_idempotent_and_never_raises(under: Under) -> None:
    driver = under.driver()
    await driver.stop()
    await under.first(driver)
    await driver.stop()
    await driver.stop()


async def test_its_status_verb_is_done(under: Under) -> None:
    driver = under.driver()
    await under.first(driver)
    result = await driver.run(errand("status", kind=type(driver)).job)
    assert result.outcome is Outcome.DONE
    await driver.stop()


async def test_unplugged_it_misses_with_a_named_error_and_replugged_it_is_back(under: Under) -> None:
    driver = under.driver()
    await under.first(driver)
    await under.unplug()

    async def poll_until_missed() -> None:
        while True:
            await driver.poll()

    with pytest.raises(DeviceError) as miss:
        await asyncio.wait_for(poll_until_missed(), 5)
    assert miss.value.reason in REASONS
    await driver.stop()
    with pytest.raises(DeviceError):
        await under.driver().identify()
    await under.replug()
    again = under.driver()
    await under.first(again)
    await again.poll()
    await again.stop()


async def test_cancelled_at_every_await_it_lets_go_and_works_again(under: Under) -> None:
    link = under.link = CancelledAt(under.link)

    async def whole() -> None:
        driver = under.driver()
        try:
            await under.first(driver)
            await driver.poll()
            await driver.run(errand("status", kind=type(driver)).job)
        finally:
            await driver.stop()

    for at in range(1, CALLS_MAX):
        link.cancel_at = at
        task = asyncio.create_task(whole())
        await asyncio.gather(task, return_exceptions=True)
        if not task.cancelled():
            await task
            break
    else:
        raise AssertionError("never came through")
    through = under.kind not in {"hub_board", "sensor", "internet"} and type(under.sim) not in OVER_SNMP.values()
    assert at >= (3 if through else 2)  # the others do not read through the link
    link.cancel_at = 0
    await whole()


async def test_a_print_job_cancelled_at_every_await_never_prints_twice() -> None:
    under = await make("receipt_printer")
    sim: PrinterSim = under.sim
    for steps in range(0, 120, 3):
        work = print_errand()
        driver = under.driver()
        before = len(sim.shelf.receipts)
        task = asyncio.create_task(driver.run(work.job))
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await driver.stop()
        if not work.wrote:
            assert len(sim.shelf.receipts) == before
        assert len(sim.shelf.receipts) <= before + 1
    assert (await under.driver().run(print_errand().job)).outcome is Outcome.DONE
    await sim.stop()


async def test_a_hidden_page_is_degraded_and_a_new_load_is_counted() -> None:
    under = await make("presence")
    driver = under.driver()
    await under.first(driver)
    under.sim.hide()
    under.sim.load_again()
    conditions = [await driver.poll() for _ in range(3)]
    assert conditions[-1].reason == "page_hidden"
    assert conditions[-1].figures["reloads"] == 1
    await under.unplug()


async def test_a_screen_whose_battery_runs_down_asks_for_its_charger_until_it_charges() -> None:
    under = await make("presence")
    driver = under.driver()
    await under.first(driver)
    for pct, charging, reason in ((16, False, ""), (15, False, "screen_battery_low"), (15, True, "")):
        under.sim.drain(pct, charging=charging)
        condition = [await driver.poll() for _ in range(3)][-1]
        assert (condition.reason, condition.figures["battery_pct"], condition.figures["charging"]) == (reason, pct, charging)
    await under.unplug()


async def test_a_bad_beat_is_a_miss_and_counted() -> None:
    under = await make("presence")
    assert isinstance(under.link, Inbox)
    driver = under.driver()
    await under.first(driver)
    await under.unplug()
    while await under.link.read(0.001):
        pass
    under.link.put(json.dumps({"page": "../x"}).encode())
    with pytest.raises(DeviceError) as miss:
        await driver.poll()
    assert miss.value.reason == "no_beat"


def test_an_unknown_kind_is_refused_by_name() -> None:
    with pytest.raises(NoSuchKind) as refused:
        driver_of("toaster")
    assert "receipt_printer" in refused.value.facts["known"]
