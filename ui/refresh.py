"""A page outlives the request that opened it: who acts and what changed are asked anew.

`Refresh` follows the journal once per process, from its head, and tells the pages that are open; it keeps no cursor, because a
page that was not open yet has drawn itself from the services anyway. Pages are drawn one after the other, and what one of them
has to say leaves before the next is drawn: else the last page's work would stand between a tap and the first page's glass.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Iterable
from typing import Protocol

import structlog
from nicegui import Client, background_tasks, ui

from hub.access import Actor
from hub.errors import NotLoggedIn
from hub.journal import Line

log = structlog.get_logger()

LINES_KEPT = 200  # per page; a page further behind than this has redrawn from the services anyway
BREATH_S = 0.001  # between two pages: the loop sends what the first one drew

Redraw = Callable[[], None]
Told = Callable[[Line], None]


class Tail(Protocol):
    """The part of the journal that is needed: every new line from now on, for ever."""

    def tail(self, handle: Callable[[Line], Awaitable[None]]) -> Awaitable[None]:
        """Hand each line appended from now on to `handle`, in order."""
        ...


class Sessions(Protocol):
    """The part of the session store that is needed."""

    def actor_of(self, token: str) -> Actor | None:
        """Who this session stands for; None when it has ended."""
        ...


class ActorNow:
    """Who acts on the page at hand. Handlers run long after the request was checked, so every act asks again."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def __call__(self, client: Client | None = None) -> Actor:
        """The actor of `client` (default: the page whose handler runs). Raises NotLoggedIn when the session has ended."""
        request = (client or ui.context.client).request
        actor = self._sessions.actor_of(getattr(request.state, "sid", ""))
        if actor is None:
            raise NotLoggedIn
        return actor


class Refresh:
    """Tells open pages what the shop did."""

    def __init__(self) -> None:
        self._listeners: list[_Listener] = []
        self._due: dict[_Listener, None] = {}
        self._drawing = False

    async def run(self, journal: Tail) -> None:
        """Follow `journal` for ever; started once by the composition root."""
        await journal.tail(self._line)

    def on(self, kinds: Collection[str], redraw: Redraw) -> None:
        """Call `redraw` in this page's context soon after a line of one of `kinds`; a burst is one call.

        A page without a browser is drawn when its browser is back. Subscribe once while the page is built, never inside something
        that is redrawn: a subscription ends with its page.
        """
        self._add(_Listener(ui.context.client, frozenset(kinds), redraw=redraw))

    def each(self, kinds: Collection[str], told: Told) -> None:
        """Hand every single line of `kinds` to `told` in this page's context, in order. Dropped with the page."""
        self._add(_Listener(ui.context.client, frozenset(kinds), told=told))

    def announce(self, lines: Iterable[Line]) -> None:
        """Tell the pages of these lines soon."""
        for line in lines:
            for listener in self._listeners:
                if line.kind in listener.kinds:
                    listener.lines.append(line)
                    self._due[listener] = None
        self._draw_soon()

    @property
    def listening(self) -> int:
        """How many subscriptions are alive."""
        return len(self._listeners)

    async def _line(self, line: Line) -> None:
        self.announce([line])

    def _add(self, listener: _Listener) -> None:
        self._listeners.append(listener)
        listener.client.on_delete(lambda: self._forget(listener))
        listener.client.on_connect(lambda: self._back(listener))

    def _forget(self, listener: _Listener) -> None:
        self._listeners.remove(listener)
        self._due.pop(listener, None)

    def _back(self, listener: _Listener) -> None:
        if listener.lines:
            self._due[listener] = None
            self._draw_soon()

    def _draw_soon(self) -> None:
        if self._due and not self._drawing:
            self._drawing = True
            background_tasks.create(self._draw(), name="redraw pages")

    async def _draw(self) -> None:
        try:
            while self._due:
                listener = next(iter(self._due))
                del self._due[listener]
                if listener.is_seen:
                    listener.tell()
                    await asyncio.sleep(BREATH_S)
        finally:
            self._drawing = False


class _Listener:
    """One subscription of one page, and the lines it has not been told of."""

    def __init__(self, client: Client, kinds: frozenset[str], *, redraw: Redraw | None = None, told: Told | None = None) -> None:
        self.client, self.kinds = client, kinds
        self.lines: deque[Line] = deque(maxlen=LINES_KEPT)
        self._redraw, self._told = redraw, told

    @property
    def is_seen(self) -> bool:
        """Whether it pays to draw: a page whose browser is away keeps what it has to be drawn for."""
        return not self.client.is_deleted and (self._redraw is None or self.client.has_socket_connection)

    def tell(self) -> None:
        """Draw, or hand over what has come."""
        try:
            with self.client:
                if self._redraw:
                    self.lines.clear()
                    self._redraw()
                while self._told and self.lines:
                    self._told(self.lines.popleft())
        except NotLoggedIn:
            self.client.run_javascript("location.reload()")  # the guard decides what this browser may see now
        except Exception:  # one page's fault must not stop the reader that feeds all others
            log.exception("page could not redraw", path=self.client.page.path)
