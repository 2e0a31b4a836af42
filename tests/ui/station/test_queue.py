"""The queue at the desk, in a real browser: one large button after the other, and each step can be taken back."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect


def card(page: Page, ticket: int) -> Locator:
    return page.locator(f'[data-ticket="{ticket}"]')


def column(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name)


def test_a_guest_is_led_from_waiting_to_the_till_by_the_large_button(open_desk: Any) -> None:
    open_desk.shop("guest", codes=["CUT"])
    page = open_desk.open("/station")
    card(page, 1).get_by_role("button", name="Call").click()
    expect(card(page, 1)).to_contain_text("called")
    card(page, 1).get_by_role("button", name="Seat · 林美").click()
    expect(column(page, "In the chair").locator('[data-ticket="1"]')).to_be_visible()
    card(page, 1).get_by_role("button", name="Start").click()
    expect(card(page, 1)).to_contain_text("0 of 45 min")
    card(page, 1).get_by_role("button", name="Finish").click()
    column(page, "Ready to pay").get_by_role("button", name="Pay").click()
    expect(page.locator("[data-total]")).to_have_text("¥128.00")
    assert open_desk.shop("visit_calls") == ["GuestCalled", "GuestSeated", "ServiceStarted", "ServiceFinished"]


def test_the_wished_stylist_is_offered_first_and_another_can_be_chosen(open_desk: Any) -> None:
    open_desk.shop("guest", codes=["CUT"], stage="called", stylist=1)
    page = open_desk.open("/station")
    expect(card(page, 1).get_by_role("button", name="Seat · 陈浩")).to_be_visible()
    card(page, 1).get_by_role("button", name="Choose another stylist").click()
    page.get_by_role("dialog").get_by_role("button", name="周雨桐").click()
    expect(column(page, "In the chair")).to_contain_text("周雨桐")


def test_a_double_click_on_call_is_one_call(open_desk: Any) -> None:
    open_desk.shop("guest", codes=["CUT"])
    page = open_desk.open("/station")
    card(page, 1).get_by_role("button", name="Call").dblclick()
    expect(card(page, 1)).to_contain_text("called")
    assert (open_desk.shop("visit_calls"), open_desk.shop("visits_asked")) == (["GuestCalled"], 1)


def test_a_called_guest_is_put_back(open_desk: Any) -> None:
    open_desk.shop("guest", codes=["CUT"], stage="called")
    page = open_desk.open("/station")
    page.get_by_role("button", name="More about number 1").click()
    page.get_by_role("dialog").get_by_role("button", name="Back to waiting").click()
    expect(card(page, 1).get_by_role("button", name="Call")).to_be_visible()


def test_a_guest_marked_as_gone_by_mistake_comes_back_with_one_touch(open_desk: Any) -> None:
    open_desk.shop("guest", codes=["CUT"])
    page = open_desk.open("/station")
    page.get_by_role("button", name="More about number 1").click()
    page.get_by_role("dialog").get_by_role("button", name="The guest has left").click()
    expect(card(page, 1)).to_have_count(0)
    expect(page.get_by_text("Number 1 has left.")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(card(page, 1)).to_be_visible()


def test_what_one_desk_does_the_other_desk_shows(open_desk: Any) -> None:
    open_desk.shop("guest", codes=["CUT"])
    here, there = open_desk.open("/station"), open_desk.open("/station")
    card(here, 1).get_by_role("button", name="Call").click()
    expect(card(there, 1)).to_contain_text("called")


def test_a_guest_moved_by_someone_else_is_refused_where_the_finger_is(open_desk: Any) -> None:
    open_desk.shop("guest", codes=["CUT"], stage="called")
    page = open_desk.open("/station")
    page.get_by_role("button", name="More about number 1").click()
    leave = page.get_by_role("dialog").get_by_role("button", name="The guest has left")
    expect(leave).to_be_visible()
    open_desk.shop("moved_silently", ticket=1, stage="paid")
    leave.click()
    expect(page.get_by_role("dialog").get_by_role("alert")).to_be_visible()


def test_a_walk_in_takes_a_number_at_the_desk_once_even_with_a_double_click(open_desk: Any) -> None:
    page = open_desk.open("/station")
    page.get_by_role("button", name="Walk-in").click()
    sheet = page.get_by_role("dialog")
    expect(sheet.get_by_role("button", name="Take a number")).to_be_disabled()
    sheet.get_by_role("button", name="Wash & blow-dry").click()
    sheet.get_by_role("button", name="陈浩").click()
    sheet.get_by_role("button", name="Take a number").dblclick()
    expect(card(page, 1)).to_contain_text("Wash & blow-dry")
    expect(card(page, 1)).to_contain_text("陈浩")
    assert (open_desk.shop("visit_calls"), open_desk.shop("visits_asked")) == (["check_in"], 1)


def test_a_stylist_sees_the_queue_but_no_money(open_desk: Any) -> None:
    open_desk.shop("guest", codes=["CUT"], stage="served")
    page = open_desk.open("/station/till", who="stylist")
    expect(column(page, "Ready to pay")).to_be_visible()
    expect(page.get_by_role("button", name="Till")).to_have_count(0)
    expect(page.get_by_role("button", name="Pay")).to_have_count(0)


def test_a_kiosk_that_opens_the_desk_is_told_to_log_in(open_desk: Any) -> None:
    page = open_desk.open("/station", who="kiosk")
    expect(page.get_by_text("This page is for the staff.")).to_be_visible()


@pytest.mark.parametrize("section", ["queue", "till", "sales", "shift", "printing"])
def test_targets_at_the_station_are_large_enough_for_fingers_and_have_names(open_desk: Any, section: str) -> None:
    open_desk.shop("guest", codes=["CUT"])
    open_desk.shop("guest", codes=["CUT"], stage="called")
    open_desk.shop("sold")
    open_desk.shop("job_moves", state="uncertain", reason="lost_while_printing")
    page = open_desk.open(f"/station/{section}", who="manager")
    expect(page.locator(".desk-banner")).to_be_visible()
    wrong = page.evaluate(
        """() => [...document.querySelectorAll("main button")]
             .map(b => [(b.ariaLabel || b.innerText).trim(), b.getBoundingClientRect()])
             .filter(([name, box]) => box.width && (!name || box.width < 55.5 || box.height < 55.5)).map(([name, box]) => [name, box.height])"""
    )
    assert wrong == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth && document.documentElement.scrollHeight <= innerHeight")
