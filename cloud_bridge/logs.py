"""Log lines for machines and people: one a line on stderr, key=value, UTC. Called by the two processes of this package."""

from __future__ import annotations

import sys

import structlog

INFO = 20


def configure(level: int = INFO) -> None:
    """From here on every log line looks like this."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
