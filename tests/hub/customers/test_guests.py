"""A guest's file: one per number, sealed, read under watch, hers to correct, take away and erase."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import orjson
import pytest

from hub.access import Actor
from hub.clock import MovedClock
from hub.customers import CardChanges, CustomerId, PhoneAndWishes, PhoneInvalid, PhoneTaken, Purpose
from hub.customers.events import CardCorrected, CardExported, CardRead, ConsentsRecorded, ConsentWithdrawn, CustomerEnrolled, CustomerErased
from hub.customers.model import CURRENT_NOTICE, FOUND_MAX, NAME_MAX, NOTES_MAX, Channel
from hub.db import Db, IntegrityError, copy_of
from hub.errors import InvalidInput, NotAllowed, NotFound, TapReused
from hub.ids import TapId
from hub.vault import Erased
from tests.hub.customers.shop import KIOSK, LIN, MEI, PHONE, PING, Shop, running


def files_of(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())


async def test_a_guest_gives_her_number_once_and_is_found_by_it(shop: Shop) -> None:
    lin = await shop.came("138 0013 8000", name="林小姐", language="en")
    assert await shop.came("+86 13800138000") == lin
    assert await shop.came("13900139000") != lin
    assert shop.journal.count(CustomerEnrolled) == 2
    card = await shop.customers.read_card(MEI, lin)
    assert (card.id, card.phone, card.name, card.notes) == (lin, "+8613800138000", "林小姐", "")


async def test_twenty_touches_with_one_number_make_one_guest(shop: Shop) -> None:
    found = await asyncio.gather(*(shop.came(name=f"n{n}") for n in range(20)))
    assert len(set(found)) == 1
    assert shop.db.all("SELECT count(*) FROM customers")[0][0] == 1
    assert shop.journal.count(CustomerEnrolled) == 1
    assert [row["owner"] for row in shop.keys.all("SELECT owner FROM keys")] == [found[0]], "no key is left of those who lost the race"
    assert (await shop.customers.read_card(MEI, found[0])).name.startswith("n")


async def test_one_tap_twenty_times_is_one_touch(shop: Shop) -> None:
    tap, wishes = TapId.new(), PhoneAndWishes(phone=PHONE, consents=(Purpose.MARKETING,))
    found = await asyncio.gather(*(shop.customers.enrol(KIOSK, wishes, tap) for _ in range(20)))
    assert len(set(found)) == 1
    assert shop.journal.count(ConsentsRecorded) == 1
    with pytest.raises(TapReused):
        await shop.customers.enrol(KIOSK, PhoneAndWishes(phone="13900139000"), tap)


async def test_a_known_guests_name_is_not_overwritten_at_the_kiosk(shop: Shop) -> None:
    lin = await shop.came()
    await shop.came(name="Lin")
    await shop.came(name="Somebody")
    assert (await shop.customers.read_card(MEI, lin)).name == "Lin"


async def test_a_wrong_number_changes_nothing(shop: Shop) -> None:
    with pytest.raises(PhoneInvalid):
        await shop.came("12345")
    assert shop.keys.all("SELECT * FROM keys") == []
    assert shop.journal.head().seq == 0


@pytest.mark.parametrize("wishes", [{"name": "x" * (NAME_MAX + 1)}, {"name": "a\x07"}, {"language": "xx"}, {"notice": "1999-1"}])
async def test_impossible_wishes_are_refused(shop: Shop, wishes: dict[str, str]) -> None:
    with pytest.raises(InvalidInput):
        await shop.came(**wishes)
    assert shop.journal.head().seq == 0


async def test_nothing_personal_is_readable_in_any_file_or_line(shop: Shop, tmp_path: Path) -> None:
    lin = await shop.came(name="Lindiwe")
    await shop.customers.correct(MEI, lin, CardChanges(notes="allergic to henna"), TapId.new())
    await shop.customers.read_card(MEI, lin)
    kept = files_of(tmp_path)
    for secret in (PHONE, "Lindiwe", "henna"):
        assert secret.encode() not in kept
    assert "13800138000" not in repr(PhoneAndWishes(phone=PHONE, name="Lindiwe"))
    assert "Lindiwe" not in repr(await shop.customers.read_card(MEI, lin))


async def test_staff_lists_show_a_masked_number(shop: Shop) -> None:
    assert shop.customers.masked_phone(await shop.came()) == "138****8000"
    assert shop.customers.masked_phone(CustomerId.new()) == ""


async def test_guests_are_found_by_the_last_four_digits_masked(shop: Shop) -> None:
    lin = await shop.came("13800138000", name="林小姐")
    shop.clock.forward(minutes=1)
    wu = await shop.came("13911118000", name="吴")
    await shop.came("13900139001", name="Other")
    found = shop.customers.search(MEI, "8000")
    assert [(one.id, one.phone, one.name) for one in found] == [(wu, "139****8000", "吴"), (lin, "138****8000", "林**")]
    assert shop.customers.search(MEI, "4321") == []


async def test_a_search_is_bounded(shop: Shop) -> None:
    await asyncio.gather(*(shop.came(f"138{n:04}8000") for n in range(FOUND_MAX + 5)))
    assert len(shop.customers.search(MEI, "8000")) == FOUND_MAX


@pytest.mark.parametrize("last4", ["", "800", "80000", "8oo0", "８０００", "%%%%"])
def test_only_four_digits_are_searched_for(shop: Shop, last4: str) -> None:
    with pytest.raises(InvalidInput):
        shop.customers.search(MEI, last4)


async def test_every_read_of_a_file_is_journaled_before_it_is_seen(shop: Shop) -> None:
    lin = await shop.came()
    await shop.customers.read_card(MEI, lin)
    await shop.customers.read_card(PING, lin)
    lines = [line for line in shop.journal.after(0) if line.kind == CardRead.kind]
    assert [(line.actor, line.body) for line in lines] == [("mei", {"customer": lin}), ("ping", {"customer": lin})]


@pytest.mark.parametrize("actor", [KIOSK, LIN])
async def test_who_may_not_see_guests_sees_none(shop: Shop, actor: Actor) -> None:
    lin = await shop.came()
    head = shop.journal.head()
    for attempt in (
        shop.customers.read_card(actor, lin),
        shop.customers.correct(actor, lin, CardChanges(name="X"), TapId.new()),
        shop.customers.export(actor, lin),
        shop.customers.erase(actor, lin, TapId.new()),
    ):
        with pytest.raises(NotAllowed):
            await attempt
    with pytest.raises(NotAllowed):
        shop.customers.search(actor, "8000")
    assert shop.journal.head() == head


async def test_the_desk_cannot_take_files_out_or_erase_them(shop: Shop) -> None:
    lin = await shop.came()
    for attempt in (shop.customers.export(MEI, lin), shop.customers.erase(MEI, lin, TapId.new())):
        with pytest.raises(NotAllowed):
            await attempt


async def test_what_she_agreed_to_and_what_not_is_in_the_ledger(shop: Shop) -> None:
    lin = await shop.came(consents=(Purpose.MEMBERSHIP,))
    said = {c.purpose: c for c in (await shop.customers.read_card(MEI, lin)).consents}
    assert {purpose: c.given for purpose, c in said.items()} == {Purpose.MEMBERSHIP: True, Purpose.MARKETING: False, Purpose.PHOTOS: False}
    assert {(c.notice, c.channel) for c in said.values()} == {(CURRENT_NOTICE.version, Channel.KIOSK)}
    assert shop.customers.consented(lin, Purpose.MEMBERSHIP)
    assert not shop.customers.consented(lin, Purpose.PHOTOS)
    assert not shop.customers.consented(CustomerId.new(), Purpose.PHOTOS)
    (told,) = shop.told(ConsentsRecorded.kind)
    assert (told["given"], told["refused"]) == (["membership"], ["marketing", "photos"])


async def test_what_a_known_guest_does_not_tick_again_stays_as_she_said(shop: Shop) -> None:
    lin = await shop.came(consents=(Purpose.MEMBERSHIP,))
    await shop.came(consents=())
    await shop.came(consents=(Purpose.PHOTOS,))
    assert [shop.customers.consented(lin, purpose) for purpose in Purpose] == [True, False, True]
    assert len(shop.told(ConsentsRecorded.kind)) == 2


async def test_a_consent_can_be_taken_back_and_given_again_and_all_of_it_stays(shop: Shop) -> None:
    lin = await shop.came(consents=(Purpose.MARKETING,))
    tap = TapId.new()
    for _ in range(2):
        await shop.customers.withdraw(KIOSK, lin, Purpose.MARKETING, tap)
    assert not shop.customers.consented(lin, Purpose.MARKETING)
    await shop.customers.withdraw(KIOSK, lin, Purpose.MARKETING, TapId.new())
    assert shop.journal.count(ConsentWithdrawn) == 1
    for _ in range(2):
        await shop.customers.agree(MEI, lin, Purpose.MARKETING, TapId.new())
    assert shop.customers.consented(lin, Purpose.MARKETING)
    said = [c for c in (await shop.customers.export(PING, lin))["consents"] if c["purpose"] == "marketing"]
    assert [(c["given"], c["channel"]) for c in said] == [(True, "kiosk"), (False, "kiosk"), (True, "staff")]


@pytest.mark.parametrize("change", ["UPDATE consents SET given = 1", "DELETE FROM consents"])
async def test_the_consent_ledger_cannot_be_changed(shop: Shop, change: str) -> None:
    await shop.came()
    with pytest.raises(IntegrityError):
        await shop.db.write(lambda tx: tx.execute(change))


async def test_a_file_is_put_right_and_the_old_number_is_free_again(shop: Shop) -> None:
    lin, tap = await shop.came(name="Lin"), TapId.new()
    changes = CardChanges(phone="139 0013 9000", name="", notes="likes tea", language="en")
    for _ in range(2):
        await shop.customers.correct(MEI, lin, changes, tap)
    card = await shop.customers.read_card(MEI, lin)
    assert (card.phone, card.name, card.notes, card.language) == ("+8613900139000", "", "likes tea", "en")
    assert await shop.came("13900139000") == lin
    assert await shop.came(PHONE) != lin
    assert shop.told(CardCorrected.kind) == [{"customer": lin, "fields": ["phone", "name", "notes", "language"]}]
    assert [one.id for one in shop.customers.search(MEI, "9000")] == [lin]


async def test_a_number_of_another_guest_is_not_taken_over(shop: Shop) -> None:
    lin, wu = await shop.came(), await shop.came("13900139000")
    with pytest.raises(PhoneTaken):
        await shop.customers.correct(MEI, lin, CardChanges(phone="13900139000"), TapId.new())
    assert await shop.came("13900139000") == wu
    await shop.customers.correct(MEI, lin, CardChanges(phone=PHONE), TapId.new())


async def test_notes_have_a_limit(shop: Shop) -> None:
    with pytest.raises(InvalidInput):
        await shop.customers.correct(MEI, await shop.came(), CardChanges(notes="x" * (NOTES_MAX + 1)), TapId.new())


async def test_a_guest_takes_her_data_with_her(shop: Shop) -> None:
    lin = await shop.came(name="林", consents=(Purpose.PHOTOS,))
    taken = orjson.loads(orjson.dumps(await shop.customers.export(PING, lin)))
    assert (taken["phone"], taken["name"], len(taken["consents"])) == ("+8613800138000", "林", 3)
    assert shop.journal.count(CardExported) == 1


async def test_an_erased_guest_is_gone_for_good(shop: Shop) -> None:
    lin, tap = await shop.came(name="林", consents=(Purpose.MARKETING,)), TapId.new()
    for _ in range(2):
        await shop.customers.erase(PING, lin, tap)
    assert shop.customers.masked_phone(lin) == ""
    assert shop.customers.search(MEI, "8000") == []
    for attempt in (
        shop.customers.read_card(MEI, lin),
        shop.customers.export(PING, lin),
        shop.customers.correct(MEI, lin, CardChanges(name="X"), TapId.new()),
        shop.customers.agree(MEI, lin, Purpose.PHOTOS, TapId.new()),
        shop.customers.withdraw(MEI, lin, Purpose.MARKETING, TapId.new()),
        shop.db.write(shop.customers.must_exist, lin),
    ):
        with pytest.raises(NotFound):
            await attempt
    assert shop.told(CustomerErased.kind) == [{"customer": lin}]
    again = await shop.came()
    assert again != lin
    assert not shop.customers.consented(again, Purpose.MARKETING)


async def test_guests_must_exist_to_be_served(shop: Shop) -> None:
    await shop.db.write(shop.customers.must_exist, await shop.came())
    for attempt in (shop.db.write(shop.customers.must_exist, CustomerId.new()), shop.customers.erase(PING, CustomerId.new(), TapId.new())):
        with pytest.raises(NotFound):
            await attempt


def test_an_old_backup_cannot_show_an_erased_guest_and_she_is_erased_again(tmp_path: Path, clock: MovedClock) -> None:
    store = tmp_path / "store"
    with running(store, clock) as shop:
        lin = asyncio.run(shop.came(name="林"))
        wu = asyncio.run(shop.came("13900139000", name="吴"))
        copy_of(store / "shop.db", tmp_path / "backup.db")
        asyncio.run(shop.customers.erase(PING, lin, TapId.new()))
    for file in store.glob("shop.db*"):
        file.unlink()
    shutil.copy(tmp_path / "backup.db", store / "shop.db")
    with running(store, clock) as shop:
        with pytest.raises(Erased):
            asyncio.run(shop.customers.read_card(MEI, lin))
        assert shop.customers.masked_phone(lin) == ""
        assert shop.customers.search(MEI, "8000") == []
        assert asyncio.run(shop.customers.finish_erasures()) == 1
        assert asyncio.run(shop.customers.finish_erasures()) == 0
        assert asyncio.run(shop.came()) not in (lin, wu)
        assert asyncio.run(shop.customers.read_card(MEI, wu)).name == "吴"


def test_an_erasure_cut_in_the_middle_is_finished_at_the_next_start(
    tmp_path: Path, clock: MovedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def cut(owner: str) -> None:
        raise OSError

    with running(tmp_path, clock) as shop:
        lin = asyncio.run(shop.came(name="林"))
        monkeypatch.setattr(shop.vault, "destroy", cut)
        with pytest.raises(OSError):
            asyncio.run(shop.customers.erase(PING, lin, TapId.new()))
    with running(tmp_path, clock) as shop:
        assert not shop.vault.is_destroyed(lin)
        assert asyncio.run(shop.customers.finish_erasures()) == 1
        assert shop.vault.is_destroyed(lin)


async def test_a_guest_erased_while_she_gives_her_number_again_gets_a_new_file(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    lin = await shop.came()
    write, erased = shop.db.write, False

    async def write_after_erasure(fn: object, *args: object) -> object:
        nonlocal erased
        if getattr(fn, "__name__", "") == "_enrol" and not erased:
            erased = True
            await shop.customers.erase(PING, lin, TapId.new())
        return await write(fn, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(shop.db, "write", write_after_erasure)
    again = await shop.came()
    assert again != lin
    assert shop.customers.masked_phone(again) == "138****8000"


async def test_the_journal_holds_nothing_personal(shop: Shop) -> None:
    lin = await shop.came(name="Lindiwe", consents=(Purpose.PHOTOS,))
    await shop.customers.correct(MEI, lin, CardChanges(notes="henna", phone="13911112222"), TapId.new())
    await shop.customers.erase(PING, lin, TapId.new())
    lines = str([line.body for line in shop.journal.after(0, 1000)])
    for secret in ("Lindiwe", "henna", "138", "139", "2222"):
        assert secret not in lines.replace(lin, "")


def test_guests_are_the_same_after_a_restart(tmp_path: Path, clock: MovedClock) -> None:
    with running(tmp_path, clock) as shop:
        lin = asyncio.run(shop.came(name="林"))
    with running(tmp_path, clock) as shop:
        assert asyncio.run(shop.came()) == lin
        assert asyncio.run(shop.customers.read_card(MEI, lin)).name == "林"


def test_what_is_remembered_of_a_tap_cannot_be_tried_against_without_the_shop_key(tmp_path: Path, clock: MovedClock) -> None:
    remembered, tap = [], TapId.new()
    for folder in (tmp_path / "one", tmp_path / "two"):
        with running(folder, clock) as shop:
            asyncio.run(shop.customers.enrol(KIOSK, PhoneAndWishes(phone=PHONE), tap))
            remembered.append(shop.db.all("SELECT wish FROM taps")[0]["wish"])
    assert remembered[0] != remembered[1]


def test_what_is_sealed_in_a_copied_database_needs_the_keys(tmp_path: Path, clock: MovedClock) -> None:
    with running(tmp_path / "one", clock) as shop:
        asyncio.run(shop.came(name="林"))
        copy_of(tmp_path / "one" / "shop.db", tmp_path / "stolen.db")
    stolen = Db(tmp_path / "stolen.db")
    stolen.open()
    row = stolen.all("SELECT * FROM customers")[0]
    stolen.close()
    assert PHONE.encode() not in row["phone"] + row["phone_index"] + row["last4_index"]
