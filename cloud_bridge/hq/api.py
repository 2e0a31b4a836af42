"""What programs may ask of head office: `/api/v1/…` behind a session, `/healthz` for everyone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

import structlog
from fastapi import APIRouter, FastAPI, Query, Request
from fastapi.responses import JSONResponse, Response

from cloud_bridge.hq.database import Database
from cloud_bridge.hq.desk import Pong
from cloud_bridge.hq.fleet import EVENTS_AT_ONCE, Fleet, Shop
from hub.errors import ChairsideError, MachineError, StorageFailed

log = structlog.get_logger()

Ping = Callable[[str], Awaitable[Pong]]
IsConnected = Callable[[], bool]


def routes(fleet: Fleet, database: Database, ping: Ping, is_connected: IsConnected) -> APIRouter:
    """The routes over these parts."""
    router = APIRouter()
    _of_the_process(router, database, is_connected)
    _of_shops(router, fleet, ping)
    _of_alarms(router, fleet)
    return router


def _of_the_process(router: APIRouter, database: Database, is_connected: IsConnected) -> None:
    @router.get("/healthz")
    async def healthz() -> Response:
        """200 while shops can connect and the database answers, else 503."""
        try:
            await database.one("SELECT 1 AS one")
        except StorageFailed:
            return JSONResponse({"healthy": False, "why": "database"}, status_code=503)
        if not is_connected():
            return JSONResponse({"healthy": False, "why": "nats"}, status_code=503)
        return JSONResponse({"healthy": True})

    @router.get("/api/me")
    async def me() -> dict[str, str]:
        """Who this browser is; without a session the guard has answered 401."""
        return {"role": "operator"}


def _of_shops(router: APIRouter, fleet: Fleet, ping: Ping) -> None:
    @router.get("/api/v1/shops")
    async def shops() -> list[dict[str, Any]]:
        """Every shop as it is now."""
        return [_plain(shop) for shop in fleet.overview()]

    @router.get("/api/v1/shops/{store}")
    async def shop(store: str) -> dict[str, Any]:
        """One shop with its devices."""
        return _plain(fleet.shop(store))

    @router.get("/api/v1/shops/{store}/events")
    async def events(
        store: str, below: int | None = Query(None, ge=1), limit: int = Query(100, ge=1, le=EVENTS_AT_ONCE)
    ) -> list[dict[str, Any]]:
        """Lines of its journal, newest first."""
        return await fleet.events(fleet.shop(store).store, below=below, limit=limit)

    @router.get("/api/v1/shops/{store}/forgotten")
    async def forgotten(store: str) -> list[dict[str, Any]]:
        """Lines it forgot in a restore."""
        return await fleet.forgotten(fleet.shop(store).store)

    @router.get("/api/v1/shops/{store}/takings")
    async def takings(store: str, days: int = Query(14, ge=1, le=400)) -> list[dict[str, Any]]:
        """By business day and currency."""
        return await fleet.takings(fleet.shop(store).store, days=days)

    @router.post("/api/v1/shops/{store}/ping")
    async def ping_shop(store: str) -> dict[str, Any]:
        """A sign of life, with its round trip in ms."""
        return asdict(await ping(fleet.shop(store).store))

    @router.post("/api/v1/shops/{store}/adopt")
    async def adopt(store: str, session: str = Query(min_length=1, max_length=64)) -> dict[str, str]:
        """The outdated copy that runs as this session is the shop now."""
        await fleet.adopt(fleet.shop(store).store, session)
        return {}


def _of_alarms(router: APIRouter, fleet: Fleet) -> None:
    @router.get("/api/v1/alarms")
    async def alarms() -> list[dict[str, Any]]:
        """What nobody has seen yet."""
        return await fleet.alarms()

    @router.post("/api/v1/alarms/{alarm}/seen")
    async def seen(alarm: int) -> dict[str, str]:
        """A person has taken notice."""
        await fleet.seen(alarm)
        return {}

    @router.get("/api/v1/refused")
    async def refused() -> list[dict[str, Any]]:
        """Messages that were not taken, by shop and reason."""
        return await fleet.refused()


def say_errors(app: FastAPI) -> None:
    """Every error of ours leaves with its code, hint and status; any other without its inside."""

    async def ours(request: Request, error: Exception) -> Response:
        told = error if isinstance(error, ChairsideError) else MachineError()
        if isinstance(told, MachineError):
            log.error("request failed", path=request.url.path, code=told.code, exc_info=None if told is error else error)
        return JSONResponse(told.as_json(), status_code=told.status)

    app.add_exception_handler(ChairsideError, ours)
    app.add_exception_handler(Exception, ours)


def _plain(shop: Shop) -> dict[str, Any]:
    return {**asdict(shop), "troubled": shop.troubled}
