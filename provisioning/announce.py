"""Tells the person who started the shop where its pages are, once each of them answers."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

from hub.clock import Clock
from provisioning.private_files import read_json
from provisioning.shop import Place

ASK_EVERY_S = 0.1
ASK_S_MAX = 2.0
_OK = b" 200"


async def listening(port: int, host: str = "127.0.0.1") -> bool:
    """Whether something takes connections there."""
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(host, port), ASK_S_MAX)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True


async def healthy(place: Place) -> bool:
    """Whether `/healthz` of these pages answers 200."""
    try:
        return await asyncio.wait_for(_ask(place), ASK_S_MAX)
    except (OSError, TimeoutError, ssl.SSLError):
        return False


async def entry_links(place: Place, clock: Clock) -> dict[str, str]:
    """Wait, for ever, until the pages answer and their entry links are written; page → link that opens it once."""
    while not (await healthy(place) and place.entry.exists()):
        await clock.sleep(ASK_EVERY_S)
    return {str(page): str(link) for page, link in read_json(place.entry).items()}


async def wait_for(port: int, clock: Clock, within_s: float) -> bool:
    """Wait until something listens on `port`; False when nothing does in time."""
    end = clock.monotonic() + within_s
    while not await listening(port):
        if clock.monotonic() > end:
            return False
        await clock.sleep(ASK_EVERY_S / 5)
    return True


async def _ask(place: Place) -> bool:
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", place.port, ssl=_trusting(place.authority), server_hostname="localhost" if place.authority else None
    )
    try:
        writer.write(f"GET /healthz HTTP/1.1\r\nHost: localhost:{place.port}\r\nConnection: close\r\n\r\n".encode())
        return _OK in (await reader.readline())[:13]
    finally:
        writer.close()


def _trusting(authority: Path | None) -> ssl.SSLContext | None:
    if authority is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(authority)
    return context
