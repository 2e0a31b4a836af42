"""What head office's database is told of a shop's lines: plain SQL, each function a step of its caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import psycopg
import structlog
from psycopg.types.json import Jsonb

from cloud_bridge.contract import INTEGER_MAX, Batch, WireLine
from cloud_bridge.hq.chain import Place

log = structlog.get_logger()

Connection = psycopg.Connection[tuple[Any, ...]]
_COLUMNS = "store, epoch, seq, at, actor, role, station, kind, body, hash"
_SALES = {"SaleCompleted": 1, "SaleRefunded": -1}


def prepare(connection: Connection) -> None:
    """The staging table of this connection: never logged, empty after each commit."""
    connection.execute(
        "CREATE TEMP TABLE IF NOT EXISTS incoming (store text, epoch integer, seq bigint, at text, actor text, role text,"
        " station text, kind text, body json, hash bytea) ON COMMIT DELETE ROWS"
    )


def lock_head(connection: Connection, store: str) -> Place:
    """The last contiguous line of `store`, locked until the end of the transaction; a new shop begins before its first."""
    connection.execute("INSERT INTO shops (store) VALUES (%s) ON CONFLICT DO NOTHING", (store,))
    row = connection.execute("SELECT epoch, seq, hash FROM shops WHERE store = %s FOR UPDATE", (store,)).fetchone()
    return Place(*row) if row else Place(0, 0, bytes(32))


def move_head(connection: Connection, store: str, head: Place) -> None:
    """The last contiguous line is now `head`."""
    connection.execute("UPDATE shops SET epoch = %s, seq = %s, hash = %s WHERE store = %s", (head.epoch, head.seq, head.hash, store))


def held(connection: Connection, store: str, batch: Batch, head: Place) -> dict[int, Place]:
    """Our lines under the numbers of `batch`, and the one before; nothing to read when it starts above the head."""
    first, last = batch.lines[0].seq, batch.lines[-1].seq
    if first > head.seq:
        return {}
    sql = "SELECT epoch, seq, hash FROM events WHERE store = %s AND seq BETWEEN %s AND %s"
    return {row[1]: Place(*row) for row in connection.execute(sql, (store, first - 1, last))}


def add(connection: Connection, store: str, lines: Sequence[WireLine]) -> None:
    """Keep these lines, and the sales they tell of."""
    if not lines:
        return
    with connection.cursor() as cursor, cursor.copy(f"COPY incoming ({_COLUMNS}) FROM STDIN") as copy:
        for x in lines:
            copy.write_row((store, x.epoch, x.seq, x.at, x.actor, x.role, x.station, x.kind, x.body, x.hash))
    connection.execute(f"INSERT INTO events ({_COLUMNS}) SELECT {_COLUMNS} FROM incoming ON CONFLICT (store, epoch, seq) DO NOTHING")  # noqa: S608 - our own columns
    connection.execute(
        "DELETE FROM forgotten f USING incoming i WHERE f.store = i.store AND f.epoch = i.epoch AND f.seq = i.seq AND f.hash = i.hash"
    )
    connection.execute("DELETE FROM incoming")
    sales = [row for line in lines if line.kind in _SALES and (row := _sale(store, line))]
    if sales:
        with connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO sales (store, epoch, seq, hash, kind, business_day, currency, amount, tax, till, receipt_no)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
                " ON CONFLICT (store, epoch, seq, hash) DO UPDATE SET forgotten = false",
                sales,
            )


def forget(connection: Connection, store: str, from_seq: int, *, by_epoch: int) -> None:
    """The shop no longer knows our lines from `from_seq` on: set them aside, lose nothing."""
    row = connection.execute(
        f"WITH gone AS (DELETE FROM events WHERE store = %s AND seq >= %s RETURNING {_COLUMNS}, received_at)"  # noqa: S608 - our own columns
        f" INSERT INTO forgotten ({_COLUMNS}, received_at, by_epoch) SELECT {_COLUMNS}, received_at, %s FROM gone"
        " ON CONFLICT (store, epoch, seq, hash) DO UPDATE SET by_epoch = excluded.by_epoch, forgotten_at = now()"
        " RETURNING seq, epoch",
        (store, from_seq, by_epoch),
    ).fetchall()
    connection.execute("UPDATE sales SET forgotten = true WHERE store = %s AND seq >= %s AND NOT forgotten", (store, from_seq))
    if row:
        facts = {"from_seq": from_seq, "to_seq": max(seq for seq, _ in row), "lines": len(row), "by_epoch": by_epoch}
        alarm(connection, store, "forgotten", str(by_epoch), facts)


def refuse(connection: Connection, store: str, reason: str, sample: bytes) -> None:
    """Count a message that was not taken, with the newest as a sample."""
    connection.execute(*refuse_sql(store, reason, sample))


def refuse_sql(store: str, reason: str, sample: bytes) -> tuple[str, tuple[Any, ...]]:
    """The same as a statement, for connections of another kind."""
    sql = (
        "INSERT INTO refused (store, reason, sample) VALUES (%s, %s, %s) ON CONFLICT (store, reason)"
        " DO UPDATE SET count = refused.count + 1, last_at = now(), sample = excluded.sample"
    )
    return sql, (store, reason, sample)


def alarm(connection: Connection, store: str, kind: str, subject: str, facts: Mapping[str, Any]) -> None:
    """Tell people, once per shop, kind and subject until someone has seen it; repeats are counted."""
    connection.execute(*alarm_sql(store, kind, subject, facts))


def alarm_sql(store: str, kind: str, subject: str, facts: Mapping[str, Any]) -> tuple[str, tuple[Any, ...]]:
    """The same as a statement, for connections of another kind."""
    sql = (
        "INSERT INTO alarms (store, kind, subject, facts) VALUES (%s, %s, %s, %s) ON CONFLICT (store, kind, subject)"
        " WHERE seen_at IS NULL DO UPDATE SET count = alarms.count + 1, last_at = now(), facts = excluded.facts"
    )
    return sql, (store, kind, subject, Jsonb(dict(facts)))


def _sale(store: str, line: WireLine) -> tuple[Any, ...] | None:
    """The row of a sale or refund; None when its body does not hold what one needs. The line itself is kept either way."""
    found = line.facts()
    try:
        day = date.fromisoformat(found["business_day"])
        total, tax, receipt = _whole(found["total"]), _whole(found.get("tax", 0)), _whole(found["receipt_no"])
        currency, till = (_word(found[name]) for name in ("currency", "till"))
    except (KeyError, TypeError, ValueError) as why:
        log.warning("sale without its figures", store=store, epoch=line.epoch, seq=line.seq, why=repr(why))
        return None
    sign = _SALES[line.kind]
    return (store, line.epoch, line.seq, line.hash, line.kind, day, currency, sign * total, sign * tax, till, receipt)


def _whole(found: object) -> int:
    if isinstance(found, bool) or not isinstance(found, int) or abs(found) > INTEGER_MAX:
        raise ValueError(found)
    return found


def _word(found: object) -> str:
    if not isinstance(found, str) or not 0 < len(found) <= 64 or not found.isprintable():
        raise ValueError(found)
    return found
