"""What a language of label printers is to the driver: how to ask, how to understand the answer, how to say a label."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from devices.drivers.label_printer.label import Ink, LabelProfile


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What a printer says of itself. `stopped_by` is a code of devices/reasons.py; `busy`: it has something to print."""

    stopped_by: str = ""
    busy: bool = False
    full: bool = False  # it takes no bytes
    labels_left: int | None = None


class NotAStatus(ValueError):
    """An answer the language does not have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """`plain` is the text that can be left to the printer's own font: none of it can ever be a command."""

    ask: bytes
    whole: Callable[[bytes], bool]
    status: Callable[[bytes], Status]  # raises NotAStatus
    plain: re.Pattern[str]
    say: Callable[[Iterable[Ink], LabelProfile, int], bytes]
    wash: Callable[[LabelProfile], bytes]  # ends whatever a broken job left open, and prints nothing
