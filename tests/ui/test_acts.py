"""What becomes of presses: once means once, refusals stand beside the finger, a broken act frees its button."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.ui import looks

Screen = Callable[..., Page]


@pytest.fixture
def page(shop: Any, screen: Screen) -> Page:
    return screen(f"{shop.url}/widgets")


def act(page: Page, label: str) -> Locator:
    return page.locator(".cs-act", has_text=label)


def press_often(page: Page, label: str) -> None:
    act(page, label).locator("button").evaluate("(b) => { for (let n = 0; n < 8; n++) b.click(); }")


def test_an_act_pressed_eight_times_is_done_once_and_stays_held(shop: Any, page: Page) -> None:
    press_often(page, "Once")
    expect(act(page, "Once").locator("button")).to_be_disabled()
    press_often(page, "Once")
    assert len(shop.calls("once")) == 1


def test_an_act_that_may_be_repeated_is_another_tap_each_time_but_one_for_a_double_press(shop: Any, page: Page) -> None:
    press_often(page, "Again")
    again = act(page, "Again").locator("button")
    expect(again).not_to_have_class("cs-press cs-brand cs-running")
    page.wait_for_timeout(600)  # longer than the time a double press takes
    again.click()
    shop.until(lambda: len(shop.calls("again")) == 2)
    first, second = shop.calls("again")
    assert first != second


def test_a_refusal_is_told_beside_the_button_and_the_next_press_is_a_new_tap(shop: Any, page: Page) -> None:
    refused = act(page, "Refused")
    refused.locator("button").click()
    expect(refused.locator(".cs-error")).to_contain_text("Number 7 cannot take this step now.")
    expect(refused.locator(".cs-error")).to_have_attribute("role", "alert")
    refused.locator("button").click()
    shop.until(lambda: len(shop.calls("refused")) == 2)
    assert len(set(shop.calls("refused"))) == 2


def test_a_failure_keeps_the_tap_so_that_trying_again_is_the_same(shop: Any, page: Page) -> None:
    broken = act(page, "Broken")
    broken.locator("button").click()
    expect(broken.locator(".cs-error")).to_contain_text("Something failed on our side.")
    broken.locator("button").click()
    shop.until(lambda: len(shop.calls("broken")) == 2)
    assert len(set(shop.calls("broken"))) == 1


def test_a_defect_is_told_without_its_stack_and_frees_the_button(shop: Any, page: Page) -> None:
    defect = act(page, "Defect")
    defect.locator("button").click()
    expect(defect.locator(".cs-error")).to_contain_text("Something failed on our side.")
    expect(defect).not_to_contain_text("ZeroDivision")
    expect(defect.locator("button")).to_be_enabled()


def test_progress_shows_only_when_it_takes_longer(shop: Any, page: Page) -> None:
    shop.put(slow_s=0.9)
    act(page, "Once").locator("button").click()
    expect(page.locator(".cs-running")).to_have_count(1)
    assert page.locator(".cs-progress").count() == 0
    expect(page.locator(".cs-progress")).to_have_count(1)
    expect(page.locator(".cs-progress")).to_have_count(0)


def test_an_amount_has_at_most_one_point_and_two_decimals(shop: Any, page: Page) -> None:
    page.keyboard.type("12.3.45")
    expect(page.locator(".amount")).to_have_text("12.34")
    page.locator('[data-key="back"]').click()
    page.locator('[data-key="00"]').click()
    expect(page.locator(".amount")).to_have_text("12.3")


def test_a_sheet_opens_closes_by_escape_and_is_named(shop: Any, page: Page) -> None:
    page.get_by_text("Open the sheet").click()
    expect(page.get_by_role("dialog").get_by_text("Inside the sheet")).to_be_visible()
    expect(page.get_by_role("button", name="Close")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_text("Inside the sheet")).to_be_hidden()


def test_a_hung_browser_falls_silent(shop: Any, page: Page) -> None:
    shop.until(lambda: len(shop.calls("quick beat")) > 3)
    page.evaluate("setTimeout(() => { const end = Date.now() + 1500; while (Date.now() < end); }, 0)")
    shop.until(lambda: _silent_for(shop, 0.8), within_s=5)
    before = len(shop.calls("quick beat"))
    shop.until(lambda: len(shop.calls("quick beat")) > before, within_s=5)


def test_the_widgets_are_large_enough_and_have_names(page: Page) -> None:
    assert looks.small_targets(page, 56) == []
    assert looks.nameless(page) == []


def test_the_keyboard_shows_where_it_is(page: Page) -> None:
    page.keyboard.press("Tab")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
    assert outline == "3px"


def _silent_for(shop: Any, seconds: float) -> bool:
    before = len(shop.calls("quick beat"))
    time.sleep(seconds)  # silence can only be waited for
    return len(shop.calls("quick beat")) == before
