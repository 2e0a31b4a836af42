"""What a terminal's codes mean to a person: codes of devices/reasons.py. Results and states share one table in ZVT (chapter 10)."""

from __future__ import annotations

from collections.abc import Iterable

HOST_CODES_MAX = 0x63  # below: what the bank answered
READY, CARD_IN = 0x00, 0xDC


def _table(*rows: tuple[str, Iterable[int]]) -> dict[int, str]:
    return {code: reason for reason, codes in rows for code in codes}


_RESULTS = _table(
    ("card_unreadable", (0x64, 0x65, 0x66, 0x72, 0x73, 0x7B, 0x7C, 0x7E, 0xDD, 0xDE)),
    ("card_not_accepted", (0x67, 0x68, 0x6E, 0x76, 0x7A, 0xC5, 0xD2, 0xEA)),
    ("card_expired", (0x78, 0x79)),
    ("card_inserted", (CARD_IN,)),
    ("credit_short", (0x71,)),
    ("payment_cancelled", (0x6C,)),
    ("wrong_currency", (0x6F, 0xC6, 0xCB)),
    ("amount_refused", (0xB7, 0xC3, 0xC8, 0xC9)),
    ("reversal_refused", (0xB4, 0xB5)),
    ("end_of_day_due", (0x6A, 0xB1, 0xB2, 0xF0)),
    ("bank_unreachable", (0x7D, 0x9B, 0xA0, 0xA1, 0xA3, 0xF1, 0xFA)),
    ("terminal_busy", (0x9C,)),
    ("terminal_paper_out", (0xCC,)),
    ("terminal_locked", (0x6B, 0xC1, 0xC2, 0xE4)),
    ("terminal_cannot", (0x83, 0x9A, 0xA5)),
    (
        "terminal_broken",
        (0x77, 0x85, 0x89, 0xBF, 0xC0, 0xC4, 0xE0, 0xE2, 0xE3, 0xEB, 0xEC, 0xED, 0xF5, 0xF6, 0xFB, 0xFC, 0xFF),
    ),
)
_STEPS = _table(
    ("card_wanted", (0x0A, 0x2A)),
    ("look_at_terminal", (0x00, 0x01, 0x02, 0x26, 0x27, 0x28, 0x29, 0x2C, 0xE0, 0xE1)),
    ("pin_wrong", (0x15, 0x18)),
    ("card_out", (0x0B,)),
    ("card_unreadable", (0x0C, 0x0D, 0x19)),
    ("card_not_accepted", (0x07, 0x08, 0x10)),
    ("card_expired", (0x09,)),
    ("credit_short", (0x14, 0x16)),
    ("card_declined", (0x03, 0x13, 0x1D)),
    ("card_approved", (0x1B, 0x1C)),
)


def reason_of(code: int) -> str:
    """Why the terminal did not do it. Not for 0."""
    return "card_declined" if code <= HOST_CODES_MAX else _RESULTS.get(code, "terminal_refused")


def state_reason(code: int | None) -> str:
    """Why a terminal takes no command; empty when it does, or does not tell. A card that is in it already hinders nobody."""
    return _RESULTS.get(code or READY, "") if code != CARD_IN else ""


def step_of(code: int) -> str:
    """What happens at the terminal; anything that asks nobody for anything is waiting."""
    if code in _STEPS:
        return _STEPS[code]
    if 0x41 <= code <= 0x67:
        return "card_out"
    return "terminal_waits"
