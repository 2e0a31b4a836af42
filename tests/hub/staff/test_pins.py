"""A PIN proves who is at the station, and cannot be guessed."""

from __future__ import annotations

import asyncio
import itertools
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import argon2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.access import SYSTEM, Right, Role
from hub.clock import Clock, MovedClock
from hub.errors import InvalidInput, NotAllowed
from hub.ids import TapId
from hub.sessions import TooManyTries
from hub.staff import pins
from hub.staff.events import PinRefused, PinSet, StaffUnlocked, StepUpApproved
from hub.staff.model import PinTooShort, PinTooSimple, WrongPin, check_pin_rules, is_trivial
from tests.hub.staff.shop import MANAGER_PIN, MEI_PIN, OWNER_PIN, Shop, running

ROOT = Path(__file__).parents[3]
WRONG = "7394"


async def tried(shop: Shop, name: str, pin: str, station: str = "desk") -> str:
    """What came of one try: right, wrong or held."""
    try:
        await shop.staff.check_pin(shop.named(name).id, pin, station)
    except WrongPin:
        return "wrong"
    except TooManyTries:
        return "held"
    return "right"


async def test_the_right_pin_tells_who_it_is(shop: Shop) -> None:
    assert (await shop.staff.check_pin(shop.named("Mei").id, MEI_PIN, "desk")).name == "Mei"


@pytest.mark.parametrize("pin", ["", WRONG, OWNER_PIN, MEI_PIN + "0", MEI_PIN[:3], "４８２６", "x" * 5000, "\x00"])
async def test_any_other_pin_is_wrong(shop: Shop, pin: str) -> None:
    assert await tried(shop, "Mei", pin) == "wrong"


async def test_a_person_without_a_pin_cannot_log_in(shop: Shop) -> None:
    await shop.joined("Lin", Role.STYLIST)
    assert await tried(shop, "Lin", "") == "wrong"


async def test_five_wrong_tries_then_ever_longer_waits(shop: Shop) -> None:
    assert [await tried(shop, "Mei", WRONG) for _ in range(6)] == ["wrong"] * 5 + ["held"]
    waits = []
    for _ in range(5):
        with pytest.raises(TooManyTries) as held:
            await shop.staff.check_pin(shop.named("Mei").id, MEI_PIN, "desk")
        waits.append(held.value.facts["wait_s"])
        shop.clock.forward(seconds=waits[-1] - 1)
        assert await tried(shop, "Mei", MEI_PIN) == "held", "the right PIN waits as well"
        shop.clock.forward(seconds=1)
        assert await tried(shop, "Mei", WRONG) == "wrong"
    assert waits == [30, 60, 120, 240, 480]
    assert await tried(shop, "Mei", MEI_PIN) == "held"
    assert shop.journal.count(PinRefused) == 10


async def test_a_right_pin_ends_the_row_of_wrong_ones(shop: Shop) -> None:
    for _ in range(2):
        assert [await tried(shop, "Mei", WRONG) for _ in range(4)] == ["wrong"] * 4
        assert await tried(shop, "Mei", MEI_PIN) == "right"


async def test_the_tries_left_are_told(shop: Shop) -> None:
    left = []
    for _ in range(5):
        with pytest.raises(WrongPin) as wrong:
            await shop.staff.check_pin(shop.named("Mei").id, WRONG, "desk")
        left.append(wrong.value.facts["tries_left"])
    assert left == [4, 3, 2, 1, 0]


async def test_logging_in_all_day_long_is_never_held(shop: Shop) -> None:
    assert [await tried(shop, "Mei", MEI_PIN) for _ in range(40)] == ["right"] * 40


async def test_right_log_ins_in_between_give_a_guesser_no_more_than_ten_an_hour(shop: Shop) -> None:
    found = []
    for _ in range(20):
        found.append(await tried(shop, "Mei", WRONG, station="guesser"))
        await tried(shop, "Mei", MEI_PIN)
        await tried(shop, "Ping", MANAGER_PIN, station="guesser")
    assert found.count("wrong") == 10
    assert await tried(shop, "Mei", MEI_PIN) == "held"
    shop.clock.forward(hours=1)
    assert await tried(shop, "Mei", MEI_PIN) == "right"


async def test_guesses_count_for_a_whole_hour(shop: Shop) -> None:
    for _ in range(10):
        assert await tried(shop, "Mei", MEI_PIN) == "right"
        assert await tried(shop, "Mei", WRONG) == "wrong"
        shop.clock.forward(minutes=5, seconds=59)
    assert await tried(shop, "Mei", MEI_PIN) == "held"
    shop.clock.forward(seconds=11)
    assert await tried(shop, "Mei", MEI_PIN) == "right"


async def test_a_station_is_held_whoever_is_tried_there_but_others_work_on(shop: Shop) -> None:
    for name in ("Mei", "Ping", "Hua", "Mei", "Ping"):
        assert await tried(shop, name, WRONG, station="kiosk") == "wrong"
    assert await tried(shop, "Hua", OWNER_PIN, station="kiosk") == "held"
    assert await tried(shop, "Hua", OWNER_PIN, station="desk") == "right"


async def test_a_held_try_does_not_make_the_wait_longer(shop: Shop) -> None:
    for _ in range(5):
        await tried(shop, "Mei", WRONG)
    for _ in range(50):
        assert await tried(shop, "Mei", WRONG) == "held"
    shop.clock.forward(seconds=30)
    assert await tried(shop, "Mei", MEI_PIN) == "right"


async def test_fifty_tries_at_once_are_five_guesses(shop: Shop) -> None:
    found = await asyncio.gather(*(tried(shop, "Mei", WRONG, station=f"s{n}") for n in range(50)))
    assert (found.count("wrong"), found.count("held")) == (5, 45)


async def test_a_try_counts_before_it_is_checked(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    class PlugPulled(Exception):
        pass

    async def pulled(*_: object) -> bool:
        raise PlugPulled

    with monkeypatch.context() as patched:
        patched.setattr(pins.PinHasher, "is_right", pulled)
        for _ in range(5):
            with pytest.raises(PlugPulled):
                await shop.staff.check_pin(shop.named("Mei").id, WRONG, "desk")
    assert await tried(shop, "Mei", MEI_PIN) == "held"


GUESS_AND_DIE = """
import asyncio, os, signal, sys
from pathlib import Path
from hub.clock import Clock
from hub.staff import pins
from tests.hub.staff.shop import running

async def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

pins.PinHasher.is_right = die
with running(Path(sys.argv[1]), Clock()) as shop:
    asyncio.run(shop.staff.check_pin(shop.staff.for_login()[0].id, "7394", "desk"))
"""


def test_killing_the_hub_in_the_middle_of_a_guess_does_not_take_it_back(tmp_path: Path) -> None:
    with running(tmp_path, Clock()) as shop:
        asyncio.run(shop.staff.set_up_owner("Hua", OWNER_PIN))
    for _ in range(5):
        killed = subprocess.run(
            [sys.executable, "-c", GUESS_AND_DIE, str(tmp_path)], check=False, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, timeout=60
        )
        assert killed.returncode == -signal.SIGKILL
    with running(tmp_path, Clock()) as shop:
        assert asyncio.run(tried(shop, "Hua", OWNER_PIN)) == "held"


def test_a_restart_gives_no_new_guesses_and_a_clock_in_the_past_no_endless_wait(tmp_path: Path, clock: MovedClock) -> None:
    with running(tmp_path, clock) as shop:
        asyncio.run(shop.staff.set_up_owner("Hua", OWNER_PIN))
    for _ in range(5):
        with running(tmp_path, clock) as shop:
            assert asyncio.run(tried(shop, "Hua", WRONG)) == "wrong"
    with running(tmp_path, MovedClock(clock.now() - timedelta(days=300))) as shop:
        assert asyncio.run(tried(shop, "Hua", OWNER_PIN)) == "held"
        shop.clock.forward(seconds=30)
        assert asyncio.run(tried(shop, "Hua", OWNER_PIN)) == "right"


async def test_setting_the_wall_clock_neither_frees_nor_locks_anyone(shop: Shop) -> None:
    for _ in range(5):
        await tried(shop, "Mei", WRONG)
    now = shop.clock.now()
    for days in (9, -9):
        shop.clock.set_wall(now + timedelta(days=days))
        assert await tried(shop, "Mei", MEI_PIN) == "held"
    shop.clock.forward(seconds=30)
    assert await tried(shop, "Mei", MEI_PIN) == "right"


@settings(max_examples=10, deadline=None)
@given(
    steps=st.lists(st.sampled_from(["guess", "four guesses at once", "restart", "right", 1, 31, 300, 900, 1801]), min_size=20, max_size=60)
)
def test_however_tries_restarts_and_time_interleave_no_hour_holds_more_than_ten_wrong_guesses(steps: list[str | int]) -> None:
    clock = MovedClock(datetime(2026, 3, 2, 2, 0, tzinfo=UTC))
    guessed: list[datetime] = []
    with TemporaryDirectory() as folder:
        while True:
            with running(Path(folder), clock) as shop:
                if not shop.staff.for_login():
                    asyncio.run(shop.staff.set_up_owner("Hua", OWNER_PIN))
                run = list(itertools.takewhile(lambda step: step != "restart", steps))
                for step in run:
                    if isinstance(step, int):
                        clock.forward(seconds=step)
                    elif step == "right":
                        asyncio.run(tried(shop, "Hua", OWNER_PIN))
                    else:
                        guessed += [clock.now()] * asyncio.run(wrong_ones(shop, 4 if step != "guess" else 1))
                if len(run) == len(steps):
                    break
                steps = steps[len(run) + 1 :]
    for first in guessed:
        assert sum(first <= at < first + timedelta(hours=1) for at in guessed) <= 10


async def wrong_ones(shop: Shop, at_once: int) -> int:
    found = await asyncio.gather(*(tried(shop, "Hua", WRONG, station=f"s{n}") for n in range(at_once)))
    return found.count("wrong")


async def test_a_manager_unlocks_a_colleague_and_her_station(shop: Shop) -> None:
    for _ in range(5):
        await tried(shop, "Mei", WRONG)
    mei = shop.named("Mei")
    with pytest.raises(NotAllowed):
        await shop.staff.unlock(shop.acting("Mei"), mei.id, TapId.new(), station="desk")
    await shop.staff.unlock(shop.acting("Ping", "office"), mei.id, TapId.new())
    assert await tried(shop, "Mei", MEI_PIN) == "held", "the station is still held"
    assert await tried(shop, "Mei", MEI_PIN, station="office") == "right"
    await shop.staff.unlock(shop.acting("Ping", "office"), mei.id, TapId.new(), station="desk")
    assert await tried(shop, "Mei", MEI_PIN) == "right"
    assert shop.journal.count(StaffUnlocked) == 2


async def test_a_new_pin_logs_her_out_everywhere_and_the_old_one_is_over(shop: Shop) -> None:
    mei, tap = shop.named("Mei"), TapId.new()
    token = await shop.staff.log_in(mei.id, MEI_PIN, "desk")
    for _ in range(2):
        await shop.staff.set_pin(shop.acting("Ping"), mei.id, "9153", tap)
    assert shop.sessions.actor_of(token) is None
    assert await tried(shop, "Mei", MEI_PIN) == "wrong"
    assert await tried(shop, "Mei", "9153") == "right"
    assert shop.journal.count(PinSet) == 4


async def test_her_own_pin_she_changes_with_the_old_one(shop: Shop) -> None:
    mei, actor, tap = shop.named("Mei"), shop.acting("Mei"), TapId.new()
    with pytest.raises(NotAllowed):
        await shop.staff.set_pin(actor, mei.id, "9153", TapId.new())
    with pytest.raises(WrongPin):
        await shop.staff.set_pin(actor, mei.id, "9153", TapId.new(), old_pin=WRONG)
    for _ in range(2):
        await shop.staff.set_pin(actor, mei.id, "9153", tap, old_pin=MEI_PIN)
    assert await tried(shop, "Mei", "9153") == "right"
    with pytest.raises(NotAllowed):
        await shop.staff.set_pin(actor, shop.named("Ping").id, "915374", TapId.new(), old_pin="9153")


async def test_a_pin_taken_away_while_it_is_checked_logs_nobody_in(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    mei, check = shop.named("Mei"), pins.PinHasher.is_right

    async def slowly(self: pins.PinHasher, *args: str) -> bool:
        right = await check(self, *args)
        await shop.staff.set_pin(SYSTEM, mei.id, "9153", TapId.new())
        return right

    monkeypatch.setattr(pins.PinHasher, "is_right", slowly)
    with pytest.raises(WrongPin):
        await shop.staff.log_in(mei.id, MEI_PIN, "desk")
    assert shop.db.all("SELECT * FROM sessions") == []


async def test_a_new_log_in_takes_the_place_of_the_browsers_old_session(shop: Shop) -> None:
    old = await shop.staff.log_in(shop.named("Mei").id, MEI_PIN, "desk")
    new = await shop.staff.log_in(shop.named("Ping").id, MANAGER_PIN, "desk", instead_of=old)
    assert shop.sessions.actor_of(old) is None
    assert shop.sessions.actor_of(new) == shop.acting("Ping")


async def test_a_manager_approves_at_a_colleagues_station(shop: Shop) -> None:
    actor = await shop.staff.approve(shop.named("Ping").id, MANAGER_PIN, Right.REFUND, "desk")
    assert actor == shop.acting("Ping")
    last = shop.journal.after(0)[-1]
    assert (last.kind, last.actor, last.station, last.body) == (StepUpApproved.kind, actor.id, "desk", {"right": "refund"})


async def test_nobody_approves_what_she_may_not_do_or_without_her_pin(shop: Shop) -> None:
    with pytest.raises(NotAllowed):
        await shop.staff.approve(shop.named("Mei").id, MEI_PIN, Right.REFUND, "desk")
    with pytest.raises(WrongPin):
        await shop.staff.approve(shop.named("Ping").id, MEI_PIN, Right.REFUND, "desk")
    assert shop.journal.count(StepUpApproved) == 0


async def test_a_station_without_a_name_is_refused(shop: Shop) -> None:
    for station in ("", "x" * 65):
        with pytest.raises(InvalidInput):
            await shop.staff.check_pin(shop.named("Mei").id, MEI_PIN, station)


@pytest.mark.parametrize(
    ("pin", "role"), [("123", Role.STYLIST), ("48291", Role.MANAGER), ("48291", Role.TECHNICIAN), ("48291", Role.OWNER)]
)
def test_a_short_pin_is_refused(pin: str, role: Role) -> None:
    with pytest.raises(PinTooShort):
        check_pin_rules(pin, role)


@pytest.mark.parametrize("pin", ["", "48a6", "4826 ", "４８２６", "4" * 13, "-482"])
def test_what_is_not_four_to_twelve_digits_is_no_pin(pin: str) -> None:
    with pytest.raises(PinTooShort):
        check_pin_rules(pin, Role.STYLIST)


TRIVIAL = (
    "0000 1234 4321 7890 8901 1212 121212 123123 123456 987654 1990 2024 2580 1314 5201314 888888 66666 112233 147258 100000 700700 "
    "111222 998998"
)


@pytest.mark.parametrize("pin", TRIVIAL.split())
def test_a_pin_everybody_tries_first_is_refused(pin: str) -> None:
    with pytest.raises(PinTooSimple):
        check_pin_rules(pin, Role.STYLIST)


def test_most_pins_are_good_enough() -> None:
    assert sum(is_trivial(f"{n:04}") for n in range(10_000)) < 400


async def test_the_database_alone_cannot_be_tried_against(shop: Shop, tmp_path: Path) -> None:
    hashed = shop.db.all("SELECT hash FROM staff_pins")[-1]["hash"]
    plain = argon2.PasswordHasher()
    for guess in (MEI_PIN, f"{shop.named('Mei').id}\x1f{MEI_PIN}"):
        with pytest.raises(argon2.exceptions.VerifyMismatchError):
            plain.verify(hashed, guess)


async def test_the_same_pin_of_two_people_looks_different(shop: Shop) -> None:
    await shop.joined("Lin", Role.STYLIST, MEI_PIN)
    hashes = [row["hash"] for row in shop.db.all("SELECT hash FROM staff_pins")]
    assert len(set(hashes)) == len(hashes)


async def test_hashes_are_computed_beside_the_loop_and_the_writer(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    threads: set[str] = set()
    verify = argon2.PasswordHasher.verify

    def seen(self: argon2.PasswordHasher, *args: bytes) -> bool:
        threads.add(threading.current_thread().name)
        return verify(self, *args)

    monkeypatch.setattr(argon2.PasswordHasher, "verify", seen)
    await asyncio.gather(*(tried(shop, "Mei", MEI_PIN, station=f"s{n}") for n in range(5)))
    assert threads
    assert all(name.startswith("pin") for name in threads)
    assert len(threads) <= pins.AT_ONCE


async def test_a_hash_is_as_dear_as_it_should_be(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    hasher = pins.PinHasher(shop.staff._pins._vault)
    started = time.perf_counter()
    hashed = await hasher.hash("mei", MEI_PIN)
    assert time.perf_counter() - started > 0.005
    assert argon2.extract_parameters(hashed).memory_cost >= 19 * 1024
    assert argon2.extract_parameters(hashed).type is argon2.Type.ID
