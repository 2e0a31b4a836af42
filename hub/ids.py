"""Ids are UUIDv7 (RFC 9562 5.7), made where the act happens: sortable by time, unique without asking anyone."""

from __future__ import annotations

import random
import re
import threading
import time
from typing import Any, Self

from pydantic_core import CoreSchema, core_schema

_random = random.Random()  # noqa: S311 - an id is no secret; seeded by the system, so no two processes make the same
_making = threading.Lock()
_last = 0
_RAND_B = (1 << 62) - 1
_SHAPE = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


class Id(str):
    """Text form of a UUID; one subclass per kind of thing, so that the type checker keeps them apart."""

    __slots__ = ()

    @classmethod
    def new(cls) -> Self:
        """A fresh id, greater than every one made before in this process."""
        bits = _ascending()
        text = f"{bits >> 74 << 80 | 0x7 << 76 | (bits >> 62 & 0xFFF) << 64 | 0x2 << 62 | bits & _RAND_B:032x}"
        return cls(f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}")

    @classmethod
    def parse(cls, text: str) -> Self:
        """`text` as an id. Raises ValueError when it is none."""
        if not _SHAPE.fullmatch(text):
            raise ValueError(text)
        return cls(text)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> CoreSchema:
        """Validation at the API: the canonical text form and nothing else."""
        return core_schema.no_info_after_validator_function(cls.parse, core_schema.str_schema(min_length=36, max_length=36))


class TapId(Id):
    """Names one touch of one person; sent again, it is the same touch."""


def _ascending() -> int:
    """The 122 free bits of an id: milliseconds, then random ones.

    Within a millisecond, and while the clock is behind, a random step above the last (RFC 9562 6.2, method 2): rows that are
    made together are kept together, in order.
    """
    global _last  # noqa: PLW0603 - one line of ids a process
    milliseconds = time.time_ns() // 1_000_000
    with _making:
        if milliseconds > _last >> 74:
            _last = milliseconds << 74 | _random.getrandbits(73)
        else:
            _last += 1 + _random.getrandbits(32)
        return _last
