"""The shop's network as the hub keeps it: who is new, where a device hangs, labels; over a noted wire and a real database."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from hub.access import Actor, Role
from hub.equipment import labels
from hub.equipment.events import AssetLabelPrinted, CableRecorded, NetworkCardNamed, UnknownCardAppeared
from hub.equipment.labels import asset_label, device_of
from hub.equipment.model import DeviceBusy, DeviceRefused
from hub.equipment.network_model import LabelNotPrinted, LabelUncertain, NoLabelPrinter, Place, PortTaken
from hub.errors import InvalidInput, NotAllowed, NotFound
from tests.hub.conftest import tap
from tests.hub.equipment.wire import printer, until

MAC = "3c:5a:b4:00:00:02"
STYLIST = Actor(id="st", role=Role.STYLIST, station="t1")


def appears(wire, mac=MAC, **more):
    wire.says("host/h1/event/new_mac", mac=mac, ip="10.0.0.77", name="cam", maker="", random=False, more=0, **more)


def online(wire, device, kind, *capabilities, **figures):
    wire.says("host/h1/state", health="online", since="2026-01-01T00:00:00Z")
    wire.says(f"dev/{device}/info", kind=kind, name=f"the {device}", transport="tcp", capabilities=capabilities, serial="SN1", model="M2")
    wire.says(f"dev/{device}/state", health="online", since="2026-01-01T00:00:00Z", figures=figures)


async def answered(wire, verb, **result):
    await until(lambda: wire.commands(verb))
    _, command = wire.commands(verb)[-1]
    topic = next(topic for topic, message in wire.sent if message is command)
    wire.says(topic.split("/do/")[0] + "/done", id=command.id, outcome="done", result=result)
    return command


# cards


async def test_a_card_nobody_knows_is_kept_and_journaled_once_however_often_it_is_told(salon, wire):
    shop = salon.shop
    appears(wire)
    await until(lambda: shop.network.strangers(salon.boss))
    appears(wire)
    appears(wire, mac="3c:5a:b4:00:00:03")
    await until(lambda: len(shop.network.strangers(salon.boss)) == 2)
    assert shop.journal.count(UnknownCardAppeared) == 2
    assert {card.said for card in shop.network.strangers(salon.boss)} == {"cam"}


async def test_a_person_names_a_card_and_it_is_no_stranger_any_more(salon, wire):
    shop, touch = salon.shop, tap()
    appears(wire)
    await until(lambda: shop.network.strangers(salon.boss))
    for _ in range(2):
        await shop.network.know(salon.boss, MAC.upper(), " Camera at the door ", touch)
    assert shop.network.strangers(salon.boss) == []
    assert shop.journal.count(NetworkCardNamed) == 1
    appears(wire)
    await asyncio.gather(*shop.link._tasks)
    assert shop.network.strangers(salon.boss) == []
    assert shop.journal.count(UnknownCardAppeared) == 1


async def test_garbage_for_a_new_card_is_refused_and_counted(salon, wire):
    for payload in (b"", b"{}", b'{"mac": "nonsense"}', b"[1]", b"\xff"):
        wire.garbage("host/h1/event/new_mac", payload)
    assert salon.shop.link.refused == 5


@pytest.mark.parametrize(("mac", "name"), [("nonsense", "x"), (MAC, " "), (MAC, "x" * 61)])
async def test_what_is_no_card_or_no_name_is_refused(salon, wire, mac, name):
    with pytest.raises(InvalidInput):
        await salon.shop.network.know(salon.boss, mac, name, tap())


async def test_only_those_who_may_see_or_change_devices_may(salon, wire):
    network = salon.shop.network
    online(wire, "p1", "receipt_printer")
    for asking in (
        lambda: network.know(salon.desk, MAC, "x", tap()),
        lambda: network.plug(salon.desk, "p1", Place(socket="W1"), tap()),
        lambda: network.sweep(salon.desk),
        lambda: salon.shop.asset_labels.print_asset_label(salon.desk, "p1", tap()),
        lambda: network.picture(STYLIST),
    ):
        with pytest.raises(NotAllowed):
            await asking()
    for reading in (network.strangers, network.cables, network.sweeping):
        with pytest.raises(NotAllowed):
            reading(STYLIST)


# cables


async def test_where_a_device_hung_is_kept_when_it_moves(salon, wire):
    network = salon.shop.network
    online(wire, "p1", "receipt_printer")
    online(wire, "sw1", "network_gear")
    touch = tap()
    for _ in range(2):
        await network.plug(salon.boss, "p1", Place(gear="sw1", port="3", socket="W-12"), touch)
    salon.clock.forward(days=1)
    await network.plug(salon.boss, "p1", Place(socket="W-14"), tap())
    await network.plug(salon.boss, "p1", None, tap())
    past = network.places_of(salon.boss, "p1")
    assert [(c.place.gear, c.place.port, c.place.socket, c.until is None) for c in past] == [
        ("", "", "W-14", False),
        ("sw1", "3", "W-12", False),
    ]
    assert network.cables(salon.boss) == {}
    assert salon.shop.journal.count(CableRecorded) == 3


async def test_one_port_holds_one_device(salon, wire):
    network = salon.shop.network
    for device, kind in (("p1", "receipt_printer"), ("p2", "receipt_printer"), ("sw1", "network_gear")):
        online(wire, device, kind)
    place = Place(gear="sw1", port="3")
    await network.plug(salon.boss, "p1", place, tap())
    with pytest.raises(PortTaken) as refused:
        await network.plug(salon.boss, "p2", place, tap())
    assert refused.value.facts["device"] == "p1"
    await network.plug(salon.boss, "p1", Place(gear="sw1", port="4"), tap())
    await network.plug(salon.boss, "p2", place, tap())
    assert network.cables(salon.boss)["p2"].port == "3"


async def test_a_place_is_somewhere_at_gear_that_is_there(salon, wire):
    online(wire, "p1", "receipt_printer")
    for device, gear in (("nobody", "p1"), ("p1", "p1"), ("p1", "gone")):
        with pytest.raises(NotFound):
            await salon.shop.network.plug(salon.boss, device, Place(gear=gear, port="1"), tap())
    for wrong in ({}, {"gear": "sw1"}, {"port": "1"}):
        with pytest.raises(ValueError, match="a port"):
            Place(**wrong)


# asking


async def test_the_picture_asks_everybody_and_is_drawn_of_what_came(salon, wire):
    online(wire, "p1", "receipt_printer")
    online(wire, "sw1", "network_gear", "neighbours", "addresses", "ports")
    asked = asyncio.ensure_future(salon.shop.network.picture(salon.boss))
    await until(lambda: len(wire.commands("neighbours")) == 2)
    for topic, command in [(t, m) for t, m in wire.sent if t.endswith("/do/neighbours")]:
        rows = [{"mac": "00:26:ab:00:00:01", "ip": "10.0.0.9", "device": "p1", "odd": 1}]
        wire.says(topic.split("/do/")[0] + "/done", id=command.id, outcome="done", result={"neighbours": rows if "host" in topic else []})
    await answered(wire, "addresses", addresses=[{"mac": "00-26-AB-00-00-01", "port": "7"}], more=False)
    picture = await asked
    [router] = picture.root.children
    [switch] = router.children
    assert [(spot.id, spot.port, spot.ip) for spot in switch.children] == [("p1", "7", "10.0.0.9")]


async def test_gear_that_cannot_tell_is_not_asked_and_a_host_that_is_away_leaves_the_rest(salon, wire):
    online(wire, "p1", "receipt_printer")
    online(wire, "sw1", "network_gear", "ports")
    wire.says("host/h1/state", health="offline", since="2026-01-01T00:00:00Z")
    picture = await salon.shop.network.picture(salon.boss)
    assert wire.commands("neighbours") == []
    assert [spot.id for spot in picture.loose] == ["p1"]
    assert picture.watching is False


async def test_nonsense_of_a_switch_costs_its_own_part_and_no_more(salon, wire):
    online(wire, "sw1", "network_gear", "addresses")
    asked = asyncio.ensure_future(salon.shop.network.picture(salon.boss))
    await answered(wire, "neighbours", neighbours=[])
    await answered(wire, "addresses", addresses="nonsense")
    assert (await asked).root.children[0].children[0].id == "sw1"


async def test_a_sweep_tells_how_far_it_is(salon, wire):
    network = salon.shop.network
    online(wire, "p1", "receipt_printer")
    assert network.sweeping(salon.boss) is None
    asked = asyncio.ensure_future(network.sweep(salon.boss, " 10.0.0.0/24 ", "s3cret"))
    command = await answered(wire, "sweep", subnet="10.0.0.0/24", hosts=253)
    assert command.args == {"subnet": "10.0.0.0/24", "community": "s3cret"}
    assert ((await asked).of, network.sweeping(salon.boss).ended) == (253, False)
    wire.says("host/h1/event/sweep", subnet="10.0.0.0/24", asked=253, of=253, ended=True)
    assert network.sweeping(salon.boss).ended


async def test_a_refused_sweep_says_why(salon, wire):
    online(wire, "p1", "receipt_printer")
    asked = asyncio.ensure_future(salon.shop.network.sweep(salon.boss, "198.51.100.0/24"))
    await until(lambda: wire.commands("sweep"))
    [(_, command)] = wire.commands("sweep")
    wire.says("host/h1/done", id=command.id, outcome="failed", retry_safe=True, reason="subnet_refused", sentence="x")
    with pytest.raises(DeviceRefused) as refused:
        await asked
    assert refused.value.facts["reason"] == "subnet_refused"


# labels


async def test_a_label_is_printed_once_a_touch_and_names_the_device(salon, wire):
    online(wire, "p1", "receipt_printer")
    online(wire, "lp", "label_printer")
    touch = tap()
    for _ in range(2):
        asked = asyncio.ensure_future(salon.shop.asset_labels.print_asset_label(salon.boss, "p1", touch))
        command = await answered(wire, "print")
        await asked
        wire.sent.clear()
        assert command.id == touch  # to the host the second touch is the same command
    assert salon.shop.journal.count(AssetLabelPrinted) == 1
    label = command.args["label"]
    assert [line["text"] for line in label["lines"]] == ["the p1", "M2 SN1", "p1"]
    assert device_of(label["qr"]) == "p1"
    assert device_of("CSR:p1") == ""


@pytest.mark.parametrize(("outcome", "error"), [("failed", LabelNotPrinted), ("unknown", LabelUncertain)])
async def test_a_label_that_did_not_come_out_is_told(salon, wire, outcome, error):
    online(wire, "lp", "label_printer")
    asked = asyncio.ensure_future(salon.shop.asset_labels.print_asset_label(salon.boss, "lp", tap()))
    await until(lambda: wire.commands())
    [(_, command)] = wire.commands()
    wire.says("dev/lp/done", id=command.id, outcome=outcome, reason="paper_out")
    with pytest.raises(error):
        await asked
    assert salon.shop.journal.count(AssetLabelPrinted) == 0


async def test_without_a_label_printer_that_works_or_an_answer_nothing_is_said_to_be_printed(salon, wire, monkeypatch):
    printer(wire)
    with pytest.raises(NoLabelPrinter):
        await salon.shop.asset_labels.print_asset_label(salon.boss, "p1", tap())
    with pytest.raises(NotFound):
        await salon.shop.asset_labels.print_asset_label(salon.boss, "nobody", tap())
    online(wire, "lp", "label_printer")
    monkeypatch.setattr(labels, "PRINT_WITHIN_S", 0.01)
    monkeypatch.setattr("hub.equipment.asking.ANSWER_MARGIN_S", 0.01)
    with pytest.raises(DeviceBusy):
        await salon.shop.asset_labels.print_asset_label(salon.boss, "p1", tap())


async def test_a_long_name_is_cut_where_the_label_ends(salon, wire):
    printer(wire, name="p1")
    device = salon.shop.equipment.devices(salon.boss)[0]
    info = device.info.model_copy(update={"name": "前台收银打印机" * 8})
    assert asset_label(replace(device, info=info))["lines"][0]["text"] == ("前台收银打印机" * 8)[:18]
