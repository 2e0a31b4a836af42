"""The device host on a real broker: adopt, command, answer, refuse."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from devices.host import Host
from devices.simulators.customer_display import DisplaySim
from devices.simulators.receipt_printer import PrinterSim
from devices.simulators.scale import Put, ScaleSim
from devices.simulators.scanner import Garbage, ScannerSim, ScanOne
from devices.simulators.verbs import Nothing, PaperOut
from hub.errors import StorageFull
from hub.ids import Id
from hub.ports import Command
from tests.devices.rig import TICKET, free_port, until
from tests.devices.shop import Shop

PRINT = {"document": TICKET.model_dump(), "copy": 0}


async def test_an_adopted_printer_prints_and_answers(host: Host, shop: Shop, printer: PrinterSim) -> None:
    device = await shop.adopt("receipt_printer", printer.address, roles=["receipt"])
    await shop.health(device, "online")
    command = shop.command(device, "print", PRINT)
    answer = await shop.answer(device, command)
    assert answer == {"id": command, "outcome": "done", "retry_safe": False, "reason": "", "sentence": "", "result": {}}
    assert [r.lines() for r in printer.shelf.receipts] == [["排队号 A12", "前面还有 2 位"]]
    assert ("printing", "") in shop.jobs(device)
    info = shop.last[f"store/{shop.store}/dev/{device}/info"]
    assert (info["kind"], info["serial"], info["simulated"], info["roles"]) == ("receipt_printer", "SIM-printer", True, ["receipt"])
    assert info["capabilities"] == ["print", "kick", "status"]


async def test_an_adopted_scale_weighs_and_tells_what_comes_to_rest_on_it(host: Host, shop: Shop) -> None:
    sim = ScaleSim.on_tcp("scale", dialect="mt_sics")
    await sim.start()
    device = await shop.adopt("scale", sim.address, profile={"dialect": "mt_sics"})
    await shop.health(device, "online")
    await sim.do("put", Put(mg=62_000))
    assert (await shop.answer(device, shop.command(device, "weigh")))["result"] == {"mg": 62_000}
    await until(lambda: {"mg": 62_000} in shop.bodies(f"dev/{device}/event/weight"))
    await sim.stop()


async def test_a_device_gets_another_name_and_use_without_being_let_go(host: Host, shop: Shop, printer: PrinterSim) -> None:
    device = await shop.adopt("receipt_printer", printer.address, roles=["receipt"])
    await shop.health(device, "online")
    answer = await shop.ask_host("change", {"id": device, "name": "前台", "roles": ["receipt", "ticket"]})
    assert (answer["outcome"], answer["result"]["info"]["name"], answer["result"]["info"]["roles"]) == (
        "done",
        "前台",
        ["receipt", "ticket"],
    )
    await until(lambda: shop.last[f"store/{shop.store}/dev/{device}/info"]["name"] == "前台")
    assert [body["health"] for body in shop.bodies(f"dev/{device}/state")][-1] == "online"
    assert "offline" not in [body["health"] for body in shop.bodies(f"dev/{device}/state")]


async def test_what_is_changed_of_a_profile_leaves_the_rest_of_it_as_it_was(host: Host, shop: Shop, printer: PrinterSim) -> None:
    device = await shop.adopt("receipt_printer", printer.address, profile={"columns": 32})
    answer = await shop.ask_host("change", {"id": device, "profile": {"chinese": "utf8"}})
    assert answer["outcome"] == "done"
    assert dict(host.registry.get(device).profile) == {"columns": 32, "monitored": True, "chinese": "utf8"}


async def test_another_printer_takes_the_place_of_a_broken_one_with_its_name_and_its_id(
    host: Host, shop: Shop, printer: PrinterSim
) -> None:
    device = await shop.adopt("receipt_printer", printer.address, roles=["receipt"])
    await shop.health(device, "online")
    await printer.do("paper_out", PaperOut())
    waits = shop.command(device, "print", PRINT)
    await until(lambda: ("held", "paper_out") in shop.jobs(device))
    spare = PrinterSim.on_tcp("spare")
    await spare.start()
    answer = await shop.ask_host("change", {"id": device, "address": spare.address})
    info = answer["result"]["info"]
    assert (answer["result"]["device"], info["serial"], info["roles"]) == (device, "SIM-spare", ["receipt"])
    given_back = await shop.answer(device, waits)
    assert (given_back["outcome"], given_back["reason"], given_back["retry_safe"]) == ("failed", "changed", True)
    await shop.answer(device, shop.command(device, "print", PRINT))
    assert (len(spare.shelf.receipts), len(printer.shelf.receipts)) == (1, 0)
    await spare.stop()


async def test_a_change_to_where_nobody_answers_is_refused_and_all_stays(host: Host, shop: Shop, printer: PrinterSim) -> None:
    device = await shop.adopt("receipt_printer", printer.address)
    await shop.health(device, "online")
    for wrong, reason in (
        ({"address": f"tcp://127.0.0.1:{free_port()}"}, "unreachable"),
        ({"address": "tcp://"}, "bad_address"),
        ({"profile": {"columns": 47}}, "malformed"),
    ):
        answer = await shop.ask_host("change", {"id": device, **wrong})
        assert (answer["outcome"], answer["reason"]) == ("failed", reason)
    await shop.health(device, "online")
    assert (await shop.answer(device, shop.command(device, "print", PRINT)))["outcome"] == "done"
    assert len(printer.shelf.receipts) == 1


async def test_two_devices_cannot_be_put_on_one_line(host: Host, shop: Shop, printer: PrinterSim, scanner: ScannerSim) -> None:
    await shop.adopt("scanner", scanner.address)
    device = await shop.adopt("receipt_printer", printer.address)
    answer = await shop.ask_host("change", {"id": device, "address": scanner.address})
    assert (answer["outcome"], answer["reason"]) == ("failed", "already_adopted")


async def test_an_adopted_display_shows_again_what_it_showed_before_its_cable_was_pulled(host: Host, shop: Shop) -> None:
    sim = DisplaySim.on_tcp("display")
    await sim.start()
    device = await shop.adopt("customer_display", sim.address)
    await shop.health(device, "online")
    lines = [{"left": "Total", "right": "128.00"}, {"left": "Thank you"}]
    assert (await shop.answer(device, shop.command(device, "show", {"lines": lines})))["outcome"] == "done"
    picture = ["Total         128.00", "Thank you           "]
    await until(lambda: sim.glass.lines() == picture)
    await sim.do("unplug", Nothing())
    await sim.do("plug_in", Nothing())
    await until(lambda: sim.glass.lines() == picture)
    await sim.stop()


async def test_the_same_command_id_prints_once_and_is_answered_each_time(host: Host, shop: Shop, printer: PrinterSim) -> None:
    device = await shop.adopt("receipt_printer", printer.address)
    body = json.dumps({"id": Id.new(), "args": PRINT})
    for _ in range(5):
        shop.publish(f"store/{shop.store}/dev/{device}/do/print", body)
    command = json.loads(body)["id"]
    await shop.answer(device, command)
    shop.publish(f"store/{shop.store}/dev/{device}/do/print", body)
    await until(lambda: len(shop.answers(device, command)) >= 2)
    assert {a["outcome"] for a in shop.answers(device, command)} == {"done"}
    assert len(printer.shelf.receipts) == 1


async def test_an_expired_command_is_never_run(host: Host, shop: Shop, printer: PrinterSim) -> None:
    device = await shop.adopt("receipt_printer", printer.address)
    command = shop.command(device, "print", PRINT, deadline=(datetime.now(UTC) - timedelta(seconds=1)).isoformat())
    answer = await shop.answer(device, command)
    assert (answer["outcome"], answer["reason"], answer["retry_safe"]) == ("failed", "expired", True)
    assert printer.shelf.receipts == []


async def test_what_waits_behind_a_held_job_expires_in_its_time_and_the_drawer_passes(host: Host, shop: Shop, printer: PrinterSim) -> None:
    device = await shop.adopt("receipt_printer", printer.address)
    await shop.health(device, "online")
    await printer.do("paper_out", PaperOut())
    held = shop.command(device, "print", PRINT)
    await until(lambda: ("held", "paper_out") in shop.jobs(device))
    late = shop.command(device, "print", PRINT, deadline=(datetime.now(UTC) + timedelta(seconds=0.5)).isoformat())
    kick = shop.command(device, "kick")
    assert (await shop.answer(device, kick))["outcome"] == "done"
    assert printer.drawer
    assert (await shop.answer(device, late))["reason"] == "expired"
    assert (await shop.health(device, "degraded"))["reason"] == "paper_out"
    await printer.do("reload", Nothing())
    assert (await shop.answer(device, held))["outcome"] == "done"
    assert len(printer.shelf.receipts) == 1
    await shop.health(device, "online")


async def test_malformed_commands_are_counted_refused_and_answered_where_they_have_an_id(
    host: Host, shop: Shop, printer: PrinterSim
) -> None:
    device = await shop.adopt("receipt_printer", printer.address)
    topic = f"store/{shop.store}/dev/{device}/do/print"
    named = Id.new()
    for payload in (
        b"",
        b"{",
        b"[]",
        b"\xff\xfe",
        b'"text"',
        b"null",
        b"1e999",
        b"[" * 5000,
        json.dumps({"id": "x"}),
        json.dumps({"id": named, "extra": 1}),
    ):
        shop.publish(topic, payload)
    shop.publish(topic, json.dumps({"id": Id.new(), "deadline": "tomorrow"}))
    shop.publish(topic, json.dumps({"id": Id.new(), "deadline": "2026-01-01T10:00:00"}))
    await until(lambda: host.refused["malformed"] == 12)
    assert (await shop.answer(device, named))["reason"] == "malformed"
    wrong = shop.command(device, "print", {"document": {"blocks": [{"block": "dance"}]}})
    assert (await shop.answer(device, wrong))["reason"] == "malformed"
    unknown = shop.command(device, "explode")
    assert (await shop.answer(device, unknown))["reason"] == "unknown_verb"
    assert (await shop.answer(device, shop.command(device, "print", PRINT)))["outcome"] == "done"
    assert len(printer.shelf.receipts) == 1


async def test_unknown_devices_foreign_topics_and_retained_commands_are_counted_and_refused(
    host: Host, shop: Shop, printer: PrinterSim
) -> None:
    device = await shop.adopt("receipt_printer", printer.address)
    good = json.dumps({"id": Id.new(), "args": PRINT})
    shop.publish(f"store/{shop.store}/dev/nobody/do/print", good)
    await until(lambda: host.refused["unknown_device"] == 1)
    shop.publish(f"store/{shop.store}/dev/{device}/do/UPPER", good)
    await until(lambda: host.refused["foreign_topic"] == 1)
    shop.publish(f"store/{shop.store}/screen/kiosk-1/beat", b"{}")
    await until(lambda: host.refused["malformed"] == 1)
    assert printer.shelf.receipts == []
    assert await shop.health(device, "online")


async def test_a_retained_command_that_lies_around_is_refused_at_the_next_start(host: Host, shop: Shop, printer: PrinterSim) -> None:
    device = await shop.adopt("receipt_printer", printer.address)
    topic = f"store/{shop.store}/dev/{device}/do/kick"
    shop.publish(topic, json.dumps({"id": Id.new()}), retain=True)
    await until(lambda: printer.drawer)
    await printer.do("close_drawer", Nothing())
    host.link._mqtt._client.subscribe(topic, 1)  # as on every connection; the broker then sends what it retains
    await until(lambda: host.refused["retained"] >= 1)
    assert not printer.drawer
    shop.publish(topic, b"", retain=True)


async def test_a_stored_command_is_acknowledged_so_that_the_broker_lets_go_of_it(host: Host, shop: Shop, printer: PrinterSim) -> None:
    acknowledged: list[int] = []
    ack = host.link._mqtt._client.ack
    host.link._mqtt._client.ack = lambda mid, qos: (acknowledged.append(mid), ack(mid, qos))[1]  # type: ignore[method-assign,func-returns-value]
    device = await shop.adopt("receipt_printer", printer.address)
    await until(lambda: len(acknowledged) == 1)  # later than the answer
    for n in range(3):
        await shop.answer(device, shop.command(device, "status"))
        await until(lambda n=n: len(acknowledged) == n + 2)
    assert acknowledged == sorted(acknowledged)


async def test_a_command_that_could_not_be_stored_is_sent_again_by_the_broker_and_printed_once(
    host: Host, shop: Shop, printer: PrinterSim, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = await shop.adopt("receipt_printer", printer.address)
    await shop.health(device, "online")
    accept, tries = host.job_log.accept, 0

    async def full_disk_at_first(device: str, verb: str, command: Command, *, at_once: bool) -> object:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise StorageFull(file="devices.db")
        return await accept(device, verb, command, at_once=at_once)

    monkeypatch.setattr(host.job_log, "accept", full_disk_at_first)
    command = shop.command(device, "print", PRINT)
    assert (await shop.answer(device, command, 8))["outcome"] == "done"
    assert (tries, host.refused["not_stored"]) == (2, 1)
    assert len(printer.shelf.receipts) == 1


async def test_a_scan_reaches_the_shop(host: Host, shop: Shop, scanner: ScannerSim) -> None:
    device = await shop.adopt("scanner", scanner.address)
    await shop.health(device, "online")
    await scanner.do("scan", ScanOne(code="6901234567892"))
    await until(lambda: shop.bodies(f"dev/{device}/event/scan"))
    assert shop.bodies(f"dev/{device}/event/scan") == [{"code": "6901234567892", "symbology": "ean13", "gtin": "06901234567892"}]


async def test_a_scan_is_kept_by_no_broker_for_whoever_was_away(host: Host, shop: Shop, scanner: ScannerSim) -> None:
    """It may be a payment code: money for one minute. The state of the printer, kept on purpose, shows that the rest would have come."""
    device = await shop.adopt("scanner", scanner.address)
    await shop.health(device, "online")
    late = Shop(shop.port, shop.store, keeps_session=True)
    await late.connect()
    late.close()
    await scanner.do("scan", ScanOne(code="134567890123456789"))
    await until(lambda: shop.bodies(f"dev/{device}/event/scan"))
    answer = await shop.answer(device, shop.command(device, "status"))
    await late.connect()
    await until(lambda: late.answers(device, answer["id"]))
    assert late.bodies(f"dev/{device}/event/scan") == []
    late.close()


async def test_a_scanner_sending_garbage_is_shown_and_says_nothing_to_the_till(host: Host, shop: Shop, scanner: ScannerSim) -> None:
    device = await shop.adopt("scanner", scanner.address)
    await shop.health(device, "online")
    for _ in range(6):
        await scanner.do("garbage", Garbage(bytes_hex="ff00fe0d"))
    assert (await shop.health(device, "degraded"))["reason"] == "garbage"
    assert shop.bodies(f"dev/{device}/event/scan") == []


async def test_a_page_that_beats_is_taken_in_and_shown_offline_when_it_falls_silent(host: Host, shop: Shop) -> None:
    for n in range(3):
        beat = {"page": "kiosk", "version": "1", "visible": True, "session": "a"}
        shop.publish(f"store/{shop.store}/screen/kiosk-1/beat", json.dumps(beat))
        await until(lambda n=n: shop.state("screen-kiosk-1") or n == 0)
    state = await shop.health("screen-kiosk-1", "online")
    assert state["figures"]["page"] == "kiosk"
    info = shop.last[f"store/{shop.store}/dev/screen-kiosk-1/info"]
    assert (info["kind"], info["model"], info["transport"]) == ("presence", "kiosk", "screen")


async def test_a_screen_named_like_its_station_becomes_a_device_with_a_plain_id(host: Host, shop: Shop) -> None:
    shop.publish(f"store/{shop.store}/screen/Kiosk_2/beat", json.dumps({"page": "kiosk", "version": "1", "session": "a"}))
    await until(lambda: [d.id for d in host.registry.all()] == ["screen-kiosk-2"])
    shop.publish(f"store/{shop.store}/screen/Kiosk-2/beat", json.dumps({"page": "kiosk", "version": "1", "session": "a"}))
    await until(lambda: len(host.registry.all()) == 2)
    assert {d.address for d in host.registry.all()} == {"screen://Kiosk_2", "screen://Kiosk-2"}


async def test_a_device_that_is_not_there_is_not_adopted(host: Host, shop: Shop, printer: PrinterSim) -> None:
    await printer.do("cut_cable", Nothing())
    answer = await shop.ask_host("adopt", {"kind": "receipt_printer", "name": "x", "address": printer.address})
    assert (answer["outcome"], answer["reason"]) == ("failed", "unreachable")
    assert host.registry.all() == []


async def test_adopting_what_cannot_be_says_why(host: Host, shop: Shop, printer: PrinterSim) -> None:
    for args, reason in (
        ({"kind": "toaster", "name": "x", "address": printer.address}, "no_such_kind"),
        ({"kind": "receipt_printer", "name": "x", "address": "ftp://x"}, "bad_address"),
        ({"kind": "receipt_printer", "name": "", "address": printer.address}, "malformed"),
        ({"kind": "receipt_printer", "name": "x", "address": printer.address, "profile": {"columns": 7}}, "malformed"),
        ({"kind": "receipt_printer", "name": "x", "address": printer.address, "id": "../etc"}, "malformed"),
    ):
        answer = await shop.ask_host("adopt", args)
        assert (answer["outcome"], answer["reason"]) == ("failed", reason), args
    assert (await shop.ask_host("dance"))["reason"] == "unknown_verb"
    assert (await shop.ask_host("remove", {"id": "nobody"}))["reason"] == "no_such_device"


async def test_the_same_address_adopted_twice_is_one_device(host: Host, shop: Shop, printer: PrinterSim) -> None:
    first = await shop.adopt("receipt_printer", printer.address)
    assert await shop.adopt("receipt_printer", printer.address) == first
    answer = await shop.ask_host("adopt", {"kind": "scanner", "name": "x", "address": printer.address})
    assert answer["reason"] == "already_adopted"


async def test_a_disabled_device_is_left_alone_and_says_so(host: Host, shop: Shop, printer: PrinterSim) -> None:
    device = await shop.adopt("receipt_printer", printer.address)
    await shop.ask_host("enable", {"id": device, "enabled": False})
    await shop.health(device, "disabled")
    answer = await shop.answer(device, shop.command(device, "print", PRINT))
    assert (answer["outcome"], answer["reason"]) == ("failed", "disabled")
    await shop.ask_host("enable", {"id": device, "enabled": True})
    await shop.health(device, "online")
    assert (await shop.answer(device, shop.command(device, "print", PRINT)))["outcome"] == "done"


async def test_a_removed_device_disappears_with_its_retained_topics(host: Host, shop: Shop, printer: PrinterSim) -> None:
    device = await shop.adopt("receipt_printer", printer.address)
    await shop.health(device, "online")
    assert (await shop.ask_host("remove", {"id": device}))["outcome"] == "done"
    await until(lambda: shop.last[f"store/{shop.store}/dev/{device}/state"] is None)
    answer = await shop.answer(device, shop.command(device, "print", PRINT))
    assert (answer["outcome"], answer["reason"], host.refused["unknown_device"]) == ("failed", "removed", 1)


async def test_what_a_broker_kept_of_a_removed_device_is_cleared_on_the_next_connection(
    host: Host, shop: Shop, printer: PrinterSim
) -> None:
    device = await shop.adopt("receipt_printer", printer.address)
    old = json.dumps(await shop.health(device, "online"))
    await shop.ask_host("remove", {"id": device})
    topic = f"store/{shop.store}/dev/{device}/state"
    shop.publish(topic, old, retain=True)
    await until(lambda: shop.last[topic] is not None)
    await host._on_connect()
    await until(lambda: shop.last[topic] is None)
    assert device in host.registry.removed


async def test_identify_looks_at_the_device_now(host: Host, shop: Shop, printer: PrinterSim) -> None:
    device = await shop.adopt("receipt_printer", printer.address)
    await shop.health(device, "online")
    await printer.do("paper_out", PaperOut())
    answer = await shop.ask_host("identify", {"id": device})
    assert answer["result"]["state"]["reason"] == "paper_out"
    assert answer["result"]["info"]["model"] == "SIM-80 SIMULATED"


async def test_a_device_that_cannot_be_loaded_is_shown_and_the_others_go_on(host: Host, shop: Shop, printer: PrinterSim) -> None:
    device = await shop.adopt("receipt_printer", printer.address)
    bad = host.registry.get(device)
    await host.fleet.let_go(device, "disabled")
    host.fleet.look_after(type(bad)(id=bad.id, kind="receipt_printer", name="x", address=bad.address, profile={"columns": "many"}))
    assert (await shop.health(device, "offline"))["reason"] == "cannot_load"
    assert (await shop.answer(device, shop.command(device, "print", PRINT)))["reason"] == "cannot_load"


async def test_a_printer_that_goes_and_comes_back_prints_what_waited(host: Host, shop: Shop, printer: PrinterSim) -> None:
    device = await shop.adopt("receipt_printer", printer.address)
    await shop.health(device, "online")
    await printer.do("cut_cable", Nothing())
    offline = await shop.health(device, "offline")
    assert offline["reason"] == "unreachable"
    assert offline["action"]
    command = shop.command(device, "print", PRINT)
    await until(lambda: host.job_log.waiting(device) == 1)
    await printer.do("plug_in", Nothing())
    assert (await shop.answer(device, command, 12))["outcome"] == "done"
    await shop.health(device, "online")
