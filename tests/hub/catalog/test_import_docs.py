from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hub.catalog.columns import COLUMNS, Kind
from hub.catalog.demo import pins_shown
from hub.catalog.shop import NOT_SET_UP
from hub.catalog.values import Reason

PAGE = (Path(__file__).parents[3] / "docs" / "import.md").read_text("utf-8")
OF_THE_SHOP = {Reason.ZONE_UNKNOWN, Reason.CURRENCY_UNKNOWN, Reason.CURRENCY_FIXED, Reason.HOURS_SHAPE}  # never in a file


@pytest.mark.parametrize("reason", [reason for reason in Reason if reason not in OF_THE_SHOP])
def test_every_reason_a_file_can_be_refused_for_is_explained(reason: Reason) -> None:
    assert f"`{reason}`" in PAGE


@pytest.mark.parametrize("kind", Kind)
def test_every_column_is_explained(kind: Kind) -> None:
    for column in COLUMNS[kind]:
        assert f"`{column}`" in PAGE


def test_the_pins_of_the_demo_shop_are_the_ones_the_page_tells() -> None:
    for name, pin in pins_shown(replace(NOT_SET_UP, demo=True)).items():
        assert f"| {name} |" in PAGE
        assert f"| {pin} |" in PAGE
