"""SQL of network cards and of the cable map."""

from __future__ import annotations

from datetime import datetime

from hub.db import Row, Tx
from hub.equipment.network_model import Cable, Card, Place
from hub.migrations import Migration

SCHEMA = Migration(
    "0063-network",
    """
    CREATE TABLE network_cards (
      mac TEXT PRIMARY KEY, ip TEXT NOT NULL, said TEXT NOT NULL, maker TEXT NOT NULL, name TEXT NOT NULL,
      known INTEGER NOT NULL CHECK (known IN (0, 1)), appeared_at TEXT NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE network_cables (
      seq INTEGER PRIMARY KEY, device TEXT NOT NULL, gear TEXT NOT NULL, port TEXT NOT NULL, socket TEXT NOT NULL,
      since TEXT NOT NULL, until TEXT) STRICT;
    CREATE UNIQUE INDEX cable_of_device ON network_cables (device) WHERE until IS NULL;
    CREATE UNIQUE INDEX cable_of_port ON network_cables (gear, port) WHERE until IS NULL AND gear <> '';
    """,
)
CARDS_MAX = 1000
HISTORY_SHOWN = 50
CARDS = "SELECT * FROM network_cards ORDER BY appeared_at DESC, mac LIMIT 1000"
STRANGERS = "SELECT * FROM network_cards WHERE known = 0 ORDER BY appeared_at DESC, mac LIMIT 100"
CABLES = "SELECT * FROM network_cables WHERE until IS NULL ORDER BY device LIMIT 2000"
HISTORY = "SELECT * FROM network_cables WHERE device = ? ORDER BY seq DESC LIMIT ?"
_TOO_MANY = (
    "DELETE FROM network_cards WHERE mac IN (SELECT mac FROM network_cards ORDER BY known DESC, appeared_at DESC, mac LIMIT -1 OFFSET ?)"
)


def card(tx: Tx, mac: str) -> Card | None:
    """One card, when it is known of."""
    row = tx.one("SELECT * FROM network_cards WHERE mac = ?", (mac,))
    return card_of(row) if row else None


def keep_card(tx: Tx, one: Card) -> None:
    """A new card, or a new name for one; of too many the oldest strangers are forgotten."""
    tx.execute(
        "INSERT INTO network_cards VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (mac) DO UPDATE SET name = excluded.name, known = excluded.known",
        (one.mac, one.ip, one.said, one.maker, one.name, int(one.known), one.appeared_at.isoformat()),
    )
    tx.execute(_TOO_MANY, (CARDS_MAX,))


def at_port(tx: Tx, place: Place) -> str | None:
    """The device recorded at a port now."""
    row = tx.one("SELECT device FROM network_cables WHERE until IS NULL AND gear = ? AND port = ?", (place.gear, place.port))
    return str(row["device"]) if row else None


def plug(tx: Tx, device: str, place: Place | None, at: datetime) -> None:
    """From now on a device hangs there, or nowhere that is known; where it hung before is kept."""
    tx.execute("UPDATE network_cables SET until = ? WHERE device = ? AND until IS NULL", (at.isoformat(), device))
    if place:
        tx.insert("network_cables", device=device, gear=place.gear, port=place.port, socket=place.socket, since=at.isoformat())


def card_of(row: Row) -> Card:
    """A row as the card it keeps."""
    return Card(
        mac=row["mac"],
        ip=row["ip"],
        said=row["said"],
        maker=row["maker"],
        name=row["name"],
        known=bool(row["known"]),
        appeared_at=datetime.fromisoformat(row["appeared_at"]),
    )


def cable_of(row: Row) -> Cable:
    """A row as the cable it keeps."""
    return Cable(
        device=row["device"],
        place=Place(gear=row["gear"], port=row["port"], socket=row["socket"]),
        since=datetime.fromisoformat(row["since"]),
        until=datetime.fromisoformat(row["until"]) if row["until"] else None,
    )
