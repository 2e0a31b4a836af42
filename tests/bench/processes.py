"""The shop as real processes: a sale over HTTP, the way to the paper, the cold start, memory."""

from __future__ import annotations

import asyncio
import json
import select
import socket
import statistics
import threading
import time
from pathlib import Path
from typing import Any

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
AT_REST_S = 0.05  # nobody asks a shop about its paper while it comes out
Figures = dict[str, tuple[float, str, str]]


class Wire:
    """A till's connection. A request leaves as one packet and its answer is not taken apart: the hub is measured, not a client."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._socket: socket.socket | None = None
        self.told: dict[str, Any] = {}  # the newest answer

    def sell(self, body: bytes) -> tuple[float, float]:
        """Send one sale; when it left and when its whole answer was there, by time.monotonic. Raises OSError when it was refused."""
        head = (
            f"POST /api/v1/sales HTTP/1.1\r\nhost: 127.0.0.1:{self._browser.port}\r\ncookie: {self._browser.cookie}\r\n"
            f"tap-id: {TapId.new()}\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        if self._socket is None or select.select([self._socket], [], [], 0)[0]:  # the hub closes a wire that lay idle
            self._socket = socket.create_connection(("127.0.0.1", self._browser.port), timeout=20)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        left = time.monotonic()
        self._socket.sendall(head.encode() + body)
        answer = b""
        while b"\r\n\r\n" not in answer or len(answer.partition(b"\r\n\r\n")[2]) < _length(answer):
            more = self._socket.recv(65536)
            if not more:
                raise ConnectionResetError(answer)
            answer += more
        came = time.monotonic()
        if not answer.startswith(b"HTTP/1.1 201 "):
            raise ConnectionRefusedError(answer)
        self.told = json.loads(answer.partition(b"\r\n\r\n")[2])
        return left, came


def _length(answer: bytes) -> int:
    return int(answer.lower().split(b"content-length:")[1].split(b"\r\n")[0])


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
    body = json.dumps(a_sale(manager, "cash")).encode()
    till = Wire(manager)
    for _ in range(30):
        till.sell(body)
    limit = bare_round_trip_ms()
    times = []
    for _ in range(SALES):
        _quiet(manager)
        left, came = till.sell(body)
        times.append((came - left) * 1000)
    p50, p99 = statistics.median(times), statistics.quantiles(times, n=100)[98]
    return {"sale_http_p50_ms": (p50, "ms", f"p99 {p99:.1f} ms; bare loopback round trip {limit:.3f} ms; {SALES} sales, printed between")}


def _quiet(manager: Browser) -> None:
    """Wait until the newest receipt is on paper: the next sale starts from rest."""
    time.sleep(AT_REST_S)  # no wait for anything: a pause in which nothing is asked
    wait_until(lambda: manager.get("/api/v1/print-jobs?limit=1")[0]["state"] == "printed")


def _papers(shop: Shop, manager: Browser) -> Figures:
    body = json.dumps(a_sale(manager)).encode()
    till = Wire(manager)
    asked: dict[str, float] = {}
    for n in range(PAPERS):
        left, _ = till.sell(body)
        asked[f"{till.told['till']}-{till.told['receipt_no']:06d}"] = left
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
