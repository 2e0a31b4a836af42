from __future__ import annotations

from collections.abc import AsyncIterator
from types import SimpleNamespace

import httpx
import pytest
from fastapi import FastAPI, Request

from hub.access import Actor
from hub.catalog import ServiceId, ShopDraft
from hub.catalog.api import router
from hub.catalog.sheets import FILE_BYTES_MAX
from hub.ids import TapId
from hub.web import say_errors

CUT = {
    "code": "cut",
    "category": "cut",
    "names": {"zh_CN": "剪发", "zh_TW": "剪髮", "en": "Cut"},
    "phases": [{"kind": "working", "minutes": 45}],
    "price": 16800,
    "tax": 600,
}
SHAMPOO = {"code": "SH", "category": "shampoo", "names": {"en": "Shampoo"}, "price": 8800, "tax": 1300, "barcode": "6901234567892"}


@pytest.fixture
def at_desk(shop) -> list[Actor]:
    """Who is logged in at the desk; a test puts someone else there."""
    return [shop.manager]


@pytest.fixture
async def desk(shop, at_desk: list[Actor]) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.state.shop = SimpleNamespace(catalog=shop.catalog)
    app.include_router(router, prefix="/api/v1")
    say_errors(app)

    @app.middleware("http")
    async def guard(request: Request, call_next):
        request.state.actor = at_desk[0]
        return await call_next(request)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://desk/api/v1/catalog") as client:
        yield client


def tap() -> dict[str, str]:
    return {"Tap-Id": TapId.new()}


async def test_a_service_goes_over_the_wire_whole(shop, desk: httpx.AsyncClient) -> None:
    made = await desk.post("/services", json=CUT, headers=tap())
    assert made.status_code == 201
    body = made.json()
    assert body == {**CUT, "code": "CUT", "active": True, "id": body["id"]}
    assert (await desk.get("/services")).json() == [body]
    assert (await desk.get(f"/services/{body['id']}")).json() == body
    changed = await desk.put(f"/services/{body['id']}", json={**CUT, "price": 1}, headers=tap())
    assert changed.json()["price"] == 1
    assert (await desk.post(f"/services/{body['id']}/retire", headers=tap())).json()["active"] is False
    assert (await desk.get("/services")).json() == []
    assert (await desk.get(f"/services/{ServiceId.new()}")).status_code == 404
    assert (await desk.get("/services/nonsense")).status_code == 422


async def test_the_same_tap_over_http_is_one_product(shop, desk: httpx.AsyncClient) -> None:
    once = tap()
    first = await desk.post("/products", json=SHAMPOO, headers=once)
    assert (await desk.post("/products", json=SHAMPOO, headers=once)).json() == first.json()
    assert len(shop.catalog.every_product()) == 1
    assert (await desk.post("/products", json=SHAMPOO, headers={"Tap-Id": "x"})).status_code == 422
    assert (await desk.post("/products", json=SHAMPOO)).status_code == 422


async def test_products_are_searched_and_scanned(shop, desk: httpx.AsyncClient) -> None:
    made = (await desk.post("/products", json=SHAMPOO, headers=tap())).json()
    for question in ("", "?search=sham", "?search=690123&limit=1", "?search=sh"):
        assert (await desk.get(f"/products{question}")).json() == [made]
    assert (await desk.get("/products/barcode/6901234567892")).json() == made
    assert (await desk.get(f"/products/{made['id']}")).json() == made
    unknown = await desk.get("/products/barcode/6901234567885")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown_barcode")
    assert (await desk.get("/products?limit=100000")).status_code == 422
    changed = await desk.put(f"/products/{made['id']}", json={**SHAMPOO, "barcode": None}, headers=tap())
    assert changed.json()["barcode"] is None
    assert (await desk.post(f"/products/{made['id']}/retire", headers=tap())).json()["active"] is False


@pytest.mark.parametrize(
    "wrong", [{"price": -1}, {"tax": 99999}, {"barcode": "6901234567893"}, {"names": {}}, {"code": "=1"}, {"price": "x"}, {"price": 1.5}]
)
async def test_a_wrong_field_is_named_and_nothing_is_kept(shop, desk: httpx.AsyncClient, wrong: dict[str, object]) -> None:
    answer = await desk.post("/products", json={**SHAMPOO, **wrong}, headers=tap())
    assert answer.status_code == 422
    assert answer.json()["hint"]
    assert shop.catalog.every_product() == []


async def test_who_may_not_change_the_catalogue_is_refused(shop, desk: httpx.AsyncClient, at_desk: list[Actor]) -> None:
    at_desk[0] = shop.reception
    for refused in (
        await desk.post("/services", json=CUT, headers=tap()),
        await desk.post("/products", json=SHAMPOO, headers=tap()),
        await desk.post("/import?kind=products", content=b"code", headers=tap()),
        await desk.put("/shop", json={"name": "x"}, headers=tap()),
    ):
        assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")
    assert (await desk.get("/services")).status_code == 200
    assert shop.lines() == []


async def test_a_list_is_tried_then_taken_in(shop, desk: httpx.AsyncClient) -> None:
    content = "code,category,name_zh_CN,price,tax\nA,x,甲,10,13%\nB,x,乙,ten,13%\n".encode()
    tried = (await desk.post("/import?kind=products", content=content, headers=tap())).json()
    assert (tried["rows"], tried["applied"]) == (1, None)
    assert tried["problems"] == [{"line": 3, "column": "price", "reason": "price_shape", "value": "ten"}]
    applied = await desk.post("/import?kind=products&apply=1", content=content, headers=tap())
    assert (applied.status_code, applied.json()["applied"]) == (200, None)  # not while it has problems
    assert shop.catalog.every_product() == []
    good = content.replace(b"ten", b"20")
    assert (await desk.post("/import?kind=products&apply=0", content=good, headers=tap())).json()["applied"] is None
    once = tap()
    first = (await desk.post("/import?kind=products&apply=1", content=good, headers=once)).json()
    assert first["applied"] | {"id": ""} == {"id": "", "what": "products", "added": 2, "changed": 0, "same": 0}
    again = (await desk.post("/import?kind=products&apply=1", content=good, headers=once)).json()
    assert again["applied"] == first["applied"]
    assert (await desk.post("/import?kind=nonsense", content=good, headers=tap())).status_code == 422
    too_large = await desk.post("/import?kind=products", content=bytes(FILE_BYTES_MAX + 1), headers=tap())
    assert too_large.status_code == 422


async def test_the_owner_changes_the_hours_over_http(shop, desk: httpx.AsyncClient, at_desk: list[Actor]) -> None:
    at_desk[0] = shop.owner
    body = {"name": "青丝", "opening": [["10:00", "20:00"]] * 6 + [None]}
    assert (await desk.put("/shop", json=body, headers=tap())).status_code == 404  # before set-up
    await shop.catalog.set_up(shop.owner, ShopDraft(name="x"), TapId.new())
    changed = (await desk.put("/shop", json=body, headers=tap())).json()
    assert changed == (await desk.get("/shop")).json()
    assert (changed["name"], changed["opening"][5:]) == ("青丝", [["10:00", "20:00"], None])
    wrong = await desk.put("/shop", json={**body, "zone": "Mars"}, headers=tap())
    assert (wrong.status_code, wrong.json()["facts"]["reason"]) == (422, "zone_unknown")
