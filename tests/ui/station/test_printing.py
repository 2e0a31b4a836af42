"""The banner and the printing section: only while somebody can act, and only a person settles an uncertain paper."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, expect


def banner(page: Page) -> Any:
    return page.locator(".desk-banner")


def test_a_held_receipt_puts_a_banner_up_until_it_is_printed(open_desk: Any) -> None:
    open_desk.shop("sold")
    page = open_desk.open("/station/till")
    expect(banner(page)).to_have_count(0)
    open_desk.shop("job_moves", state="held", reason="paper_out")
    expect(banner(page)).to_contain_text("The printer has no paper.")
    expect(banner(page)).to_contain_text("Put in a new roll and close the cover.")
    expect(banner(page)).to_contain_text("1 paper waits")
    open_desk.shop("job_moves", state="printed")
    expect(banner(page)).to_have_count(0)


def test_an_uncertain_receipt_asks_and_yes_settles_it(open_desk: Any) -> None:
    open_desk.shop("sold")
    page = open_desk.open("/station/queue")
    open_desk.shop("job_moves", state="uncertain", reason="lost_while_printing")
    expect(banner(page)).to_contain_text("Did it come out? Receipt")
    banner(page).get_by_role("button", name="Yes, it came out").dblclick()
    expect(banner(page)).to_have_count(0)
    calls = open_desk.shop("equipment_calls")
    assert [(call[0], call[2]) for call in calls] == [("settle", "True")]


def test_no_prints_one_copy_and_asks_no_more(open_desk: Any) -> None:
    open_desk.shop("sold")
    page = open_desk.open("/station/printing")
    open_desk.shop("job_moves", state="uncertain", reason="lost_while_printing")
    banner(page).get_by_role("button", name="No, print a copy").click()
    expect(banner(page)).to_have_count(0)
    expect(page.get_by_text("Receipt, copy 1")).to_have_count(1)
    assert [call[0] for call in open_desk.shop("equipment_calls")] == ["settle"]


def test_an_open_cover_is_told_in_words_though_nothing_waits(open_desk: Any) -> None:
    page = open_desk.open("/station/till")
    open_desk.shop("device_becomes", device_id="p1", health="degraded", reason="cover_open", action="Close the cover.")
    expect(banner(page)).to_contain_text("The cover of the printer is open.")
    expect(page.locator(".desk-strip")).to_contain_text("Printer: look")
    open_desk.shop("device_becomes", device_id="p1", health="online")
    expect(banner(page)).to_have_count(0)
    expect(page.locator(".desk-strip")).to_contain_text("Printer ready")


def test_a_stylist_who_cannot_act_on_printers_sees_no_banner(open_desk: Any) -> None:
    open_desk.shop("sold")
    open_desk.shop("job_moves", state="uncertain", reason="lost_while_printing")
    page = open_desk.open("/station", who="stylist")
    expect(page.get_by_role("region", name="Waiting")).to_be_visible()
    expect(banner(page)).to_have_count(0)


def test_the_paid_page_tells_when_the_receipt_is_held(open_desk: Any) -> None:
    page = open_desk.open("/station/till")
    page.get_by_role("button", name="Cut & style").click()
    page.get_by_role("button", name="Cash").click()
    page.get_by_role("button", name="Exactly ¥128.00").click()
    expect(page.locator(".desk-paid-paper")).to_contain_text("Printed")
    open_desk.shop("job_moves", state="held", reason="paper_out")
    expect(page.locator(".desk-paid-paper")).to_contain_text("The printer has no paper.")


def test_the_paid_page_tells_where_a_receipt_came_out_that_could_not_at_the_till(open_desk: Any) -> None:
    open_desk.shop("second_printer")
    page = open_desk.open("/station/till")
    page.get_by_role("button", name="Cut & style").click()
    page.get_by_role("button", name="Cash").click()
    page.get_by_role("button", name="Exactly ¥128.00").click()
    expect(page.locator(".desk-paid-paper")).not_to_contain_text("instead")
    open_desk.shop("job_moves", state="queued", at="p2")
    expect(page.locator(".desk-paid-paper")).to_contain_text("Goes to 前厅打印机 instead")
    open_desk.shop("job_moves", state="printed", at="p2")
    expect(page.locator(".desk-paid-paper")).to_contain_text("Printed at 前厅打印机 instead")


def test_a_drawer_that_stands_open_is_told_at_the_till_until_it_is_closed(open_desk: Any) -> None:
    page = open_desk.open("/station/queue")
    open_desk.shop("device_becomes", device_id="p1", health="degraded", reason="drawer_open_too_long", action="x")
    expect(banner(page)).to_contain_text("The drawer has been open for too long.")
    expect(banner(page)).to_contain_text("Close the drawer.")
    open_desk.shop("device_becomes", device_id="p1", health="online")
    expect(banner(page)).to_have_count(0)


def test_the_strip_tells_of_head_office_only_when_there_is_one(open_desk: Any) -> None:
    page = open_desk.open("/station/queue")
    expect(page.locator(".desk-strip")).not_to_contain_text("Head office")
    open_desk.shop("hq", link="offline")
    expect(page.locator(".desk-strip")).to_contain_text("Head office away")


def test_every_section_speaks_chinese_without_a_rest_of_english(open_desk: Any) -> None:
    open_desk.shop("guest", codes=["CUT"], stage="called")
    open_desk.shop("sold")
    for section in ("queue", "till", "sales", "shift", "printing"):
        page = open_desk.open(f"/station/{section}", who="manager", language="zh_CN")
        expect(page.locator(".desk-rail")).to_contain_text("排队")
        words = page.locator(".desk-body").inner_text()
        left_over = [w for w in ("Queue", "Call", "Cash", "Total", "Receipt", "Shift", "Printed", "Search", "Close") if w in words]
        assert left_over == [], section


def test_mains_that_are_gone_are_told_before_anything_else(open_desk: Any) -> None:
    open_desk.shop("sold")
    open_desk.shop("ups")
    page = open_desk.open("/station/till")
    open_desk.shop("job_moves", state="held", reason="paper_out")
    expect(banner(page)).to_contain_text("The printer has no paper.")
    open_desk.shop("device_becomes", device_id="u1", health="degraded", reason="on_battery", action="Finish what is open.")
    expect(banner(page)).to_contain_text("备用电源: The mains are gone;")
    expect(banner(page)).to_contain_text("Finish what is open, and look at the fuses.")
    open_desk.shop("device_becomes", device_id="u1", health="degraded", reason="battery_low", action="Finish now.")
    expect(banner(page)).to_contain_text("nearly empty")
    open_desk.shop("device_becomes", device_id="u1", health="online")
    expect(banner(page)).to_contain_text("The printer has no paper.")


def test_an_unknown_ups_needs_a_hand_at_the_desk_and_a_worn_battery_does_not(open_desk: Any) -> None:
    open_desk.shop("ups")
    page = open_desk.open("/station/till")
    open_desk.shop("device_becomes", device_id="u1", health="degraded", reason="ups_stale", action="Pull its data cable.")
    expect(banner(page)).to_contain_text("whether the mains are there is not known")
    open_desk.shop("device_becomes", device_id="u1", health="degraded", reason="replace_battery", action="Order a new one.")
    expect(banner(page)).to_have_count(0)
