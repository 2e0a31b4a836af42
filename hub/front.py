"""The shop's web front: API, pages and the guard before them. With `hub.app` it is the composition root of a shop."""

from __future__ import annotations

import hmac
from functools import partial
from typing import Any

from fastapi import FastAPI

from hub.access import SYSTEM, Actor, Right, Role
from hub.app import Shop
from hub.catalog.api import router as catalog_routes
from hub.catalog.demo import pins_shown
from hub.catalog.importing import Importing
from hub.catalog.model import ShopDraft
from hub.customers.api import router as customers_routes
from hub.entrance import COOKIE
from hub.entrance import router as entrance_routes
from hub.equipment import DeviceSpec
from hub.equipment.api import router as equipment_routes
from hub.equipment.screens import SignOfLife
from hub.first_start import take_demo
from hub.ids import TapId
from hub.lean import SOCKET_CLIENTS, without
from hub.ports import PrintKind
from hub.pos.api import router as pos_routes
from hub.sessions.api import router as screens_routes
from hub.staff.api import router as staff_routes
from hub.visits.api import router as visits_routes
from hub.web import say_errors

with without(*SOCKET_CLIENTS):
    from nicegui import Client, ui

from ui import bench, board, kiosk, login, office, setup, station, theme
from ui.guard import Guard, Rules
from ui.refresh import ActorNow, Refresh
from ui.widgets import Beat

VERSION = "0.1.0"
BRIDGE = Actor(id="bridge", role=Role.BRIDGE, station="bridge")
OPEN_PATHS = {"/healthz", "/enter", "/login", "/api/login", "/api/logout", "/assets/", "/_nicegui/", "/favicon.ico"}


def build(shop: Shop) -> tuple[FastAPI, Refresh]:
    """The ASGI application of a shop, and what redraws its pages."""
    app = FastAPI(title="Chairside", version=VERSION, openapi_url="/api/openapi.json", docs_url=None, redoc_url=None)
    app.state.shop = shop
    say_errors(app)
    app.include_router(entrance_routes)
    for routes in (pos_routes, visits_routes, catalog_routes, staff_routes, customers_routes, equipment_routes, screens_routes):
        app.include_router(routes, prefix="/api/v1")  # tried in this order: the till's first
    refresh = Refresh()
    _pages(shop, refresh)
    ui.run_with(
        app, title="Chairside", language="zh-CN", storage_secret=None, tailwind=False, show_welcome_message=False, reconnect_timeout=10
    )
    _guard(app, shop)
    return app, refresh


def _pages(shop: Shop, refresh: Refresh) -> None:
    who = ActorNow(shop.sessions)
    screen: dict[str, Any] = {
        "clock": shop.clock,
        "refresh": refresh,
        "who": who,
        "on_beat": partial(_beat, shop),
        "version": VERSION,
    }
    theme.install()
    station.install()
    demo_pins = lambda: list(pins_shown(shop.catalog.shop()).items())  # noqa: E731
    login.pages(login.LoginServices(staff=shop.staff, catalog=shop.catalog, demo_pins=demo_pins))
    setup.pages(_setup_services(shop, refresh, who))
    kiosk.pages(
        kiosk.KioskServices(
            visits=shop.visits,
            catalog=shop.catalog,
            staff=shop.staff,
            customers=shop.customers,
            ticket_print=lambda visit: shop.equipment.job_of(PrintKind.TICKET, visit),
            **screen,
        )
    )
    board.pages(board.BoardServices(visits=shop.visits, catalog=shop.catalog, **screen))
    desk = station.DeskServices(
        visits=shop.visits,
        pos=shop.pos,
        catalog=shop.catalog,
        staff=shop.staff,
        equipment=shop.equipment,
        sensors=shop.sensors,
        clock=shop.clock,
        refresh=refresh,
        actor_now=who,
        holder_of=shop.sessions.holder_of,
    )
    station.pages(desk)
    office.pages(
        office.OfficeServices(
            desk=desk,
            importing=Importing(shop.catalog),
            screens=shop.sessions,
            self_tests=shop.self_tests,
            network=shop.network,
            labels=shop.asset_labels,
            dead_letters=shop.journal.dead_letters,
            base_url=shop.base_url,
        )
    )
    devices = shop.settings.devices
    practises = lambda: shop.settings.development or shop.catalog.shop().demo  # noqa: E731
    bench.pages(bench.BenchServices(bench=bench.BenchClient(f"http://127.0.0.1:{devices.bench_port}"), desk=desk, is_shown=practises))


def _setup_services(shop: Shop, refresh: Refresh, who: ActorNow) -> setup.SetupServices:
    """Set-up acts as the shop itself, for whoever came by the set-up link of a shop without data."""

    def shop_itself() -> Actor:
        who().must(Right.SET_UP_SHOP)
        return SYSTEM

    async def demo() -> None:
        shop_itself()
        await take_demo(shop)

    async def finish(draft: ShopDraft, owner: str, pin: str) -> None:
        actor = shop_itself()
        await shop.staff.set_up_owner(owner, pin)
        await shop.catalog.set_up(actor, draft, TapId.new())

    async def candidates() -> list[dict[str, Any]]:
        return await shop.equipment.candidates(shop_itself())

    async def adopt(spec: dict[str, Any], tap_id: TapId) -> str:
        return await shop.equipment.adopt(shop_itself(), DeviceSpec.model_validate(spec), tap_id)

    async def test_print(device: str, tap_id: TapId) -> str:
        return (await shop.equipment.test_print(shop_itself(), device, tap_id)).id

    return setup.SetupServices(
        is_set_up=shop.catalog.is_set_up,
        take_demo=demo,
        finish=finish,
        candidates=candidates,
        adopt=adopt,
        test_print=test_print,
        job_state=lambda job: shop.equipment.job(job).state,
        refresh=refresh,
    )


def _beat(shop: Shop, beat: Beat) -> None:
    shop.screens.beat(
        SignOfLife(
            screen=beat.screen,
            page=beat.page.strip("/"),
            version=beat.version,
            visible=beat.visible,
            session=beat.session,
            at_ms=beat.at_ms,
            battery_pct=beat.battery_pct,
            charging=beat.charging,
        )
    )


def _guard(app: FastAPI, shop: Shop) -> None:
    web = shop.settings.web
    token_file = shop.settings.store_dir / "secrets" / "bridge-token"
    expected = token_file.read_text().strip() if token_file.exists() else ""

    def bearer(token: str) -> Actor | None:
        return BRIDGE if expected and hmac.compare_digest(token.encode(), expected.encode()) else None

    rules = Rules(
        sessions=shop.sessions,
        hosts={"127.0.0.1", "localhost", "::1", web.host, *web.names},
        body_max=web.body_max_kb * 1024,
        open_paths=OPEN_PATHS,
        login_path="/login",
        cookie=COOKIE,
        page_session=_page_session,
        holder_of=shop.sessions.holder_of,
        bearer=bearer,
    )
    app.add_middleware(Guard, rules=rules)


def _page_session(client_id: str) -> str | None:
    client = Client.instances.get(client_id)
    return None if client is None else getattr(client.request.state, "sid", "")
