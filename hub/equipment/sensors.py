"""What third-party sensors measure, as the hub knows it now, and plugs that are switched."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import orjson
import structlog

from hub.access import SYSTEM, Actor, Right
from hub.db import Db, Tx
from hub.equipment.events import AlarmRaised
from hub.equipment.link import MqttLink
from hub.equipment.model import Alarm, CannotSwitch
from hub.equipment.service import Equipment
from hub.journal import Journal
from hub.ports import Outcome, Reading

log = structlog.get_logger()

DEVICES_MAX, READINGS_MAX = 256, 32
SWITCH_WITHIN_S = 5.0


class Sensors:
    """The newest readings, in memory only: they are told anew every half minute."""

    def __init__(self, db: Db, journal: Journal, link: MqttLink, equipment: Equipment) -> None:
        self._db, self._journal, self._link, self._equipment = db, journal, link, equipment
        self._readings: dict[str, dict[str, Reading]] = {}
        link.listen("dev/+/event/alarm", self._on_alarm)
        link.listen("dev/+/reading/+", self._on_reading)

    def readings(self, actor: Actor, device: str) -> Mapping[str, Reading]:
        """What a sensor measured last, by name; empty while nothing has come. Raises NotFound."""
        actor.must(Right.SEE_DEVICES)
        self._equipment.must_be("sensor", device)
        return MappingProxyType(self._readings.get(device, {}))

    async def switch(self, actor: Actor, device: str, *, on: bool, outlet: str = "switch") -> None:
        """Switch a plug; it says itself that it did. Raises NotFound, DeviceBusy when nobody answers, or CannotSwitch with the reason."""
        actor.must(Right.CHANGE_DEVICES)
        self._equipment.must_be("sensor", device)
        done = await self._equipment.asking.device(device, "switch", {"on": on, "outlet": outlet}, SWITCH_WITHIN_S)
        if done.outcome is not Outcome.DONE:
            raise CannotSwitch(device=device, reason=done.reason, sentence=done.sentence)

    def _on_reading(self, levels: list[str], payload: bytes) -> None:
        reading = Reading.model_validate_json(payload)
        of_device = self._readings.setdefault(levels[1], {})
        if levels[3] in of_device or len(of_device) < READINGS_MAX:
            of_device[levels[3]] = reading
        if len(self._readings) > DEVICES_MAX:
            del self._readings[next(iter(self._readings))]

    def _on_alarm(self, levels: list[str], payload: bytes) -> None:
        alarm = Alarm(orjson.loads(payload)["alarm"])
        self._link.later(self._db.write(self._raised, levels[1], alarm))

    def _raised(self, tx: Tx, device: str, alarm: Alarm) -> None:
        self._journal.append(tx, SYSTEM, AlarmRaised(device=device, alarm=alarm))
