"""The hub asks, before everything stops: is what the shop has written so far at head office? The answer comes when it is, or never will be."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import orjson
import structlog

from cloud_bridge.cursor import Cursor
from cloud_bridge.uplink import Uplink
from hub.clock import Clock
from hub.errors import ChairsideError

log = structlog.get_logger()

FLUSH_S_MAX = 30.0
LOOK_S = 0.02
Answer = Callable[[bytes], None]


class Flush:
    """One at a time; `answer` publishes on `bridge/done`. A second question while one is open ends the first, as its asker has gone."""

    def __init__(self, uplink: Uplink, cursor: Cursor, clock: Clock, answer: Answer) -> None:
        self._uplink, self._cursor, self._clock, self._answer = uplink, cursor, clock, answer
        self._task: asyncio.Task[None] | None = None

    def asked(self, question: str) -> None:
        """Begin; `question` is the id of the command."""
        self.end()
        self._task = asyncio.create_task(self._flush(question), name="flush")

    def end(self) -> None:
        """Whoever asked has gone."""
        if self._task:
            self._task.cancel()
        self._task = None

    async def _flush(self, question: str) -> None:
        limit = self._clock.monotonic() + FLUSH_S_MAX
        while not (level := self._uplink.is_level()) and self._clock.monotonic() < limit:
            await self._clock.sleep(LOOK_S)
        try:
            await self._cursor.save()
        except ChairsideError as why:
            log.warning("cursor not saved", why=str(why))
        log.info("flushed", level=level)
        outcome = "done" if level else "failed"
        self._answer(
            orjson.dumps({"id": question, "outcome": outcome, "retry_safe": not level, "reason": "", "sentence": "", "result": {}})
        )
