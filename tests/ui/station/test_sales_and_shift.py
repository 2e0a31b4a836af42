"""Sales of the day, refunds with a manager's PIN, and the shift from count to Z report, in a real browser."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, expect

from tests.ui.hands import count_as_one_sum, type_digits
from ui import texts

SHAMPOO = "6901234567892"
MANAGER_PIN = "482915"


def refund_form(desk: Any) -> Page:
    desk.shop("sold")
    page = desk.open("/station/sales")
    page.locator('[data-receipt="t1-000001"]').click()
    page.get_by_role("button", name="Give the money back").click()
    return page


def test_a_sale_is_refunded_once_with_the_managers_pin(open_desk: Any) -> None:
    page = refund_form(open_desk)
    type_digits(page, MANAGER_PIN)
    page.get_by_role("button", name="Give ¥186.00 back").click()
    expect(page.get_by_text("This sale was given back.")).to_be_visible()
    expect(page.get_by_role("button", name="Give the money back")).to_have_count(0)
    assert [sale["refunded"] for sale in open_desk.shop("sales")] == [True]


def test_a_wrong_pin_is_refused_in_words_and_forgotten(open_desk: Any) -> None:
    page = refund_form(open_desk)
    type_digits(page, "111222")
    page.get_by_role("button", name="Give ¥186.00 back").click()
    alert = page.locator(".desk-refund").get_by_role("alert")
    expect(alert).to_be_visible()
    expect(alert).not_to_contain_text("wrong_pin")
    expect(page.locator(".cs-keypad-value")).to_have_text("")
    assert [sale["refunded"] for sale in open_desk.shop("sales")] == [False]
    type_digits(page, MANAGER_PIN)
    page.get_by_role("button", name="Give ¥186.00 back").click()
    expect(page.get_by_text("This sale was given back.")).to_be_visible()


def test_a_sale_refunded_at_another_desk_meanwhile_is_told_clearly(open_desk: Any) -> None:
    page = refund_form(open_desk)
    type_digits(page, MANAGER_PIN)
    open_desk.shop("refund_silently")
    page.get_by_role("button", name="Give ¥186.00 back").click()
    alert = page.locator(".desk-refund").get_by_role("alert")
    expect(alert).to_be_visible()
    expect(alert).not_to_contain_text("already_refunded")
    assert len([call for call in open_desk.shop("pos_calls") if call["act"] == "refund_sale"]) == 1


def test_an_older_sale_is_found_by_its_receipt_number(open_desk: Any) -> None:
    open_desk.shop("sold")
    page = open_desk.open("/station/sales")
    page.get_by_label("Receipt number").fill("t1-000001")
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_role("heading", name="Receipt t1-000001")).to_be_visible()
    page.get_by_label("Receipt number").fill("t1-000099")
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_role("alert").first).to_be_visible()


def test_a_scanned_receipt_shows_its_sale_from_any_section(open_desk: Any, scan: Any) -> None:
    open_desk.shop("sold")
    page = open_desk.open("/station/queue")
    scan(page, "CSR:t1-000001")
    expect(page.get_by_role("heading", name="Receipt t1-000001")).to_be_visible()


def test_a_copy_of_a_receipt_is_marked_as_a_copy(open_desk: Any) -> None:
    open_desk.shop("sold")
    page = open_desk.open("/station/sales")
    page.locator('[data-receipt="t1-000001"]').click()
    page.get_by_role("button", name="Print a copy").click()
    page.get_by_role("button", name="Printing").click()
    expect(page.get_by_text("Receipt, copy 1")).to_be_visible()


def test_a_shift_is_counted_in_note_by_note_sold_in_and_counted_out_with_its_difference(desk: Any) -> None:
    page = desk.open("/station/shift", who="manager")
    page.get_by_role("button", name="¥100.00: 0 pieces").click()
    type_digits(page, "5")
    page.get_by_role("button", name="Open the shift with ¥500.00").click()
    expect(page.get_by_text("The shift is open")).to_be_visible()
    desk.shop("sold", barcodes=[SHAMPOO])
    page.get_by_role("button", name="Close the shift").click()
    expect(page.get_by_text("Should be in the drawer")).to_have_count(0)
    count_as_one_sum(page, texts.of("en"), "580")
    page.get_by_role("button", name="Close the shift with ¥580.00").click()
    expect(page.get_by_role("heading", name="Z1")).to_be_visible()
    expect(page.locator(".desk-count-result")).to_contain_text("¥588.00")
    expect(page.locator(".desk-count-result")).to_contain_text("-¥8.00")
    assert desk.shop("reports") == [{"counted": 58000, "difference": -800}]
    expect(page.get_by_text("Printed")).to_be_visible()


def test_a_receptionist_can_see_the_shift_but_not_close_it(open_desk: Any) -> None:
    page = open_desk.open("/station/shift")
    expect(page.get_by_text("A manager closes the shift")).to_be_visible()
    expect(page.get_by_text("Only managers see Z reports.")).to_be_visible()
    expect(page.get_by_role("button", name="Close the shift")).to_have_count(0)


def test_a_kept_z_report_can_be_looked_at_again(open_desk: Any) -> None:
    page = open_desk.open("/station/shift", who="manager")
    page.get_by_role("button", name="Close the shift").click()
    count_as_one_sum(page, texts.of("en"), "500")
    page.get_by_role("button", name="Close the shift with ¥500.00").click()
    expect(page.get_by_role("heading", name="Z1")).to_be_visible()
    page.reload()
    page.get_by_role("button", name="Z1").click()
    expect(page.locator(".desk-count-result")).to_contain_text("¥500.00")
