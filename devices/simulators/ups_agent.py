"""A UPS with a network card: an agent answers for UPS-MIB, or for APC's PowerNet-MIB alone; NUT's `snmp-ups` reads it too."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, ClassVar

from devices.simulators import snmp_agent as snmp
from devices.simulators.on_snmp import OnSnmp
from devices.simulators.ups import BATTERY_V, LOW_MINUTES, LOW_PCT, MAINS_V, Battery, Load
from devices.simulators.verbs import Args, Nothing

UPS, APC = "1.3.6.1.2.1.33.1", "1.3.6.1.4.1.318.1.1.1"
ALARM_ROWS = 6


class UpsAgentSim(OnSnmp):
    """SIMULATED. Its battery does not run down by itself."""

    kind: ClassVar[str] = "ups"
    verbs: ClassVar[Mapping[str, type[Args]]] = {
        "mains_off": Nothing,
        "mains_on": Nothing,
        "battery": Battery,
        "load": Load,
        "replace_battery": Nothing,
        "bypass": Nothing,
        "stale": Nothing,
        "output_off": Nothing,
        **OnSnmp.common,
    }

    def boot(self) -> None:
        """The card starts anew; what it watches over does not."""
        super().boot()
        if not hasattr(self, "mains"):
            self.mains = True
            self.pct, self.minutes, self.load = 100, 30, 20

    def no_faults(self) -> None:
        """As it was made."""
        super().no_faults()
        self._worn_out = self._bypass = self._no_news = self._off = False

    @property
    def low(self) -> bool:
        """Whether it says that its battery is nearly empty."""
        return self.pct <= LOW_PCT or self.minutes <= LOW_MINUTES

    def state(self) -> dict[str, Any]:
        """What a person sees."""
        own = {"replace_battery": self._worn_out, "bypass": self._bypass, "stale": self._no_news, "output_off": self._off}
        return {
            "plugged": self.end.plugged,
            "mains": self.mains,
            "pct": self.pct,
            "minutes": self.minutes,
            "load": self.load,
            "status": f"{'OL' if self.mains else 'OB'}{' LB' if self.low else ''}",
            "faults": self.faults() + [name for name, on in own.items() if on],
        }

    async def do(self, verb: str, args: Args) -> dict[str, Any]:
        """What a person (or a fault) does to it."""
        match verb, args:
            case (("mains_off" | "mains_on"), _):
                self.mains = verb == "mains_on"
            case "battery", Battery():
                self.pct, self.minutes = args.pct, args.minutes
            case "load", Load():
                self.load = args.pct
            case "replace_battery", _:
                self._worn_out = True
            case "bypass", _:
                self._bypass = True
            case "stale", _:
                self._no_news = True
            case "output_off", _:
                self._off = True
            case _:
                await self.do_common(verb, args)
        return self.state()

    # what it answers for

    def grow(self) -> None:
        """UPS-MIB, with one line in and out."""
        self.grow_system("SIMULATED UPS card", (8072, 9998))
        texts = {"1.1.0": "SIMULATED", "1.2.0": "650 desk", "1.3.0": "1.0", "1.4.0": "card 1.0", "1.5.0": self.name}
        for leaf, words in texts.items():
            self.tree.grow(f"{UPS}.{leaf}", partial(snmp.octets, words))
        numbers: dict[str, Callable[[], int]] = {
            "2.1.0": lambda: 3 if self.low else 2,
            "2.2.0": lambda: 0 if self.mains else 60,
            "2.3.0": lambda: self.minutes,
            "2.4.0": lambda: self.pct,
            "2.5.0": lambda: round(BATTERY_V * 10),
            "3.2.0": lambda: 1,
            "3.3.1.3.1": lambda: round(MAINS_V) if self.mains else 0,
            "4.1.0": self._source,
            "4.3.0": lambda: 1,
            "4.4.1.5.1": lambda: self.load,
            "6.1.0": lambda: len(self._alarms()),
        }
        for leaf, number in numbers.items():
            self.tree.grow(f"{UPS}.{leaf}", partial(_said, number))
        for at in range(ALARM_ROWS):
            self.tree.grow(f"{UPS}.6.2.1.2.{at + 1}", partial(self._alarm, at))

    def _source(self) -> int:
        if self._no_news:
            return 1
        if self._off:
            return 2
        return 5 if not self.mains else 4 if self._bypass else 3

    def _alarms(self) -> list[int]:
        found = {1: self._worn_out, 2: not self.mains, 3: self.low, 8: self.load > 100, 9: self._bypass, 20: self._no_news}
        return [alarm for alarm, on in found.items() if on]

    def _alarm(self, at: int) -> bytes:
        alarms = self._alarms()
        if at >= len(alarms):
            return snmp.NO_SUCH_OBJECT
        return snmp.object_id((*map(int, UPS.split(".")), 6, 3, alarms[at]))


class ApcAgentSim(UpsAgentSim):
    """SIMULATED. As an old card of APC: it knows PowerNet-MIB only."""

    def grow(self) -> None:
        """PowerNet-MIB."""
        self.grow_system("SIMULATED APC card", (318, 1, 3, 27))
        for leaf, words in {"1.1.1.0": "SIMULATED Smart-UPS", "1.2.1.0": "1.0", "1.2.3.0": f"SIM-{self.name}"}.items():
            self.tree.grow(f"{APC}.{leaf}", partial(snmp.octets, words))
        numbers: dict[str, Callable[[], int]] = {
            "2.1.1.0": lambda: 3 if self.low else 2,
            "2.2.1.0": lambda: self.pct,
            "2.2.4.0": lambda: 2 if self._worn_out else 1,
            "2.2.8.0": lambda: round(BATTERY_V),
            "3.2.1.0": lambda: round(MAINS_V) if self.mains else 0,
            "4.1.1.0": self._output,
            "4.2.3.0": lambda: self.load,
        }
        for leaf, number in numbers.items():
            self.tree.grow(f"{APC}.{leaf}", partial(_said, number))
        self.tree.grow(f"{APC}.2.2.3.0", lambda: snmp.number(self.minutes * 6000, snmp.TICKS))

    def _output(self) -> int:
        if self._no_news:
            return 1
        if self._off:
            return 7
        return 3 if not self.mains else 9 if self._bypass else 2


def _said(number: Callable[[], int]) -> bytes:
    return snmp.number(number())
