"""Real Chromium before the real pages, with a shop in memory behind them.

The pages run in a process of their own (NiceGUI: one app per process). The browser is closed after each module: Playwright's sync
side holds the thread's event loop, and tests elsewhere want it.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

PROJECT = Path(__file__).parents[2]
CHROMIUM = "/usr/bin/chromium"
KIOSK, TABLET, WALL, DESK, PHONE = (1080, 1920), (820, 1180), (1920, 1080), (1280, 800), (390, 844)
expect.set_options(timeout=25_000)


class Shop:
    """The shop behind the pages, steered over HTTP."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = httpx.Client(
            base_url=url, timeout=10, trust_env=False, limits=httpx.Limits(max_keepalive_connections=0)
        )  # the server closes a wire that lies idle

    def calls(self, name: str = "") -> list[Any]:
        """What the pages asked for, without the beats of screens; with `name` only the arguments of these."""
        told = [call for call in self._get("calls") if call[0] not in {"beat", "quick beat"} or call[0] == name]
        return [what for call, what in told if call == name] if name else told

    def state(self) -> dict[str, int]:
        return dict(self._get("state"))

    def put(self, **what: Any) -> None:
        self._post("set", what)

    def walk_in(self, stylist: str = "", guests: int = 1) -> int:
        return int(self._post("walk-in", {"stylist": stylist, "guests": guests}).json())

    def move(self, ticket: int, stage: str, stylist: str = "") -> None:
        self._post("move", {"ticket": ticket, "stage": stage, "stylist": stylist})

    def until(self, so: Callable[[], bool], within_s: float = 8) -> None:
        """Wait until the shop says so; fail when it does not."""
        end = time.monotonic() + within_s
        while not so():
            assert time.monotonic() < end, "it did not become so in time"
            time.sleep(0.02)

    def reset(self) -> None:
        self._post("reset", {})

    def _get(self, path: str) -> Any:
        return self._http.get(f"/double/{path}").raise_for_status().json()

    def _post(self, path: str, body: dict[str, Any]) -> httpx.Response:
        return self._http.post(f"/double/{path}", json=body).raise_for_status()


@contextmanager
def served(idle_s: float, done_s: float) -> Iterator[Shop]:
    command = [sys.executable, str(Path(__file__).parent / "shop_double.py"), str(idle_s), str(done_s)]
    process = subprocess.Popen(
        command, cwd=PROJECT, env={"PYTHONPATH": str(PROJECT), "PATH": "/usr/bin:/bin"}, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout
        port = process.stdout.readline().strip()
        assert port, "the pages did not start"
        yield Shop(f"http://127.0.0.1:{port}")
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


@pytest.fixture(scope="session")
def patient_shop() -> Iterator[Shop]:
    with served(idle_s=60, done_s=20) as shop:
        yield shop


@pytest.fixture(scope="session")
def hasty_shop_once() -> Iterator[Shop]:
    with served(idle_s=2.5, done_s=1.5) as shop:
        yield shop


@pytest.fixture
def shop(patient_shop: Shop) -> Shop:
    patient_shop.reset()
    return patient_shop


@pytest.fixture
def hasty_shop(hasty_shop_once: Shop) -> Shop:
    """The same shop, whose kiosk gives up after 2.5 s and returns 1.5 s after a number was taken."""
    hasty_shop_once.reset()
    return hasty_shop_once


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"])
        yield chromium
        chromium.close()


@pytest.fixture
def screen(browser: Browser) -> Iterator[Callable[..., Page]]:
    """`screen(url, size)` opens a page in a browser of its own; script errors and requests to elsewhere fail the test."""
    contexts: list[BrowserContext] = []
    wrong: list[str] = []

    def opened(url: str, size: tuple[int, int] = DESK) -> Page:
        context = browser.new_context(viewport={"width": size[0], "height": size[1]})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(25_000)
        page.on("pageerror", lambda error: wrong.append(f"script error: {error}"))
        home = "/".join(url.split("/")[:3])
        page.on(
            "request", lambda request: None if request.url.startswith((home, "data:", "blob:")) else wrong.append(f"asked {request.url}")
        )
        page.goto(url)
        page.wait_for_function("window.did_handshake === true")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not wrong
