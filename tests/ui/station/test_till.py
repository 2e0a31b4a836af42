"""Taking money at the desk, in a real browser."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, expect

from tests.ui.hands import count_as_one_sum
from ui import texts

SHAMPOO, CONDITIONER = "6901234567892", "6923450657713"  # 88.00 and 98.00


def total(page: Page) -> Any:
    return page.locator("[data-total]")


def basket_with_shampoo(desk: Any, scan: Any) -> Page:
    page = desk.open("/station/till")
    scan(page, SHAMPOO)
    expect(total(page)).to_have_text("¥88.00")
    return page


def test_cash_with_change_sells_and_shows_the_change_until_the_next_basket(open_desk: Any, scan: Any) -> None:
    page = basket_with_shampoo(open_desk, scan)
    page.get_by_role("button", name="Cash").click()
    page.locator('[data-given="10000"]').click()
    expect(page.locator("[data-change]")).to_have_text("¥12.00")
    expect(total(page)).to_have_text("¥0.00")
    assert page.locator("[data-change]").evaluate("e => getComputedStyle(e).fontSize") == "64px"
    [sale] = open_desk.shop("sales")
    assert (sale["total"], sale["change"], sale["tenders"]) == (8800, 1200, [["cash", 8800, 10000, ""]])
    expect(page.get_by_role("button", name="New basket")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("[data-change]")).to_have_count(0)
    expect(total(page)).to_have_text("¥0.00")


def test_the_exact_amount_is_one_touch(open_desk: Any, scan: Any) -> None:
    page = basket_with_shampoo(open_desk, scan)
    page.get_by_role("button", name="Cash").click()
    page.get_by_role("button", name="Exactly ¥88.00").click()
    expect(page.locator("[data-change]")).to_have_text("¥0.00")
    assert open_desk.shop("sales")[0]["tenders"] == [["cash", 8800, 8800, ""]]


def test_typed_cash_is_told_back_before_it_is_taken(open_desk: Any, scan: Any) -> None:
    page = basket_with_shampoo(open_desk, scan)
    page.get_by_role("button", name="Cash").click()
    expect(page.get_by_role("button", name="Type the cash given")).to_be_disabled()
    for key in ("2", "0", "0"):
        page.locator(f'.cs-key[data-key="{key}"]').click()
    page.get_by_role("button", name="Take ¥200.00, give ¥112.00 back").click()
    expect(page.locator("[data-change]")).to_have_text("¥112.00")


def test_cash_can_be_typed_on_the_keyboard_and_taken_with_enter(open_desk: Any, scan: Any) -> None:
    page = basket_with_shampoo(open_desk, scan)
    page.get_by_role("button", name="Cash").click()
    expect(page.locator("[data-rest]")).to_be_visible()
    page.keyboard.type("90", delay=120)
    expect(page.get_by_role("button", name="Take ¥90.00, give ¥2.00 back")).to_be_enabled()
    page.keyboard.press("Enter")
    expect(page.locator("[data-change]")).to_have_text("¥2.00")


def test_a_bill_is_split_between_cash_and_card(open_desk: Any, scan: Any) -> None:
    page = basket_with_shampoo(open_desk, scan)
    page.get_by_role("button", name="Cash").click()
    expect(page.locator("[data-rest]")).to_be_visible()
    page.keyboard.type("50", delay=120)
    page.get_by_role("button", name="Take ¥50.00, ¥38.00 stays to pay").click()
    expect(page.locator("[data-rest]")).to_have_text("¥38.00")
    page.locator(".desk-pay-head").get_by_role("button", name="Card").click()
    page.get_by_label("Slip number").fill("A88412")
    page.get_by_role("button", name="Taken: ¥38.00").click()
    expect(page.locator(".desk-paid")).to_contain_text("t1-000001")
    [sale] = open_desk.shop("sales")
    assert sale["tenders"] == [["cash", 5000, 5000, ""], ["card", 3800, None, "A88412"]]


def test_a_part_payment_waits_while_another_product_is_added(open_desk: Any, scan: Any) -> None:
    page = basket_with_shampoo(open_desk, scan)
    page.get_by_role("button", name="Cash").click()
    expect(page.locator("[data-rest]")).to_be_visible()
    page.keyboard.type("50", delay=120)
    page.get_by_role("button", name="Take ¥50.00, ¥38.00 stays to pay").click()
    expect(page.locator("[data-rest]")).to_have_text("¥38.00")
    scan(page, CONDITIONER)
    expect(total(page)).to_have_text("¥186.00")
    page.get_by_role("button", name="Cash").click()
    expect(page.locator("[data-rest]")).to_have_text("¥136.00")
    page.get_by_role("button", name="Take this payment out again").click()
    expect(page.locator("[data-rest]")).to_have_text("¥186.00")


def test_a_card_payment_without_its_slip_cannot_be_taken(open_desk: Any, scan: Any) -> None:
    page = basket_with_shampoo(open_desk, scan)
    page.get_by_role("button", name="Card").click()
    expect(page.get_by_role("button", name="Taken: ¥88.00")).to_be_disabled()


def test_a_card_number_in_place_of_a_slip_is_refused_beside_the_button(open_desk: Any, scan: Any) -> None:
    page = basket_with_shampoo(open_desk, scan)
    page.get_by_role("button", name="Card").click()
    page.get_by_label("Slip number").fill("4111111111111111")
    page.get_by_role("button", name="Taken: ¥88.00").click()
    expect(page.get_by_role("alert").filter(has_text="never a card number")).to_be_visible()
    assert open_desk.shop("sales") == []
    page.get_by_label("Slip number").fill("20417")
    page.get_by_role("button", name="Taken: ¥88.00").click()
    expect(page.locator(".desk-paid")).to_be_visible()


def test_the_code_of_a_payment_slip_can_be_scanned(open_desk: Any, scan: Any) -> None:
    page = basket_with_shampoo(open_desk, scan)
    page.get_by_role("button", name="QR payment").click()
    expect(page.get_by_label("Slip number")).to_be_focused()
    scan(page, "2026112122001498765432100017")
    expect(page.get_by_label("Slip number")).to_have_value("2026112122001498765432100017")
    page.get_by_role("button", name="Taken: ¥88.00").click()
    expect(page.locator(".desk-paid")).to_be_visible()
    assert open_desk.shop("sales")[0]["tenders"] == [["qr", 8800, None, "2026112122001498765432100017"]]


def test_a_double_click_on_pay_is_one_sale(open_desk: Any, scan: Any) -> None:
    page = basket_with_shampoo(open_desk, scan)
    page.get_by_role("button", name="Cash").click()
    page.locator('[data-given="10000"]').evaluate("e => { e.click(); e.click(); e.click(); }")
    expect(page.locator("[data-change]")).to_have_text("¥12.00")
    calls = [call for call in open_desk.shop("pos_calls") if call["act"] == "complete_sale"]
    assert len(calls) == 1
    assert len(open_desk.shop("sales")) == 1


def test_a_scan_adds_and_the_same_again_is_one_line_of_two(open_desk: Any, scan: Any) -> None:
    page = basket_with_shampoo(open_desk, scan)
    scan(page, SHAMPOO)
    expect(total(page)).to_have_text("¥176.00")
    assert open_desk.shop("basket") == [{"name": "修护洗发水 500ml", "quantity": 2, "stylist": None}]


def test_a_serial_scanner_adds_on_the_page_that_is_in_hand_and_on_no_other(open_desk: Any, scan: Any) -> None:
    behind = open_desk.open("/station/till")
    front = open_desk.open("/station/till")
    open_desk.shop("scan", code=SHAMPOO)
    expect(total(front)).to_have_text("¥88.00")
    behind.get_by_role("button", name="Products", exact=True).click()
    behind.get_by_role("button", name="Wide-tooth comb").click()
    expect(total(behind)).to_have_text("¥127.00")
    open_desk.shop("scan", code=CONDITIONER)
    expect(total(behind)).to_have_text("¥225.00")
    assert [line["quantity"] for line in open_desk.shop("basket")] == [1, 1, 1]


def test_an_unknown_barcode_is_told_at_the_basket_and_the_next_scan_works(open_desk: Any, scan: Any) -> None:
    page = open_desk.open("/station/till")
    scan(page, "4006381333931")
    alert = page.locator(".desk-basket > .cs-error")
    expect(alert).to_be_visible()
    expect(alert).not_to_contain_text("unknown_barcode")
    scan(page, SHAMPOO)
    expect(total(page)).to_have_text("¥88.00")
    expect(alert).to_be_hidden()


def test_a_scan_while_the_search_is_focused_leaves_no_digits_in_it(open_desk: Any, scan: Any) -> None:
    page = open_desk.open("/station/till")
    search = page.get_by_label("Search for a product")
    search.click()
    scan(page, SHAMPOO)
    expect(total(page)).to_have_text("¥88.00")
    expect(search).to_have_value("")


def test_a_scanned_ticket_opens_the_guests_basket_from_any_section(open_desk: Any, scan: Any) -> None:
    guest = open_desk.shop("guest", codes=["CUT", "WASH"], stage="served", stylist=0)
    page = open_desk.open("/station/queue")
    scan(page, guest["code"])
    expect(total(page)).to_have_text("¥186.00")
    expect(page.locator(".desk-basket-head")).to_contain_text(str(guest["ticket"]))
    assert page.url.endswith("/station/till")
    page.get_by_role("button", name="Cash").click()
    page.get_by_role("button", name="Exactly").click()
    expect(page.locator(".desk-paid")).to_be_visible()
    assert open_desk.shop("sales")[0]["visit"] == guest["id"]
    assert open_desk.shop("stages") == {str(guest["ticket"]): "paid"}


def test_without_an_open_shift_paying_asks_a_manager_to_count_in(desk: Any, scan: Any) -> None:
    page = basket_with_shampoo(desk, scan)
    expect(page.get_by_text("The drawer has not been counted in.")).to_be_visible()
    page.get_by_role("button", name="Cash").click()
    expect(page.get_by_text("Let a manager log in here")).to_be_visible()
    assert desk.shop("sales") == []


def test_a_manager_counts_in_right_at_the_till_and_the_basket_stays(desk: Any, scan: Any) -> None:
    page = desk.open("/station/till", who="manager")
    scan(page, SHAMPOO)
    expect(total(page)).to_have_text("¥88.00")
    page.get_by_role("button", name="Cash").click()
    count_as_one_sum(page, texts.of("en"), "500")
    page.get_by_role("button", name="Open the shift with ¥500.00").click()
    expect(page.get_by_text("The drawer has not been counted in.")).to_be_hidden()
    assert desk.shop("shift_of") is True
    page.get_by_role("button", name="Cash").click()
    page.get_by_role("button", name="Exactly ¥88.00").click()
    expect(page.locator("[data-change]")).to_have_text("¥0.00")


def test_pieces_are_changed_and_the_last_one_takes_the_line_away(open_desk: Any, scan: Any) -> None:
    page = basket_with_shampoo(open_desk, scan)
    page.get_by_role("button", name="One more: Repair shampoo").click()
    page.get_by_role("button", name="One more: Repair shampoo").click()
    expect(total(page)).to_have_text("¥264.00")
    for _ in range(3):
        page.get_by_role("button", name="One less: Repair shampoo").click()
    expect(total(page)).to_have_text("¥0.00")
    assert open_desk.shop("basket") == []


def test_three_quick_touches_on_more_are_three_pieces(open_desk: Any, scan: Any) -> None:
    page = basket_with_shampoo(open_desk, scan)
    page.get_by_role("button", name="One more: Repair shampoo").evaluate("e => { e.click(); e.click(); e.click(); }")
    expect(total(page)).to_have_text("¥352.00")


def test_the_stylist_of_a_line_is_chosen_from_a_sheet(open_desk: Any) -> None:
    page = open_desk.open("/station/till")
    page.get_by_role("button", name="Cut & style").click()
    expect(total(page)).to_have_text("¥128.00")
    page.get_by_text("Add a stylist").click()
    page.get_by_role("dialog").get_by_role("button", name="陈浩").click()
    expect(page.locator(".desk-line-stylist")).to_have_text("陈浩")


def test_a_product_is_found_by_a_part_of_its_name(open_desk: Any) -> None:
    page = open_desk.open("/station/till")
    page.get_by_label("Search for a product").fill("argan")
    page.get_by_role("button", name="Argan oil").click()
    expect(total(page)).to_have_text("¥268.00")
    page.get_by_label("Search for a product").fill("no such thing")
    expect(page.get_by_text("No product is called “no such thing”.")).to_be_visible()


def test_a_price_changed_meanwhile_shows_the_new_total_and_sells_nothing(open_desk: Any, scan: Any) -> None:
    page = basket_with_shampoo(open_desk, scan)
    page.get_by_role("button", name="Cash").click()
    open_desk.shop("price", barcode=SHAMPOO, price=9900)
    page.get_by_role("button", name="Exactly ¥88.00").click()
    expect(page.locator(".desk-basket > .cs-error")).to_be_visible()
    assert open_desk.shop("sales") == []


def test_the_basket_is_cleared_only_with_two_touches(open_desk: Any, scan: Any) -> None:
    page = basket_with_shampoo(open_desk, scan)
    page.get_by_role("button", name="Clear the basket").click()
    assert len(open_desk.shop("basket")) == 1
    page.get_by_role("button", name="Clear all").click()
    expect(total(page)).to_have_text("¥0.00")
    assert open_desk.shop("basket") == []


def test_the_change_goes_away_when_the_drawer_is_closed(open_desk: Any, scan: Any) -> None:
    page = basket_with_shampoo(open_desk, scan)
    page.get_by_role("button", name="Cash").click()
    page.get_by_role("button", name="Exactly").click()
    expect(page.locator("[data-change]")).to_be_visible()
    open_desk.shop("device_becomes", device_id="p1", health="online", drawer_open=True)
    page.wait_for_timeout(1500)  # the page looks once a second; it must have seen the drawer open
    expect(page.locator("[data-change]")).to_be_visible()
    open_desk.shop("device_becomes", device_id="p1", health="online", drawer_open=False)
    expect(page.locator("[data-change]")).to_have_count(0)


def test_a_reload_finds_the_basket_again(open_desk: Any, scan: Any) -> None:
    page = basket_with_shampoo(open_desk, scan)
    page.reload()
    expect(total(page)).to_have_text("¥88.00")


WECHAT_CODE = "134567890123456789"


def test_a_payment_code_with_no_payment_open_says_so_and_shows_no_digit_of_it(open_desk: Any, scan: Any) -> None:
    page = basket_with_shampoo(open_desk, scan)
    scan(page, WECHAT_CODE)
    alert = page.locator(".desk-basket > .cs-error")
    expect(alert).to_contain_text("This is a guest's payment code, but no payment is open.")
    open_desk.shop("scan", code="281234567890123456")
    expect(alert).to_contain_text("no payment is open")
    assert not any(code in page.content() for code in (WECHAT_CODE, "281234567890123456"))
    expect(total(page)).to_have_text("¥88.00")


def test_a_payment_code_on_a_payment_screen_is_no_slip(open_desk: Any, scan: Any) -> None:
    page = basket_with_shampoo(open_desk, scan)
    page.get_by_role("button", name="QR payment").click()
    expect(page.get_by_label("Slip number")).to_be_focused()
    scan(page, WECHAT_CODE)
    expect(page.locator(".desk-basket > .cs-error")).to_contain_text("not the number of a slip")
    expect(page.get_by_label("Slip number")).to_have_value("")
    expect(page.get_by_role("button", name="Taken: ¥88.00")).to_be_disabled()


def test_a_product_on_a_payment_screen_says_so_and_is_not_added(open_desk: Any, scan: Any) -> None:
    page = basket_with_shampoo(open_desk, scan)
    page.get_by_role("button", name="QR payment").click()
    expect(page.get_by_label("Slip number")).to_be_focused()
    scan(page, CONDITIONER)
    expect(page.locator(".desk-basket > .cs-error")).to_contain_text("This is a product, and this screen waits for a payment.")
    open_desk.shop("scan", code="]C10106923450657713", gtin="06923450657713")
    expect(page.locator(".desk-basket > .cs-error")).to_contain_text("This is a product")
    expect(total(page)).to_have_text("¥88.00")


def test_a_gs1_code_adds_its_product(open_desk: Any, scan: Any) -> None:
    page = basket_with_shampoo(open_desk, scan)
    open_desk.shop("scan", code="010692345065771310LOT", gtin="06923450657713")
    expect(total(page)).to_have_text("¥186.00")
