"""One demo shop of real processes for the stories that do not break it for the next one."""

from __future__ import annotations

import pytest

from tests.harness import Shop


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    shop = Shop(tmp_path_factory.mktemp("shop"))
    try:
        shop.start()
        yield shop
    finally:
        shop.stop()


@pytest.fixture(scope="module")
def manager(shop):
    """Somebody who may do everything at the desk, with an open shift and a printer that works."""
    manager = shop.log_in("manager")
    manager.post("/api/v1/shifts/open", {"till": "t1", "counted": 50000})
    shop.printer_adopted(manager)
    return manager
