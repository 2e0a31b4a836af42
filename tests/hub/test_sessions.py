"""Log-ins last as long as they should, survive a restart, and cannot be guessed."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hub import journal as journal_module
from hub.access import SYSTEM, Actor, Role
from hub.clock import MovedClock
from hub.db import Db, Tx
from hub.errors import InvalidInput, NotAllowed, NotFound
from hub.journal import Journal
from hub.migrations import migrate
from hub.sessions import SCHEMA, CodeWrong, SessionLimits, Sessions, TooManyTries
from hub.sessions.events import PairingCodeMade, ScreenPaired, ScreenUnpaired, SessionEnded, SessionStarted
from hub.sessions.store import CODE_LETTERS, CODES_MAX, LIVE_PER_ACTOR, ScreenId
from hub.vault import KEYS_SCHEMA, Vault

MORNING = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
MEI = Actor(id="mei", role=Role.RECEPTION, station="desk")
LIN = Actor(id="lin", role=Role.STYLIST, station="chair")
TECH = Actor(id="tech", role=Role.TECHNICIAN, station="desk")


@dataclass(slots=True)
class Shop:
    """One run of the hub, as far as sessions need it."""

    db: Db
    journal: Journal
    clock: MovedClock
    sessions: Sessions
    vault: Vault


@contextmanager
def running(folder: Path, clock: MovedClock, limits: SessionLimits | None = None) -> Iterator[Shop]:
    db, keys = Db(folder / "shop.db"), Db(folder / "keys.db")
    db.open()
    keys.open()
    migrate(db, (journal_module.SCHEMA, SCHEMA))
    migrate(keys, KEYS_SCHEMA)
    vault = Vault(folder / "secrets", keys)
    vault.open()
    journal = Journal(db, clock)
    yield Shop(db, journal, clock, Sessions(db, journal, clock, vault, limits), vault)
    db.close()
    keys.close()


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock(MORNING)


@pytest.fixture
def shop(tmp_path: Path, clock: MovedClock) -> Iterator[Shop]:
    with running(tmp_path, clock) as shop:
        yield shop


@pytest.fixture
def locking_shop(tmp_path: Path, clock: MovedClock) -> Iterator[Shop]:
    with running(tmp_path, clock, SessionLimits(lock_s=120)) as shop:
        yield shop


def bytes_of_files(folder: Path) -> bytes:
    return b"".join(f.read_bytes() for f in folder.glob("shop.db*"))


async def test_whoever_logged_in_is_known_by_her_token(shop: Shop) -> None:
    token = await shop.sessions.start(MEI)
    assert shop.sessions.actor_of(token) == MEI
    assert len(token) >= 43
    assert shop.journal.count(SessionStarted) == 1


@pytest.mark.parametrize("token", ["", "x", "a" * 43, "a" * 5000, "\x00", "ü"])
async def test_a_token_nobody_was_given_is_nobody(shop: Shop, token: str) -> None:
    await shop.sessions.start(MEI)
    assert shop.sessions.actor_of(token) is None


async def test_a_request_costs_no_query(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    token = await shop.sessions.start(MEI)
    monkeypatch.setattr(shop.db, "all", None)
    monkeypatch.setattr(shop.db, "one", None)
    assert shop.sessions.actor_of(token) == MEI
    assert shop.sessions.actor_of("unknown") is None


async def test_the_database_holds_no_token(shop: Shop, tmp_path: Path) -> None:
    token = await shop.sessions.start(MEI)
    code = await shop.sessions.new_code(TECH, Role.KIOSK, "door", minutes=5)
    kept = bytes_of_files(tmp_path)
    assert token.encode() not in kept
    assert code.encode() not in kept


async def test_a_log_out_ends_this_session_only(shop: Shop) -> None:
    first, second = await shop.sessions.start(MEI), await shop.sessions.start(MEI)
    await shop.sessions.end(first)
    await shop.sessions.end(first)
    assert shop.sessions.actor_of(first) is None
    assert shop.sessions.actor_of(second) == MEI
    assert shop.journal.count(SessionEnded) == 1


async def test_a_log_out_beside_a_refused_tap_holds_over_a_restart(shop: Shop) -> None:
    token = await shop.sessions.start(MEI)

    def refused(tx: Tx) -> None:
        raise NotFound

    _, no, new = await asyncio.gather(
        shop.sessions.end(token), shop.db.write(refused), shop.sessions.start(LIN), return_exceptions=True
    )  # one commit, so all of it was run twice
    assert isinstance(no, NotFound)
    assert shop.journal.count(SessionEnded) == 1
    again = Sessions(shop.db, shop.journal, shop.clock, shop.vault)
    assert (again.actor_of(token), again.actor_of(str(new))) == (None, LIN)
    assert (shop.sessions.actor_of(token), shop.sessions.actor_of(str(new))) == (None, LIN)


async def test_a_session_that_could_not_be_kept_was_never_there(shop: Shop) -> None:
    def undone(tx: Tx) -> None:
        for _ in range(LIVE_PER_ACTOR):
            shop.sessions.start_in(tx, MEI)
        raise NotFound

    first = await shop.sessions.start(MEI)
    with pytest.raises(NotFound):
        await shop.db.write(undone)
    assert shop.sessions.actor_of(first) == MEI
    assert len(shop.db.all("SELECT * FROM sessions")) == 1


async def test_all_sessions_of_a_person_end_at_once(shop: Shop) -> None:
    hers = [await shop.sessions.start(MEI) for _ in range(3)]
    other = await shop.sessions.start(LIN)
    assert await shop.sessions.end_all_of("mei") == 3
    assert [shop.sessions.actor_of(token) for token in hers] == [None, None, None]
    assert shop.sessions.actor_of(other) == LIN


async def test_sessions_started_while_all_are_ended_do_not_linger(shop: Shop) -> None:
    tokens = await asyncio.gather(*(shop.sessions.start(MEI) for _ in range(5)), shop.sessions.end_all_of("mei"))
    assert all(shop.sessions.actor_of(str(token)) is None for token in tokens[:5])
    assert shop.db.all("SELECT * FROM sessions") == []


async def test_an_unused_session_ends_after_two_hours_and_use_keeps_it(shop: Shop) -> None:
    token = await shop.sessions.start(MEI)
    for _ in range(3):
        shop.clock.forward(hours=1, minutes=59)
        assert shop.sessions.actor_of(token) == MEI
    shop.clock.forward(hours=2)
    assert shop.sessions.actor_of(token) is None
    assert shop.sessions.holder_of(token) is None


async def test_no_session_of_a_person_lives_longer_than_sixteen_hours(shop: Shop) -> None:
    token = await shop.sessions.start(MEI)
    for _ in range(15):
        shop.clock.forward(hours=1)
        assert shop.sessions.actor_of(token) == MEI
    shop.clock.forward(hours=1)
    assert shop.sessions.actor_of(token) is None


async def test_a_screen_stays_paired_over_a_year_without_a_touch(shop: Shop) -> None:
    token = await shop.sessions.redeem(await shop.sessions.new_code(TECH, Role.BOARD, "wall", minutes=5))
    shop.clock.forward(days=399)
    assert shop.sessions.actor_of(token) is not None
    shop.clock.forward(days=1)
    assert shop.sessions.actor_of(token) is None


async def test_a_station_left_alone_locks_and_goes_on_for_its_own_holder_only(locking_shop: Shop) -> None:
    sessions, clock = locking_shop.sessions, locking_shop.clock
    token = await sessions.start(MEI)
    board = await sessions.redeem(await sessions.new_code(TECH, Role.BOARD, "wall", minutes=5))
    clock.forward(seconds=119)
    assert sessions.actor_of(token) == MEI
    clock.forward(seconds=120)
    assert sessions.actor_of(token) is None
    assert sessions.holder_of(token) == MEI
    assert sessions.actor_of(board) is not None
    assert not sessions.unlock(token, "lin")
    assert sessions.actor_of(token) is None
    assert sessions.unlock(token, "mei")
    assert sessions.actor_of(token) == MEI


async def test_a_locked_session_that_is_over_cannot_be_unlocked(locking_shop: Shop) -> None:
    token = await locking_shop.sessions.start(MEI)
    locking_shop.clock.forward(hours=2)
    assert not locking_shop.sessions.unlock(token, "mei")


def test_sessions_survive_a_restart_with_their_limits(tmp_path: Path, clock: MovedClock) -> None:
    with running(tmp_path, clock) as shop:
        token = asyncio.run(shop.sessions.start(MEI))
        clock.forward(hours=1)
        shop.sessions.actor_of(token)
        asyncio.run(shop.sessions.keep())
    clock.forward(hours=1, minutes=30)
    with running(tmp_path, clock) as shop:
        assert shop.sessions.actor_of(token) == MEI
    clock.forward(hours=1)
    with running(tmp_path, clock) as shop:
        assert shop.sessions.actor_of(token) is None, "the use after the last write is not known, so it ended"


async def test_a_wall_clock_set_by_days_ends_and_frees_nothing(shop: Shop) -> None:
    token = await shop.sessions.start(MEI)
    for days in (9, -9):
        shop.clock.set_wall(MORNING + timedelta(days=days))
        assert shop.sessions.actor_of(token) == MEI


def test_a_board_that_starts_in_the_past_keeps_its_sessions(tmp_path: Path, clock: MovedClock) -> None:
    with running(tmp_path, clock) as shop:
        token = asyncio.run(shop.sessions.start(MEI))
    with running(tmp_path, MovedClock(MORNING - timedelta(days=400))) as shop:
        assert shop.sessions.actor_of(token) == MEI
        shop.clock.forward(hours=2)
        assert shop.sessions.actor_of(token) is None


@asynccontextmanager
async def minutely(shop: Shop) -> AsyncIterator[None]:
    task = asyncio.create_task(shop.sessions.run())
    await asyncio.sleep(0)
    yield
    task.cancel()


async def test_use_is_written_once_a_minute_and_only_when_there_was_some(shop: Shop) -> None:
    token = await shop.sessions.start(MEI)
    await shop.sessions.keep()
    before, written, loop = shop.db.figures.commits, asyncio.Event(), asyncio.get_running_loop()

    def committed() -> None:  # told of the commit before too, late
        if shop.db.figures.commits > before:
            loop.call_soon_threadsafe(written.set)

    shop.db.after_commit(committed)
    async with minutely(shop):
        for _ in range(30):
            shop.clock.forward(seconds=1)
            shop.sessions.actor_of(token)
        assert shop.db.figures.commits == before
        shop.clock.forward(seconds=30)
        async with asyncio.timeout(5):
            await written.wait()
    assert datetime.fromisoformat(shop.db.all("SELECT seen_at FROM sessions")[0][0]) == MORNING + timedelta(seconds=30)
    await shop.sessions.keep()
    assert shop.db.figures.commits == before + 1


async def test_sessions_that_are_over_are_removed_from_the_database(shop: Shop) -> None:
    await shop.sessions.start(MEI)
    shop.clock.forward(hours=3)
    await shop.sessions.keep()
    assert shop.db.all("SELECT * FROM sessions") == []


async def test_one_person_has_a_bounded_number_of_sessions(shop: Shop) -> None:
    tokens = []
    for _ in range(LIVE_PER_ACTOR + 3):
        tokens.append(await shop.sessions.start(MEI))
        shop.clock.forward(seconds=1)
    assert [shop.sessions.actor_of(t) is not None for t in tokens] == [False] * 3 + [True] * LIVE_PER_ACTOR
    assert len(shop.db.all("SELECT * FROM sessions")) == LIVE_PER_ACTOR


async def test_a_pairing_code_makes_one_screen_and_works_once(shop: Shop) -> None:
    code = await shop.sessions.new_code(TECH, Role.KIOSK, "door-1", minutes=10)
    assert re.fullmatch(f"[{CODE_LETTERS}]{{8}}", code)
    token = await shop.sessions.redeem(f" {code[:4].lower()}-{code[4:]} ", station="10.0.0.7")
    actor = shop.sessions.actor_of(token)
    assert actor is not None
    assert (actor.role, actor.station) == (Role.KIOSK, "door-1")
    with pytest.raises(CodeWrong):
        await shop.sessions.redeem(code)
    assert [shop.journal.count(e) for e in (PairingCodeMade, ScreenPaired)] == [1, 1]


async def test_twenty_browsers_with_one_code_are_one_screen(shop: Shop) -> None:
    code = await shop.sessions.new_code(TECH, Role.KIOSK, "door", minutes=10)
    found = await asyncio.gather(*(shop.sessions.redeem(code) for _ in range(20)), return_exceptions=True)
    assert sum(isinstance(token, str) for token in found) == 1


async def test_a_pairing_code_is_too_old_after_its_minutes(shop: Shop) -> None:
    code = await shop.sessions.new_code(TECH, Role.KIOSK, "door", minutes=10)
    shop.clock.forward(minutes=10)
    with pytest.raises(CodeWrong):
        await shop.sessions.redeem(code)


async def test_only_who_may_pair_makes_codes_and_only_for_screens(shop: Shop) -> None:
    for actor, role in ((MEI, Role.KIOSK), (TECH, Role.OWNER), (TECH, Role.RECEPTION), (TECH, Role.SYSTEM)):
        with pytest.raises(NotAllowed):
            await shop.sessions.new_code(actor, role, "door", minutes=5)
    first_entry = await shop.sessions.redeem(await shop.sessions.new_code(SYSTEM, Role.OWNER, "setup", minutes=5))
    actor = shop.sessions.actor_of(first_entry)
    assert actor is not None
    assert actor.role is Role.OWNER
    shop.clock.forward(hours=2)
    assert shop.sessions.actor_of(first_entry) is None, "a person's role has a person's limits"


@pytest.mark.parametrize(("station", "minutes"), [("", 5), ("王小姐", 5), ("a b", 5), ("x" * 33, 5), ("door", 0), ("door", 1441)])
async def test_a_code_for_an_impossible_station_or_time_is_refused(shop: Shop, station: str, minutes: int) -> None:
    with pytest.raises(InvalidInput):
        await shop.sessions.new_code(TECH, Role.KIOSK, station, minutes)
    assert shop.journal.count(PairingCodeMade) == 0


async def test_only_so_many_codes_wait_at_once(shop: Shop) -> None:
    for _ in range(CODES_MAX):
        await shop.sessions.new_code(TECH, Role.KIOSK, "door", minutes=5)
    with pytest.raises(InvalidInput):
        await shop.sessions.new_code(TECH, Role.KIOSK, "door", minutes=5)
    shop.clock.forward(minutes=5)
    await shop.sessions.new_code(TECH, Role.KIOSK, "door", minutes=5)


async def test_guessing_codes_at_one_place_is_held_even_for_the_right_one(shop: Shop) -> None:
    code = await shop.sessions.new_code(TECH, Role.KIOSK, "door", minutes=60)
    for _ in range(5):
        with pytest.raises(CodeWrong):
            await shop.sessions.redeem("22222222", station="10.0.0.9")
    with pytest.raises(TooManyTries) as held:
        await shop.sessions.redeem(code, station="10.0.0.9")
    assert held.value.facts["wait_s"] == 30
    shop.clock.forward(seconds=30)
    await shop.sessions.redeem(code, station="10.0.0.9")


def test_guessing_codes_from_ever_new_places_is_held_for_the_whole_shop_and_over_a_restart(tmp_path: Path, clock: MovedClock) -> None:
    for run in range(3):
        with running(tmp_path, clock) as shop:
            for n in range(10):
                with pytest.raises(CodeWrong):
                    asyncio.run(shop.sessions.redeem("33333333", station=f"{run}-{n}"))
    with running(tmp_path, clock) as shop, pytest.raises(TooManyTries):
        asyncio.run(shop.sessions.redeem("33333333", station="another"))


async def test_a_lost_tablet_is_unpaired(shop: Shop) -> None:
    token = await shop.sessions.redeem(await shop.sessions.new_code(TECH, Role.KIOSK, "door", minutes=5))
    await shop.sessions.start(MEI)
    (screen,) = shop.sessions.screens(TECH)
    assert (screen.role, screen.station, screen.paired_at) == (Role.KIOSK, "door", MORNING)
    for attempt in (shop.sessions.unpair(MEI, screen.id), shop.sessions.unpair(TECH, ScreenId.new())):
        with pytest.raises((NotAllowed, NotFound)):
            await attempt
    await shop.sessions.unpair(TECH, screen.id)
    assert shop.sessions.actor_of(token) is None
    assert shop.sessions.screens(TECH) == []
    assert shop.journal.count(ScreenUnpaired) == 1
