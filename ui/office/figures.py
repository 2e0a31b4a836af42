"""What devices tell in numbers, in the words of people. The device's driver chooses the figures; this page knows how to say them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from hub.clock import Clock
from ui.station.printing import grams
from ui.texts import N_, Texts

Figure = int | float | str | bool
WORDS = {
    "waiting": N_("Commands that wait"),
    "drawer_open": N_("Drawer open"),
    "fence_ms": N_("Last confirmation took (ms)"),
    "glyphs_missing": N_("Characters no font had"),
    "labels_left": N_("Labels left"),
    "answers_dropped": N_("Answers not understood"),
    "answers_refused": N_("Answers not understood"),
    "lines_ignored": N_("Answers not understood"),
    "queued": N_("Jobs in the printer"),
    "supply_low_pct": N_("Emptiest cartridge (%)"),
    "supplies": N_("Cartridges"),
    "last_receipt_no": N_("Number of its last receipt"),
    "scans": N_("Codes read"),
    "cards": N_("Cards read"),
    "last_card": N_("Last card read at"),
    "refused": N_("Not taken for a code"),
    "last_refused": N_("Why the last one was not"),
    "garbage_bytes": N_("Bytes of garbage"),
    "last_scan": N_("Last code read at"),
    "mg": N_("On the scale"),
    "showing": N_("Shows something"),
    "battery_pct": N_("Battery (%)"),
    "minutes_left": N_("Minutes left on battery"),
    "load_pct": N_("Load (%)"),
    "input_v": N_("Mains (V)"),
    "name": N_("What it calls itself"),
    "object_id": N_("Its object identifier (SNMP)"),
    "uptime_s": N_("Running for"),
    "ports": N_("Ports it has"),
    "ports_up": N_("Ports with a link"),
    "ports_down_wanted": N_("Ports switched on without a link"),
    "errors_per_min": N_("Errors a minute"),
    "worst_port": N_("Port with the most errors"),
    "poe_w": N_("Power it feeds (W)"),
    "heat_c": N_("Temperature (°C)"),
    "under_voltage": N_("Too little power"),
    "under_voltage_since_start": N_("Too little power since it started"),
    "disk_free_mb": N_("Free storage (MB)"),
    "disk_worn_pct": N_("Storage worn (%)"),
    "memory_free_mb": N_("Free memory (MB)"),
    "clock_set": N_("Clock was set"),
    "readings": N_("What it measures"),
    "messages": N_("Messages"),
    "not_understood": N_("Parts of it that are not understood"),
    "values_refused": N_("Messages not understood"),
    "battery_v": N_("Battery (V)"),
    "wifi_clients": N_("Devices on its Wi-Fi"),
    "access_points": N_("Access points"),
    "neighbours": N_("Neighbours it sees"),
    "interface": N_("Network interface"),
    "gateway": N_("Router"),
    "gateway_ms": N_("Router answers after (ms)"),
    "gateway_loss_pct": N_("Lost on the way to the router (%)"),
    "dns_ms": N_("Names are looked up in (ms)"),
    "far": N_("Host outside"),
    "far_ms": N_("Host outside answers after (ms)"),
    "far_loss_pct": N_("Lost on the way outside (%)"),
    "pings_by": N_("Measured by"),
    "hq_ms": N_("Head office answers after (ms)"),
    "charging": N_("Charging"),
    "clock_skew_s": N_("Its clock is ahead by (s)"),
    "page": N_("Page"),
    "version": N_("Version"),
    "visible": N_("In front of the people"),
    "reloads": N_("Loaded again"),
    "beats_refused": N_("Messages not understood"),
}


OPENED = N_("Times the door was opened")  # `opened_<door>` of a sensor


def said(t: Texts, clock: Clock, figures: Mapping[str, Figure | None]) -> Iterator[tuple[str, str]]:
    """What a figure is and what it says; nothing of those that are unknown, empty or without words."""

    def moment(at: Figure) -> str:
        return f"{clock.local(datetime.fromisoformat(str(at))):%m-%d %H:%M}"

    how: dict[str, Callable[[Figure], str]] = {
        "mg": lambda mg: grams(t, int(mg)),
        "uptime_s": lambda s: t("{days} days {hours} h", days=int(s) // 86_400, hours=int(s) % 86_400 // 3600),
        "last_scan": moment,
        "last_card": moment,
    }
    for name, figure in figures.items():
        words = OPENED if name.startswith("opened_") else WORDS.get(name)
        if words and figure is not None and figure != "":
            plain = (t("yes") if figure else t("no")) if isinstance(figure, bool) else str(figure)
            yield t(words), how[name](figure) if name in how else plain
