"""What is on the shelf: only ever the sum of movements."""

from hub.stock.model import Movement, OutOfStock, Reason
from hub.stock.service import Stock

__all__ = ["Movement", "OutOfStock", "Reason", "Stock"]
