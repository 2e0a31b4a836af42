"""The device host as a process with fifty devices, on a real broker; the simulators are a process of their own, so their time is not the host's."""

from __future__ import annotations

import asyncio
import json
import os
import random
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from hub.ids import Id
from tests.devices.rig import RECEIPT, driving, until
from tests.devices.shop import ROOT, Broker, HostProcess, Shop, running

COUNTS = {"receipt_printer": 6, "label_printer": 4, "scanner": 10, "scale": 3, "ups": 2, "customer_display": 5, "network_gear": 4}
SCREENS = 15  # and the board the host runs on: fifty
PRINTS, SCANS, TOLD, POLLED, SNMP_POLLS, TRIPS = 150, 200, 120, 12, 60, 300
IDLE_S, REST_S, BEAT_S = 12.0, 0.02, 5.0
PACES_S = (2.0, 3.0)  # of the kinds in POLLED_BY
POLLED_BY = {  # what nobody tells and one poll shows
    "ups": (("mains_off", "on_battery"), ("mains_on", "")),
    "label_printer": (("head_open", "head_open"), ("head_close", "")),
}
Figures = dict[str, tuple[float, str, str]]


class Hand:
    """What is done to the simulated devices."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.simulated", json.dumps(COUNTS)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._turn = threading.Lock()
        self.there: dict[str, list[str]] = json.loads(self._line())

    def do(self, sim: str, verb: str, **args: Any) -> float:
        """When it was done, by the monotonic clock."""
        with self._turn:
            assert self._process.stdin is not None
            self._process.stdin.write(json.dumps({"sim": sim, "verb": verb, "args": args}) + "\n")
            self._process.stdin.flush()
            return float(json.loads(self._line())["at"])

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def let_go(self) -> None:
        self._process.kill()
        self._process.wait(10)


class TimedShop(Shop):
    """Keeps when it heard what."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.times: list[tuple[float, str, Any]] = []

    def _came(self, client: Any, userdata: Any, message: Any) -> None:
        at = time.monotonic()
        super()._came(client, userdata, message)
        self.times.append((at, message.topic, self.heard[-1].body))

    async def after(self, since: float, leaf: str, fits: Callable[[Any], bool], within_s: float = 10.0) -> float:
        """When the first fitting message with this end of its topic came after `since`."""
        first = len(self.times)

        def found() -> float | None:
            recent = self.times[max(0, first - 200) :]
            return next(
                (at for at, topic, body in recent if at >= since and topic.endswith(leaf) and body is not None and fits(body)), None
            )

        return float(await until(found, within_s))


def measure(folder: Path) -> Figures:
    """name -> value, unit, what it was measured beside."""
    folder.mkdir(parents=True, exist_ok=True)
    return asyncio.run(_measure(folder))


async def _measure(folder: Path) -> Figures:
    broker, hand = Broker(folder), Hand()
    broker.start()
    broker.secret(folder)
    os.environ["CHAIRSIDE_STORE_ID"] = "s1"
    shop, host = TimedShop(broker.port), HostProcess(folder)
    beating: asyncio.Task[None] | None = None
    try:
        await shop.connect()
        host.start()
        await running(host, shop)
        for name, (kind, address) in hand.there.items():
            await shop.adopt(kind, address, id=name)
        beating = asyncio.create_task(_beats(shop))
        names = [*hand.there, "hub-board", *(f"screen-kiosk-{n}" for n in range(SCREENS))]
        for name in names:
            await shop.health(name, "online", 20)
        shop.heard.clear()
        return {**await _at_rest(shop, host, len(names)), **await _at_work(shop, hand)}
    finally:
        if beating is not None:
            beating.cancel()
        host.kill()
        shop.close()
        hand.let_go()
        broker.stop()


async def _beats(shop: Shop) -> None:
    """As the hub speaks for open pages, one after the other."""
    while True:
        for number in range(SCREENS):
            shop.publish(f"store/s1/screen/kiosk-{number}/beat", json.dumps({"page": "kiosk", "version": "1", "session": "a"}))
            await asyncio.sleep(BEAT_S / SCREENS)


async def _at_rest(shop: TimedShop, host: HostProcess, devices: int) -> Figures:
    process = psutil.Process(host.pid)
    before, began, said = process.cpu_times(), time.monotonic(), len(shop.times)
    await asyncio.sleep(IDLE_S)  # no wait for anything: so long nothing happens
    after, took = process.cpu_times(), time.monotonic() - began
    share = (after.user + after.system - before.user - before.system) / took * 100
    return {
        "host_cpu_pct": (share, "%", f"{devices} devices at rest, {took:.0f} s, {len(shop.times) - said} messages"),
        "host_rss_mb": (
            process.memory_info().rss / 1e6,
            "MB",
            f"{devices} devices; {process.memory_full_info().pss / 1e6:.0f} MB of it its own",
        ),
    }


async def _at_work(shop: TimedShop, hand: Hand) -> Figures:
    trip = statistics.median([await _trip(shop) for _ in range(TRIPS)])
    beside = f"bare round trip through the broker {trip:.2f} ms"
    prints = [await _print(shop) for _ in range(PRINTS)]
    scans = [await _scan(shop, hand, n) for n in range(SCANS)]
    told = [await _told(shop, hand, n) for n in range(TOLD)]
    polled = [ms for some in await asyncio.gather(*(_polled(shop, hand, *who) for who in _polled_devices(hand))) for ms in some]
    snmp = await _snmp(hand)
    return {
        "print_job_ms": (statistics.median(prints), "ms", f"p99 {_p99(prints):.1f} ms; {PRINTS} receipts, to their answer; {beside}"),
        "scan_to_event_p50_ms": (statistics.median(scans), "ms", f"p99 {_p99(scans):.1f} ms; {SCANS} scans; {beside}"),
        "state_told_p99_ms": (_p99(told), "ms", f"p50 {statistics.median(told):.1f} ms; {TOLD} covers; {beside}"),
        "state_polled_p99_ms": (
            _p99(polled),
            "ms",
            f"p50 {statistics.median(polled):.0f} ms; {len(polled)} changes; polled every {PACES_S[0]:.0f} or {PACES_S[1]:.0f} s",
        ),
        "snmp_poll_48_ports_ms": (
            statistics.median(snmp),
            "ms",
            f"p99 {_p99(snmp):.1f} ms; {SNMP_POLLS} polls, the simulator's time is in them",
        ),
    }


async def _trip(shop: TimedShop) -> float:
    """One message to ourselves."""
    mark = Id.new()
    began = time.monotonic()
    shop.publish("store/s1/dev/nobody/event/trip", json.dumps({"id": mark}))
    return (await shop.after(began, "/trip", lambda body: body["id"] == mark) - began) * 1000


async def _print(shop: TimedShop) -> float:
    await asyncio.sleep(REST_S)  # each from rest
    began = time.monotonic()
    command = shop.command("receipt-printer-0", "print", {"document": RECEIPT.model_dump(), "copy": 0})
    return (await shop.after(began, "receipt-printer-0/done", lambda body: body["id"] == command) - began) * 1000


async def _scan(shop: TimedShop, hand: Hand, n: int) -> float:
    await asyncio.sleep(REST_S)
    code = f"S{n:05d}"
    at = await asyncio.to_thread(hand.do, f"scanner-{n % COUNTS['scanner']}", "scan", code=code)
    return (await shop.after(at, "/event/scan", lambda body: body["code"] == code) - at) * 1000


async def _told(shop: TimedShop, hand: Hand, n: int) -> float:
    """The printer tells that its cover was opened, or closed."""
    await asyncio.sleep(REST_S)
    printers = COUNTS["receipt_printer"]
    name, opens = f"receipt-printer-{n % printers}", n // printers % 2 == 0
    at = await asyncio.to_thread(hand.do, name, "cover_open" if opens else "cover_close")
    wanted = "cover_open" if opens else ""
    return (await shop.after(at, f"{name}/state", lambda body: body["reason"] == wanted) - at) * 1000


def _polled_devices(hand: Hand) -> list[tuple[str, tuple[tuple[str, str], ...]]]:
    return [(name, POLLED_BY[kind]) for name, (kind, _) in hand.there.items() if kind in POLLED_BY]


async def _polled(shop: TimedShop, hand: Hand, name: str, turns: tuple[tuple[str, str], ...]) -> list[float]:
    rng, found = random.Random(name), []
    for n in range(POLLED):
        verb, wanted = turns[n % 2]
        await asyncio.sleep(rng.uniform(0, 1))  # at any moment between two polls
        at = await asyncio.to_thread(hand.do, name, verb)
        came = await shop.after(at, f"{name}/state", lambda body, wanted=wanted: body["reason"] == wanted)
        found.append((came - at) * 1000)
    return found


async def _snmp(hand: Hand) -> list[float]:
    """The driver in this process, for one poll is the question; as the host has it, it waits for its turn as well."""
    found = []
    async with driving("network_gear", hand.there["network-gear-0"][1]) as rig:
        await rig.driver.identify()
        for _ in range(SNMP_POLLS):
            began = time.perf_counter()
            await rig.driver.poll()
            found.append((time.perf_counter() - began) * 1000)
    return found


def _p99(found: list[float]) -> float:
    return sorted(found)[int(len(found) * 0.99)]


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as here:
        for name, (value, unit, beside) in measure(Path(here)).items():
            sys.stdout.write(f"{name} {value:.2f} {unit}; {beside}\n")
