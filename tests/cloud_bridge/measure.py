"""Measured, not tested: `python -m tests.cloud_bridge.measure [events]` prints name, value, unit and samples, one a line.

`event_to_hq_*_ms`: from the shop's commit to the commit of its row in PostgreSQL, paced, bridge as its own process.
`bridge_pss_mb`: proportional set size of that process at rest afterwards. `outbox_events_per_s`: catching up after an outage.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from cloud_bridge.hq.ingest import News
from hub.clock import Clock
from hub.ids import Id
from tests.cloud_bridge.parts import GuestCheckedIn, Hq, HubDouble, Office, Process, Shop, until

PACE_S = 0.03
CATCH_UP = 20_000


@dataclass(frozen=True, slots=True)
class Figure:
    name: str
    value: float
    unit: str
    samples: int


async def measured(folder: Path, events: int = 500) -> list[Figure]:
    office = Office(folder / "hq")
    await office.start()
    shop = Shop("s1", folder / "store")
    office.shops.add("s1", shop.dir / "secrets" / "hq.json")
    hub, hq = HubDouble(shop), Hq(office, Clock())
    await hub.start()
    await hq.start()
    bridge = Process(
        "cloud_bridge", "--store-dir", str(shop.dir), env={"CHAIRSIDE_WEB__PORT": str(shop.web_port)}, log=folder / "bridge.log"
    )
    bridge.start()
    try:
        latencies = await _paced(hq, shop, events)
        assert bridge.popen
        pss = psutil.Process(bridge.popen.pid).memory_full_info().pss / 1e6
        return [
            Figure("event_to_hq_p50_ms", statistics.median(latencies), "ms", events),
            Figure("event_to_hq_p99_ms", statistics.quantiles(latencies, n=100)[98], "ms", events),
            Figure("event_to_hq_max_ms", max(latencies), "ms", events),
            Figure("bridge_pss_mb", pss, "MB", 1),
            Figure("outbox_events_per_s", await _caught_up(hq, shop, bridge), "1/s", CATCH_UP),
        ]
    finally:
        bridge.kill()
        await hq.stop()
        await hub.stop()
        shop.db.close()
        await office.stop()


async def _paced(hq: Hq, shop: Shop, events: int) -> list[float]:
    """Milliseconds from commit to row, of each event."""
    kept: dict[int, float] = {}
    tell = hq.desk.tell

    async def told(news: News) -> None:
        now = time.perf_counter()
        kept.update({line.seq: now for lines in news.added.values() for line in lines})
        await tell(news)

    hq.ingest._told = told
    await shop.fill(1)
    await until(lambda: 1 in kept, 30)
    committed: dict[int, float] = {}
    for n in range(events):
        seq = await shop.tell(GuestCheckedIn(visit=Id.new(), ticket=n))
        committed[seq] = time.perf_counter()
        await asyncio.sleep(PACE_S)
    await until(lambda: committed.keys() <= kept.keys(), 30)
    return [(kept[seq] - at) * 1000 for seq, at in committed.items()]


async def _caught_up(hq: Hq, shop: Shop, bridge: Process) -> float:
    """Events a second from the return of the bridge to the last row."""
    bridge.kill()
    await shop.fill(CATCH_UP)
    first = hq.fleet.head(shop.store).seq
    bridge.start()
    await until(lambda: hq.fleet.head(shop.store).seq > first, 30, 0.001)
    began, at_first = time.perf_counter(), hq.fleet.head(shop.store).seq
    await until(lambda: hq.fleet.head(shop.store).seq == first + CATCH_UP, 60, 0.001)
    return (first + CATCH_UP - at_first) / (time.perf_counter() - began)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        for figure in asyncio.run(measured(Path(name), int(sys.argv[1]) if sys.argv[1:] else 500)):
            print(f"{figure.name:24} {figure.value:10.1f} {figure.unit:4} {figure.samples}")
