"""The log-in page of head office, as plain HTML: it comes before any session, so it opens no socket."""

from __future__ import annotations

from html import escape
from pathlib import Path

from starlette.requests import Request

from hub.errors import ChairsideError
from ui import texts, theme

_STYLE = (Path(__file__).parent / "static" / "login.css").read_text(encoding="utf-8")


def login_page(request: Request, *, code: str = "", onward: str = "/", wrong: ChairsideError | None = None) -> str:
    """The page; `code` is filled in when it came with a link, `wrong` is said beside the field."""
    t = texts.asked(request.query_params, request.cookies)
    said = t.error(wrong) if wrong else None
    error = f'<p class="wrong" role="alert">{escape(said.sentence)} {escape(said.hint)}</p>' if said else ""
    field = (
        f'<input type="hidden" name="code" value="{escape(code)}">'
        if code
        else f'<label>{escape(t("Operator code"))}<input name="code" type="password" autocomplete="current-password" required autofocus></label>'
    )
    hint = "" if code else f"<p>{escape(t('It was shown once when head office was started for the first time.'))}</p>"
    return f"""<!doctype html>
<html lang="{t.language.replace("_", "-")}">
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(t("Head office"))} · Chairside</title>
<style>{theme.variables()}{_STYLE}</style>
<main>
<h1>{escape(t("Head office"))}</h1>
{error}
<form method="post" action="/login">
<input type="hidden" name="next" value="{escape(onward)}">
{field}
<button {"autofocus" if code else ""}>{escape(t("Log in"))}</button>
</form>
{hint}
</main>
</html>"""
