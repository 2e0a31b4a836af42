"""What the office asks of the shop beyond what the desk asks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from hub.catalog.importing import Importing
from hub.equipment import AssetLabels, Network, SelfTests
from hub.sessions import Sessions
from ui.station.services import DeskServices


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeServices:
    """Everything the office's pages ask. `base_url` is how other screens reach this hub; empty takes the address of the page."""

    desk: DeskServices
    importing: Importing
    screens: Sessions
    self_tests: SelfTests
    network: Network
    labels: AssetLabels
    dead_letters: Callable[[], Sequence[Any]]
    base_url: str = ""
