"""What the shop writes down, head office has: once, in order, whatever happens on the way."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import nats.errors
import pytest
from nats.aio.client import Client
from nats.errors import Error

from cloud_bridge.bridge import Bridge
from cloud_bridge.connection import Credentials
from cloud_bridge.contract import Batch, WireLine, inbox, up
from cloud_bridge.hq import books
from cloud_bridge.hq.chain import Place, first_broken
from cloud_bridge.shop_journal import ShopJournal
from cloud_bridge.uplink import UplinkState
from hub.journal import GENESIS
from tests.cloud_bridge.parts import DAY, Hq, HubDouble, Office, Shop, bridge_of, refund, sale, until


async def as_shop(shop: Shop) -> Client:
    """A connection with the shop's own credentials, as a thief of them would make it."""
    held = Credentials.read(shop.dir / "secrets" / "hq.json")
    assert held
    for tries_left in reversed(range(50)):  # head office takes a new shop in within a quarter of a second
        client = Client()
        try:
            await client.connect(held.url, user=held.user, password=held.password, inbox_prefix=inbox(shop.store), allow_reconnect=False)
            break
        except (Error, ConnectionResetError) as not_yet:  # refused in words, or cut off before they could be read
            if not tries_left or (isinstance(not_yet, Error) and "Authorization" not in str(not_yet)):
                raise
            await asyncio.sleep(0.1)
    return client


def batches_of(shop: Shop, *, round_: int) -> list[Batch]:
    journal = ShopJournal(shop.dir)
    lines, found, seal = [], [], GENESIS
    seq = 0
    while lines := journal.behind(seq, seal):
        found.append(Batch(store=shop.store, epoch=lines[-1].epoch, round=round_, lines=tuple(lines)))
        seq, seal = lines[-1].seq, lines[-1].hash
    journal.close()
    return found


async def test_every_event_arrives_once_and_in_order(shop: Shop, office: Office, bridge: Bridge) -> None:
    await shop.fill(250)
    await until(lambda: office.count(shop.store) == 250)
    assert office.seqs(shop.store) == [(1, n) for n in range(1, 251)]


async def test_the_seal_of_every_line_can_be_checked_at_head_office(shop: Shop, office: Office, hq: Hq, bridge: Bridge) -> None:
    await shop.tell(*(sale(n) for n in range(1, 8)))
    await until(lambda: office.count(shop.store) == 7)
    rows = office.rows(
        "SELECT seq, epoch, at, actor, role, station, kind, body::text, hash FROM events WHERE store = %s ORDER BY seq", shop.store
    )
    lines = [WireLine(*row) for row in rows]
    assert first_broken(lines) is None
    office.rows("UPDATE events SET body = %s WHERE store = %s AND seq = 4", '{"total":1}', shop.store)
    changed = office.rows(
        "SELECT seq, epoch, at, actor, role, station, kind, body::text, hash FROM events WHERE store = %s ORDER BY seq", shop.store
    )
    assert first_broken([WireLine(*row) for row in changed]) == 4


async def test_the_whole_journal_sent_again_adds_nothing(shop: Shop, office: Office, hq: Hq) -> None:
    await shop.fill(130)
    await shop.tell(sale(1))
    client = await as_shop(shop)
    for round_ in (1, 2, 3):
        for batch in batches_of(shop, round_=round_):
            await client.jetstream().publish(up(shop.store), batch.to_bytes(), headers={"Nats-Msg-Id": batch.message_id})
    await until(lambda: hq.ingest.figures["duplicates"] >= 2 * 131)
    await client.close()
    assert office.count(shop.store) == 131
    assert [row["total"] for row in await hq.fleet.takings(shop.store, days=10_000)] == [12800]


async def test_head_office_that_lost_its_last_lines_gets_them_again(shop: Shop, office: Office, hq: Hq, bridge: Bridge) -> None:
    await shop.fill(120)
    await until(lambda: office.count(shop.store) == 120)
    office.rows("DELETE FROM events WHERE store = %s AND seq > 40", shop.store)
    office.rows(
        "UPDATE shops SET seq = 40, hash = (SELECT hash FROM events WHERE store = %s AND seq = 40) WHERE store = %s", shop.store, shop.store
    )
    await shop.fill(1)
    await until(lambda: office.count(shop.store) == 121)
    assert sorted(office.seqs(shop.store)) == [(1, n) for n in range(1, 122)]


async def test_lines_above_a_gap_wait_for_the_missing_ones(shop: Shop, office: Office, hq: Hq) -> None:
    await shop.fill(300)
    first, second, third = batches_of(shop, round_=1)
    client = await as_shop(shop)
    for batch in (first, third):
        await client.jetstream().publish(up(shop.store), batch.to_bytes())
    await until(lambda: office.count(shop.store) == 100)
    await until(lambda: hq.fleet.head(shop.store).seq == 100)
    for batch in (second, third):
        await client.jetstream().publish(up(shop.store), batch.to_bytes())
    await until(lambda: office.count(shop.store) == 300)
    await client.close()
    await until(lambda: hq.fleet.head(shop.store).seq == 300)
    assert office.seqs(shop.store) == [(1, n) for n in range(1, 301)]


async def test_a_shop_cannot_speak_for_another_shop(shop: Shop, office: Office, hq: Hq) -> None:
    office.shops.add("s-other", office.data / "other.json")
    await shop.fill(3)
    client = await as_shop(shop)
    refused: list[str] = []

    async def said(error: Exception) -> None:
        refused.append(str(error))

    client._error_cb = said
    batch = batches_of(shop, round_=1)[0]
    for subject in ("up.s-other", "hb.s-other", "ask.s-other.hello", "rpc.s-other.ping", "$JS.API.STREAM.LIST", "$JS.API.STREAM.PURGE.UP"):
        await client.publish(subject, batch.to_bytes())
    await client.flush()
    with pytest.raises(nats.errors.Error):
        await client.jetstream().publish("up.s-other", batch.to_bytes(), timeout=0.5)
    await client.subscribe("up.>")
    await client.subscribe("_INBOX_s-other.>")
    await client.flush()
    await until(lambda: sum("violation" in said.lower() for said in refused) >= 8)
    await client.close()
    assert office.count("s-other") == 0


async def test_lines_of_another_shop_in_our_own_subject_are_refused(shop: Shop, office: Office, hq: Hq) -> None:
    await shop.fill(3)
    foreign = Batch(store="s-other", epoch=1, round=1, lines=batches_of(shop, round_=1)[0].lines)
    client = await as_shop(shop)
    await client.jetstream().publish(up(shop.store), foreign.to_bytes())
    await until(lambda: office.rows("SELECT count FROM refused WHERE store = %s AND reason = 'malformed_foreign_store'", shop.store))
    await client.close()
    assert office.count(shop.store) == 0


async def test_an_answer_goes_only_into_the_askers_own_inbox(shop: Shop, office: Office, hq: Hq) -> None:
    client, listener = await as_shop(shop), await office.nats.connect()
    overheard: list[str] = []

    async def listen(message: object) -> None:
        overheard.append(str(message))

    await listener.subscribe("rpc.s-other.ping", cb=listen)
    await listener.flush()
    hello = b'{"v":1,"epoch":1,"seq":0,"hash":"' + b"0" * 64 + b'","epochs":[],"session":"x"}'
    await client.publish(f"ask.{shop.store}.hello", hello, reply="rpc.s-other.ping")
    answered = await client.request(f"ask.{shop.store}.hello", hello, timeout=2)
    await listener.flush()
    await client.close()
    await listener.close()
    assert b'"verdict":"ok"' in answered.data
    assert overheard == []


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\xff\xfe",
        b"[1,2]",
        b'{"v":2}',
        b'{"v":1,"store":"%s","epoch":1,"round":1,"lines":[]}',
        b'{"v":1,"store":"%s","epoch":1,"round":1,"lines":[[1,2]]}',
        b'{"v":1,"store":"%s","epoch":1,"round":1,"lines":[[1,1,"yesterday","a","b","c","K","{}","00"]]}',
        b'{"v":1,"store":"%s","epoch":-4,"round":1,"lines":[[1,1,"2026-01-01T00:00:00+00:00","a","b","c","K","{}","' + b"0" * 64 + b'"]]}',
        b'{"v":1,"store":"%s","epoch":1,"round":1,"lines":[[1,1,"2026-01-01T00:00:00+00:00","a\\u0000","b","c","K","{}","'
        + b"0" * 64
        + b'"]]}',
        b"{" * 5000,
    ],
)
async def test_a_malformed_message_is_counted_and_the_next_good_one_taken(shop: Shop, office: Office, hq: Hq, message: bytes) -> None:
    await shop.fill(2)
    client = await as_shop(shop)
    await client.jetstream().publish(up(shop.store), message.replace(b"%s", shop.store.encode()))
    for subject in (f"hb.{shop.store}", f"ask.{shop.store}.hello", f"ask.{shop.store}.hashes", f"ask.{shop.store}.nonsense"):
        await client.publish(subject, message)
    await client.jetstream().publish(up(shop.store), batches_of(shop, round_=1)[0].to_bytes())
    await until(lambda: office.count(shop.store) == 2)
    await until(lambda: sum(int(str(row[0])) for row in office.rows("SELECT count FROM refused WHERE store = %s", shop.store)) == 5)
    await client.close()
    assert office.seqs(shop.store) == [(1, 1), (1, 2)]


async def test_what_the_database_cannot_hold_is_refused_alone(shop: Shop, office: Office, hq: Hq, monkeypatch: pytest.MonkeyPatch) -> None:
    """A text PostgreSQL does not take must not take its neighbours in the same fetch with it."""
    await shop.fill(2)
    good = batches_of(shop, round_=1)[0]
    poison = Batch(store="s-poison", epoch=1, round=1, lines=good.lines)
    monkeypatch.setattr(Batch, "from_bytes", classmethod(lambda _cls, data, _store: poison if data == b"poison" else good))
    monkeypatch.setattr("cloud_bridge.hq.ingest.books.move_head", _unless_poison)
    news = await hq.ingest._kept([("up.s-poison", b"poison"), (up(shop.store), b"good")])
    assert news.refused == 1
    assert office.count(shop.store) == 2
    assert office.rows("SELECT reason FROM refused WHERE store = 's-poison'") == [("unstorable",)]


async def test_an_edited_line_is_refused_and_people_are_told(shop: Shop, office: Office, hq: Hq) -> None:
    await shop.tell(sale(1), sale(2))
    batch = batches_of(shop, round_=1)[0]
    edited = Batch(store=shop.store, epoch=1, round=1, lines=(batch.lines[0], _with_body(batch.lines[1], '{"total":1}')))
    client = await as_shop(shop)
    await client.jetstream().publish(up(shop.store), edited.to_bytes())
    await until(lambda: office.rows("SELECT 1 FROM alarms WHERE store = %s AND kind = 'chain_broken'", shop.store))
    await client.close()
    assert office.count(shop.store) == 1


async def test_takings_are_sales_less_refunds_by_business_day(shop: Shop, office: Office, hq: Hq, bridge: Bridge) -> None:
    today = str(hq.fleet.today)
    await shop.tell(sale(1, 10000, day=today), sale(2, 5050, day=today), refund(3, 10000, day=today), sale(4, 700, day=DAY))
    await until(lambda: hq.fleet.shop(shop.store).takings == {"CNY": 5050})
    found = {str(row["business_day"]): row for row in await hq.fleet.takings(shop.store, days=10_000)}
    assert (found[today]["sales"], found[today]["refunds"], found[today]["completed"], found[today]["refunded"]) == (2, 1, 15050, 10000)
    assert found[DAY]["total"] == 700


async def test_the_bridge_keeps_what_was_acknowledged_over_a_restart(shop: Shop, hub: HubDouble, office: Office, hq: Hq) -> None:
    await shop.fill(10)
    async with bridge_of(shop) as first:
        await until(lambda: first.cursor.seq == 10)
    async with bridge_of(shop) as second:
        assert second.cursor.seq == 10
        await until(lambda: second.uplink.state is UplinkState.SENDING)
    assert office.count(shop.store) == 10


async def test_the_epochs_of_a_journal_are_found_without_reading_it_whole(shop: Shop) -> None:
    await shop.fill(20)
    await shop.db.write(lambda tx: shop.journal.raise_epoch(tx, 30))
    await shop.db.write(lambda tx: shop.journal.raise_epoch(tx, 30, 4))
    await shop.fill(37)
    await shop.db.write(lambda tx: shop.journal.raise_epoch(tx, 30))
    journal = ShopJournal(shop.dir)
    assert journal.epochs() == [(1, 1), (2, 21), (5, 22), (6, 60)]
    journal.close()


_move_head = books.move_head


def _unless_poison(connection: books.Connection, store: str, head: Place) -> None:
    if store == "s-poison":
        connection.execute("SELECT 1 / 0")
    _move_head(connection, store, head)


def _with_body(line: WireLine, body: str) -> WireLine:
    return replace(line, body=body)
