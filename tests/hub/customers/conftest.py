from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub.clock import MovedClock
from tests.hub.customers.shop import Shop, running


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock(datetime(2026, 3, 2, 2, 0, tzinfo=UTC))


@pytest.fixture
def shop(tmp_path: Path, clock: MovedClock) -> Iterator[Shop]:
    with running(tmp_path, clock) as shop:
        yield shop
