"""How many are on the Wi-Fi: no standard MIB tells it, so each maker's own, chosen by sysObjectID.

Proven on recordings: Aruba (WLSX-SWITCH-MIB), Huawei (HUAWEI-WLAN-GLOBAL-MIB), H3C (HH3C-DOT11-ACMT-MIB, in its old place below 2011.10),
Ruckus SmartZone (RUCKUS-SCG-SYSTEM-MIB), Ruijie (RUIJIE-AC-MGMT-MIB). H3C's place of today and Ruckus ZoneDirector are known by their MIBs only.
"""

from __future__ import annotations

from dataclasses import dataclass

from devices.drivers.snmp.agent import Agent
from devices.drivers.snmp.values import whole

_MAKERS = "1.3.6.1.4.1"


@dataclass(frozen=True, slots=True)
class Counted:
    """Where a maker tells the devices on its Wi-Fi and its access points that work."""

    clients: str
    points: str


def _at(clients: str, points: str) -> Counted:
    return Counted(f"{_MAKERS}.{clients}.0", f"{_MAKERS}.{points}.0")


MAKERS: dict[str, tuple[Counted, ...]] = {
    "14823": (_at("14823.2.2.1.1.3.2", "14823.2.2.1.1.3.1"),),
    "2011": (_at("2011.6.139.12.1.2.2", "2011.6.139.12.1.5.6"),),
    "25506": (_at("25506.2.75.1.1.3.6", "25506.2.75.1.1.2.1"), _at("2011.10.2.75.1.1.3.6", "2011.10.2.75.1.1.2.1")),
    "25053": (_at("25053.1.3.1.1.1.15.2", "25053.1.3.1.1.1.15.1"), _at("25053.1.2.1.1.1.15.2", "25053.1.2.1.1.1.15.1")),
    "4881": (_at("4881.1.1.10.2.56.1.1.15", "4881.1.1.10.2.56.1.1.11"),),
}


@dataclass(frozen=True, slots=True)
class Wifi:
    """None is what the device does not tell."""

    clients: int | None = None
    points: int | None = None


async def read_wifi(agent: Agent, object_id: str) -> Wifi:
    """Raises what the agent raises."""
    maker = object_id.removeprefix(f"{_MAKERS}.").partition(".")[0]
    places = MAKERS.get(maker, ()) if object_id.startswith(f"{_MAKERS}.") else ()
    if not places:
        return Wifi()
    said = await agent.get(*(oid for place in places for oid in (place.clients, place.points)))
    for place in places:
        clients = whole(said.get(place.clients))
        if clients is not None:
            return Wifi(clients, whole(said.get(place.points)))
    return Wifi()
