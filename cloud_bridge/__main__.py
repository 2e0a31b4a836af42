"""The bridge as a process: `python -m cloud_bridge --store-dir DIR [--config FILE]`, until SIGTERM.

A shop without head office may run it too: it waits for credentials.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from pathlib import Path

from hub.lean import COLOURED_LOGS, without

with without(*COLOURED_LOGS):
    import structlog

    from cloud_bridge.bridge import Bridge
    from cloud_bridge.tasks import together
    from hub.clock import Clock
    from hub.errors import ChairsideError
    from hub.logs import log_plainly
    from hub.settings import Settings, load_settings

log = structlog.get_logger()


async def _run(bridge: Bridge) -> None:
    """Until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await together(bridge.run(), _wait(stop))


async def _wait(stop: asyncio.Event) -> None:
    await stop.wait()


def main(settings: Settings) -> None:
    """Run the bridge of one shop. Raises StorageFailed when its own file cannot be used."""
    bridge = Bridge(settings, Clock())
    bridge.cursor.open()
    log.info("bridge runs", store=settings.store_id, pid=os.getpid())
    try:
        asyncio.run(_run(bridge))
    finally:
        bridge.cursor.close()
    log.info("bridge ends")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m cloud_bridge", description=__doc__)
    parser.add_argument("--store-dir", type=Path, help="folder that keeps all data of this shop")
    parser.add_argument("--config", type=Path, help="settings file")
    return parser.parse_args()


if __name__ == "__main__":
    log_plainly()
    given = _arguments()
    try:
        main(load_settings(given.config, **({"store_dir": given.store_dir} if given.store_dir else {})))
    except ChairsideError as why:
        sys.exit(f"{why} {why.hint}")
