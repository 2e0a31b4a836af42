"""A page that says it is open: beats like those the hub sends for kiosks and boards.

`python -m devices.simulators.presence --mqtt FILE --store s1 --screen kiosk-1 --page kiosk` with credentials that may publish beats.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from paho.mqtt.client import Client, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion

Publish = Callable[[str, str], None]


class ScreenSim:
    """SIMULATED. One page on one screen."""

    def __init__(self, publish: Publish, topic: str, page: str, beat_s: float = 5.0) -> None:
        self._publish, self._topic, self._beat_s = publish, topic, beat_s
        self._said: dict[str, Any] = {"page": page, "version": "SIMULATED", "visible": True, "session": uuid4().hex}
        self._beating: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Open the page. Idempotent."""
        if self._beating is None:
            self._beating = asyncio.create_task(self._beat())

    async def stop(self) -> None:
        """Close the page without a word. Idempotent."""
        beating, self._beating = self._beating, None
        if beating is not None:
            beating.cancel()
            await asyncio.gather(beating, return_exceptions=True)

    def hide(self, *, hidden: bool = True) -> None:
        """Another window comes in front of it."""
        self._said["visible"] = not hidden

    def drain(self, pct: int, *, charging: bool = False) -> None:
        """What is left in its battery."""
        self._said |= {"battery_pct": pct, "charging": charging}

    def load_again(self) -> None:
        """The page is loaded anew."""
        self._said["session"] = uuid4().hex

    async def _beat(self) -> None:
        while True:
            self._publish(self._topic, json.dumps(self._said))
            await asyncio.sleep(self._beat_s)


async def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mqtt", type=Path, required=True)
    parser.add_argument("--store", default="s1")
    parser.add_argument("--screen", default="kiosk-sim")
    parser.add_argument("--page", default="kiosk")
    chosen = parser.parse_args()
    secret = json.loads(chosen.mqtt.read_text("utf-8"))
    where = urlsplit(secret["url"])
    client = Client(CallbackAPIVersion.VERSION2, client_id=f"sim-{chosen.screen}", protocol=MQTTv311)
    client.username_pw_set(secret["user"], secret["password"])
    client.connect(where.hostname or "127.0.0.1", where.port or 1883)
    client.loop_start()

    def publish(topic: str, payload: str) -> None:
        client.publish(topic, payload, qos=1)

    screen = ScreenSim(publish, f"store/{chosen.store}/screen/{chosen.screen}/beat", chosen.page)
    screen.start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    try:
        asyncio.run(_main())
    except KeyboardInterrupt:
        sys.exit(0)
