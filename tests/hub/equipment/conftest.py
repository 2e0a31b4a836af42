"""A print desk that runs on a noted wire."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from tests.hub.equipment.wire import Wire


@pytest.fixture
async def wire(salon):
    wire = Wire(salon.shop.link)
    task = asyncio.create_task(salon.shop.printing.run())
    yield wire
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
