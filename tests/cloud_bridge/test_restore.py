"""A shop's database put back to an older copy: the epoch rises, and head office loses nothing and says what was forgotten."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest

from cloud_bridge import uplink
from cloud_bridge.bridge import Bridge
from cloud_bridge.uplink import UplinkState
from tests.cloud_bridge.parts import Hq, HubDouble, Office, Shop, bridge_of, refund, sale, until


def alarms(office: Office, shop: Shop) -> set[str]:
    return {str(row[0]) for row in office.rows("SELECT kind FROM alarms WHERE store = %s", shop.store)}


async def test_an_older_copy_raises_the_epoch_and_head_office_lists_what_was_forgotten(
    shop: Shop, hub: HubDouble, office: Office, hq: Hq, bridge: Bridge
) -> None:
    await shop.fill(80)
    copy = shop.keep_copy()
    await shop.tell(*(sale(n, 1000) for n in range(1, 21)))
    await until(lambda: office.count(shop.store) == 100)
    shop.put_back(copy)
    await until(lambda: hub.recoveries)
    await shop.tell(sale(21), sale(22))
    await until(lambda: office.count(shop.store) == 83)
    assert hub.recoveries == [{"known_epoch": 1, "known_seq": 100, "receipts": {"t1": 20}}]
    assert sorted(office.seqs(shop.store)) == [*((1, n) for n in range(1, 81)), (2, 81), (2, 82), (2, 83)]
    forgotten = await hq.fleet.forgotten(shop.store)
    assert [(row["epoch"], row["seq"], row["kind"]) for row in forgotten] == [(1, n, "SaleCompleted") for n in range(100, 80, -1)]
    assert {"forgotten", "epoch_raised"} <= alarms(office, shop)
    (day,) = await hq.fleet.takings(shop.store, days=10_000)
    assert (day["total"], day["forgotten"]) == (25600, 20000)


async def test_lines_still_on_their_way_when_the_copy_is_put_back_are_known_too(
    shop: Shop, hub: HubDouble, office: Office, hq: Hq, bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Acknowledged by the stream and not yet in PostgreSQL: the bridge remembers what head office cannot yet tell."""
    await shop.fill(5)
    await until(lambda: office.count(shop.store) == 5)
    copy = shop.keep_copy()
    go_on, store = threading.Event(), hq.ingest.store
    monkeypatch.setattr(hq.ingest, "store", lambda messages: go_on.wait(30) and store(messages))
    await shop.tell(sale(1), sale(2))
    await until(lambda: bridge.cursor.seq == 7)
    shop.put_back(copy)
    await until(lambda: bridge.uplink.round == 2)
    go_on.set()
    await until(lambda: hq.fleet.head(shop.store).epoch == 2)
    assert hub.recoveries == [{"known_epoch": 1, "known_seq": 7, "receipts": {"t1": 2}}]
    assert [row["seq"] for row in await hq.fleet.forgotten(shop.store)] == [7, 6]
    assert "conflict" not in alarms(office, shop)


async def test_sales_made_on_the_older_copy_before_anyone_noticed_are_kept_beside_the_forgotten_ones(
    shop: Shop, hub: HubDouble, office: Office, hq: Hq
) -> None:
    """On a new board: the bridge remembers nothing, only head office does."""
    await shop.fill(80)
    copy = shop.keep_copy()
    await shop.fill(20)
    async with bridge_of(shop):
        await until(lambda: office.count(shop.store) == 100)
    shop.put_back(copy)
    for file in shop.dir.glob("bridge.db*"):
        file.unlink()
    await shop.tell(*(sale(n) for n in range(1, 151)))
    async with bridge_of(shop):
        await until(lambda: office.count(shop.store) == 231)
    assert sorted(office.seqs(shop.store)) == [*((1, n) for n in range(1, 231)), (2, 231)]
    assert [(row["epoch"], row["seq"]) for row in await hq.fleet.forgotten(shop.store)] == [(1, n) for n in range(100, 80, -1)]


async def test_a_hub_that_raised_the_epoch_by_itself_is_asked_nothing(shop: Shop, hub: HubDouble, office: Office, hq: Hq) -> None:
    await shop.fill(30)
    copy = shop.keep_copy()
    await shop.fill(10)
    async with bridge_of(shop):
        await until(lambda: office.count(shop.store) == 40)
    shop.put_back(copy)
    await shop.db.write(lambda tx: shop.journal.raise_epoch(tx, 40))
    await shop.fill(3)
    async with bridge_of(shop):
        await until(lambda: office.count(shop.store) == 34)
    assert hub.recoveries == []
    assert [row["seq"] for row in await hq.fleet.forgotten(shop.store)] == list(range(40, 30, -1))


async def test_the_same_copy_put_back_twice_forgets_twice(shop: Shop, hub: HubDouble, office: Office, hq: Hq) -> None:
    await shop.fill(10)
    copy = shop.keep_copy()
    for turn in (1, 2):
        await shop.fill(5)
        async with bridge_of(shop):
            await until(lambda: hq.fleet.head(shop.store).seq == shop.journal.head().seq)
            if turn == 1:
                shop.put_back(copy)
                await until(lambda: hub.recoveries)
            await until(lambda: hq.fleet.head(shop.store).hash == shop.journal.head().hash)
    shop.put_back(copy)
    await shop.db.write(lambda tx: shop.journal.raise_epoch(tx, 16, 2))
    async with bridge_of(shop):
        await until(lambda: hq.fleet.head(shop.store).epoch == 3)
    assert sorted(office.seqs(shop.store)) == [*((1, n) for n in range(1, 11)), (3, 11)]
    forgotten = {(row["epoch"], row["seq"]) for row in await hq.fleet.forgotten(shop.store)}
    assert forgotten == {(1, n) for n in range(11, 16)} | {(2, n) for n in range(11, 17)}


async def test_the_newer_database_found_again_brings_the_forgotten_lines_back(shop: Shop, hub: HubDouble, office: Office, hq: Hq) -> None:
    await shop.fill(10)
    old = shop.keep_copy()
    await shop.tell(sale(1, 500), sale(2, 700))
    newer = shutil.copy(shop.keep_copy_as("newer.db"), shop.dir / "found.db")
    async with bridge_of(shop):
        await until(lambda: office.count(shop.store) == 12)
        shop.put_back(old)
        await until(lambda: hq.fleet.head(shop.store).epoch == 2)
    shop.put_back(Path(newer))
    await shop.db.write(lambda tx: shop.journal.raise_epoch(tx, 11, 2))
    async with bridge_of(shop):
        await until(lambda: hq.fleet.head(shop.store).epoch == 3)
    assert sorted(office.seqs(shop.store)) == [*((1, n) for n in range(1, 13)), (3, 13)]
    assert [(row["epoch"], row["seq"], row["kind"]) for row in await hq.fleet.forgotten(shop.store)] == [(2, 11, "EpochRaised")]
    (day,) = await hq.fleet.takings(shop.store, days=10_000)
    assert (day["total"], day["forgotten"]) == (1200, 0)


async def test_a_clone_with_an_old_epoch_is_refused_and_an_alarm_shown(
    shop: Shop, hub: HubDouble, office: Office, hq: Hq, tmp_path: Path
) -> None:
    await shop.fill(20)
    clone = Shop(shop.store, tmp_path / "clone")
    clone.put_back(shop.keep_copy())
    shutil.copy(shop.dir / "secrets" / "hq.json", clone.dir / "secrets" / "hq.json")
    await shop.db.write(lambda tx: shop.journal.raise_epoch(tx, 20))
    await clone.fill(7)
    async with bridge_of(shop):
        await until(lambda: hq.fleet.head(shop.store).epoch == 2)
        async with bridge_of(clone) as second:
            await until(lambda: second.uplink.state is UplinkState.FENCED)
            await until(lambda: "old_epoch" in alarms(office, shop))
            await shop.fill(4)
            await until(lambda: hq.fleet.head(shop.store).seq == 25)
    clone.db.close()
    assert hub.recoveries == []
    assert sorted(office.seqs(shop.store)) == [*((1, n) for n in range(1, 21)), *((2, n) for n in range(21, 26))]
    assert not hq.fleet.shop(shop.store).is_fenced


async def test_an_outdated_copy_becomes_the_shop_when_a_person_says_so(
    shop: Shop, hub: HubDouble, office: Office, hq: Hq, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uplink, "FENCED_S", 0.1)
    await shop.fill(10)
    before_all = shop.keep_copy()
    await shop.db.write(lambda tx: shop.journal.raise_epoch(tx, 10))
    await shop.tell(sale(1))
    async with bridge_of(shop):
        await until(lambda: hq.fleet.head(shop.store).epoch == 2)
    shop.put_back(before_all)
    for file in shop.dir.glob("bridge.db*"):
        file.unlink()
    async with bridge_of(shop) as bridge:
        await until(lambda: bridge.uplink.state is UplinkState.FENCED)
        (alarm,) = [row for row in await hq.fleet.alarms(shop.store) if row["kind"] == "old_epoch"]
        await hq.fleet.adopt(shop.store, "another session")
        await shop.fill(1)
        await hq.fleet.adopt(shop.store, alarm["facts"]["session"])
        await until(lambda: hq.fleet.head(shop.store).epoch == 3)
    assert hub.recoveries == [{"known_epoch": 2, "known_seq": 12, "receipts": {"t1": 1}}]
    assert sorted(office.seqs(shop.store)) == [*((1, n) for n in range(1, 12)), (3, 12)]
    assert {(row["epoch"], row["seq"]) for row in await hq.fleet.forgotten(shop.store)} == {(2, 11), (2, 12)}


async def test_while_the_hub_is_away_an_older_copy_waits_and_sends_nothing(shop: Shop, hub: HubDouble, office: Office, hq: Hq) -> None:
    await shop.fill(10)
    copy = shop.keep_copy()
    await shop.fill(5)
    async with bridge_of(shop):
        await until(lambda: office.count(shop.store) == 15)
    await hub.stop()
    shop.put_back(copy)
    async with bridge_of(shop) as bridge:
        await until(lambda: bridge.uplink.state is UplinkState.RECOVERING)
        await hub.start()
        await until(lambda: hq.fleet.head(shop.store).epoch == 2)
    assert office.count(shop.store) == 11


async def test_head_office_restored_to_yesterday_asks_for_the_rest(shop: Shop, office: Office, hq: Hq, hub: HubDouble) -> None:
    await shop.tell(sale(1), sale(2))
    await shop.fill(60)
    await shop.tell(refund(3))
    async with bridge_of(shop):
        await until(lambda: office.count(shop.store) == 63)
    for table in ("events", "sales"):
        office.rows(f"DELETE FROM {table} WHERE store = %s AND seq > 1", shop.store)
    office.rows(
        "UPDATE shops SET seq = 1, hash = (SELECT hash FROM events WHERE store = %s AND seq = 1) WHERE store = %s", shop.store, shop.store
    )
    async with bridge_of(shop):
        await until(lambda: office.count(shop.store) == 63)
    (day,) = await hq.fleet.takings(shop.store, days=10_000)
    assert (day["sales"], day["refunds"], day["total"]) == (2, 1, 12800)
