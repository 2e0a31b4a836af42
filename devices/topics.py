"""The topics of DESIGN 7, made and read in one place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

_PART = re.compile(r"[a-z0-9_-]{1,36}")
_SCREEN = re.compile(r"[A-Za-z0-9._-]{1,36}")  # a screen has the name of its station


@dataclass(frozen=True, slots=True)
class Route:
    """A topic the host listens to: a command to a device, to the host, or a beat of a screen."""

    kind: Literal["device", "host", "screen"]
    id: str
    verb: str = ""


@dataclass(frozen=True, slots=True)
class Topics:
    """Of one store and one device host."""

    store: str
    host: str

    @property
    def host_state(self) -> str:
        """Retained, also the last will."""
        return f"store/{self.store}/host/{self.host}/state"

    @property
    def host_done(self) -> str:
        """Answers to the host's own commands."""
        return f"store/{self.store}/host/{self.host}/done"

    def host_event(self, name: str) -> str:
        """What the host itself noticed."""
        return f"store/{self.store}/host/{self.host}/event/{name}"

    @property
    def subscriptions(self) -> tuple[str, ...]:
        """Everything the host listens to."""
        return (f"store/{self.store}/host/{self.host}/do/+", f"store/{self.store}/dev/+/do/+", f"store/{self.store}/screen/+/beat")

    def device(self, device: str, leaf: str) -> str:
        """`info`, `state`, `done`, `event/<name>` or `reading/<name>` of a device."""
        return f"store/{self.store}/dev/{device}/{leaf}"

    def route(self, topic: str) -> Route | None:
        """Where a message goes; None for a topic that is not ours."""
        parts = topic.split("/")
        match parts:
            case ["store", self.store, "dev", device, "do", verb] if _PART.fullmatch(device) and _PART.fullmatch(verb):
                return Route("device", device, verb)
            case ["store", self.store, "host", self.host, "do", verb] if _PART.fullmatch(verb):
                return Route("host", self.host, verb)
            case ["store", self.store, "screen", screen, "beat"] if _SCREEN.fullmatch(screen):
                return Route("screen", screen)
        return None
