"""A UPS asked itself over SNMP: the same states as through NUT, and figures that are right whatever scale they are told in."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from devices.driver import Condition
from devices.drivers.snmp.agent import NoAnswer, NotUnderstood
from devices.drivers.ups import UpsProfile
from devices.drivers.ups.mib import APC, STANDARD, NoUps, alarms_of, understood, understood_apc
from devices.drivers.ups.reading import NothingKnown, mains_v
from devices.errors import CannotConnect
from devices.simulators import snmp_agent
from devices.simulators.network_gear import NetworkGearSim
from devices.simulators.ups import Battery, Load
from devices.simulators.ups_agent import UPS, ApcAgentSim, UpsAgentSim
from devices.simulators.verbs import Garble, Nothing
from tests.devices.rig import Rig, driving

NOTHING = Nothing()
UNKNOWN = dict.fromkeys(("battery_pct", "minutes_left", "load_pct", "input_v", "battery_v"))
MISSES = (CannotConnect, NoAnswer, NotUnderstood)


@pytest_asyncio.fixture(params=[UpsAgentSim, ApcAgentSim], ids=["UPS-MIB", "PowerNet-MIB"])
async def sim(request: pytest.FixtureRequest) -> AsyncIterator[UpsAgentSim]:
    """A UPS on the mains with a full battery."""
    sim = request.param.on_udp("u1")
    await sim.start()
    yield sim
    await sim.stop()


def on(sim: UpsAgentSim | NetworkGearSim, **profile: Any) -> Any:
    return driving("ups", sim.address, **{"answer_wait_s": 1, **profile})


async def reason_after(sim: UpsAgentSim, rig: Rig, verb: str, **args: Any) -> str:
    await sim.do(verb, sim.verbs[verb](**args))
    return (await rig.driver.poll()).reason


def told(rig: Rig) -> list[str]:
    return [news.name for news in rig.bells.announced]


async def test_on_the_mains_it_is_well_and_tells_its_figures_and_who_it_is(sim: UpsAgentSim) -> None:
    async with on(sim) as rig:
        who = await rig.driver.identify()
        condition = await rig.driver.poll()
    apc = isinstance(sim, ApcAgentSim)
    assert who.model == ("APC SIMULATED Smart-UPS" if apc else "SIMULATED 650 desk")
    assert (who.serial, who.firmware) == ("SIM-u1" if apc else "", "1.0")
    volts = 14.0 if apc else 13.6  # PowerNet-MIB has no tenths
    assert condition == Condition(
        figures={"battery_pct": 100, "minutes_left": 30, "load_pct": 20, "input_v": 230.0, "battery_v": volts},
    )


async def test_a_power_cut_from_its_beginning_to_its_end(sim: UpsAgentSim) -> None:
    async with on(sim) as rig:
        assert (await rig.driver.poll()).reason == ""
        assert await reason_after(sim, rig, "mains_off") == "on_battery"
        assert await reason_after(sim, rig, "battery", pct=15, minutes=3) == "battery_low"
        assert (await rig.driver.poll()).figures["minutes_left"] == 3
        assert await reason_after(sim, rig, "mains_on") == ""
    assert [(news.name, dict(news.body)) for news in rig.bells.announced] == [
        ("power_lost", {"battery_pct": 100, "minutes_left": 30}),
        ("battery_low", {"battery_pct": 15, "minutes_left": 3}),
        ("power_back", {"battery_pct": 15, "minutes_left": 3}),
    ]


async def test_a_shop_may_want_more_minutes_than_the_maker_gives(sim: UpsAgentSim) -> None:
    async with on(sim, low_minutes=10) as rig:
        assert await reason_after(sim, rig, "battery", pct=60, minutes=10) == ""
        assert await reason_after(sim, rig, "mains_off") == "battery_low"
        assert await reason_after(sim, rig, "battery", pct=60, minutes=11) == "on_battery"
    assert told(rig) == ["power_lost", "battery_low"]


async def test_what_is_wrong_with_it_is_told_and_lost_mains_come_first(sim: UpsAgentSim) -> None:
    async with on(sim) as rig:
        assert await reason_after(sim, rig, "replace_battery") == "replace_battery"
        assert await reason_after(sim, rig, "bypass") == "ups_bypass"
        assert await reason_after(sim, rig, "load", pct=120) == "ups_overload"
        assert await reason_after(sim, rig, "output_off") == "ups_off"
        await sim.do("heal", NOTHING)
        assert await reason_after(sim, rig, "mains_off") == "on_battery"
        assert (await rig.driver.poll()).figures["load_pct"] == 120


async def test_a_card_that_lost_its_ups_says_nothing_of_the_mains(sim: UpsAgentSim) -> None:
    async with on(sim) as rig:
        assert await reason_after(sim, rig, "mains_off") == "on_battery"
        await sim.do("stale", NOTHING)
        assert await rig.driver.poll() == Condition(reason="ups_stale", figures=UNKNOWN)
        assert await reason_after(sim, rig, "heal") == "on_battery"
    assert told(rig) == ["power_lost"]


@pytest.mark.parametrize("verb", ["dont_answer", "wrong_community", "unplug", "garble"])
async def test_a_card_that_cannot_be_asked_is_a_miss_and_no_power_cut(sim: UpsAgentSim, verb: str) -> None:
    async with on(sim, answer_wait_s=0.2) as rig:
        with contextlib.suppress(*MISSES):
            await rig.driver.poll()
        await sim.do(verb, Garble(answers=10) if verb == "garble" else NOTHING)
        with pytest.raises(MISSES):
            await rig.driver.poll()
    assert told(rig) == []


async def test_a_card_that_starts_anew_in_the_middle_of_a_cut_tells_no_second_one(sim: UpsAgentSim) -> None:
    async with on(sim) as rig:
        assert await reason_after(sim, rig, "mains_off") == "on_battery"
        assert await reason_after(sim, rig, "reboot") == "on_battery"
    assert told(rig) == ["power_lost"]


async def test_pages_that_are_too_big_change_nothing() -> None:
    sim = UpsAgentSim.on_udp("u1")
    await sim.start()
    await sim.do("too_big", sim.verbs["too_big"](rows=1))
    await sim.do("load", Load(pct=130))
    await sim.do("battery", Battery(pct=5, minutes=1))
    await sim.do("mains_off", NOTHING)
    async with on(sim) as rig:
        condition = await rig.driver.poll()
    assert (condition.reason, condition.figures["load_pct"]) == ("battery_low", 130)
    await sim.stop()


async def test_a_switch_is_no_ups() -> None:
    switch = NetworkGearSim.on_udp("sw")
    await switch.start()
    with pytest.raises(NoUps):
        async with on(switch):
            pass
    await switch.stop()


@pytest.mark.parametrize(("said", "volts"), [(227, 227.0), (2369, 236.9), (0, 0.0), (None, None), (230.4, 230.4)])
def test_volts_of_the_mains_are_volts_whatever_they_are_told_in(said: list[Any], volts: float | None) -> None:
    assert mains_v(said) == volts


def test_minus_one_is_not_known_and_tenths_are_tenths() -> None:
    row = {"battery": 2, "minutes": -1, "charge": -1, "battery_dv": 5210, "source": 3}
    found = understood(row, [227], [21, 16, 12], frozenset())
    assert (found.battery_pct, found.minutes_left, found.battery_v, found.load_pct) == (None, None, 521.0, 21)


def test_an_alarm_of_lost_contact_is_not_known_even_with_an_output_that_looks_well() -> None:
    with pytest.raises(NothingKnown):
        understood(dict.fromkeys(STANDARD, 3), [], [], frozenset({20}))


VALUES = st.none() | st.integers(-(2**63), 2**64) | st.binary(max_size=8) | st.text(max_size=8) | st.floats()


@given(st.fixed_dictionaries(dict.fromkeys(STANDARD, VALUES)), st.lists(VALUES, max_size=4), st.lists(VALUES, max_size=4), st.lists(VALUES))
def test_any_values_of_the_standard_mib_are_a_reading_or_nothing_known(row: Any, volts: Any, loads: Any, alarms: Any) -> None:
    with contextlib.suppress(NothingKnown):
        found = understood(row, volts, loads, alarms_of(alarms))
        assert found.battery_pct is None or 0 <= found.battery_pct <= 100


@given(st.fixed_dictionaries(dict.fromkeys(APC, VALUES)))
def test_any_values_of_apc_are_a_reading_or_nothing_known(row: Any) -> None:
    with contextlib.suppress(NothingKnown):
        found = understood_apc(row)
        assert found.minutes_left is None or found.minutes_left >= 0


def test_alarms_are_read_by_their_last_number_and_a_makers_own_are_left_alone() -> None:
    assert alarms_of([f"{UPS}.6.3.2", f"{UPS}.6.3.2.1", "1.3.6.1.4.1.705.1.3", f"{UPS}.6.3.", None, 7]) == {2}


def test_the_simulator_leaves_out_alarms_that_are_not_there() -> None:
    sim = UpsAgentSim("u1")
    oid = tuple(map(int, f"{UPS}.6.2.1.2".split(".")))
    assert sim.tree.after(oid)[1] == snmp_agent.END_OF_VIEW
    sim.mains = False
    assert sim.tree.after(oid)[1][0] == snmp_agent.OBJECT_ID


def test_a_profile_holds_both_ways_and_no_more() -> None:
    assert UpsProfile().community.get_secret_value() == "public"
    with pytest.raises(ValueError, match="validation error"):
        UpsProfile.model_validate({"low_minutes": -1})
