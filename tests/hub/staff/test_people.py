"""Who works here, and who may change that."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from hub.access import SYSTEM, Actor, Role
from hub.clock import MovedClock
from hub.errors import InvalidInput, NotAllowed, NotFound, TapReused
from hub.ids import TapId
from hub.staff.events import PinSet, StaffAdded, StaffChanged
from hub.staff.model import LastOwner, OwnerExists, StaffDraft, StaffId, StaffMember
from tests.hub.staff.shop import MEI_PIN, OWNER_PIN, Shop, running

KIOSK = Actor(id="k1", role=Role.KIOSK, station="door")


def draft_of(member: StaffMember, **changes: object) -> StaffDraft:
    kept = {field: getattr(member, field) for field in ("name", "role", "skills", "stylist", "active")}
    return StaffDraft(**{**kept, **changes})  # type: ignore[arg-type]


async def test_the_first_owner_can_be_made_once(empty_shop: Shop) -> None:
    assert empty_shop.staff.for_login() == []
    made = await asyncio.gather(*(empty_shop.staff.set_up_owner("Hua", OWNER_PIN) for _ in range(5)), return_exceptions=True)
    assert sum(isinstance(one, StaffMember) for one in made) == 1
    assert sum(isinstance(one, OwnerExists) for one in made) == 4
    (login,) = empty_shop.staff.for_login()
    assert (login.name, login.role) == ("Hua", Role.OWNER)


async def test_someone_added_twice_by_one_tap_is_one_person(shop: Shop) -> None:
    tap, draft = TapId.new(), StaffDraft(name=" 小  林 ", role=Role.STYLIST, stylist=True, skills=("cut",))
    added = await asyncio.gather(*(shop.staff.add(SYSTEM, draft, tap, "4826") for _ in range(5)))
    assert len({member.id for member in added}) == 1
    assert added[0].name == "小 林"
    assert shop.staff.stylists() == [added[0]]
    assert shop.staff.member(added[0].id) == added[0]
    assert shop.journal.count(StaffAdded) == 4
    with pytest.raises(TapReused):
        await shop.staff.add(SYSTEM, StaffDraft(name="Other", role=Role.STYLIST), tap)


async def test_the_stylists_are_those_who_are_here(shop: Shop) -> None:
    lin = await shop.joined("Lin", Role.STYLIST, stylist=True)
    await shop.joined("Wen", Role.MANAGER, "482915", stylist=True)
    await shop.joined("Yu", Role.STYLIST)
    assert [member.name for member in shop.staff.stylists()] == ["Lin", "Wen"]
    await shop.staff.change(SYSTEM, lin.id, draft_of(lin, active=False), TapId.new())
    assert [member.name for member in shop.staff.stylists()] == ["Wen"]
    assert shop.staff.member(lin.id).active is False
    assert len(shop.staff.everyone(shop.acting("Hua"))) == 6


async def test_names_are_read_from_memory(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.staff.stylists()
    monkeypatch.setattr(shop.db, "all", None)
    assert shop.named("Mei").role is Role.RECEPTION


async def test_a_change_shows_even_when_nobody_waited_for_it(shop: Shop) -> None:
    mei = shop.named("Mei")
    asked = asyncio.create_task(shop.staff.change(SYSTEM, mei.id, draft_of(mei, name="Mei Mei"), TapId.new()))
    await asyncio.sleep(0)
    asked.cancel()
    await asyncio.gather(asked, return_exceptions=True)
    await shop.db.write(lambda tx: None)
    await shop.db.write(lambda tx: None)
    assert shop.staff.member(mei.id).name == "Mei Mei"


async def test_whoever_has_no_pin_is_not_on_the_log_in_page(shop: Shop) -> None:
    await shop.joined("Lin", Role.STYLIST)
    assert [login.name for login in shop.staff.for_login()] == ["Hua", "Ping", "Mei"]


async def test_only_those_who_may_more_change_staff(shop: Shop) -> None:
    hua, ping, mei = shop.acting("Hua"), shop.acting("Ping"), shop.acting("Mei")
    allowed = [(hua, Role.OWNER), (hua, Role.MANAGER), (ping, Role.RECEPTION), (ping, Role.STYLIST), (ping, Role.TECHNICIAN)]
    refused = [(ping, Role.OWNER), (ping, Role.MANAGER), (mei, Role.STYLIST), (KIOSK, Role.STYLIST)]
    for actor, role in allowed:
        await shop.staff.add(actor, StaffDraft(name="New", role=role), TapId.new())
    for actor, role in refused:
        with pytest.raises(NotAllowed):
            await shop.staff.add(actor, StaffDraft(name="New", role=role), TapId.new())
    assert shop.journal.count(StaffAdded) == 3 + len(allowed)
    for actor in (mei, KIOSK):
        with pytest.raises(NotAllowed):
            shop.staff.everyone(actor)


async def test_a_manager_cannot_raise_herself_or_touch_the_owner(shop: Shop) -> None:
    ping, hua, mei = shop.named("Ping"), shop.named("Hua"), shop.named("Mei")
    actor = shop.acting("Ping")
    for member, changes in (
        (ping, {"role": Role.OWNER}),
        (hua, {"active": False}),
        (mei, {"role": Role.OWNER}),
        (mei, {"role": Role.MANAGER}),
    ):
        with pytest.raises(NotAllowed):
            await shop.staff.change(actor, member.id, draft_of(member, **changes), TapId.new())
    with pytest.raises(NotAllowed):
        await shop.staff.set_pin(actor, hua.id, "482915", TapId.new())
    assert shop.journal.count(StaffChanged) == 0


@pytest.mark.parametrize("role", [Role.KIOSK, Role.BOARD, Role.BRIDGE, Role.SYSTEM])
async def test_nobody_is_hired_as_a_screen_or_a_process(shop: Shop, role: Role) -> None:
    with pytest.raises(InvalidInput):
        await shop.staff.add(SYSTEM, StaffDraft(name="X", role=role), TapId.new())


@pytest.mark.parametrize("name", ["", "   ", "x" * 41, "a\x00b", "a\u202eb"])
async def test_an_impossible_name_is_refused(shop: Shop, name: str) -> None:
    with pytest.raises(InvalidInput):
        await shop.staff.add(SYSTEM, StaffDraft(name=name, role=Role.STYLIST), TapId.new())


async def test_the_shop_always_keeps_an_owner(shop: Shop) -> None:
    hua = shop.named("Hua")
    for changes in ({"active": False}, {"role": Role.MANAGER}):
        with pytest.raises(LastOwner):
            await shop.staff.change(SYSTEM, hua.id, draft_of(hua, **changes), TapId.new())
    await shop.joined("Second", Role.OWNER)
    await shop.staff.change(SYSTEM, hua.id, draft_of(hua, active=False), TapId.new())
    assert shop.staff.member(hua.id).active is False


async def test_of_two_owners_who_leave_at_once_one_stays(shop: Shop) -> None:
    first, second = shop.named("Hua"), await shop.joined("Second", Role.OWNER)
    left = await asyncio.gather(
        *(shop.staff.change(SYSTEM, one.id, draft_of(one, active=False), TapId.new()) for one in (first, second)), return_exceptions=True
    )
    assert sum(isinstance(one, LastOwner) for one in left) == 1


async def test_who_leaves_is_logged_out_everywhere_and_has_no_pin_any_more(shop: Shop) -> None:
    mei = shop.named("Mei")
    tokens = [await shop.staff.log_in(mei.id, MEI_PIN, "desk") for _ in range(2)]
    await shop.staff.change(SYSTEM, mei.id, draft_of(mei, active=False), TapId.new())
    assert [shop.sessions.actor_of(token) for token in tokens] == [None, None]
    await shop.staff.change(SYSTEM, mei.id, draft_of(mei, active=True), TapId.new())
    assert "Mei" not in [login.name for login in shop.staff.for_login()]


async def test_a_new_role_counts_at_once_and_a_longer_pin_is_asked_for(shop: Shop) -> None:
    mei = shop.named("Mei")
    token = await shop.staff.log_in(mei.id, MEI_PIN, "desk")
    await shop.staff.change(SYSTEM, mei.id, draft_of(mei, role=Role.STYLIST), TapId.new())
    assert shop.sessions.actor_of(token) is None
    assert "Mei" in [login.name for login in shop.staff.for_login()]
    await shop.staff.change(SYSTEM, mei.id, draft_of(mei, role=Role.MANAGER), TapId.new())
    assert "Mei" not in [login.name for login in shop.staff.for_login()]


async def test_a_new_name_logs_nobody_out(shop: Shop) -> None:
    mei = shop.named("Mei")
    token = await shop.staff.log_in(mei.id, MEI_PIN, "desk")
    await shop.staff.change(shop.acting("Ping"), mei.id, draft_of(mei, name="Mei Li"), TapId.new())
    assert shop.sessions.actor_of(token) is not None


async def test_a_person_nobody_knows_is_not_found(shop: Shop) -> None:
    nobody, draft = StaffId.new(), StaffDraft(name="X", role=Role.STYLIST)
    with pytest.raises(NotFound):
        shop.staff.member(nobody)
    with pytest.raises(NotFound):
        await shop.staff.change(SYSTEM, nobody, draft, TapId.new())


def test_staff_is_the_same_after_a_restart(tmp_path: Path, clock: MovedClock) -> None:
    with running(tmp_path, clock) as shop:
        asyncio.run(shop.staff.set_up_owner("Hua", OWNER_PIN))
        before = shop.staff.everyone(SYSTEM)
    with running(tmp_path, clock) as shop:
        assert shop.staff.everyone(SYSTEM) == before
        assert asyncio.run(shop.staff.check_pin(before[0].id, OWNER_PIN, "desk")) == before[0]
        assert shop.journal.count(PinSet) == 1


async def test_the_journal_tells_ids_and_roles_but_no_names_and_no_pins(shop: Shop) -> None:
    told = "\n".join(str(line.body) for line in shop.journal.after(0))
    assert str(shop.named("Mei").id) in told
    for secret in ("Mei", "Ping", "Hua", OWNER_PIN, MEI_PIN):
        assert secret not in told
