"""Who may talk on the shop's broker, and about what.

Rights are allow-lists of NATS subjects: the broker maps an MQTT topic to them by turning `/` into `.`, `+` into `*`, `#` into `>`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

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


def hub(store: str) -> Party:
    """The hub: commands to devices, hosts and bridge, its own life sign, screens' beats; hears everything of its shop."""
    here = f"store.{_checked(store)}"
    return Party(
        user="hub",
        file="hub",
        publish=(f"{here}.dev.*.do.>", f"{here}.host.*.do.>", f"{here}.hub.state", f"{here}.screen.*.beat", f"{here}.bridge.do.>"),
        subscribe=(f"{here}.>",),
    )


def host(store: str, host_id: str, *, first: bool = True) -> Party:
    """A device host: speaks for the devices that hang on it. The shop's first host keeps its secret in `mqtt-host.json`."""
    here, name = f"store.{_checked(store)}", _checked(host_id)
    return Party(
        user=f"host-{name}",
        file="host" if first else f"host-{name}",
        publish=(f"{here}.host.{name}.state", f"{here}.host.{name}.done", *_voice_of(f"{here}.dev.*")),
        subscribe=(f"{here}.host.{name}.do.>", f"{here}.dev.*.do.>", f"{here}.screen.*.beat"),
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


def bench(store: str) -> Party:
    """The bench of simulated devices: plays screens that beat."""
    return Party(user="bench", file="bench", publish=(f"store.{_checked(store)}.screen.*.beat",), subscribe=())


def device(store: str, device_id: str) -> Party:
    """A device that talks to the broker by itself: its own topics and nothing else."""
    name = _checked(device_id)
    mine = f"store.{_checked(store)}.dev.{name}"
    return Party(user=f"dev-{name}", file=f"dev-{name}", publish=_voice_of(mine), subscribe=(f"{mine}.do.*",))


def _voice_of(dev: str) -> tuple[str, ...]:
    return (f"{dev}.info", f"{dev}.state", f"{dev}.event.*", f"{dev}.reading.*", f"{dev}.done")


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise NameRefused(name=name)
    return name
