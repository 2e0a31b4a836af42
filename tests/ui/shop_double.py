"""A shop in memory behind the real pages, in a process of its own: for tests of what is drawn, never of rules.

`python tests/ui/shop_double.py` prints its port and serves until it is ended. Tests steer it over /double/….
"""

from __future__ import annotations

import asyncio
import socket
import sys
from dataclasses import replace
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, RedirectResponse
from nicegui import ui

from hub.access import Actor, Role
from hub.catalog.model import Names, Phase, PhaseKind, Service, ServiceId
from hub.catalog.shop import NOT_SET_UP, ShopDraft
from hub.clock import MovedClock
from hub.customers.model import CustomerId
from hub.errors import MachineError, StorageFailed
from hub.ids import TapId
from hub.journal import Line
from hub.staff.model import PinTooSimple, StaffId, StaffMember
from hub.visits.model import NobodyCanDoThis, NothingChosen, Stage, Visit, VisitCannotMove, VisitId, Wait, WalkIn
from ui import board, kiosk, login, setup, texts, theme
from ui.refresh import ActorNow, Refresh
from ui.widgets import Keypad, Kind, Sheet, act, beat, main_action, press, text

MORNING = datetime(2026, 3, 2, 2, 30, tzinfo=UTC)  # 10:30 in Shanghai


def service(code: str, category: str, names: tuple[str, str, str], phases: str, yuan: int) -> Service:
    parts = tuple(
        Phase(kind=PhaseKind.PROCESSING if part.endswith("p") else PhaseKind.WORKING, minutes=int(part.rstrip("p")))
        for part in phases.split("+")
    )
    name = Names(zh_CN=names[0], zh_TW=names[1], en=names[2])
    return Service(id=ServiceId.new(), code=code, category=category, names=name, phases=parts, price=yuan * 100, tax=600, active=True)


MENU = [
    service("CUT-W", "cut", ("女士剪发", "女士剪髮", "Women's cut"), "45", 168),
    service("CUT-M", "cut", ("男士剪发", "男士剪髮", "Men's cut"), "30", 98),
    service("CUT-C", "cut", ("儿童剪发", "兒童剪髮", "Children's cut"), "30", 68),
    service("CUT-F", "cut", ("修刘海", "修瀏海", "Fringe trim"), "10", 38),
    service("WASH", "wash", ("洗吹", "洗髮吹整", "Wash and blow-dry"), "40", 78),
    service("SCALP", "wash", ("头皮清洁洗", "頭皮深層潔淨", "Scalp deep cleanse"), "50", 168),
    service("COL-F", "color", ("全头染发", "全頭染髮", "Full colour"), "30+45p+30", 580),
    service("COL-R", "color", ("补染发根", "補染髮根", "Root touch-up"), "30+35p+20", 380),
    service("COL-H", "color", ("挑染", "挑染", "Highlights"), "60+45p+30", 880),
    service("PERM", "perm", ("烫发", "燙髮", "Perm"), "60+60p+40", 780),
    service("STRAIGHT", "perm", ("拉直", "離子燙", "Straightening"), "60+60p+60", 880),
    service("CARE-D", "care", ("深层护理", "深層護髮", "Deep conditioning"), "15+20p+15", 268),
    service("CARE-S", "care", ("头皮护理", "頭皮護理", "Scalp treatment"), "40", 298),
    service("STYLE", "styling", ("宴会造型", "宴會造型", "Event styling"), "60", 398),
]
STAFF = [
    StaffMember(id=StaffId.new(), name="林小雨", role=Role.STYLIST, stylist=True),
    StaffMember(id=StaffId.new(), name="陈思远", role=Role.STYLIST, stylist=True),
    StaffMember(id=StaffId.new(), name="王曼", role=Role.STYLIST, stylist=True),
    StaffMember(id=StaffId.new(), name="周杰", role=Role.STYLIST, stylist=True, skills=(MENU[0].id, MENU[1].id)),
    StaffMember(id=StaffId.new(), name="许琳", role=Role.RECEPTION),
    StaffMember(id=StaffId.new(), name="沈慧", role=Role.MANAGER),
    StaffMember(id=StaffId.new(), name="何青", role=Role.OWNER),
]
ACTORS = {
    "kiosk": Actor(id="kiosk-1", role=Role.KIOSK, station="kiosk-1"),
    "board": Actor(id="board-1", role=Role.BOARD, station="board-1"),
}


class Shop:
    """Everything the pages ask; `calls` tells what they asked for."""

    def __init__(self) -> None:
        self.clock = MovedClock(MORNING)
        self.refresh = Refresh()
        self.lines = 0
        self.reset()

    def reset(self) -> None:
        self.calls: list[tuple[str, Any]] = []
        self.rows: list[Visit] = []
        self.by_tap: dict[TapId, Visit] = {}
        self.job: SimpleNamespace | None = SimpleNamespace(state="queued", reason="")
        self.slow_s = 0.0
        self.fail_next: Exception | None = None
        self.ended: set[str] = set()
        self.set_up = True
        self.menu = list(MENU)
        self.crew = list(STAFF)
        self.found = [
            {"kind": "receipt_printer", "name": "XP-80", "address": "tcp://127.0.0.1:9100", "simulated": True},
            {"kind": "scanner", "name": "DS-2208", "address": "serial:///dev/serial/by-id/usb-DS2208", "simulated": False},
        ]

    # catalog, staff, sessions
    def shop(self) -> Any:
        return replace(NOT_SET_UP, name="青丝 · Qingsi Salon (演示)", set_up_at="2026-03-01T00:00:00+00:00", demo=True)

    def services_offered(self) -> list[Service]:
        return self.menu

    def stylists(self) -> list[StaffMember]:
        return [member for member in self.crew if member.stylist]

    def for_login(self) -> list[tuple[StaffId, str, Role]]:
        return [(member.id, member.name, member.role) for member in self.crew]

    def actor_of(self, token: str) -> Actor | None:
        return None if token in self.ended else ACTORS.get(token)

    # customers and visits
    async def enrol(self, actor: Actor, wishes: Any, tap_id: TapId) -> CustomerId:
        self.calls.append(("enrol", {"phone": wishes.phone, "language": wishes.language, "consents": [str(c) for c in wishes.consents]}))
        return CustomerId.new()

    def estimate(self, wish: WalkIn) -> Wait:
        if not wish.services:
            raise NothingChosen
        able = [s for s in self.stylists() if not s.skills or set(wish.services) <= set(s.skills)]
        if not [s for s in able if wish.stylist in {None, s.id}]:
            raise NobodyCanDoThis(services=len(wish.services))
        place = [s.id for s in able].index(wish.stylist) if wish.stylist else 0
        return Wait(from_s=300 + 900 * place, to_s=900 + 900 * place, stylist=able[0].id)

    async def check_in(self, actor: Actor, wish: WalkIn, tap_id: TapId) -> Visit:
        self.calls.append(
            ("check_in", {"tap": tap_id, "language": wish.language, "customer": bool(wish.customer), "services": len(wish.services)})
        )
        await asyncio.sleep(self.slow_s)
        if self.fail_next:
            wrong, self.fail_next = self.fail_next, None
            raise wrong
        if tap_id not in self.by_tap:
            self.by_tap[tap_id] = self.arrive(wish)
        return self.by_tap[tap_id]

    def arrive(self, wish: WalkIn, stage: Stage = Stage.WAITING) -> Visit:
        now, ticket = self.clock.now(), len(self.rows) + 1
        visit = Visit(
            id=VisitId.new(),
            ticket=ticket,
            day=date(2026, 3, 2),
            stage=stage,
            arrived_at=now,
            services=wish.services,
            language=wish.language,
            wanted_stylist=wish.stylist,
            stylist=None,
            customer=wish.customer,
            wait_s=900,
            moved_at=now,
            started_at=None,
        )
        self.rows.append(visit)
        self.tell("GuestCheckedIn", ticket=ticket)
        return visit

    def move(self, ticket: int, stage: Stage, stylist: str = "") -> None:
        at = next(i for i, visit in enumerate(self.rows) if visit.ticket == ticket)
        who = next((s.id for s in self.stylists() if s.name == stylist), None)
        self.rows[at] = replace(self.rows[at], stage=stage, stylist=who or self.rows[at].stylist)
        self.tell(
            {Stage.CALLED: "GuestCalled", Stage.WAITING: "GuestPutBack", Stage.PAID: "GuestPaid"}.get(stage, "GuestSeated"), ticket=ticket
        )

    def board(self, actor: Actor) -> list[Any]:
        names = {s.id: s.name for s in self.stylists()}
        shown = [v for v in self.rows if v.stage not in {Stage.PAID, Stage.LEFT}]
        return [
            SimpleNamespace(
                ticket=v.ticket,
                stage=v.stage,
                stylist_name=names.get(v.stylist or v.wanted_stylist or StaffId(""), ""),
                wait_s=300 * (n + 1),
            )
            for n, v in enumerate(shown)
        ]

    def ticket_print(self, visit: VisitId) -> Any:
        return self.job

    def tell(self, kind: str, **body: Any) -> None:
        self.lines += 1
        self.refresh.announce([Line(self.lines, 1, MORNING.isoformat(), "a", "kiosk", "s", kind, body, b"")])

    # set-up
    async def take_demo(self) -> None:
        self.calls.append(("take_demo", None))
        self.set_up = True

    async def finish(self, draft: ShopDraft, owner: str, pin: str) -> None:
        if pin == "111111":
            raise PinTooSimple
        self.calls.append(
            ("finish", {"name": draft.name, "owner": owner, "digits": len(pin), "monday": draft.opening[0], "sunday": draft.opening[6]})
        )
        self.set_up = True

    async def candidates(self) -> list[dict[str, Any]]:
        return self.found

    async def adopt(self, spec: dict[str, Any], tap_id: TapId) -> None:
        self.calls.append(("adopt", spec))

    async def test_print(self, device: str, tap_id: TapId) -> str:
        self.calls.append(("test_print", device))
        return "job-1"

    def job_state(self, job: str) -> str:
        return self.job.state if self.job else "queued"

    def beat(self, beat: Any) -> None:
        self.calls.append(("beat", {"screen": beat.screen, "page": beat.page, "version": beat.version, "visible": beat.visible}))


class Sessions:
    """In place of the guard: the path names the screen, and with it the session."""

    def __init__(self, app: Any, shop: Shop) -> None:
        self.app, self.shop = app, shop

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            scope.setdefault("state", {})["sid"] = scope["path"].strip("/")
            if scope["path"].strip("/") in self.shop.ended:
                return await RedirectResponse("/login", 303)(scope, receive, send)
        return await self.app(scope, receive, send)


def serve(idle_s: float, done_s: float) -> FastAPI:
    shop, app = Shop(), FastAPI()
    who = ActorNow(shop)
    theme.install()
    kiosk.pages(
        kiosk.KioskServices(
            visits=shop,
            catalog=shop,
            staff=shop,
            customers=shop,
            ticket_print=shop.ticket_print,
            clock=shop.clock,
            who=who,
            refresh=shop.refresh,
            on_beat=shop.beat,
            version="1.2.3",
            idle_s=idle_s,
            done_s=done_s,
        )
    )
    board.pages(
        board.BoardServices(
            visits=shop, catalog=shop, clock=shop.clock, who=who, refresh=shop.refresh, on_beat=shop.beat, version="1.2.3", call_s=1.5
        )
    )
    login.pages(login.LoginServices(staff=shop, catalog=shop, demo_pins=lambda: [(m.name, "2580") for m in shop.crew]))
    setup.pages(
        setup.SetupServices(
            is_set_up=lambda: shop.set_up,
            take_demo=shop.take_demo,
            finish=shop.finish,
            candidates=shop.candidates,
            adopt=shop.adopt,
            test_print=shop.test_print,
            job_state=shop.job_state,
            refresh=shop.refresh,
        )
    )
    _widgets_page(shop)
    _steering(app, shop)
    app.add_middleware(Sessions, shop=shop)
    ui.run_with(
        app, tailwind=False, gzip_middleware_factory=None, binding_refresh_interval=None, show_welcome_message=False, reconnect_timeout=2
    )
    return app


def _widgets_page(shop: Shop) -> None:
    """A page of acts, to see what becomes of presses."""

    @ui.page("/widgets")
    def widgets_page() -> None:
        t = texts.of("en")

        def doing(name: str, wrong: Exception | None = None) -> Any:
            async def done(tap_id: TapId) -> None:
                shop.calls.append((name, tap_id))
                await asyncio.sleep(shop.slow_s)
                if wrong:
                    raise wrong

            return done

        with theme.page(t, "Widgets", theme.Look.STATION):
            main_action(t, "Once", doing("once"))
            again = act(t, "Again", doing("again"), kind=Kind.BRAND)
            again.repeats = True
            act(t, "Refused", doing("refused", VisitCannotMove(ticket=7)))
            act(t, "Broken", doing("broken", MachineError()))
            act(t, "Defect", doing("defect", ZeroDivisionError()))
            beat("widgets", lambda b: shop.calls.append(("quick beat", b.visible)), version="1", every_s=0.2)
            amount = text("", "amount")
            Keypad(t, lambda value: setattr(amount, "text", value), kind="amount", longest=9)
            sheet = Sheet(t, "A sheet")
            with sheet:
                text("Inside the sheet")
            press("Open the sheet", sheet.open)


def _steering(app: FastAPI, shop: Shop) -> None:
    @app.get("/double/calls")
    def calls() -> Any:
        return shop.calls

    @app.get("/double/state")
    def state() -> Any:
        return {"listening": shop.refresh.listening, "visits": len(shop.rows)}

    @app.post("/double/reset")
    async def reset() -> None:
        shop.reset()

    @app.post("/double/set")
    async def put(request: Request) -> None:
        told = await request.json()
        if "job" in told:
            shop.job = SimpleNamespace(**{"reason": "", **told.pop("job")})
            shop.tell("PrintJobMoved", state="")
        if told.pop("storage_fails_next", False):
            shop.fail_next = StorageFailed()
        for name, value in told.items():
            setattr(shop, name, set(value) if name == "ended" else value)

    @app.post("/double/walk-in")
    async def walk_in(request: Request) -> int:
        told = await request.json()
        wanted = next((s.id for s in shop.stylists() if s.name == told.get("stylist")), None)
        return [shop.arrive(WalkIn(services=(MENU[0].id,), stylist=wanted)).ticket for _ in range(told.get("guests", 1))][-1]

    @app.post("/double/move")
    async def move(request: Request) -> None:
        told = await request.json()
        shop.move(told["ticket"], Stage(told["stage"]), told.get("stylist", ""))

    @app.post("/api/login")
    async def log_in(request: Request) -> Any:
        told = await request.json()
        shop.calls.append(("login", {"station": told["station"], "right": told["pin"] == "2580"}))
        if told["pin"] != "2580":
            return JSONResponse({"code": "pin_wrong", "hint": "Try again.", "facts": {"tries_left": "4"}}, 403)
        return {}

    @app.get("/api/me")
    def me() -> Any:
        return {}


def main() -> None:
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen(100)
    idle_s, done_s = (float(n) for n in sys.argv[1:3])
    app = serve(idle_s, done_s)
    sys.stdout.write(f"{listening.getsockname()[1]}\n")
    sys.stdout.flush()
    config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1)
    asyncio.run(uvicorn.Server(config).serve(sockets=[listening]))


if __name__ == "__main__":
    main()
