"""An event loop whose time jumps to the next thing that is due as soon as everybody waits: an hour passes in the time the work takes.

Everything that waits by the loop (`asyncio.sleep`, `asyncio.timeout`, `call_later`) keeps its order and its distance, so limits mean what they
say. Work beside the loop takes no time: `to_thread` runs at once, a database write is waited for. A datagram on loopback is waited for too.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from threading import Event
from types import SimpleNamespace
from typing import Any, TypeVar

import pytest
from gufo.snmp.aio import SnmpSession

from devices.simulators import on_snmp, receipt_printer, shelf, terminal_language
from devices.simulators.wire import UdpEnd
from devices.transport import Udp
from hub.clock import Clock
from hub.db import Db

STARTS = datetime(2026, 3, 1, tzinfo=UTC)
STUCK_S = 20.0  # real seconds in which nothing comes although nothing is due
T = TypeVar("T")
DATAGRAM_S = 0.05  # real seconds a datagram on loopback may take


class _Jumping:
    """A selector that never waits: nothing to read now means that the loop's next moment has come."""

    def __init__(self) -> None:
        self._inner = selectors.DefaultSelector()
        self.now = 0.0
        self.sent = False  # a datagram, which may not have come yet

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        events = self._inner.select(0)
        if not events and (timeout is None or timeout > 0) and self.sent:
            events, self.sent = self._inner.select(DATAGRAM_S), False
        if events:
            self.sent = False
            return events
        if timeout is not None and timeout <= 0:
            return []
        if timeout is None:
            events = self._inner.select(STUCK_S)
            assert events, "everybody waits for ever"
            return events
        self.now += timeout
        return []

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._inner.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._inner.unregister(fileobj)

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._inner.modify(fileobj, events, data)

    def get_key(self, fileobj: Any) -> selectors.SelectorKey:
        return self._inner.get_key(fileobj)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._inner.get_map()

    def close(self) -> None:
        self._inner.close()


class VirtualLoop(asyncio.SelectorEventLoop):
    """Time begins at 0.0 and jumps."""

    def __init__(self) -> None:
        self.jumping = _Jumping()
        super().__init__(self.jumping)  # type: ignore[arg-type] - it has what a selector has

    def time(self) -> float:
        return self.jumping.now

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:
        """At once, on this thread."""
        answer: asyncio.Future[Any] = self.create_future()
        try:
            answer.set_result(func(*args))
        except Exception as failed:  # noqa: BLE001 - it belongs to whoever waits for it
            answer.set_exception(failed)
        return answer


class LoopClock(Clock):
    """The wall clock and the monotonic clock of a loop's time."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._loop = loop

    def monotonic(self) -> float:
        return self._loop.time()

    def _wall(self) -> datetime:
        return STARTS + timedelta(seconds=self._loop.time())


def run_virtually(make: Callable[[LoopClock], T], play: Callable[[T], Awaitable[None]]) -> T:
    """`make` before the loop runs, as a process builds itself, then `play` in virtual time."""
    loop = VirtualLoop()
    with pytest.MonkeyPatch.context() as patched:
        _beside_the_loop(patched, loop)
        made = make(LoopClock(loop))

        async def playing() -> None:
            await play(made)

        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(playing())
    return made


def _beside_the_loop(patched: pytest.MonkeyPatch, loop: VirtualLoop) -> None:
    """What has a time of its own, or another thread, follows the loop."""
    for module in (on_snmp, receipt_printer, shelf, terminal_language):
        patched.setattr(module, "time", SimpleNamespace(monotonic=loop.time))
    committed, handed_over, opened = Event(), Db._hand_over, Db.open

    def open_and_tell(db: Db) -> None:
        db.after_commit(committed.set)
        opened(db)

    def hand_over_and_wait(db: Db, whose: asyncio.AbstractEventLoop) -> None:
        committed.clear()
        handed_over(db, whose)
        assert committed.wait(STUCK_S), "the database does not answer"

    patched.setattr(Db, "open", open_and_tell)
    patched.setattr(Db, "_hand_over", hand_over_and_wait)
    for cls, name in ((SnmpSession, "_send"), (UdpEnd, "send"), (Udp, "write")):
        patched.setattr(cls, name, _counted(getattr(cls, name), loop))


def _counted(send: Callable[..., Any], loop: VirtualLoop) -> Callable[..., Any]:
    def sending(*args: Any, **more: Any) -> Any:
        loop.jumping.sent = True
        return send(*args, **more)

    return sending
