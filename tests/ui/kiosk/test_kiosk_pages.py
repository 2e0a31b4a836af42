"""The kiosk in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.ui import looks
from ui import texts

Screen = Callable[..., Page]
KIOSK, TABLET = (1080, 1920), (820, 1180)
LANGUAGES = ["zh_CN", "zh_TW", "en"]


def main(page: Page) -> Any:
    return page.locator(".kiosk-actions .cs-main")


def trembling(page: Page, button: Any, touches: int, apart_ms: int) -> None:
    """A finger that touches the same place again and again, whatever has come under it."""
    box = button.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    for _ in range(touches):
        page.mouse.down()
        page.mouse.up()
        page.wait_for_timeout(apart_ms)  # the finger's pace


def heading(page: Page) -> Any:
    return page.locator("h1")


def choose_language(page: Page, language: str) -> None:
    page.locator(f"button[lang={language.replace('_', '-')}]").click()
    expect(page.locator(".kiosk")).to_have_attribute("lang", language.replace("_", "-"))


def type_phone(page: Page, digits: str = "13812345678") -> None:
    for digit in digits:
        page.locator(f'[data-key="{digit}"]').click()
    expect(main(page)).to_be_enabled(enabled=len(digits) >= 8)


def to_services(page: Page) -> None:
    main(page).click()
    page.locator(".kiosk-actions .cs-wide").click()
    expect(page.locator(".kiosk-category").first).to_be_visible()


def to_the_number(page: Page, tile: int = 0) -> None:
    to_services(page)
    page.locator(".kiosk-category .cs-tile").nth(tile).click()
    main(page).click()
    expect(page.locator(".kiosk-stylist")).to_be_visible()


def test_choosing_the_language_that_is_shown_draws_nothing_anew_under_the_finger(shop: Any, screen: Screen) -> None:
    page = screen(f"{shop.url}/kiosk", KIOSK)
    expect(heading(page)).to_be_visible()
    page.evaluate(
        """() => { window.drawn = 0; new MutationObserver(all => all.forEach(one => one.addedNodes.forEach(
        node => { if (node.matches?.("h1") || node.querySelector?.("h1")) window.drawn += 1 }))
        ).observe(document.body, { childList: true, subtree: true }) }"""
    )
    choose_language(page, "zh_CN")
    choose_language(page, "zh_TW")
    assert page.evaluate("window.drawn") == 1


@pytest.mark.parametrize("size", [KIOSK, TABLET])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_walk_in_takes_a_number_in_her_language_with_every_word_translated(
    shop: Any, screen: Screen, language: str, size: tuple[int, int]
) -> None:
    page, t = screen(f"{shop.url}/kiosk", size), texts.of(language)

    def looked_at() -> None:
        assert looks.foreign_words(page, language) == []
        assert looks.small_targets(page, 56) == []
        assert looks.nameless(page) == []
        assert not looks.spills(page)

    choose_language(page, language)
    expect(heading(page)).to_have_text(t("Good morning"))
    looked_at()
    main(page).click()
    expect(heading(page)).to_have_text(t("Your phone number?"))
    type_phone(page)
    looked_at()
    main(page).click()
    expect(heading(page)).to_have_text(t("Your data, in short"))
    expect(page.locator(".kiosk-consent.cs-chosen")).to_have_count(0)
    page.locator(".kiosk-consent").nth(1).click()
    expect(page.locator(".kiosk-consent.cs-chosen")).to_have_count(1)
    looked_at()
    main(page).click()
    expect(heading(page)).to_have_text(t("What would you like?"))
    expect(main(page)).to_be_disabled()
    page.locator(".kiosk-category .cs-tile").nth(0).click()
    page.locator(".kiosk-category .cs-tile").nth(6).click()
    expect(page.locator(".kiosk-sum")).to_contain_text("¥748.00")
    expect(page.locator(".kiosk-sum")).to_contain_text(t.minutes(150))
    looked_at()
    main(page).click()
    expect(heading(page)).to_have_text(t("Who shall take care of you?"))
    page.locator(".cs-tile", has_text="陈思远").click()
    looked_at()
    main(page).click()
    expect(page.locator(".kiosk-ticket")).to_have_text("1")
    expect(page.locator(".kiosk-wait-words")).to_have_text(t.wait(1200, 1800))
    looked_at()

    assert shop.calls("enrol") == [{"phone": "13812345678", "language": language, "consents": ["marketing"]}]
    (asked,) = shop.calls("check_in")
    assert (asked["language"], asked["customer"], asked["services"]) == (language, True, 2)


def test_a_guest_who_stays_a_guest_leaves_no_file(shop: Any, screen: Screen) -> None:
    page = screen(f"{shop.url}/kiosk", TABLET)
    to_the_number(page)
    main(page).click()
    expect(page.locator(".kiosk-ticket")).to_have_text("1")
    assert shop.calls("enrol") == []
    assert shop.calls("check_in")[0]["customer"] is False


def test_refusing_every_consent_blocks_nothing(shop: Any, screen: Screen) -> None:
    page = screen(f"{shop.url}/kiosk", TABLET)
    main(page).click()
    type_phone(page)
    main(page).click()
    page.locator(".kiosk-privacy .cs-main").click()
    page.locator(".kiosk-category .cs-tile").first.click()
    page.locator(".kiosk-services .cs-main").click()
    page.locator(".kiosk-stylist .cs-main").click()
    expect(page.locator(".kiosk-ticket")).to_be_visible()
    assert shop.calls("enrol")[0]["consents"] == []


def test_a_number_that_is_no_phone_is_refused_where_the_finger_is(shop: Any, screen: Screen) -> None:
    page, t = screen(f"{shop.url}/kiosk", TABLET), texts.of("zh_CN")
    main(page).click()
    type_phone(page, "12345678")
    main(page).click()
    expect(page.locator(".kiosk-actions .cs-error")).to_contain_text("这不是有效的手机号")
    expect(heading(page)).to_have_text(t("Your phone number?"))


def test_the_phone_may_be_typed_on_a_keyboard(shop: Any, screen: Screen) -> None:
    page = screen(f"{shop.url}/kiosk", TABLET)
    main(page).click()
    expect(page.locator(".cs-keypad")).to_be_visible()
    page.keyboard.type("13812345679")
    page.keyboard.press("Backspace")
    page.keyboard.type("8")
    expect(page.locator(".cs-keypad-value")).to_contain_text("138 1234 5678")
    expect(main(page)).to_be_enabled()
    page.keyboard.press("Enter")
    expect(heading(page)).to_have_text(texts.of("zh_CN")("Your data, in short"))


def test_a_double_tap_on_take_a_number_is_one_ticket(shop: Any, screen: Screen) -> None:
    shop.put(slow_s=0.3)
    page = screen(f"{shop.url}/kiosk", TABLET)
    to_the_number(page)
    main(page).evaluate("(b) => { for (let n = 0; n < 6; n++) b.click(); }")
    expect(page.locator(".kiosk-ticket")).to_have_text("1")
    assert len(shop.calls("check_in")) == 1
    assert shop.state()["visits"] == 1


def test_a_double_tap_on_continue_does_not_take_a_number_on_the_next_page(shop: Any, screen: Screen) -> None:
    page = screen(f"{shop.url}/kiosk", TABLET)
    to_services(page)
    page.locator(".kiosk-category .cs-tile").first.click()
    expect(main(page)).to_be_enabled()
    trembling(page, main(page), touches=4, apart_ms=120)
    expect(page.locator(".kiosk-stylist")).to_be_visible()
    assert shop.calls("check_in") == []


def test_what_takes_longer_shows_progress_and_holds_the_button(shop: Any, screen: Screen) -> None:
    shop.put(slow_s=1.2)
    page = screen(f"{shop.url}/kiosk", TABLET)
    to_the_number(page)
    main(page).click()
    expect(page.locator(".cs-main.cs-progress")).to_be_visible()
    expect(page.locator(".kiosk-ticket")).to_have_text("1")


def test_a_number_that_could_not_be_saved_is_said_and_trying_again_is_the_same_tap(shop: Any, screen: Screen) -> None:
    shop.put(storage_fails_next=True)
    page = screen(f"{shop.url}/kiosk", TABLET)
    choose_language(page, "en")
    to_the_number(page)
    main(page).click()
    expect(page.locator(".cs-act .cs-error")).to_contain_text("It could not be saved.")
    main(page).click()
    expect(page.locator(".kiosk-ticket")).to_have_text("1")
    first, second = shop.calls("check_in")
    assert first["tap"] == second["tap"]


def test_the_ticket_says_whether_it_is_printed(shop: Any, screen: Screen) -> None:
    page = screen(f"{shop.url}/kiosk", TABLET)
    choose_language(page, "en")
    to_the_number(page)
    main(page).click()
    paper = page.locator(".kiosk-paper")
    expect(paper).to_contain_text("being printed")
    shop.put(job={"state": "printing"})
    expect(paper).to_contain_text("being printed")
    shop.put(job={"state": "printed"})
    expect(paper).to_contain_text("Please take your ticket.")
    shop.put(job={"state": "held"})
    expect(paper).to_contain_text("ask at the desk")


@pytest.mark.parametrize("job", [{"state": "uncertain"}, {"state": "failed"}, {"state": "queued", "reason": "no_printer"}])
def test_a_ticket_that_does_not_come_out_sends_her_to_the_desk(shop: Any, screen: Screen, job: dict[str, str]) -> None:
    page = screen(f"{shop.url}/kiosk", TABLET)
    choose_language(page, "en")
    to_the_number(page)
    main(page).click()
    shop.put(job=job)
    expect(page.locator(".kiosk-paper")).to_contain_text("ask at the desk")


def test_only_stylists_who_can_do_all_of_it_are_offered(shop: Any, screen: Screen) -> None:
    page = screen(f"{shop.url}/kiosk", TABLET)
    to_the_number(page, tile=6)  # a colour, which 周杰 does not do
    expect(page.locator(".kiosk-stylist .cs-tile")).to_have_count(4)
    expect(page.locator(".kiosk-stylist")).not_to_contain_text("周杰")


def test_back_keeps_what_was_chosen(shop: Any, screen: Screen) -> None:
    page = screen(f"{shop.url}/kiosk", TABLET)
    to_the_number(page)
    page.locator(".kiosk-back").click()
    expect(page.locator(".kiosk-services .cs-tile.cs-chosen")).to_have_count(1)
    page.locator(".kiosk-back").click()
    expect(page.locator(".cs-keypad")).to_be_visible()
    page.locator(".kiosk-back").click()
    expect(page.locator(".kiosk-welcome")).to_be_visible()


def test_larger_text_and_stronger_contrast_are_one_touch_away(shop: Any, screen: Screen) -> None:
    page = screen(f"{shop.url}/kiosk", TABLET)
    before = heading(page).evaluate("(e) => parseFloat(getComputedStyle(e).fontSize)")
    page.locator(".kiosk-switches button").nth(0).click()
    expect(page.locator("body.cs-large")).to_have_count(1)
    assert heading(page).evaluate("(e) => parseFloat(getComputedStyle(e).fontSize)") > before * 1.1
    page.locator(".kiosk-switches button").nth(1).click()
    expect(page.locator("body.cs-contrast")).to_have_count(1)
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    assert not looks.spills(page)


def test_a_shop_without_services_sends_guests_to_the_desk(shop: Any, screen: Screen) -> None:
    shop.put(menu=[])
    page = screen(f"{shop.url}/kiosk", TABLET)
    expect(page.locator(".kiosk-actions")).to_contain_text(texts.of("zh_CN")("Check-in is not ready yet. Please ask at the desk."))


def test_nobody_touching_leads_back_to_the_start_and_forgets_her(hasty_shop: Any, screen: Screen) -> None:
    page = screen(f"{hasty_shop.url}/kiosk", TABLET)
    choose_language(page, "en")
    main(page).click()
    page.locator('[data-key="1"]').click()
    expect(page.locator(".cs-idle-counting")).to_contain_text("Starting over in")
    expect(page.locator(".kiosk-welcome")).to_be_visible()
    expect(page.locator(".kiosk")).to_have_attribute("lang", "zh-CN")
    main(page).click()
    expect(page.locator(".cs-keypad-value")).to_have_text("")
    assert hasty_shop.calls() == []


def test_a_touch_keeps_the_page(hasty_shop: Any, screen: Screen) -> None:
    page = screen(f"{hasty_shop.url}/kiosk", TABLET)
    main(page).click()
    for digit in "1234567":
        page.wait_for_timeout(500)  # a slow guest: time itself is what is tested
        page.locator(f'[data-key="{digit}"]').click()
    expect(page.locator(".cs-keypad-value")).to_contain_text("123 4567")


def test_after_her_number_the_kiosk_returns_by_itself(hasty_shop: Any, screen: Screen) -> None:
    page = screen(f"{hasty_shop.url}/kiosk", TABLET)
    to_the_number(page)
    main(page).click()
    expect(page.locator(".kiosk-ticket")).to_be_visible()
    expect(page.locator(".kiosk-welcome")).to_be_visible()


def test_a_reload_forgets_the_guest(shop: Any, screen: Screen) -> None:
    page = screen(f"{shop.url}/kiosk", TABLET)
    main(page).click()
    type_phone(page)
    page.reload()
    expect(page.locator(".kiosk-welcome")).to_be_visible()
    main(page).click()
    expect(page.locator(".cs-keypad-value")).to_have_text("")


def test_the_kiosk_tells_that_it_is_alive(shop: Any, screen: Screen) -> None:
    page = screen(f"{shop.url}/kiosk", TABLET)
    expect(page.locator(".kiosk")).to_be_visible()
    shop.until(lambda: {"screen": "kiosk-1", "page": "/kiosk", "version": "1.2.3", "visible": True} in shop.calls("beat"), within_s=2)


def test_a_kiosk_whose_session_ended_goes_back_to_the_guard(shop: Any, screen: Screen) -> None:
    page = screen(f"{shop.url}/kiosk", TABLET)
    to_the_number(page)
    shop.put(ended=["kiosk"])
    main(page).click()
    expect(page.locator(".login-pad")).to_be_visible()
    page.wait_for_function("window.did_handshake === true")
    assert shop.calls("check_in") == []


def test_kiosks_that_closed_are_not_told_any_more(shop: Any, screen: Screen) -> None:
    shop.until(lambda: shop.state()["listening"] == 0)
    page = screen(f"{shop.url}/kiosk", TABLET)
    for _ in range(3):  # a kiosk serves many guests: each must not leave an ear behind
        to_the_number(page)
        main(page).click()
        page.locator(".kiosk-done .cs-main").click()
        expect(page.locator(".kiosk-welcome")).to_be_visible()
    assert shop.state()["listening"] == 1
    page.context.close()
    shop.until(lambda: shop.state()["listening"] == 0)
