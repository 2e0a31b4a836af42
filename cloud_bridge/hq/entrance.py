"""The way in: the operator code, or a link with a code for one use, becomes a session."""

from __future__ import annotations

from typing import Annotated, Protocol

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from cloud_bridge.hq.sessions import ABSOLUTE, COOKIE, Sessions
from hub.errors import ChairsideError


class LoginPage(Protocol):
    """Draws the log-in page as HTML; `code` is already filled in when it came with a link."""

    def __call__(self, request: Request, *, code: str = "", onward: str = "/", wrong: ChairsideError | None = None) -> str:
        """The page."""
        ...


def routes(sessions: Sessions, page: LoginPage, *, is_tls: bool) -> APIRouter:
    """Log-in and log-out."""
    router = APIRouter()

    @router.get("/login")
    async def login(request: Request) -> Response:
        """Asks for the code."""
        return _fresh(page(request, onward=inside(request.query_params.get("next", "/"))))

    @router.get("/enter")
    async def enter(request: Request) -> Response:
        """Where the link of `entry.json` leads: a page that sends the code, so that a preview of the link does not use it up."""
        code = request.query_params.get("code", "")
        return _fresh(page(request, code=code if code.isalnum() and len(code) <= 64 else ""))

    @router.post("/login")
    async def log_in(
        request: Request, code: Annotated[str, Form(max_length=100)] = "", onward: Annotated[str, Form(alias="next", max_length=200)] = "/"
    ) -> Response:
        """A session in place of the browser's former one."""
        try:
            token = await sessions.log_in(code, request.cookies.get(COOKIE, ""))
        except ChairsideError as wrong:
            refused = _fresh(page(request, onward=inside(onward), wrong=wrong))
            refused.status_code = wrong.status
            return refused
        answer = RedirectResponse(inside(onward), status_code=303)
        answer.set_cookie(COOKIE, token, max_age=int(ABSOLUTE.total_seconds()), httponly=True, samesite="strict", secure=is_tls)
        return answer

    @router.post("/logout")
    async def log_out(request: Request) -> Response:
        """The session is over."""
        await sessions.end(request.cookies.get(COOKIE, ""))
        answer = RedirectResponse("/login", status_code=303)
        answer.delete_cookie(COOKIE, httponly=True, samesite="strict", secure=is_tls)
        return answer

    return router


def inside(path: str) -> str:
    """`path` when it leads to a page of this head office; a foreign address would make the log-in a trap."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable() else "/"


def _fresh(html: str) -> HTMLResponse:
    return HTMLResponse(html, headers={"Cache-Control": "no-store"})
