"""Guests' files over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from types import SimpleNamespace

import httpx
import pytest
from fastapi import FastAPI, Request

from hub.access import Actor
from hub.customers import Purpose
from hub.customers.api import router
from hub.ids import TapId
from hub.web import say_errors
from tests.hub.customers.shop import KIOSK, MEI, PHONE, PING, Shop


@pytest.fixture
def acting() -> list[Actor]:
    """Who asks; a test puts someone else there."""
    return [KIOSK]


@pytest.fixture
async def desk(shop: Shop, acting: list[Actor]) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.state.shop = SimpleNamespace(customers=shop.customers)
    app.include_router(router)
    say_errors(app)

    @app.middleware("http")
    async def guard(request: Request, call_next):
        request.state.actor = acting[0]
        return await call_next(request)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://desk") as client:
        yield client


def tap() -> dict[str, str]:
    return {"Tap-Id": TapId.new()}


async def test_a_guest_is_enrolled_found_read_corrected_and_erased(shop: Shop, desk: httpx.AsyncClient, acting: list[Actor]) -> None:
    once = tap()
    wishes = {"phone": PHONE, "name": "林", "language": "en", "consents": ["marketing"]}
    made = [await desk.post("/customers", json=wishes, headers=once) for _ in range(2)]
    assert [answer.status_code for answer in made] == [201, 201]
    lin = made[0].json()["customer"]
    assert made[1].json()["customer"] == lin
    acting[0] = MEI
    assert (await desk.get("/customers", params={"last4": "8000"})).json() == [{"id": lin, "phone": "138****8000", "name": "林"}]
    assert (await desk.patch(f"/customers/{lin}", json={"notes": "tea"}, headers=tap())).status_code == 204
    card = (await desk.get(f"/customers/{lin}")).json()
    assert (card["phone"], card["name"], card["notes"], card["language"]) == ("+8613800138000", "林", "tea", "en")
    acting[0] = PING
    assert (await desk.get(f"/customers/{lin}/export")).json()["phone"] == "+8613800138000"
    assert (await desk.delete(f"/customers/{lin}", headers=tap())).status_code == 204
    assert (await desk.get(f"/customers/{lin}")).status_code == 404


async def test_consents_are_given_and_taken_back(shop: Shop, desk: httpx.AsyncClient) -> None:
    lin = await shop.came()
    path = f"/customers/{lin}/consents/photos"
    assert (await desk.put(path, headers=tap())).status_code == 204
    assert shop.customers.consented(lin, Purpose.PHOTOS)
    assert (await desk.delete(path, headers=tap())).status_code == 204
    assert not shop.customers.consented(lin, Purpose.PHOTOS)
    assert (await desk.put(path.replace("photos", "anything"), headers=tap())).status_code == 422


@pytest.mark.parametrize(("phone", "code"), [("12345", "phone_invalid"), ("", "phone_invalid"), ("138001380001", "phone_invalid")])
async def test_a_wrong_number_is_said_so_and_not_repeated(desk: httpx.AsyncClient, phone: str, code: str) -> None:
    answer = await desk.post("/customers", json={"phone": phone}, headers=tap())
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert not phone or phone not in answer.text
    assert answer.json()["hint"]


async def test_the_kiosk_sees_nobody(shop: Shop, desk: httpx.AsyncClient) -> None:
    lin = await shop.came()
    for method, path in (
        ("GET", "?last4=8000"),
        ("GET", f"/{lin}"),
        ("PATCH", f"/{lin}"),
        ("DELETE", f"/{lin}"),
        ("GET", f"/{lin}/export"),
    ):
        answer = await desk.request(method, "/customers" + path, json={} if method == "PATCH" else None, headers=tap())
        assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
