"""Staff and screens over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from types import SimpleNamespace

import httpx
import pytest
from fastapi import FastAPI, Request

from hub.access import Actor
from hub.ids import TapId
from hub.sessions.api import router as screens
from hub.staff.api import router as staff
from hub.web import say_errors
from tests.hub.staff.shop import MANAGER_PIN, MEI_PIN, Shop

LIN = {"name": "Lin", "role": "stylist", "stylist": True, "skills": ["cut"]}


@pytest.fixture
def acting(shop: Shop) -> list[Actor]:
    """Who asks; a test puts someone else there."""
    return [shop.acting("Ping")]


@pytest.fixture
async def desk(shop: Shop, acting: list[Actor]) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.state.shop = SimpleNamespace(staff=shop.staff, sessions=shop.sessions)
    app.include_router(staff)
    app.include_router(screens)
    say_errors(app)

    @app.middleware("http")
    async def guard(request: Request, call_next):
        request.state.actor = acting[0]
        return await call_next(request)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://desk") as client:
        yield client


def tap() -> dict[str, str]:
    return {"Tap-Id": TapId.new()}


async def test_a_person_is_hired_changed_and_leaves(shop: Shop, desk: httpx.AsyncClient) -> None:
    made = await desk.post("/staff", json={"person": LIN, "pin": "4826"}, headers=tap())
    assert made.status_code == 201
    lin = made.json()
    assert lin == {**LIN, "id": lin["id"], "active": True}
    assert lin in (await desk.get("/staff")).json()
    assert (await desk.get("/staff/stylists")).json() == [lin]
    left = await desk.put(f"/staff/{lin['id']}", json={**LIN, "active": False}, headers=tap())
    assert left.json()["active"] is False
    assert (await desk.get("/staff/stylists")).json() == []


async def test_pins_are_set_unlocked_and_never_told(shop: Shop, desk: httpx.AsyncClient, acting: list[Actor]) -> None:
    mei = shop.named("Mei").id
    assert (await desk.put(f"/staff/{mei}/pin", json={"pin": "9153"}, headers=tap())).status_code == 204
    assert (await desk.post(f"/staff/{mei}/unlock", json={"station": "desk"}, headers=tap())).status_code == 204
    acting[0] = shop.acting("Mei")
    refused = await desk.put(f"/staff/{mei}/pin", json={"pin": "2746", "old_pin": "5555"}, headers=tap())
    assert (refused.status_code, refused.json()["code"], refused.json()["facts"]) == (403, "pin_wrong", {"tries_left": "4"})
    assert (await desk.put(f"/staff/{mei}/pin", json={"pin": "2746", "old_pin": "9153"}, headers=tap())).status_code == 204
    await shop.staff.check_pin(mei, "2746", "desk")
    acting[0] = shop.acting("Ping")
    for answer in (await desk.get("/staff"), refused):
        for secret in (MEI_PIN, MANAGER_PIN, "9153", "2746", "5555", "argon2"):
            assert secret not in answer.text


@pytest.mark.parametrize(("pin", "code"), [("39", "pin_too_short"), ("1234", "pin_too_simple"), ("7391" * 4, "invalid_input")])
async def test_a_bad_pin_is_said_so_and_not_repeated(shop: Shop, desk: httpx.AsyncClient, pin: str, code: str) -> None:
    answer = await desk.put(f"/staff/{shop.named('Mei').id}/pin", json={"pin": pin}, headers=tap())
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert pin not in answer.text


async def test_who_may_not_is_told_so(shop: Shop, desk: httpx.AsyncClient, acting: list[Actor]) -> None:
    acting[0] = shop.acting("Mei")
    for method, path, body in (
        ("GET", "/staff", None),
        ("POST", "/staff", {"person": LIN}),
        ("PUT", f"/staff/{shop.named('Ping').id}", LIN),
        ("POST", f"/staff/{shop.named('Ping').id}/unlock", {}),
        ("GET", "/screens", None),
        ("POST", "/screens/codes", {"role": "kiosk", "station": "door"}),
    ):
        answer = await desk.request(method, path, json=body, headers=tap())
        assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed"), path


async def test_a_screen_is_paired_listed_and_taken_back(shop: Shop, desk: httpx.AsyncClient) -> None:
    code = (await desk.post("/screens/codes", json={"role": "kiosk", "station": "door"})).json()["code"]
    token = await shop.sessions.redeem(code)
    (screen,) = (await desk.get("/screens")).json()
    assert (screen["role"], screen["station"]) == ("kiosk", "door")
    assert (await desk.delete(f"/screens/{screen['id']}")).status_code == 204
    assert shop.sessions.actor_of(token) is None
    assert (await desk.delete(f"/screens/{screen['id']}")).status_code == 404
