"""Staff over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from hub.staff.model import StaffDraft, StaffId, StaffMember
from hub.staff.service import Staff
from hub.web import CurrentActor, TapIdHeader, shop_of

router = APIRouter(prefix="/staff", tags=["staff"])


async def _staff(request: Request) -> Staff:
    return shop_of(request).staff


StaffOf = Annotated[Staff, Depends(_staff)]


class Body(BaseModel):
    """A request body; unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class Hiring(Body):
    """A new person, and her first PIN if she has one already."""

    person: StaffDraft
    pin: str | None = Field(None, max_length=12, repr=False)


class NewPin(Body):
    """A PIN; whoever changes her own gives the old one."""

    pin: str = Field(max_length=12, repr=False)
    old_pin: str | None = Field(None, max_length=12, repr=False)


class Unlocking(Body):
    """The station to be unlocked with the person, if any."""

    station: str | None = Field(None, max_length=64)


@router.get("")
async def everyone(actor: CurrentActor, staff: StaffOf) -> list[StaffMember]:
    """All staff, those who left too."""
    return staff.everyone(actor)


@router.get("/stylists")
async def stylists(actor: CurrentActor, staff: StaffOf) -> list[StaffMember]:  # noqa: ARG001 - whoever is logged in may ask
    """Whom guests can ask for."""
    return staff.stylists()


@router.post("", status_code=201)
async def add(body: Hiring, tap_id: TapIdHeader, actor: CurrentActor, staff: StaffOf) -> StaffMember:
    """A new person."""
    return await staff.add(actor, body.person, tap_id, body.pin)


@router.put("/{person}")
async def change(person: StaffId, body: StaffDraft, tap_id: TapIdHeader, actor: CurrentActor, staff: StaffOf) -> StaffMember:
    """Everything of a person at once."""
    return await staff.change(actor, person, body, tap_id)


@router.put("/{person}/pin", status_code=204)
async def set_pin(person: StaffId, body: NewPin, tap_id: TapIdHeader, actor: CurrentActor, staff: StaffOf) -> None:
    """A new PIN; every session of hers ends."""
    await staff.set_pin(actor, person, body.pin, tap_id, body.old_pin)


@router.post("/{person}/unlock", status_code=204)
async def unlock(person: StaffId, body: Unlocking, tap_id: TapIdHeader, actor: CurrentActor, staff: StaffOf) -> None:
    """She may try again at once."""
    await staff.unlock(actor, person, tap_id, body.station)
