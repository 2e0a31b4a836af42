"""The wall in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.ui import looks
from ui import texts

Screen = Callable[..., Page]
WALL = (1920, 1080)
CUT = """(boxes) => boxes.flatMap((box) => {
  const outer = box.getBoundingClientRect();
  return [box, ...box.querySelectorAll('*')].map((e) => e.getBoundingClientRect())
    .filter((r) => r.top < outer.top - 1 || r.bottom > Math.min(outer.bottom, innerHeight) + 1 || r.right > outer.right + 1)
    .map((r) => `${box.innerText}: ${r.top}-${r.bottom} in ${outer.top}-${outer.bottom}`);
})"""


@pytest.fixture
def wall(shop: Any, screen: Screen) -> Page:
    return screen(f"{shop.url}/board?lang=en", WALL)


def test_an_empty_shop_says_what_to_do(wall: Page) -> None:
    expect(wall.locator(".board-next")).to_contain_text("Take a number at the kiosk")
    expect(wall.locator(".board-clock")).to_have_text("10:30")


def test_a_guest_who_takes_a_number_appears_with_her_wait_and_no_name(shop: Any, wall: Page) -> None:
    shop.walk_in(stylist="林小雨")
    row = wall.locator(".board-row")
    expect(row).to_have_count(1)
    expect(row.locator(".board-number")).to_have_text("1")
    expect(row.locator(".board-stylist")).to_have_text("林小雨")
    expect(row.locator(".board-wait")).to_contain_text("5 minutes")


def test_a_call_fills_the_screen_and_goes_away_by_itself(shop: Any, wall: Page) -> None:
    shop.walk_in()
    wall.evaluate("() => { window.chimes = 0; const ring = chairside.note; chairside.note = (...a) => { window.chimes++; ring(...a); }; }")
    shop.move(1, "called", "王曼")
    call = wall.locator(".board-call")
    expect(call.locator(".board-call-number")).to_have_text("1")
    expect(call).to_contain_text("please come to 王曼")
    box = call.bounding_box()
    assert box
    assert (box["width"], box["height"]) == WALL
    expect(call).to_be_hidden()
    assert wall.evaluate("window.chimes") == 2
    expect(wall.locator(".board-called .board-number")).to_have_text("1")


def test_two_calls_are_shown_one_after_the_other(shop: Any, wall: Page) -> None:
    for _ in range(2):
        shop.walk_in()
    shop.move(1, "called")
    shop.move(2, "called")
    number = wall.locator(".board-call-number")
    expect(number).to_have_text("1")
    expect(number).to_have_text("2")
    expect(number).to_be_hidden()


def test_a_page_opened_later_does_not_ring_for_what_was_called_before(shop: Any, screen: Screen) -> None:
    shop.walk_in()
    shop.move(1, "called")
    wall = screen(f"{shop.url}/board?lang=en", WALL)
    expect(wall.locator(".board-called")).to_have_count(1)
    expect(wall.locator(".board-call")).to_have_count(0)


def test_who_is_put_back_waits_again_and_who_paid_is_gone(shop: Any, wall: Page) -> None:
    for _ in range(2):
        shop.walk_in()
    shop.move(1, "called")
    expect(wall.locator(".board-called")).to_have_count(1)
    shop.move(1, "waiting")
    expect(wall.locator(".board-row")).to_have_count(2)
    shop.move(1, "seated", "林小雨")
    expect(wall.locator(".board-chip")).to_contain_text("1")
    shop.move(1, "paid")
    expect(wall.locator(".board-chip")).to_have_count(0)


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_a_full_shop_fits_the_wall_in_every_language(shop: Any, screen: Screen, language: str) -> None:
    shop.walk_in(stylist="林小雨", guests=60)
    shop.walk_in(guests=60)
    for ticket in range(1, 5):
        shop.move(ticket, "called", "陈思远")
    for ticket in range(5, 20):
        shop.move(ticket, "in_service", "王曼")
    wall = screen(f"{shop.url}/board?lang={language}", WALL)
    expect(wall.locator(".board-row")).to_have_count(6)
    expect(wall.locator(".board-next .board-more")).to_contain_text("95")
    expect(wall.locator(".board-busy .board-more")).to_contain_text("9")
    assert not looks.spills(wall)
    assert looks.foreign_words(wall, language) == []
    assert wall.locator(".board-row, .board-called, .board-busy, .board-more").evaluate_all(CUT) == []
    smallest = "(all) => Math.min(...all.filter((e) => e.children.length === 0 && e.innerText).map((e) => parseFloat(getComputedStyle(e).fontSize)))"
    assert wall.locator(".board *").evaluate_all(smallest) >= 40  # px: 4 m and more on a 40-inch wall


def test_without_sound_the_wall_asks_for_a_touch(shop: Any, screen: Screen) -> None:
    wall = screen(f"{shop.url}/board?lang=en", WALL)
    wall.evaluate("() => { chairside.chime = async () => false; }")
    shop.walk_in()
    shop.move(1, "called")
    expect(wall.locator(".board-mute")).to_contain_text("Touch the screen once")
    wall.evaluate("() => { chairside.chime = async () => true; }")
    expect(wall.locator(".board-call")).to_be_hidden()
    wall.mouse.click(200, 200)
    expect(wall.locator(".board-mute")).to_have_count(0)


def test_a_wall_whose_session_ended_goes_back_to_the_guard(shop: Any, wall: Page) -> None:
    shop.put(ended=["board"])
    shop.walk_in()
    expect(wall.locator(".login-pad")).to_be_visible()
    wall.wait_for_function("window.did_handshake === true")


def test_the_wall_tells_that_it_is_alive(shop: Any, wall: Page) -> None:
    shop.until(lambda: any(beat["screen"] == "board-1" and beat["visible"] for beat in shop.calls("beat")), within_s=2)
