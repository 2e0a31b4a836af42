"""The front desk and till: queue, sales, shift and printing on one touch screen."""

from ui.station.page import pages
from ui.station.parts import install
from ui.station.services import DeskServices

__all__ = ["DeskServices", "install", "pages"]
