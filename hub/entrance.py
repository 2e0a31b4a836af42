"""Ways in: log-in and log-out, a screen's pairing code, set-up, and whether the hub is alive."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from hub.access import Role
from hub.recovery import Known
from hub.staff.model import StaffId
from hub.web import CurrentActor, shop_of

COOKIE = "chairside"
SCREEN_COOKIE_S = 400 * 24 * 3600
router = APIRouter(tags=["entrance"])
_FIRST_PAGE = {Role.KIOSK: "/kiosk", Role.BOARD: "/board", Role.SETUP: "/setup"}


class LogIn(BaseModel):
    """Who, by which PIN, where."""

    model_config = ConfigDict(extra="forbid")

    staff: StaffId
    pin: str = Field(min_length=1, max_length=12)
    station: str = Field("station", pattern=r"^[a-z0-9-]{1,32}$")


@router.post("/api/login")
async def log_in(body: LogIn, request: Request) -> Response:
    """A session in place of the browser's old one, as a cookie."""
    shop = shop_of(request)
    token = await shop.staff.log_in(body.staff, body.pin, body.station, request.cookies.get(COOKIE))
    answer = JSONResponse({"role": shop.staff.member(body.staff).role})
    _set(answer, token, request, None)
    return answer


@router.post("/api/logout")
async def log_out(request: Request) -> Response:
    """The session is over."""
    await shop_of(request).sessions.end(request.cookies.get(COOKIE, ""))
    answer = JSONResponse({})
    answer.delete_cookie(COOKIE)
    return answer


@router.get("/enter")
async def enter(code: Annotated[str, Query(max_length=32)], request: Request) -> Response:
    """Where a pairing link leads: the code becomes this browser's session, once. Raises CodeWrong, TooManyTries."""
    shop = shop_of(request)
    token = await shop.sessions.redeem(code, request.client.host if request.client else None)
    actor = shop.sessions.actor_of(token)
    answer = RedirectResponse(_FIRST_PAGE.get(actor.role, "/") if actor else "/login", status_code=303)
    _set(answer, token, request, SCREEN_COOKIE_S)
    return answer


@router.get("/api/me")
async def me(actor: CurrentActor) -> dict[str, str]:
    """Who this browser is; 401 tells an open page to reload."""
    return {"id": actor.id, "role": actor.role, "station": actor.station}


@router.get("/healthz")
async def healthz(request: Request) -> Response:
    """200 while the hub can take a sale."""
    shop = shop_of(request)
    head = shop.journal.head()
    told: dict[str, Any] = {"ok": shop.db.broken is None, "store": shop.settings.store_id, "epoch": head.epoch, "seq": head.seq}
    return JSONResponse(told, status_code=200 if shop.db.broken is None else 503)


@router.post("/api/v1/recovery")
async def recover(body: Known, actor: CurrentActor, request: Request) -> dict[str, int]:
    """Head office knows more than this database."""
    return {"epoch": await shop_of(request).recovery.recover(actor, body)}


def _set(answer: Response, token: str, request: Request, max_age: int | None) -> None:
    secure = request.url.scheme == "https"
    answer.set_cookie(COOKIE, token, max_age=max_age, httponly=True, samesite="strict", secure=secure, path="/")
