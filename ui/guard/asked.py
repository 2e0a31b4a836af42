"""What is looked at of a request or a socket's handshake, and why one may be refused."""

from __future__ import annotations

import re
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qs

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Any]
Send = Callable[[Message], Any]
App = Callable[[Scope, Receive, Send], Any]

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
SOCKETS = "/_nicegui_ws"
OF_A_PAGE = "/_nicegui/client/"  # then its client id: where a page's uploads go
HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(\d{1,5}))?")
_HTTP_SCHEME = {"http": "http", "https": "https", "ws": "http", "wss": "https"}


class Why(StrEnum):
    """Why something was refused, as it is logged and counted."""

    HOST_MALFORMED = "host_malformed"
    HOST_UNKNOWN = "host_unknown"
    PATH_MALFORMED = "path_malformed"
    LENGTH_MALFORMED = "length_malformed"
    ORIGIN_FOREIGN = "origin_foreign"
    SITE_FOREIGN = "site_foreign"
    PAGE_FOREIGN = "page_foreign"
    NO_SESSION = "no_session"
    TOKEN_WRONG = "token_wrong"  # noqa: S105 - a reason, not a secret
    BODY_TOO_LARGE = "body_too_large"


STATUS = dict.fromkeys((Why.HOST_MALFORMED, Why.PATH_MALFORMED, Why.LENGTH_MALFORMED), 400)
STATUS |= dict.fromkeys((Why.NO_SESSION, Why.TOKEN_WRONG), 401)
STATUS |= dict.fromkeys((Why.ORIGIN_FOREIGN, Why.SITE_FOREIGN, Why.PAGE_FOREIGN), 403)
STATUS |= {Why.BODY_TOO_LARGE: 413, Why.HOST_UNKNOWN: 421}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is looked at of one request or handshake."""

    path: str
    method: str
    scheme: str  # http or https, for sockets too
    headers: dict[str, list[str]]
    query: dict[str, list[str]]
    is_socket: bool

    @classmethod
    def of(cls, scope: Scope) -> Asked:
        """What an ASGI scope of type http or websocket asks."""
        headers: dict[str, list[str]] = {}
        for name, value in scope["headers"]:
            headers.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
        is_socket = scope["type"] == "websocket"
        return cls(
            path=scope["path"],
            method="GET" if is_socket else scope["method"],
            scheme=_HTTP_SCHEME.get(scope["scheme"], "http"),
            headers=headers,
            query=parse_qs(scope["query_string"].decode("latin-1")) if scope["path"].startswith(SOCKETS) else {},
            is_socket=is_socket,
        )

    def one(self, header: str) -> str | None:
        """The header's value, if it was sent exactly once."""
        values = self.headers.get(header, [])
        return values[0] if len(values) == 1 else None

    def cookie(self, name: str) -> str:
        """The cookie's value, empty when it was not sent."""
        for part in "; ".join(self.headers.get("cookie", [])).split(";"):
            key, _, value = part.strip().partition("=")
            if key == name:
                return value.strip('"')
        return ""

    @property
    def client_id(self) -> str:
        """The page a NiceGUI socket or upload says it belongs to."""
        if self.path.startswith(OF_A_PAGE):
            return self.path.removeprefix(OF_A_PAGE).split("/")[0]
        return self.query.get("client_id", [""])[0]

    @property
    def own_origin(self) -> str:
        """The origin a browser names for our own pages."""
        host = (self.one("host") or "").lower()
        return f"{self.scheme}://{host.removesuffix(':443' if self.scheme == 'https' else ':80')}"

    @property
    def has_body(self) -> bool:
        """Whether something follows the headers."""
        return "content-length" in self.headers or "transfer-encoding" in self.headers
