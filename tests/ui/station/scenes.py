"""What a test may ask of the shop in memory: to bring about a situation, or to tell what was done."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from desk_double import CONDITIONER, SHAMPOO, ShopDouble
from equipment_double import device

from hub.equipment.network_model import Card, Progress
from hub.ports import Outcome
from hub.pos.model import LineKind, LineWish, RefundId, SaleDraft, Tender, TenderKind
from hub.visits.model import Stage

ORDER = (Stage.WAITING, Stage.CALLED, Stage.SEATED, Stage.IN_SERVICE, Stage.SERVED)


def shift_open(shop: ShopDouble, amount: int = 50000) -> None:
    shop.pos.count_in("t1", amount, shop.staff.people[4].id)


def guest(shop: ShopDouble, codes: list[str], stage: str = "waiting", stylist: int | None = None, minutes_ago: int = 0) -> dict[str, Any]:
    """A guest who asked for `codes` and has come as far as `stage`."""
    services = tuple(s.id for code in codes for s in shop.catalog.services if s.code == code)
    who = shop.staff.people[stylist].id if stylist is not None else None
    visit = shop.visits.arrive(services, stylist=who, minutes_ago=minutes_ago)
    for step in ORDER[1 : ORDER.index(Stage(stage)) + 1]:
        visit = shop.visits.move(visit.id, step, (who or shop.staff.people[0].id) if step is Stage.SEATED else None)
    shop.announce("GuestCheckedIn")
    return {"id": visit.id, "ticket": visit.ticket, "code": visit.ticket_code}


def told_of_basket(shop: ShopDouble) -> list[dict[str, Any]]:
    basket = shop.pos.current_basket(None, "t1")
    return [{"name": x.name, "quantity": x.quantity, "stylist": x.stylist} for x in basket.lines] if basket else []


def sold(shop: ShopDouble, barcodes: list[str] | None = None, kind: str = "cash") -> str:
    """A sale that was made earlier today."""
    lines = tuple(LineWish(kind=LineKind.PRODUCT, item=shop.catalog.product_by_barcode(b).id) for b in barcodes or [SHAMPOO, CONDITIONER])
    total = sum(shop.catalog.product(x.item).price for x in lines)
    reference = "" if kind == "cash" else "88412"
    tender = Tender(kind=TenderKind(kind), amount=total, given=total if kind == "cash" else None, reference=reference)
    actor = shop.sessions.actors["reception"]
    return shop.pos._sell(actor, SaleDraft(till="t1", lines=lines, tenders=(tender,), total=total)).receipt


def sales(shop: ShopDouble) -> list[dict[str, Any]]:
    return [
        {
            "receipt": s.receipt, "total": s.total, "change": s.change, "refunded": bool(s.refund), "visit": s.visit,
            "tenders": [[t.kind, t.amount, t.given, t.reference] for t in s.tenders],
        }
        for s in shop.pos.sales.values()
    ]  # fmt: skip


SCENES: dict[str, Any] = {
    "moved_silently": lambda shop, **how: moved_silently(shop, **how),
    "refund_silently": lambda shop: refund_silently(shop),
    "shift_open": shift_open,
    "guest": guest,
    "basket": told_of_basket,
    "sold": sold,
    "sales": sales,
    "pos_calls": lambda shop: shop.pos.calls,
    "session_uses": lambda shop: shop.sessions.uses,
    "session_ends": lambda shop, who: shop.sessions.actors.pop(who) and None,
    "visits_asked": lambda shop: shop.visits.asked,
    "visit_calls": lambda shop: shop.visits.calls,
    "stages": lambda shop: {v.ticket: v.stage for v in shop.visits.all.values()},
    "equipment_calls": lambda shop: shop.equipment.calls,
    "scan": lambda shop, code, gtin=None: shop.equipment.scan(code, gtin),
    "job_moves": lambda shop, **how: shop.equipment.job_moves(**how),
    "paper": lambda shop, kind: shop.equipment.print(kind, "x").id,
    "second_printer": lambda shop: shop.equipment.all.update(p2=device("p2", "receipt_printer", "前厅打印机", ())),
    "device_becomes": lambda shop, **how: shop.equipment.device_becomes(**how),
    "self_test_goes": lambda shop, outcome: setattr(shop.self_tests, "outcome", Outcome(outcome)),
    "hq": lambda shop, link: setattr(shop.equipment, "link", link),
    "price": lambda shop, barcode, price: reprice(shop, barcode, price),
    "shift_of": lambda shop: bool(shop.pos.shifts.get("t1")),
    "reports": lambda shop: [{"counted": z.shift.counted, "difference": z.shift.difference} for z in shop.pos.reports],
    "found": lambda shop, devices: setattr(shop.equipment, "found", devices),
    "ups": lambda shop: shop.equipment.all.update(u1=device("u1", "ups", "备用电源", ())),
    "display_takes_lines": lambda shop: setattr(shop.equipment, "shown", []),
    "shown": lambda shop: [[[line.left, line.right] for line in lines] for lines in shop.equipment.shown],
    "lies_on_scale": lambda shop, mg: shop.equipment.weights.append(mg),
    "dead_letters": lambda shop, count: shop.dead.extend(range(count)),
    "products": lambda shop: {p.code: p.price for p in shop.catalog.products},
    "people": lambda shop: [[p.name, p.role, p.stylist, p.active, shop.staff.pins.get(p.id)] for p in shop.staff.people],
    "codes": lambda shop: shop.screens.codes,
    "paired": lambda shop: len(shop.screens.paired),
    "network": lambda shop, **told: network_scene(shop, **told),
    "stranger": lambda shop, mac: stranger(shop, mac),
    "sweep_is": lambda shop, **how: setattr(shop.network, "progress", Progress(**how)),
    "named": lambda shop: shop.network.named,
    "places": lambda shop, device: [[c.place.gear, c.place.port, c.place.socket] for c in shop.network.places.get(device, ())],
    "demo": lambda shop, on: setattr(shop.catalog, "is_demo", on),
    "device_ids": lambda shop: list(shop.equipment.all),
    "no_devices": lambda shop: shop.equipment.all.clear(),
    "more_devices": lambda shop: shop.equipment.all.update(k1=device("k1", "presence", "门口自助机", ())),
}


def network_scene(shop: ShopDouble, neighbours: list[dict[str, Any]], gear: dict[str, Any], devices: dict[str, list[str]]) -> None:
    """What everybody tells of the network; `devices` are further ones: id, kind and name."""
    shop.network.told = {"neighbours": neighbours, "gear": gear}
    shop.equipment.all.update({one: device(one, kind, name, ()) for one, (kind, name) in devices.items()})
    shop.announce("DeviceAdopted")


def stranger(shop: ShopDouble, mac: str) -> None:
    shop.network.unknown.insert(
        0, Card(mac=mac, ip="10.0.0.77", said="", maker="Raspberry Pi", name="", known=False, appeared_at=shop.clock.now())
    )
    shop.announce("UnknownCardAppeared")


def moved_silently(shop: ShopDouble, ticket: int, stage: str) -> None:
    """Somebody else moved her, and this desk has not heard of it yet."""
    visit = next(v for v in shop.visits.all.values() if v.ticket == ticket)
    shop.visits.all[visit.id] = replace(visit, stage=Stage(stage))


def refund_silently(shop: ShopDouble) -> None:
    sale = list(shop.pos.sales.values())[-1]
    shop.pos.sales[sale.id] = replace(sale, refund=RefundId.new())


def reprice(shop: ShopDouble, barcode: str, price: int) -> None:
    shop.catalog.products = [replace(p, price=price) if p.barcode == barcode else p for p in shop.catalog.products]
