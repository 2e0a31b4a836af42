"""Guests who gave their number: their file, their consents, and their right to see, correct, take away and erase it."""

from hub.customers.model import (
    CardChanges,
    CustomerCard,
    CustomerFound,
    CustomerId,
    PhoneAndWishes,
    PhoneInvalid,
    PhoneTaken,
    Purpose,
)
from hub.customers.service import Customers

__all__ = [
    "CardChanges",
    "CustomerCard",
    "CustomerFound",
    "CustomerId",
    "Customers",
    "PhoneAndWishes",
    "PhoneInvalid",
    "PhoneTaken",
    "Purpose",
]
