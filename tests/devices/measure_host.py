"""Figures of the device host as a process on a real broker: `python -m tests.devices.measure_host`. Prints JSON."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from devices.simulators.receipt_printer import PrinterSim
from devices.simulators.scanner import ScannerSim
from hub.ids import Id
from tests.devices.rig import RECEIPT, until
from tests.devices.shop import Broker, HostProcess, Shop, running

SAMPLES = 300


async def measure(folder: Path) -> dict[str, Any]:
    """Command published → first byte at the printer, → done at the hub; memory of the host with three devices."""
    broker = Broker(folder)
    broker.start()
    os.environ["CHAIRSIDE_STORE_ID"] = "s1"
    shop, host = Shop(broker.port), HostProcess(folder)
    printer, scanner = PrinterSim.on_tcp("printer"), ScannerSim.on_tcp("scanner")
    try:
        await printer.start()
        await scanner.start()
        broker.secret(folder)
        await shop.connect()
        host.start()
        await running(host, shop)
        device = await shop.adopt("receipt_printer", printer.address)
        reader = await shop.adopt("scanner", scanner.address)
        shop.publish("store/s1/screen/kiosk-1/beat", json.dumps({"page": "kiosk", "version": "1", "session": "a"}))
        await shop.health(device, "online")
        await shop.health(reader, "online")
        await until(lambda: shop.state("screen-kiosk-1"))
        idle = memory_mb(host.pid)
        connected, first, done = await _timed_prints(shop, device, printer)
        return {
            "command_to_connection_ms": _spread(connected),
            "command_to_first_byte_ms": _spread(first),
            "command_to_done_ms": _spread(done),
            "host_pss_mb_3_devices": idle,
            "host_pss_mb_after_prints": memory_mb(host.pid),
            "samples": SAMPLES,
        }
    finally:
        host.kill()
        shop.close()
        await printer.stop()
        await scanner.stop()
        broker.stop()


async def _timed_prints(shop: Shop, device: str, printer: PrinterSim) -> tuple[list[float], list[float], list[float]]:
    connected, first, done = [], [], []
    loop = asyncio.get_running_loop()
    answered: dict[str, tuple[float, asyncio.Event]] = {}
    hear = shop.client.on_message

    def heard(client: Any, data: Any, message: Any) -> None:
        now = time.monotonic()
        if message.topic.endswith("/done") and b'"id"' in message.payload:
            waiting = answered.get(json.loads(message.payload)["id"])
            if waiting:
                answered[json.loads(message.payload)["id"]] = (now, waiting[1])
                loop.call_soon_threadsafe(waiting[1].set)
        hear(client, data, message)

    shop.client.on_message = heard
    for _ in range(SAMPLES):
        command = Id.new()
        answered[command] = (0.0, asyncio.Event())
        body = json.dumps({"id": command, "args": {"document": RECEIPT.model_dump(), "copy": 0}})
        began = time.monotonic()
        shop.publish(f"store/s1/dev/{device}/do/print", body)
        await asyncio.wait_for(answered[command][1].wait(), 10)
        receipt = printer.shelf.receipts[-1]
        connected.append((receipt.connected_mono or 0) - began)
        first.append((receipt.first_byte_mono or 0) - began)
        done.append(answered[command][0] - began)
        await asyncio.sleep(0.02)
    return connected, first, done


def memory_mb(pid: int) -> float:
    """Proportional set size."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return round(int(next(line.split()[1] for line in rollup.splitlines() if line.startswith("Pss:"))) / 1024, 1)


def _spread(seconds: list[float]) -> dict[str, float]:
    ordered = sorted(s * 1000 for s in seconds)
    return {"p50": round(ordered[len(ordered) // 2], 2), "p99": round(ordered[int(len(ordered) * 0.99)], 2)}


def main() -> int:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        json.dump(asyncio.run(measure(Path(folder))), sys.stdout, indent=2)
    sys.stdout.write("\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
