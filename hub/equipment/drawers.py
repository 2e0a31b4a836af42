"""Drawers that were opened without the till: kept in the journal, and in the history of the printer they hang on."""

from __future__ import annotations

from hub.access import SYSTEM
from hub.db import Db, Tx
from hub.equipment import tables
from hub.equipment.events import DrawerOpenedByHand
from hub.equipment.link import MqttLink
from hub.equipment.tables import BY_HAND
from hub.journal import Journal
from hub.ports import DrawerOpened, Health


class Drawers:
    """Hears of every drawer that opens; what the till opened is no news."""

    def __init__(self, db: Db, journal: Journal, link: MqttLink) -> None:
        self._db, self._journal, self._link = db, journal, link
        link.listen("dev/+/event/drawer_opened", self._opened)

    def _opened(self, levels: list[str], payload: bytes) -> None:
        opened = DrawerOpened.model_validate_json(payload)
        if not opened.by_command:
            self._link.later(self._db.write(self._by_hand, levels[1], opened))

    def _by_hand(self, tx: Tx, device: str, opened: DrawerOpened) -> None:
        if tx.one(tables.MOMENT, (device, opened.at.isoformat(), BY_HAND)):  # the broker may say it twice
            return
        last = tx.one(tables.LAST_SEEN, (device,))
        tables.remember(tx, device, opened.at, last["health"] if last else Health.ONLINE.value, BY_HAND)
        self._journal.append(tx, SYSTEM, DrawerOpenedByHand(device=device))
