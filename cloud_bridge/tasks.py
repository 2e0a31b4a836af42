"""Several tasks as one, ended for sure."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Coroutine
from typing import Any

AGAIN_S = 0.5


async def together(*work: Coroutine[Any, Any, None]) -> None:
    """Run all until the first ends, then end the others; raises what that one raised."""
    tasks = [asyncio.ensure_future(one) for one in work]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        await ended(tasks)


async def ended(tasks: Collection[asyncio.Future[Any]]) -> None:
    """Cancel until each has ended.

    Once is not enough: `asyncio.wait_for` of Python 3.11, which nats-py is full of, loses a cancellation that arrives
    together with the answer or the time-out.
    """
    pending = {task for task in tasks if not task.done()}
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=AGAIN_S)
    for task in tasks:
        if not task.cancelled():
            task.exception()  # looked at, so that it is not reported a second time
