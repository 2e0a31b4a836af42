"""A shop in memory for the desk's pages: the same methods as the real services, kept as small as a test can bear.

Rules that have a home in a model (stages, payments, prices) are asked there, so that a page meets the real refusals.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from equipment_double import EquipmentDouble, SelfTestsDouble, SensorsDouble
from network_double import LabelsDouble, NetworkDouble
from office_double import PeopleDouble, ScreensDouble, TakingIn
from pos_double import PosDouble, commit

from hub.access import Actor, Right, Role
from hub.catalog.importing import Importing
from hub.catalog.model import Names, Phase, PhaseKind, Product, ProductId, Service, ServiceId, Shop, UnknownBarcode
from hub.catalog.values import scanned_barcode
from hub.clock import Clock
from hub.errors import NotFound
from hub.ids import TapId
from hub.journal import Line
from hub.staff.model import StaffId, StaffMember, WrongPin
from hub.visits.model import IN_THE_SHOP, TICKET_CODE, Stage, Visit, VisitId, Wait, WalkIn

SHAMPOO, CONDITIONER = "6901234567892", "6923450657713"
OPEN = (("10:00", "21:00"),) * 7


def service(code: str, category: str, zh: str, en: str, minutes: tuple[int, ...], price: int) -> Service:
    phases = tuple(Phase(kind=PhaseKind.PROCESSING if i % 2 else PhaseKind.WORKING, minutes=m) for i, m in enumerate(minutes))
    names = Names(zh_CN=zh, zh_TW=zh, en=en)
    return Service(id=ServiceId.new(), code=code, category=category, names=names, phases=phases, price=price, tax=600, active=True)


def product(code: str, category: str, zh: str, en: str, barcode: str | None, price: int) -> Product:
    names = Names(zh_CN=zh, zh_TW=zh, en=en)
    return Product(
        id=ProductId.new(), code=code, names=names, barcode=barcode, price=price, tax=1300, stocked=True, active=True, category=category
    )


class CatalogDouble:
    def __init__(self) -> None:
        self.services = [
            service("CUT", "cut", "精剪造型", "Cut & style", (45,), 12800),
            service("WASH", "cut", "洗吹", "Wash & blow-dry", (30,), 5800),
            service("KID", "cut", "儿童剪发", "Child's cut", (25,), 6800),
            service("COLOR", "color", "全头染色", "Full colour", (40, 35, 20), 38800),
            service("TOUCH", "color", "补染发根", "Root touch-up", (30, 30, 15), 22800),
            service("PERM", "perm", "冷烫", "Cold perm", (45, 40, 30), 45800),
            service("CARE", "care", "头皮护理", "Scalp care", (40,), 19800),
        ]
        self.products = [
            product("P01", "hair", "修护洗发水 500ml", "Repair shampoo 500 ml", SHAMPOO, 8800),
            product("P02", "hair", "修护护发素 500ml", "Repair conditioner 500 ml", CONDITIONER, 9800),
            product("P03", "style", "哑光发泥", "Matte clay", None, 12600),
            product("P04", "style", "定型喷雾", "Hair spray", None, 7600),
            product("P05", "tool", "宽齿木梳", "Wide-tooth comb", None, 3900),
            product("P06", "hair", "摩洛哥护发精油 100ml 礼盒装", "Argan oil 100 ml gift box", None, 26800),
        ]
        self.is_demo = True

    def shop(self) -> Shop:
        return Shop(
            name="青丝 · Qingsi Salon", zone="Asia/Shanghai", currency="CNY", address="上海市静安区", phone="02100000000",
            opening=OPEN, set_up_at="2026-01-01T00:00:00+00:00", demo=self.is_demo,
        )  # fmt: skip

    def is_set_up(self) -> bool:
        return True

    def services_offered(self) -> list[Service]:
        return self.services

    def service(self, service_id: str) -> Service:
        return self._one(self.services, service_id)

    def product(self, product_id: str) -> Product:
        return self._one(self.products, product_id)

    def product_by_barcode(self, code: str) -> Product:
        for found in self.products:
            if found.barcode == scanned_barcode(code):
                return found
        raise UnknownBarcode(barcode=code)

    def every_service(self) -> list[Service]:
        return self.services

    def every_product(self) -> list[Product]:
        return self.products

    async def take_in_products(self, actor: Actor, listed: Any, tap_id: TapId) -> Any:
        actor.must(Right.CHANGE_CATALOG)
        return await self.taking_in.products(listed)

    def search_products(self, text: str, limit: int = 50) -> list[Product]:
        wanted = text.lower()
        hits = [p for p in self.products if wanted in f"{p.code} {p.barcode or ''} {p.names.zh_CN} {p.names.en}".lower()]
        return hits[:limit]

    def favourite_products(self, limit: int) -> list[Product]:
        return self.products[:limit]

    @staticmethod
    def _one(rows: list[Any], wanted: str) -> Any:
        for row in rows:
            if row.id == wanted:
                return row
        raise NotFound(id=wanted)


def member(name: str, role: Role, stylist: bool) -> StaffMember:
    return StaffMember(id=StaffId.new(), name=name, role=role, skills=(), stylist=stylist, active=True)


class StaffDouble(PeopleDouble):
    def __init__(self, shop: ShopDouble) -> None:
        self.shop = shop
        self.people = [
            member("林美", Role.STYLIST, True),
            member("陈浩", Role.STYLIST, True),
            member("周雨桐", Role.STYLIST, True),
            member("何静", Role.RECEPTION, False),
            member("王经理", Role.MANAGER, False),
        ]
        self.pins = {self.people[4].id: "482915", self.people[3].id: "5831"}

    def stylists(self) -> list[StaffMember]:
        return [p for p in self.people if p.stylist and p.active]

    def member(self, staff_id: str) -> StaffMember:
        for person in self.people:
            if person.id == staff_id:
                return person
        raise NotFound(staff=staff_id)

    def for_login(self) -> list[tuple[StaffId, str, Role]]:
        return [(p.id, p.name, p.role) for p in self.people if p.active]


class VisitsDouble:
    def __init__(self, shop: ShopDouble) -> None:
        self.shop, self.all, self.taps = shop, {}, {}
        self.calls: list[str] = []
        self.asked = 0

    def estimate(self, wish: WalkIn) -> Wait:
        waiting = sum(v.stage is Stage.WAITING for v in self.all.values())
        return Wait(from_s=900 * waiting, to_s=900 * waiting + 600, stylist=wish.stylist or self.shop.staff.stylists()[0].id)

    async def check_in(self, actor: Actor, wish: WalkIn, tap_id: TapId) -> Visit:
        actor.must(Right.CHECK_IN)
        self.asked += 1
        await commit()
        if tap_id not in self.taps:
            self.calls.append("check_in")
            self.taps[tap_id] = self.arrive(wish.services, stylist=wish.stylist)
            self.shop.announce("GuestCheckedIn")
        return self.taps[tap_id]

    def arrive(self, services: tuple[ServiceId, ...], *, stylist: StaffId | None = None, minutes_ago: int = 0) -> Visit:
        now = self.shop.clock.now() - timedelta(minutes=minutes_ago)
        wait = self.estimate(WalkIn(services=services, stylist=stylist))
        visit = Visit(
            id=VisitId.new(), ticket=len(self.all) + 1, day=now.date(), stage=Stage.WAITING, arrived_at=now, services=services,
            language="zh_CN", wanted_stylist=stylist, stylist=None, customer=None, wait_s=wait.to_s, moved_at=now, started_at=None,
        )  # fmt: skip
        self.all[visit.id] = visit
        return visit

    def queue(self, actor: Actor) -> list[Visit]:
        actor.must(Right.SEE_QUEUE)
        return [v for v in self.all.values() if v.stage in IN_THE_SHOP]

    def visit(self, actor: Actor, visit_id: str) -> Visit:
        if visit_id not in self.all:
            raise NotFound(visit=visit_id)
        return self.all[visit_id]

    def visit_by_code(self, actor: Actor, code: str) -> Visit:
        return self.visit(actor, code.removeprefix(TICKET_CODE))

    def move(self, visit_id: str, stage: Stage, stylist: StaffId | None = None) -> Visit:
        before = self.all[visit_id]
        after = replace(before.moved_to(stage, self.shop.clock.now()), stylist=stylist or before.stylist)
        self.all[visit_id] = after
        return after

    async def _tap(self, actor: Actor, visit_id: str, stage: Stage, tap_id: TapId, kind: str, stylist: StaffId | None = None) -> Visit:
        actor.must(Right.MOVE_QUEUE)
        self.asked += 1
        await commit()
        if tap_id not in self.taps:
            self.taps[tap_id] = self.move(visit_id, stage, stylist)
            self.calls.append(kind)
            self.shop.announce(kind)
        return self.taps[tap_id]

    async def call(self, actor: Actor, visit_id: str, tap_id: TapId) -> Visit:
        return await self._tap(actor, visit_id, Stage.CALLED, tap_id, "GuestCalled")

    async def put_back(self, actor: Actor, visit_id: str, tap_id: TapId) -> Visit:
        return await self._tap(actor, visit_id, Stage.WAITING, tap_id, "GuestPutBack")

    async def seat(self, actor: Actor, visit_id: str, stylist_id: StaffId, tap_id: TapId) -> Visit:
        return await self._tap(actor, visit_id, Stage.SEATED, tap_id, "GuestSeated", stylist_id)

    async def start(self, actor: Actor, visit_id: str, tap_id: TapId) -> Visit:
        return await self._tap(actor, visit_id, Stage.IN_SERVICE, tap_id, "ServiceStarted")

    async def finish(self, actor: Actor, visit_id: str, tap_id: TapId) -> Visit:
        return await self._tap(actor, visit_id, Stage.SERVED, tap_id, "ServiceFinished")

    async def leave(self, actor: Actor, visit_id: str, tap_id: TapId) -> Visit:
        return await self._tap(actor, visit_id, Stage.LEFT, tap_id, "GuestLeft")

    async def come_back(self, actor: Actor, visit_id: str, tap_id: TapId) -> Visit:
        return await self._tap(actor, visit_id, Stage.WAITING, tap_id, "GuestCameBack")


class SessionsDouble:
    def __init__(self) -> None:
        self.actors: dict[str, Actor] = {}
        self.uses = 0

    def actor_of(self, token: str) -> Actor | None:
        self.uses += 1
        return self.actors.get(token)

    def holder_of(self, token: str) -> Actor | None:
        return self.actors.get(token)


class ShopDouble:
    """All of them together, and the people who act."""

    def __init__(self, tell: Callable[[list[Line]], None]) -> None:
        self.tell, self.clock = tell, Clock("Asia/Shanghai")
        self.catalog, self.staff, self.sessions = CatalogDouble(), StaffDouble(self), SessionsDouble()
        self.screens = ScreensDouble(self)
        self.catalog.taking_in = TakingIn(self)
        self.importing = Importing(self.catalog)
        self.network, self.labels = NetworkDouble(self), LabelsDouble(self)
        self.dead: list[Any] = []
        self.visits, self.pos, self.equipment = VisitsDouble(self), PosDouble(self), EquipmentDouble(self)
        self.self_tests = SelfTestsDouble(self)
        self.sensors = SensorsDouble()
        self.sessions.actors = {
            "reception": Actor(id=self.staff.people[3].id, role=Role.RECEPTION, station="t1"),
            "manager": Actor(id=self.staff.people[4].id, role=Role.MANAGER, station="t1"),
            "stylist": Actor(id=self.staff.people[0].id, role=Role.STYLIST, station="t1"),
            "technician": Actor(id="tech", role=Role.TECHNICIAN, station="t1"),
            "kiosk": Actor(id="k1", role=Role.KIOSK, station="door"),
        }
        self.lines = 0

    def wrong_pin(self, **facts: Any) -> Exception:
        return WrongPin(**facts)

    def announce(self, kind: str, **body: Any) -> None:
        self.lines += 1
        at = datetime.now(UTC).isoformat()
        self.tell([Line(seq=self.lines, epoch=1, at=at, actor="double", role="system", station="hub", kind=kind, body=body, hash=b"")])
