"""The first start: a shop is described, its owner gets a PIN, its printers are found. Or the demo shop is taken."""

from ui.setup.page import pages
from ui.setup.services import SetupServices

__all__ = ["SetupServices", "pages"]
