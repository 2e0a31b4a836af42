"""The manager's office in a real browser: what needs her, devices, price lists, staff, screens, Z reports."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

GOOD = "code,category,name_zh_CN,name_en,barcode,price,tax\nP01,hair,修护洗发水 500ml,Repair shampoo 500 ml,6901234567892,92.00,13%\nP90,hair,发膜,Hair mask,,66.00,13%\n"
BAD = "code,category,name_zh_CN,barcode,price,tax\nP90,hair,发膜,6901234567893,sixty,13%\n"


def offer(page: Page, name: str, content: str) -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose a file").click()
    chooser.value.set_files({"name": name, "mimeType": "text/csv", "buffer": content.encode()})


def import_page(desk: Any) -> Page:
    page = desk.open("/office/catalogue", who="manager")
    page.get_by_role("button", name="Take in a price list").click()
    expect(page.get_by_role("button", name="Choose a file")).to_be_visible()
    kind = page.locator(".desk-panel").get_by_role("button", name="Products")
    kind.click()
    expect(kind).to_have_attribute("aria-pressed", "true")
    return page


def test_the_trial_of_a_bad_list_names_line_column_and_reason_and_offers_no_import(desk: Any) -> None:
    before = desk.shop("products")
    page = import_page(desk)
    offer(page, "products.csv", BAD)
    table = page.locator(".desk-table")
    expect(table).to_contain_text("The last digit of the barcode is wrong.")
    expect(table).to_contain_text("This is no price; write it like 128.00.")
    row = table.locator("tbody tr").filter(has_text="This is no price")
    assert row.locator("td").all_inner_texts() == ["2", "Price", "This is no price; write it like 128.00.", "sixty"]
    expect(page.get_by_role("button", name="Import now")).to_have_count(0)
    assert desk.shop("products") == before


def test_a_good_list_is_tried_first_and_taken_in_with_one_touch(desk: Any) -> None:
    page = import_page(desk)
    offer(page, "products.csv", GOOD)
    expect(page.get_by_text("1 new, 1 changed, 0 as they are")).to_be_visible()
    assert desk.shop("products")["P01"] == 8800
    page.get_by_role("button", name="Import now").dblclick()
    expect(page.get_by_text("Taken in: 1 new, 1 changed.")).to_be_visible()
    assert (desk.shop("products")["P01"], desk.shop("products")["P90"]) == (9200, 6600)
    offer(page, "products.csv", GOOD)
    expect(page.get_by_text("there is nothing to take in")).to_be_visible()


def test_the_overview_orders_what_needs_the_manager_and_counts_todays_takings(open_desk: Any) -> None:
    open_desk.shop("sold")
    open_desk.shop("sold", kind="card")
    page = open_desk.open("/office", who="manager")
    expect(page.locator("[data-takings]")).to_have_text("¥372.00")
    expect(page.get_by_text("Nothing needs you.")).to_be_visible()
    open_desk.shop("job_moves", state="uncertain", reason="lost_while_printing")
    open_desk.shop("device_becomes", device_id="p1", health="offline", reason="unreachable", action="x")
    expect(page.locator(".office-need")).to_have_count(2)
    expect(page.locator(".office-need").first).to_contain_text("Did it come out?")
    expect(page.locator(".office-need").last).to_contain_text("The device does not answer at its address.")
    open_desk.shop("sold")
    expect(page.locator("[data-takings]")).to_have_text("¥558.00")


def test_a_found_printer_is_taken_in_with_a_name_and_a_use_and_prints_a_test(desk: Any) -> None:
    found = {"kind": "receipt_printer", "name": "XP-80", "address": "usb:///dev/usb/lp0", "evidence": "usb", "adopted": False}
    desk.shop("found", devices=[found, {**found, "name": "old", "adopted": True}])
    page = desk.open("/office/devices", who="manager")
    page.get_by_role("button", name="Look for devices").click()
    expect(page.get_by_text("old", exact=True)).to_have_count(0)
    page.locator(".desk-device").filter(has_text="XP-80").get_by_role("button", name="Take in").click()
    sheet = page.get_by_role("dialog")
    sheet.get_by_label("Name").fill("Back room printer")
    sheet.get_by_role("button", name="queue tickets").click()
    sheet.get_by_role("button", name="Take in", exact=True).click()
    device = page.locator('[data-device="new-1"]')
    expect(device).to_contain_text("Back room printer")
    expect(device).to_contain_text("receipts")
    expect(device).not_to_contain_text("queue tickets")
    device.get_by_role("button", name="Test print").click()
    expect(device.get_by_role("button", name="Test print")).to_be_enabled()
    assert desk.shop("equipment_calls") == [["adopt", "Back room printer", "usb:///dev/usb/lp0"], ["test_print", "new-1"]]


def test_a_found_scale_is_taken_in_with_its_language_and_weighs(desk: Any) -> None:
    found = {"kind": "scale", "name": "COM scale", "address": "serial:///dev/serial/by-id/x?baud=9600", "evidence": "usb", "adopted": False}
    desk.shop("found", devices=[found])
    page = desk.open("/office/devices", who="manager")
    page.get_by_role("button", name="Look for devices").click()
    page.locator(".desk-device").filter(has_text="COM scale").get_by_role("button", name="Take in").click()
    sheet = page.get_by_role("dialog")
    sheet.get_by_role("button", name="MT-SICS").click()
    sheet.get_by_role("button", name="Take in", exact=True).click()
    expect(page.locator('[data-device="new-1"]')).to_be_visible()
    assert desk.shop("equipment_calls") == [["adopt", "COM scale", found["address"], "mt_sics"]]
    weigh = page.locator('[data-device="new-1"]').get_by_role("button", name="Weigh")
    weigh.click()
    expect(page.get_by_role("alert")).to_contain_text("Let the pan come to rest")
    desk.shop("lies_on_scale", mg=1_250_500)
    weigh.click()
    expect(page.get_by_text("1,250.5 g")).to_be_visible()


def test_a_ups_is_taken_in_by_address_and_its_name_in_nut(desk: Any) -> None:
    page = desk.open("/office/devices", who="manager")
    page.get_by_role("button", name="Take in by address").click()
    sheet = page.get_by_role("dialog")
    sheet.get_by_role("button", name="Battery backup (UPS)").click()
    sheet.get_by_label("Name", exact=True).fill("Till battery")
    sheet.get_by_label("Address").fill("tcp://127.0.0.1:3493")
    sheet.get_by_label("Its name in NUT").fill(" eaton ")
    sheet.get_by_role("button", name="Take in", exact=True).click()
    expect(page.locator('[data-device="new-1"]')).to_contain_text("Till battery")
    assert desk.shop("equipment_calls") == [["adopt", "Till battery", "tcp://127.0.0.1:3493", "eaton"]]


def test_a_ups_on_the_network_is_taken_in_with_its_user_and_its_keys(desk: Any) -> None:
    page = desk.open("/office/devices", who="manager")
    page.get_by_role("button", name="Take in by address").click()
    sheet = page.get_by_role("dialog")
    sheet.get_by_role("button", name="Battery backup (UPS)").click()
    sheet.get_by_label("Name", exact=True).fill("Rack battery")
    sheet.get_by_label("Address").fill("snmp://10.0.0.7:161")
    sheet.get_by_role("button", name="v3", exact=True).click()
    expect(sheet.get_by_label("Community (SNMP v2c)")).to_have_count(0)
    sheet.get_by_label("SNMP user").fill("hub")
    sheet.get_by_label("Key of the user").fill("authpass12")
    sheet.get_by_label("Key of the encryption").fill("privpass12")
    sheet.get_by_role("button", name="this hub", exact=True).click()
    sheet.get_by_role("button", name="Take in", exact=True).click()
    expect(page.locator('[data-device="new-1"]')).to_contain_text("Rack battery")
    asked = ["v3", "hub", "sha", "authpass12", "aes", "privpass12"]
    assert desk.shop("equipment_calls") == [["adopt", "Rack battery", "snmp://10.0.0.7:161", *asked]]


def test_a_label_printer_is_taken_in_with_its_language_and_the_size_of_its_labels(desk: Any) -> None:
    found = {"kind": "label_printer", "name": "Labels", "address": "usb:///dev/usb/lp1", "evidence": "usb", "adopted": False}
    desk.shop("found", devices=[found])
    page = desk.open("/office/devices", who="manager")
    page.get_by_role("button", name="Look for devices").click()
    page.locator(".desk-device").filter(has_text="usb:///dev/usb/lp1").get_by_role("button", name="Take in").click()
    sheet = page.get_by_role("dialog")
    sheet.get_by_role("button", name="TSPL").click()
    sheet.get_by_label("Width of a label in mm").fill("50")
    sheet.get_by_role("button", name="Take in", exact=True).click()
    expect(page.locator('[data-device="new-1"]')).to_be_visible()
    assert desk.shop("equipment_calls") == [["adopt", "Labels", found["address"], "tspl", "50", "40"]]


def test_a_switch_is_taken_in_with_its_community_which_is_not_shown(desk: Any) -> None:
    found = {"kind": "network_gear", "name": "Switch", "address": "snmp://10.0.0.2:161", "evidence": "by hand", "adopted": False}
    desk.shop("found", devices=[found])
    page = desk.open("/office/devices", who="manager")
    page.get_by_role("button", name="Look for devices").click()
    page.locator(".desk-device").filter(has_text="Switch").get_by_role("button", name="Take in").click()
    sheet = page.get_by_role("dialog")
    community = sheet.get_by_label("Community (SNMP v2c)")
    assert community.get_attribute("type") == "password"
    community.fill("readers")
    sheet.get_by_role("button", name="Take in", exact=True).click()
    expect(page.locator('[data-device="new-1"]')).to_be_visible()
    assert desk.shop("equipment_calls") == [["adopt", "Switch", found["address"], "v2c", "readers"]]


def test_a_found_display_is_taken_in_with_its_language_and_characters_and_shows_a_test(desk: Any) -> None:
    found = {"kind": "customer_display", "name": "Pole", "address": "serial:///dev/serial/by-id/x?baud=9600", "adopted": False}
    desk.shop("found", devices=[found])
    page = desk.open("/office/devices", who="manager")
    page.get_by_role("button", name="Look for devices").click()
    page.locator(".desk-device").filter(has_text="Pole").get_by_role("button", name="Take in").click()
    sheet = page.get_by_role("dialog")
    sheet.get_by_role("button", name="CD5220").click()
    sheet.get_by_role("button", name="Chinese too (GBK)").click()
    sheet.get_by_role("button", name="Take in", exact=True).click()
    show = page.locator('[data-device="new-1"]').get_by_role("button", name="Show a test text")
    show.click()
    expect(page.get_by_role("alert")).to_contain_text("Check the power and the cable of the display")
    assert desk.shop("equipment_calls") == [["adopt", "Pole", found["address"], "cd5220", "gbk"]]
    desk.shop("display_takes_lines")
    show.click()
    expect(page.get_by_role("alert")).to_have_count(0)
    assert desk.shop("shown") == [[["中文 Test", "¥1,280.00"], ["0123456789", "ABCDEFGHI"]]]


def test_a_printer_is_tested_step_by_step_and_the_result_file_says_what_the_person_saw(desk: Any) -> None:
    page = desk.open("/office/devices", who="manager")
    page.locator('[data-device="p1"]').get_by_role("button", name=re.compile("^More of")).click()
    sheet = page.get_by_role("dialog")
    sheet.get_by_role("button", name="Begin the self-test").click()
    sheet.get_by_role("button", name="See whether it is there").click()
    sheet.get_by_role("button", name="Print a test").click()
    expect(sheet.get_by_text("Did it come out, whole and readable?")).to_be_visible()
    sheet.get_by_role("button", name="Yes, it did").click()
    sheet.get_by_role("button", name="Open the drawer").click()
    sheet.get_by_role("button", name="No", exact=True).click()
    expect(sheet.get_by_text("Nobody saw it happen.")).to_be_visible()
    with page.expect_download() as saved:
        sheet.get_by_role("button", name="Save the result file").click()
    assert saved.value.suggested_filename == "chairside-p1.json"
    told = json.loads(Path(saved.value.path()).read_text())
    assert told == {"device": "p1", "steps": [["look", True], ["print", True], ["kick", False]]}
    expect(sheet.get_by_role("button", name="Begin the self-test")).to_be_visible()


def test_a_step_that_failed_says_why_and_asks_nobody_what_he_saw(desk: Any) -> None:
    desk.shop("self_test_goes", outcome="failed")
    page = desk.open("/office/devices", who="manager")
    page.locator('[data-device="p1"]').get_by_role("button", name=re.compile("^More of")).click()
    sheet = page.get_by_role("dialog")
    for button in ("Begin the self-test", "See whether it is there", "Print a test"):
        sheet.get_by_role("button", name=button).click()
    expect(sheet.get_by_text("The printer has no paper.")).to_have_count(2)
    expect(sheet.get_by_role("button", name="Open the drawer")).to_be_visible()


def test_a_device_that_cannot_be_reached_is_refused_in_the_form(desk: Any) -> None:
    page = desk.open("/office/devices", who="manager")
    page.get_by_role("button", name="Take in by address").click()
    sheet = page.get_by_role("dialog")
    sheet.get_by_label("Name").fill("Kitchen")
    sheet.get_by_label("Address").fill("tcp://10.0.0.66:9100")
    sheet.get_by_role("button", name="Take in", exact=True).click()
    expect(sheet.get_by_role("alert")).to_contain_text("Check the cable")
    sheet.get_by_label("Name").fill("")
    sheet.get_by_role("button", name="Take in", exact=True).click()
    expect(sheet.get_by_role("alert")).to_be_visible()


def test_a_printer_gets_another_name_and_use_and_another_device_in_its_place(desk: Any) -> None:
    page = desk.open("/office/devices", who="manager")
    page.get_by_role("button", name="More of 收银打印机").click()
    sheet = page.locator("section[role=dialog]")
    expect(sheet).to_contain_text("The cover of the printer is open.")  # how it was
    sheet.get_by_label("Name").fill("")
    sheet.get_by_role("button", name="Save").click()
    expect(sheet.get_by_role("alert")).to_be_visible()
    sheet.get_by_label("Name").fill("后台打印机")
    sheet.get_by_role("button", name="queue tickets").click()
    sheet.get_by_label("Address of another device").fill("tcp://10.0.0.66:9100")
    sheet.get_by_role("button", name="Save").click()
    expect(sheet.get_by_role("alert")).to_contain_text("Check the cable")
    sheet.get_by_label("Address of another device").fill("tcp://10.0.0.9:9100")
    sheet.get_by_role("button", name="Save").click()
    expect(page.locator('[data-device="p1"]')).to_contain_text("后台打印机")
    assert desk.shop("equipment_calls") == [["change", "p1", "后台打印机", "receipt", "tcp://10.0.0.9:9100"], ["fallback", "p1", ""]]


def test_a_person_chooses_the_printer_that_stands_in_and_a_use_for_it(desk: Any) -> None:
    desk.shop("second_printer")
    page = desk.open("/office/devices", who="manager")
    page.get_by_role("button", name="More of 收银打印机").click()
    sheet = page.locator("section[role=dialog]")
    expect(sheet.get_by_role("button", name="no other: they wait")).to_have_attribute("aria-pressed", "true")
    sheet.get_by_role("button", name="前厅打印机").click()
    sheet.get_by_role("button", name="colour orders").click()
    sheet.get_by_role("button", name="Save").click()
    expect(sheet).to_have_count(0)
    assert desk.shop("equipment_calls") == [["change", "p1", "收银打印机", "colour", "receipt", "ticket", ""], ["fallback", "p1", "p2"]]


def test_the_line_of_the_test_print_that_reads_well_and_the_level_of_the_drawer_are_told_to_the_printer(desk: Any) -> None:
    page = desk.open("/office/devices", who="manager")
    page.get_by_role("button", name="More of 收银打印机").click()
    sheet = page.locator("section[role=dialog]")
    sheet.get_by_role("button", name="2", exact=True).click()
    sheet.get_by_role("button", name="3", exact=True).click()
    sheet.get_by_role("button", name="low while it is open").click()
    sheet.get_by_role("button", name="Save").click()
    expect(sheet).to_have_count(0)
    assert desk.shop("equipment_calls")[0] == ["change", "p1", "收银打印机", "receipt", "ticket", "", "utf8", "open_low"]


def test_a_device_is_looked_at_once_more_and_switched_off_and_on(desk: Any) -> None:
    page = desk.open("/office/devices", who="manager")
    page.get_by_role("button", name="More of 收银打印机").click()
    sheet = page.locator("section[role=dialog]")
    sheet.get_by_role("button", name="Look now").click()
    expect(sheet).to_contain_text("The paper roll is nearly used up.")
    expect(sheet).to_contain_text("Commands that wait")
    sheet.get_by_role("button", name="Switch off in this shop").click()
    expect(page.locator('[data-device="p1"]')).to_contain_text("Switched off")
    page.get_by_role("button", name="More of 收银打印机").click()
    sheet.get_by_role("button", name="Switch on again").click()
    expect(page.locator('[data-device="p1"]')).to_contain_text("Ready")


def test_a_device_is_removed_only_after_a_second_look(desk: Any) -> None:
    page = desk.open("/office/devices", who="manager")
    page.get_by_role("button", name="Remove 扫码枪").click()
    assert "s1" in desk.shop("device_ids")
    page.get_by_role("dialog").get_by_role("button", name="Remove it").click()
    expect(page.locator('[data-device="s1"]')).to_have_count(0)
    assert desk.shop("device_ids") == ["p1"]


def test_a_person_is_added_with_a_post_and_a_pin(desk: Any) -> None:
    page = desk.open("/office/staff", who="manager")
    page.get_by_role("button", name="Add a person").click()
    sheet = page.get_by_role("dialog")
    sheet.get_by_label("Name").fill("苏晴")
    sheet.get_by_label("PIN").fill("1234")
    sheet.get_by_role("button", name="Save").click()
    expect(sheet.get_by_role("alert")).to_be_visible()
    sheet.get_by_label("PIN").fill("6194")
    sheet.get_by_role("button", name="Save").click()
    expect(page.get_by_text("苏晴")).to_be_visible()
    assert ["苏晴", "stylist", True, True, "6194"] in desk.shop("people")


def test_a_new_pin_is_typed_twice_and_does_not_stay_on_the_page(desk: Any) -> None:
    page = desk.open("/office/staff", who="manager")
    page.locator(".desk-device").filter(has_text="何静").get_by_role("button", name="New PIN").click()
    sheet = page.get_by_role("dialog")
    sheet.get_by_label("New PIN").fill("7306")
    sheet.get_by_label("The same again").fill("7307")
    sheet.get_by_role("button", name="Save").click()
    expect(sheet.get_by_role("alert")).to_contain_text("not the same")
    sheet.get_by_label("The same again").fill("7306")
    sheet.get_by_role("button", name="Save").click()
    expect(page.locator(".cs-sheet").filter(has_text="New PIN for")).to_be_hidden()
    assert ["何静", "reception", False, True, "7306"] in desk.shop("people")
    assert page.evaluate("[...document.querySelectorAll('input')].every(i => i.value !== '7306')")


def test_someone_who_left_is_marked_and_no_longer_asked_for(desk: Any) -> None:
    page = desk.open("/office/staff", who="manager")
    page.locator(".desk-device").filter(has_text="周雨桐").get_by_role("button", name="Edit").click()
    page.get_by_role("dialog").get_by_role("button", name="Works here").click()
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(page.locator(".desk-device").filter(has_text="周雨桐")).to_contain_text("has left")


def test_a_link_for_a_kiosk_works_once_and_names_its_place(desk: Any) -> None:
    page = desk.open("/office/screens", who="manager")
    page.get_by_label("Where it stands").fill("door")
    page.get_by_role("button", name="Make a link").click()
    expect(page.locator("[data-code]")).to_have_text("K7WQ 3MZP")
    expect(page.locator("[data-link]")).to_have_text(f"{desk.url}/enter?code=K7WQ3MZP&next=/kiosk")
    assert page.locator(".office-qr").evaluate("img => img.complete && img.naturalWidth > 0")
    assert desk.shop("codes") == [["kiosk", "door", 30]]


def test_a_lost_screen_loses_its_access_with_two_touches(desk: Any) -> None:
    page = desk.open("/office/screens", who="manager")
    page.get_by_role("button", name="Take access away").click()
    assert desk.shop("paired") == 1
    page.get_by_role("button", name="Yes, take it away").click()
    expect(page.get_by_text("No screen is paired yet.")).to_be_visible()


def test_a_technician_sees_devices_and_screens_but_no_money_and_no_staff(open_desk: Any) -> None:
    open_desk.shop("sold")
    page = open_desk.open("/office", who="technician")
    expect(page.get_by_text("Only managers see money.")).to_be_visible()
    assert page.locator(".desk-rail button").all_inner_texts() == [
        "space_dashboard\nOverview",
        "devices_other\nDevices",
        "lan\nNetwork",
        "tv\nScreens",
    ]


def test_a_receptionist_has_no_office(desk: Any) -> None:
    page = desk.open("/office")
    expect(page.get_by_text("This page is for the staff.")).to_be_visible()


def test_the_services_are_listed_with_the_part_that_is_work(desk: Any) -> None:
    page = desk.open("/office/catalogue", who="manager")
    row = page.locator(".desk-table tbody tr").filter(has_text="Full colour")
    assert row.locator("td").all_inner_texts() == ["COLOR", "Full colour", "Colour", "1 h 35 min", "1 h", "¥388.00"]
