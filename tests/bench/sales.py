"""A sale through the till against a bare SQLite transaction of as many rows, on the same disk in the same run."""

from __future__ import annotations

import asyncio
import gc
import statistics
import time
from pathlib import Path

from hub import cores
from hub.access import SYSTEM, Actor, Role
from hub.app import Shop
from hub.catalog.model import Names, ProductDraft
from hub.catalog.shop import ShopDraft
from hub.clock import Clock
from hub.db import Db
from hub.ids import TapId
from hub.pos import LineKind, LineWish, SaleDraft, Tender, TenderKind
from hub.settings import Settings

DESK = Actor(id="bench", role=Role.RECEPTION, station="desk")
ROUNDS, TURNS = 480, 12


async def furnish(shop: Shop) -> list[str]:
    """A set-up shop with three stocked products and eight open tills; returns the products' ids."""
    await shop.catalog.set_up(SYSTEM, ShopDraft(name="Bench"), TapId.new())
    found = []
    for n in range(3):
        names = Names(zh_CN=f"产品{n}", zh_TW=f"產品{n}", en=f"Product {n}")
        draft = ProductDraft(code=f"B{n}", category="care", names=names, price=1000 + n, tax=1300, stocked=True)
        product = await shop.catalog.add_product(SYSTEM, draft, TapId.new())
        await shop.stock.receive(SYSTEM, product.id, 1_000_000, TapId.new())
        found.append(product.id)
    for till in range(8):
        await shop.pos.open_shift(SYSTEM, f"t{till}", 10000, TapId.new())
    return found


def draft(products: list[str], till: str = "t0") -> SaleDraft:
    """Three lines, paid in cash."""
    lines = tuple(LineWish(kind=LineKind.PRODUCT, item=p) for p in products)
    return SaleDraft(till=till, lines=lines, tenders=(Tender(kind=TenderKind.CASH, amount=3003, given=5000),), total=3003)


async def sale_times(shop: Shop, products: list[str], times: int) -> list[float]:
    """Seconds of each; one caller, one sale after the other."""
    found = []
    for _ in range(times):
        wish, tap = draft(products), TapId.new()
        started = time.perf_counter()
        await shop.pos.complete_sale(DESK, wish, tap)
        found.append(time.perf_counter() - started)
    return found


async def sales_per_s(shop: Shop, product: str, seconds: float) -> float:
    """Eight callers in the process, all selling the same stocked product."""
    until, sold = time.perf_counter() + seconds, 0

    async def till(n: int) -> None:
        nonlocal sold
        line = (LineWish(kind=LineKind.PRODUCT, item=product),)
        while time.perf_counter() < until:
            wish = SaleDraft(till=f"t{n}", lines=line, tenders=(Tender(kind=TenderKind.CASH, amount=1000, given=1000),), total=1000)
            await shop.pos.complete_sale(DESK, wish, TapId.new())
            sold += 1

    started = time.perf_counter()
    await asyncio.gather(*(till(n) for n in range(8)))
    return sold / (time.perf_counter() - started)


def rows_of_a_sale(shop: Shop, products: list[str]) -> int:
    """How many rows one sale inserts, counted in the tables."""
    tables = [r["name"] for r in shop.db.all("SELECT name FROM sqlite_master WHERE type = 'table'")]
    count = lambda: sum(shop.db.one(f"SELECT count(*) FROM {t}")[0] for t in tables)  # noqa: E731
    before = count()
    asyncio.run(shop.pos.complete_sale(DESK, draft(products), TapId.new()))
    return count() - before


class Bare:
    """The physical limit: one thread, one connection, the same number of inserted rows, one commit at synchronous=FULL."""

    def __init__(self, folder: Path, rows: int) -> None:
        self.db, self._rows = Db(folder / "bare.db"), rows
        self.db.open()
        self.db._connection.execute("CREATE TABLE rows (id INTEGER PRIMARY KEY, a TEXT, b TEXT, c INTEGER, d TEXT)")

    def times(self, times: int) -> list[float]:
        """Seconds of each."""
        connection, found = self.db._connection, []
        for n in range(times):
            values = [(f"{n}-{i}", "0190f7a2-1c3b-7def-8123-456789abcdef", i, "2026-01-01T00:00:00+00:00") for i in range(self._rows)]
            started = time.perf_counter()
            connection.execute("BEGIN IMMEDIATE")
            for row in values:
                connection.execute("INSERT INTO rows (a, b, c, d) VALUES (?, ?, ?, ?)", row)
            connection.execute("COMMIT")
            found.append(time.perf_counter() - started)
        return found


def measure(folder: Path) -> dict[str, tuple[float, str, str]]:
    """name -> value, unit, the limit measured beside it: in turns, because a machine's speed changes from second to second."""
    cores.share_one()  # as the hub does before it opens the shop
    shop = Shop(Settings(store_dir=folder / "sales"), Clock())
    gc.freeze()  # as the hub does when it is built
    products = asyncio.run(furnish(shop))
    bare = Bare(folder / "bare", rows := rows_of_a_sale(shop, products))
    limits, sales, rates = [], [], []
    try:
        for _ in range(TURNS):
            limits += bare.times(ROUNDS // TURNS)
            sales += asyncio.run(sale_times(shop, products, ROUNDS // TURNS))
            rates.append(asyncio.run(sales_per_s(shop, products[0], 0.5)))
    finally:
        bare.db.close()
        shop.close()
        cores.use_any()
    limit, sale = statistics.median(limits) * 1000, statistics.median(sales) * 1000
    return {
        "sale_commit_ratio": (sale / limit, "x", f"{rows} rows: bare {limit:.3f} ms, sale {sale:.3f} ms"),
        "sales_per_s_8_tills": (
            statistics.median(rates),
            "1/s",
            f"bare commits {1000 / limit:.0f}/s; {min(rates):.0f} to {max(rates):.0f}",
        ),
    }


if __name__ == "__main__":
    import tempfile

    for name, (value, unit, limit) in measure(Path(tempfile.mkdtemp())).items():
        print(name, round(value, 2), unit, limit)
