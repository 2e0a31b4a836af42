"""The hub's side of the broker link without a broker; the real broker and devices are in tests/journeys."""

from __future__ import annotations

import asyncio

import orjson


class Wire:
    """What a real link does, without a broker: it notes commands and hands in what devices say."""

    def __init__(self, link):
        self.link, self.sent = link, []
        link.connected = True
        link.send = self._send

    def _send(self, topic, message, *, qos=1):
        self.sent.append((topic, message))

    def says(self, topic, **body):
        self.link._dispatch(f"store/s1/{topic}", orjson.dumps(body))

    def garbage(self, topic, payload):
        self.link._dispatch(f"store/s1/{topic}", payload)

    def commands(self, verb="print"):
        return [(topic.split("/")[1], m) for topic, m in self.sent if topic.endswith(f"/do/{verb}")]

    def reconnect(self):
        self.link._now_connected()


def printer(wire, name="p1", health="online", roles=("receipt", "ticket")):
    wire.says("host/h1/state", health="online", since="2026-01-01T00:00:00Z")
    wire.says(f"dev/{name}/info", kind="receipt_printer", name=name, transport="tcp", roles=roles)
    wire.says(f"dev/{name}/state", health=health, since="2026-01-01T00:00:00Z")


async def until(condition):
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.002)
