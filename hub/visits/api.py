"""Visits over HTTP."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel

from hub.staff.model import StaffId
from hub.visits.model import Visit, VisitId, Wait, WalkIn
from hub.visits.service import BoardRow, Visits
from hub.web import CurrentActor, TapIdHeader, shop_of

router = APIRouter(prefix="/visits", tags=["visits"])


async def _visits(request: Request) -> Visits:
    return shop_of(request).visits


VisitsOf = Annotated[Visits, Depends(_visits)]


class Seating(BaseModel):
    """Who serves her."""

    stylist: StaffId


@router.post("", status_code=201)
async def check_in(body: WalkIn, tap_id: TapIdHeader, actor: CurrentActor, visits: VisitsOf) -> Visit:
    """A walk-in takes a number."""
    return await visits.check_in(actor, body, tap_id)


@router.post("/estimate")
async def estimate(body: WalkIn, actor: CurrentActor, visits: VisitsOf) -> Wait:  # noqa: ARG001 - whoever is logged in may ask
    """What a walk-in would wait."""
    return visits.estimate(body)


@router.get("")
async def queue(actor: CurrentActor, visits: VisitsOf) -> list[Visit]:
    """Everyone in the shop today."""
    return visits.queue(actor)


@router.get("/board")
async def board(actor: CurrentActor, visits: VisitsOf) -> list[BoardRow]:
    """What the wall shows."""
    return visits.board(actor)


@router.get("/{visit_id}")
async def visit(visit_id: VisitId, actor: CurrentActor, visits: VisitsOf) -> Visit:
    """One visit."""
    return visits.visit(actor, visit_id)


@router.post("/{visit_id}/seat")
async def seat(visit_id: VisitId, body: Seating, tap_id: TapIdHeader, actor: CurrentActor, visits: VisitsOf) -> Visit:
    """Give her a chair and a stylist."""
    return await visits.seat(actor, visit_id, body.stylist, tap_id)


@router.post("/{visit_id}/{step}")
async def move(
    visit_id: VisitId,
    step: Literal["call", "put_back", "start", "finish", "leave", "come_back"],
    tap_id: TapIdHeader,
    actor: CurrentActor,
    visits: VisitsOf,
) -> Visit:
    """One step of her visit."""
    steps = {
        "call": visits.call,
        "put_back": visits.put_back,
        "start": visits.start,
        "finish": visits.finish,
        "leave": visits.leave,
        "come_back": visits.come_back,
    }
    return await steps[step](actor, visit_id, tap_id)
