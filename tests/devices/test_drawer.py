"""The cash drawer behind a receipt printer: kicked once, and who opened it is known or not claimed."""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from devices.drivers.receipt_printer.drawer import KICK_OPENS_S, Drawer
from devices.drivers.receipt_printer.profile import PrinterProfile
from devices.simulators.paper_language import Pulse, acts_of
from devices.simulators.receipt_printer import PrinterSim
from devices.simulators.verbs import Nothing
from hub.clock import MovedClock
from hub.ports import DrawerOpened, Outcome
from tests.devices.rig import Rig, driving, errand, until

NOTHING = Nothing()
MORNING = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)


@asynccontextmanager
async def on(printer: PrinterSim, clock: MovedClock | None = None, **profile: Any):
    """A driver that has seen the drawer open and closed once, so that its sensor is believed."""
    async with driving("receipt_printer", printer.address, clock=clock or MovedClock(MORNING), answer_wait_s=0.2, **profile) as rig:
        await rig.driver.poll()
        await printer.do("open_drawer", NOTHING)
        await rig.driver.poll()
        await printer.do("close_drawer", NOTHING)
        await rig.driver.poll()
        rig.bells.announced.clear()
        yield rig


def told(rig: Rig) -> list[tuple[str, bool | None]]:
    return [(a.name, a.body.get("by_command")) for a in rig.bells.announced]


async def test_the_drawer_opens_and_the_till_is_told_until_it_is_closed(printer: PrinterSim) -> None:
    async with on(printer) as rig:
        work = errand("kick")
        assert (await rig.run(work)).outcome is Outcome.DONE
        assert printer.drawer
        assert work.wrote
        assert rig.driver.pause_s() < 1
        await rig.driver.poll()
        assert rig.driver.pause_s() < 1
        await printer.do("close_drawer", NOTHING)
        condition = await rig.driver.poll()
    assert told(rig) == [("drawer_opened", True), ("drawer_closed", None)]
    assert DrawerOpened.model_validate(rig.bells.announced[0].body).at == MORNING
    assert condition.figures["drawer_open"] is False


async def test_a_drawer_opened_by_key_is_told_as_such_also_after_the_kick_before_it(printer: PrinterSim) -> None:
    clock = MovedClock(MORNING)
    async with on(printer, clock) as rig:
        await printer.do("open_drawer", NOTHING)
        await rig.driver.poll()
        await printer.do("close_drawer", NOTHING)
        await rig.driver.poll()
        await rig.run(errand("kick"))
        await rig.driver.poll()
        await printer.do("close_drawer", NOTHING)
        await rig.driver.poll()
        await printer.do("open_drawer", NOTHING)  # a moment later: one kick opens one drawer once
        await rig.driver.poll()
    assert [by for name, by in told(rig) if name == "drawer_opened"] == [False, True, False]


async def test_a_kick_that_a_jammed_drawer_did_not_follow_excuses_no_hand_later(printer: PrinterSim) -> None:
    clock = MovedClock(MORNING)
    async with on(printer, clock) as rig:
        await rig.run(errand("kick"))
        printer.drawer = False  # jammed
        clock.forward(seconds=KICK_OPENS_S + 1)
        await rig.driver.poll()
        await printer.do("open_drawer", NOTHING)
        await rig.driver.poll()
    assert told(rig) == [("drawer_opened", False)]


async def test_a_drawer_seen_only_long_after_its_kick_was_opened_by_it(printer: PrinterSim) -> None:
    clock = MovedClock(MORNING)
    async with on(printer, clock) as rig:
        await rig.run(errand("kick"))
        clock.forward(minutes=10)  # nobody could look meanwhile
        await rig.driver.poll()
    assert told(rig) == [("drawer_opened", True)]


async def test_a_drawer_that_stays_open_is_said_after_its_time_and_no_longer_once_it_is_closed(printer: PrinterSim) -> None:
    clock = MovedClock(MORNING)
    async with on(printer, clock, drawer_open_s_max=60) as rig:
        await rig.run(errand("kick"))
        await rig.driver.poll()
        clock.forward(seconds=59)
        assert (await rig.driver.poll()).reason == ""
        clock.forward(seconds=1)
        assert (await rig.driver.poll()).reason == "drawer_open_too_long"
        await printer.do("paper_low", NOTHING)
        assert (await rig.driver.poll()).reason == "drawer_open_too_long"
        await printer.do("close_drawer", NOTHING)
        assert (await rig.driver.poll()).reason == "paper_low"


async def test_a_drawer_that_stood_open_when_the_connection_broke_has_stood_open_since(printer: PrinterSim) -> None:
    clock = MovedClock(MORNING)
    async with on(printer, clock) as rig:
        await printer.do("open_drawer", NOTHING)
        await rig.driver.poll()
        clock.forward(seconds=200)
        await rig.driver.stop()
        again = type(rig.driver)(PrinterProfile(), rig.link, clock)
        again.follow(rig.driver)
        assert (await again.poll()).reason == "drawer_open_too_long"
        await again.stop()


async def test_without_a_drawer_nobody_claims_to_know_however_the_pin_stands(printer: PrinterSim) -> None:
    clock = MovedClock(MORNING)
    printer.drawer = True  # nothing is plugged in, and the pin is high
    async with driving("receipt_printer", printer.address, clock=clock, answer_wait_s=0.2) as rig:
        await rig.driver.poll()
        await rig.run(errand("kick"))
        clock.forward(hours=1)
        condition = await rig.driver.poll()
    assert (condition.reason, condition.figures["drawer_open"]) == ("", None)
    assert rig.bells.announced == []


async def test_a_drawer_without_a_sensor_is_kicked_once_and_never_again(printer: PrinterSim) -> None:
    await printer.do("dont_answer", NOTHING)
    profile = {"monitored": False, "drawer": "no_sensor"}
    got = bytearray()
    assert printer.end is not None
    take = printer.end.received
    printer.end.received = lambda data: (got.extend(data), take(data))[1]
    async with driving("receipt_printer", printer.address, clock=MovedClock(MORNING), **profile) as rig:
        result = await rig.run(errand("kick"))
        await until(lambda: printer.drawer)
        condition = await rig.driver.poll()
    assert (result.outcome, result.reason) == (Outcome.DONE, "unmonitored")
    assert condition.figures.get("drawer_open") is None
    assert [act for act in acts_of(bytes(got)) if isinstance(act, Pulse)] == [Pulse(0)]


@pytest.mark.parametrize("kicks", [2, 3])
def test_a_sensor_the_other_way_round_is_said_when_it_is_sure(kicks: int) -> None:
    clock = MovedClock(MORNING)
    drawer = Drawer(PrinterProfile(drawer="open_high"), clock)
    drawer.see(high=True)
    for _ in range(kicks):
        drawer.kicked()
        drawer.see(high=False)
        clock.forward(seconds=20)
        drawer.see(high=True)
    assert drawer.reason == ("drawer_reversed" if kicks == 3 else "")


def test_a_cashier_who_closes_the_drawer_right_after_the_next_kick_has_no_reversed_one() -> None:
    clock = MovedClock(MORNING)
    drawer = Drawer(PrinterProfile(), clock)
    drawer.see(high=False)
    for _ in range(10):
        drawer.kicked()
        drawer.see(high=True)
        clock.forward(seconds=10)
        drawer.kicked()  # the next sale, before it was closed
        drawer.see(high=False)
        clock.forward(seconds=10)
    assert drawer.reason == ""
