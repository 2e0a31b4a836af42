"""What people wait for in a real browser, what head office waits for, and the memory of the whole shop."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

import psutil
import psycopg
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, sync_playwright

from hub.ids import TapId
from tests.bench import processes
from tests.bench.processes import Figures, a_sale, memory_mb
from tests.harness import Browser, Shop

LOADS, CALLS, EVENTS = 20, 40, 400
PACE_S = 0.02
READY = ".kiosk-actions .cs-main"


def measure(folder: Path) -> Figures:
    """name -> value, unit, what it was measured beside."""
    processes.fill(folder)
    shop = Shop(folder, demo=False, head_office=True)
    try:
        shop.start()
        manager = shop.log_in("manager")
        manager.post("/api/v1/shifts/open", {"till": "t1", "counted": 0})
        shop.printer_adopted(manager)
        with sync_playwright() as driver:
            chromium = driver.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
            figures = {**_kiosk(shop, chromium), **_board(shop, chromium, manager)}
            chromium.close()
        figures |= _head_office(shop, manager)
        figures |= _memory(shop)
    finally:
        shop.stop()
    return figures


def _opened(chromium: Chromium, link: str, size: tuple[int, int]) -> Page:
    page = chromium.new_context(viewport={"width": size[0], "height": size[1]}).new_page()
    page.goto(link)
    return page


def _kiosk(shop: Shop, chromium: Chromium) -> Figures:
    page = _opened(chromium, shop.link("kiosk"), (1080, 1920))
    page.locator(READY).wait_for()
    times = []
    for _ in range(LOADS):
        began = time.perf_counter()
        page.goto(f"{shop.base}/kiosk")
        page.locator(READY).wait_for()
        times.append((time.perf_counter() - began) * 1000)
    return {"page_ready_p50_ms": (statistics.median(times), "ms", f"kiosk, {LOADS} warm loads, until its main button is there")}


def _board(shop: Shop, chromium: Chromium, manager: Browser) -> Figures:
    """From the click on Call in one browser to the changed board in another, by the clock both pages share."""
    board = _opened(chromium, shop.link("board"), (1920, 1080))
    desk = chromium.new_context(viewport={"width": 1280, "height": 800})
    name, value = manager.cookie.split("=", 1)
    desk.add_cookies([{"name": name, "value": value, "url": shop.base}])
    station = desk.new_page()
    service = manager.get("/api/v1/catalog/services")[0]["id"]
    board.evaluate(
        """() => { window.seen = []; new MutationObserver(() => window.seen.push(performance.timeOrigin + performance.now()))
             .observe(document.body, { childList: true, subtree: true, characterData: true }); }"""
    )
    times = []
    for _ in range(CALLS):
        visit = manager.post("/api/v1/visits", {"services": [service]})
        ticket = visit["ticket"]
        station.goto(f"{shop.base}/station")
        button = station.locator(f'[data-ticket="{ticket}"] button.cs-brand').first
        button.wait_for()
        station.wait_for_function("() => window.socket?.connected")
        board.wait_for_function("() => performance.timeOrigin + performance.now() - (window.seen.at(-1) ?? 0) > 300")
        board.evaluate("() => { window.seen.length = 0; }")
        station.evaluate(
            """() => addEventListener('click', () => { window.clicked = performance.timeOrigin + performance.now(); }, {capture: true})"""
        )
        button.click()
        first = board.wait_for_function("() => window.seen[0]").json_value()
        times.append(first - station.evaluate("() => window.clicked"))
        manager.post(f"/api/v1/visits/{visit['id']}/leave")  # the queue stays as short as in a shop
    return {
        "tap_to_board_p50_ms": (
            statistics.median(times),
            "ms",
            f"{CALLS} clicks on Call; p90 {statistics.quantiles(times, n=10)[8]:.0f} ms",
        )
    }


def _head_office(shop: Shop, manager: Browser) -> Figures:
    """From before a sale is sent (so before its commit) until its row can be read in PostgreSQL."""
    body = a_sale(manager)
    times = []
    with psycopg.connect(shop.hq_dsn(), autocommit=True) as books:
        for _ in range(EVENTS):
            began = time.perf_counter()
            sale = manager.post("/api/v1/sales", body, TapId.new())
            arrived = "SELECT 1 FROM sales WHERE till = %s AND receipt_no = %s"
            while not books.execute(arrived, (sale["till"], sale["receipt_no"])).fetchone():
                time.sleep(0.001)  # looking without a pause would take a core from those who are measured
            times.append((time.perf_counter() - began) * 1000)
            time.sleep(PACE_S)  # the pace is the measurement's, not a wait for anything
    cuts = statistics.quantiles(times, n=100)
    return {"event_to_hq_p99_ms": (cuts[98], "ms", f"{EVENTS} sales, the sale's own request counted in; p50 {cuts[49]:.1f} ms")}


def _memory(shop: Shop) -> Figures:
    time.sleep(5)  # idle, as the figure says
    parts = {name: memory_mb(psutil.Process(shop.processes[name].pid)) for name in ("hub", "devices", "bridge", "broker")}
    beside = ", ".join(f"{name} {mb:.0f}" for name, mb in parts.items())
    return {"shop_rss_mb": (sum(parts.values()), "MB", f"proportional set size: {beside}")}
