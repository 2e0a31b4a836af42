"""What simulated devices have in common whose agent answers SNMP v2c on a UDP port of loopback: being asked, and failing at it."""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar, Self

from pydantic import Field

from devices.simulators import snmp_agent as snmp
from devices.simulators.verbs import Args, Garble, Late, Nothing
from devices.simulators.wire import UdpEnd

ANY_SIZE = 1_000_000
SYSTEM = "1.3.6.1.2.1.1"


class TooBig(Args):
    """More rows at once are refused as too big."""

    rows: int = Field(8, ge=1, le=100)


class OnSnmp(ABC):
    """SIMULATED. Its community is `public` for reading and changing."""

    answer = staticmethod(snmp.answer)
    common: ClassVar[Mapping[str, type[Args]]] = {
        "reboot": Nothing,
        "dont_answer": Nothing,
        "wrong_community": Nothing,
        "too_big": TooBig,
        "garble": Garble,
        "slow": Late,
        "unplug": Nothing,
        "plug_in": Nothing,
        "heal": Nothing,
    }

    def __init__(self, name: str) -> None:
        self.name = name
        self.end: UdpEnd
        self.questions = 0
        self._late: set[asyncio.TimerHandle] = set()
        self.boot()
        self.no_faults()
        self.tree = snmp.Tree()
        self.grow()

    @classmethod
    def on_udp(cls, name: str, port: int = 0) -> Self:
        """On a UDP port of loopback; 0 takes a free one. `start` it."""
        sim = cls(name)
        sim.end = UdpEnd(port, sim.received)
        return sim

    @property
    def address(self) -> str:
        """How a device host reaches it."""
        return f"snmp://127.0.0.1:{self.end.port}?simulated=1"

    async def start(self) -> None:
        """Plug it in."""
        await self.end.plug_in()

    async def stop(self) -> None:
        """Take it off the wire."""
        for timer in self._late:
            timer.cancel()
        await self.end.pull()

    def boot(self) -> None:
        """Everything that is counted starts anew."""
        self._booted_at = time.monotonic()

    def no_faults(self) -> None:
        """As it was made."""
        self.community = "public"
        self._mute = False
        self._late_s = 0.0
        self._garble = 0
        self._too_big_over = ANY_SIZE

    @abstractmethod
    def grow(self) -> None:
        """Put into the tree what it answers for."""

    def faults(self) -> list[str]:
        """What is wrong with its agent now."""
        found = {
            "unplug": not self.end.plugged,
            "dont_answer": self._mute,
            "wrong_community": self.community != "public",
            "too_big": self._too_big_over != ANY_SIZE,
            "slow": self._late_s,
            "garble": self._garble,
        }
        return [name for name, on in found.items() if on]

    async def do_common(self, verb: str, args: Args) -> None:
        """One of the verbs all have."""
        match verb, args:
            case "too_big", TooBig():
                self._too_big_over = args.rows
            case "garble", Garble():
                self._garble = args.answers
            case "slow", Late():
                self._late_s = args.seconds
            case "reboot", _:
                self.boot()
            case "unplug", _:
                await self.end.pull()
            case "dont_answer", _:
                self._mute = True
            case "wrong_community", _:
                self.community = "another"
            case _:
                if verb == "heal":
                    self.no_faults()
                await self.end.plug_in()

    def received(self, data: bytes, sender: Any) -> None:
        """A datagram came; what cannot be read, or names another community, is not answered."""
        try:
            request = snmp.Request.read(data)
            if self._mute or request.community != self.community.encode():
                return
            said = self.answer(self.tree, request, self._too_big_over)
        except snmp.Malformed:
            return
        self.questions += 1
        if self._garble:
            self._garble -= 1
            said = bytes(byte ^ 0x2A for byte in said)
        if self._late_s:
            self._late.add(asyncio.get_running_loop().call_later(self._late_s, self.end.send, said, sender))
        else:
            self.end.send(said, sender)

    def grow_system(self, description: str, enterprise: tuple[int, ...]) -> None:
        """Who it is, and since when it runs."""
        for leaf, words in {1: description, 5: f"SIMULATED {self.name}"}.items():
            self.tree.grow(f"{SYSTEM}.{leaf}.0", partial(snmp.octets, words))
        self.tree.grow(f"{SYSTEM}.2.0", partial(snmp.object_id, (1, 3, 6, 1, 4, 1, *enterprise)))
        self.tree.grow(f"{SYSTEM}.3.0", lambda: snmp.number(self._ticks(), snmp.TICKS))

    def _ticks(self) -> int:
        return int((time.monotonic() - self._booted_at) * 100) % 2**32
