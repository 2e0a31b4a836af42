"""The device host's own SQLite file, devices.db: what is adopted, what was asked and how it ended. Append only."""

from __future__ import annotations

from hub.migrations import Migration

STEPS = (
    Migration(
        "0001-devices",
        """
        CREATE TABLE devices (
          id TEXT PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL, roles TEXT NOT NULL, address TEXT NOT NULL,
          profile TEXT NOT NULL, enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),
          model TEXT NOT NULL, serial TEXT NOT NULL, firmware TEXT NOT NULL,
          adopted_at TEXT NOT NULL, removed_at TEXT) STRICT;
        CREATE UNIQUE INDEX one_device_an_address ON devices (address) WHERE removed_at IS NULL;
        CREATE TABLE commands (
          seq INTEGER PRIMARY KEY AUTOINCREMENT, device TEXT NOT NULL, id TEXT NOT NULL, verb TEXT NOT NULL,
          args TEXT NOT NULL, deadline TEXT, came_at TEXT NOT NULL,
          wrote INTEGER NOT NULL DEFAULT 0 CHECK (wrote IN (0, 1)), held TEXT NOT NULL DEFAULT '',
          outcome TEXT, retry_safe INTEGER NOT NULL DEFAULT 0, reason TEXT NOT NULL DEFAULT '',
          result TEXT NOT NULL DEFAULT '{}', ended_at TEXT, told INTEGER NOT NULL DEFAULT 0 CHECK (told IN (0, 1)),
          UNIQUE (device, id)) STRICT;
        CREATE INDEX commands_open ON commands (seq) WHERE outcome IS NULL;
        CREATE INDEX commands_untold ON commands (seq) WHERE outcome IS NOT NULL AND told = 0;
        """,
    ),
    Migration(
        "0002-macs-seen",
        """
        CREATE TABLE macs_seen (
          mac TEXT PRIMARY KEY, ip TEXT NOT NULL, name TEXT NOT NULL, first_seen TEXT NOT NULL, last_seen TEXT NOT NULL,
          waits INTEGER NOT NULL CHECK (waits IN (0, 1))) STRICT, WITHOUT ROWID;
        CREATE TABLE macs_watch (began_at TEXT NOT NULL) STRICT;
        """,
    ),
    Migration("0003-identity", "ALTER TABLE devices ADD COLUMN identity TEXT NOT NULL DEFAULT ''"),
)
