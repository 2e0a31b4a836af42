"""Kiosks and boards as the hub hears them: their signs of life go to the device host, and one that falls silent is a fact of the shop."""

from __future__ import annotations

from dataclasses import dataclass

from hub.access import SYSTEM
from hub.clock import Clock
from hub.db import Db, Tx
from hub.equipment.events import ScreenSilent
from hub.equipment.link import MqttLink
from hub.journal import Journal

SILENT_S = 60.0
LOOK_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SignOfLife:
    """One beat of a page. `at_ms`: its own clock, milliseconds of the epoch; what its browser does not tell is None."""

    screen: str
    page: str
    version: str
    visible: bool
    session: str
    at_ms: float | None = None
    battery_pct: int | None = None
    charging: bool | None = None


class Screens:
    """`run` tells once of each silence; of a screen that was not heard since the hub started nothing is expected."""

    def __init__(self, db: Db, journal: Journal, clock: Clock, link: MqttLink) -> None:
        self._db, self._journal, self._clock, self._link = db, journal, clock, link
        self._heard: dict[str, float] = {}

    def beat(self, sign: SignOfLife) -> None:
        """A kiosk's or board's page is alive."""
        self._heard[sign.screen] = self._clock.monotonic()
        skew_s = None if sign.at_ms is None else round(sign.at_ms / 1000 - self._clock.now().timestamp(), 1)
        body = {
            "page": sign.page,
            "version": sign.version,
            "visible": sign.visible,
            "session": sign.session,
            "battery_pct": sign.battery_pct,
            "charging": sign.charging,
            "clock_skew_s": skew_s,
        }
        self._link.send(f"screen/{sign.screen}/beat", body, qos=0)

    async def run(self) -> None:
        """Look every five seconds, for ever."""
        while True:
            await self._clock.sleep(LOOK_S)
            now = self._clock.monotonic()
            for screen in [name for name, at in self._heard.items() if now - at >= SILENT_S]:
                del self._heard[screen]
                await self._db.write(self._silent, screen)

    def _silent(self, tx: Tx, screen: str) -> None:
        self._journal.append(tx, SYSTEM, ScreenSilent(for_station=screen))
