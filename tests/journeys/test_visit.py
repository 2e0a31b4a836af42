"""A guest's visit through the real pages in a real browser, on the real broker, printer and scanner bytes, seen by head office."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, expect, sync_playwright

from hub.catalog.demo import _PINS as PINS
from tests.harness import Browser, Shop, wait_until
from tests.ui.hands import count_as_one_sum
from ui import texts

KIOSK, STATION, BOARD, CONSOLE = (1080, 1920), (1280, 800), (1920, 1080), (1440, 900)
LANGUAGES = ("zh_CN", "zh_TW", "en")
SHAMPOO = "6901234567892"
pytestmark = [pytest.mark.journey, pytest.mark.timeout(180)]


@dataclass
class Screens:
    """Every screen of the shop, each in a browser context of its own."""

    shop: Shop
    chromium: Chromium
    kiosk: Page
    board: Page
    desk: Page
    console: Page
    manager: Browser


@contextmanager
def furnished(folder: Path) -> Iterator[Screens]:
    shop = Shop(folder, head_office=True)
    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        try:
            shop.start()
            manager = shop.log_in("manager")
            shop.printer_adopted(manager)
            office = wait_until(lambda: read(shop.folder / "hq" / "entry.json"))
            pages = {
                "kiosk": opened(chromium, shop.link("kiosk"), KIOSK),
                "board": opened(chromium, shop.link("board"), BOARD),
                "desk": opened(chromium, shop.link("station"), STATION),
                "console": opened(chromium, office["hq"], CONSOLE),
            }
            pages["console"].get_by_role("button").click()
            yield Screens(shop=shop, chromium=chromium, manager=manager, **pages)
        finally:
            chromium.close()
            shop.stop()


@pytest.fixture(scope="module")
def screens(tmp_path_factory) -> Iterator[Screens]:
    with furnished(tmp_path_factory.mktemp("visit")) as screens:
        yield screens


def read(file: Path):
    return json.loads(file.read_text()) if file.exists() else None


def opened(chromium: Chromium, link: str, size: tuple[int, int]) -> Page:
    page = chromium.new_context(viewport={"width": size[0], "height": size[1]}).new_page()
    page.goto(link)
    return page


def picture(page: Page, name: str) -> None:
    """Kept by `make demo`."""
    if folder := os.environ.get("PICTURES_DIR"):
        page.screenshot(path=Path(folder) / f"{name}.png")


def press(page: Page, words: str) -> None:
    page.get_by_role("button", name=words, exact=False).first.click()


def log_in(page: Page, language: str, name: str) -> None:
    page.goto(re.sub(r"/(station|login).*", f"/login?next=/station%3Flang%3D{language}&lang={language}", page.url))
    page.locator(".login-tile", has_text=name).click()
    expect(page.locator(".login-tile.cs-chosen")).to_contain_text(name)
    page.keyboard.type(PINS[name])
    expect(page.locator(".cs-keypad-value")).to_contain_text("●" * len(PINS[name]))
    press(page, texts.of(language)("Log in"))
    page.wait_for_url("**/station?lang=*")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_walk_in_is_served_pays_and_is_seen_by_head_office(screens: Screens, language: str) -> None:
    t = texts.of(language)
    ticket = takes_a_number(screens, language)
    log_in(screens.desk, language, "周岚")
    is_served(screens, language, ticket)
    opens_the_shift(screens, language)
    receipt = pays_in_cash(screens, language)
    receipt_is_on_paper(screens, receipt)
    head_office_knows(screens, language)
    expect(screens.desk.locator("[data-change]")).to_be_visible()
    assert t.language == language


def takes_a_number(screens: Screens, language: str) -> int:
    page, t = screens.kiosk, texts.of(language)
    on = page.locator(".kiosk-actions .cs-main")
    page.goto(f"{screens.shop.base}/kiosk")
    page.locator(f"button[lang={language.replace('_', '-')}]").click()
    expect(page.locator(".kiosk")).to_have_attribute("lang", language.replace("_", "-"))
    picture(page, f"{language}-kiosk-1-welcome")
    on.click()
    expect(page.locator("h1")).to_have_text(t("Your phone number?"))
    picture(page, f"{language}-kiosk-2-phone")
    for digit in "13812345678":
        page.locator(f'[data-key="{digit}"]').click()
    on.click()
    expect(page.locator("h1")).to_have_text(t("Your data, in short"))
    picture(page, f"{language}-kiosk-3-privacy")
    on.click()
    page.locator(".kiosk-category .cs-tile").first.click()
    picture(page, f"{language}-kiosk-4-services")
    on.click()
    expect(page.locator(".kiosk-stylist")).to_be_visible()
    picture(page, f"{language}-kiosk-5-stylist")
    on.click()
    number = page.locator(".kiosk-ticket")
    expect(number).to_be_visible()
    expect(page.get_by_text(t("Please take your ticket."))).to_be_visible(timeout=10_000)
    picture(page, f"{language}-kiosk-6-number")
    ticket = int(number.inner_text())
    expect(screens.board.get_by_text(str(ticket), exact=True).first).to_be_visible()
    on_paper = wait_until(lambda: [r for r in screens.shop.printed() if str(ticket) in r["lines"]])
    assert on_paper
    return ticket


def is_served(screens: Screens, language: str, ticket: int) -> None:
    page, t = screens.desk, texts.of(language)
    card = page.locator(f'[data-ticket="{ticket}"]')
    picture(page, f"{language}-station-1-queue")
    press_in = lambda words: card.get_by_role("button", name=words).first.click()  # noqa: E731
    press_in(t("Call"))
    expect(screens.board.locator(".board-called").first).to_be_visible()
    picture(screens.board, f"{language}-board-call")
    card.get_by_role("button", name=re.compile(re.escape(t("Seat · {name}", name="").strip()))).first.click()
    press_in(t("Start"))
    press_in(t("Finish"))
    card.get_by_role("button", name=t("Pay")).click()
    expect(page.locator("[data-total]")).to_be_visible()


def opens_the_shift(screens: Screens, language: str) -> None:
    page, t = screens.desk, texts.of(language)
    count_in = page.get_by_role("button", name=t("Count in"))
    if page.get_by_text(t("The drawer has not been counted in.")).count():
        count_in.click()
        expect(page.locator(".cs-keypad-value")).to_be_visible()
        page.locator('.cs-key[data-key="5"]').click()  # five notes of a hundred
        picture(page, f"{language}-station-2-count-in")
        press(page, t("Open the shift with {amount}", amount="¥500.00"))
        expect(count_in).to_have_count(0)


def pays_in_cash(screens: Screens, language: str) -> str:
    page, t = screens.desk, texts.of(language)
    before = page.locator("[data-total]").inner_text()
    code = screens.manager.get("/api/v1/catalog/products?limit=1")[0]["barcode"]
    Browser(screens.shop.bench).post("/sims/scanner/do/scan", {"code": code})
    expect(page.locator("[data-total]")).not_to_have_text(before)
    picture(page, f"{language}-station-2-till")
    press(page, t("Cash"))
    picture(page, f"{language}-station-3-cash")
    expect(page.locator("[data-rest]")).to_be_visible()
    page.keyboard.type("300", delay=120)  # a person's pace: faster keys are a scanner's
    page.keyboard.press("Enter")
    expect(page.locator("[data-change]")).to_have_text("¥44.00")
    picture(page, f"{language}-station-4-paid")
    found = re.search(r"desk-\d{6}", page.locator(".desk-paid").inner_text())
    assert found
    return found[0]


def test_the_day_ends_with_a_refund_and_a_counted_drawer(screens: Screens) -> None:
    page, t = screens.desk, texts.of("zh_CN")
    log_in(page, "zh_CN", "周岚")
    page.goto(f"{screens.shop.base}/station/sales?lang=zh_CN")
    receipt = page.locator("[data-receipt]").first
    number = receipt.get_attribute("data-receipt")
    receipt.click()
    picture(page, "zh_CN-station-5-sale")
    press(page, t("Give the money back"))
    for digit in PINS["周岚"]:
        page.locator(f'.cs-key[data-key="{digit}"]').click()
    picture(page, "zh_CN-station-6-refund")
    page.get_by_role("button", name=re.compile(re.escape(t("Give {amount} back", amount="¥256.00")))).click()
    expect(page.get_by_text(t("This sale was given back."))).to_be_visible()
    wait_until(lambda: [r for r in screens.shop.printed() if "退款单" in r["lines"] and number in " ".join(r["lines"])])
    drawer = 50000 + sum(s["total"] for s in screens.manager.get("/api/v1/sales") if not s["refund"])
    page.goto(f"{screens.shop.base}/station/shift?lang=zh_CN")
    press(page, t("Close the shift"))
    count_as_one_sum(page, t, f"{drawer / 100:.0f}")
    picture(page, "zh_CN-station-7-count-out")
    press(page, t("Close the shift with {amount}", amount=f"¥{drawer / 100:,.2f}"))
    expect(page.get_by_text("Z1").first).to_be_visible()
    picture(page, "zh_CN-station-8-z-report")
    wait_until(lambda: [r for r in screens.shop.printed() if "日结单 (Z)" in r["lines"]])
    assert screens.manager.get("/api/v1/z-reports")[0]["shift"]["counted"] == drawer
    head_office_knows(screens, "zh_CN")


def test_the_office_and_the_bench_are_kept_as_pictures(screens: Screens) -> None:
    page = screens.desk
    for section in ("", "/devices", "/catalogue", "/staff", "/screens", "/reports"):
        page.goto(f"{screens.shop.base}/office{section}")
        expect(page.locator("h1, h2").first).to_be_visible()
        picture(page, f"zh_CN-office-{section[1:] or 'overview'}")
    page.goto(f"{screens.shop.base}/bench")
    expect(page.locator("img").first).to_be_visible()
    picture(page, "zh_CN-bench")
    picture(screens.board, "zh_CN-board")


def receipt_is_on_paper(screens: Screens, receipt: str) -> None:
    [paper] = wait_until(lambda: [r for r in screens.shop.printed() if receipt in " ".join(r["lines"])])
    text = " ".join(paper["lines"])
    assert "收银小票" in text
    assert "找零" in text


def head_office_knows(screens: Screens, language: str) -> None:
    console = screens.console
    for screen in ("kiosk", "board"):
        expect(console.get_by_text(screen, exact=True).first).to_be_visible(timeout=10_000)
    expect(screens.desk.get_by_text(texts.of(language)("Head office")).first).to_be_visible()
    picture(console, f"{language}-hq-1-shops")
    takings = sum(s["total"] for s in screens.manager.get("/api/v1/sales") if not s["refund"])
    expect(console.get_by_text(f"¥{takings / 100:,.2f}").first).to_be_visible(timeout=5000)
