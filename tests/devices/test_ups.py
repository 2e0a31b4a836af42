"""The UPS driver: mains, battery, nearly empty and not known are four states, and what is not known is never lost mains."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from devices.driver import Condition
from devices.drivers.ups import UpsProfile
from devices.drivers.ups.nut import BYTES_MAX, ROWS_MAX, Answer, NoSuchUps, NotALine, NutSilent, Refused, TooMuch, words
from devices.errors import CannotConnect, LinkLost
from devices.simulators.ups import Battery, Load, UpsSim
from devices.simulators.verbs import AfterBytes, Garble, Nothing
from hub.ports import Outcome
from tests.devices.rig import Rig, driving, errand

NOTHING = Nothing()
UNKNOWN = {"battery_pct": None, "minutes_left": None, "load_pct": None, "input_v": None, "battery_v": None, "lines_ignored": 0}


@pytest_asyncio.fixture
async def sim() -> AsyncIterator[UpsSim]:
    """A UPS on the mains with a full battery."""
    sim = UpsSim.on_tcp("u1")
    await sim.start()
    yield sim
    await sim.stop()


def on(sim: UpsSim, **profile: Any) -> Any:
    return driving("ups", sim.address, **{"answer_wait_s": 0.1, **profile})


async def reason_after(sim: UpsSim, rig: Rig, verb: str, **args: Any) -> str:
    await sim.do(verb, sim.verbs[verb](**args))
    return (await rig.driver.poll()).reason


def told(rig: Rig) -> list[str]:
    return [news.name for news in rig.bells.announced]


def answer_to(asked: str, data: bytes) -> Answer:
    answer = Answer(asked)
    answer.take(data)
    return answer


# what the lines mean


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (b"END LIST UPS", ["END", "LIST", "UPS"]),
        (b'VAR u ups.model "a \\"b\\" c\\\\d"', ["VAR", "u", "ups.model", 'a "b" c\\d']),
        (b'VAR u ups.id "till \\#2"', ["VAR", "u", "ups.id", "till #2"]),
        (b'VAR  u   x ""\r', ["VAR", "u", "x", ""]),
        ('VAR u x "备用"'.encode(), ["VAR", "u", "x", "备用"]),
        (b"", []),
    ],
)
def test_a_line_is_read_with_its_quotes_and_escapes(line: bytes, found: list[str]) -> None:
    assert words(line) == found


@pytest.mark.parametrize("line", [b'VAR u x "open', b'VAR u x "a\\"', b'VAR u x "a"b', b'VAR u x a"b"', b"VAR u\\x y", b"VAR \xff"])
def test_a_broken_line_is_refused(line: bytes) -> None:
    with pytest.raises(NotALine):
        words(line)


@given(st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), max_size=40))
def test_any_value_comes_through_its_quotes_as_it_was(value: str) -> None:
    quoted = "".join(f"\\{letter}" if letter in '"\\#' else letter for letter in value)
    assert words(f'VAR u x "{quoted}"'.encode()) == ["VAR", "u", "x", value]


@given(st.binary(max_size=60) | st.text('VARu "\\#x', max_size=30).map(str.encode))
def test_any_line_is_words_or_refused(line: bytes) -> None:
    with contextlib.suppress(NotALine):
        assert "".join(words(line)).count("\n") <= line.count(b"\n")


WHOLE = b'BEGIN LIST VAR u\nVAR u ups.status "OL \\"x\\""\nVAR u battery.charge "50"\nEND LIST VAR u\n'


@given(st.lists(st.integers(0, len(WHOLE)), max_size=8).map(sorted))
def test_an_answer_is_the_same_however_its_bytes_are_cut(cuts: list[int]) -> None:
    answer = Answer("VAR u")
    for start, end in zip([0, *cuts], [*cuts, len(WHOLE)], strict=True):
        answer.take(WHOLE[start:end])
    assert (answer.complete, answer.ignored) == (True, 0)
    assert answer.rows == {"ups.status": 'OL "x"', "battery.charge": "50"}


@given(st.lists(st.binary(max_size=30) | st.sampled_from([b"BEGIN LIST VAR u\n", b"END LIST VAR u\n", b"ERR X\n", b'VAR u a "b"\n'])))
def test_any_bytes_are_an_answer_or_none_and_nothing_else_happens(pieces: list[bytes]) -> None:
    answer = Answer("VAR u")
    with contextlib.suppress(Refused):
        for piece in pieces:
            answer.take(piece)
    assert not answer.complete or b"".join(pieces).count(b"LIST VAR u") >= 2


def test_lines_that_do_not_belong_to_the_answer_are_counted_and_change_nothing() -> None:
    strange = (
        b'VAR u early "1"\nBEGIN LIST VAR u\nVAR other ups.status "OB"\nVAR u a "1" more\n"open\nEND LIST VAR other\n'
        b'VAR u ok "2"\nEND LIST VAR u\nVAR u late "3"\n'
    )
    answer = answer_to("VAR u", strange)
    assert (answer.complete, answer.rows, answer.ignored) == (True, {"ok": "2"}, 6)


def test_an_answer_without_end_is_given_up_by_bytes_and_by_rows() -> None:
    with pytest.raises(TooMuch):
        answer_to("UPS", b"9" * (BYTES_MAX + 1))
    with pytest.raises(TooMuch):
        answer_to("UPS", b"BEGIN LIST UPS\n" + b"".join(b'UPS u%d ""\n' % n for n in range(ROWS_MAX + 1)))


# how it is


async def test_on_the_mains_it_is_well_and_tells_its_figures_and_who_it_is(sim: UpsSim) -> None:
    async with on(sim) as rig:
        who = await rig.driver.identify()
        assert (who.model, who.serial, who.firmware) == ('SIMULATED 650 "desk"', "SIM-u1", "1.0 SIMULATED")
        assert await rig.driver.poll() == Condition(
            figures={"battery_pct": 100, "minutes_left": 30, "load_pct": 20, "input_v": 230.4, "battery_v": 13.6, "lines_ignored": 0}
        )


async def test_a_power_cut_from_its_beginning_to_its_end(sim: UpsSim) -> None:
    async with on(sim) as rig:
        assert (await rig.driver.poll()).reason == ""
        assert await reason_after(sim, rig, "mains_off") == "on_battery"
        assert (await rig.driver.poll()).reason == "on_battery"
        assert await reason_after(sim, rig, "battery", pct=15, minutes=3) == "battery_low"
        assert (await rig.driver.poll()).figures["minutes_left"] == 3
        assert await reason_after(sim, rig, "mains_on") == ""
    assert [(news.name, news.body) for news in rig.bells.announced] == [
        ("power_lost", {"battery_pct": 100, "minutes_left": 30}),
        ("battery_low", {"battery_pct": 15, "minutes_left": 3}),
        ("power_back", {"battery_pct": 15, "minutes_left": 3}),
    ]


async def test_mains_that_come_back_while_nut_is_away_are_told_when_it_is_there_again(sim: UpsSim) -> None:
    async with on(sim) as rig:
        assert await reason_after(sim, rig, "mains_off") == "on_battery"
        await sim.do("unplug", NOTHING)
        with pytest.raises(LinkLost):
            await rig.driver.poll()
    await sim.do("plug_in", NOTHING)
    await sim.do("mains_on", NOTHING)
    async with on(sim) as again:
        again.driver.follow(rig.driver)
        await again.driver.poll()
    assert told(again) == ["power_back"]


async def test_each_cut_is_told_anew(sim: UpsSim) -> None:
    await sim.do("battery", Battery(pct=5, minutes=1))
    async with on(sim) as rig:
        for verb in ("mains_off", "mains_on", "mains_off"):
            await reason_after(sim, rig, verb)
    assert told(rig) == ["power_lost", "battery_low", "power_back", "power_lost", "battery_low"]


@pytest.mark.parametrize("seen_well", [True, False])
async def test_a_battery_first_seen_nearly_empty_tells_of_the_cut_too(sim: UpsSim, *, seen_well: bool) -> None:
    async with on(sim) as rig:
        if seen_well:
            await rig.driver.poll()
        await sim.do("mains_off", NOTHING)
        await sim.do("battery", Battery(pct=5, minutes=1))
        assert (await rig.driver.poll()).reason == "battery_low"
    assert told(rig) == ["power_lost", "battery_low"]


async def test_a_battery_that_charges_from_nearly_nothing_is_no_alarm(sim: UpsSim) -> None:
    async with on(sim) as rig:
        assert await reason_after(sim, rig, "battery", pct=3, minutes=1) == ""
    assert sim.status == "OL CHRG LB"
    assert told(rig) == []


@pytest.mark.parametrize(("verb", "reason"), [("stale", "ups_stale"), ("driver_gone", "ups_driver_gone"), ("wait", "ups_stale")])
@pytest.mark.parametrize("mains", [True, False])
async def test_what_is_not_known_is_a_state_of_its_own_and_no_change_of_the_mains(
    sim: UpsSim, verb: str, reason: str, *, mains: bool
) -> None:
    await sim.do("mains_on" if mains else "mains_off", NOTHING)
    async with on(sim) as rig:
        before = await rig.driver.poll()
        await sim.do(verb, NOTHING)
        assert await rig.driver.poll() == Condition(reason=reason, figures=UNKNOWN)
        assert await reason_after(sim, rig, "heal") == before.reason
    assert told(rig) == ([] if mains else ["power_lost"])


@pytest.mark.parametrize("verb", ["stale", "driver_gone", "wait"])
async def test_a_cut_behind_what_is_not_known_is_told_when_it_is_seen(sim: UpsSim, verb: str) -> None:
    async with on(sim) as rig:
        await rig.driver.poll()
        await reason_after(sim, rig, verb)
        await sim.do("mains_off", NOTHING)
        assert (await rig.driver.poll()).reason.startswith("ups_")
        assert told(rig) == []
        assert await reason_after(sim, rig, "heal") == "on_battery"
    assert told(rig) == ["power_lost"]


@pytest.mark.parametrize("verb", ["stale", "driver_gone"])
async def test_a_ups_of_which_nothing_is_known_is_taken_in_without_a_name(sim: UpsSim, verb: str) -> None:
    await sim.do(verb, NOTHING)
    async with on(sim) as rig:
        assert (await rig.driver.identify()).serial == ""


async def test_a_worn_battery_and_too_much_load_are_said_and_lost_mains_come_first(sim: UpsSim) -> None:
    async with on(sim) as rig:
        assert await reason_after(sim, rig, "replace_battery") == "replace_battery"
        assert await reason_after(sim, rig, "load", pct=120) == "ups_overload"
        assert (await rig.driver.poll()).figures["load_pct"] == 120
        assert await reason_after(sim, rig, "mains_off") == "on_battery"
        assert (await rig.driver.poll()).figures["input_v"] == 0.0


@pytest.mark.parametrize("said", ["-1", "nan", "1e3", "Infinity", "unknown", "", "9" * 40])
async def test_a_figure_that_is_no_number_is_not_told(sim: UpsSim, said: str) -> None:
    rows = sim._variables() | {"battery.charge": said, "battery.runtime": "119.9"}
    sim._variables = lambda: rows  # type: ignore[method-assign]
    async with on(sim) as rig:
        figures = (await rig.driver.poll()).figures
    assert (figures["battery_pct"], figures["minutes_left"]) == (None, 1)


async def test_its_names_are_told_without_what_does_not_print(sim: UpsSim) -> None:
    rows = sim._variables() | {"ups.model": "\x1b[2J Pro \x00" + "x" * 500, "ups.serial": "\t"}
    sim._variables = lambda: rows  # type: ignore[method-assign]
    async with on(sim) as rig:
        who = await rig.driver.identify()
    assert who.model.startswith("SIMULATED [2J Pro xxx")
    assert (len(who.model), who.serial) == (60, "")


# which one it is


async def test_the_only_ups_needs_no_name_and_of_several_one_is_named(sim: UpsSim) -> None:
    sim.names = ("office", "till")
    with pytest.raises(NoSuchUps):
        async with on(sim):
            pass
    async with on(sim, ups="till") as rig:
        assert (await rig.driver.poll()).reason == ""
    sim.names = ("office",)
    async with on(sim) as rig:
        assert (await rig.driver.poll()).reason == ""


@pytest.mark.parametrize("names", [(), ("office",)])
async def test_a_ups_that_nut_does_not_have_is_not_found(sim: UpsSim, names: tuple[str, ...]) -> None:
    sim.names = names
    with pytest.raises(NoSuchUps) as refused:
        async with on(sim, ups="" if not names else "till"):
            pass
    assert refused.value.reason == "ups_not_found"


async def test_a_ups_taken_out_of_nut_is_not_found_at_the_next_look(sim: UpsSim) -> None:
    async with on(sim) as rig:
        sim.names = ()
        with pytest.raises(NoSuchUps):
            await rig.driver.poll()


@pytest.mark.parametrize("name", ["a b", "x\nSHUTDOWN", 'a"', "备", "x" * 61])
def test_a_name_that_could_be_more_than_a_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="ups"):
        UpsProfile.model_validate({"ups": name})


# faults of the line


async def test_nonsense_and_half_an_answer_are_no_answer_and_the_next_connection_is_good(sim: UpsSim) -> None:
    for fault, args in (("garble", Garble(answers=1)), ("half_write", AfterBytes(after_bytes=90)), ("dont_answer", NOTHING)):
        async with on(sim) as rig:
            await rig.driver.poll()
            await sim.do(fault, args)
            with pytest.raises(NutSilent):
                await rig.driver.poll()
        await sim.do("heal", NOTHING)
        async with on(sim) as rig:
            assert (await rig.driver.poll()).reason == ""


async def test_strange_lines_around_an_answer_are_counted(sim: UpsSim) -> None:
    hear = sim._hear
    sim.end._hear = lambda line: b"NEWS of today\n" + hear(line)
    async with on(sim, ups="ups") as rig:
        assert (await rig.driver.poll()).figures["lines_ignored"] == 2  # one at the question who it is


async def test_a_refusal_we_do_not_know_and_a_flood_are_no_answer(sim: UpsSim) -> None:
    async with on(sim, answer_wait_s=2) as rig:
        for answer in (b"ERR ACCESS-DENIED\n", b"9" * 100_000):
            sim.end._hear = lambda _line, answer=answer: answer
            await rig.driver.stop()
            with pytest.raises(NutSilent):
                await rig.driver.identify()


async def test_a_program_that_stops_is_a_lost_link_and_then_not_there(sim: UpsSim) -> None:
    async with on(sim) as rig:
        await rig.driver.poll()
        await sim.do("unplug", NOTHING)
        with pytest.raises(LinkLost):
            await rig.driver.poll()
    with pytest.raises(CannotConnect):
        async with on(sim):
            pass


async def test_the_status_verb_looks_at_once(sim: UpsSim) -> None:
    async with on(sim) as rig:
        await sim.do("mains_off", NOTHING)
        result = await rig.run(errand("status", kind=type(rig.driver)))
        assert (result.outcome, rig.bells.reasons()) == (Outcome.DONE, ["on_battery"])


# the simulator


def said(sim: UpsSim, line: str) -> str:
    return sim._hear(line.encode()).decode()


def test_the_simulator_answers_as_upsd_does() -> None:
    sim = UpsSim("u1")
    assert said(sim, "LIST UPS") == 'BEGIN LIST UPS\nUPS ups "SIMULATED u1"\nEND LIST UPS\n'
    assert said(sim, 'GET VAR "ups" ups.model') == 'VAR ups ups.model "650 \\"desk\\""\n'
    assert said(sim, "GET UPSDESC ups") == 'UPSDESC ups "SIMULATED u1"\n'
    assert said(sim, "VER").startswith("Network UPS Tools upsd")
    refused = {"": "UNKNOWN-COMMAND", '"open': "UNKNOWN-COMMAND", "SET VAR ups x y": "UNKNOWN-COMMAND", "LIST": "INVALID-ARGUMENT"}
    refused |= {"GET VAR ups": "INVALID-ARGUMENT", "GET VAR ups nope": "VAR-NOT-SUPPORTED", "LIST VAR nope": "UNKNOWN-UPS"}
    assert {line: said(sim, line) for line in refused} == {line: f"ERR {code}\n" for line, code in refused.items()}


async def test_the_simulator_serves_several_at_once_and_each_gets_its_own_answer(sim: UpsSim) -> None:
    async with on(sim) as first, on(sim) as second:
        conditions = await asyncio.gather(first.driver.poll(), second.driver.poll())
    assert [condition.reason for condition in conditions] == ["", ""]


async def test_the_simulator_shows_its_faults_and_heals(sim: UpsSim) -> None:
    state = {}
    for verb in ("mains_off", "replace_battery", "stale", "dont_answer", "unplug"):
        state = await sim.do(verb, NOTHING)
    assert (state["plugged"], state["mains"]) == (False, False)
    assert state["faults"] == ["unplug", "replace_battery", "stale", "dont_answer"]
    state = await sim.do("heal", NOTHING)
    assert (state["plugged"], state["mains"], state["faults"]) == (True, False, [])
    assert (await sim.do("load", Load(pct=101)))["status"] == "OB DISCHRG OVER"
