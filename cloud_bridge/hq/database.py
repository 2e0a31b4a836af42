"""Reads and small writes of head office's service: a few connections, each statement its own transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg.rows import dict_row

from hub.errors import StorageFailed

Row = dict[str, Any]
CONNECTIONS = 3
STATEMENT_S_MAX = 10


class Database:
    """A handful of connections shared by pages, questions of shops and sessions; opened when first needed."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._free: asyncio.Queue[psycopg.AsyncConnection[Row] | None] = asyncio.Queue()
        for _ in range(CONNECTIONS):
            self._free.put_nowait(None)

    async def all(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """Every row. Raises StorageFailed when PostgreSQL is away."""
        connection = await self._free.get()
        try:
            if connection is None or connection.closed:
                connection = None
                connection = await self._connect()
            cursor = await connection.execute(sql.encode(), values)
            return await cursor.fetchall() if cursor.description else []
        except psycopg.OperationalError as away:
            raise StorageFailed(why=str(away).strip()[:200]) from away
        finally:
            self._free.put_nowait(connection)

    async def one(self, sql: str, values: Sequence[Any] = ()) -> Row | None:
        """The first row, or None. Raises StorageFailed."""
        rows = await self.all(sql, values)
        return rows[0] if rows else None

    async def close(self) -> None:
        """Close what is open; at the end."""
        while not self._free.empty():
            connection = self._free.get_nowait()
            if connection is not None:
                await connection.close()

    async def _connect(self) -> psycopg.AsyncConnection[Row]:
        return await psycopg.AsyncConnection.connect(
            self._dsn, autocommit=True, row_factory=dict_row, options=f"-c statement_timeout={STATEMENT_S_MAX}s"
        )
