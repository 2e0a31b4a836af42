"""What head office knows of each shop right now, and what it can look up.

Presence comes from heartbeats alone: every 15 s, late after 20 s, offline after 45 s. It lives in memory, with a
snapshot in PostgreSQL so that a restart shows when each shop was last heard. `version` rises with every visible change.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

import structlog
from psycopg.types.json import Jsonb

from cloud_bridge.contract import OFFLINE_AFTER_S, DeviceSeen, Heartbeat, Malformed, pack
from cloud_bridge.hq.chain import BEFORE_FIRST, Place
from cloud_bridge.hq.database import Database, Row
from cloud_bridge.hq.ingest import News
from cloud_bridge.hq.shops import Shops
from hub.clock import Clock
from hub.errors import NotFound, StorageFailed

log = structlog.get_logger()

LATE_AFTER_S = 20.0
SNAPSHOT_S = 60.0
TICK_S = 0.5
EVENTS_AT_ONCE = 200


class Presence(StrEnum):
    """Whether a shop is heard."""

    ONLINE = "online"
    LATE = "late"
    OFFLINE = "offline"
    NEVER = "never"


@dataclass(slots=True)
class _Heard:
    """One shop in memory. `seen_s` is monotonic and None until heard by this process."""

    heartbeat: Heartbeat | None = None
    seen_s: float | None = None
    seen_at: datetime | None = None
    saved_s: float = -SNAPSHOT_S
    is_fenced: bool = False
    head: Place = BEFORE_FIRST


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """One shop as shown: `takings` are today's, in minor units by currency; `waiting` lines are known to exist but not here."""

    store: str
    name: str
    presence: Presence
    seen_at: datetime | None
    hub: str
    hub_since: str
    devices: dict[str, DeviceSeen]
    version: str
    epoch: int
    seq: int
    waiting: int
    takings: dict[str, int]
    alarms: int
    is_fenced: bool

    @property
    def troubled(self) -> list[str]:
        """Ids of devices that need someone."""
        return [key for key, device in self.devices.items() if device.health in {"offline", "degraded"}]


class Fleet:
    """The shops of this head office."""

    def __init__(self, database: Database, shops: Shops, clock: Clock) -> None:
        self._database, self._list, self._clock = database, shops, clock
        self._shops: dict[str, _Heard] = {}
        self._takings: dict[str, dict[str, int]] = {}
        self._alarms: dict[str, int] = {}
        self._stale = True  # the two above need to be asked for again
        self._day: date | None = None
        self.version = 0

    async def start(self) -> None:
        """Load what was known before. Raises StorageFailed."""
        for row in await self._database.all("SELECT store, epoch, seq, hash, heartbeat, seen_at FROM shops"):
            heard = self._shops[row["store"]] = _Heard(seen_at=row["seen_at"], head=Place(row["epoch"], row["seq"], row["hash"]))
            if row["heartbeat"]:
                heard.heartbeat = _read_snapshot(row["store"], row["heartbeat"])
        await self.refresh()

    async def run(self) -> None:
        """Keep lists, sums and snapshots current, for ever."""
        while True:
            await self._clock.sleep(TICK_S)
            try:
                await self.refresh()
            except StorageFailed as away:
                log.warning("fleet waits for postgres", why=str(away))

    async def refresh(self) -> None:
        """One round of `run`. Raises StorageFailed."""
        for store in self._list.names():
            if store not in self._shops:
                self._shops[store] = _Heard()
                self.version += 1
        today = self._clock.business_day()
        if self._stale or today != self._day:
            self._stale, self._day = False, today
            await self._count(today)
            self.version += 1
        await self._save()

    def heard(self, beat: Heartbeat, *, fenced: bool = False) -> None:
        """A heartbeat came in. `fenced`: from a copy that may not speak for the shop; counts only while no other is heard."""
        shop = self._shops.setdefault(beat.store, _Heard())
        if fenced and not shop.is_fenced and self._presence(shop) in {Presence.ONLINE, Presence.LATE}:
            return
        if shop.heartbeat is None or _visible(shop.heartbeat) != _visible(beat) or shop.is_fenced != fenced:
            shop.saved_s = self._clock.monotonic() - SNAPSHOT_S
            self.version += 1
        shop.heartbeat, shop.is_fenced = beat, fenced
        shop.seen_s, shop.seen_at = self._clock.monotonic(), self._clock.now()

    def ingested(self, news: News) -> None:
        """Lines were committed."""
        for store, head in news.heads.items():
            self._shops.setdefault(store, _Heard()).head = head
        self._stale = True
        self.version += 1

    def changed(self) -> None:
        """Something else that is shown here changed, such as an alarm."""
        self._stale = True

    def head(self, store: str) -> Place:
        """The last contiguous line here."""
        shop = self._shops.get(store)
        return shop.head if shop else BEFORE_FIRST

    def overview(self) -> list[Shop]:
        """Every shop, by its short name."""
        return [self._shown(store, heard) for store, heard in sorted(self._shops.items())]

    def shop(self, store: str) -> Shop:
        """One shop. Raises NotFound."""
        heard = self._shops.get(store)
        if heard is None:
            raise NotFound(shop=store)
        return self._shown(store, heard)

    @property
    def today(self) -> date:
        """The business day takings of today are counted for."""
        return self._clock.business_day()

    async def events(self, store: str, *, below: int | None = None, limit: int = EVENTS_AT_ONCE) -> list[Row]:
        """Lines of a shop, newest first: seq, epoch, at, actor, role, station, kind, body, received_at."""
        return await self._database.all(
            "SELECT seq, epoch, at, actor, role, station, kind, body, received_at FROM events"
            " WHERE store = %s AND seq < %s ORDER BY seq DESC LIMIT %s",
            (store, below or 2**53, min(limit, EVENTS_AT_ONCE)),
        )

    async def forgotten(self, store: str, limit: int = EVENTS_AT_ONCE) -> list[Row]:
        """Lines head office has and the shop no longer knows, newest first, with the epoch that forgot them."""
        return await self._database.all(
            "SELECT seq, epoch, at, actor, role, station, kind, body, forgotten_at, by_epoch FROM forgotten"
            " WHERE store = %s ORDER BY epoch DESC, seq DESC LIMIT %s",
            (store, min(limit, EVENTS_AT_ONCE)),
        )

    async def takings(self, store: str, *, days: int = 14) -> list[Row]:
        """By business day and currency, newest first: sales, refunds, completed, refunded, total, and what of it was forgotten.

        Amounts are minor units; `total` = completed - refunded; forgotten sales are in none of them but their own column.
        """
        return await self._database.all(
            "SELECT business_day, currency,"
            " count(*) FILTER (WHERE kind = 'SaleCompleted' AND NOT forgotten)::bigint AS sales,"
            " count(*) FILTER (WHERE kind = 'SaleRefunded' AND NOT forgotten)::bigint AS refunds,"
            " coalesce(sum(amount) FILTER (WHERE kind = 'SaleCompleted' AND NOT forgotten), 0)::bigint AS completed,"
            " coalesce(-sum(amount) FILTER (WHERE kind = 'SaleRefunded' AND NOT forgotten), 0)::bigint AS refunded,"
            " coalesce(sum(amount) FILTER (WHERE NOT forgotten), 0)::bigint AS total,"
            " coalesce(sum(amount) FILTER (WHERE forgotten), 0)::bigint AS forgotten"
            " FROM sales WHERE store = %s AND business_day > %s GROUP BY 1, 2 ORDER BY 1 DESC, 2",
            (store, self.today - timedelta(days=days)),
        )

    async def alarms(self, store: str | None = None) -> list[Row]:
        """What nobody has seen yet, newest first: id, store, kind, subject, facts, count, raised_at, last_at."""
        return await self._database.all(
            "SELECT id, store, kind, subject, facts, count, raised_at, last_at FROM alarms"
            " WHERE seen_at IS NULL AND (%s::text IS NULL OR store = %s) ORDER BY last_at DESC LIMIT 200",
            (store, store),
        )

    async def seen(self, alarm: int) -> None:
        """A person has taken notice of an alarm; the next one of its kind is a new one."""
        await self._database.all("UPDATE alarms SET seen_at = now() WHERE id = %s AND seen_at IS NULL", (alarm,))
        self.changed()

    async def adopt(self, store: str, session: str) -> None:
        """A person decided: the outdated copy whose bridge runs as `session` is the shop now.

        It begins a new epoch with its next hello. What head office knows beyond it is kept as forgotten, and any other hub of
        this shop may no longer speak for it.
        """
        log.warning("copy adopted", store=store, session=session)
        await self._database.all("UPDATE shops SET adopted_session = %s WHERE store = %s", (session, store))
        await self._database.all("UPDATE alarms SET seen_at = now() WHERE store = %s AND kind = 'old_epoch' AND seen_at IS NULL", (store,))
        self.changed()

    async def refused(self) -> list[Row]:
        """Messages that were not taken: store, reason, count, last_at."""
        return await self._database.all("SELECT store, reason, count, last_at FROM refused ORDER BY last_at DESC LIMIT 200")

    def _presence(self, shop: _Heard) -> Presence:
        if shop.seen_s is None:
            return Presence.OFFLINE if shop.seen_at else Presence.NEVER
        age = self._clock.monotonic() - shop.seen_s
        if age <= LATE_AFTER_S:
            return Presence.ONLINE
        return Presence.LATE if age <= OFFLINE_AFTER_S else Presence.OFFLINE

    def _shown(self, store: str, heard: _Heard) -> Shop:
        beat, presence = heard.heartbeat, self._presence(heard)
        heard_now = presence in {Presence.ONLINE, Presence.LATE}
        devices = beat.devices if beat else {}
        return Shop(
            store=store,
            name=(beat.name if beat else "") or store,
            presence=presence,
            seen_at=heard.seen_at,
            hub=beat.hub if beat and heard_now else "unknown",
            hub_since=beat.hub_since if beat else "",
            devices={key: device if heard_now else _unknown(device) for key, device in devices.items()},
            version=beat.version if beat else "",
            epoch=heard.head.epoch,
            seq=heard.head.seq,
            waiting=max(0, beat.seq - heard.head.seq) if beat else 0,
            takings=self._takings.get(store, {}),
            alarms=self._alarms.get(store, 0),
            is_fenced=heard.is_fenced,
        )

    async def _count(self, today: date) -> None:
        takings: dict[str, dict[str, int]] = {}
        sql = "SELECT store, currency, sum(amount)::bigint AS total FROM sales WHERE business_day = %s AND NOT forgotten GROUP BY 1, 2"
        for row in await self._database.all(sql, (today,)):
            takings.setdefault(row["store"], {})[row["currency"]] = row["total"]
        self._takings = takings
        alarms = await self._database.all("SELECT store, count(*)::bigint AS open FROM alarms WHERE seen_at IS NULL GROUP BY 1")
        self._alarms = {row["store"]: row["open"] for row in alarms}

    async def _save(self) -> None:
        """Snapshots of shops that changed, and of the others once a minute."""
        now = self._clock.monotonic()
        for store, shop in list(self._due(now)):
            beat, shop.saved_s = shop.heartbeat, now
            await self._database.all(
                "INSERT INTO shops (store, heartbeat, seen_at) VALUES (%s, %s, %s)"
                " ON CONFLICT (store) DO UPDATE SET heartbeat = excluded.heartbeat, seen_at = excluded.seen_at",
                (store, Jsonb(asdict(beat)) if beat else None, shop.seen_at),
            )

    def _due(self, now: float) -> Iterable[tuple[str, _Heard]]:
        for store, shop in self._shops.items():
            if shop.seen_s is not None and shop.seen_s > shop.saved_s and now - shop.saved_s >= SNAPSHOT_S:
                yield store, shop


def _visible(beat: Heartbeat) -> tuple[object, ...]:
    """What a person would see of a heartbeat: all but its own number and time."""
    return (beat.name, beat.epoch, beat.seq, beat.hub, beat.hub_since, beat.devices, beat.version, beat.session)


def _unknown(device: DeviceSeen) -> DeviceSeen:
    return DeviceSeen(kind=device.kind, name=device.name, health="unknown", since=device.since, simulated=device.simulated)


def _read_snapshot(store: str, snapshot: Row) -> Heartbeat | None:
    try:
        return Heartbeat.from_bytes(pack({"v": 1, **snapshot}), store)
    except Malformed as older:
        log.warning("snapshot of an older version left out", store=store, why=str(older))
        return None
