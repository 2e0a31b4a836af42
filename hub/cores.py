"""Which cores the threads of the hub run on.

Python runs one thread at a time, and the loop and its writer take turns on every sale. On two cores each turn wakes a
sleeping one and carries what was just used from cache to cache: eight tills then sell a tenth less.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from contextlib import suppress

_ALLOWED = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else frozenset[int]()  # not every system has it


def share_one() -> None:
    """Keep this thread, and the threads it starts from now on, on one core: the last, for interrupts go to the first."""
    _run_on({max(_ALLOWED)} if _ALLOWED else set())


def use_any() -> None:
    """Let this thread run on every core again: long work without Python, such as hashing a PIN, must not stand in the way."""
    _run_on(_ALLOWED)


def _run_on(cores: Collection[int]) -> None:
    if cores:
        with suppress(OSError):  # a core was taken away meanwhile: slower, and nothing else
            os.sched_setaffinity(0, cores)
