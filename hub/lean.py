"""Importing a library without what it would load for features nobody uses here."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

SOCKET_CLIENTS = ("requests", "aiohttp")  # NiceGUI and nats-py load them for clients of WebSockets: 0.3 s and 14 MB
COLOURED_LOGS = ("rich", "better_exceptions", "greenlet")  # structlog loads them for tracebacks nobody sees in a log: 7 MB


@contextmanager
def without(*modules: str) -> Iterator[None]:
    """Within, importing one of `modules` fails as if it were not installed; afterwards it can be had again."""
    blocked = [name for name in modules if name not in sys.modules]
    for name in blocked:
        sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        for name in blocked:
            sys.modules.pop(name, None)
