"""Pages hear what the shop did: soon, once per burst, and only while they are open."""

from __future__ import annotations

import ast
import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from nicegui import background_tasks, core

import hub.app  # noqa: F401 - every event of the shop is defined with it
import ui
from hub.access import Actor, Role
from hub.errors import NotLoggedIn
from hub.journal import Event, Line
from ui.refresh import ActorNow, Refresh, _Listener


def line(kind: str, ticket: int = 1) -> Line:
    return Line(ticket, 1, "2026-03-02T02:30:00+00:00", "a", "kiosk", "s", kind, {"ticket": ticket}, b"")


def test_pages_wait_for_events_the_shop_can_announce() -> None:
    """A kind with a slip in its name would never redraw anything."""
    known = {event.kind for event in Event.__subclasses__() if event.__module__.startswith("hub.")}
    waited_for = {
        (file.name, kind.value)
        for file in Path(ui.__file__).parent.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Set)
        for kind in node.elts
        if isinstance(kind, ast.Constant) and re.fullmatch(r"([A-Z][a-z]+){2,}", str(kind.value))
    }
    assert len(waited_for) > 20
    assert {(file, kind) for file, kind in waited_for if kind not in known} == set()


class Client:
    """As much of a page in a browser as a subscription needs."""

    def __init__(self) -> None:
        self.is_deleted = False
        self.has_socket_connection = True
        self.connected: Callable[[], None] = lambda: None
        self.page = SimpleNamespace(path="/board")
        self.entered = 0

    def __enter__(self) -> None:
        self.entered += 1

    def __exit__(self, *_: object) -> None: ...

    def on_delete(self, _: Callable[[], None]) -> None: ...

    def on_connect(self, told: Callable[[], None]) -> None:
        self.connected = told


class Feed:
    """A journal that tells these lines and then waits for ever."""

    def __init__(self, *lines: Line) -> None:
        self._lines = lines

    async def tail(self, handle: Callable[[Line], Awaitable[None]]) -> None:
        for told in self._lines:
            await handle(told)
        await asyncio.Event().wait()


@pytest.fixture(autouse=True)
async def loop_of_the_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core, "loop", asyncio.get_running_loop())


async def quiet() -> None:
    while background_tasks.running_tasks:
        await asyncio.gather(*background_tasks.running_tasks)


def subscribed(refresh: Refresh, *kinds: str, **how: Any) -> Client:
    client = Client()
    refresh._add(_Listener(client, frozenset(kinds), **how))  # type: ignore[arg-type]
    return client


async def test_a_burst_is_one_redraw() -> None:
    refresh, drawn = Refresh(), []
    subscribed(refresh, "GuestCalled", redraw=lambda: drawn.append(1))
    refresh.announce([line("GuestCalled")])
    refresh.announce([line("GuestCalled", n) for n in range(50)])
    await quiet()
    assert drawn == [1]


async def test_what_comes_while_a_page_is_drawn_draws_it_once_more() -> None:
    refresh, drawn = Refresh(), []

    def redraw() -> None:
        drawn.append(1)
        if len(drawn) == 1:
            refresh.announce([line("GuestCalled")])

    subscribed(refresh, "GuestCalled", redraw=redraw)
    refresh.announce([line("GuestCalled")])
    await quiet()
    assert drawn == [1, 1]


async def test_what_a_page_has_to_say_leaves_before_the_next_page_is_drawn() -> None:
    refresh, order = Refresh(), []

    def first() -> None:
        asyncio.get_running_loop().call_soon(order.append, "sent")

    subscribed(refresh, "GuestCalled", redraw=first)
    subscribed(refresh, "GuestCalled", redraw=lambda: order.append("next page"))
    refresh.announce([line("GuestCalled")])
    await quiet()
    assert order == ["sent", "next page"]


async def test_a_page_without_its_browser_is_drawn_once_when_the_browser_is_back() -> None:
    refresh, drawn = Refresh(), []
    client = subscribed(refresh, "GuestCalled", redraw=lambda: drawn.append(1))
    client.has_socket_connection = False
    for _ in range(3):
        refresh.announce([line("GuestCalled")])
        await quiet()
    assert drawn == []
    client.has_socket_connection = True
    client.connected()
    await quiet()
    client.connected()  # nothing has happened since
    await quiet()
    assert drawn == [1]


async def test_a_page_hears_only_of_what_it_asked_for() -> None:
    refresh, drawn = Refresh(), []
    client = subscribed(refresh, "GuestCalled", redraw=lambda: drawn.append(1))
    refresh.announce([line("SaleCompleted")])
    await quiet()
    assert (drawn, client.entered) == ([], 0)


async def test_every_call_is_told_and_in_order() -> None:
    refresh, told = Refresh(), []
    subscribed(refresh, "GuestCalled", told=lambda one: told.append(one.body["ticket"]))
    task = asyncio.create_task(refresh.run(Feed(*(line("GuestCalled", n) for n in range(5)))))
    await asyncio.sleep(0.01)
    await quiet()
    task.cancel()
    assert told == [0, 1, 2, 3, 4]


async def test_one_broken_page_does_not_keep_the_news_from_the_others() -> None:
    refresh, drawn = Refresh(), []

    def broken() -> None:
        raise ZeroDivisionError

    subscribed(refresh, "GuestCalled", redraw=broken)
    subscribed(refresh, "GuestCalled", redraw=lambda: drawn.append(1))
    for _ in range(2):
        refresh.announce([line("GuestCalled")])
        await quiet()
    assert drawn == [1, 1]


async def test_a_closed_page_is_not_drawn() -> None:
    refresh, drawn = Refresh(), []
    client = subscribed(refresh, "GuestCalled", redraw=lambda: drawn.append(1))
    client.is_deleted = True
    refresh.announce([line("GuestCalled")])
    await quiet()
    assert drawn == []


def test_who_acts_is_asked_again_for_every_act() -> None:
    kiosk = Actor(id="k", role=Role.KIOSK, station="k")
    sessions: dict[str, Actor] = {"token": kiosk}
    who = ActorNow(SimpleNamespace(actor_of=sessions.get))
    client: Any = SimpleNamespace(request=SimpleNamespace(state=SimpleNamespace(sid="token")))
    assert who(client) == kiosk
    sessions.clear()
    with pytest.raises(NotLoggedIn):
        who(client)


def test_a_page_without_a_session_acts_for_nobody() -> None:
    who = ActorNow(SimpleNamespace(actor_of={}.get))
    with pytest.raises(NotLoggedIn):
        who(SimpleNamespace(request=SimpleNamespace(state=SimpleNamespace())))  # type: ignore[arg-type]
