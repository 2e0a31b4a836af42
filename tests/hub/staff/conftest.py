from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub.access import Role
from hub.clock import MovedClock
from hub.staff import pins
from tests.hub.staff.shop import MANAGER_PIN, MEI_PIN, OWNER_PIN, Shop, running


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pins, "MEMORY_KIB", 8)
    monkeypatch.setattr(pins, "PASSES", 1)


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock(datetime(2026, 3, 2, 2, 0, tzinfo=UTC))


@pytest.fixture
def empty_shop(tmp_path: Path, clock: MovedClock) -> Iterator[Shop]:
    with running(tmp_path, clock) as shop:
        yield shop


@pytest.fixture
async def shop(empty_shop: Shop) -> Shop:
    await empty_shop.staff.set_up_owner("Hua", OWNER_PIN)
    await empty_shop.joined("Ping", Role.MANAGER, MANAGER_PIN)
    await empty_shop.joined("Mei", Role.RECEPTION, MEI_PIN)
    return empty_shop
