"""Office printers over IPP: a document on A4."""

from __future__ import annotations

from devices.drivers.office_printer.driver import OfficePrinter
from devices.drivers.office_printer.profile import OfficePrinterProfile

__all__ = ["OfficePrinter", "OfficePrinterProfile"]
