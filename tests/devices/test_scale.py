"""The scale driver in its three languages: only a weight at rest is given out, and never the weight of something else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, get_args

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from devices.driver import Result
from devices.drivers import scale
from devices.drivers.scale import At, NotAWeight, Reading, ScaleProfile
from devices.errors import CannotConnect, LinkLost, Silent
from devices.simulators.scale import CAPACITY_MG, Dialect, Put, ScaleSim
from devices.simulators.verbs import AfterBytes, Garble, Late, Nothing
from hub.ports import Outcome
from tests.devices.rig import Rig, driving, errand, until

NOTHING = Nothing()
READERS = {"toledo_8217": scale.toledo, "mt_sics": scale.sics, "cas": scale.cas}


@pytest_asyncio.fixture(params=get_args(Dialect))
async def sim(request: pytest.FixtureRequest) -> AsyncIterator[ScaleSim]:
    """A scale of each language."""
    sim = ScaleSim.on_tcp("scale", dialect=request.param)
    await sim.start()
    yield sim
    await sim.stop()


def on(sim: ScaleSim, **profile: Any):
    return driving("scale", sim.address, dialect=sim.dialect, **{"answer_wait_s": 0.1, **profile})


async def weighed(rig: Rig, within_s: float = 0.3) -> Result:
    return await rig.run(errand("weigh", {"within_s": within_s}, kind=type(rig.driver)))


@pytest.mark.parametrize(
    ("dialect", "answer", "reading"),
    [
        ("toledo_8217", b"\x0201.250\r", Reading(At.REST, 1_250_000)),
        ("toledo_8217", b"\x0200.005N\r", Reading(At.REST, 5000)),
        ("toledo_8217", b"\x02?\x01\r", Reading(At.MOVING)),
        ("toledo_8217", b"\x02?\x02\r", Reading(At.OVER)),
        ("toledo_8217", b"\x02?\x04\r", Reading(At.UNDER)),
        ("mt_sics", b"S S     100.00 g\r\n", Reading(At.REST, 100_000)),
        ("mt_sics", b"S S      0.0005 kg\r\n", Reading(At.REST, 500)),
        ("mt_sics", b"S D     129.07 g\r\n", Reading(At.MOVING)),
        ("mt_sics", b"S S      -0.50 g\r\n", Reading(At.UNDER)),
        ("mt_sics", b"S S      -0.00 g\r\n", Reading(At.REST, 0)),
        ("mt_sics", b"S +\r\n", Reading(At.OVER)),
        ("mt_sics", b"S -\r\n", Reading(At.UNDER)),
        ("mt_sics", b"S I\r\n", Reading(At.MOVING)),
        ("cas", b"\x01\x02S 01.250kg\x67\x03\x04", Reading(At.REST, 1_250_000)),
        ("cas", b"\x01\x02U 01.250kg\x61\x03\x04", Reading(At.MOVING)),
    ],
)
def test_an_answer_is_read_as_its_language_means_it(dialect: str, answer: bytes, reading: Reading) -> None:
    assert READERS[dialect](answer) == reading


@pytest.mark.parametrize(
    ("dialect", "answer"),
    [
        ("toledo_8217", b"\x02?\x40\r"),  # it did not understand us
        ("toledo_8217", b"\x02 1.250\r"),
        ("toledo_8217", b"01.250\r"),
        ("mt_sics", b"ES\r\n"),
        ("mt_sics", b"S S     100.00 lb\r\n"),  # no unit of ours
        ("mt_sics", b"S S     1.2.3 g\r\n"),
        ("mt_sics", b"S S     0.0000005 g\r\n"),  # less than we can keep: nothing is rounded away
        ("cas", b"\x01\x02S 01.250kg\x55\x03\x04"),  # its check is wrong
        ("cas", b"\x01\x02S 01.250lb\x65\x03\x04"),
    ],
)
def test_what_is_no_weight_is_refused(dialect: str, answer: bytes) -> None:
    with pytest.raises(NotAWeight):
        READERS[dialect](answer)


@given(st.sampled_from(sorted(READERS)), st.binary(max_size=40) | st.from_regex(rb"\x02[0-9.]{6}N?\r", fullmatch=True))
def test_any_bytes_are_a_reading_or_refused(dialect: str, answer: bytes) -> None:
    try:
        reading = READERS[dialect](answer)
    except NotAWeight:
        return
    assert (reading.mg is not None) is (reading.at is At.REST)
    assert reading.mg is None or reading.mg >= 0


async def test_a_weight_at_rest_is_given_in_milligrams(sim: ScaleSim) -> None:
    await sim.do("put", Put(mg=1_250_000))
    async with on(sim) as rig:
        result = await weighed(rig)
    assert (result.outcome, result.answer) == (Outcome.DONE, {"mg": 1_250_000})


async def test_while_the_pan_moves_there_is_no_weight(sim: ScaleSim) -> None:
    await sim.do("put", Put(mg=60_000))
    await sim.do("jiggle", NOTHING)
    async with on(sim) as rig:
        result = await weighed(rig)
        assert (result.outcome, result.retry_safe, result.reason) == (Outcome.FAILED, True, "scale_moving")
        assert (await rig.driver.poll()).figures["mg"] is None
    assert rig.bells.announced == []


async def test_a_weight_is_waited_for_until_the_pan_rests(sim: ScaleSim) -> None:
    await sim.do("put", Put(mg=60_000))
    await sim.do("jiggle", NOTHING)
    async with on(sim) as rig:
        weighing = asyncio.ensure_future(weighed(rig, within_s=10))
        await until(lambda: len(rig.bells.shown) >= 2)
        assert not weighing.done()
        await sim.do("settle", NOTHING)
        assert (await weighing).answer == {"mg": 60_000}


async def test_another_weight_at_rest_is_told_once(sim: ScaleSim) -> None:
    async with on(sim) as rig:
        for mg in (0, 0, 30_000, 30_000, 0):
            await sim.do("put", Put(mg=mg))
            await rig.driver.poll()
        await sim.do("jiggle", NOTHING)
        await sim.do("put", Put(mg=90_000))
        await rig.driver.poll()
    assert [(told.name, told.body) for told in rig.bells.announced] == [("weight", {"mg": mg}) for mg in (0, 30_000, 0)]


@pytest.mark.parametrize(("mg", "reason"), [(CAPACITY_MG + 1, "over_capacity"), (-40_000, "under_zero")])
async def test_too_much_and_less_than_nothing_are_said_and_no_weight(sim: ScaleSim, mg: int, reason: str) -> None:
    if sim.dialect == "cas":
        reason = "" if reason == "over_capacity" else reason  # it only shows that it does not rest
    await sim.do("put", Put(mg=mg))
    async with on(sim) as rig:
        assert (await rig.driver.poll()).reason == reason
        result = await weighed(rig)
    assert (result.outcome, result.reason) == (Outcome.FAILED, reason or "scale_moving")


async def test_an_answer_that_comes_late_is_never_the_weight_of_what_lies_there_now(sim: ScaleSim) -> None:
    await sim.do("put", Put(mg=500_000))
    async with on(sim, answer_wait_s=0.2) as rig:
        await rig.driver.poll()
        await sim.do("late", Late(seconds=0.22))
        with pytest.raises(Silent):
            await rig.driver.poll()
        await sim.do("late", Late(seconds=0))
        await sim.do("put", Put(mg=20_000))
        assert (await weighed(rig)).answer == {"mg": 20_000}


async def test_an_answer_nobody_asked_for_is_not_taken_for_one(sim: ScaleSim) -> None:
    await sim.do("put", Put(mg=20_000))
    async with on(sim) as rig:
        await rig.driver.poll()
        sim._say(getattr(sim, f"_{sim.dialect}")({"toledo_8217": b"W", "mt_sics": b"SI\r\n", "cas": b"\x11"}[sim.dialect]))
        await sim.do("put", Put(mg=70_000))
        await asyncio.sleep(0)
        assert (await rig.driver.poll()).figures["mg"] == 70_000


async def test_nonsense_and_half_an_answer_are_silence_and_the_next_answer_is_good(sim: ScaleSim) -> None:
    await sim.do("put", Put(mg=20_000))
    async with on(sim) as rig:
        await rig.driver.poll()
        for fault, args in (("garble", Garble(answers=2)), ("half_write", AfterBytes(after_bytes=0 if sim.dialect == "cas" else 3))):
            await sim.do(fault, args)
            with pytest.raises(Silent):
                await rig.driver.poll()
            await sim.do("heal", NOTHING)
            assert (await rig.driver.poll()).figures["mg"] == 20_000


async def test_a_scale_that_floods_the_line_is_refused_within_limits(sim: ScaleSim) -> None:
    async with on(sim) as rig:
        await rig.driver.poll()
        sim._toledo_8217 = sim._mt_sics = sim._cas = lambda _question: b"9" * 5000  # type: ignore[method-assign]
        with pytest.raises(Silent):
            await rig.driver.poll()


async def test_a_scale_that_is_silent_or_gone_says_so(sim: ScaleSim) -> None:
    await sim.do("dont_answer", NOTHING)
    async with on(sim) as rig:
        with pytest.raises(Silent):
            await rig.driver.identify()
    await sim.do("heal", NOTHING)
    async with on(sim) as rig:
        await rig.driver.identify()
        await sim.do("unplug", NOTHING)
        with pytest.raises((LinkLost, Silent)):
            await weighed(rig)
    with pytest.raises(CannotConnect):
        async with on(sim):
            pass


async def test_a_scale_of_mt_sics_tells_who_it_is() -> None:
    sim = ScaleSim.on_tcp("s1", dialect="mt_sics")
    await sim.start()
    async with on(sim) as rig:
        who = await rig.driver.identify()
    await sim.stop()
    assert (who.model, who.serial, who.firmware) == ("SIM-15 SIMULATED", "SIM-s1", "1.0 SIMULATED")


async def test_a_scale_hangs_on_a_serial_line_too(tmp_path: Path) -> None:
    sim = ScaleSim.on_pty("s", tmp_path / "scale")
    await sim.start()
    await sim.do("put", Put(mg=7000))
    async with driving("scale", f"serial://{tmp_path / 'scale'}", answer_wait_s=0.3) as rig:
        assert (await weighed(rig)).answer == {"mg": 7000}
    await sim.stop()


def test_the_profile_refuses_a_language_nobody_speaks() -> None:
    with pytest.raises(ValueError, match="dialect"):
        ScaleProfile.model_validate({"dialect": "klingon"})
