"""The network page of the office in a real browser: what hangs where, who is new, the way out, a search, labels."""

from __future__ import annotations

import os
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.ui.looks import small_targets

STRANGER = "b8:27:eb:00:00:07"
SHOTS = os.environ.get("SCREENSHOTS")


def mac(number: int) -> str:
    return f"00:00:00:00:00:{number:02x}"


def row(number: int, device: str = "", **more: Any) -> dict[str, Any]:
    return {"mac": mac(number), "ip": f"10.0.0.{number}", "device": device, **more}


def salon(desk: Any) -> None:
    """A router, two switches, and what hangs on them."""
    devices = {
        "gw": ["network_gear", "Router"],
        "sw1": ["network_gear", "Switch in the back room"],
        "lp": ["label_printer", "Label printer"],
        "scale": ["scale", "Colour scale"],
        "internet": ["internet", ""],
    }
    gear = {
        "gw": {"addresses": [{"mac": mac(2), "port": "lan2"}]},
        "sw1": {"addresses": [{"mac": mac(9), "port": "3"}, {"mac": mac(12), "port": "12"}, {"mac": mac(66), "port": "5"}]},
    }
    rows = [row(1, "gw"), row(2, "sw1"), row(9, "p1"), row(12, "lp"), row(66, name="cam-door", maker="Espressif"), row(80, random=True)]
    desk.shop("network", neighbours=rows, gear=gear, devices=devices)
    desk.shop(
        "device_becomes",
        device_id="internet",
        health="degraded",
        reason="line_down",
        gateway="10.0.0.1",
        gateway_ms=1.3,
        gateway_loss_pct=0,
    )


def shot(page: Page, name: str) -> None:
    if SHOTS:
        page.wait_for_timeout(500)
        page.screenshot(path=f"{SHOTS}/{name}.png")


def test_the_picture_goes_from_the_hub_over_router_and_switch_to_each_device(desk: Any) -> None:
    salon(desk)
    page = desk.open("/office/network", who="manager")
    switch = page.locator('[data-spot="sw1"]')
    expect(page.locator('[data-spot="hub"] [data-spot="gw"] [data-spot="sw1"] [data-spot="p1"]')).to_contain_text("port 3")
    expect(switch.locator('[data-spot="lp"]')).to_contain_text("port 12")
    expect(page.get_by_text("Where it hangs is not known")).to_be_visible()
    expect(page.get_by_text("1 phone or laptop that hides who it is")).to_be_visible()
    expect(page.get_by_text("The router works, but nothing beyond it answers: the line is down.")).to_be_visible()
    shot(page, "network")
    assert small_targets(page, 44) == []


def test_where_a_device_hangs_is_recorded_and_what_was_before_is_kept(desk: Any) -> None:
    salon(desk)
    page = desk.open("/office/network", who="manager")
    page.locator('[data-spot="scale"]').get_by_role("button").click()
    sheet = page.get_by_role("dialog")
    sheet.get_by_role("button", name="Switch in the back room").click()
    sheet.get_by_label("Port").fill("8")
    sheet.get_by_label("Socket in the wall").fill("W-12")
    shot(page, "place")
    sheet.get_by_role("button", name="Save").click()
    expect(page.locator('[data-spot="sw1"] [data-spot="scale"]')).to_contain_text("port 8")
    assert desk.shop("places", device="scale") == [["sw1", "8", "W-12"]]
    page.locator('[data-spot="scale"]').get_by_role("button").click()
    expect(sheet.get_by_text("Switch in the back room, port 8 · socket W-12")).to_be_visible()
    shot(page, "place-again")
    assert small_targets(page, 44) == []
    sheet.get_by_label("Port").fill("")
    sheet.get_by_role("button", name="Save").click()
    expect(sheet.get_by_role("alert")).to_be_visible()


def test_a_label_is_printed_and_scanned_it_opens_the_device(desk: Any) -> None:
    salon(desk)
    page = desk.open("/office/network", who="manager")
    page.locator('[data-spot="p1"]').get_by_role("button").click()
    page.get_by_role("dialog").get_by_role("button", name="Print its label").click()
    expect(page.get_by_role("dialog").get_by_role("button", name="Print its label")).to_be_enabled()
    assert desk.shop("equipment_calls") == [["label", "p1"]]
    page.get_by_role("button", name="Close").click()
    desk.shop("scan", code="CSA:lp")
    expect(page.get_by_role("dialog").get_by_role("heading", name="Label printer")).to_be_visible()
    expect(page).to_have_url(f"{desk.url}/office/devices")


def test_without_a_label_printer_the_page_says_what_to_do(desk: Any) -> None:
    page = desk.open("/office/network", who="manager")
    page.locator('[data-spot="p1"]').get_by_role("button").click()
    page.get_by_role("dialog").get_by_role("button", name="Print its label").click()
    expect(page.get_by_role("alert")).to_contain_text("Add a label printer in the office")


def test_an_unknown_device_is_shown_at_once_and_named_it_is_gone(desk: Any) -> None:
    salon(desk)
    page = desk.open("/office/network", who="manager")
    expect(page.get_by_text("Nobody unknown.")).to_be_visible()
    desk.shop("stranger", mac=STRANGER)
    card = page.locator(f'[data-card="{STRANGER}"]')
    expect(card).to_contain_text("An unknown device appeared")
    shot(page, "stranger")
    card.get_by_role("button", name="It is ours").click()
    sheet = page.get_by_role("dialog")
    sheet.get_by_label("What it is").fill("Music player")
    shot(page, "naming")
    sheet.get_by_role("button", name="It is ours").click()
    expect(card).to_have_count(0)
    assert desk.shop("named") == {STRANGER: "Music player"}


def test_the_overview_tells_of_an_unknown_device(desk: Any) -> None:
    desk.shop("stranger", mac=STRANGER)
    page = desk.open("/office", who="manager")
    need = page.locator(".office-need").filter(has_text="1 unknown device appeared in the network.")
    need.get_by_role("button", name="Look").click()
    expect(page.locator(f'[data-card="{STRANGER}"]')).to_be_visible()


def test_a_search_tells_how_far_it_is(desk: Any) -> None:
    page = desk.open("/office/network", who="manager")
    page.get_by_role("button", name="Search the network").click()
    expect(page.get_by_role("status").filter(has_text="0 of 253")).to_be_visible()
    desk.shop("sweep_is", subnet="10.0.0.0/24", asked=120, of=253, ended=False)
    expect(page.get_by_role("status").filter(has_text="120 of 253")).to_be_visible()
    shot(page, "search")
    desk.shop("sweep_is", subnet="10.0.0.0/24", asked=253, of=253, ended=True)
    expect(page.get_by_role("status").filter(has_text="What was found stands under Devices")).to_be_visible()


def test_a_shop_without_devices_is_told_what_to_do(desk: Any) -> None:
    desk.shop("no_devices")
    page = desk.open("/office/network", who="manager")
    expect(page.get_by_text("Nothing is known of the network yet.")).to_be_visible()
    shot(page, "empty")


@pytest.mark.parametrize("language", ["zh_CN", "zh_TW"])
def test_the_page_speaks_the_readers_language(desk: Any, language: str) -> None:
    salon(desk)
    desk.shop("stranger", mac=STRANGER)
    page = desk.open("/office/network", who="manager", language=language)
    expect(page.locator('[data-spot="p1"]')).to_be_visible()
    shot(page, f"network-{language}")
    for english in ("Network", "unknown", "port ", "Search"):
        expect(page.locator(".desk-main").get_by_text(english)).to_have_count(0)
