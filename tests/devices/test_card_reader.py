"""Cards held to a reader: frames, checksums, a card that stays, and numbers that show nowhere."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from devices.drivers.card_reader import CardReader, CardReaderProfile, number_of
from devices.drivers.listening import Refused
from devices.host import Host
from devices.simulators.card_reader import CardReaderSim, Garbage, Held, Nothing, Speaks
from devices.transport import Inbox
from hub.clock import Clock, MovedClock
from hub.ports import Card
from tests.devices.rig import Bells, Rig, driving, until
from tests.devices.shop import Shop

NUMBER = "0012345678"
MORNING = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
CHECKED = {"frame": "stx_etx", "number": "hex_as_decimal", "checksum": "xor"}


@pytest.fixture(params=["socket", "pty", "keys"])
async def sim(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[CardReaderSim]:
    made = {
        "socket": lambda: CardReaderSim.on_tcp("cards"),
        "pty": lambda: CardReaderSim.on_pty("cards", tmp_path / "tty-cards"),
        "keys": lambda: CardReaderSim.on_keys("cards", tmp_path / "cards-event-kbd"),
    }[request.param]()
    await made.start()
    yield made
    await made.stop()


async def told(rig: Rig, count: int = 1) -> list[str]:
    for _ in range(60):
        if len(rig.bells.announced) >= count:
            break
        await rig.driver.poll()
    return [news.body["number"] for news in rig.bells.announced]


async def test_a_card_is_told_once_in_each_frame(sim: CardReaderSim) -> None:
    async with driving("card_reader", sim.address) as rig:
        await sim.do("card", Held(number=NUMBER))
        assert await told(rig) == [NUMBER]
    await sim.do("frame", Speaks(frame="stx_etx"))
    async with driving("card_reader", sim.address, frame="stx_etx") as rig:
        await sim.do("torn", Held(number="9999999999"))
        await sim.do("card", Held(number=NUMBER))
        assert await told(rig) == [NUMBER]
    await sim.do("frame", Speaks(frame="stx_etx_checked"))
    async with driving("card_reader", sim.address, **CHECKED) as rig:
        await sim.do("card", Held(number="0400BC614E"))  # 0x00BC614E is 12345678, printed on the card as 0012345678
        assert await told(rig) == [NUMBER]


def driver_on(link: Inbox, clock: Clock, **profile: Any) -> tuple[CardReader, Bells]:
    driver, bells = CardReader(CardReaderProfile(**profile), link, clock), Bells()
    driver.bell = bells.bell
    return driver, bells


async def test_a_card_that_stays_is_one_card_and_one_that_comes_back_another() -> None:
    link, clock = Inbox(), MovedClock(MORNING)
    driver, bells = driver_on(link, clock, again_s=2)

    async def said(number: str) -> int:
        link.put(number.encode() + b"\r")
        await driver.poll()
        return len(bells.announced)

    for _ in range(40):  # it lies there for a minute, and is said again every one and a half seconds
        assert await said(NUMBER) == 1
        clock.forward(seconds=1.5)
    clock.forward(seconds=1)
    assert await said(NUMBER) == 2
    assert await said("0099999999") == 3  # another card counts at once
    assert await said(NUMBER) == 4


async def test_a_card_that_stays_while_the_line_breaks_is_still_one_card() -> None:
    link, clock = Inbox(), MovedClock(MORNING)
    before, _ = driver_on(link, clock)
    link.put(NUMBER.encode() + b"\r")
    await before.poll()
    after, bells = driver_on(link, clock)
    after.follow(before)
    link.put(NUMBER.encode() + b"\r")
    await after.poll()
    assert bells.announced == []


@pytest.mark.parametrize(
    ("profile", "frame"),
    [
        ({}, b"123456789"),
        ({}, b"12345678901"),
        ({}, b"12345A7890"),
        ({"frame": "stx_etx"}, b"0012345678"),
        (CHECKED, b"\x020400BC614EFF"),
        (CHECKED, b"\x020400BC61"),
        (CHECKED, "\x02０400BC614E96".encode()),
    ],
)
def test_what_is_no_number_is_refused(profile: dict[str, Any], frame: bytes) -> None:
    with pytest.raises(Refused):
        number_of(frame, CardReaderProfile.model_validate(profile))


@pytest.mark.parametrize(
    "profile",
    [{"digits": 16}, {"digits": 13}, {"checksum": "xor"}, {"number": "hex", "digits": 9}, {"frame": "magstripe"}],
)
def test_a_profile_that_would_read_payment_cards_or_nonsense_is_refused(profile: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        CardReaderProfile.model_validate(profile)


async def test_garbage_is_shown_and_told_to_nobody(sim: CardReaderSim) -> None:
    async with driving("card_reader", sim.address) as rig:
        for _ in range(6):
            await sim.do("garbage", Garbage())
        condition = await rig.driver.poll()
        while condition.reason != "no_card_number":
            condition = await rig.driver.poll()
        assert rig.bells.announced == []
        await sim.do("card", Held(number=NUMBER))
        await told(rig)
        assert (await rig.driver.poll()).reason == ""


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.binary(min_size=1, max_size=300) | st.sampled_from([b"\x02", b"\x03", b"0012345678\r", b"\x020400BC614E96\r\n\x03"]), max_size=8
    ),
    st.sampled_from([{}, {"frame": "stx_etx"}, CHECKED, {"number": "hex", "digits": 14}]),
)
def test_any_bytes_are_numbers_or_refused(pieces: list[bytes], profile: dict[str, Any]) -> None:
    async def story() -> Bells:
        link = Inbox()
        driver, bells = driver_on(link, Clock(), **profile)
        for piece in [*pieces, b"\r"]:
            link.put(piece)
            await driver.poll()
        return bells

    for news in asyncio.run(story()).announced:
        Card.model_validate(news.body)


def kept_in(folder: Path, number: str) -> list[Path]:
    return [file for file in folder.rglob("*") if file.is_file() and number.encode() in file.read_bytes()]


async def test_a_cards_number_is_in_no_state_no_log_no_recording_and_not_at_rest(host: Host, shop: Shop, tmp_path: Path) -> None:
    sim = CardReaderSim.on_tcp("cards")
    await sim.start()
    host.fleet._record = tmp_path / "record"
    (tmp_path / "record").mkdir()
    try:
        with structlog.testing.capture_logs() as logged:
            device = await shop.adopt("card_reader", sim.address)
            await shop.health(device, "online")
            await sim.do("card", Held(number=NUMBER))
            await until(lambda: shop.bodies(f"dev/{device}/event/card"))
            await sim.do("unplug", Nothing())
            await shop.health(device, "offline")
        assert shop.bodies(f"dev/{device}/event/card") == [{"number": NUMBER}]
        assert NUMBER not in json.dumps(logged, default=str)
        others = [heard.body for heard in shop.heard if not heard.topic.endswith("/event/card")]
        assert NUMBER not in json.dumps(others)
        assert kept_in(tmp_path, NUMBER) == []
        assert list((tmp_path / "record").iterdir()) == []
    finally:
        await sim.stop()
    assert NUMBER not in repr(Card(number=NUMBER))
