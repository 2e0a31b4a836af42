"""ESC/POS receipt printers over TCP 9100, serial and USB: own status layer, Chinese text in GBK, lines outside it as pictures."""

from __future__ import annotations

from devices.drivers.receipt_printer.driver import ReceiptPrinter
from devices.drivers.receipt_printer.profile import PrinterProfile, PrintOrder

__all__ = ["PrintOrder", "PrinterProfile", "ReceiptPrinter"]
