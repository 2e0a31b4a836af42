"""Codes a shop's own scale prints: thirteen digits, 20 to 29 (or 02, 04) in front, an item and its weight or price inside. No I/O.

What stands where is the shop's own choice, told by a pattern such as `21IIIIIWWWWWC`: digits stand for themselves, I for the item,
W for the weight in grams, P for the price in minor units, V for the check digit over weight or price, C for that of the whole code.
"""

from __future__ import annotations

import re
from typing import Any

_PATTERN = re.compile(r"(2\d|02|04)(\d*)(I+)(V?)(W+|P+)C")
_MINUS_TWO, _THREE, _PLUS_FIVE, _MINUS_FIVE = "0246891357", "0369258147", "0516273849", "0594837261"
_FOUR_DIGITS = (_MINUS_TWO, _MINUS_TWO, _THREE, _MINUS_FIVE)
_FIVE_DIGITS = (_PLUS_FIVE, _MINUS_TWO, _MINUS_FIVE, _PLUS_FIVE, _MINUS_TWO)


class InStore:
    """One pattern. Raises ValueError for one that is none."""

    def __init__(self, pattern: str) -> None:
        found = _PATTERN.fullmatch(pattern)
        if found is None or len(pattern) != 13 or (found[4] and len(found[5]) not in {4, 5}):
            raise ValueError(f"{pattern} is no pattern such as 21IIIIIWWWWWC")
        self._fixed = found[1] + found[2]
        self._item, self._check, self._measure = slice(*found.span(3)), slice(*found.span(4)), slice(*found.span(5))
        self._name, self._factor = ("weight_mg", 1000) if found[5][0] == "W" else ("price", 1)

    def facts_of(self, thirteen: str) -> dict[str, Any]:
        """The facts of a code whose own check digit fits; none when it is of another pattern, or weight or price is misread."""
        measure, check = thirteen[self._measure], thirteen[self._check]
        if not thirteen.startswith(self._fixed) or (check and check != measure_check_digit(measure)):
            return {}
        return {"item": thirteen[self._item], self._name: int(measure) * self._factor}


def measure_check_digit(digits: str) -> str:
    """The check digit of a weight or price of four or five digits (GS1 General Specifications, 7.9.2 to 7.9.4)."""
    if len(digits) == 4:
        return str(sum(int(row[int(d)]) for row, d in zip(_FOUR_DIGITS, digits, strict=True)) * 3 % 10)
    total = sum(int(row[int(d)]) for row, d in zip(_FIVE_DIGITS, digits, strict=True))
    return str(_MINUS_FIVE.index(str(-total % 10)))
