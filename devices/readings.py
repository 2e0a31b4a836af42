"""Measured values on their way to the shop: the first change at once, further ones at most five times a second, the newest wins."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import orjson

from devices.driver import Measured
from hub.clock import Clock

EVERY_S = 0.2
PENDING_MAX = 4096
Publish = Callable[[str, bytes], bool]


class Readings:
    """Of all devices. `publish` may refuse: the newest value is then tried again."""

    def __init__(self, publish: Publish, clock: Clock) -> None:
        self._publish, self._clock = publish, clock
        self._due: dict[str, float] = {}  # topic -> from when on it may be told again
        self._pending: dict[str, Measured] = {}
        self._wake = asyncio.Event()

    def offer(self, topic: str, measured: Measured) -> None:
        """A new value."""
        now = self._clock.monotonic()
        if self._due.get(topic, 0.0) <= now and self._publish(topic, _body(measured)):
            self._pending.pop(topic, None)
            self._due[topic] = now + EVERY_S
        elif topic in self._pending or len(self._pending) < PENDING_MAX:
            self._pending[topic] = measured
            self._wake.set()

    def forget(self, below: str) -> None:
        """A device was removed: nothing of it is told any more."""
        for kept in (self._due, self._pending):
            for topic in [topic for topic in kept if topic.startswith(below)]:
                del kept[topic]

    async def run(self) -> None:
        """Tell what had to wait; until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            await self._clock.sleep(EVERY_S)
            for topic, measured in list(self._pending.items()):
                self.offer(topic, measured)


def _body(measured: Measured) -> bytes:
    return orjson.dumps({"value": measured.value, "unit": measured.unit, "at": measured.at.isoformat()})
