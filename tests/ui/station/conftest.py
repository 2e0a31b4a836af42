"""A real browser at the desk of a shop in memory. The pages run in a process of their own, as NiceGUI wants it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

CHROMIUM = "/usr/bin/chromium"
UP_WITHIN_S = 40
expect.set_options(timeout=25_000)


def free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


class Desk:
    """The desk as a test sees it: pages to open, and the shop behind them to steer and to ask."""

    def __init__(self, url: str, browser: Browser) -> None:
        self.url, self._browser = url, browser
        self._http = httpx.Client(
            base_url=url, timeout=10, limits=httpx.Limits(max_keepalive_connections=0)
        )  # the server closes a wire that lies idle
        self._contexts: list[Any] = []

    def shop(self, scene: str, **args: Any) -> Any:
        answer = self._http.post(f"/double/scene/{scene}", json=args)
        answer.raise_for_status()
        return answer.json()

    def fresh(self) -> None:
        for context in self._contexts:
            context.close()
        self._contexts.clear()
        self._http.post("/double/fresh").raise_for_status()

    def open(self, path: str, *, who: str = "reception", language: str = "en", width: int = 1280, height: int = 800) -> Page:
        context = self._browser.new_context(viewport={"width": width, "height": height})
        context.add_cookies(
            [
                {"name": "chairside_session", "value": who, "url": self.url},
                {"name": "chairside_language", "value": language, "url": self.url},
            ]
        )
        self._contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(25_000)
        page.goto(self.url + path)
        page.wait_for_function("window.did_handshake === true")
        return page


@pytest.fixture(scope="session")
def bench_url() -> str:
    """Where the simulated devices answer; nowhere, unless a test needs them."""
    return "http://127.0.0.1:9"


@pytest.fixture(scope="session")
def desk_url(bench_url: str) -> Iterator[str]:
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, str(Path(__file__).parent / "desk_server.py"), str(port), bench_url],
        cwd=Path(__file__).parents[3],
        env={**os.environ, "NO_PROXY": "127.0.0.1"},
    )
    url, until = f"http://127.0.0.1:{port}", time.monotonic() + UP_WITHIN_S
    try:
        while True:
            assert server.poll() is None, "the desk's pages did not start"
            assert time.monotonic() < until, "the desk's pages did not come up"
            try:
                httpx.get(f"{url}/station", timeout=2)
                break
            except httpx.TransportError:
                time.sleep(0.05)
        yield url
    finally:
        server.send_signal(signal.SIGKILL)
        server.wait()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Closed after each module: Playwright's sync side holds the thread's event loop, and tests elsewhere want it."""
    assert Path(CHROMIUM).exists(), "these tests need Debian's chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def _desk(desk_url: str, chromium: Browser) -> Desk:
    return Desk(desk_url, chromium)


@pytest.fixture
def desk(_desk: Desk) -> Iterator[Desk]:
    _desk.fresh()
    yield _desk
    _desk.fresh()


@pytest.fixture
def open_desk(desk: Desk) -> Desk:
    """A desk whose drawer has been counted in."""
    desk.shop("shift_open")
    return desk


@pytest.fixture(scope="session")
def scan() -> Callable[[Page, str], None]:
    """What a keyboard-wedge scanner does: a key every five milliseconds by the keyboard's own clock, then Enter."""

    def type_code(page: Page, code: str) -> None:
        keyboard = page.context.new_cdp_session(page)
        at = time.time()
        for place, letter in enumerate([*code, "Enter"]):
            text = "\r" if letter == "Enter" else letter
            when = at + place * 0.005
            keyboard.send("Input.dispatchKeyEvent", {"type": "keyDown", "key": letter, "text": text, "timestamp": when})
            keyboard.send("Input.dispatchKeyEvent", {"type": "keyUp", "key": letter, "timestamp": when + 0.002})
        keyboard.detach()

    return type_code
