"""The guard itself: what may pass, and what is read along while it does."""

from __future__ import annotations

import hmac
import json
import logging
import re
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import quote

import structlog

from hub.access import Actor
from ui.guard.answer import Answer
from ui.guard.asked import HOST, OF_A_PAGE, SAFE_METHODS, SOCKETS, STATUS, App, Asked, Message, Receive, Scope, Send, Why

log = structlog.get_logger()

_EVENT = re.compile(r"4(?:2|5\d+-)(?:/[^,]*,)?\d*(?=\[)")  # the head of a Socket.IO event, before its JSON


class SessionStore(Protocol):
    """Who holds which token."""

    def actor_of(self, token: str) -> Actor | None:
        """The actor, or None for an unknown, ended or locked session."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the guard lets through. `open_paths`: anyone may ask for them; one that ends in `/` opens all below it for reading.

    `page_session` tells the session token a NiceGUI client id was served to: empty for none, None for an unknown page.
    `holder_of` tells who holds a token without counting as use; a socket whose session is over is closed by its next word.
    `bearer` tells who holds a token sent as `Authorization: Bearer` to one of `bearer_paths`. `refused` counts by reason.
    """

    sessions: SessionStore
    hosts: Collection[str]
    body_max: int
    open_paths: Collection[str]
    login_path: str
    cookie: str
    page_session: Callable[[str], str | None] | None = None
    holder_of: Callable[[str], Actor | None] | None = None
    bearer: Callable[[str], Actor | None] | None = None
    bearer_paths: Collection[str] = ("/api/v1/recovery",)
    refused: Counter[str] = field(default_factory=Counter)


class Guard:
    """ASGI middleware in front of the whole application."""

    def __init__(self, app: App, rules: Rules) -> None:
        self.app = app
        self._sessions, self._page_session, self._holder_of, self._bearer = (
            rules.sessions,
            rules.page_session,
            rules.holder_of,
            rules.bearer,
        )
        self._hosts = frozenset(host.strip("[]").lower() for host in rules.hosts)
        self.body_max, self._login_path, self._cookie = rules.body_max, rules.login_path, rules.cookie
        self._open = frozenset({*rules.open_paths, rules.login_path})
        self._open_below = tuple(path for path in self._open if path.endswith("/"))
        self._bearer_paths = frozenset(rules.bearer_paths)
        self.refused = rules.refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let through what may pass, with `state.actor` (None without a session) and `state.sid` (its token, or empty)."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        asked = Asked.of(scope)
        answer = Answer(asked, receive, send, self.body_max)
        why = self._malformed(asked) or self._foreign(asked) or self._unknown(asked, scope)
        if why:
            self._note(asked, why)
            if asked.is_socket:
                await receive()
                await answer.deny(why, with_status="websocket.http.response" in (scope.get("extensions") or {}))
            else:
                await answer.refuse(why, self._redirect(asked, why), unread=asked.has_body)
            return
        watched = _Watched(self, asked, receive, answer, scope["state"]["sid"])
        try:
            await self.app(scope, watched.receive, answer.send)
        except Exception:  # what was refused half way may make the app fall; any other failure is its own
            if not answer.is_over:
                raise

    def _malformed(self, asked: Asked) -> Why | None:
        host = asked.one("host")
        found = HOST.fullmatch(host) if host else None
        if found is None:
            return Why.HOST_MALFORMED
        if found[1].strip("[]").lower() not in self._hosts:
            return Why.HOST_UNKNOWN
        if ".." in asked.path.split("/") or "\\" in asked.path or not asked.path.isprintable():
            return Why.PATH_MALFORMED
        if "content-length" in asked.headers:
            length = asked.one("content-length") or ""
            if not (length.isascii() and length.isdigit()):
                return Why.LENGTH_MALFORMED
            if len(length) > 15 or int(length) > self.body_max:
                return Why.BODY_TOO_LARGE
        return None

    def _foreign(self, asked: Asked) -> Why | None:
        """Requests that another site made this browser send. Programs send no Origin; browsers do wherever it matters."""
        must_be_own = asked.is_socket or asked.method not in SAFE_METHODS or asked.path.startswith(SOCKETS)
        if not must_be_own:
            return None
        if asked.headers.get("origin", [] if not asked.is_socket else [""]) not in ([], [asked.own_origin]):
            return Why.ORIGIN_FOREIGN
        if asked.headers.get("sec-fetch-site", ["none"]) not in (["same-origin"], ["none"]):
            return Why.SITE_FOREIGN
        return None

    def _unknown(self, asked: Asked, scope: Scope) -> Why | None:
        state = scope.setdefault("state", {})
        token = asked.cookie(self._cookie)
        actor = self._sessions.actor_of(token) if token else None
        state["actor"], state["sid"] = actor, token if actor else ""
        if self._bearer and asked.path in self._bearer_paths and "authorization" in asked.headers:
            kind, _, given = (asked.one("authorization") or "").partition(" ")
            state["actor"], state["sid"] = self._bearer(given) if kind.lower() == "bearer" else None, ""
            return None if state["actor"] else Why.TOKEN_WRONG
        if asked.path.startswith((SOCKETS, OF_A_PAGE)):
            return self._foreign_page(asked, state["sid"])
        is_open = asked.path in self._open or (asked.method in SAFE_METHODS and asked.path.startswith(self._open_below))
        return None if actor or is_open else Why.NO_SESSION

    def _foreign_page(self, asked: Asked, sid: str) -> Why | None:
        """A page's socket must come with the session its page was served to; a page served to nobody needs none."""
        served_to = self._page_session(asked.client_id) if self._page_session else None
        if served_to is None:  # no page we know, as after a restart: NiceGUI makes the browser load it anew
            return None if sid else Why.NO_SESSION
        if hmac.compare_digest(served_to.encode(), sid.encode()):
            return None
        return Why.PAGE_FOREIGN if sid else Why.NO_SESSION

    def _redirect(self, asked: Asked, why: Why) -> str | None:
        """Where a person without a session goes, who asked for a page."""
        is_page = asked.method in ("GET", "HEAD") and not asked.path.startswith(("/api/", SOCKETS, OF_A_PAGE))
        if why is not Why.NO_SESSION or not is_page:
            return None
        return self._login_path if asked.path == "/" else f"{self._login_path}?next={quote(asked.path, safe='/')}"

    def _note(self, asked: Asked, why: Why) -> None:
        self.refused[str(why)] += 1
        level = logging.INFO if why is Why.NO_SESSION else logging.WARNING
        log.log(level, "refused", path=asked.path[:200], method=asked.method, status=STATUS[why], reason=str(why))

    def cut(self, asked: Asked, sid: str, packets: str, size: int) -> Why | None:
        """Why what has just arrived is refused: too much, from a session that is over, or in the name of another page."""
        why = None
        if size > self.body_max:
            why = Why.BODY_TOO_LARGE
        elif asked.is_socket and sid and self._holder_of and self._holder_of(sid) is None:
            why = Why.NO_SESSION
        elif packets and any(_is_foreign(packet, asked.client_id) for packet in packets.split("\x1e")):
            why = Why.PAGE_FOREIGN
        if why:
            self._note(asked, why)
        return why


class _Watched:
    """The way in: counts the body, and reads along what a NiceGUI socket says it is."""

    def __init__(self, guard: Guard, asked: Asked, receive: Receive, answer: Answer, sid: str) -> None:
        self._guard, self._asked, self._receive, self._answer, self._sid = guard, asked, receive, answer, sid
        self._size = 0
        self._polled = b""

    async def receive(self) -> Message:
        """The next message, or a hang-up in place of one that is refused."""
        message: Message = await self._receive()
        if message["type"] == "http.request":
            return await self._body(message)
        if message["type"] == "websocket.receive":
            text = message.get("text") or ""
            packets = text if self._asked.path.startswith(SOCKETS) else ""
            if why := self._guard.cut(self._asked, self._sid, packets, len(text) + len(message.get("bytes") or b"")):
                await self._answer.close(1009 if why is Why.BODY_TOO_LARGE else 1008)
                return {"type": "websocket.disconnect", "code": 1008}
        return message

    async def _body(self, message: Message) -> Message:
        part: bytes = message.get("body", b"")
        self._size += len(part)
        packets = ""
        if self._asked.path.startswith(SOCKETS) and self._size <= self._guard.body_max:
            self._polled += part
            packets = "" if message.get("more_body") else self._polled.decode("utf-8", "replace")
        if why := self._guard.cut(self._asked, self._sid, packets, self._size):
            await self._answer.refuse(why, unread=message.get("more_body", False))
            return {"type": "http.disconnect"}
        return message


def _is_foreign(packet: str, client_id: str) -> bool:
    """Whether an Engine.IO packet speaks for another page than its socket's. Read by the parser Socket.IO itself reads with."""
    head = _EVENT.match(packet)
    if head is None:
        return packet.startswith("d=")  # the old way around missing XMLHttpRequest; no browser of today takes it
    try:
        said = json.loads(packet[head.end() :])
    except ValueError:
        return False  # it will not be understood behind us either
    return any(isinstance(part, dict) and part.get("client_id", client_id) != client_id for part in said[1:])
