"""Many devices on one host, and what befalls them at random: what is told of each must be true, and every command ends once."""

from __future__ import annotations

import asyncio
import gc
import hashlib
import json
import random
import re
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog

from devices.host import Host, HostConfig
from devices.registry import Device
from devices.transport import Address, Transport, transport_to
from hub.clock import Clock
from hub.ids import Id
from hub.mqtt import Broker, Message, Party
from tests.devices.cast import CAST
from tests.devices.cast_part import OFFLINE, Part

SHARES = {  # of 200
    "receipt_printer": 50,
    "label_printer": 24,
    "scanner": 40,
    "scale": 20,
    "ups": 14,
    "customer_display": 24,
    "network_gear": 4,
    "presence": 20,
    "hub_board": 4,
    "card_reader": 10,
    "card_terminal": 12,
    "office_printer": 4,
}
ENDS_WITHIN_S = 120.0  # every command, once its device is well
HOST = "store/s1/host/h1"
STALL_S = 0.2


def crew(count: int, folder: Path) -> list[Part]:
    """`count` devices in the shares above, of every kind at least one."""
    shares = {kind: SHARES.get(kind, 1) for kind in CAST}
    return [CAST[kind](n, folder) for kind, share in shares.items() for n in range(max(1, round(share * count / 200)))]


class InProcessLink:
    """Stands where the host's link to the broker is: what it publishes is heard at once, and acknowledged."""

    heard: Callable[[str, Any], None]

    def __init__(self, broker: Broker, party: Party) -> None:
        self.connected = False
        self.figures: Counter[str] = Counter()
        self._work: asyncio.Queue[Any] = asyncio.Queue()
        self._sent = 0

    async def run(self) -> None:
        self.connected = True
        await self.on_connect()  # type: ignore[attr-defined]
        while True:
            await self.on_message(await self._work.get())  # type: ignore[attr-defined]

    def put(self, topic: str, payload: str) -> None:
        self._work.put_nowait(Message(topic, payload.encode(), False, _taken))

    def publish(self, topic: str, payload: str, *, retain: bool = False, qos: int = 1) -> int | None:
        if not self.connected:
            return None
        self._sent += 1
        asyncio.get_running_loop().call_soon(self.on_published, self._sent)  # type: ignore[attr-defined]
        self.heard(topic, json.loads(payload) if payload else None)
        return self._sent

    async def flushed(self) -> None:
        """There is nothing on its way."""


def _taken() -> None:
    """Nobody sends it again."""


class Story:
    """Made before the loop runs; `play` once. Whatever was not true is in `untrue`."""

    def __init__(self, parts: list[Part], clock: Clock, folder: Path, seed: int, *, on_tcp: bool = False) -> None:
        self.parts = {part.id: part for part in parts}
        self.untrue: list[str] = []
        self.looks = self.faults = self.stalls = 0
        self.ended: Counter[str] = Counter()
        self._clock, self._seed = clock, seed
        self._told: dict[str, Any] = {}
        self._steady_since: dict[str, float] = {}
        self._open: dict[str, tuple[Part, str, str]] = {}  # commands by id, with their verb and the tag that is on what they print
        self._digest = hashlib.sha256()
        self._tags = 0
        for part in parts:
            part.on_tcp = part.on_tcp or on_tcp
            if not on_tcp:
                part.in_memory()
        config = HostConfig(store_id="s1", host_id="h1", bench_port=1, data=folder / "devices.db")
        self._host = Host(config, Broker(host="", port=0, tls=False, user="", password=""), clock)
        self._link: InProcessLink = self._host.link  # type: ignore[assignment]
        self._link.heard = self._heard

    @property
    def digest(self) -> str:
        """The same for the same story."""
        return self._digest.hexdigest()

    def wire_to(self, address: Address) -> Transport:
        """In memory where there is such a wire."""
        wires = {part.address: part.link for part in self.parts.values() if part.link is not None}
        return wires.get(address.text) or transport_to(address)

    async def play(self, seconds: float, at_half: Callable[[], None] = lambda: None) -> None:
        """So long faults befall everything; then all is healed, and every command must have ended."""
        before = asyncio.all_tasks()
        self._host.registry.load()
        for part in self.parts.values():
            await part.start()
            if part.kind != "presence":
                device = Device(id=part.id, kind=part.kind, name=part.id, address=part.address, profile=part.profile)
                await self._host.registry.add(device)
            else:
                part.publish = self._link.put  # type: ignore[attr-defined]
        stop = asyncio.Event()
        running = asyncio.create_task(self._host.run(stop))
        until = self._clock.monotonic() + seconds
        lives = [asyncio.create_task(self._live(part, until)) for part in self.parts.values()]
        watching = asyncio.create_task(self._watch_the_loop())
        half = asyncio.get_running_loop().call_later(seconds / 2, at_half)
        await asyncio.gather(*lives)
        half.cancel()
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        stop.set()
        await running
        for part in self.parts.values():
            await part.stop()
        self._untrue_if(bool(self._open), f"never ended: {[(part.id, verb, tag) for part, verb, tag in self._open.values()]}")
        await asyncio.sleep(0)
        leaked = asyncio.all_tasks() - before
        self._untrue_if(bool(leaked), f"tasks leaked: {leaked}")
        self._host.close()

    async def _watch_the_loop(self) -> None:
        """A machine that stands still (never in virtual time) misses answers of healthy devices: it is given the time to see them again."""
        while True:
            before = self._clock.monotonic()
            await self._clock.sleep(STALL_S)
            if self._clock.monotonic() - before > 2 * STALL_S:
                self.stalls += 1
                for part in self.parts.values():
                    self._changed(part)

    # one device

    async def _live(self, part: Part, until: float) -> None:
        rng = random.Random(f"{self._seed} {part.id}")
        await self._rest(part, rng.uniform(0, 3))
        await self._look(part)
        while self._clock.monotonic() < until:
            for _ in range(rng.choice((1, 1, 2, 3))):
                await self._befalls(part, part.fault(rng), rng)
            await self._look(part)
            if rng.random() < 0.1:
                await self._switched_off(part)
            self._changed(part)
            await part.heal()
            await self._look(part)
            self._untrue_if(bool(wrong := part.wrong_when_well()), f"{part.id}: {wrong}")
            await self._used(part, rng)
        await self._all_ended(part)

    async def _befalls(self, part: Part, fault: tuple[str, Any], rng: random.Random) -> None:
        if rng.random() < 0.4:
            self._command(part, rng)
            await self._clock.sleep(rng.choice((0.0, 0.001, 0.01, 0.1, 1.0)))
        self._changed(part)
        self.faults += 1
        await part.do(fault)
        part.log = [*getattr(part, "log", [])[-5:], (round(self._clock.monotonic(), 2), fault)]  # type: ignore[attr-defined]
        self._changed(part)
        await self._clock.sleep(rng.uniform(0, 3))
        if rng.random() < 0.2:
            self._command(part, rng)

    async def _used(self, part: Part, rng: random.Random) -> None:
        for _ in range(rng.randrange(3)):
            if rng.random() < 0.5:
                self._command(part, rng)
            wrong = await part.use(rng)
            await self._clock.sleep(rng.uniform(1, 8))
            self._untrue_if(bool(why := wrong()), f"{part.id}: {why}")

    async def _switched_off(self, part: Part) -> None:
        """A person's wish, whatever the device shows."""
        if part.kind == "presence":  # a beat of it would only be unheard
            return
        part.switched_off()
        for enabled in (False, True):
            self._changed(part)
            self._link.put(f"{HOST}/do/enable", json.dumps({"id": Id.new(), "args": {"id": part.id, "enabled": enabled}}))
            if not enabled:
                await self._clock.sleep(5)
                told = self._told[part.id]["health"]
                self._untrue_if(told != "disabled", f"{part.id}: {told} although switched off")

    async def _all_ended(self, part: Part) -> None:
        until = self._clock.monotonic() + ENDS_WITHIN_S
        while any(whose is part for whose, _, _ in self._open.values()) and self._clock.monotonic() < until:
            await self._clock.sleep(1)

    async def _rest(self, part: Part, seconds: float) -> None:
        self._changed(part)
        await self._clock.sleep(seconds)

    async def _look(self, part: Part) -> None:
        """After the time it may take, counted from the last change (some faults wait for a byte): what is told is true."""
        was = part.truth()
        while (left := self._steady_since[part.id] + part.settles_s - self._clock.monotonic()) > 0:
            await self._clock.sleep(min(left, 2.0))
            if (now := part.truth()) != was:
                was = now
                self._changed(part)
        self.looks += 1
        self._compare(part, "after a while")

    def _compare(self, part: Part, when: str) -> None:
        told, (health, why) = self._told.get(part.id, {"health": "nothing", "reason": "", "figures": {}}), part.truth()
        right = told["health"] == health and (health == OFFLINE or told["reason"] == why)
        figures = part.figures().items() if right else ()
        wrong = {name: told["figures"].get(name) for name, value in figures if told["figures"].get(name) != value}
        state = f"{told['health']} {told['reason']} {wrong or ''}".strip()
        self._untrue_if(
            not right or bool(wrong),
            f"{self._clock.monotonic():.1f} {part.id} {part.profile}: told {state} {when}, is {health} {why} {part.figures()}; {getattr(part, 'log', '')}",
        )

    def _changed(self, part: Part) -> None:
        self._steady_since[part.id] = self._clock.monotonic()

    # commands, and what is heard

    def _command(self, part: Part, rng: random.Random) -> None:
        self._tags += 1
        tag, command = f"N{self._tags:06d}", Id.new()
        verb, args = part.command(rng, tag)
        self._open[command] = (part, verb, tag)
        deadline = (self._clock.now() + timedelta(seconds=rng.choice((2, 10, 60)))).isoformat() if rng.random() < 0.3 else None
        self._link.put(f"store/s1/dev/{part.id}/do/{verb}", json.dumps({"id": command, "args": args, "deadline": deadline}))

    def _heard(self, topic: str, body: Any) -> None:
        levels = topic.split("/")
        if levels[2] != "dev" or body is None:
            return
        part, leaf = self.parts[levels[3]], levels[4]
        self._digest.update(f"{self._clock.monotonic():.6f} {topic} {_without_ids(body)}\n".encode())
        if leaf == "state":
            self._told[part.id] = body
            if self._clock.monotonic() - self._steady_since.get(part.id, self._clock.monotonic()) > part.settles_s + 1:
                self._compare(part, "by itself")
        elif leaf == "event":
            part.events = [*part.events[-20:], (levels[5], body)]
        elif leaf == "done":
            self._ends(part, body)

    def _ends(self, part: Part, done: dict[str, Any]) -> None:
        whose, verb, tag = self._open.pop(done["id"], (None, "", ""))
        self._untrue_if(whose is not part, f"{part.id}: ended twice, or never asked for: {done}")
        self.ended[f"{part.kind} {done['outcome']} {done['reason']}".strip()] += 1
        if tag:
            self._untrue_if(bool(wrong := part.wrong_end(verb, tag, done)), f"{part.id}: {tag} {wrong}: {done}; {getattr(part, 'log', '')}")

    def _untrue_if(self, so: bool, what: str) -> None:
        if so:
            self.untrue.append(what)


def _without_ids(body: Any) -> str:
    return re.sub(r'"(id|session)": "[^"]*"', "", json.dumps(body, sort_keys=True))


def make_story(patched: pytest.MonkeyPatch, count: int, clock: Clock, folder: Path, seed: int, *, on_tcp: bool = False) -> Story:
    """The host, with its link to the broker and its wires replaced."""
    random.seed(seed)
    gc.collect()
    patched.setattr("devices.host.MqttLink", InProcessLink)
    story = Story(crew(count, folder), clock, folder, seed, on_tcp=on_tcp)
    patched.setattr("devices.lines.transport_to", story.wire_to)
    return story


def keep_errors(found: list[str]) -> None:
    """Let the log pass in silence, but for errors: no driver may fail."""

    def keep(_logger: Any, method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        if method in {"error", "exception", "critical"}:
            found.append(repr(event)[:2000])
        raise structlog.DropEvent

    structlog.configure(processors=[structlog.processors.format_exc_info, keep], cache_logger_on_first_use=False)
