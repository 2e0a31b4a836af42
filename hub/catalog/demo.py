"""The practice shop: 青丝 · Qingsi Salon, made only when asked, through the same import a real shop uses."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from importlib import resources

from hub.access import Actor
from hub.catalog.columns import Kind, StaffRow, StockRow
from hub.catalog.importing import Importing, ImportPlan, hand_over
from hub.catalog.model import ProductId
from hub.catalog.service import Catalog
from hub.catalog.shop import AlreadySetUp, Shop, ShopDraft
from hub.ids import TapId

AddStaff = Callable[[StaffRow, str, TapId], Awaitable[object]]  # person, PIN, tap
ReceiveStock = Callable[[ProductId, int, TapId], Awaitable[object]]  # product, pieces, tap

DEMO_SHOP = ShopDraft(
    name="青丝 · Qingsi Salon (演示)",
    address="演示路 1 号 (演示)",
    phone="000-0000-0000",
    opening=(("10:00", "21:00"),) * 5 + (("09:30", "22:00"),) * 2,
    demo=True,
)
_PINS = {
    "沈青": "607318",
    "周岚": "482907",
    "何晓": "5183",
    "林悦": "7024",
    "陈默": "3961",
    "吴桐": "8417",
    "苏晴": "6250",
    "许诺": "9536",
    "高远": "4709",
}
# The same touches every time: a creation cut short by a power failure is carried on, not done twice.
_TAPS = {kind: TapId(f"00000000-0000-7000-8000-00000000000{n}") for n, kind in enumerate(Kind, 1)}
_TAP_SHOP = TapId("00000000-0000-7000-8000-000000000009")


async def create_demo(actor: Actor, catalog: Catalog, add_staff: AddStaff, receive_stock: ReceiveStock) -> None:
    """Fill an empty shop: services, products, staff with their PINs, stock, and last the shop itself.

    `add_staff` and `receive_stock` get a tap id for each row and must honour it. Raises AlreadySetUp, NotAllowed.
    """
    if catalog.is_set_up():
        raise AlreadySetUp(at=catalog.shop().set_up_at)
    importing = Importing(catalog)
    for kind in (Kind.SERVICES, Kind.PRODUCTS):
        await importing.apply(actor, await _plan(importing, actor, kind), _TAPS[kind])
    staff = await _plan(importing, actor, Kind.STAFF)
    await hand_over(staff, StaffRow, lambda row, tap: add_staff(row, _PINS[row.name], tap), _TAPS[Kind.STAFF])
    stock = await _plan(importing, actor, Kind.STOCK)
    await hand_over(stock, StockRow, lambda row, tap: receive_stock(row.product, row.quantity, tap), _TAPS[Kind.STOCK])
    await catalog.set_up(actor, DEMO_SHOP, _TAP_SHOP)


def pins_shown(shop: Shop) -> dict[str, str]:
    """Name → PIN for the log-in page of a demo shop; nothing in a real one."""
    return dict(_PINS) if shop.demo else {}


async def _plan(importing: Importing, actor: Actor, kind: Kind) -> ImportPlan:
    file = resources.files("hub.catalog") / "demo" / f"{kind}.csv"
    return await importing.plan(actor, file.read_bytes(), kind)
