"""A small program behind the guard, run as a process of its own by test_guard_live.py: prints its port, serves until told to stop.

It holds one element of every kind that has ever been at odds with a content security policy.
"""

from __future__ import annotations

import contextlib
import signal
import socket
import sys
import threading
from collections import Counter

import uvicorn
from fastapi import FastAPI, Request
from nicegui import Client, events, ui

from hub.access import Actor, Role
from ui.guard import Guard, Rules

HELD = {
    "token-of-mei": Actor(id="mei", role=Role.RECEPTION, station="desk"),
    "token-of-kiosk": Actor(id="k1", role=Role.KIOSK, station="door"),
}
PIXEL = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
refused: Counter[str] = Counter()
app = FastAPI()


class Store:
    def actor_of(self, token: str) -> Actor | None:
        return HELD.get(token)


def page_session(client_id: str) -> str | None:
    client = Client.instances.get(client_id)
    return None if client is None else client.request.state.sid


@ui.page("/")
def page(request: Request) -> None:
    taps = {"n": 0}

    def tapped() -> None:
        taps["n"] += 1
        shown.set_text(f"tapped {taps['n']}")
        ui.run_javascript("document.body.dataset.ran = 'yes'")

    ui.add_css(".calm { color: rgb(1, 2, 3) }")
    ui.add_head_html("<script>window.early = 'yes'</script>")
    shown = ui.label("tapped 0").classes("calm").props("id=shown")
    ui.button("tap", on_click=tapped).props("id=tap")
    ui.label(f"hello {request.state.actor.id}").props("id=who")
    ui.echart({"xAxis": {"type": "category", "data": ["a", "b"]}, "yAxis": {}, "series": [{"type": "bar", "data": [1, 2]}]}).props(
        "id=chart"
    )
    ui.table(rows=[{"a": n} for n in range(3)], columns=[{"name": "a", "label": "a", "field": "a"}]).props("id=table")
    ui.image(PIXEL).props("id=pixel")
    ui.icon("check")
    ui.input("name", on_change=lambda e: shown.set_text(f"typed {e.value}")).props("id=typed")
    ui.upload(on_upload=uploaded, auto_upload=True).props("id=upload")
    ui.html("<img src='/missing.png' onerror=\"document.body.dataset.injected = 'yes'\">", sanitize=False)
    ui.keyboard(on_key=lambda _: None)


async def uploaded(upload: events.UploadEventArguments) -> None:
    ui.label(f"got {upload.file.name}").props("id=uploaded")


@ui.page("/login")
def login(request: Request) -> None:
    ui.label("log in").props("id=login")
    ui.button("tap", on_click=lambda: ui.label("anonymous tap").props("id=anonymous")).props("id=tap")
    ui.html("<form method=post action=/enter><button id=go>go</button></form>", sanitize=False)


@app.post("/enter")
async def enter(request: Request) -> dict[str, object]:
    await request.body()
    return {"origin": request.headers.get("origin"), "actor": request.state.actor}


@app.get("/test/refused")
async def counted() -> dict[str, int]:
    return dict(refused)


@app.post("/test/begin")
async def begin(token: str) -> None:
    HELD[token] = Actor(id=token, role=Role.STYLIST, station="chair")


@app.post("/test/end")
async def end(token: str) -> None:
    HELD.pop(token, None)


class Server(uvicorn.Server):
    def capture_signals(self) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()


def stop_with_parent(server: Server) -> None:
    sys.stdin.read()  # ends when whoever started this is gone, however that came about
    server.should_exit = True


def main() -> None:
    ui.run_with(app, storage_secret=None, tailwind=False, gzip_middleware_factory=None, show_welcome_message=False, reconnect_timeout=3)
    rules = Rules(
        sessions=Store(),
        hosts={"127.0.0.1", "localhost"},
        body_max=100_000,
        open_paths=("/_nicegui/", "/enter", "/test/refused", "/test/begin", "/test/end"),
        login_path="/login",
        cookie="chairside",
        page_session=page_session,
        holder_of=HELD.get,
        refused=refused,
    )
    app.add_middleware(Guard, rules=rules)
    listener = socket.create_server(("127.0.0.1", 0))
    server = Server(uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=1))
    signal.signal(signal.SIGTERM, lambda *_: setattr(server, "should_exit", True))
    threading.Thread(target=stop_with_parent, args=(server,), daemon=True).start()
    sys.stdout.write(f"{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    server.run(sockets=[listener])


if __name__ == "__main__":
    main()
