"""Double entry. Every posting is one amount moved from one account to another, so the sum of all legs is zero by its shape."""

from hub.ledger.model import Account, Entry, Posting
from hub.ledger.service import Ledger

__all__ = ["Account", "Entry", "Ledger", "Posting"]
