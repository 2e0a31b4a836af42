"""Screens over HTTP: pairing codes, what is paired, and taking it back."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict

from hub.access import Role
from hub.sessions.store import Screen, ScreenId, Sessions
from hub.web import CurrentActor, shop_of

router = APIRouter(prefix="/screens", tags=["screens"])


async def _sessions(request: Request) -> Sessions:
    return shop_of(request).sessions


SessionsOf = Annotated[Sessions, Depends(_sessions)]


class CodeWish(BaseModel):
    """What the screen shall be, where it stands, and how long its code is good."""

    model_config = ConfigDict(extra="forbid")

    role: Role
    station: str
    minutes: int = 10


@router.post("/codes", status_code=201)
async def new_code(body: CodeWish, actor: CurrentActor, sessions: SessionsOf) -> dict[str, str]:
    """A code to be typed at the new screen, once."""
    return {"code": await sessions.new_code(actor, body.role, body.station, body.minutes)}


@router.get("")
async def screens(actor: CurrentActor, sessions: SessionsOf) -> list[Screen]:
    """Every paired screen."""
    return sessions.screens(actor)


@router.delete("/{screen}", status_code=204)
async def unpair(screen: ScreenId, actor: CurrentActor, sessions: SessionsOf) -> None:
    """Take a screen's access away."""
    await sessions.unpair(actor, screen)
