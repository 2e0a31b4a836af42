"""What every device of the fleet's stories is made of."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

from devices.simulators.wire import LineServer
from tests.devices.memory_wire import LinesEnd, MemoryEnd, MemoryLine

Fault = tuple[str, Mapping[str, Any]]
OFFLINE = "offline"


class Part:
    """One device of the fleet and its simulator. `number` tells the instances of a kind apart."""

    kind: ClassVar[str]
    settles_s: ClassVar[float] = 16.0  # from a fault, or its end, to the state that is true
    wires: ClassVar[frozenset[str]] = frozenset({"memory", "tcp"})
    sim: Any

    def __init__(self, number: int, folder: Path) -> None:
        self.number, self.folder = number, folder
        self.id = f"{self.kind.replace('_', '-')}-{number}"
        self.serial = number % 2 == 1  # a serial line, or a connection
        self.address = f"socket://{self.id}:1?simulated=1"
        self.profile: dict[str, Any] = {}
        self.link: MemoryLine | None = None  # of the driver, when the wire is in memory
        self.events: list[tuple[str, dict[str, Any]]] = []  # since the last fault
        self.on_tcp = False
        self.made()

    def made(self) -> None:
        """Make the simulator."""

    def in_memory(self) -> None:
        """Put the simulator on a wire in memory."""
        end = (
            LinesEnd(self.sim._hear)
            if isinstance(self.sim.end, LineServer)
            else MemoryEnd(self.sim.received, getattr(self.sim, "opened", _nothing))
        )
        self.sim.end, self.link = end, MemoryLine(end, connection=not self.serial)

    async def start(self) -> None:
        """Plug it in; after that its address on TCP is known."""
        await self.sim.start()
        if self.on_tcp:
            self.serial, self.address = False, self.sim.address

    async def stop(self) -> None:
        """Take it off the wire."""
        await self.sim.stop()

    async def do(self, fault: Fault) -> None:
        """Something befalls it."""
        self.events.clear()
        verb, args = fault
        await self.sim.do(verb, self.sim.verbs[verb](**args))

    def fault(self, rng: random.Random) -> Fault:
        """One of `faults`."""
        return rng.choice(self.faults(rng))

    def faults(self, rng: random.Random) -> list[Fault]:
        """What may befall it now."""
        raise NotImplementedError

    async def heal(self) -> None:
        """Everything is well again."""
        await self.do(("heal", {}))

    def truth(self) -> tuple[str, str]:
        """Health and reason that must be told of it as it is now; an offline device may have any reason."""
        raise NotImplementedError

    def figures(self) -> Mapping[str, Any]:
        """Figures that must be told of it as it is now."""
        return {}

    def command(self, rng: random.Random, tag: str) -> Fault:
        """A verb of the driver and its arguments."""
        return "status", {}

    def switched_off(self) -> None:
        """The host let go of it, and knows nothing of what was."""

    def wrong_end(self, verb: str, tag: str, done: Mapping[str, Any]) -> str:
        """Why a command cannot have ended so; empty when it can."""
        return ""

    def wrong_when_well(self) -> str:
        """What is not as it should be, of a device that has been well for a while."""
        return ""

    async def use(self, rng: random.Random) -> Callable[[], str]:
        """Use it as people do while it is well; asked a moment later what went wrong."""
        return lambda: ""

    def _silent(self) -> tuple[str, str]:
        """A connection shows that somebody is there, a serial line does not."""
        return (OFFLINE, "") if self.serial else ("degraded", "silent")


def _nothing() -> None:
    """Nobody listens."""
