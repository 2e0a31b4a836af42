"""The roll ends in the middle of a receipt; hub and device host are restarted meanwhile; the receipt comes out once."""

from __future__ import annotations

import pytest

from tests.harness import Browser, wait_until


def sell(manager):
    service = manager.get("/api/v1/catalog/services")[0]
    body = {
        "till": "t1",
        "lines": [{"kind": "service", "item": service["id"]}],
        "total": service["price"],
        "tenders": [{"kind": "cash", "amount": service["price"]}],
    }
    return manager.post("/api/v1/sales", body)


def job_of(manager, sale):
    jobs = manager.get("/api/v1/print-jobs?limit=200")
    return next(j for j in jobs if j["source"] == sale["id"] and j["copy"] == 0)


def on_paper(shop, sale):
    receipt = f"t1-{sale['receipt_no']:06d}"
    return sum(receipt in " ".join(r["lines"]) for r in shop.printed())


def printer(shop, verb, **args):
    Browser(shop.bench).post(f"/sims/printer/do/{verb}", args)


def state(manager, sale, *wanted):
    return wait_until(lambda: (j := job_of(manager, sale))["state"] in wanted and j, 30, f"never {wanted}: {job_of(manager, sale)}")


def test_paper_out_in_mid_receipt_holds_the_job_says_what_to_do_and_prints_once_after_reload(shop, manager):
    printer(shop, "paper_out", after_lines=4)
    sale = sell(manager)
    held = state(manager, sale, "held")
    assert held["reason"] == "paper_out"
    assert held["sentence"]
    assert held["action"]
    assert on_paper(shop, sale) == 0
    printer(shop, "reload")
    state(manager, sale, "printed")
    assert on_paper(shop, sale) == 1


def test_held_before_the_first_byte_it_prints_after_reload_though_hub_and_host_were_restarted(shop, manager):
    printer(shop, "paper_out")
    sale = sell(manager)
    state(manager, sale, "held")
    for name in ("hub", "devices"):
        shop.kill(name)
    shop.start("devices", "hub")
    assert job_of(manager, sale)["state"] in {"held", "queued"}, job_of(manager, sale)
    printer(shop, "reload")
    state(manager, sale, "printed")
    assert on_paper(shop, sale) == 1


def test_cut_off_in_mid_receipt_with_everything_restarted_it_is_printed_once_or_flagged(shop, manager):
    printer(shop, "paper_out", after_lines=4)
    sale = sell(manager)
    state(manager, sale, "held")
    for name in ("hub", "devices"):
        shop.kill(name)
    shop.start("devices", "hub")
    printer(shop, "reload")
    ended = state(manager, sale, "printed", "uncertain")
    assert on_paper(shop, sale) <= 1
    assert on_paper(shop, sale) == 1 or ended["state"] == "uncertain"


def test_an_open_cover_is_told_apart_from_no_paper(shop, manager):
    printer(shop, "cover_open")
    sale = sell(manager)
    held = state(manager, sale, "held")
    assert held["reason"] == "cover_open"
    printer(shop, "cover_close")
    state(manager, sale, "printed")


def test_with_the_cable_cut_the_receipt_waits_and_comes_when_it_is_plugged_in(shop, manager):
    printer(shop, "cut_cable")
    sale = sell(manager)
    away = wait_until(lambda: next((d for d in manager.get("/api/v1/devices") if d["health"] == "offline"), None), 60)
    assert away["state"]["sentence"]
    assert away["state"]["action"]
    assert on_paper(shop, sale) == 0
    printer(shop, "plug_in")
    state(manager, sale, "printed")
    assert on_paper(shop, sale) == 1


def test_a_broker_killed_under_load_loses_no_receipt(shop, manager):
    before = [sell(manager) for _ in range(3)]
    shop.kill("broker")
    during = [sell(manager) for _ in range(3)]
    shop.start("broker")
    for sale in before + during:
        state(manager, sale, "printed")
        assert on_paper(shop, sale) == 1


@pytest.fixture(autouse=True)
def healed(shop):
    yield
    printer(shop, "heal")
