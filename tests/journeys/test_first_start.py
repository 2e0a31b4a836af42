"""A shop without data is set up in the browser, without any head office, and sells."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.harness import Browser, Shop, wait_until
from ui import texts

pytestmark = [pytest.mark.journey, pytest.mark.timeout(120)]
PIN = "739204"


def test_a_new_shop_is_described_its_printer_found_and_a_test_receipt_printed(tmp_path) -> None:
    shop, t = Shop(tmp_path / "shop", demo=False), texts.of("zh_CN")
    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        try:
            shop.start()
            assert Browser(shop.web).ask("GET", "/setup")[0] == 303  # nobody else gets in
            page = chromium.new_context(viewport={"width": 1280, "height": 800}).new_page()
            page.goto(shop.link("setup"))
            page.get_by_role("button", name=t("Set up my shop")).click()
            page.get_by_label(t("Name of the shop")).fill("小满美发")
            page.get_by_role("button", name=t("Continue")).click()
            page.get_by_role("button", name=t("Continue")).click()
            page.get_by_label(t("Your name")).fill("王小满")
            page.get_by_label(t("PIN"), exact=True).fill(PIN)
            page.get_by_label(t("PIN, once more")).fill(PIN)
            page.get_by_role("button", name=t("Open the shop")).click()
            page.get_by_role("button", name=t("Use this one")).first.click()
            page.get_by_role("button", name=t("Print a test receipt")).first.click()
            wait_until(lambda: [r for r in shop.printed() if any("打印测试" in line for line in r["lines"])])
            page.get_by_role("button", name=t("Continue")).click()
            page.goto(shop.link("office"))
            page.locator(".login-tile", has_text="王小满").click()
            expect(page.locator(".login-tile.cs-chosen")).to_have_count(1)
            page.keyboard.type(PIN)
            page.get_by_role("button", name=t("Log in")).click()
            page.wait_for_url("**/office**")
            expect(page.get_by_text("小满美发").first).to_be_visible()
        finally:
            chromium.close()
            shop.stop()
