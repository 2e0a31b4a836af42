"""The check-in kiosk: a walk-in takes a number by herself, in her language."""

from ui.kiosk.page import pages
from ui.kiosk.services import KioskServices

__all__ = ["KioskServices", "pages"]
