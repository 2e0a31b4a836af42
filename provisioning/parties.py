"""Who may talk on the shop's broker, and about what.

Rights are allow-lists of NATS subjects: the broker maps an MQTT topic to them by turning `/` into `.`, `+` into `*`, `#` into `>`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from hub.errors import PersonError

_NAME = re.compile(r"[a-z0-9-]{1,64}")


class NameRefused(PersonError):
    """The name cannot be part of a topic."""

    code = "name_refused"
    hint = "Use 1 to 64 of a-z, 0-9 and '-'."
    status = 422


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """One credential: `user` logs in, its secret lies in `secrets/mqtt-<file>.json`; it may touch only these subjects."""

    user: str
    file: str
    publish: tuple[str, ...]
    subscribe: tuple[str, ...]
    about: Mapping[str, str] = field(default_factory=dict)  # kept in the file beside the secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """Where a third-party thing speaks, is spoken to, and listens; `{}` is its base topic, patterns are MQTT's."""

    says: tuple[str, ...]
    hears: tuple[str, ...]
    told: tuple[str, ...]  # what the device host may tell it: its commands and nothing else


DIALECTS: Mapping[str, Dialect] = {
    "zigbee2mqtt": Dialect(says=("{}/#",), hears=("{}/#",), told=("{}/+/set", "{}/+/+/set", "{}/+/set/+", "{}/+/get")),
    "tasmota": Dialect(says=("tele/{}/#", "stat/{}/#", "tasmota/discovery/#"), hears=("cmnd/{}/#",), told=("cmnd/{}/+", "cmnd/{}/+/+")),
    "shelly": Dialect(says=("{}/#",), hears=("{}/#",), told=("{}/command/#", "{}/rpc")),
    "esphome": Dialect(says=("{}/#",), hears=("{}/#",), told=("{}/+/+/command",)),
}
SIMULATED = (("zigbee2mqtt", "sim-zigbee2mqtt"), ("tasmota", "sim-tasmota"), ("shelly", "sim-shelly"), ("esphome", "sim-esphome"))
_DISCOVERY = "homeassistant/#"
_BIRTH = "homeassistant/status"
_BASE = re.compile(r"[A-Za-z0-9_-]{1,64}(/[A-Za-z0-9_-]{1,64}){0,2}")  # no dots and spaces: the broker writes them otherwise
_RESERVED = frozenset({"store", "homeassistant", "tele", "stat", "cmnd", "tasmota"})


class BaseRefused(PersonError):
    """The base topic cannot be given to a third-party thing."""

    code = "base_topic_refused"
    hint = "Use one to three levels of letters, digits, '-' and '_' that no other thing has, such as zigbee2mqtt."
    status = 422


@dataclass(frozen=True, slots=True, kw_only=True)
class ThirdParty:
    """A bridge or device of somebody else's making. Raises NameRefused, BaseRefused."""

    name: str
    dialect: str
    base: str

    def __post_init__(self) -> None:
        _checked(self.name)
        if self.dialect not in DIALECTS or not _BASE.fullmatch(self.base) or self.base.split("/")[0] in _RESERVED:
            raise BaseRefused(dialect=self.dialect, base=self.base, known=", ".join(DIALECTS))

    def overlaps(self, other: ThirdParty) -> bool:
        """Whether one of them could speak for the other."""
        return f"{self.base}/".startswith(f"{other.base}/") or f"{other.base}/".startswith(f"{self.base}/")


def hub(store: str) -> Party:
    """The hub: commands to devices, hosts and bridge, its own life sign, screens' beats; hears everything of its shop."""
    here = f"store.{_checked(store)}"
    return Party(
        user="hub",
        file="hub",
        publish=(f"{here}.dev.*.do.>", f"{here}.host.*.do.>", f"{here}.hub.state", f"{here}.screen.*.beat", f"{here}.bridge.do.>"),
        subscribe=(f"{here}.>",),
    )


def host(store: str, host_id: str, *, first: bool = True, things: Iterable[ThirdParty] = ()) -> Party:
    """A device host: speaks for the devices that hang on it, hears what third parties say and gives them their commands.

    The shop's first host keeps its secret in `mqtt-host.json`.
    """
    dialects = [(thing.base, DIALECTS[thing.dialect]) for thing in things]
    here, name = f"store.{_checked(store)}", _checked(host_id)
    return Party(
        user=f"host-{name}",
        file="host" if first else f"host-{name}",
        publish=(
            f"{here}.host.{name}.state",
            f"{here}.host.{name}.done",
            *_voice_of(f"{here}.dev.*"),
            _subject(_BIRTH),
            *(_subject(pattern.format(base)) for base, dialect in dialects for pattern in dialect.told),
        ),
        subscribe=(
            f"{here}.host.{name}.do.>",
            f"{here}.dev.*.do.>",
            f"{here}.screen.*.beat",
            _subject(_DISCOVERY),
            *(_subject(pattern.format(base)) for base, dialect in dialects for pattern in dialect.says),
        ),
    )


def bridge(store: str) -> Party:
    """The bridge to head office: hears states and the hub's one question, says only whether head office is heard and has everything."""
    here = f"store.{_checked(store)}"
    return Party(
        user="bridge",
        file="bridge",
        publish=(f"{here}.bridge.state", f"{here}.bridge.done"),
        subscribe=(f"{here}.bridge.do.>", f"{here}.dev.*.info", f"{here}.dev.*.state", f"{here}.host.*.state", f"{here}.hub.state"),
    )


def doctor(store: str) -> Party:
    """Whoever looks for what is wrong: hears states, and prints what it found."""
    here = f"store.{_checked(store)}"
    return Party(
        user="doctor",
        file="doctor",
        publish=(f"{here}.dev.*.do.print",),
        subscribe=(f"{here}.dev.*.info", f"{here}.dev.*.state", f"{here}.dev.*.done", f"{here}.host.*.state", f"{here}.bridge.state"),
    )


def bench(store: str) -> Party:
    """The bench of simulated devices: plays screens that beat, and third-party things."""
    played = [thing(one) for one in simulated()]
    return Party(
        user="bench",
        file="bench",
        publish=(f"store.{_checked(store)}.screen.*.beat", *dict.fromkeys(s for party in played for s in party.publish)),
        subscribe=tuple(dict.fromkeys(s for party in played for s in party.subscribe)),
    )


def simulated() -> tuple[ThirdParty, ...]:
    """The third-party things of the bench."""
    return tuple(ThirdParty(name=base, dialect=dialect, base=base) for dialect, base in SIMULATED)


def thing(third: ThirdParty) -> Party:
    """A third party on the shop's broker: announces itself, speaks and listens below its base topic, and nowhere else."""
    dialect = DIALECTS[third.dialect]
    return Party(
        user=f"thing-{third.name}",
        file=f"thing-{third.name}",
        publish=(_subject(_DISCOVERY), *(_subject(pattern.format(third.base)) for pattern in dialect.says)),
        subscribe=(_subject(_BIRTH), *(_subject(pattern.format(third.base)) for pattern in dialect.hears)),
        about={"dialect": third.dialect, "base": third.base},
    )


def device(store: str, device_id: str) -> Party:
    """A device that talks to the broker by itself: its own topics and nothing else."""
    name = _checked(device_id)
    mine = f"store.{_checked(store)}.dev.{name}"
    return Party(user=f"dev-{name}", file=f"dev-{name}", publish=_voice_of(mine), subscribe=(f"{mine}.do.*",))


def _voice_of(dev: str) -> tuple[str, ...]:
    return (f"{dev}.info", f"{dev}.state", f"{dev}.event.*", f"{dev}.reading.*", f"{dev}.done")


def _subject(pattern: str) -> str:
    """An MQTT pattern without dots and spaces, as the broker writes it."""
    return pattern.translate({ord("/"): ".", ord("+"): "*", ord("#"): ">"})


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise NameRefused(name=name)
    return name
