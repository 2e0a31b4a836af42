"""`python -m tests.bench.simulated COUNTS`: simulated devices in a process of their own; a line of JSON in is a deed, a line out says when it was done."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

from devices.simulators.customer_display import DisplaySim
from devices.simulators.label_printer import LabelPrinterSim
from devices.simulators.network_gear import NetworkGearSim
from devices.simulators.receipt_printer import PrinterSim
from devices.simulators.scale import ScaleSim
from devices.simulators.scanner import ScannerSim
from devices.simulators.ups import UpsSim

KINDS: dict[str, Any] = {sim.kind: sim for sim in (PrinterSim, LabelPrinterSim, ScannerSim, ScaleSim, UpsSim, DisplaySim, NetworkGearSim)}


async def main(counts: dict[str, int]) -> None:
    """First the addresses: name -> kind and address. Times are of the monotonic clock, the same in every process."""
    sims = {}
    for kind, count in counts.items():
        made = KINDS[kind]
        for number in range(count):
            name = f"{kind.replace('_', '-')}-{number}"
            sims[name] = made.on_udp(name) if kind == "network_gear" else made.on_tcp(name)
            await sims[name].start()
    _say({name: [sim.kind, sim.address] for name, sim in sims.items()})
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := await lines.readline():
        deed = json.loads(line)
        sim = sims[deed["sim"]]
        began = time.monotonic()
        await sim.do(deed["verb"], sim.verbs[deed["verb"]](**deed.get("args", {})))
        _say({"at": began})


def _say(what: Any) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
