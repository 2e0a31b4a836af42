"""A scanner that types: key records as the kernel writes them, the nodes they come from, and what the till hears of them."""

from __future__ import annotations

import asyncio
import errno
import os
import struct
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices import input_nodes
from devices.discovery import candidates
from devices.errors import CannotConnect, LinkLost
from devices.input_nodes import EVIOCGRAB
from devices.keyboard import EVENT, SUB, Keys
from devices.simulators.scanner import DropRecords, Gs1, HowSeparated, Nothing, ScanOne, TypingScannerSim
from devices.transport import Address, transport_to
from tests.devices.rig import driving, free_port, until

# linux/input-event-codes.h
EV_SYN, EV_KEY, EV_MSC = 0, 1, 4
SYN_REPORT, SYN_DROPPED = 0, 3
KEY_1, KEY_2, KEY_6, KEY_Q, KEY_RIGHTBRACE, KEY_ENTER, KEY_LEFTCTRL, KEY_A = 2, 3, 7, 16, 27, 28, 29, 30
KEY_LEFTSHIFT, KEY_SLASH, KEY_RIGHTSHIFT, KEY_LEFTALT, KEY_CAPSLOCK, KEY_F8 = 42, 53, 54, 56, 58, 66
KEY_KP9, KEY_KP2, KEY_KP0, KEY_KPENTER, KEY_M = 73, 80, 82, 96, 50
DOWN, UP, REPEAT = 1, 0, 2
GS = b"\x1d"


def event(kind: int, code: int, value: int) -> bytes:
    return struct.pack("@qqHHi", 1_700_000_000, 250_000, kind, code, value)


def down(*keys: int) -> bytes:
    return b"".join(event(EV_KEY, key, DOWN) + event(EV_SYN, SYN_REPORT, 0) for key in keys)


def up(*keys: int) -> bytes:
    return b"".join(event(EV_KEY, key, UP) + event(EV_SYN, SYN_REPORT, 0) for key in keys)


def stroke(*keys: int) -> bytes:
    return b"".join(down(key) + up(key) for key in keys)


@pytest.fixture
async def sim(tmp_path: Path) -> AsyncIterator[TypingScannerSim]:
    made = TypingScannerSim.on_keys("s", tmp_path / "usb-ACME_Scanner_1-event-kbd")
    await made.start()
    yield made
    await made.stop()


async def codes_of(sim: TypingScannerSim, *deeds: tuple[str, Any], count: int = 1) -> list[dict[str, Any]]:
    async with driving("scanner", sim.address) as rig:
        for verb, args in deeds:
            await sim.do(verb, args)
        for _ in range(40):
            if len(rig.bells.announced) >= count:
                break
            await rig.driver.poll()
        return [dict(told.body) for told in rig.bells.announced]


# The decoder


@pytest.mark.parametrize(
    ("records", "typed"),
    [
        (stroke(KEY_1, KEY_2, KEY_ENTER), b"12\r"),
        (stroke(KEY_KP0, KEY_KP2, KEY_KP9, KEY_KPENTER), b"029\r"),
        (down(KEY_LEFTSHIFT) + stroke(KEY_Q) + up(KEY_LEFTSHIFT) + stroke(KEY_Q), b"Qq"),
        (down(KEY_RIGHTSHIFT) + stroke(KEY_1) + up(KEY_RIGHTSHIFT), b"!"),
        (down(KEY_LEFTSHIFT) + down(KEY_RIGHTSHIFT) + stroke(KEY_A) + up(KEY_LEFTSHIFT) + stroke(KEY_A) + up(KEY_RIGHTSHIFT) + stroke(KEY_A), b"AAa"),
        (down(KEY_LEFTCTRL) + stroke(KEY_RIGHTBRACE) + up(KEY_LEFTCTRL), GS),
        (stroke(KEY_F8), GS),
        (down(KEY_LEFTALT) + stroke(KEY_KP0, KEY_KP2, KEY_KP9) + up(KEY_LEFTALT), GS),
        (down(KEY_LEFTCTRL) + stroke(KEY_M) + up(KEY_LEFTCTRL), b"\r"),
        (stroke(KEY_CAPSLOCK, KEY_A), b"a"),
        (stroke(240), bytes([SUB])),
        (event(EV_MSC, 4, 0x7001E) + stroke(KEY_1), b"1"),
    ],
)  # fmt: skip
def test_keys_are_read_as_those_of_a_us_keyboard(records: bytes, typed: bytes) -> None:
    assert Keys().feed(records) == typed


def test_a_key_that_is_held_down_is_one_character() -> None:
    assert Keys().feed(down(KEY_1) + event(EV_KEY, KEY_1, REPEAT) * 5 + up(KEY_1)) == b"1"


def test_the_release_of_a_plain_key_is_not_needed() -> None:
    assert Keys().feed(down(KEY_1, KEY_2, KEY_1)) == b"121"


def test_a_lost_release_of_shift_spoils_one_code_and_not_the_next() -> None:
    keys = Keys()
    assert keys.feed(down(KEY_LEFTSHIFT) + stroke(KEY_A, KEY_1, KEY_ENTER)) == b"A!\r"
    assert keys.feed(stroke(KEY_A, KEY_1, KEY_ENTER)) == b"a1\r"


def test_records_the_kernel_dropped_spoil_the_code_and_nothing_of_the_rest_is_believed() -> None:
    dropped = event(EV_SYN, SYN_DROPPED, 0) + event(EV_KEY, KEY_LEFTSHIFT, DOWN) + event(EV_KEY, KEY_6, DOWN) + event(EV_SYN, SYN_REPORT, 0)
    assert Keys().feed(stroke(KEY_1) + dropped + stroke(KEY_2, KEY_ENTER)) == b"1" + bytes([SUB]) + b"2\r"


@given(st.binary(max_size=24 * 12), st.lists(st.integers(1, 50), max_size=12))
def test_any_records_in_any_pieces_type_the_same_bounded_text(records: bytes, sizes: list[int]) -> None:
    whole, keys, typed, rest = Keys().feed(records), Keys(), b"", records
    for size in sizes:
        typed += keys.feed(rest[:size])
        rest = rest[size:]
    assert typed + keys.feed(rest) == whole
    assert len(whole) <= len(records) // EVENT.size
    assert len(keys._rest) < EVENT.size


KEYS = st.lists(st.tuples(st.sampled_from([EV_SYN, EV_KEY]), st.integers(0, 130), st.integers(0, 3)), max_size=60)


@given(KEYS)
def test_any_run_of_keys_types_ascii_only(events: list[tuple[int, int, int]]) -> None:
    keys = Keys()
    assert all(byte < 0x80 for byte in keys.feed(b"".join(event(*one) for one in events)))
    assert keys.feed(stroke(KEY_ENTER) + stroke(KEY_A)).endswith(b"a")  # after Enter nothing is held down


# The scanner


@pytest.mark.parametrize("how", ["ctrl_bracket", "f8", "alt_029"])
async def test_a_gs1_code_is_understood_however_the_separator_is_typed(sim: TypingScannerSim, how: Any) -> None:
    [scan] = await codes_of(sim, ("separator", HowSeparated(how=how)), ("gs1", Gs1(elements="(01)06901234567892(10)LOT-7a(21)S042")))
    assert (scan["gtin"], scan["lot"], scan["serial"]) == ("06901234567892", "LOT-7a", "S042")


async def test_a_scanner_that_loses_the_separator_still_tells_the_article(sim: TypingScannerSim) -> None:
    [scan] = await codes_of(sim, ("separator", HowSeparated(how="lost")), ("gs1", Gs1(elements="(01)06901234567892(10)L1(21)S1")))
    assert scan["gtin"] == "06901234567892"
    assert scan["lot"] == "L121S1"  # nobody can tell: the office's page says how to set the scanner up


async def test_a_code_of_which_keys_were_lost_is_refused_and_the_next_is_read(sim: TypingScannerSim) -> None:
    deeds = [("drop_records", DropRecords(after_chars=3)), ("scan", ScanOne(code="HALF-LOST")), ("scan", ScanOne(code="WHOLE"))]
    assert [scan["code"] for scan in await codes_of(sim, *deeds)] == ["WHOLE"]


async def test_after_a_lost_release_the_next_code_is_right(sim: TypingScannerSim) -> None:
    deeds = [("lose_release", Nothing()), ("scan", ScanOne(code="Ab1")), ("scan", ScanOne(code="Ab2"))]
    assert [scan["code"] for scan in await codes_of(sim, *deeds, count=2)] == ["AB!", "Ab2"]


async def test_a_code_longer_than_one_read_of_the_node_comes_whole(sim: TypingScannerSim) -> None:
    code = "".join(chr(33 + n % 90) for n in range(250))
    assert [scan["code"] for scan in await codes_of(sim, ("scan", ScanOne(code=code)))] == [code]


async def test_keys_that_are_let_go_of_are_no_pause_in_a_code(sim: TypingScannerSim) -> None:
    link = transport_to(Address.parse(sim.address))
    await link.open()
    try:
        reading = asyncio.create_task(link.read(20))
        sim.end.send_records(up(KEY_1))
        sim.end.send_records(stroke(KEY_2)[:30])
        sim.end.send_records(stroke(KEY_2)[30:])
        assert await asyncio.wait_for(reading, 5) == b"2"
    finally:
        await link.close()


# The nodes


async def test_every_node_of_one_scanner_is_read_and_no_other(tmp_path: Path) -> None:
    first, second, other = (
        TypingScannerSim.on_keys("s", tmp_path / name)
        for name in ("usb-ACME_Scanner_1-event-kbd", "usb-ACME_Scanner_1-if01-event-kbd", "usb-ACME_Scanner_2-event-kbd")
    )
    for sim in (first, second, other):
        await sim.start()
    try:
        async with driving("scanner", first.address) as rig:
            for sim, code in ((other, "NOT-OURS"), (second, "ON-TWO"), (first, "ON-ONE")):
                await sim.do("scan", ScanOne(code=code))
            for _ in range(40):
                await rig.driver.poll()
                if len(rig.bells.announced) == 2:
                    break
            assert {told.body["code"] for told in rig.bells.announced} == {"ON-ONE", "ON-TWO"}
            await second.stop()
            with pytest.raises(LinkLost):
                await rig.driver.poll()
    finally:
        for sim in (first, second, other):
            await sim.stop()


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_a_real_node_is_grabbed_and_one_that_another_program_holds_cannot_be_connected(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no keyboard node here: a character device stands in for it, and the kernel's answers are given."""
    asked: list[tuple[int, int]] = []

    def grabbed(_node: int, request: int, value: int) -> int:
        asked.append((request, value))
        if len(asked) > 1:
            raise OSError(errno.EBUSY, "held")
        return 0

    monkeypatch.setattr(input_nodes.fcntl, "ioctl", grabbed)
    monkeypatch.setattr(input_nodes.select, "epoll", lambda: _Waiter())
    link = transport_to(Address.parse("hid:///dev/null"))
    await link.open()
    await link.close()
    assert asked == [(EVIOCGRAB, 1)]
    before = open_files()
    with pytest.raises(CannotConnect):
        await link.open()
    assert open_files() == before  # a node that could not be grabbed is let go of


class _Waiter:
    """An epoll that takes a file which is always ready."""

    def fileno(self) -> int:
        return 10_000

    def register(self, *_: int) -> None:
        return None

    def close(self) -> None:
        return None


async def test_a_fifo_that_is_no_simulator_is_not_taken_for_a_scanner(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x-event-kbd")
    with pytest.raises(CannotConnect):
        await transport_to(Address.parse(f"hid://{tmp_path}/x-event-kbd")).open()


async def test_a_node_that_says_it_is_gone_is_a_lost_link(sim: TypingScannerSim, monkeypatch: pytest.MonkeyPatch) -> None:
    """ENODEV comes from the read before udev removes the name."""
    link = transport_to(Address.parse(sim.address))
    await link.open()

    def gone(_node: int, _size: int) -> bytes:
        raise OSError(errno.ENODEV, "No such device")

    monkeypatch.setattr(input_nodes.os, "read", gone)
    sim.end.send(b"1")
    with pytest.raises(LinkLost):
        await link.read(5)
    monkeypatch.undo()
    await link.close()


async def test_nothing_is_ever_written_to_a_keyboard(sim: TypingScannerSim) -> None:
    link = transport_to(Address.parse(sim.address))
    await link.open()
    with pytest.raises(LinkLost):
        await link.write(b"x", 1)
    await link.close()


async def test_keyboards_are_proposed_one_for_each_device_and_never_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("input/by-id", "input/by-path"):
        (tmp_path / folder).mkdir(parents=True)
    nodes = {
        "by-id/usb-Honeywell_Scanner_7-event-kbd": 1,
        "by-id/usb-Honeywell_Scanner_7-if01-event-kbd": 2,
        "by-id/usb-Honeywell_Scanner_7-event-mouse": 3,
        "by-id/usb-Logitech_USB_Keyboard-event-kbd": 4,
        "by-id/usb-Sycreader_RFID_08FF-event-kbd": 5,
        "by-path/pci-0000:00:14.0-usb-0:1:1.0-event-kbd": 1,
        "by-path/pci-0000:00:14.0-usb-0:3:1.0-event-kbd": 6,
        "by-path/pci-0000:00:14.0-usb-0:3:1.1-event-kbd": 7,
    }
    for n in range(1, 8):
        os.mkfifo(tmp_path / f"input/event{n}")
    for name, n in nodes.items():
        (tmp_path / "input" / name).symlink_to(tmp_path / f"input/event{n}")
    opened: list[Any] = []
    monkeypatch.setattr(os, "open", lambda path, *_: opened.append(path))  # and a plain open of a FIFO would hang this test
    found = await candidates(free_port(), dev=tmp_path)
    monkeypatch.undo()
    assert opened == []
    assert sorted((c.kind, Path(c.address.split("://")[1]).name, c.evidence) for c in found) == [
        ("", "pci-0000:00:14.0-usb-0:3:1.0-event-kbd", "keyboard by-path"),
        ("", "usb-Logitech_USB_Keyboard-event-kbd", "keyboard by-id"),
        ("card_reader", "usb-Sycreader_RFID_08FF-event-kbd", "keyboard by-id"),
        ("scanner", "usb-Honeywell_Scanner_7-event-kbd", "keyboard by-id"),
    ]


async def test_a_scanner_plugged_out_in_the_middle_of_a_code_leaves_nothing_for_the_next(sim: TypingScannerSim) -> None:
    async with driving("scanner", sim.address) as rig:
        await sim.do("scan", ScanOne(code="HALF", suffix=""))
        await until(lambda: sim.end.plugged)
        await rig.driver.poll()
        await sim.stop()
        with pytest.raises(LinkLost):
            await rig.driver.poll()
    await sim.start()
    assert [scan["code"] for scan in await codes_of(sim, ("scan", ScanOne(code="WHOLE")))] == ["WHOLE"]
