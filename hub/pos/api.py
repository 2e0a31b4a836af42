"""The till over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from hub.money import MAX_AMOUNT
from hub.pos.model import Approval, Basket, BasketId, LineWish, Refund, Sale, SaleDraft, SaleId, Shift, ZReport
from hub.pos.service import Pos
from hub.staff.model import StaffId
from hub.visits import VisitId
from hub.web import CurrentActor, TapIdHeader, shop_of

router = APIRouter(tags=["till"])


async def _pos(request: Request) -> Pos:
    return shop_of(request).pos


PosOf = Annotated[Pos, Depends(_pos)]
Till = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,32}$")]


class Body(BaseModel):
    """A request body; unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class Opening(Body):
    """Which basket to open."""

    till: Till
    visit: VisitId | None = None


class Scanned(Body):
    """What the scanner read."""

    code: str = Field(min_length=1, max_length=256)


class RefundWish(Body):
    """Who approves, proven by her PIN, and which drawer gives the money."""

    approver: StaffId
    pin: str = Field(min_length=4, max_length=12)
    till: Till


class Counted(Body):
    """The cash counted in a drawer, in minor units."""

    till: Till
    counted: int = Field(ge=0, le=MAX_AMOUNT)


@router.post("/sales", status_code=201)
async def complete_sale(body: SaleDraft, tap_id: TapIdHeader, actor: CurrentActor, pos: PosOf) -> Sale:
    """Take the payment: the sale is durable when this answers."""
    return await pos.complete_sale(actor, body, tap_id)


@router.get("/sales")
async def sales_today(actor: CurrentActor, pos: PosOf, till: str = "", limit: int = 100) -> list[Sale]:
    """The newest sales of this business day."""
    return pos.sales_today(actor, till, min(max(limit, 1), 500))


@router.get("/sales/{sale_id}")
async def sale(sale_id: SaleId, actor: CurrentActor, pos: PosOf) -> Sale:
    """One sale."""
    return pos.sale(actor, sale_id)


@router.post("/sales/{sale_id}/refund", status_code=201)
async def refund_sale(sale_id: SaleId, body: RefundWish, tap_id: TapIdHeader, actor: CurrentActor, pos: PosOf) -> Refund:
    """Give the whole sale back, with a manager's PIN."""
    return await pos.refund_sale(actor, sale_id, Approval(approver=body.approver, pin=body.pin), body.till, tap_id)


@router.post("/baskets", status_code=201)
async def open_basket(body: Opening, tap_id: TapIdHeader, actor: CurrentActor, pos: PosOf) -> Basket:
    """The basket of a visit, or an empty one."""
    return await pos.open_basket(actor, body.till, body.visit, tap_id)


@router.get("/baskets/{basket_id}")
async def basket(basket_id: BasketId, actor: CurrentActor, pos: PosOf) -> Basket:
    """An open basket at today's prices."""
    return pos.basket(actor, basket_id)


@router.post("/baskets/{basket_id}/lines", status_code=201)
async def add_line(basket_id: BasketId, body: LineWish, tap_id: TapIdHeader, actor: CurrentActor, pos: PosOf) -> Basket:
    """Add a service or a product."""
    return await pos.add_line(actor, basket_id, body, tap_id)


@router.post("/baskets/{basket_id}/scan", status_code=201)
async def add_scanned(basket_id: BasketId, body: Scanned, tap_id: TapIdHeader, actor: CurrentActor, pos: PosOf) -> Basket:
    """Add one piece of what was scanned."""
    return await pos.add_scanned(actor, basket_id, body.code, tap_id)


@router.post("/shifts/open", status_code=201)
async def open_shift(body: Counted, tap_id: TapIdHeader, actor: CurrentActor, pos: PosOf) -> Shift:
    """Count a drawer in."""
    return await pos.open_shift(actor, body.till, body.counted, tap_id)


@router.post("/shifts/close", status_code=201)
async def close_shift(body: Counted, tap_id: TapIdHeader, actor: CurrentActor, pos: PosOf) -> ZReport:
    """Count a drawer out."""
    return await pos.close_shift(actor, body.till, body.counted, tap_id)


@router.get("/z-reports")
async def z_reports(actor: CurrentActor, pos: PosOf, till: str = "") -> list[ZReport]:
    """Closed shifts, newest first."""
    return pos.z_reports(actor, till)
