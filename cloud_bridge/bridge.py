"""The composition root of the bridge: every part is built once, in reading order, and handed only what it needs."""

from __future__ import annotations

from pathlib import Path

from cloud_bridge.connection import Link
from cloud_bridge.cursor import Cursor
from cloud_bridge.flush import Flush
from cloud_bridge.local_hub import LocalHub
from cloud_bridge.pulse import Pulse
from cloud_bridge.remote import Remote
from cloud_bridge.shop_journal import ShopJournal
from cloud_bridge.shop_watch import ShopWatch
from cloud_bridge.tasks import together
from cloud_bridge.uplink import Uplink
from hub.clock import Clock
from hub.settings import Settings


class Bridge:
    """Every part of the bridge of one shop."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        store_dir = settings.store_dir
        self.journal = ShopJournal(store_dir)
        self.cursor = Cursor(store_dir, clock)
        self.hub = LocalHub(store_dir, settings.web)
        credentials = Path(settings.hq.credentials) if settings.hq.credentials else store_dir / "secrets" / "hq.json"
        self.link = Link(settings.store_id, credentials, clock, url=settings.hq.url)
        self.uplink = Uplink(self.link, self.journal, self.hub, self.cursor, clock)
        self.pulse = Pulse(self.link, self.journal, self.uplink, clock)
        self.watch = ShopWatch(settings.store_id, store_dir, self.hub, clock, self.pulse.beat_soon)
        self.flush = Flush(self.uplink, self.cursor, clock, self.watch.flushed)
        self.watch.on_flush = self.flush.asked
        self.link.on_change(lambda: self.watch.head_office(online=self.link.is_up))
        self.remote = Remote(self.link, self.journal, self.uplink, self.watch, clock)

    async def run(self) -> None:
        """Until cancelled; then the cursor is saved and everything is closed."""
        self.remote.listen()
        try:
            await together(self.link.run(), self.uplink.run(), self.watch.run(), self.pulse.run(self.watch))
        finally:
            self.flush.end()
            await self.cursor.save()
            self.journal.close()
