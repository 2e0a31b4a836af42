"""Log lines of every process, for machines and people alike: one a line on stderr, key=value, UTC; a traceback without the values in it."""

from __future__ import annotations

import sys

import structlog

INFO = 20


def log_plainly() -> None:
    """From here on every log line of this process looks like this."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.LogfmtRenderer(key_order=("timestamp", "level", "event"), bool_as_flag=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(INFO),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
