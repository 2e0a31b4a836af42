"""Nothing foreign, nameless or oversized gets past the guard, and everything it answers is safe to show."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request
from structlog.testing import capture_logs

from hub.access import Actor, Role
from ui.guard import Guard, Rules

MEI = Actor(id="mei", role=Role.RECEPTION, station="desk")
BRIDGE = Actor(id="bridge", role=Role.BRIDGE, station="hub")
COOKIE = {"cookie": "theme=dark; chairside=good; x=1"}
OWN = {"origin": "http://shop.local:8080"}
BODY_MAX = 1000
changed: list[str] = []


class Store:
    def actor_of(self, token: str) -> Actor | None:
        return MEI if token == "good" else None


def shop() -> FastAPI:
    app = FastAPI()

    @app.api_route("/{path:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
    async def anything(path: str, request: Request) -> dict[str, Any]:
        size = len(await request.body())
        changed.append(path)
        return {"actor": request.state.actor and request.state.actor.id, "sid": request.state.sid, "size": size}

    return app


@pytest.fixture
def guard() -> Guard:
    changed.clear()
    rules = Rules(
        sessions=Store(),
        hosts={"shop.local", "127.0.0.1", "::1"},
        body_max=BODY_MAX,
        open_paths=("/healthz", "/enter", "/_nicegui/"),
        login_path="/login",
        cookie="chairside",
        page_session={"page-of-mei": "good", "page-of-lin": "other", "login-page": ""}.get,
        bearer=lambda token: BRIDGE if token == "secret" else None,
    )
    return Guard(shop(), rules)


@pytest.fixture
async def ask(guard: Guard) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(guard), base_url="http://shop.local:8080") as client:
        yield client


async def refused(ask: httpx.AsyncClient, guard: Guard, method: str, path: str, **more: Any) -> tuple[int, str]:
    """Status and counted reason of a refusal; that it is logged once and changes nothing is checked on the way."""
    before, done = dict(guard.refused), list(changed)
    with capture_logs() as logs:
        answer = await ask.request(method, path, **more)
    assert changed == done, "the app behind was reached"
    (reason,) = [name for name, count in guard.refused.items() if count != before.get(name, 0)]
    assert [(line["event"], line["status"], line["reason"]) for line in logs] == [("refused", _status_of(answer), reason)]
    assert "?" not in logs[0]["path"]
    assert "secret" not in str(logs)
    return answer.status_code, reason


def _status_of(answer: httpx.Response) -> int:
    return 401 if answer.status_code == 303 else answer.status_code


async def test_someone_logged_in_is_let_through_and_known(ask: httpx.AsyncClient) -> None:
    for method in ("GET", "POST", "DELETE"):
        answer = await ask.request(method, "/api/v1/visits", headers={**COOKIE, **OWN})
        assert answer.json() == {"actor": "mei", "sid": "good", "size": 0}


@pytest.mark.parametrize("host", ["evil.example", "shop.local.evil.example", "127.0.0.2", "localhost", "[::2]", "shop.local."])
async def test_another_host_is_misdirected(ask: httpx.AsyncClient, guard: Guard, host: str) -> None:
    assert await refused(ask, guard, "GET", "/healthz", headers={"host": host}) == (421, "host_unknown")


@pytest.mark.parametrize(
    "host", ["", "shop.local:80:80", "shop.local/x", "a@shop.local", "shop.local ,x", "shop.local:", "[::1", "shop.local:999999"]
)
async def test_a_malformed_host_is_a_bad_request(ask: httpx.AsyncClient, guard: Guard, host: str) -> None:
    assert await refused(ask, guard, "GET", "/healthz", headers={"host": host}) == (400, "host_malformed")


async def test_two_hosts_or_none_are_a_bad_request(guard: Guard) -> None:
    for hosts in ([], [b"shop.local", b"shop.local"]):
        sent = await raw(guard, headers=[(b"host", host) for host in hosts], path="/healthz")
        assert sent[0]["status"] == 400


@pytest.mark.parametrize("host", ["shop.local", "SHOP.local:8080", "127.0.0.1:1", "[::1]:8080"])
async def test_our_hosts_are_ours_on_any_port(ask: httpx.AsyncClient, host: str) -> None:
    assert (await ask.get("/healthz", headers={"host": host})).status_code == 200


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "null",
        "",
        "http://shop.local",
        "http://shop.local:8081",
        "https://shop.local:8080",
        "http://shop.local:8080.evil",
    ],
)
async def test_a_foreign_origin_changes_nothing(ask: httpx.AsyncClient, guard: Guard, origin: str) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        for path in ("/api/v1/sales", "/enter", "/login"):
            found = await refused(ask, guard, method, path, headers={**COOKIE, "origin": origin})
            assert found == (403, "origin_foreign")


async def test_two_origins_are_foreign(guard: Guard) -> None:
    headers = [(b"host", b"shop.local:8080"), (b"cookie", b"chairside=good"), *[(b"origin", b"http://shop.local:8080")] * 2]
    assert (await raw(guard, headers=headers, method="POST"))[0]["status"] == 403


@pytest.mark.parametrize(
    ("host", "origin"), [("shop.local:80", "http://shop.local"), ("SHOP.local", "http://shop.local"), ("[::1]:8080", "http://[::1]:8080")]
)
async def test_our_own_origin_is_known_in_every_spelling(ask: httpx.AsyncClient, host: str, origin: str) -> None:
    assert (await ask.post("/api/x", headers={**COOKIE, "host": host, "origin": origin})).status_code == 200


async def test_a_program_without_origin_may_change_things(ask: httpx.AsyncClient) -> None:
    assert (await ask.post("/api/x", headers=COOKIE)).status_code == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site", "weird"])
async def test_another_site_changes_nothing(ask: httpx.AsyncClient, guard: Guard, site: str) -> None:
    found = await refused(ask, guard, "POST", "/api/x", headers={**COOKIE, "sec-fetch-site": site})
    assert found == (403, "site_foreign")


async def test_a_link_from_another_site_may_be_followed(ask: httpx.AsyncClient) -> None:
    headers = {**COOKIE, "sec-fetch-site": "cross-site", "origin": "http://evil.example"}
    assert (await ask.get("/queue", headers=headers)).status_code == 200


@pytest.mark.parametrize(
    "headers", [{}, {"cookie": "chairside="}, {"cookie": "chairside=bad"}, {"cookie": "xchairside=good"}, {"cookie": "; =;;good"}]
)
async def test_without_a_session_calls_are_401_and_pages_lead_to_the_log_in(
    ask: httpx.AsyncClient, guard: Guard, headers: dict[str, str]
) -> None:
    for method, path in (
        ("GET", "/api/v1/visits"),
        ("POST", "/api/v1/visits"),
        ("POST", "/queue"),
        ("GET", "/_nicegui_ws/socket.io/?client_id=x"),
    ):
        assert await refused(ask, guard, method, path, headers=headers) == (401, "no_session")
    assert (await ask.get("/api/me", headers=headers)).json()["code"] == "not_logged_in"
    assert await refused(ask, guard, "GET", "/queue?code=secret", headers=headers) == (303, "no_session")
    assert (await ask.get("/queue/?code=1", headers=headers)).headers["location"] == "/login?next=/queue/"
    assert (await ask.get("/", headers=headers)).headers["location"] == "/login"
    assert (await ask.get("//evil.example/", headers=headers)).headers["location"].startswith("/login")


async def test_open_paths_are_open_exactly(ask: httpx.AsyncClient, guard: Guard) -> None:
    for path in ("/healthz", "/login", "/enter", "/_nicegui/static/x.js"):
        assert (await ask.get(path)).json() == {"actor": None, "sid": "", "size": 0}
    assert (await ask.get("/login", headers=COOKIE)).json()["actor"] == "mei"
    for path in ("/healthz/x", "/enter2", "/_nicegui", "/loginx"):
        assert (await ask.get(path)).status_code == 303
    assert await refused(ask, guard, "POST", "/_nicegui/static/x.js") == (401, "no_session")


@pytest.mark.parametrize("path", ["/_nicegui/%2e%2e/api/v1/x", "/_nicegui/x/%2e%2e/%2e%2e/api", "/a%5cb", "/a%00b", "/a%0d%0aSet-Cookie:x"])
async def test_a_path_with_tricks_is_a_bad_request(ask: httpx.AsyncClient, guard: Guard, path: str) -> None:
    assert await refused(ask, guard, "GET", path, headers=COOKIE) == (400, "path_malformed")


async def test_a_body_that_says_it_is_too_large_is_not_read(ask: httpx.AsyncClient, guard: Guard) -> None:
    assert (await ask.post("/api/x", content=b"x" * BODY_MAX, headers=COOKIE)).json()["size"] == BODY_MAX
    assert await refused(ask, guard, "POST", "/api/x", content=b"x" * (BODY_MAX + 1), headers=COOKIE) == (413, "body_too_large")


@pytest.mark.parametrize("length", [b"1001", b"9" * 30])
async def test_the_length_alone_is_enough_to_refuse(guard: Guard, length: bytes) -> None:
    headers = [(b"host", b"shop.local"), (b"cookie", b"chairside=good"), (b"content-length", length)]
    assert (await raw(guard, headers=headers, method="POST"))[0]["status"] == 413


@pytest.mark.parametrize("length", ["-1", "1e3", "abc", "", "1,1", "٣"])
async def test_a_length_that_is_none_is_a_bad_request(ask: httpx.AsyncClient, guard: Guard, length: str) -> None:
    headers = [(b"cookie", b"chairside=good"), (b"content-length", length.encode())]
    assert await refused(ask, guard, "POST", "/api/x", headers=headers) == (400, "length_malformed")


async def test_a_body_that_turns_out_too_large_is_cut(ask: httpx.AsyncClient, guard: Guard) -> None:
    async def parts() -> AsyncIterator[bytes]:
        for _ in range(BODY_MAX):
            yield b"xx"

    assert await refused(ask, guard, "POST", "/api/x", content=parts(), headers=COOKIE) == (413, "body_too_large")


async def test_a_failure_of_the_app_stays_a_failure(guard: Guard) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("broken")

    guard.app = broken
    with pytest.raises(RuntimeError, match="broken"):
        await raw(guard, headers=[(b"host", b"shop.local")], path="/healthz")


async def test_the_bridge_comes_in_by_its_token_where_it_may(ask: httpx.AsyncClient, guard: Guard) -> None:
    answer = await ask.post("/api/v1/recovery", headers={"authorization": "Bearer secret"})
    assert answer.json()["actor"] == "bridge"
    for wrong in ("Bearer wrong-secret", "Bearer ", "Basic secret", "secret", ""):
        found = await refused(ask, guard, "POST", "/api/v1/recovery", headers={**COOKIE, "authorization": wrong})
        assert found == (401, "token_wrong")
    assert await refused(ask, guard, "POST", "/api/v1/sales", headers={"authorization": "Bearer secret"}) == (401, "no_session")
    assert await refused(ask, guard, "POST", "/api/v1/recovery") == (401, "no_session")


SOCKET = "/_nicegui_ws/socket.io/?EIO=4&transport=polling&client_id="


async def test_polling_needs_the_session_its_page_was_served_to(ask: httpx.AsyncClient, guard: Guard) -> None:
    assert (await ask.get(SOCKET + "page-of-mei", headers=COOKIE)).status_code == 200
    assert (await ask.get(SOCKET + "unknown", headers=COOKIE)).status_code == 200
    assert (await ask.get(SOCKET + "login-page")).status_code == 200
    assert await refused(ask, guard, "GET", SOCKET + "page-of-lin", headers=COOKIE) == (403, "page_foreign")
    assert await refused(ask, guard, "GET", SOCKET + "login-page", headers=COOKIE) == (403, "page_foreign")
    for page in ("page-of-lin", "page-of-mei", "unknown", ""):
        assert await refused(ask, guard, "GET", SOCKET + page) == (401, "no_session")


async def test_polling_from_a_foreign_origin_is_refused_though_it_only_reads(ask: httpx.AsyncClient, guard: Guard) -> None:
    for more in ({"origin": "http://evil.example"}, {"origin": "null"}):
        assert await refused(ask, guard, "GET", SOCKET + "page-of-mei", headers={**COOKIE, **more}) == (403, "origin_foreign")
    assert await refused(ask, guard, "GET", SOCKET + "page-of-mei", headers={**COOKIE, "sec-fetch-site": "cross-site"}) == (
        403,
        "site_foreign",
    )


@pytest.mark.parametrize(
    "packet",
    [
        '42["event",{"client_id":"page-of-lin","id":1}]',
        '42["event",{"client\\u005fid":"page-of-lin"}]',
        '427["ack",{"client_id":"page-of-lin"}]',
        '42/,["event",{"client_id":"page-of-lin"}]',
        '451-["event",{"client_id":"page-of-lin","b":{"_placeholder":true,"num":0}}]',
        '2\x1e42["event",{"client_id":"page-of-lin"}]',
        '42["event",{"client_id":"page-of-mei","client_id":"page-of-lin"}]',
        '42["event",{"client_id":"page-of-lin","x":NaN}]',
        '42["event",{"client_id":["page-of-mei"]}]',
        "d=42",
    ],
)
async def test_a_packet_in_the_name_of_another_page_is_refused(ask: httpx.AsyncClient, guard: Guard, packet: str) -> None:
    found = await refused(ask, guard, "POST", SOCKET + "page-of-mei", headers=COOKIE, content=packet.encode())
    assert found == (403, "page_foreign")


@pytest.mark.parametrize(
    "packet", ["2probe", "3", "40", '42["event",{"client_id":"page-of-mei","args":["\\"client_id\\":\\"x\\""]}]', "42[", "42nonsense", ""]
)
async def test_a_page_speaks_for_itself(ask: httpx.AsyncClient, packet: str) -> None:
    assert (await ask.post(SOCKET + "page-of-mei", headers=COOKIE, content=packet.encode())).status_code == 200


async def test_uploads_go_to_ones_own_page_only(ask: httpx.AsyncClient, guard: Guard) -> None:
    upload = "/_nicegui/client/{}/upload/7"
    assert (await ask.post(upload.format("page-of-mei"), headers=COOKIE, content=b"x")).status_code == 200
    assert await refused(ask, guard, "POST", upload.format("page-of-lin"), headers=COOKIE) == (403, "page_foreign")
    assert await refused(ask, guard, "POST", upload.format("page-of-mei")) == (401, "no_session")


async def test_every_answer_has_safe_headers(ask: httpx.AsyncClient) -> None:
    for path, status in (("/healthz", 200), ("/queue", 303), ("/api/x", 401), ("/a%00", 400)):
        answer = await ask.get(path)
        assert answer.status_code == status
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert "connect-src 'self' ws://shop.local:8080" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert "camera=()" in answer.headers["permissions-policy"]
        assert "strict-transport-security" not in answer.headers
    assert (await ask.get("/api/x", headers=COOKIE)).headers["cache-control"] == "no-store"
    assert "cache-control" not in (await ask.get("/healthz")).headers


async def test_a_refused_host_is_not_repeated_in_the_policy(ask: httpx.AsyncClient) -> None:
    answer = await ask.get("/", headers={"host": "x; script-src *"})
    assert "script-src *" not in answer.headers["content-security-policy"]


async def test_over_https_browsers_are_told_to_stay_there(guard: Guard) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(guard), base_url="https://shop.local") as ask:
        answer = await ask.post("/api/x", headers={**COOKIE, "origin": "https://shop.local"})
        assert answer.headers["strict-transport-security"].startswith("max-age=")
        assert "wss://shop.local" in answer.headers["content-security-policy"]
        assert (await ask.post("/api/x", headers={**COOKIE, "origin": "http://shop.local"})).status_code == 403


async def test_ours_replace_the_apps_own_headers(guard: Guard) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"X-Frame-Options", b"ALLOWALL"), (b"x-mine", b"1")]})
        await send({"type": "http.response.body", "body": b""})

    guard.app = app
    headers = (await raw(guard, headers=[(b"host", b"shop.local")], path="/healthz"))[0]["headers"]
    assert [value for name, value in headers if name.lower() == b"x-frame-options"] == [b"DENY"]
    assert (b"x-mine", b"1") in headers


async def test_start_and_stop_of_the_app_pass_through(guard: Guard) -> None:
    seen = []

    async def app(scope: dict[str, Any], *_: object) -> None:
        seen.append(scope["type"])

    guard.app = app
    await guard({"type": "lifespan"}, None, None)
    assert seen == ["lifespan"]


async def handshake(guard: Guard, path: str, headers: list[tuple[bytes, bytes]], **more: Any) -> list[dict[str, Any]]:
    """What is answered to a socket's handshake."""
    scope = {"type": "websocket", "path": path, "scheme": "ws", "query_string": b"", "headers": [(b"host", b"shop.local"), *headers]}
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await guard(scope | more, receive, send)
    return sent


async def test_a_socket_server_that_cannot_say_a_status_closes(guard: Guard) -> None:
    (closed,) = await handshake(guard, "/_nicegui_ws/socket.io/", [(b"origin", b"http://evil.example")])
    assert closed["type"] == "websocket.close"


@pytest.mark.parametrize("origin", [[], [(b"origin", b"http://evil.example")], [(b"origin", b"null")]])
async def test_any_socket_must_come_from_our_own_pages(guard: Guard, origin: list[tuple[bytes, bytes]]) -> None:
    headers = [(b"cookie", b"chairside=good"), *origin]
    sent = await handshake(guard, "/api/v1/live", headers, extensions={"websocket.http.response": {}})
    assert sent[0]["status"] == 403
    assert b"x-content-type-options" in dict(sent[0]["headers"])
    assert guard.refused["origin_foreign"] == 1


async def raw(guard: Guard, *, headers: list[tuple[bytes, bytes]], path: str = "/x", method: str = "GET") -> list[dict[str, Any]]:
    """One request exactly as given."""
    scope = {"type": "http", "method": method, "path": path, "scheme": "http", "query_string": b"", "headers": headers, "client": None}
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await guard({**scope, "raw_path": path.encode(), "http_version": "1.1"}, receive, send)
    return sent
