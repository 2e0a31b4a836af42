"""Logging in: a name, a PIN, by finger or keyboard."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.ui import looks
from ui import texts
from ui.login import _inside

Screen = Callable[..., Page]


def choose(page: Page, name: str) -> None:
    page.locator(".login-tile", has_text=name).click()
    expect(page.locator(".login-tile.cs-chosen")).to_contain_text(name)


def landed(page: Page) -> None:
    """She is on the page she wanted, and it lives: a browser closed in the middle of a way there hangs."""
    expect(page.locator(".cs-act").first).to_be_visible()
    page.wait_for_function("window.did_handshake === true")


def test_the_right_pin_leads_to_where_she_wanted_to_go(shop: Any, screen: Screen) -> None:
    page = screen(f"{shop.url}/login?next=/widgets%3Fa%3D1&lang=en")
    choose(page, "林小雨")
    for digit in "2580":
        page.locator(f'[data-key="{digit}"]').click()
    page.get_by_role("button", name="Log in").click()
    landed(page)
    assert page.url.endswith("/widgets?a=1")
    assert shop.calls("login") == [{"station": "desk", "right": True}]


def test_a_keyboard_is_enough(shop: Any, screen: Screen) -> None:
    page = screen(f"{shop.url}/login?next=/widgets")
    page.locator(".login-tile").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".login-tile.cs-chosen")).to_have_count(1)
    page.keyboard.type("2580")
    expect(page.locator(".cs-keypad-value")).to_contain_text("●●●●")
    page.keyboard.press("Enter")
    landed(page)


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_a_wrong_pin_is_said_in_her_language_and_forgotten(shop: Any, screen: Screen, language: str) -> None:
    page = screen(f"{shop.url}/login?lang={language}")
    choose(page, "沈慧")
    page.keyboard.type("1111")
    page.keyboard.press("Enter")
    expect(page.locator(".cs-error")).to_contain_text(
        {"en": "This is not the PIN.", "zh_CN": "PIN 码不正确。", "zh_TW": "PIN 碼不正確。"}[language]
    )
    expect(page.locator(".cs-keypad-value")).to_have_text("")
    assert looks.foreign_words(page, language) == []
    assert looks.small_targets(page, 56) == []
    assert not looks.spills(page)


def test_pressing_log_in_twice_asks_once(shop: Any, screen: Screen) -> None:
    page = screen(f"{shop.url}/login?next=/widgets&lang=en")
    choose(page, "林小雨")
    page.keyboard.type("2580")
    expect(page.locator(".cs-keypad-value")).to_contain_text("●●●●")
    page.get_by_role("button", name="Log in").evaluate("(b) => { b.click(); b.click(); b.click(); }")
    landed(page)
    assert len(shop.calls("login")) == 1


def test_the_pin_never_reaches_the_page_behind(shop: Any, screen: Screen) -> None:
    page = screen(f"{shop.url}/login")
    page.evaluate(
        "() => { window.sent = []; const send = socket.emit.bind(socket); socket.emit = (...a) => { window.sent.push(JSON.stringify(a)); return send(...a); }; }"
    )
    choose(page, "林小雨")
    page.keyboard.type("2580")
    expect(page.locator(".cs-keypad-value")).to_contain_text("●●●●")
    sent = page.evaluate("window.sent")
    assert any("••••" in line for line in sent)
    assert not any("2580" in line or '"2"' in line for line in sent)


def test_a_name_first_then_the_pin(shop: Any, screen: Screen) -> None:
    page = screen(f"{shop.url}/login?lang=en")
    expect(page.get_by_role("button", name="Log in")).to_be_disabled()
    page.keyboard.type("2580")
    page.keyboard.press("Enter")
    choose(page, "林小雨")
    expect(page.locator(".cs-keypad-value")).to_have_text("")
    assert shop.calls("login") == []


def test_the_demo_shop_shows_its_pins(shop: Any, screen: Screen) -> None:
    page = screen(f"{shop.url}/login?lang=en")
    expect(page.locator(".login-demo")).to_contain_text("林小雨 2580")


def test_the_language_is_remembered_by_this_browser(shop: Any, screen: Screen) -> None:
    page = screen(f"{shop.url}/login")
    page.locator("button[lang=zh-TW]").click()
    expect(page.locator("h1")).to_have_text(texts.of("zh_TW")("Who are you?"))
    page.goto(f"{shop.url}/login")
    expect(page.locator("h1")).to_have_text(texts.of("zh_TW")("Who are you?"))


def test_nobody_to_log_in_leads_to_set_up(shop: Any, screen: Screen) -> None:
    shop.put(crew=[])
    page = screen(f"{shop.url}/login?lang=en")
    expect(page.locator(".cs-empty")).to_contain_text("/setup")


def test_the_page_fits_a_phone(shop: Any, screen: Screen) -> None:
    page = screen(f"{shop.url}/login?lang=en", (390, 844))
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    choose(page, "林小雨")
    expect(page.locator(".login-pad .cs-main")).to_be_in_viewport()


@pytest.mark.parametrize("trap", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/ok\n//evil"])
def test_a_log_in_never_leads_to_another_site(trap: str) -> None:
    assert _inside(trap) == ""


def test_a_page_of_the_shop_may_be_named() -> None:
    assert _inside("/station?till=2") == "/station?till=2"
