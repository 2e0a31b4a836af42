"""Brings every scanned code to one page: a code read twice, by two open pages, would sell twice."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from nicegui import Client, background_tasks

from hub.equipment import Equipment
from hub.ports import Scan

Take = Callable[[Scan], Awaitable[None]]


class ScanPost:
    """Codes of serial scanners go to the page a hand was at last; a keyboard scanner types into its own page."""

    def __init__(self, equipment: Equipment, takes: Callable[[str], bool] = lambda _code: True) -> None:
        self._takes = takes
        self._pages: dict[str, tuple[Client, Take]] = {}
        self.stop = equipment.on_scan(self._told)

    def attach(self, client: Client, take: Take) -> None:
        """From now on codes go to `take`, until a hand is at another page or this one is gone."""
        self._pages[client.id] = (client, take)
        client.on_delete(lambda: self._pages.pop(client.id, None))

    def touched(self, client: Client) -> None:
        """A hand is at this page now."""
        if client.id in self._pages:
            self._pages[client.id] = self._pages.pop(client.id)

    @property
    def front(self) -> Client | None:
        """The page that would get the next code."""
        for client, _ in reversed(self._pages.values()):
            if client.has_socket_connection:
                return client
        return None

    def _told(self, scan: Scan, _device: str) -> None:
        client = self.front
        if client is not None and self._takes(scan.code):
            background_tasks.create(self._bring(client, scan), name="scan")

    async def _bring(self, client: Client, scan: Scan) -> None:
        with client:
            await self._pages[client.id][1](scan)
