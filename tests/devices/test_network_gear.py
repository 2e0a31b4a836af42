"""Switches over SNMP: what their ports show, what is told of them, and power that is never left off."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from devices.drivers.network_gear.profile import NetworkGearProfile
from devices.drivers.snmp import agent as way
from devices.drivers.snmp.agent import NoAnswer, NotUnderstood
from devices.lines import Lines
from devices.registry import Device
from devices.simulators import snmp_agent
from devices.simulators.network_gear import INTERFACES, MORE, PORTS, POWER, Errors, NetworkGearSim, OnePort
from devices.simulators.on_snmp import SYSTEM, TooBig
from devices.simulators.verbs import Garble, Late, Nothing
from devices.transport import Address, transport_to
from hub.clock import Clock
from hub.ports import Outcome
from tests.devices.rig import Rig, driving, errand

NOTHING = Nothing()
SECRET = "hidden-word"


class Hands(Clock):
    """A clock whose time goes on by hand, and by what is slept."""

    def __init__(self) -> None:
        super().__init__()
        self.at = 1000.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += seconds
        await asyncio.sleep(0)


@pytest_asyncio.fixture
async def sim() -> AsyncIterator[NetworkGearSim]:
    sim = NetworkGearSim.on_udp("sw1")
    await sim.start()
    yield sim
    await sim.stop()


@pytest.fixture
def clock() -> Hands:
    return Hands()


def on(sim: NetworkGearSim, clock: Clock | None = None, **profile: Any):
    return driving("network_gear", sim.address, clock=clock, **{"answer_wait_s": 0.3, **profile})


def asked(rig: Rig, verb: str, args: Any = None):
    return errand(verb, args, kind=type(rig.driver))


def told(rig: Rig) -> list[tuple[str, dict[str, Any]]]:
    return [(news.name, dict(news.body)) for news in rig.bells.announced]


def stand_in(sim: NetworkGearSim, oid: str, value: bytes) -> None:
    """This leaf says `value` from now on."""
    sim.tree._values[tuple(map(int, oid.split(".")))] = lambda: value


async def test_it_says_who_it_is_on_one_line_with_the_first_serial_number_told(sim: NetworkGearSim) -> None:
    async with on(sim) as rig:
        who = await rig.driver.identify()
    assert (who.model, who.serial) == ("SIM-48 SIMULATED switch Version 1.0", "SIM-sw1")


async def test_ports_are_counted_without_vlans_and_those_a_person_wants_up_are_missed(sim: NetworkGearSim) -> None:
    await sim.do("port_down", OnePort(port=3))
    await sim.do("port_down", OnePort(port=4))
    sim.ports[4].admin_up = False
    async with on(sim) as rig:
        condition = await rig.driver.poll()
    assert condition.reason == ""
    assert condition.figures | {"uptime_s": 0} == {
        "name": "SIMULATED sw1",
        "object_id": "1.3.6.1.4.1.8072.9999",
        "uptime_s": 0,
        "neighbours": 2,
        "wifi_clients": None,
        "access_points": None,
        "ports": PORTS,
        "ports_up": PORTS - 2,
        "ports_down_wanted": 1,
        "errors_per_min": 0.0,
        "worst_port": "",
        "poe_w": sim.poe_w,
    }


async def test_a_port_that_goes_down_and_comes_back_is_told_once_each_by_name(sim: NetworkGearSim) -> None:
    async with on(sim) as rig:
        await rig.driver.poll()
        for verb in ("port_down", "port_up"):
            await sim.do(verb, OnePort(port=7))
            await rig.driver.poll()
            await rig.driver.poll()
    assert told(rig) == [(verb, {"port": "GigabitEthernet1/0/7"}) for verb in ("port_down", "port_up")]


async def test_a_port_of_which_nothing_is_known_is_neither_up_nor_down_and_nothing_is_told(sim: NetworkGearSim) -> None:
    async with on(sim) as rig:
        await rig.driver.poll()
        stand_in(sim, f"{INTERFACES}.8.7", b"\x81\x00")  # noSuchInstance in the middle of the table
        figures = (await rig.driver.poll()).figures
    assert (figures["ports"], figures["ports_up"], figures["ports_down_wanted"]) == (PORTS, PORTS - 1, 0)
    assert told(rig) == []


async def test_errors_are_counted_by_the_minute_over_the_wrap_of_the_counter(sim: NetworkGearSim, clock: Hands) -> None:
    sim.ports[2].errors = 2**32 - 50
    async with on(sim, clock, errors_per_min_max=100) as rig:
        assert (await rig.driver.poll()).reason == ""
        await sim.do("errors", Errors(port=2, count=100))
        clock.at += 30
        condition = await rig.driver.poll()
        assert (condition.reason, condition.figures["errors_per_min"]) == ("ports_in_error", 200.0)
        assert condition.figures["worst_port"] == "GigabitEthernet1/0/2"
        clock.at += 1
        assert (await rig.driver.poll()).figures["errors_per_min"] == 200.0  # too soon for another rate
        clock.at += 29
        condition = await rig.driver.poll()
    assert (condition.reason, condition.figures["errors_per_min"], condition.figures["worst_port"]) == ("", 0.0, "")


async def test_a_reboot_is_told_although_it_breaks_the_connection(sim: NetworkGearSim, clock: Hands) -> None:
    link = transport_to(Address.parse(sim.address))
    sim._booted_at -= 5000
    async with driving("network_gear", sim.address, link, clock, answer_wait_s=0.1) as rig:
        await rig.driver.poll()
        await sim.do("dont_answer", NOTHING)
        with pytest.raises(NoAnswer):
            await rig.driver.poll()
    await sim.do("reboot", NOTHING)
    await sim.do("heal", NOTHING)
    clock.at += 60
    async with driving("network_gear", sim.address, link, clock, answer_wait_s=0.1) as again:
        again.driver.follow(rig.driver)
        await again.driver.poll()
        await again.driver.poll()
    assert told(again) == [("rebooted", {"uptime_s": 0})]


async def test_the_clock_of_a_device_that_wraps_after_497_days_is_no_reboot(sim: NetworkGearSim, clock: Hands) -> None:
    stand_in(sim, f"{SYSTEM}.3.0", snmp_agent.number(2**32 - 500, snmp_agent.TICKS))
    async with on(sim, clock) as rig:
        await rig.driver.poll()
        clock.at += 10
        stand_in(sim, f"{SYSTEM}.3.0", snmp_agent.number(500, snmp_agent.TICKS))
        await rig.driver.poll()
    assert told(rig) == []


async def test_power_over_its_threshold_or_a_faulty_supply_is_said(sim: NetworkGearSim) -> None:
    async with on(sim) as rig:
        await sim.do("poe_overload", NOTHING)
        condition = await rig.driver.poll()
        assert (condition.reason, condition.figures["poe_w"]) == ("poe_overload", 370)
        await sim.do("heal", NOTHING)
        assert (await rig.driver.poll()).reason == ""
        stand_in(sim, f"{POWER}.3.1.1.3.1", snmp_agent.number(3))
        assert (await rig.driver.poll()).reason == "poe_overload"


async def test_a_device_without_power_to_give_is_asked_for_it_once(sim: NetworkGearSim) -> None:
    for oid in [oid for oid in sim.tree._order if oid[:9] == (1, 3, 6, 1, 2, 1, 105, 1, 3)]:
        sim.tree._order.remove(oid)
    async with on(sim) as rig:
        assert (await rig.driver.poll()).figures["poe_w"] is None
        first = sim.questions
        await rig.driver.poll()
        assert (sim.questions - first) <= first - 6
        assert (await rig.run(asked(rig, "poe_cycle", {"port": "GigabitEthernet1/0/1"}))).reason == "no_poe"


async def test_pages_the_device_calls_too_big_are_halved_and_every_port_is_there(sim: NetworkGearSim) -> None:
    await sim.do("too_big", TooBig(rows=9))
    async with on(sim) as rig:
        assert (await rig.driver.poll()).figures["ports"] == PORTS
        agent = await rig.driver._asked()  # type: ignore[attr-defined]
        assert agent._rows_at_once == 8


async def test_a_page_refused_in_the_middle_of_a_column_is_noticed(sim: NetworkGearSim, monkeypatch: pytest.MonkeyPatch) -> None:
    real = snmp_agent.answer
    late_in_aliases = tuple(map(int, f"{MORE}.18.40".split(".")))

    def refuses(tree: Any, request: Any, too_big_over: int) -> bytes:
        far = (
            request.kind == snmp_agent.GET_BULK
            and request.asked[0][0] >= late_in_aliases
            and request.asked[0][0][:-1] == late_in_aliases[:-1]
        )
        return real(tree, request, 4 if far else too_big_over)

    stand_in(sim, f"{MORE}.18.48", snmp_agent.octets("uplink"))
    monkeypatch.setattr(snmp_agent, "answer", refuses)
    monkeypatch.setattr(way, "ROWS_AT_ONCE", 40)
    async with on(sim) as rig:
        ports = (await rig.run(asked(rig, "ports"))).answer["ports"]
    assert (ports[0]["alias"], ports[-1]["alias"]) == ("椅位 1", "uplink")


async def test_a_table_that_never_ends_is_left(sim: NetworkGearSim) -> None:
    async with on(sim) as rig:
        agent = await rig.driver._asked()  # type: ignore[attr-defined]
        assert len(await agent.column(f"{MORE}.1", rows_max=10)) == 10
        loop = (tuple(map(int, f"{MORE}.1.5".split("."))), snmp_agent.octets("again"))
        sim.tree.after = lambda oid: loop  # type: ignore[method-assign]
        assert await agent.column(f"{MORE}.1") == {(5,): b"again"}


async def test_ports_are_listed_with_what_they_carry(sim: NetworkGearSim, clock: Hands) -> None:
    async with on(sim, clock) as rig:
        await rig.driver.poll()
        clock.at += 10
        sim.ports[1].octets += 1_250_000
        sim.ports[1].errors += 5
        result = await rig.run(asked(rig, "ports"))
        assert result.outcome is Outcome.DONE
        assert result.answer["more"] is False
        assert result.answer["ports"][0] == {
            "name": "GigabitEthernet1/0/1",
            "alias": "椅位 1",
            "up": True,
            "wanted": True,
            "speed_mbps": 1000,
            "errors": 5,
            "errors_per_min": 30.0,
            "in_bps": 1_000_000,
            "out_bps": 1_000_000,
            "poe": True,
            "poe_w_max": 7.0,
        }
        assert result.answer["ports"][-1]["poe"] is None
        rest = (await rig.run(asked(rig, "ports", {"first": 46}))).answer["ports"]
    assert [port["name"] for port in rest] == ["GigabitEthernet1/0/47", "GigabitEthernet1/0/48"]


async def test_the_power_of_a_port_goes_off_for_five_seconds_and_on_again(sim: NetworkGearSim, clock: Hands) -> None:
    seen: list[bool] = []
    async with on(sim, clock) as rig:
        work = asked(rig, "poe_cycle", {"port": "GigabitEthernet1/0/9"})
        clock.sleep = lambda seconds: seen.append(sim.ports[9].feeds) or Hands.sleep(clock, seconds)  # type: ignore[method-assign,func-returns-value]
        result = await rig.run(work)
    assert (result.outcome, work.wrote, seen, clock.slept) == (Outcome.DONE, True, [False], [5.0])
    assert sim.ports[9].feeds
    assert all(port.feeds for port in sim.ports.values())


async def test_a_lost_answer_to_a_power_command_is_unknown_and_the_power_comes_back(sim: NetworkGearSim, clock: Hands) -> None:
    async with on(sim, clock) as rig:
        heard: list[int] = []
        real = sim.received

        def mute_after_set(data: bytes, sender: Any) -> None:
            if snmp_agent.Request.read(data).kind == snmp_agent.SET:
                heard.append(sim.questions)
                sim.end.send, kept = (lambda *_: None), sim.end.send  # type: ignore[method-assign]
                real(data, sender)
                sim.end.send = kept  # type: ignore[method-assign]
            else:
                real(data, sender)

        sim.end.received = mute_after_set
        result = await rig.run(asked(rig, "poe_cycle", {"port": "GigabitEthernet1/0/9"}))
    assert (result.outcome, result.reason, len(heard)) == (Outcome.UNKNOWN, "poe_unconfirmed", 2)  # off and on, each once
    assert sim.ports[9].feeds


async def test_a_power_command_cut_short_gives_the_power_back(sim: NetworkGearSim) -> None:
    async with on(sim) as rig:
        cycling = asyncio.create_task(rig.run(asked(rig, "poe_cycle", {"port": "GigabitEthernet1/0/9"})))
        while sim.ports[9].feeds:
            await asyncio.sleep(0)
        cycling.cancel()
        await asyncio.gather(cycling, return_exceptions=True)
    assert cycling.cancelled()
    assert sim.ports[9].feeds


@pytest.mark.parametrize(("port", "why"), [("GigabitEthernet9", "no_such_port"), ("GigabitEthernet1/0/48", "no_poe")])
async def test_power_is_not_cycled_where_there_is_none(sim: NetworkGearSim, port: str, why: str) -> None:
    async with on(sim) as rig:
        work = asked(rig, "poe_cycle", {"port": port})
        result = await rig.run(work)
    assert (result.outcome, result.reason, work.wrote) == (Outcome.FAILED, why, False)


async def test_a_device_that_lets_nobody_change_anything_is_named(sim: NetworkGearSim) -> None:
    sim.tree._setters.clear()
    async with on(sim) as rig:
        result = await rig.run(asked(rig, "poe_cycle", {"port": "GigabitEthernet1/0/9"}))
    assert (result.outcome, result.reason) == (Outcome.FAILED, "snmp_read_only")


@pytest.mark.parametrize("fault", ["dont_answer", "wrong_community", "unplug"])
async def test_a_device_that_does_not_answer_says_so_within_its_limit(sim: NetworkGearSim, fault: str) -> None:
    await sim.do(fault, NOTHING)
    async with on(sim) as rig:
        with pytest.raises(NoAnswer) as miss:
            await rig.driver.identify()
    assert miss.value.reason == "snmp_silent"


async def test_an_answer_that_comes_late_is_never_that_of_the_next_question(sim: NetworkGearSim) -> None:
    async with on(sim, answer_wait_s=0.05) as rig:
        sent, send = asyncio.Event(), sim.end.send
        sim.end.send = lambda *said: (send(*said), sent.set())[0]  # type: ignore[method-assign,func-returns-value]
        await sim.do("slow", Late(seconds=0.06))
        with pytest.raises(NoAnswer):
            await rig.driver.identify()
        await sim.do("heal", NOTHING)
        await sent.wait()  # on loopback it lies in the other socket now
        assert (await rig.driver.identify()).serial == "SIM-sw1"


async def test_nonsense_is_a_miss_and_the_next_answer_is_good(sim: NetworkGearSim) -> None:
    async with on(sim) as rig:
        await sim.do("garble", Garble(answers=1))
        with pytest.raises(NotUnderstood):
            await rig.driver.poll()
        assert (await rig.driver.poll()).figures["ports"] == PORTS


async def test_cancelled_at_every_question_it_lets_go_and_works_again(sim: NetworkGearSim, monkeypatch: pytest.MonkeyPatch) -> None:
    left, real = 0, way._named

    async def cancelled(asking: Any) -> Any:
        nonlocal left
        left -= 1
        if left == 0:
            asyncio.current_task().cancel()  # type: ignore[union-attr]
        return await real(asking)

    async def whole() -> None:
        async with on(sim) as rig:
            await rig.driver.identify()
            await rig.driver.poll()

    monkeypatch.setattr(way, "_named", cancelled)
    for at in range(1, 100):
        left = at
        task = asyncio.create_task(whole())
        await asyncio.gather(task, return_exceptions=True)
        if not task.cancelled():
            await task
            break
    assert at > 10


async def test_a_cancellation_the_library_loses_is_carried_out_all_the_same() -> None:
    async def loses() -> str:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            return "an answer"
        return ""

    task = asyncio.create_task(way._named(loses()))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert task.cancelled()


async def test_the_community_and_the_keys_show_nowhere(sim: NetworkGearSim, caplog: pytest.LogCaptureFixture) -> None:
    sim.community = "public"
    profile = NetworkGearProfile(community=SECRET, version="v3", user="hub", auth="sha", auth_key=SECRET, priv="aes", priv_key=SECRET)
    device = Device(id="d", kind="network_gear", name="d", address=sim.address, profile={"community": SECRET, "version": "v3"})
    with pytest.raises(ValueError, match="v3 needs a user") as refused:
        Lines().assembled(device, Clock())
    async with on(sim, community=SECRET) as rig:
        with pytest.raises(NoAnswer) as silent:
            await rig.driver.poll()
    said = [repr(profile), str(profile), profile.model_dump_json(), str(refused.value), repr(silent.value), caplog.text]
    said.append(device.info(()).model_dump_json())
    assert not [words for words in said if SECRET in words]
