"""The desk's pages over a shop in memory, as one process: python desk_server.py PORT BENCH_URL. Tests steer it over HTTP at /double."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[3])]

import uvicorn  # noqa: E402
from desk_double import ShopDouble  # noqa: E402
from fastapi import FastAPI, Request  # noqa: E402
from fastapi.responses import RedirectResponse  # noqa: E402
from nicegui import ui  # noqa: E402
from scenes import SCENES  # noqa: E402

from ui import bench, office, station, theme  # noqa: E402
from ui.refresh import ActorNow, Refresh  # noqa: E402

COOKIE = "chairside_session"


class Current:
    """Stands in front of the shop of the running test, so that each test begins with a fresh one."""

    def __init__(self, refresh: Refresh) -> None:
        self.refresh = refresh
        self.shop = ShopDouble(refresh.announce)

    def fresh(self) -> None:
        told = self.shop.equipment.told
        self.shop = ShopDouble(self.refresh.announce)
        self.shop.equipment.told = told

    def part(self, name: str) -> Any:
        return Part(self, name)


class Part:
    def __init__(self, current: Current, name: str) -> None:
        self._current, self._name = current, name

    def __getattr__(self, wanted: str) -> Any:
        return getattr(getattr(self._current.shop, self._name), wanted)


def served(bench_url: str) -> FastAPI:
    app = FastAPI()
    refresh = Refresh()
    current = Current(refresh)

    @app.middleware("http")
    async def guard(request: Request, call_next: Any) -> Any:
        request.state.sid = request.cookies.get(COOKIE, "reception")
        request.state.actor = current.shop.sessions.holder_of(request.state.sid)
        if request.state.actor is None and request.url.path.startswith(("/station", "/office")):
            return RedirectResponse("/login")
        return await call_next(request)

    @app.get("/login")
    def login() -> str:
        return "log in"

    @app.post("/double/fresh")
    def fresh() -> None:
        current.fresh()

    @app.post("/double/scene/{name}")
    async def scene(name: str, args: dict[str, Any]) -> Any:
        return SCENES[name](current.shop, **args)

    theme.install()
    station.install()
    part = current.part
    desk = station.DeskServices(
        visits=part("visits"),
        pos=part("pos"),
        catalog=part("catalog"),
        staff=part("staff"),
        equipment=part("equipment"),
        sensors=part("sensors"),
        clock=part("clock"),
        refresh=refresh,
        actor_now=ActorNow(part("sessions")),
        holder_of=lambda sid: current.shop.sessions.holder_of(sid),
    )
    station.pages(desk)
    office.pages(
        office.OfficeServices(
            desk=desk,
            importing=part("importing"),
            screens=part("screens"),
            self_tests=part("self_tests"),
            network=part("network"),
            labels=part("labels"),
            dead_letters=lambda: current.shop.dead,
        )
    )
    bench.pages(bench.BenchServices(bench=bench.BenchClient(bench_url), desk=desk, is_shown=lambda: current.shop.catalog.is_demo))
    ui.run_with(app, tailwind=False, gzip_middleware_factory=None, binding_refresh_interval=None, show_welcome_message=False)
    return app


if __name__ == "__main__":
    uvicorn.run(served(sys.argv[2]), host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
