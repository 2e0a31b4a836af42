"""Who gets into head office, and who does not."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cloud_bridge.hq.database import Database
from cloud_bridge.hq.entrance import inside
from cloud_bridge.hq.sessions import CodeRefused, OperatorCode, Sessions, TooManyCodes
from cloud_bridge.hq.shops import Shops
from hub.clock import MovedClock
from hub.errors import InvalidInput
from hub.settings import HeadOffice
from tests.cloud_bridge.parts import Office


class Door:
    def __init__(self, office: Office, data: Path) -> None:
        self.database = Database(office.postgres.dsn)
        self.code = OperatorCode(data)
        self.plain = self.code.make_if_missing() or ""
        self.clock = MovedClock(datetime(2026, 3, 2, 10, tzinfo=UTC))
        self.sessions = Sessions(self.database, self.code, self.clock)


@pytest.fixture
async def door(office: Office, tmp_path: Path) -> AsyncIterator[Door]:
    found = Door(office, tmp_path)
    yield found
    await found.database.close()


async def test_the_operator_code_becomes_a_session(door: Door) -> None:
    token = await door.sessions.log_in(door.plain.lower().replace("-", " "))
    assert door.sessions.actor_of(token)
    assert not door.sessions.actor_of(token + "x")
    assert not door.sessions.actor_of("")


async def test_the_code_and_the_sessions_are_not_kept_in_the_clear(door: Door, office: Office, tmp_path: Path) -> None:
    token = await door.sessions.log_in(door.plain)
    kept = (tmp_path / "operator.json").read_text() + str(office.rows("SELECT * FROM sessions"))
    assert door.plain not in kept
    assert door.plain.replace("-", "") not in kept
    assert token not in kept


async def test_a_wrong_code_is_refused_and_guessing_is_slowed_down(door: Door) -> None:
    for _ in range(5):
        with pytest.raises(CodeRefused):
            await door.sessions.log_in("AAAAA-BBBBB-CCCCC-DDDDD")
    with pytest.raises(TooManyCodes):
        await door.sessions.log_in(door.plain)
    door.clock.forward(seconds=61)
    assert await door.sessions.log_in(door.plain)


async def test_a_link_lets_in_once_and_not_for_ever(door: Door) -> None:
    link = door.sessions.one_use_code()
    assert await door.sessions.log_in(link)
    with pytest.raises(CodeRefused):
        await door.sessions.log_in(link)
    late = door.sessions.one_use_code()
    door.clock.forward(hours=13)
    with pytest.raises(CodeRefused):
        await door.sessions.log_in(late)


async def test_a_session_ends_by_log_out_by_rest_and_by_age(door: Door) -> None:
    gone = await door.sessions.log_in(door.plain)
    await door.sessions.end(gone)
    assert not door.sessions.actor_of(gone)
    idle = await door.sessions.log_in(door.plain)
    door.clock.forward(hours=12, minutes=1)
    assert not door.sessions.actor_of(idle)
    old = await door.sessions.log_in(door.plain)
    for _ in range(15):
        assert door.sessions.actor_of(old)
        door.clock.forward(hours=11.5)
    assert not door.sessions.actor_of(old)


async def test_a_page_that_looks_by_itself_keeps_no_session_alive(door: Door) -> None:
    token = await door.sessions.log_in(door.plain)
    for _ in range(13):
        door.clock.forward(hours=1)
        door.sessions.is_valid(token)
    assert not door.sessions.is_valid(token)


async def test_a_new_code_ends_every_session_of_the_former_one(door: Door) -> None:
    token = await door.sessions.log_in(door.plain)
    door.code.renew()
    assert not door.sessions.actor_of(token)
    with pytest.raises(CodeRefused):
        await door.sessions.log_in(door.plain)


async def test_sessions_survive_a_restart(door: Door) -> None:
    token = await door.sessions.log_in(door.plain)
    later = Sessions(door.database, door.code, door.clock)
    await later.start()
    assert later.actor_of(token)
    door.clock.forward(hours=6)
    later.actor_of(token)
    await later.save()
    door.clock.forward(hours=8)
    last = Sessions(door.database, door.code, door.clock)
    await last.start()
    assert last.actor_of(token)


@pytest.mark.parametrize(
    ("path", "leads"), [("/shops/s1", "/shops/s1"), ("//evil.example", "/"), ("/\\evil", "/"), ("https://evil", "/"), ("/\n", "/")]
)
def test_a_log_in_leads_to_our_own_pages_only(path: str, leads: str) -> None:
    assert inside(path) == leads


def test_adding_a_shop_again_keeps_its_password_and_a_lost_file_ends_it(tmp_path: Path) -> None:
    shops = Shops(tmp_path / "hq", HeadOffice(nats_port=4999))
    file = tmp_path / "hq.json"
    assert shops.add("s1", file)
    first = file.read_text()
    assert not shops.add("s1", file)
    assert file.read_text() == first
    moved = Shops(tmp_path / "hq", HeadOffice(nats_port=5999))
    assert not moved.add("s1", file)
    assert '"nats://127.0.0.1:5999"' in file.read_text()
    file.unlink()
    assert shops.add("s1", file)
    assert file.read_text() != first
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("store", ["S1", "a b", "", "s1.>", "x" * 33, "s1\n", "*"])
def test_a_name_that_could_reach_other_subjects_is_refused(tmp_path: Path, store: str) -> None:
    with pytest.raises(InvalidInput):
        Shops(tmp_path, HeadOffice()).add(store, tmp_path / "x.json")
    assert not (tmp_path / "shops.json").exists()


def test_without_tls_shops_can_connect_from_this_machine_only(tmp_path: Path) -> None:
    shops = Shops(tmp_path, HeadOffice(host="0.0.0.0", nats_port=4999))
    shops.add(f"s-{secrets.token_hex(2)}", tmp_path / "x.json")
    assert 'listen: "127.0.0.1:4999"' in shops.config.read_text()
