"""What HTTP adds to the services: who asks, which tap it is, and how an error is said.

Dependencies are coroutines even where nothing is awaited: a plain function would cost a thread switch each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, cast

import structlog
from fastapi import Depends, FastAPI, Header, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response

from hub.access import Actor
from hub.errors import ChairsideError, InvalidInput, MachineError, NotLoggedIn
from hub.ids import TapId

if TYPE_CHECKING:
    from hub.app import Shop

log = structlog.get_logger()


async def current_actor(request: Request) -> Actor:
    """Who asks; the guard in front has looked her up. Raises NotLoggedIn."""
    actor = getattr(request.state, "actor", None)
    if not isinstance(actor, Actor):
        raise NotLoggedIn
    return actor


async def tap_id_of(
    tap_id: Annotated[str, Header(description="a UUID made when the button was shown; sent again it is the same touch")],
) -> TapId:
    """The tap of a changing request. Raises InvalidInput."""
    try:
        return TapId.parse(tap_id)
    except ValueError:
        raise InvalidInput(tap_id=tap_id[:40]) from None


def shop_of(request: Request) -> Shop:
    """The shop this process runs."""
    return cast("Shop", request.app.state.shop)


CurrentActor = Annotated[Actor, Depends(current_actor)]
TapIdHeader = Annotated[TapId, Depends(tap_id_of)]


def say_errors(app: FastAPI) -> None:
    """Every error of ours leaves with its code, hint and status; every other one as a machine's failure without its inside."""
    app.add_exception_handler(ChairsideError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _unknown)


async def _ours(request: Request, error: Exception) -> Response:
    ours = cast("ChairsideError", error)
    if isinstance(ours, MachineError):
        log.error("machine failed", path=request.url.path, code=ours.code, facts=ours.facts)
    return JSONResponse(ours.as_json(), status_code=ours.status)


async def _invalid(_: Request, error: Exception) -> Response:
    found = cast("RequestValidationError", error).errors()
    facts = {".".join(map(str, e["loc"][1:])) or "body": str(e["msg"])[:200] for e in found[:10]}
    body: dict[str, Any] = InvalidInput(fields=len(found)).as_json()
    return JSONResponse({**body, "facts": facts}, status_code=InvalidInput.status)


async def _unknown(request: Request, error: Exception) -> Response:
    log.error("unexpected", path=request.url.path, exc_info=error)
    return JSONResponse(MachineError().as_json(), status_code=500)
