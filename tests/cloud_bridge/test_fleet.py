"""What head office says of a shop: online, late, offline; its hub and devices; and who speaks for it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from cloud_bridge.bridge import Bridge
from cloud_bridge.contract import DeviceSeen, Heartbeat
from cloud_bridge.hq.desk import ShopDoesNotAnswer
from cloud_bridge.hq.fleet import Fleet, Presence
from hub.clock import MovedClock
from tests.cloud_bridge.parts import Hq, HubDouble, Office, Shop, bridge_of, until

AT = "2026-03-02T10:00:00.000+00:00"


def beat(store: str, **more: object) -> Heartbeat:
    said = {"epoch": 1, "seq": 0, "hub": "alive", "hub_since": AT, "sent_at": AT, "session": "a", "n": 1, **more}
    return Heartbeat(store=store, **said)  # type: ignore[arg-type]


@pytest.fixture
async def moved(office: Office) -> AsyncIterator[tuple[Fleet, MovedClock]]:
    clock = MovedClock(datetime(2026, 3, 2, 10, tzinfo=UTC))
    hq = Hq(office, clock)
    yield hq.fleet, clock
    await hq.database.close()


async def test_a_shop_is_online_then_late_then_offline(moved: tuple[Fleet, MovedClock]) -> None:
    fleet, clock = moved
    fleet.heard(beat("s-late"))
    seen = []
    for seconds in (15, 10, 15, 10):
        clock.forward(seconds=seconds)
        seen.append(fleet.shop("s-late").presence)
    assert seen == [Presence.ONLINE, Presence.LATE, Presence.LATE, Presence.OFFLINE]
    fleet.heard(beat("s-late"))
    assert fleet.shop("s-late").presence is Presence.ONLINE


async def test_of_a_shop_that_is_not_heard_nothing_is_claimed(moved: tuple[Fleet, MovedClock]) -> None:
    fleet, clock = moved
    fleet.heard(beat("s-gone", devices={"p1": DeviceSeen(kind="scanner", name="Scanner", health="offline", sentence="Pulled")}))
    assert fleet.shop("s-gone").troubled == ["p1"]
    clock.forward(seconds=46)
    shop = fleet.shop("s-gone")
    assert (shop.hub, shop.devices["p1"].health, shop.devices["p1"].name) == ("unknown", "unknown", "Scanner")


async def test_a_restart_of_head_office_remembers_when_a_shop_was_last_heard(office: Office, moved: tuple[Fleet, MovedClock]) -> None:
    fleet, clock = moved
    fleet.heard(beat("s-before", name="Aurora"))
    await fleet.refresh()
    later = Hq(office, clock)
    await later.fleet.start()
    shop = later.fleet.shop("s-before")
    await later.database.close()
    assert (shop.presence, shop.name, shop.seen_at) == (Presence.OFFLINE, "Aurora", clock.now())


async def test_a_shop_that_was_added_is_shown_before_it_was_ever_heard(shop: Shop, hq: Hq) -> None:
    await hq.fleet.refresh()
    assert hq.fleet.shop(shop.store).presence is Presence.NEVER


async def test_a_fenced_copy_does_not_speak_over_the_true_one(moved: tuple[Fleet, MovedClock]) -> None:
    fleet, clock = moved
    fleet.heard(beat("s-two", session="true", epoch=2))
    fleet.heard(beat("s-two", session="clone", hub="stopped"), fenced=True)
    assert (fleet.shop("s-two").hub, fleet.shop("s-two").is_fenced) == ("alive", False)
    clock.forward(seconds=60)
    fleet.heard(beat("s-two", session="clone"), fenced=True)
    assert fleet.shop("s-two").is_fenced


async def test_the_hub_may_be_stopped_and_head_office_still_sees_the_shop_and_says_so(
    shop: Shop, hub: HubDouble, hq: Hq, bridge: Bridge
) -> None:
    await until(lambda: hq.fleet.shop(shop.store).hub == "alive")
    await hub.stop()
    await until(lambda: hq.fleet.shop(shop.store).hub == "stopped")
    assert hq.fleet.shop(shop.store).presence is Presence.ONLINE
    await hub.start()
    await until(lambda: hq.fleet.shop(shop.store).hub == "alive")


async def test_a_hub_that_hangs_is_told_from_one_that_stopped(shop: Shop, hub: HubDouble, hq: Hq, bridge: Bridge) -> None:
    await until(lambda: hq.fleet.shop(shop.store).hub == "alive")
    hub.is_hung = True
    await until(lambda: hq.fleet.shop(shop.store).hub == "silent", 20)
    assert hq.fleet.shop(shop.store).presence is Presence.ONLINE  # the bridge is heard all the while
    hub.is_hung = False
    await until(lambda: hq.fleet.shop(shop.store).hub == "alive", 20)


async def test_a_ping_tells_the_round_trip(shop: Shop, hub: HubDouble, hq: Hq, bridge: Bridge) -> None:
    await shop.fill(3)
    await until(lambda: hq.fleet.head(shop.store).seq == 3)
    pong = await hq.desk.ping(shop.store)
    assert (pong.store, pong.hub, pong.epoch, pong.seq, pong.round) == (shop.store, "alive", 1, 3, 1)
    assert 0 < pong.round_trip_ms < 5000


async def test_a_ping_to_a_shop_that_is_away_says_so(shop: Shop, hq: Hq) -> None:
    with pytest.raises(ShopDoesNotAnswer):
        await hq.desk.ping(shop.store)


async def test_a_verb_that_is_not_on_the_list_is_refused(shop: Shop, hub: HubDouble, hq: Hq, bridge: Bridge) -> None:
    await until(lambda: bridge.link.is_up)
    answer = await hq.client.request(f"rpc.{shop.store}.format_disk", b"{}", timeout=2)
    assert b"malformed_message" in answer.data
    garbage = await hq.client.request(f"rpc.{shop.store}.ping", b"\xff", timeout=2)
    assert b"error" in garbage.data
    assert bridge.remote.refused == 2


async def test_two_bridges_of_one_shop_taking_turns_raise_an_alarm(shop: Shop, hub: HubDouble, office: Office, hq: Hq) -> None:
    async with bridge_of(shop) as first:
        await until(lambda: hq.fleet.shop(shop.store).presence is Presence.ONLINE)
        async with bridge_of(shop) as second:
            for bridge in (second, first, second):
                session = bridge.link.session
                bridge.pulse.beat_soon()
                await until(lambda session=session: hq.desk._sessions[shop.store][-1] == session)
    await until(lambda: office.rows("SELECT 1 FROM alarms WHERE store = %s", shop.store))
    assert office.rows("SELECT kind FROM alarms WHERE store = %s", shop.store) == [("two_bridges",)]


async def test_an_alarm_that_was_seen_is_gone_and_the_next_one_is_new(shop: Shop, office: Office, hq: Hq) -> None:
    for _ in range(2):
        await hq.desk._alarm(shop.store, "two_bridges", "", {"session": "x"})
    (alarm,) = await hq.fleet.alarms(shop.store)
    assert alarm["count"] == 2
    await hq.fleet.seen(alarm["id"])
    assert await hq.fleet.alarms(shop.store) == []
    await hq.desk._alarm(shop.store, "two_bridges", "", {"session": "y"})
    (again,) = await hq.fleet.alarms(shop.store)
    assert (again["count"], again["facts"]) == (1, {"session": "y"})
