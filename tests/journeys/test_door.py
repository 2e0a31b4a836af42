"""Who does not belong is refused at the door with the right status; nothing changes, and it is logged."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor

import pytest

from hub.db import Db
from hub.ids import TapId
from tests.harness import Browser


def raw(shop, request: bytes) -> int:
    """The status of a request sent byte by byte as a stranger would."""
    with socket.create_connection(("127.0.0.1", shop.web), 10) as wire:
        wire.sendall(request)
        return int(wire.recv(65536).split(b" ", 2)[1])


@pytest.fixture
def sale(manager):
    service = manager.get("/api/v1/catalog/services")[0]
    tenders = [{"kind": "cash", "amount": service["price"]}]
    return {"till": "t1", "lines": [{"kind": "service", "item": service["id"]}], "total": service["price"], "tenders": tenders}


def done_by_people(shop):
    """How much the journal tells of what people did; the hub itself and its devices speak up whenever they like."""
    return Db(shop.folder / "shop.db").one("SELECT count(*) FROM journal WHERE role <> 'system'")[0]


def test_a_foreign_origin_cannot_sell_with_a_cashiers_cookie(shop, manager, sale):
    before = done_by_people(shop)
    for origin in ("http://evil.example", "null", f"https://127.0.0.1:{shop.web}"):
        status, _ = manager.ask("POST", "/api/v1/sales", sale, TapId.new(), {"origin": origin})
        assert status == 403
    assert done_by_people(shop) == before
    assert "origin_foreign" in (shop.folder / "hub.log").read_text()


def test_the_shops_own_page_can(shop, manager, sale):
    status, _ = manager.ask("POST", "/api/v1/sales", sale, TapId.new(), {"origin": shop.base, "sec-fetch-site": "same-origin"})
    assert status == 201


def test_a_wrong_host_is_misdirected(shop, manager):
    assert manager.ask("GET", "/api/me", headers={"host": "shop.evil.example"})[0] == 421


def test_without_a_session_nothing_is_sold_and_a_page_leads_to_the_log_in(shop, sale):
    stranger = Browser(shop.web)
    assert stranger.ask("POST", "/api/v1/sales", sale, TapId.new())[0] == 401
    assert stranger.ask("GET", "/api/v1/sales")[0] == 401
    assert stranger.ask("GET", "/station")[0] == 303


def test_a_kiosk_may_take_a_number_and_no_money(shop, manager, sale):
    kiosk = Browser(shop.web)
    assert kiosk.ask("GET", shop.link("kiosk").removeprefix(shop.base))[0] == 303
    assert kiosk.ask("POST", "/api/v1/visits", {"services": [sale["lines"][0]["item"]]}, TapId.new())[0] == 201
    for path in ("/api/v1/sales", "/api/v1/visits", "/api/v1/devices", "/api/v1/print-jobs", "/api/v1/z-reports"):
        assert kiosk.ask("GET", path)[0] == 403
    status, told = kiosk.ask("POST", "/api/v1/sales", sale, TapId.new())
    assert (status, told["code"]) == (403, "not_allowed")


def test_a_pairing_code_works_once(shop):
    link = shop.link("board").removeprefix(shop.base)
    assert Browser(shop.web).ask("GET", link)[0] == 303
    assert Browser(shop.web).ask("GET", link)[0] == 403


def test_a_body_that_is_too_large_is_refused_whether_it_says_so_or_not(shop, manager):
    before = done_by_people(shop)
    big = b"x" * (9 * 1024 * 1024)
    start = f"POST /api/v1/sales HTTP/1.1\r\nHost: 127.0.0.1:{shop.web}\r\nCookie: {manager.cookie}\r\nContent-Type: application/json\r\n"
    assert raw(shop, f"{start}Content-Length: {len(big)}\r\n\r\n".encode()) == 413
    chunked = f"{start}Transfer-Encoding: chunked\r\n\r\n{len(big):x}\r\n".encode()
    assert raw(shop, chunked + big[: 8300 * 1024]) == 413
    assert done_by_people(shop) == before


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {},
        {"till": "t1"},
        {"till": "t1", "lines": [{"kind": "gold", "item": "x"}], "tenders": [], "total": 0},
        {"till": "t1", "lines": [], "tenders": [], "total": 0},
        {"till": "t1", "lines": [], "tenders": [], "total": 10**30},
    ],
)
def test_nonsense_gets_a_clear_word_and_changes_nothing(shop, manager, body):
    before = done_by_people(shop)
    status, told = manager.ask("POST", "/api/v1/sales", body, TapId.new())
    assert status == 422
    assert told["code"]
    assert told["hint"]
    assert done_by_people(shop) == before


def test_without_a_tap_id_nothing_is_sold(shop, manager, sale):
    assert manager.ask("POST", "/api/v1/sales", sale)[0] == 422
    assert manager.ask("POST", "/api/v1/sales", sale, headers={"tap-id": "'; DROP TABLE sales; --"})[0] == 422


def test_a_wrong_bridge_token_recovers_nothing(shop):
    body = {"known_epoch": 9, "known_seq": 9, "receipts": {}}
    assert Browser(shop.web).ask("POST", "/api/v1/recovery", body, headers={"authorization": "Bearer guess"})[0] == 401
    assert Browser(shop.web).get("/healthz")["epoch"] == 1


def test_the_same_tap_sent_fifty_times_over_many_wires_is_one_sale(shop, manager, sale):
    tap = TapId.new()

    def again(_):
        browser = Browser(shop.web)
        browser.cookie = manager.cookie
        return browser.ask("POST", "/api/v1/sales", sale, tap)

    with ThreadPoolExecutor(50) as tills:
        answers = list(tills.map(again, range(50)))
    assert {status for status, _ in answers} == {201}
    assert all(told == answers[0][1] for _, told in answers)
