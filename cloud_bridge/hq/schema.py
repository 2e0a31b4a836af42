"""The tables of head office: plain SQL for PostgreSQL, in order, append-only.

`events` is what the shops' journals say now, one line a number; `body` is `json`, not `jsonb`, because the shop's hash
seals its exact text and so the chain can be checked again here at any time. `forgotten` keeps what a shop no longer knows
after a restore. `sales` is drawn from both in the same transaction: takings are only ever sums of its rows.
"""

from __future__ import annotations

from collections.abc import Sequence

import psycopg

from hub.errors import StorageUnsafe

_LINE = """
  store text NOT NULL, epoch integer NOT NULL, seq bigint NOT NULL, at text NOT NULL, actor text NOT NULL, role text NOT NULL,
  station text NOT NULL, kind text NOT NULL, body json NOT NULL, hash bytea NOT NULL"""

STEPS: Sequence[tuple[str, str]] = (
    (
        "0001-shops-and-events",
        f"""
        CREATE TABLE shops (
          store text PRIMARY KEY,
          epoch integer NOT NULL DEFAULT 0, seq bigint NOT NULL DEFAULT 0, hash bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex'),
          heartbeat jsonb, seen_at timestamptz);
        CREATE TABLE events ({_LINE}, received_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (store, epoch, seq));
        CREATE UNIQUE INDEX events_one_line_a_number ON events (store, seq);
        CREATE INDEX events_by_kind ON events (store, kind, seq);
        CREATE TABLE forgotten ({_LINE}, received_at timestamptz NOT NULL, forgotten_at timestamptz NOT NULL DEFAULT now(),
          by_epoch integer NOT NULL, PRIMARY KEY (store, epoch, seq, hash));
        CREATE TABLE sales (
          store text NOT NULL, epoch integer NOT NULL, seq bigint NOT NULL, hash bytea NOT NULL, forgotten boolean NOT NULL DEFAULT false,
          kind text NOT NULL CHECK (kind IN ('SaleCompleted', 'SaleRefunded')), business_day date NOT NULL, currency text NOT NULL,
          amount bigint NOT NULL, tax bigint NOT NULL, till text NOT NULL, receipt_no bigint NOT NULL,
          PRIMARY KEY (store, epoch, seq, hash));
        CREATE INDEX sales_by_day ON sales (business_day, store);
        CREATE INDEX sales_by_till ON sales (store, till, receipt_no);
        CREATE TABLE refused (
          store text NOT NULL, reason text NOT NULL, count bigint NOT NULL DEFAULT 1, first_at timestamptz NOT NULL DEFAULT now(),
          last_at timestamptz NOT NULL DEFAULT now(), sample bytea NOT NULL, PRIMARY KEY (store, reason));
        CREATE TABLE alarms (
          id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, store text NOT NULL, kind text NOT NULL, subject text NOT NULL, facts jsonb NOT NULL,
          count bigint NOT NULL DEFAULT 1, raised_at timestamptz NOT NULL DEFAULT now(), last_at timestamptz NOT NULL DEFAULT now(),
          seen_at timestamptz);
        CREATE UNIQUE INDEX alarms_one_open ON alarms (store, kind, subject) WHERE seen_at IS NULL;
        """,
    ),
    (
        "0002-sessions",
        """
        CREATE TABLE sessions (
          token_hash bytea PRIMARY KEY, code_id text NOT NULL, made_at timestamptz NOT NULL, seen_at timestamptz NOT NULL);
        """,
    ),
    ("0003-adoption", "ALTER TABLE shops ADD COLUMN adopted_session text NOT NULL DEFAULT '';"),
)


def migrate(connection: psycopg.Connection[tuple[object, ...]]) -> list[str]:
    """Apply what is missing, each step with its record in one transaction; returns the names applied.

    Raises StorageUnsafe when the database holds steps this program does not know.
    """
    applied = []
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(7417000)")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS migrations (n serial PRIMARY KEY, name text UNIQUE NOT NULL, at timestamptz DEFAULT now())"
        )
        done = [str(row[0]) for row in connection.execute("SELECT name FROM migrations ORDER BY n")]
        names = [name for name, _ in STEPS]
        if done != names[: len(done)]:
            raise StorageUnsafe(unknown=", ".join(name for name in done if name not in names) or "order")
        for name, sql in STEPS[len(done) :]:
            connection.execute(sql.encode())
            connection.execute("INSERT INTO migrations (name) VALUES (%s)", (name,))
            applied.append(name)
    return applied
