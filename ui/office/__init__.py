"""The office: what needs the manager, devices, price lists, staff, screens and Z reports."""

from ui.office.page import pages
from ui.office.services import OfficeServices

__all__ = ["OfficeServices", "pages"]
