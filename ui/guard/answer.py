"""The way out: refusals, and the headers every answer leaves with."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import orjson

from hub.errors import NotLoggedIn
from ui.guard.asked import HOST, STATUS, Asked, Message, Receive, Send, Why

HEARD_OUT_S = 2.0
HEARD_OUT_BODIES = 8  # times the largest body
HSTS_S = 30 * 24 * 3600


class Answer:
    """The way out: adds the headers, and closes for good when something is refused half way."""

    def __init__(self, asked: Asked, receive: Receive, send: Send, body_max: int) -> None:
        self._asked, self._receive, self._send, self._body_max = asked, receive, send, body_max
        self._started = False
        self.is_over = False

    async def send(self, message: Message) -> None:
        """Pass on what the app says, unless it is over."""
        if not self.is_over:
            await self._pass(message)

    async def refuse(self, why: Why, redirect: str | None = None, *, unread: bool) -> None:
        """Answer with the refusal, if nothing was answered yet, and say nothing more. `unread`: the body has not all come yet."""
        self.is_over = True
        if self._started:
            return
        status, headers, body = (303, [(b"location", redirect.encode())], b"") if redirect else _refusal(why)
        await self._pass({"type": "http.response.start", "status": status, "headers": headers})
        await self._pass({"type": "http.response.body", "body": body, "more_body": True})
        if unread:
            await self._hear_out()
        await self._pass({"type": "http.response.body", "body": b""})

    async def _pass(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._started = True
            message = {**message, "headers": _with_headers(list(message.get("headers", [])), self._asked)}
        await self._send(message)

    async def _hear_out(self) -> None:
        """Read on for a while: a browser hung up on while it still sends never sees the answer."""
        heard, more = 0, True
        with suppress(TimeoutError):
            async with asyncio.timeout(HEARD_OUT_S):
                while more and heard < HEARD_OUT_BODIES * self._body_max:
                    message = await self._receive()
                    more = message["type"] == "http.request" and message.get("more_body", False)
                    heard += len(message.get("body", b""))

    async def deny(self, why: Why, *, with_status: bool) -> None:
        """Refuse a socket's handshake, with the refusal's own status where the server can say it, else with its 403."""
        if not with_status:
            await self.close(1008)
            return
        status, headers, body = _refusal(why)
        headers = _with_headers(headers, self._asked)
        await self._send({"type": "websocket.http.response.start", "status": status, "headers": headers})
        await self._send({"type": "websocket.http.response.body", "body": body})

    async def close(self, code: int) -> None:
        """Close a socket, and say nothing more."""
        if not self.is_over:
            await self._send({"type": "websocket.close", "code": code})
        self.is_over = True


def _refusal(why: Why) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    body = NotLoggedIn().as_json() if why is Why.NO_SESSION else {"code": f"refused_{why}", "hint": "", "facts": {}}
    content = orjson.dumps(body)
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode()), (b"cache-control", b"no-store")]
    if why in (Why.BODY_TOO_LARGE, Why.LENGTH_MALFORMED):
        headers.append((b"connection", b"close"))  # the rest of the body is not worth reading
    return STATUS[why], headers, content


def _with_headers(headers: list[tuple[bytes, bytes]], asked: Asked) -> list[tuple[bytes, bytes]]:
    ours = {**_FIXED_HEADERS, b"content-security-policy": _policy(asked)}
    if asked.scheme == "https":
        ours[b"strict-transport-security"] = f"max-age={HSTS_S}".encode()
    if asked.path.startswith("/api/"):
        ours[b"cache-control"] = b"no-store"
    return [(name, value) for name, value in headers if name.lower() not in ours] + list(ours.items())


def _policy(asked: Asked) -> bytes:
    """Vue and NiceGUI need eval and inline scripts; inline event handlers, where injected markup would run, they do not."""
    host = asked.one("host") or ""
    socket = f"{'wss' if asked.scheme == 'https' else 'ws'}://{host}" if HOST.fullmatch(host) else ""
    return f"{_POLICY}; connect-src 'self' {socket}".strip().encode()


_DIRECTIVES = {
    "default-src": "'self'",
    "script-src": "'self' 'unsafe-inline' 'unsafe-eval'",
    "script-src-attr": "'none'",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "font-src": "'self' data:",
    "media-src": "'self' data: blob:",
    "worker-src": "'self' blob:",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-src": "'none'",
    "frame-ancestors": "'none'",
}
_POLICY = "; ".join(f"{name} {sources}" for name, sources in _DIRECTIVES.items())
_FIXED_HEADERS = {
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    # not no-referrer: with it browsers send `Origin: null` with our own forms
    b"referrer-policy": b"same-origin",
    b"permissions-policy": b"camera=(), microphone=(), geolocation=(), payment=(), usb=(), serial=(), midi=(), hid=()",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
}
