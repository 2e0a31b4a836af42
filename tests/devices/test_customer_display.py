"""The customer display: a price stands whole at the right edge, and nothing meant for one guest is left to the next."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from devices.driver import Result
from devices.drivers.customer_display import AGAIN_S, COLUMNS, NotTaken, Show, TooWide, set_line
from devices.errors import LinkLost
from devices.recording import Fault, Faulty
from devices.simulators.customer_display import Dialect, DisplaySim
from devices.simulators.verbs import Nothing
from devices.transport import Address, Transport, transport_to
from hub.clock import MovedClock
from hub.ports import DisplayLine, Outcome
from tests.devices.rig import Bells, Rig, driving, errand, until

NOTHING = Nothing()
TOTAL = [{"left": "合计 Total", "right": "¥128.00"}, {"left": "谢谢", "right": ""}]
PICTURE = ["合计 Total  ￥128.00", "谢谢" + " " * 16]
DARK = [" " * COLUMNS] * 2


@pytest_asyncio.fixture(params=get_args(Dialect))
async def sim(request: pytest.FixtureRequest) -> AsyncIterator[DisplaySim]:
    """A display of each language, with a Chinese font."""
    sim = DisplaySim.on_tcp("display", dialect=request.param)
    await sim.start()
    yield sim
    await sim.stop()


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock(datetime(2026, 3, 1, tzinfo=UTC))


def on(sim: DisplaySim, link: Transport | None = None, clock: MovedClock | None = None, **profile: Any):
    return driving("customer_display", sim.address, link, clock, dialect=sim.dialect, **{"charset": "gbk", **profile})


async def shown(rig: Rig, lines: Any = TOTAL) -> Result:
    return await rig.run(errand("show", {"lines": lines}, kind=type(rig.driver)))


async def shows(sim: DisplaySim, lines: list[str]) -> None:
    await until(lambda: sim.glass.lines() == lines)


def line(left: str = "", right: str = "") -> DisplayLine:
    return DisplayLine(left=left, right=right)


@pytest.mark.parametrize(
    ("left", "right", "as_ascii", "in_gbk"),
    [
        ("Total", "128.00", "Total         128.00", "Total         128.00"),
        ("", "", " " * 20, " " * 20),
        ("Hair colour with foils", "1,280.00", "Hair colour 1,280.00", "Hair colour 1,280.00"),
        ("12345", "12345678901234567890", "12345678901234567890", "12345678901234567890"),
        ("12345", "1234567890123456789", " 1234567890123456789", " 1234567890123456789"),
        ("A very long name indeed", "", "A very long name ind", "A very long name ind"),
        ("洗剪吹", "¥68", "???              Y68", "洗剪吹          ￥68"),
        ("洗剪吹染烫护发造型全套", "¥68", "??????????? \x20    Y68", "洗剪吹染烫护发  ￥68"),
        ("Café Zoë", "", "Cafe Zoe" + " " * 12, "Cafe Zoe" + " " * 12),
        ("Cafe\u0301", "", "Cafe" + " " * 16, "Cafe" + " " * 16),
        ("８折：“好”…", "", '8?:"?"...' + " " * 11, "８折：“好”…" + " " * 6),
        ("tab\tand\nline\x1b@\x0c\x00", "", "tab and line@" + " " * 7, "tab and line@" + " " * 7),
        ("か\u3099", " 6 8 ", "?                6 8", "が               6 8"),
        ("❤\ufe0f 1\ufe0f\u20e3", "", "? 1" + " " * 17, "? 1" + " " * 17),
        ("👍🏽 ok\u200b", "", "?? ok" + " " * 15, "?? ok" + " " * 15),
    ],
)
def test_a_line_is_set_to_twenty_columns(left: str, right: str, as_ascii: str, in_gbk: str) -> None:
    assert set_line(line(left, right), "ascii").decode("ascii") == as_ascii
    assert set_line(line(left, right), "gbk").decode("gbk") == in_gbk


@pytest.mark.parametrize(("right", "charset"), [("1" * 21, "ascii"), ("¥" + "1" * 19, "gbk")])
def test_a_right_side_that_is_too_wide_is_refused_not_cut(right: str, charset: Any) -> None:
    with pytest.raises(TooWide):
        set_line(line("", right), charset)


@given(st.text(max_size=40), st.text(max_size=12), st.sampled_from(["ascii", "gbk"]))
def test_any_text_is_twenty_columns_without_a_control_byte_and_its_right_side_is_whole(left: str, right: str, charset: Any) -> None:
    try:
        alone, both = set_line(line("", right), charset), set_line(line(left, right), charset)
    except TooWide:
        return
    assert len(both) == COLUMNS
    assert not {*both} & {*range(0x20), 0x7F}
    assert both.endswith(alone.lstrip())
    both.decode(charset)  # no half of a character is left


class Noted:
    """A line that takes everything."""

    keeps_open, proves_presence = True, False

    def __init__(self) -> None:
        self.written = b""

    async def open(self) -> None: ...

    async def write(self, data: bytes, within_s: float) -> None:
        self.written += data

    async def read(self, within_s: float) -> bytes:
        return b""

    async def close(self) -> None: ...


async def written(dialect: Dialect, lines: Any, **profile: Any) -> bytes:
    noted = Noted()
    async with driving("customer_display", "", noted, dialect=dialect, **{"charset": "gbk", **profile}) as rig:
        assert (await shown(rig, lines)).outcome is Outcome.DONE
    return noted.written


@given(st.text(max_size=40), st.text(max_size=6), st.sampled_from(get_args(Dialect)))
def test_what_is_written_is_what_stands_on_the_glass(left: str, right: str, dialect: Dialect) -> None:
    lines = (line(left, right), line(right, ""))
    try:
        set_line(lines[0], "gbk")
    except TooWide:
        return
    sim = DisplaySim("d", dialect)
    data = asyncio.run(written(dialect, [each.model_dump() for each in lines]))
    sim.received(data)
    assert sim.glass.lines() == [set_line(each, "gbk").decode("gbk") for each in lines]
    assert sim.unknown == 0


@pytest.mark.parametrize(
    ("dialect", "data"),
    [
        ("escpos", b"\x1b@\x0c\x0c" + b"\x1bt\x03" + b"\x1f$\x01\x01Total         128.00" + b"\x1f$\x01\x02Thanks" + b" " * 14),
        ("cd5220", b"\r\x0c\x0c" + b"\x1bQATotal         128.00\r" + b"\x1bQBThanks" + b" " * 14 + b"\r"),
    ],
)
async def test_it_writes_what_the_manual_of_its_language_says(dialect: Dialect, data: bytes) -> None:
    lines = [{"left": "Total", "right": "128.00"}, {"left": "Thanks"}]
    assert await written(dialect, lines, charset="ascii", code_page=3) == data


@given(st.binary(max_size=120), st.sampled_from(get_args(Dialect)), st.sampled_from(["chinese", "latin"]))
def test_any_bytes_leave_the_simulated_glass_in_its_shape(data: bytes, dialect: Dialect, font: Any) -> None:
    whole, in_pieces = DisplaySim("d", dialect, font), DisplaySim("d", dialect, font)
    whole.received(data)
    for byte in data:
        in_pieces.received(bytes((byte,)))
    assert whole.glass.lines() == in_pieces.glass.lines()
    assert [len(row) for row in whole.glass.cells] == [20, 20]


@given(st.integers(0, 60), st.sampled_from(get_args(Dialect)))
def test_a_command_the_link_broke_in_does_not_spoil_the_next_connection(cut: int, dialect: Dialect) -> None:
    data = asyncio.run(written(dialect, TOTAL))
    sim = DisplaySim("d", dialect)
    sim.received(data[:cut])
    sim.received(data)
    assert sim.glass.lines() == PICTURE


async def test_what_is_shown_stands_on_the_display(sim: DisplaySim) -> None:
    async with on(sim) as rig:
        assert (await shown(rig)).outcome is Outcome.DONE
        await shows(sim, PICTURE)
        assert (await rig.driver.poll()).figures == {"showing": True}
        assert (await rig.run(errand("clear", kind=type(rig.driver)))).outcome is Outcome.DONE
        await shows(sim, DARK)
        assert (await rig.driver.poll()).figures == {"showing": False}


async def test_a_price_that_is_too_wide_is_refused_and_what_was_shown_stays(sim: DisplaySim) -> None:
    async with on(sim) as rig:
        await shown(rig)
        result = await shown(rig, [{"right": "1" * 21}, {}])
        assert (result.outcome, result.retry_safe, result.reason) == (Outcome.FAILED, False, "too_wide")
        await shows(sim, PICTURE)


@pytest.mark.parametrize("lines", [[], [{}], [{}, {}, {}], [{"left": "x" * 201}, {}], [{"middle": "x"}, {}]])
def test_anything_but_two_lines_of_two_sides_is_refused(lines: Any) -> None:
    with pytest.raises(ValueError, match="lines"):
        Show.model_validate({"lines": lines})


async def test_content_is_cleared_when_it_is_too_old_and_not_before(sim: DisplaySim, clock: MovedClock) -> None:
    async with on(sim, clock=clock, forget_s=20) as rig:
        await shown(rig)
        clock.forward(seconds=19.9)
        await rig.driver.poll()
        await shows(sim, PICTURE)
        clock.forward(seconds=0.1)
        assert (await rig.driver.poll()).figures == {"showing": False}
        await shows(sim, DARK)


async def test_writing_content_again_does_not_make_it_younger(sim: DisplaySim, clock: MovedClock) -> None:
    async with on(sim, clock=clock, forget_s=60) as rig:
        await shown(rig)
        for _ in range(2):
            clock.forward(seconds=AGAIN_S)
            await rig.driver.poll()
        await shows(sim, DARK)


async def test_after_a_loss_of_power_the_content_is_back_with_the_next_repeat(sim: DisplaySim, clock: MovedClock) -> None:
    async with on(sim, clock=clock) as rig:
        await shown(rig)
        await shows(sim, PICTURE)
        await sim.do("power_cycle", NOTHING)
        assert sim.glass.lines() == DARK
        clock.forward(seconds=AGAIN_S)
        await rig.driver.poll()
        await shows(sim, PICTURE)


@pytest.mark.parametrize("dialect", get_args(Dialect))
async def test_content_is_repeated_only_so_often_and_without_a_flicker(dialect: Dialect, clock: MovedClock) -> None:
    noted = Noted()
    async with driving("customer_display", "", noted, clock, dialect=dialect) as rig:
        await shown(rig)
        noted.written = b""
        clock.forward(seconds=AGAIN_S - 0.1)
        await rig.driver.poll()
        assert noted.written == b""
        clock.forward(seconds=0.1)
        await rig.driver.poll()
        assert b"128.00" in noted.written
        assert b"\x0c" not in noted.written
        noted.written = b""
        await rig.driver.poll()
        assert noted.written == b""


async def again(rig: Rig) -> None:
    """What the supervisor does after a miss: a fresh driver follows the one before."""
    before = rig.driver
    await before.stop()
    rig.driver = type(before)(before._profile, rig.link, before._clock)  # type: ignore[attr-defined]
    rig.driver.follow(before)
    await rig.driver.identify()
    await rig.driver.start(Bells().bell)


async def test_on_every_connection_the_last_content_is_written_again(sim: DisplaySim) -> None:
    async with on(sim) as rig:
        await shown(rig)
        await shows(sim, PICTURE)
        await sim.do("unplug", NOTHING)
        with pytest.raises(LinkLost):
            await rig.driver.poll()
        assert sim.glass.lines() == DARK
        await sim.do("plug_in", NOTHING)
        await again(rig)
        await shows(sim, PICTURE)


async def test_content_that_grew_old_while_the_cable_was_out_is_not_shown_again(sim: DisplaySim, clock: MovedClock) -> None:
    async with on(sim, clock=clock) as rig:
        await shown(rig)
        await shows(sim, PICTURE)
        clock.forward(seconds=60)
        await again(rig)
        await shows(sim, DARK)


async def test_the_first_connection_clears_what_an_earlier_host_left(sim: DisplaySim) -> None:
    async with on(sim) as rig:
        await shown(rig)
    await shows(sim, PICTURE)
    async with on(sim):
        await shows(sim, DARK)


async def test_a_line_that_does_not_take_the_bytes_is_a_fault_and_the_content_is_not_shown_later(sim: DisplaySim) -> None:
    link = Faulty(transport_to(Address.parse(sim.address)), [])
    async with on(sim, link, write_wait_s=0.05) as rig:
        await shown(rig)
        link._script = [Fault(way="write", what="stall")]
        with pytest.raises(NotTaken) as fault:
            await shown(rig, [{"right": "99.00"}, {}])
        assert fault.value.reason == "not_taken"
        link._script = []
        await again(rig)
        await shows(sim, DARK)


@pytest.mark.parametrize("from_the_start", [False, True])
async def test_a_display_that_is_stuck_is_a_fault_once_the_network_holds_no_more(sim: DisplaySim, from_the_start: bool) -> None:
    if from_the_start:
        await sim.do("stuck", NOTHING)
    async with on(sim, write_wait_s=0.05) as rig:
        await shown(rig)
        if not from_the_start:
            await shows(sim, PICTURE)
            await sim.do("stuck", NOTHING)
        with suppress(LinkLost):
            while True:
                await rig.link.write(b"\n" * 1_000_000, 0.05)
        with pytest.raises(NotTaken):
            await shown(rig)
        assert sim._waiting == b""  # all of it is still on the wire
        await sim.do("unplug", NOTHING)


async def test_what_a_stuck_display_was_sent_appears_when_it_goes_on(sim: DisplaySim) -> None:
    async with on(sim) as rig:
        await sim.do("stuck", NOTHING)
        await again(rig)
        await shown(rig)
        assert (sim.state()["faults"], sim.glass.lines()) == (["stuck"], DARK)
        await sim.do("heal", NOTHING)
        await shows(sim, PICTURE)


async def test_it_hangs_on_a_serial_line_too(tmp_path: Path) -> None:
    sim = DisplaySim.on_pty("d", tmp_path / "display")
    await sim.start()
    async with driving("customer_display", sim.address, charset="gbk") as rig:
        await shown(rig)
        await shows(sim, PICTURE)
        await sim.do("stuck", NOTHING)
        await rig.run(errand("clear", kind=type(rig.driver)))
        await until(lambda: sim._waiting)
        assert sim.glass.lines() == PICTURE
        await sim.do("heal", NOTHING)
        await shows(sim, DARK)
    await sim.stop()


@pytest.mark.parametrize(("column", "line"), [(1, "A 谢"), (2, " A谢"), (3, "谢A "), (4, "谢 A")])
def test_a_chinese_character_that_is_half_written_over_is_gone(column: int, line: str) -> None:
    sim = DisplaySim("d")
    sim.received("谢谢".encode("gbk") + b"\x1f$" + bytes((column, 1)) + b"A")
    assert sim.glass.lines()[0] == line + " " * 16


def test_chinese_on_a_display_without_its_font_is_a_muddle_that_can_be_seen() -> None:
    sim = DisplaySim("d", font="latin")
    sim.received("谢谢".encode("gbk"))
    assert sim.glass.lines()[0].strip() == "谢谢".encode("gbk").decode("cp437")


def test_a_display_of_the_other_language_counts_what_it_does_not_know() -> None:
    sim = DisplaySim("d", "cd5220")
    sim.received(b"\x1bt\x00\x1f$\x01\x01")
    assert sim.unknown == 5
