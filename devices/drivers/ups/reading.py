"""What every way of asking a UPS finds out, and how the state of the device follows from it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Protocol

from devices.driver import Identity

FIGURES = ("battery_pct", "minutes_left", "load_pct", "input_v", "battery_v")


MAINS_V_MAX = 1000


class NothingKnown(Exception):
    """Somebody answers and cannot tell how the UPS is; `reason` says why. It says nothing of the mains."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A UPS at one moment. None is what it does not tell. Volts of the mains are effective ones, minutes are whole and rounded down."""

    on_battery: bool
    low: bool = False  # nearly empty, as the UPS itself says
    off: bool = False  # it gives no power
    overload: bool = False
    bypass: bool = False  # the mains go straight through
    fault: bool = False
    replace: bool = False
    battery_pct: int | None = None
    minutes_left: int | None = None
    load_pct: int | None = None
    input_v: float | None = None
    battery_v: float | None = None

    def reason(self, *, low: bool) -> str:
        """The most urgent one; `low`: the battery counts as nearly empty."""
        if self.on_battery:
            return "battery_low" if low else "on_battery"
        found = {
            "ups_off": self.off,
            "ups_overload": self.overload,
            "ups_bypass": self.bypass,
            "ups_fault": self.fault,
            "replace_battery": self.replace,
        }
        return next((reason for reason, so in found.items() if so), "")

    def figures(self) -> dict[str, int | float | None]:
        """As the state of the device tells them."""
        return {name: value for name, value in asdict(self).items() if name in FIGURES}


class Way(Protocol):
    """One way of asking. What it raises is a DeviceError, and NothingKnown where that is said."""

    ignored: int | None  # lines that belonged to no answer; None where there are no lines

    async def identify(self) -> Identity:
        """Opens the way; make and model, when they are known."""

    async def look(self) -> Reading:
        """One bounded look. Raises NothingKnown too."""

    async def close(self) -> None:
        """Idempotent, never raises."""


def mains_v(said: float | None) -> float | None:
    """Volts of the mains. Some makers tell tenths of a volt where whole ones belong; no shop has mains of more than 1000 V."""
    if said is None:
        return None
    return said / 10 if said > MAINS_V_MAX else float(said)
