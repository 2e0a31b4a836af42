"""What lives in the shop right now: each device, the device host and the hub, as the shop's MQTT broker shows them.

Only listened to, never asked. While the broker is away every device is unknown; while a device host is away, its devices
are. That the hub hangs is not seen over MQTT, so it is also asked over HTTP.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import structlog

from cloud_bridge.contract import DEVICES_MAX, DeviceSeen, HubState
from cloud_bridge.local_hub import Answer, LocalHub
from cloud_bridge.tasks import ended
from hub.clock import Clock
from hub.mqtt import Broker, Mqtt, Party

log = structlog.get_logger()

PAYLOAD_BYTES_MAX = 64 * 1024
PROBE_S, PROBE_AGAIN_S = 2.0, 1.0
MISSES_MAX = 2
TEXT_MAX = 300
HEALTHS = {"connecting", "online", "degraded", "offline", "unknown", "disabled"}
_CONTROL = re.compile(r"[\x00-\x1f]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """The shop as seen at one moment."""

    name: str
    hub: HubState
    hub_since: str
    devices: dict[str, DeviceSeen]


def hub_state(said: bool | None, asked: Answer | None) -> HubState:  # noqa: FBT001 - three-valued: what it says of itself
    """One word from two witnesses: what the hub says over MQTT (None: nothing heard), and how it answers over HTTP.

    A good answer wins. A hub that holds its port or its MQTT session without answering is silent: it hangs.
    """
    if asked is Answer.WELL:
        return "alive"
    if asked is Answer.NONE or (asked is Answer.REFUSED and said):
        return "silent"
    return "alive" if said and asked is None else "stopped"


class ShopWatch:
    """Listens and keeps the newest picture; `changed` is told, in the loop, whenever a person would see a difference."""

    def __init__(self, store: str, store_dir: Path, hub: LocalHub, clock: Clock, changed: Callable[[], None]) -> None:
        self._store, self._hub, self._clock, self._changed = store, hub, clock, changed
        topics = [f"store/{store}/{topic}" for topic in ("dev/+/info", "dev/+/state", "host/+/state", "hub/state", "bridge/do/flush")]
        party = Party(client_id=f"bridge-{store}", will=(f"store/{store}/bridge/state", _heard(online=False)), topics=topics)
        self._mqtt = Mqtt(partial(Broker.from_file, store_dir / "secrets" / "mqtt-bridge.json"), party)
        self._mqtt.on_connect = partial(self._set_connected, now=True)
        self._mqtt.on_disconnect = partial(self._set_connected, now=False)
        self._mqtt.on_message = lambda message: self.take(message.topic, message.payload)
        self.on_flush: Callable[[str], None] = lambda _question: None
        self._is_connected = False
        self._infos: dict[str, dict[str, Any]] = {}
        self._states: dict[str, dict[str, Any]] = {}
        self._hosts: dict[str, bool] = {}
        self._hub_said: dict[str, Any] | None = None
        self._asked: Answer | None = None
        self._misses = 0
        self._probe_now = asyncio.Event()
        self._last: Picture | None = None
        self._hub_since = clock.now().isoformat(timespec="milliseconds")
        self._hq_online = False
        self.malformed = 0

    async def run(self) -> None:
        """Listen and ask, for ever."""
        listening = asyncio.ensure_future(self._mqtt.run())
        try:
            await self._ask_hub()
        finally:
            self.head_office(online=False)
            await ended([listening])

    def head_office(self, *, online: bool) -> None:
        """Tell the shop whether head office is heard, for the light on the staff's screens."""
        self._hq_online = online
        self._mqtt.publish(f"store/{self._store}/bridge/state", _heard(online=online), retain=True)

    def flushed(self, answer: bytes) -> None:
        """Tell the hub what came of its question."""
        self._mqtt.publish(f"store/{self._store}/bridge/done", answer)

    def picture(self) -> Picture:
        """The shop now. `hub_since` is what the hub says of itself while it is alive, else when it was first seen so."""
        said = self._hub_said
        alive = said.get("alive") is True if said is not None and self._is_connected else None
        state = hub_state(alive, self._asked)
        if self._last is None or self._last.hub != state:
            self._hub_since = self._clock.now().isoformat(timespec="milliseconds")
        own = _moment(said.get("since")) if said and state == "alive" and alive else ""
        return Picture(
            name=_words((said or {}).get("name"), TEXT_MAX),
            hub=state,
            hub_since=own or self._hub_since,
            devices={key: self._device(key) for key in sorted(self._infos.keys() | self._states.keys())},
        )

    def _device(self, key: str) -> DeviceSeen:
        info, state = self._infos.get(key, {}), self._states.get(key, {})
        health = state.get("health")
        seen = DeviceSeen(
            kind=_words(info.get("kind"), 64),
            name=_words(info.get("name"), TEXT_MAX) or key,
            health=health if health in HEALTHS else "unknown",
            reason=_words(state.get("reason"), 64),
            sentence=_words(state.get("sentence"), TEXT_MAX),
            since=_moment(state.get("since")),
            simulated=info.get("simulated") is True,
        )
        if not self._is_connected:
            return replace(seen, health="unknown", reason="broker_away", sentence="")
        if self._hosts and not any(self._hosts.values()):
            return replace(seen, health="unknown", reason="host_away", sentence="")
        return seen

    def _look(self) -> None:
        """Tell of a change, if there is one to see."""
        now = self.picture()
        if now != self._last:
            self._last = now
            self._changed()

    def _set_connected(self, *, now: bool) -> None:
        self._is_connected = now
        self.head_office(online=self._hq_online)
        self._probe_now.set()
        self._look()

    def take(self, topic: str, payload: bytes) -> None:
        """One retained or new message. What cannot be read is counted and dropped; an empty one removes what it told of."""
        parts = topic.split("/")[2:]
        found = self._read(payload)
        if found is None:
            return None
        match parts:
            case ["dev", key, ("info" | "state") as what]:
                self._keep(self._infos if what == "info" else self._states, key, found)
            case ["host", key, "state"]:
                self._hosts[key] = _host_is_up(found)
                if not found:
                    del self._hosts[key]
            case ["hub", "state"]:
                self._hub_said = found or None
                self._probe_now.set()
            case ["bridge", "do", "flush"] if _words(found.get("id"), 64):
                return self.on_flush(_words(found.get("id"), 64))
            case _:
                return None
        return self._look()

    def _keep(self, table: dict[str, dict[str, Any]], key: str, found: dict[str, Any]) -> None:
        if not found:
            table.pop(key, None)
        elif key in table or len(table) < DEVICES_MAX // 2:
            table[key] = found
        else:
            self.malformed += 1
            log.warning("too many devices to report", device=key)

    def _read(self, payload: bytes) -> dict[str, Any] | None:
        if not payload:
            return {}
        try:
            found = orjson.loads(payload) if len(payload) <= PAYLOAD_BYTES_MAX else None
        except orjson.JSONDecodeError:
            found = None
        if not isinstance(found, dict) or not found:
            self.malformed += 1
            return None
        return found

    async def _ask_hub(self) -> None:
        """Ask every 2 s, and at once when MQTT says something of it; one miss is forgiven."""
        while True:
            self._probe_now.clear()
            answer = await self._hub.probe()
            self._misses = self._misses + 1 if answer is Answer.NONE else 0
            if answer is not Answer.NONE or self._misses >= MISSES_MAX or self._asked is None:
                self._asked = answer
            self._look()
            wait = PROBE_S if answer is Answer.WELL else PROBE_AGAIN_S
            waiting = [asyncio.ensure_future(self._probe_now.wait()), asyncio.ensure_future(self._clock.sleep(wait))]
            try:
                await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for one in waiting:
                    one.cancel()


def _host_is_up(found: dict[str, Any]) -> bool:
    """A device host says `alive` or `health` of itself; its last will says the contrary."""
    return found.get("alive", True) is True and found.get("health", found.get("state", "online")) not in {"offline", "stopped", "unknown"}


def _words(found: Any, limit: int) -> str:
    return _CONTROL.sub(" ", found)[:limit] if isinstance(found, str) else ""


def _moment(found: Any) -> str:
    try:
        return found if isinstance(found, str) and len(found) <= 40 and datetime.fromisoformat(found).tzinfo else ""
    except ValueError:
        return ""


def _heard(*, online: bool) -> bytes:
    return orjson.dumps({"hq": "online" if online else "offline"})
