"""The first start in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.ui import looks
from ui import texts

Screen = Callable[..., Page]


def onwards(page: Page) -> Locator:
    return page.locator(".setup-actions .cs-brand")


def to_owner(page: Page, name: str = "云上造型") -> None:
    page.locator(".setup-choice .cs-main").click()
    page.locator(".setup-fields input").first.fill(name)
    onwards(page).click()
    expect(page.locator(".setup-week")).to_be_visible()
    onwards(page).click()
    expect(page.locator(".setup-pins")).to_be_visible()


def type_owner(page: Page, pin: str, again: str) -> None:
    page.locator(".setup-fields input").fill("何青")
    page.locator(".setup-pins input").nth(0).fill(pin)
    page.locator(".setup-pins input").nth(1).fill(again)


@pytest.fixture
def page(shop: Any, screen: Screen) -> Page:
    shop.put(set_up=False)
    return screen(f"{shop.url}/setup?lang=en")


def test_a_shop_that_is_set_up_leads_to_the_log_in(shop: Any, screen: Screen) -> None:
    page = screen(f"{shop.url}/setup")
    assert page.url.endswith("/login")


def test_the_demo_shop_is_taken_once(shop: Any, page: Page) -> None:
    page.get_by_role("button", name="Take the demo shop").evaluate("(b) => { b.click(); b.click(); }")
    expect(page.locator("h1")).to_have_text("The shop is open")
    assert shop.calls("take_demo") == [None]


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_a_shop_of_its_own_is_opened_step_by_step(shop: Any, screen: Screen, language: str) -> None:
    shop.put(set_up=False)
    page, t = screen(f"{shop.url}/setup?lang={language}"), texts.of(language)

    def looked_at() -> None:
        assert [word for word in looks.foreign_words(page, language) if word not in {"云上造型", "arrow"}] == []
        assert looks.small_targets(page, 44) == []
        assert looks.nameless(page) == []

    expect(page.locator("h1")).to_have_text(t("Welcome to Chairside"))
    looked_at()
    page.locator(".setup-choice .cs-main").click()
    onwards(page).click()
    expect(page.locator(".cs-error")).to_contain_text(t("This is needed."))
    page.locator(".setup-fields input").first.fill("云上造型")
    looked_at()
    onwards(page).click()
    expect(page.locator("h1")).to_have_text(t("Opening hours"))
    page.locator(".q-toggle").first.click()
    page.locator(".setup-week input[type=text]").nth(2).fill("0930")
    looked_at()
    onwards(page).click()
    expect(page.locator("h1")).to_have_text(t("You, the owner"))
    type_owner(page, "258036", "258036")
    looked_at()
    page.get_by_role("button", name=t("Open the shop")).click()
    expect(page.locator(".setup-device")).to_have_count(2)
    looked_at()
    page.get_by_role("button", name=t("Use this one")).first.click()
    page.get_by_role("button", name=t("Print a test receipt")).click()
    expect(page.locator(".setup-device").first).to_contain_text(t("Waiting for the printer …"))
    shop.put(job={"state": "printed"})
    expect(page.locator(".setup-device").first).to_contain_text(t("Printed. Is the ¥ sign right, and the Chinese readable?"))
    looked_at()
    onwards(page).click()
    expect(page.locator("h1")).to_have_text(t("The shop is open"))

    (opened,) = shop.calls("finish")
    assert (opened["name"], opened["owner"], opened["digits"]) == ("云上造型", "何青", 6)
    assert opened["monday"] is None
    assert opened["sunday"] == ["10:00", "21:00"]
    (taken,) = shop.calls("adopt")
    assert taken == {
        "id": "receipt-printer-1",
        "kind": "receipt_printer",
        "name": "XP-80",
        "address": "tcp://127.0.0.1:9100",
        "roles": ["receipt", "ticket"],
        "profile": {},
    }


def test_two_different_pins_open_nothing(shop: Any, page: Page) -> None:
    to_owner(page)
    type_owner(page, "258036", "258037")
    expect(page.get_by_text("The two PINs differ.")).to_be_visible()
    expect(page.get_by_role("button", name="Open the shop")).to_be_disabled()


def test_a_pin_everybody_guesses_is_refused_and_another_one_opens_the_shop(shop: Any, page: Page) -> None:
    to_owner(page)
    type_owner(page, "111111", "111111")
    page.get_by_role("button", name="Open the shop").click()
    expect(page.locator(".cs-error")).to_contain_text("too easy to guess")
    type_owner(page, "258036", "258036")
    page.get_by_role("button", name="Open the shop").click()
    expect(page.locator("h1")).to_have_text("Printers and scanners")
    assert len(shop.calls("finish")) == 1


def test_a_shop_may_open_without_any_printer(shop: Any, page: Page) -> None:
    shop.put(found=[])
    to_owner(page)
    type_owner(page, "258036", "258036")
    page.get_by_role("button", name="Open the shop").click()
    expect(page.locator(".cs-empty")).to_contain_text("No printer or scanner was found.")
    shop.put(found=[{"kind": "scanner", "name": "DS-2208", "address": "serial:///dev/x"}])
    page.get_by_role("button", name="Look again").click()
    expect(page.locator(".setup-device")).to_have_count(1)
    onwards(page).click()
    expect(page.locator("h1")).to_have_text("The shop is open")


def test_hours_that_end_before_they_begin_are_refused(shop: Any, page: Page) -> None:
    page.locator(".setup-choice .cs-main").click()
    page.locator(".setup-fields input").first.fill("Salon")
    onwards(page).click()
    page.locator(".setup-week input[type=text]").first.fill("0300")
    onwards(page).click()
    expect(page.locator(".cs-error")).to_contain_text("Opening hours")
