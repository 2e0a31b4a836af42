"""What a guest is likely to hand over: the exact amount, and the next sums that her notes make."""

from __future__ import annotations

from hub.money import CURRENCIES, Minor

NOTES: dict[str, tuple[int, ...]] = {  # in whole units, as they are in purses
    "CNY": (1, 5, 10, 20, 50, 100),
    "TWD": (100, 500, 1000),
    "HKD": (10, 20, 50, 100, 500, 1000),
    "EUR": (5, 10, 20, 50, 100),
    "USD": (1, 5, 10, 20, 50, 100),
}
SUGGESTIONS_MAX = 5


def likely_cash(due: Minor, currency: str, most: int = SUGGESTIONS_MAX) -> tuple[Minor, ...]:
    """The exact amount first, then rising sums a guest would give for `due`, at most `most` in all; empty when nothing is due."""
    if due <= 0:
        return ()
    unit = 10 ** CURRENCIES[currency].digits
    sums = {-(-due // (note * unit)) * note * unit for note in NOTES[currency]}
    return (due, *sorted(sums - {due}))[:most]


PIECES: dict[str, tuple[Minor, ...]] = {  # notes and coins in minor units, as a drawer is counted
    "CNY": (10000, 5000, 2000, 1000, 500, 100, 50, 10),
    "TWD": (2000, 1000, 500, 200, 100, 50, 10, 5, 1),
    "HKD": (100000, 50000, 10000, 5000, 2000, 1000, 500, 200, 100, 50, 20, 10),
    "EUR": (20000, 10000, 5000, 2000, 1000, 500, 200, 100, 50, 20, 10, 5, 2, 1),
    "USD": (10000, 5000, 2000, 1000, 500, 100, 25, 10, 5, 1),
}
