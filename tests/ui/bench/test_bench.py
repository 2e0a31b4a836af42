"""The bench in a real browser, over the real simulators: every button does to the device what it says."""

from __future__ import annotations

import socket
from typing import Any
from urllib.parse import urlparse

import httpx
from playwright.sync_api import Page, expect

SHAMPOO = "6901234567892"


def state(sims: httpx.Client, sim: str) -> dict[str, Any]:
    return next(row["state"] for row in sims.get("/sims").json() if row["id"] == sim)


def line_of(sims: httpx.Client, sim: str) -> socket.socket:
    address = urlparse(next(row["address"] for row in sims.get("/sims").json() if row["id"] == sim))
    return socket.create_connection((address.hostname or "", address.port or 0), timeout=5)


def press(page: Page, verb: str) -> None:
    page.locator(f'[data-verb="{verb}"]').first.click()


def test_paper_out_and_a_new_roll_are_one_button_each_and_show_at_once(desk: Any, sims: httpx.Client) -> None:
    page = desk.open("/bench", who="manager")
    press(page, "paper_out")
    expect(page.locator('[data-verb="reload"]')).to_be_visible()
    assert state(sims, "printer")["paper"] == "out"
    press(page, "reload")
    expect(page.locator('.bench-printer [data-verb="paper_out"]').first).to_be_visible()
    assert state(sims, "printer")["paper"] == "ok"


def test_faults_are_named_and_healed(desk: Any, sims: httpx.Client) -> None:
    page = desk.open("/bench", who="manager")
    press(page, "dont_answer")
    expect(page.get_by_text("does not answer", exact=True)).to_be_visible()
    assert "dont_answer" in state(sims, "printer")["faults"]
    press(page, "heal")
    expect(page.get_by_text("does not answer", exact=True)).to_have_count(0)
    assert state(sims, "printer")["faults"] == []


def test_the_cable_is_pulled_and_plugged_in_again(desk: Any, sims: httpx.Client) -> None:
    page = desk.open("/bench", who="manager")
    press(page, "cut_cable")
    expect(page.locator(".bench-printer").get_by_text("unplugged")).to_be_visible()
    assert state(sims, "printer")["plugged"] is False
    page.locator(".bench-printer").locator('[data-verb="plug_in"]').click()
    expect(page.locator(".bench-printer").get_by_text("plugged in", exact=True)).to_be_visible()


def test_a_receipt_that_comes_out_appears_as_a_picture_from_this_origin_alone(desk: Any, sims: httpx.Client) -> None:
    page = desk.open("/bench", who="manager")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    before = page.locator(".bench-receipts").get_attribute("src")
    with line_of(sims, "printer") as printer:
        printer.sendall(b"\x1b@Hello\n\n\n\x1dV\x00")
        expect(page.locator(".bench-receipts")).not_to_have_attribute("src", before or "")
    picture = page.locator(".bench-receipts")
    page.wait_for_function("() => { const i = document.querySelector('.bench-receipts'); return i.complete && i.naturalHeight > 40; }")
    assert picture.evaluate("i => i.naturalWidth") > 200
    assert all(url.startswith(desk.url) for url in asked)


def test_a_weight_is_put_on_the_scale_and_the_pan_made_to_move(desk: Any, sims: httpx.Client) -> None:
    page = desk.open("/bench", who="manager")
    page.locator('[data-grams="60"]').click()
    expect(page.locator(".desk-facts").get_by_text("60 g", exact=True)).to_be_visible()
    press(page, "jiggle")
    expect(page.get_by_text("moves", exact=True)).to_be_visible()
    assert (state(sims, "scale")["mg"], state(sims, "scale")["moving"]) == (60_000, True)
    press(page, "settle")
    expect(page.get_by_text("is at rest", exact=True)).to_be_visible()


def test_the_mains_are_cut_and_the_battery_of_the_ups_runs_down(desk: Any, sims: httpx.Client) -> None:
    page = desk.open("/bench", who="manager")
    press(page, "mains_off")
    expect(page.get_by_text("gone", exact=True)).to_be_visible()
    press(page, "battery")
    expect(page.get_by_text("8 %, 1 min")).to_be_visible()
    assert state(sims, "ups")["status"] == "OB DISCHRG LB"


def test_a_label_printer_without_paper_shows_it_and_gets_a_new_roll(desk: Any, sims: httpx.Client) -> None:
    sims.post("/sims/labels/do/heal", json={})
    page = desk.open("/bench", who="manager")
    panel = page.locator("section").filter(has_text="Label printer")
    panel.locator('[data-verb="ribbon_out"]').click()
    panel.locator('[data-verb="reload"]').click()
    expect(panel.locator('[data-verb="ribbon_out"]')).to_be_visible()
    assert state(sims, "labels")["ribbon"] == "ok"


def test_the_office_printer_shows_its_page_and_is_jammed_and_mended(desk: Any, sims: httpx.Client) -> None:
    page = desk.open("/bench", who="manager")
    panel = page.locator("section").filter(has_text="Office printer")
    panel.locator('[data-verb="jam"]').click()
    expect(panel.get_by_text("paper is jammed", exact=True)).to_be_visible()
    panel.locator('[data-verb="mend"]').click()
    expect(panel.locator('[data-verb="mend"]')).to_have_count(0)
    assert state(sims, "office")["faults"] == []


def test_a_port_of_the_switch_is_unplugged_and_plugged_in_again(desk: Any, sims: httpx.Client) -> None:
    page = desk.open("/bench", who="manager")
    press(page, "port_down")
    expect(page.locator('[data-verb="port_up"]')).to_be_visible()
    assert state(sims, "switch")["down"] == [1]
    press(page, "port_up")
    expect(page.locator('[data-verb="port_up"]')).to_have_count(0)
    assert state(sims, "switch")["down"] == []


def test_the_lines_of_the_customer_display_are_shown_until_it_loses_its_power(desk: Any, sims: httpx.Client) -> None:
    page = desk.open("/bench", who="manager")
    glass = page.locator(".bench-glass-line")
    expect(glass).to_have_count(2)
    with line_of(sims, "display") as wire:
        wire.sendall(b"\x0cTotal         128.00")
        expect(glass.first).to_have_text("Total         128.00", use_inner_text=True)
        press(page, "stuck")
        expect(page.get_by_text("takes no bytes", exact=True)).to_be_visible()
        press(page, "power_cycle")
        expect(page.get_by_text("128.00")).to_have_count(0)
    assert state(sims, "display")["faults"] == ["stuck"]


def test_a_product_is_scanned_by_touching_it(desk: Any, sims: httpx.Client) -> None:
    page = desk.open("/bench", who="manager")
    with line_of(sims, "scanner") as wire:
        page.locator(f'[data-code="{SHAMPOO}"]').click()
        wire.settimeout(5)
        assert wire.recv(64) == f"{SHAMPOO}\r".encode()


def test_guests_tickets_and_any_typed_code_can_be_scanned(desk: Any, sims: httpx.Client) -> None:
    page = desk.open("/bench", who="manager")
    guest = desk.shop("guest", codes=["CUT"])
    with line_of(sims, "scanner") as wire:
        wire.settimeout(5)
        page.locator(f'[data-code="{guest["code"]}"]').click()
        assert wire.recv(128) == f"{guest['code']}\r".encode()
        page.get_by_label("Any other code").fill("ABC-123")
        page.get_by_role("button", name="Scan", exact=True).click()
        assert wire.recv(64) == b"ABC-123\r"


def test_an_open_drawer_shows_and_is_closed_by_hand(desk: Any, sims: httpx.Client) -> None:
    sims.post("/sims/printer/do/open_drawer", json={})
    page = desk.open("/bench", who="manager")
    expect(page.get_by_text("The drawer is open")).to_be_visible()
    press(page, "close_drawer")
    expect(page.get_by_text("The drawer is closed")).to_be_visible()
    assert state(sims, "printer")["drawer"] == "closed"


def test_everything_simulated_is_marked(desk: Any, sims: httpx.Client) -> None:
    page = desk.open("/bench", who="manager")
    expect(page.get_by_text("SIMULATED")).to_have_count(15)


def test_a_shop_that_does_not_practise_has_no_bench_and_no_paper(desk: Any, sims: httpx.Client) -> None:
    desk.shop("demo", on=False)
    page = desk.open("/bench", who="manager")
    expect(page.get_by_text("There is no bench in this shop.")).to_be_visible()
    assert page.request.get(f"{desk.url}/bench/paper/printer.png").status == 403


def test_a_stylist_and_a_kiosk_get_neither_the_bench_nor_its_paper(desk: Any, sims: httpx.Client) -> None:
    for who in ("stylist", "kiosk"):
        page = desk.open("/bench", who=who)
        expect(page.get_by_text("This page is for the staff.")).to_be_visible()
        assert page.request.get(f"{desk.url}/bench/paper/printer.png").status == 403
