"""One shop in full: how it is, what hangs at its hub, what it took, what it announced, and what needs someone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from nicegui import ui

from hub.errors import ChairsideError
from ui.hq import words
from ui.hq.services import ConsoleServices, Row, Shop
from ui.texts import Texts
from ui.widgets import InlineError, empty_state, press, status_dot, text

SIMULATED = "SIMULATED"


class Detail:
    """The right half of an open console."""

    def __init__(self, services: ConsoleServices, t: Texts, shop: Shop) -> None:
        self._services, self._t, self._shop = services, t, shop
        self._drawn: dict[str, object] = {}

    async def build(self) -> None:
        """Draw the frame, then fill it."""
        t = self._t
        with ui.element("header").classes("hq-head"):
            self._title = ui.element("div").classes("hq-title")
            with ui.element("div").classes("hq-ping"):
                self._pong = text("", "cs-figures", tag="span").props('role="status"')
                press(t("Ping"), self._ping, icon="network_ping", classes="cs-small")
        self._error = InlineError(t)
        self._alarms = ui.element("div").classes("hq-alarm-list")
        with ui.element("div").classes("hq-middle"):
            with ui.element("section").classes("cs-surface hq-block"):
                text(t("Hub and devices"), "hq-heading", tag="h2")
                self._picture = ui.element("div").classes("hq-picture")
            with ui.element("section").classes("cs-surface hq-block"):
                text(t("Takings"), "hq-heading", tag="h2")
                self._takings = ui.element("div").classes("hq-takings")
        with ui.element("section").classes("cs-surface hq-block hq-events"):
            with ui.element("div").classes("cs-row cs-between"):
                text(t("Events"), "hq-heading", tag="h2")
                search = ui.input(placeholder=t("Search events"), on_change=lambda e: self._filter(e.value)).props(
                    "dense outlined clearable"
                )
                search.props["aria-label"] = t("Search events")
            self._events = self._events_table()
        self._forgotten = ui.element("div")
        await self.show(self._shop)

    async def show(self, shop: Shop) -> None:
        """Draw anew what changed. Raises StorageFailed."""
        self._shop = shop
        clock = self._services.clock
        self._part("title", (_without_figures(shop), words.age(self._t, clock, shop.seen_at)), self._draw_title)
        minute = int(clock.monotonic() // 15)
        self._part("picture", (shop.hub, shop.hub_since, dict(shop.devices), minute), self._draw_picture)
        if self._is_news("lines", (shop.epoch, shop.seq, dict(shop.takings), shop.alarms, self._services.fleet.today)):
            await self._look_up()

    async def _look_up(self) -> None:
        fleet, store = self._services.fleet, self._shop.store
        events, takings, forgotten = await fleet.events(store), await fleet.takings(store), await fleet.forgotten(store)
        alarms, refused = await fleet.alarms(store), [row for row in await fleet.refused() if row["store"] == store]
        self._events.rows = [self._event_row(row) for row in events]
        self._part("takings", takings, lambda: self._draw_takings(takings))
        self._part("alarms", (alarms, refused), lambda: self._draw_alarms(alarms, refused))
        self._part("forgotten", forgotten, lambda: self._draw_forgotten(forgotten))

    def _draw_title(self) -> ui.element:
        t, shop = self._t, self._shop
        with self._title:
            text(shop.name, "cs-t4 cs-bold", tag="h2")
            tone, word = words.PRESENCE.get(shop.presence, words.PRESENCE["never"])
            status_dot(tone, t(word))
            tone, word = words.HUB.get(shop.hub, words.HUB["unknown"])
            status_dot(tone, t(word))
            if shop.is_fenced:
                status_dot("bad", t("Outdated copy"))
            heard = t("heard {age}", age=words.age(t, self._services.clock, shop.seen_at))
            line = t("epoch {epoch}, line {seq}", epoch=shop.epoch, seq=shop.seq)
            waiting = [t("{count} waiting", count=shop.waiting)] if shop.waiting else []
            version = [t("version {version}", version=shop.version)] if shop.version else []
            text(" · ".join([shop.store, heard, line, *waiting, *version]), "cs-muted cs-figures hq-line", tag="p")
        return self._title

    def _draw_picture(self) -> ui.element:
        """The hub in the middle, its devices to both sides."""
        shop, t = self._shop, self._t
        items = list(shop.devices.items())
        with self._picture:
            self._side(items[0::2], "hq-left")
            with ui.element("div").classes("hq-hub"):
                text("hub", "material-icons hq-hub-icon", tag="i").props('aria-hidden="true"')
                tone, word = words.HUB.get(shop.hub, words.HUB["unknown"])
                status_dot(tone, t(word))
                text(words.age_of(t, self._services.clock, shop.hub_since), "cs-muted cs-t1")
            self._side(items[1::2], "hq-right")
            if not items:
                text(t("No devices have been reported."), "cs-muted", tag="p")
        return self._picture

    def _side(self, items: Sequence[tuple[str, Any]], side: str) -> None:
        with ui.element("ul").classes(f"hq-side {side}"):
            for key, device in items:
                self._device(key, device)

    def _device(self, key: str, device: Any) -> None:
        tone, word = words.HEALTH.get(device.health, words.HEALTH["unknown"])
        with ui.element("li").classes(f"hq-device hq-{tone}").props(f'data-device="{key}"'):
            text(words.DEVICE_ICONS.get(device.kind, "device_hub"), "material-icons", tag="i").props('aria-hidden="true"')
            with ui.element("div").classes("hq-device-words"):
                text(device.name or key, "cs-bold cs-one-line")
                with ui.element("div").classes("hq-device-line"):
                    status_dot(tone, self._t(word))
                    text(words.age_of(self._t, self._services.clock, device.since), "cs-t1 cs-muted cs-figures hq-age")
                if device.sentence and tone != "good":
                    text(device.sentence, "cs-t1 cs-muted")
                if device.simulated:
                    text(SIMULATED, "hq-simulated", tag="span")

    def _draw_takings(self, rows: Sequence[Row]) -> ui.element:
        t, today = self._t, self._services.fleet.today
        now = {row["currency"]: row["total"] for row in rows if row["business_day"] == today}
        with self._takings:
            with ui.element("div").classes("hq-today"):
                text(t("Today, {day}", day=f"{today:%Y-%m-%d}"), "cs-muted")
                text(words.money(now), "cs-money cs-t4 cs-bold").props('data-today="takings"')
            if not rows:
                empty_state(t("No sale in the last two weeks."), icon="point_of_sale")
                return self._takings
            with ui.element("table").classes("hq-days"):
                with ui.element("thead"), ui.element("tr"):
                    for label in (t("Day"), t("Sales"), t("Refunds"), t("Total")):
                        text(label, tag="th")
                with ui.element("tbody"):
                    for row in rows:
                        self._day(row)
        return self._takings

    def _day(self, row: Row) -> None:
        with ui.element("tr"):
            text(f"{row['business_day']:%m-%d}", "cs-figures", tag="td")
            text(str(row["sales"]), "cs-figures", tag="td")
            text(str(row["refunds"]), "cs-figures", tag="td")
            with ui.element("td"):
                text(words.amount(row["total"], row["currency"]), "cs-money")
                if row["forgotten"]:
                    lost = words.amount(row["forgotten"], row["currency"])
                    text(self._t("and {amount} forgotten", amount=lost), "cs-t1 cs-warn")

    def _draw_alarms(self, alarms: Sequence[Row], refused: Sequence[Row]) -> ui.element:
        t = self._t
        with self._alarms:
            for row in alarms:
                with ui.element("div").classes("hq-alarm").props('role="alert"'):
                    text("notifications_active", "material-icons", tag="i").props('aria-hidden="true"')
                    text(words.alarm(t, row["kind"], row["facts"]), "cs-grow")
                    times = [t("{count} times", count=row["count"])] if row["count"] > 1 else []
                    text(" · ".join([*times, words.age(t, self._services.clock, row["last_at"])]), "cs-muted cs-figures cs-t1")
                    if row["kind"] == "old_epoch" and row["facts"].get("session"):
                        press(t("Make it the shop …"), partial(self._ask_to_adopt, str(row["facts"]["session"])), classes="cs-small")
                    press(t("Seen"), partial(self._seen, row["id"]), classes="cs-quiet cs-small")
            if refused:
                counted = ", ".join(f"{row['reason']} {row['count']}" for row in refused)
                text(t("Refused messages: {counted}", counted=counted), "cs-muted cs-t1", tag="p")
        return self._alarms

    def _draw_forgotten(self, rows: Sequence[Row]) -> ui.element:
        t = self._t
        with self._forgotten:
            if rows:
                with ui.element("section").classes("cs-surface hq-block"):
                    text(t("Forgotten by the shop"), "hq-heading", tag="h2")
                    text(t("Head office has these events; the shop was restored to an older copy and does not."), "cs-muted", tag="p")
                    table = self._events_table()
                    table.rows = [self._event_row(row) for row in rows]
        return self._forgotten

    def _events_table(self) -> ui.table:
        t = self._t
        labels = {"time": t("Time"), "number": t("Epoch and number"), "kind": t("Event"), "who": t("Who"), "facts": t("Details")}
        columns = [
            {"name": name, "label": label, "field": name, "align": "left", "sortable": name != "facts"} for name, label in labels.items()
        ]
        table = (
            ui.table(rows=[], columns=columns, row_key="number", pagination=0)
            .classes("hq-table")
            .props("flat dense virtual-scroll hide-pagination")
        )
        table.add_slot("no-data", f"<span>{t('Nothing has been announced yet.')}</span>")
        return table

    def _event_row(self, row: Row) -> dict[str, str]:
        body: Mapping[str, Any] = row["body"]
        return {
            "time": f"{self._services.clock.local(datetime.fromisoformat(row['at'])):%m-%d %H:%M:%S}",
            "number": f"{row['epoch']}·{row['seq']:06}",
            "kind": words.kind(self._t, row["kind"]),
            "who": f"{words.who(self._t, row['role'])} · {row['station']}",
            "facts": words.facts(self._t, body),
        }

    async def _ping(self) -> None:
        t = self._t
        self._error.hush()
        self._pong.text = t("Asking …")
        try:
            pong = await self._services.ping(self._shop.store)
        except ChairsideError as silent:
            self._pong.text = ""
            self._error.show(silent)
            return
        _, word = words.HUB.get(pong.hub, words.HUB["unknown"])
        self._pong.text = t("{ms} ms there and back · {hub} · line {seq}", ms=f"{pong.round_trip_ms:.1f}", hub=t(word), seq=pong.seq)

    async def _seen(self, alarm: int) -> None:
        try:
            await self._services.fleet.seen(alarm)
        except ChairsideError as wrong:
            self._error.show(wrong)

    def _ask_to_adopt(self, session: str) -> None:
        """Say what it will do and who is affected, before it is done."""
        t = self._t
        with ui.dialog() as dialog, ui.element("div").classes("cs-surface hq-decision"):
            text(t("Make this copy the shop?"), "cs-t3 cs-bold", tag="h2")
            text(t("The outdated copy begins a new epoch and speaks for the shop from then on."), tag="p")
            text(t("What head office knows beyond it is kept here, as forgotten by the shop."), tag="p")
            text(t("Any other hub of this shop can no longer speak for it. Switch that one off first."), tag="p")
            with ui.element("div").classes("cs-row"):
                press(t("Leave it"), dialog.close)
                press(t("Make it the shop"), partial(self._adopt, session, dialog), classes="cs-danger")
        dialog.open()

    async def _adopt(self, session: str, dialog: ui.dialog) -> None:
        dialog.close()
        try:
            await self._services.fleet.adopt(self._shop.store, session)
        except ChairsideError as wrong:
            self._error.show(wrong)

    def _filter(self, wanted: str | None) -> None:
        self._events.filter = wanted or ""

    def _is_news(self, name: str, state: object) -> bool:
        if self._drawn.get(name) == state:
            return False
        self._drawn[name] = state
        return True

    def _part(self, name: str, state: object, draw: Any) -> None:
        """Draw a part anew when its state is another than the one drawn."""
        if self._is_news(name, state):
            {
                "title": self._title,
                "picture": self._picture,
                "takings": self._takings,
                "alarms": self._alarms,
                "forgotten": self._forgotten,
            }[name].clear()
            draw()


def _without_figures(shop: Shop) -> tuple[object, ...]:
    return (shop.name, shop.presence, shop.hub, shop.is_fenced, shop.epoch, shop.seq, shop.waiting, shop.version)
