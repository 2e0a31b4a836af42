"""Who sits at the desk: a page that redraws by itself keeps nobody logged in, and an ended session leaves the page."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import expect


def test_redraws_by_themselves_do_not_count_as_use_of_the_session(open_desk: Any) -> None:
    page = open_desk.open("/station/queue")
    before = open_desk.shop("session_uses")
    open_desk.shop("guest", codes=["CUT"])
    expect(page.locator('[data-ticket="1"]')).to_be_visible()
    open_desk.shop("device_becomes", device_id="p1", health="degraded", reason="cover_open", action="x")
    expect(page.locator(".desk-banner")).to_be_visible()
    page.wait_for_timeout(6_000)  # the strip looks at the links every five seconds
    assert open_desk.shop("session_uses") == before
    page.get_by_role("button", name="Call").click()
    expect(page.locator('[data-ticket="1"]')).to_contain_text("called")
    assert open_desk.shop("session_uses") > before


def test_an_ended_session_leaves_the_page_without_a_touch(open_desk: Any) -> None:
    page = open_desk.open("/station/queue")
    open_desk.shop("session_ends", who="reception")
    open_desk.shop("guest", codes=["CUT"])
    page.wait_for_url("**/login")


def test_an_act_of_an_ended_session_leads_to_the_log_in_and_changes_nothing(open_desk: Any) -> None:
    open_desk.shop("guest", codes=["CUT"])
    page = open_desk.open("/station/queue")
    call = page.get_by_role("button", name="Call")
    expect(call).to_be_visible()
    open_desk.shop("session_ends", who="reception")
    call.click()
    page.wait_for_url("**/login")
    assert open_desk.shop("visit_calls") == []
