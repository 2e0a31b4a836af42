"""How long one whole poll of a switch with 48 ports takes: `python -m tests.devices.measure_network_gear`. Prints JSON; the mark is 60 ms."""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import sys
import time
from typing import Any

from tests.devices.rig import driving

SAMPLES = 100
MARK_MS = 60
SWITCH = """
import asyncio
from devices.simulators.network_gear import NetworkGearSim
async def main():
    sim = NetworkGearSim.on_udp("measured")
    await sim.start()
    print(sim.address, flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""


async def measure(address: str) -> dict[str, Any]:
    """The simulated switch is a process of its own, as a real one is; its own time is in the figure."""
    took = []
    async with driving("network_gear", address) as rig:
        await rig.driver.identify()
        for _ in range(SAMPLES):
            began = time.perf_counter()
            await rig.driver.poll()
            took.append((time.perf_counter() - began) * 1000)
    took.sort()
    p99 = round(took[-max(1, SAMPLES // 100)], 1)
    return {"snmp_poll_48_ports_ms": round(statistics.median(took), 1), "p99": p99, "mark": MARK_MS, "samples": SAMPLES}


def main() -> int:
    """Exit code 0 when the mark was met."""
    with subprocess.Popen([sys.executable, "-c", SWITCH], stdout=subprocess.PIPE, text=True) as switch:
        try:
            assert switch.stdout is not None
            found = asyncio.run(measure(switch.stdout.readline().strip()))
        finally:
            switch.kill()
    print(json.dumps(found))
    return int(found["snmp_poll_48_ports_ms"] > MARK_MS)


if __name__ == "__main__":
    sys.exit(main())
