"""A page outlives the request that opened it: who acts and what changed are asked anew.

`Refresh` follows the journal once per process, from its head, and tells the pages that are open; it keeps no cursor, because a
page that was not open yet has drawn itself from the services anyway.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Collection, Iterable
from inspect import isawaitable
from typing import Any, Protocol

import structlog
from nicegui import Client, background_tasks, ui

from hub.access import Actor
from hub.errors import NotLoggedIn
from hub.journal import Line

log = structlog.get_logger()

LINES_KEPT = 200  # per page; a page further behind than this has redrawn from the services anyway

Redraw = Callable[[], Any]
Told = Callable[[Line], Any]


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
        self._pages: list[_Page] = []

    async def run(self, journal: Tail) -> None:
        """Follow `journal` for ever; started once by the composition root."""
        await journal.tail(self._line)

    def on(self, kinds: Collection[str], redraw: Redraw) -> None:
        """Call `redraw` in this page's context soon after a line of one of `kinds`; a burst is one call.

        Subscribe once while the page is built, never inside something that is redrawn: a subscription ends with its page.
        """
        self._add(_Page(ui.context.client, frozenset(kinds), redraw=redraw))

    def each(self, kinds: Collection[str], told: Told) -> None:
        """Hand every single line of `kinds` to `told` in this page's context, in order. Dropped with the page."""
        self._add(_Page(ui.context.client, frozenset(kinds), told=told))

    def announce(self, lines: Iterable[Line]) -> None:
        """Tell the pages of these lines now."""
        for line in lines:
            for page in list(self._pages):
                if line.kind in page.kinds:
                    page.tell(line)

    @property
    def listening(self) -> int:
        """How many subscriptions are alive."""
        return len(self._pages)

    async def _line(self, line: Line) -> None:
        self.announce([line])

    def _add(self, page: _Page) -> None:
        self._pages.append(page)
        page.client.on_delete(lambda: self._pages.remove(page))


class _Page:
    """One subscription. While a redraw runs, further lines only mark it to run once more."""

    def __init__(self, client: Client, kinds: frozenset[str], *, redraw: Redraw | None = None, told: Told | None = None) -> None:
        self.client, self.kinds = client, kinds
        self._redraw, self._told = redraw, told
        self._lines: deque[Line] = deque(maxlen=LINES_KEPT)
        self._busy = False

    def tell(self, line: Line) -> None:
        self._lines.append(line)
        if not self._busy:
            self._busy = True
            background_tasks.create(self._work(), name="refresh a page")

    async def _work(self) -> None:
        try:
            while self._lines and not self.client.is_deleted:
                with self.client:
                    await self._once()
        except NotLoggedIn:
            self.client.run_javascript("location.reload()")  # the guard decides what this browser may see now
        except Exception:  # one page's fault must not stop the reader that feeds all others
            log.exception("page could not redraw", path=self.client.page.path)
        finally:
            self._busy = False

    async def _once(self) -> None:
        if self._told:
            done = self._told(self._lines.popleft())
        else:
            self._lines.clear()
            done = self._redraw() if self._redraw else None
        if isawaitable(done):
            await done
