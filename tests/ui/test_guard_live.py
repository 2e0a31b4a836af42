"""The guard in front of real NiceGUI pages: in a browser everything works, and raw sockets get nowhere."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

ROOT = Path(__file__).parents[2]
MEI = {"Cookie": "chairside=token-of-mei"}
KIOSK = {"Cookie": "chairside=token-of-kiosk"}


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    command = [sys.executable, str(ROOT / "tests/ui/guarded_pages.py")]
    pipe = subprocess.PIPE
    program = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env={"PYTHONPATH": str(ROOT)})
    try:
        yield int(program.stdout.readline())
    finally:
        program.terminate()
        try:
            program.wait(10)
        except subprocess.TimeoutExpired:
            program.kill()
            program.wait()


def client_id_of(page: str) -> str:
    return re.search(r"'client_id': '([0-9a-f-]{36})'", page)[1]


async def served(port: int, headers: dict[str, str], path: str = "/") -> str:
    """The client id of a page just served."""
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as ask:
        return client_id_of((await ask.get(path, headers=headers)).raise_for_status().text)


def socket(port: int, client_id: str, headers: dict[str, str], origin: str | None = "own", host: str = "127.0.0.1") -> connect:
    origin = f"http://{host}:{port}" if origin == "own" else origin
    url = f"ws://{host}:{port}/_nicegui_ws/socket.io/?EIO=4&transport=websocket&client_id={client_id}&implicit_handshake=false"
    return connect(url, additional_headers=headers, origin=origin, host="127.0.0.1", port=port, proxy=None)


async def counted(port: int) -> dict[str, int]:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as ask:
        return (await ask.get("/test/refused")).json()


async def refused(port: int, *args: object, **more: object) -> tuple[int, str]:
    """Status and counted reason of a refused handshake."""
    before = await counted(port)
    with pytest.raises(InvalidStatus) as answer:
        await socket(port, *args, **more)
    after = await counted(port)
    (reason,) = [name for name in after if after[name] != before.get(name, 0)]
    return answer.value.response.status_code, reason


async def test_the_holder_of_a_page_opens_its_socket(port: int) -> None:
    async with socket(port, await served(port, MEI), MEI) as opened:
        assert (await opened.recv()).startswith("0{")


async def test_a_socket_from_a_foreign_or_hidden_or_no_origin_is_refused(port: int) -> None:
    page = await served(port, MEI)
    for origin in ("http://evil.example", "null", f"http://127.0.0.1:{port + 1}", f"https://127.0.0.1:{port}", None):
        assert await refused(port, page, MEI, origin=origin) == (403, "origin_foreign")


async def test_a_socket_for_another_host_is_misdirected(port: int) -> None:
    assert await refused(port, await served(port, MEI), MEI, host="evil.example") == (421, "host_unknown")


async def test_a_socket_without_a_session_is_refused(port: int) -> None:
    page = await served(port, MEI)
    for headers in ({}, {"Cookie": "chairside=guessed"}):
        assert await refused(port, page, headers) == (401, "no_session")
        assert await refused(port, "unknown", headers) == (401, "no_session")


async def test_a_stolen_client_id_opens_no_socket(port: int) -> None:
    assert await refused(port, await served(port, MEI), KIOSK) == (403, "page_foreign")


async def said(opened: ClientConnection, packet: str) -> int:
    """The close code that follows a packet."""
    await opened.send(packet)
    with pytest.raises(ConnectionClosed) as closed:
        while True:
            await opened.recv()
    return closed.value.rcvd.code


async def test_a_socket_that_speaks_for_another_page_is_closed(port: int) -> None:
    mine, hers = await served(port, KIOSK), await served(port, MEI)
    for event, more in (("handshake", {"tab_id": "t", "document_id": "d"}), ("event", {"id": 5, "listener_id": "x", "args": []})):
        async with socket(port, mine, KIOSK) as opened:
            await opened.recv()
            await opened.send("40")
            assert (await opened.recv()).startswith("40")
            assert await said(opened, "42" + json.dumps([event, {"client_id": hers, **more}])) == 1008


async def test_a_packet_too_large_closes_the_socket(port: int) -> None:
    async with socket(port, await served(port, MEI), MEI) as opened:
        await opened.recv()
        assert await said(opened, "42" + "x" * 100_001) == 1009


async def test_a_socket_is_closed_by_its_next_word_after_the_log_out(port: int) -> None:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as ask:
        token = {"Cookie": "chairside=token-of-lin"}
        await ask.post("/test/begin", params={"token": "token-of-lin"})
        async with socket(port, await served(port, token), token) as opened:
            await opened.recv()
            await ask.post("/test/end", params={"token": "token-of-lin"})
            assert await said(opened, "3") == 1008


async def test_a_chunked_body_too_large_is_answered_by_a_real_server(port: int) -> None:
    async def parts() -> AsyncIterator[bytes]:
        for _ in range(200):
            yield b"x" * 1000

    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as ask:
        answer = await ask.post("/enter", content=parts())
        assert answer.status_code == 413
        assert answer.json()["code"] == "refused_body_too_large"


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield browser
        await browser.close()


@pytest.fixture
async def foreign_site() -> AsyncIterator[int]:
    async def answer(_: asyncio.StreamReader, out: asyncio.StreamWriter) -> None:
        out.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 10\r\nConnection: close\r\n\r\n<body>evil")
        await out.drain()
        out.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


async def looking(browser: Browser, port: int, token: str | None) -> tuple[BrowserContext, Page, list[str]]:
    """A fresh browser window, and what its console complains about."""
    context = await browser.new_context()
    if token:
        await context.add_cookies([{"name": "chairside", "value": token, "url": f"http://127.0.0.1:{port}", "sameSite": "Strict"}])
    page = await context.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return context, page, complaints


async def test_pages_work_in_a_browser_and_injected_markup_runs_nothing(browser: Browser, port: int) -> None:
    _, page, complaints = await looking(browser, port, "token-of-mei")
    await page.goto(f"http://127.0.0.1:{port}/")
    await page.locator("#tap").click()
    await page.get_by_text("tapped 1").wait_for()
    await page.locator("#chart canvas").wait_for()
    await page.get_by_label("name").fill("lin")
    await page.get_by_text("typed lin").wait_for()
    await page.locator("#upload input[type=file]").set_input_files({"name": "a.txt", "mimeType": "text/plain", "buffer": b"x"})
    await page.get_by_text("got a.txt").wait_for()
    assert await page.locator("#who").inner_text() == "hello mei"
    assert await page.evaluate("window.early") == "yes"
    assert await page.evaluate("document.body.dataset.ran") == "yes"
    assert await page.evaluate("getComputedStyle(document.querySelector('.calm')).color") == "rgb(1, 2, 3)"
    assert await page.evaluate("document.querySelector('#pixel img').naturalWidth") == 1
    assert await page.evaluate("document.body.dataset.injected ?? 'never'") == "never"
    others = [line for line in complaints if "missing.png" not in line and "404" not in line]
    assert len(others) == 1, others
    assert "script-src-attr 'none'" in others[0]


async def test_the_log_in_page_works_before_anyone_is_logged_in_and_its_form_comes_from_us(browser: Browser, port: int) -> None:
    _, page, complaints = await looking(browser, port, None)
    await page.goto(f"http://127.0.0.1:{port}/queue")
    assert page.url == f"http://127.0.0.1:{port}/login?next=/queue"
    await page.locator("#tap").click()
    await page.get_by_text("anonymous tap").wait_for()
    await page.locator("#go").click()
    await page.wait_for_url("**/enter")
    assert json.loads(await page.locator("pre").inner_text()) == {"origin": f"http://127.0.0.1:{port}", "actor": None}
    assert complaints == []


async def test_another_site_in_the_same_browser_neither_reads_nor_changes_nor_frames(
    browser: Browser, port: int, foreign_site: int
) -> None:
    _, page, _ = await looking(browser, port, "token-of-mei")
    before = await counted(port)
    await page.goto(f"http://localhost:{foreign_site}/")
    polling = f"127.0.0.1:{port}/_nicegui_ws/socket.io/?EIO=4&transport"
    for attack in (
        f"fetch('http://127.0.0.1:{port}/enter', {{method: 'POST', mode: 'no-cors'}})",
        f"fetch('http://{polling}=polling')",
        f"new Promise((_, end) => {{ new WebSocket('ws://{polling}=websocket').onerror = end }})",
    ):
        assert await page.evaluate(f"{attack}.then(() => 'read', () => 'blocked')") == "blocked"
    after = await counted(port)
    assert after["origin_foreign"] - before.get("origin_foreign", 0) == 3
    await page.evaluate(
        f"new Promise(done => {{ const f = document.createElement('iframe'); f.src = 'http://127.0.0.1:{port}/login'; f.onload = done;"
        "document.body.append(f) })"
    )
    assert "createApp" not in await page.frames[1].content()
