"""Label printers of two languages, ZPL and TSPL, over TCP 9100, USB port and serial."""

from __future__ import annotations

from devices.drivers.label_printer.driver import LabelPrinter
from devices.drivers.label_printer.label import LabelProfile, PrintLabels

__all__ = ["LabelPrinter", "LabelProfile", "PrintLabels"]
