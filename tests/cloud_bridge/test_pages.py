"""The console in a real browser, over a head office that runs as its own process."""

from __future__ import annotations

import json
import re
import secrets
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from functools import cached_property
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from cloud_bridge import uplink
from cloud_bridge.bridge import Bridge
from tests.cloud_bridge.parts import HubDouble, Process, Shop, bridge_of, free_port, sale, until

SECOND = 1000
WORDS = """() => { const page = document.querySelector("main").cloneNode(true);
  page.querySelectorAll(".material-icons, .q-icon").forEach(icon => icon.remove()); return page.textContent; }"""


class Console:
    """A running head office with one shop of its own."""

    def __init__(self, data: Path) -> None:
        self.data, self.port = data, free_port()
        self.env = {
            "CHAIRSIDE_HEAD_OFFICE__PORT": str(self.port),
            "CHAIRSIDE_HEAD_OFFICE__NATS_PORT": str(free_port()),
            "CHAIRSIDE_HEAD_OFFICE__POSTGRES_PORT": str(free_port()),
        }
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = Process("cloud_bridge.hq", "--data", str(data), env=self.env, log=data.parent / "hq.log")

    def is_up(self) -> bool:
        try:
            return httpx.get(f"{self.url}/healthz", timeout=2).status_code == 200
        except httpx.HTTPError:
            return False

    @cached_property
    def code(self) -> str:
        """As a person gets it, on her own terminal."""
        errand = (sys.executable, "-m", "cloud_bridge.hq", "new-code", "--data", str(self.data))
        return subprocess.run(errand, check=True, capture_output=True, text=True).stdout.strip()

    @property
    def link(self) -> str:
        return str(json.loads((self.data / "entry.json").read_text())["hq"])

    def add(self, shop: Shop) -> None:
        arguments = ("add-shop", "--data", str(self.data), "--store", shop.store, "--write", str(shop.dir / "secrets" / "hq.json"))
        errand = Process("cloud_bridge.hq", *arguments, env=self.env, log=self.data.parent / "add.log")
        errand.start()
        assert errand.popen
        assert errand.popen.wait(20) == 0


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    found = Console(tmp_path_factory.mktemp("console") / "hq")
    found.process.start()
    yield found
    found.process.kill()


@pytest.fixture
async def own_shop(console: Console, tmp_path: Path) -> AsyncIterator[Shop]:
    await until(console.is_up, 40)
    shop = Shop(f"s-{secrets.token_hex(3)}", tmp_path / "store")
    console.add(shop)
    yield shop
    shop.db.close()


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        found = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield found
        await found.close()


async def page_of(browser: Browser, console: Console, store: str, language: str = "en") -> Page:
    context = await browser.new_context(viewport={"width": 1440, "height": 900})
    await context.add_cookies([{"name": "chairside_language", "value": language, "url": console.url}])
    page = await context.new_page()
    page.on("pageerror", lambda error: pytest.fail(f"script: {error}"))
    await page.goto(f"{console.url}/shops/{store}")
    await page.get_by_role("textbox").fill(console.code)
    await page.get_by_role("button").click()
    await page.wait_for_url(f"{console.url}/shops/{store}")
    return page


async def test_the_console_shows_the_shop_its_events_and_takings_as_they_come(console: Console, own_shop: Shop, browser: Browser) -> None:
    hub = HubDouble(own_shop)
    await hub.start()
    async with bridge_of(own_shop):
        page = await page_of(browser, console, own_shop.store)
        row = page.locator(".hq-shops tbody tr", has_text=own_shop.store)
        await expect(row).to_contain_text("Online")
        await expect(page.locator(".hq-title")).to_contain_text("Hub runs", timeout=5 * SECOND)
        day = str(own_shop.clock.business_day())
        await own_shop.tell(sale(1, 12800, day=day), sale(2, 5050, day=day))
        await expect(page.locator("[data-today=takings]")).to_have_text("¥178.50", timeout=2 * SECOND)
        await expect(page.locator(".hq-events tbody tr", has_text="Sale")).to_have_count(2)
        await expect(row).to_contain_text("¥178.50")

        await page.get_by_role("button", name="Ping").click()
        await expect(page.locator(".hq-ping [role=status]")).to_contain_text("ms there and back", timeout=5 * SECOND)

        await hub.stop()
        await expect(page.locator(".hq-title")).to_contain_text("Hub stopped", timeout=5 * SECOND)
        await expect(row).to_contain_text("Hub stopped")


async def test_what_a_shop_forgot_is_shown_and_the_alarm_can_be_put_away(console: Console, own_shop: Shop, browser: Browser) -> None:
    hub = HubDouble(own_shop)
    await hub.start()
    async with bridge_of(own_shop) as bridge:
        await until(lambda: bridge.link.is_up)
        await _caught_up(own_shop, bridge)
        copy = own_shop.keep_copy()
        await own_shop.tell(sale(50, 777))
        await _caught_up(own_shop, bridge)
        own_shop.put_back(copy)
        await until(lambda: bridge.cursor.seq == own_shop.journal.head().seq and own_shop.journal.head().epoch == 2, 15)
        page = await page_of(browser, console, own_shop.store)
        alarm = page.locator(".hq-alarm", has_text="forgot")
        await expect(alarm).to_be_visible(timeout=5 * SECOND)
        await expect(page.get_by_role("heading", name="Forgotten by the shop")).to_be_visible()
        await alarm.get_by_role("button", name="Seen").click()
        await expect(alarm).to_have_count(0, timeout=3 * SECOND)
    await hub.stop()


async def test_a_person_makes_an_outdated_copy_the_shop_after_being_told_what_that_does(
    console: Console, own_shop: Shop, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uplink, "FENCED_S", 0.2)
    hub = HubDouble(own_shop)
    await hub.start()
    async with bridge_of(own_shop) as bridge:
        await _caught_up(own_shop, bridge)
        copy = own_shop.keep_copy()
        await own_shop.db.write(lambda tx: own_shop.journal.raise_epoch(tx, 3))
        await _caught_up(own_shop, bridge)
    own_shop.put_back(copy)
    for file in own_shop.dir.glob("bridge.db*"):
        file.unlink()
    async with bridge_of(own_shop):
        page = await page_of(browser, console, own_shop.store)
        await page.get_by_role("button", name="Make it the shop …").click(timeout=30 * SECOND)
        dialog = page.get_by_role("dialog")
        await expect(dialog).to_contain_text("Any other hub of this shop can no longer speak for it")
        await dialog.get_by_role("button", name="Make it the shop", exact=True).click()
        await expect(page.locator(".hq-title")).to_contain_text("epoch 3", timeout=10 * SECOND)
    await hub.stop()


async def _caught_up(shop: Shop, bridge: Bridge) -> None:
    await shop.fill(3)
    await until(lambda: bridge.cursor.seq == shop.journal.head().seq, 15)


@pytest.mark.parametrize(("language", "words"), [("zh_CN", "总部"), ("zh_TW", "總部"), ("en", "Head office")])
async def test_the_console_speaks_three_languages(console: Console, own_shop: Shop, browser: Browser, language: str, words: str) -> None:
    page = await page_of(browser, console, own_shop.store, language)
    await expect(page.get_by_role("heading", level=1)).to_have_text(words)
    if language != "en":
        said = (await page.evaluate(WORDS)).replace(own_shop.store, "")
        left = [word for word in re.findall(r"(?<![\w-])[A-Za-z]{4,}(?![\w-])", said) if word != "English"]  # a part of an id is no word
        assert left == []


async def test_an_open_page_comes_to_the_log_in_when_its_session_ends(console: Console, own_shop: Shop, browser: Browser) -> None:
    page = await page_of(browser, console, own_shop.store)
    await page.get_by_role("button", name="Log out").click()
    await page.wait_for_url("**/login")
    await page.goto(f"{console.url}/")
    await expect(page).to_have_url(re.compile("/login"))


async def test_the_link_of_the_first_start_opens_once(console: Console, own_shop: Shop, browser: Browser) -> None:
    page = await (await browser.new_context()).new_page()
    await page.goto(console.link)
    await page.get_by_role("button").click()
    await page.wait_for_url(f"{console.url}/")
    again = await (await browser.new_context()).new_page()
    await again.goto(console.link)
    await again.get_by_role("button").click()
    await expect(again.get_by_role("alert")).to_be_visible()


async def test_without_a_session_nothing_is_answered(console: Console, own_shop: Shop) -> None:
    async with httpx.AsyncClient(base_url=console.url) as stranger:
        assert (await stranger.get("/")).status_code == 303
        for path in ("/api/v1/shops", "/api/v1/shops/s1/events", "/api/v1/alarms", "/api/openapi.json", "/api/me"):
            assert (await stranger.get(path)).status_code == 401, path
        assert (await stranger.post("/api/v1/shops/s1/ping")).status_code == 401
        assert (await stranger.get("/healthz")).status_code == 200
        assert (await stranger.get("/healthz", headers={"Host": "evil.example"})).status_code == 421
        foreign = await stranger.post("/login", data={"code": console.code}, headers={"Origin": "http://evil.example"})
        assert foreign.status_code == 403
        assert (await stranger.post("/login", content=b"x" * 400_000)).status_code == 413


async def test_programs_ask_the_same_over_the_api(console: Console, own_shop: Shop) -> None:
    async with bridge_of(own_shop) as bridge, httpx.AsyncClient(base_url=console.url) as operator:
        await _caught_up(own_shop, bridge)
        assert (await operator.post("/login", data={"code": "wrong"})).status_code == 401
        entered = await operator.post("/login", data={"code": console.code})
        assert entered.status_code == 303
        assert {"HttpOnly", "SameSite=strict"} <= set(entered.headers["set-cookie"].split("; "))
        shops = (await operator.get("/api/v1/shops")).json()
        assert own_shop.store in [shop["store"] for shop in shops]
        ping = (await operator.post(f"/api/v1/shops/{own_shop.store}/ping")).json()
        assert ping["seq"] == own_shop.journal.head().seq
        events = (await operator.get(f"/api/v1/shops/{own_shop.store}/events?limit=5")).json()
        assert events[0]["seq"] > events[-1]["seq"]
        assert (await operator.get(f"/api/v1/shops/{own_shop.store}/takings")).status_code == 200
        assert (await operator.get("/api/v1/shops/nowhere")).status_code == 404
        assert (await operator.get(f"/api/v1/shops/{own_shop.store}/events?limit=999999")).status_code == 422
