"""The host's way to the broker: what comes is worked off one message at a time, and acknowledged after it is stored.

Nothing is published while there is no connection; what must not be lost lies in the job log.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import structlog

from hub.mqtt import Broker, Message, Mqtt, Party

log = structlog.get_logger()

PAYLOAD_MAX = 64 * 1024
WAITING_MAX = 1000
ACKNOWLEDGED_AFTER_S = 0.02  # each as much later, so in order: the device begins first, the broker can wait


class MqttLink:
    """Connects for ever until stopped. The callbacks are awaited one at a time, in order."""

    def __init__(self, broker: Broker, party: Party) -> None:
        self.on_connect: Callable[[], Awaitable[None]]
        self.on_message: Callable[[Message], Awaitable[None]]
        self.on_published: Callable[[int], None] = lambda _: None
        self.figures = {"connects": 0, "dropped": 0, "unsent": 0}
        self._work: asyncio.Queue[Callable[[], Awaitable[None]]] = asyncio.Queue()
        self._unacknowledged: set[int] = set()
        self._nothing_left = asyncio.Event()
        self._nothing_left.set()
        self._mqtt = mqtt = Mqtt(lambda: broker, party)
        mqtt.on_connect, mqtt.on_disconnect = self._connected, self._disconnected
        mqtt.on_message, mqtt.on_published = self._came, self._published

    @property
    def connected(self) -> bool:
        """Whether what is published now reaches the broker."""
        return self._mqtt.connected

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as both:
            both.create_task(self._mqtt.run())
            both.create_task(self._work_off())

    def publish(self, topic: str, payload: str, *, retain: bool = False, qos: int = 1) -> int | None:
        """Hand a message to the broker; its number, told by `on_published`, or None when there is no connection."""
        data = payload.encode()
        sent = self._mqtt.publish(topic, data, qos=qos, retain=retain) if len(data) <= PAYLOAD_MAX else None
        if sent is None:
            self.figures["unsent"] += 1
        elif qos:
            self._unacknowledged.add(sent)
            self._nothing_left.clear()
        return sent

    async def flushed(self) -> None:
        """Until the broker has acknowledged everything, or the connection is gone."""
        await self._nothing_left.wait()

    async def _work_off(self) -> None:
        while True:
            step = await self._work.get()
            try:
                await step()
            except Exception:  # one bad message must not make the host deaf
                log.exception("message not handled")

    def _connected(self) -> None:
        self.figures["connects"] += 1
        self._work.put_nowait(self.on_connect)

    def _disconnected(self) -> None:
        self._acknowledged(set(self._unacknowledged))

    def _published(self, mid: int) -> None:
        self._acknowledged({mid})
        self.on_published(mid)

    def _acknowledged(self, mids: set[int]) -> None:
        self._unacknowledged -= mids
        if not self._unacknowledged:
            self._nothing_left.set()

    def _came(self, message: Message) -> None:
        def taken() -> None:
            asyncio.get_running_loop().call_later(ACKNOWLEDGED_AFTER_S, message.taken)

        async def step() -> None:
            await self.on_message(replace(message, taken=taken))

        if self._work.qsize() < WAITING_MAX:
            self._work.put_nowait(step)
        else:  # not acknowledged, so a command comes again; a beat is followed by the next one
            self.figures["dropped"] += 1
