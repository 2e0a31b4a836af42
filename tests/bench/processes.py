"""The shop as real processes: a sale over HTTP, the way to the paper, the cold start, memory."""

from __future__ import annotations

import asyncio
import socket
import statistics
import threading
import time
from pathlib import Path

import psutil

from hub.access import SYSTEM
from hub.app import Shop as Inside
from hub.catalog.model import Names, ProductDraft
from hub.catalog.price_list import ListedProduct
from hub.catalog.values import check_digit
from hub.clock import Clock
from hub.customers import PhoneAndWishes
from hub.first_start import take_demo
from hub.ids import TapId
from hub.settings import Settings
from tests.harness import Browser, Shop, wait_until

GUESTS, PRODUCTS = 50_000, 20_000
SALES, PAPERS = 300, 150
Figures = dict[str, tuple[float, str, str]]


def fill(folder: Path) -> None:
    """A demo shop with 50,000 guests and 20,000 products, through the services a real shop uses."""
    inside = Inside(Settings(store_dir=folder), Clock())
    try:
        asyncio.run(_fill(inside))
    finally:
        inside.close()


async def _fill(inside: Inside) -> None:
    await take_demo(inside)
    listed = []
    for n in range(PRODUCTS):
        names = Names(zh_CN=f"产品 {n}", zh_TW=f"產品 {n}", en=f"Product {n}")
        draft = ProductDraft(
            code=f"X{n:05d}", category="care", names=names, price=1000 + n, tax=1300, barcode=f"690{n:09d}{check_digit(f'690{n:09d}')}"
        )
        listed.append(ListedProduct(line=n + 2, draft=draft))
    await inside.catalog.take_in_products(SYSTEM, listed, TapId.new())
    for start in range(0, GUESTS, 2000):
        wishes = [PhoneAndWishes(phone=f"138{n:08d}", language="zh_CN") for n in range(start, start + 2000)]
        await asyncio.gather(*(inside.customers.enrol(SYSTEM, wish, TapId.new()) for wish in wishes))


def bare_round_trip_ms() -> float:
    """The physical limit of a request: one byte there and back over loopback, between two threads."""
    server = socket.create_server(("127.0.0.1", 0))

    def echo() -> None:
        wire, _ = server.accept()
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while data := wire.recv(64):
            wire.sendall(data)

    threading.Thread(target=echo, daemon=True).start()
    times = []
    with socket.create_connection(server.getsockname()) as wire:
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(500):
            started = time.perf_counter()
            wire.sendall(b"x")
            wire.recv(64)
            times.append(time.perf_counter() - started)
    return statistics.median(times) * 1000


def measure(folder: Path) -> Figures:
    """name -> value, unit, what it was measured beside."""
    fill(folder)
    shop = Shop(folder, demo=False)
    try:
        shop.start("broker", "bench", "devices")
        cold = _cold_start_s(shop)
        manager = shop.log_in("manager")
        printer = shop.printer_adopted(manager)
        figures: Figures = {
            "cold_start_s": (cold, "s", f"{GUESTS} guests, {PRODUCTS} products"),
            **_sales(shop, manager),
            **_papers(shop, manager),
        }
        assert printer["health"] == "online"
    finally:
        shop.stop()
    return figures


def memory_mb(*roots: psutil.Process) -> float:
    """Proportional set size of processes and their children, in MB."""
    every = {p.pid: p for root in roots for p in (root, *root.children(recursive=True))}
    return sum(p.memory_full_info().pss for p in every.values()) / 1e6


def _cold_start_s(shop: Shop) -> float:
    """From the start of the hub's process to its first accepted sale; a session and a shift are there from before."""
    shop.start("hub")
    manager = shop.log_in("manager")
    manager.post("/api/v1/shifts/open", {"till": "t1", "counted": 0})
    body = a_sale(manager)
    _down(shop, manager)
    found = []
    for _ in range(3):
        began = time.monotonic()
        shop.start("hub")
        manager.post("/api/v1/sales", body)
        found.append(time.monotonic() - began)
        _down(shop, manager)
    shop.start("hub")
    return statistics.median(found)


def _down(shop: Shop, browser: Browser) -> None:
    shop.kill("hub")
    browser.close()


def a_sale(browser: Browser, kind: str = "card") -> dict[str, object]:
    """A service and two products, three lines."""
    service = browser.get("/api/v1/catalog/services")[0]
    products = browser.get("/api/v1/catalog/products?limit=2")
    lines = [{"kind": "service", "item": service["id"]}, *({"kind": "product", "item": p["id"]} for p in products)]
    total = service["price"] + sum(p["price"] for p in products)
    tender = {"kind": kind, "amount": total, **({"reference": "SLIP0001"} if kind == "card" else {"given": total + 100})}
    return {"till": "t1", "lines": lines, "total": total, "tenders": [tender]}


def _sales(shop: Shop, manager: Browser) -> Figures:
    body = a_sale(manager, "cash")
    for _ in range(30):
        manager.post("/api/v1/sales", body)
    limit = bare_round_trip_ms()
    times = []
    for _ in range(SALES):
        tap = TapId.new()
        started = time.perf_counter()
        manager.post("/api/v1/sales", body, tap)
        times.append((time.perf_counter() - started) * 1000)
        _quiet(manager)
    p50, p99 = statistics.median(times), statistics.quantiles(times, n=100)[98]
    return {"sale_http_p50_ms": (p50, "ms", f"p99 {p99:.1f} ms; bare loopback round trip {limit:.3f} ms; {SALES} sales, printed between")}


def _quiet(manager: Browser) -> None:
    """Wait until the newest receipt is on paper: the next sale starts from rest."""
    wait_until(lambda: manager.get("/api/v1/print-jobs?limit=1")[0]["state"] == "printed")


def _papers(shop: Shop, manager: Browser) -> Figures:
    body = a_sale(manager)
    asked: dict[str, float] = {}
    for n in range(PAPERS):
        began = time.monotonic()
        sale = manager.post("/api/v1/sales", body)
        asked[f"{sale['till']}-{sale['receipt_no']:06d}"] = began
        _quiet(manager)
        if n % 50 == 49:
            shop.printed()
    times = []
    for receipt in shop.printed():
        number = next((text for text in asked if text in " ".join(receipt["lines"])), None)
        if number:
            times.append((receipt["first_byte_mono"] - asked[number]) * 1000)
    p50, cuts = statistics.median(times), statistics.quantiles(times, n=100)
    return {
        "tap_to_paper_p50_ms": (p50, "ms", f"{len(times)} receipts, first byte at the TCP printer"),
        "tap_to_paper_p99_ms": (cuts[98], "ms", "the same receipts"),
    }
