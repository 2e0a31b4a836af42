"""`python -m hub.doctor`: what is wrong in this shop, told on the console, and on a receipt printer when no page can be reached."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import orjson
import psutil
from pydantic import ValidationError

from hub.clock import Clock
from hub.errors import ChairsideError
from hub.ids import Id
from hub.logs import log_plainly
from hub.mqtt import Broker, Message, Mqtt, Party
from hub.ports import Command, DeviceInfo, DeviceState, Done, Health, Outcome
from hub.settings import Settings, load_settings
from ui.station.doctor import MARKS, NOT_PRINTED, PRINTED, Finding, Tone, paper, said
from ui.texts import DEFAULT, LANGUAGES, of

ANSWERS_WITHIN_S = 3.0
QUIET_S = 0.5  # after the last retained message everything retained has come
PRINTS_WITHIN_S = 30.0
DISK_FREE_MIN = 0.05
ROUTES = Path("/proc/net/route")
_TONES: dict[Health, Tone] = {Health.ONLINE: "good", Health.DISABLED: "good", Health.DEGRADED: "warn", Health.CONNECTING: "warn"}


@dataclass(slots=True)
class Heard:
    """What the broker has kept of the shop."""

    infos: dict[str, DeviceInfo] = field(default_factory=dict)
    states: dict[str, DeviceState] = field(default_factory=dict)
    hosts: dict[str, Health] = field(default_factory=dict)
    hq: str = ""

    def take(self, levels: list[str], payload: bytes) -> None:
        """One message. Raises ValueError for what has not the agreed form."""
        match levels:
            case ["dev", device, "info"]:
                self.infos[device] = DeviceInfo.model_validate_json(payload)
            case ["dev", device, "state"]:
                self.states[device] = DeviceState.model_validate_json(payload)
            case ["host", host, "state"]:
                self.hosts[host] = DeviceState.model_validate_json(payload).health
            case ["bridge", "state"]:
                self.hq = str(orjson.loads(payload).get("hq", ""))

    @property
    def printer(self) -> str | None:
        """The receipt printer to tell: one that is well before one that is not."""
        able = [device for device, info in self.infos.items() if info.kind == "receipt_printer" and device in self.states]
        return min(able, key=lambda d: (self.states[d].health is not Health.ONLINE, d), default=None)


class Ear:
    """The doctor's connection to the broker."""

    def __init__(self, broker: Broker, store: str) -> None:
        self.heard = Heard()
        self._prefix = f"store/{store}/"
        self._done: dict[str, asyncio.Future[Done]] = {}
        self._stirred = asyncio.Event()
        self._running: asyncio.Task[None] | None = None
        topics = [self._prefix + topic for topic in ("dev/+/info", "dev/+/state", "dev/+/done", "host/+/state", "bridge/state")]
        self._mqtt = Mqtt(lambda: broker, Party(client_id=f"{store}-doctor-{Id.new()}", will=None, topics=topics))
        self._mqtt.on_message = self._came
        self._mqtt.on_connect = self._stirred.set

    async def listen(self) -> bool:
        """Until everything retained has come; False when the broker does not answer. The connection stays."""
        self._running = asyncio.create_task(self._mqtt.run())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ANSWERS_WITHIN_S):
                while await self._stirs(ANSWERS_WITHIN_S if not self._mqtt.connected else QUIET_S):
                    pass
        return self._mqtt.connected

    async def print(self, device: str, document: Any, until: str) -> Done | None:
        """Print; None when no answer came."""
        command = Command(id=Id.new(), deadline=until, args={"document": document, "copy": 0})
        answer = self._done[command.id] = asyncio.get_running_loop().create_future()
        self._mqtt.publish(f"{self._prefix}dev/{device}/do/print", command.model_dump_json().encode())
        with contextlib.suppress(TimeoutError):
            return await asyncio.wait_for(answer, PRINTS_WITHIN_S)
        return None

    async def close(self) -> None:
        """Hang up."""
        if self._running:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)

    async def _stirs(self, within_s: float) -> bool:
        self._stirred.clear()
        with contextlib.suppress(TimeoutError):
            return await asyncio.wait_for(self._stirred.wait(), within_s)
        return False

    def _came(self, message: Message) -> None:
        levels = message.topic.removeprefix(self._prefix).split("/")
        self._stirred.set()
        with contextlib.suppress(ValueError, ValidationError):
            if levels[-1] == "done":
                done = Done.model_validate_json(message.payload)
                if (waiting := self._done.get(done.id)) and not waiting.done():
                    waiting.set_result(done)
            elif message.payload:
                self.heard.take(levels, message.payload)


def of_network(routes: Path = ROUTES) -> Finding:
    """Cable, address, way out; nothing is sent."""
    up = {name for name, card in psutil.net_if_stats().items() if card.isup and not name.startswith("lo")}
    if not up:
        return Finding(part="network", tone="bad", says="no_cable")
    given = [a.address for name in up for a in psutil.net_if_addrs().get(name, ()) if a.family.name in {"AF_INET", "AF_INET6"}]
    if all(address.startswith(("169.254.", "fe80:")) for address in given):
        return Finding(part="network", tone="bad", says="no_address")
    lines = routes.read_text("ascii").splitlines()[1:] if routes.exists() else []
    if not any(line.split()[1] == "00000000" for line in lines if len(line.split()) > 1):
        return Finding(part="network", tone="warn", says="no_way_out")
    return Finding(part="network", tone="good")


async def of_hub(port: int) -> Finding:
    """Whether its pages answer on this machine; the certificate is its own and of no interest here."""
    async with httpx.AsyncClient(verify=False, timeout=ANSWERS_WITHIN_S) as client:  # noqa: S501 - loopback
        for scheme in ("http", "https"):
            with contextlib.suppress(httpx.HTTPError):
                if (await client.get(f"{scheme}://127.0.0.1:{port}/healthz")).is_success:
                    return Finding(part="hub", tone="good")
    return Finding(part="hub", tone="bad", says="hub_silent")


def of_disk(folder: Path) -> Finding:
    """Whether there is room for the shop's data."""
    use = shutil.disk_usage(folder)
    return Finding(part="disk", tone="bad", says="disk_full") if use.free < use.total * DISK_FREE_MIN else Finding(part="disk", tone="good")


def of_shop(heard: Heard) -> Iterator[Finding]:
    """What devices and hosts last told."""
    alive = Health.ONLINE in heard.hosts.values()
    yield Finding(part="host", tone="good") if alive else Finding(part="host", tone="bad", says="host_stopped")
    if heard.hq == "offline":
        yield Finding(part="hq", tone="warn", says="hq_silent")
    if not heard.infos:
        yield Finding(part="devices", tone="warn", says="no_devices")
    for device, info in sorted(heard.infos.items()):
        state = heard.states.get(device)
        health = state.health if state and alive else Health.UNKNOWN
        yield Finding(
            part="devices",
            tone=_TONES.get(health, "bad"),
            says=state.reason if state and alive else "",
            name=info.name,
            kind=info.kind,
            health=str(health),
            sentence=state.sentence if state else "",
            action=state.action if state else "",
        )


async def examine(settings: Settings, port: int, ear: Ear | None) -> list[Finding]:
    """Everything, the ways to the outside first."""
    findings = [of_network(), await of_hub(port), of_disk(settings.store_dir)]
    if ear is None or not await ear.listen():
        return [*findings, Finding(part="broker", tone="bad", says="broker_silent")]
    return [*findings, Finding(part="broker", tone="good"), *of_shop(ear.heard)]


async def visit(settings: Settings, wish: argparse.Namespace, tell: Callable[[str], None]) -> int:
    """Examine, tell, print when asked to or when the network is dead; the exit code: 0 well, 1 something is broken."""
    t, clock = of(wish.language), Clock()
    try:
        ear = Ear(Broker.from_file(settings.store_dir / "secrets" / "mqtt-doctor.json"), settings.store_id)
    except ChairsideError:
        ear = None
    try:
        findings = await examine(settings, wish.port, ear)
        for finding in findings:
            name, told = said(t, finding)
            tell(f"{t(MARKS[finding.tone])}  {name}  {told}".rstrip())
        cut_off = any(f.part == "network" and f.tone == "bad" for f in findings)
        if (wish.print or cut_off) and ear and (printer := ear.heard.printer):
            document = paper(t, findings, f"{clock.local(clock.now()):%Y-%m-%d %H:%M}")
            until = (clock.now() + timedelta(seconds=PRINTS_WITHIN_S)).isoformat()
            done = await ear.print(printer, document.model_dump(mode="json"), until)
            tell(t(PRINTED if done and done.outcome is Outcome.DONE else NOT_PRINTED))
    finally:
        if ear:
            await ear.close()
    return int(any(f.tone == "bad" for f in findings))


def main() -> int:
    """As its `--help` says."""
    parser = argparse.ArgumentParser(prog="chairside doctor", description="What is wrong in this shop.")
    parser.add_argument("--store-dir", type=Path, required=True, help="folder that keeps all data of this shop")
    parser.add_argument("--config", type=Path, help="settings file")
    parser.add_argument("--port", type=int, required=True, help="where the hub's pages are on this machine")
    parser.add_argument("--print", action="store_true", help="print the findings even when the network is well")
    parser.add_argument("--language", choices=LANGUAGES, default=DEFAULT)
    wish = parser.parse_args()
    log_plainly()
    settings = load_settings(wish.config, store_dir=wish.store_dir)
    return asyncio.run(visit(settings, wish, lambda line: print(line, flush=True)))  # noqa: T201 - its way to tell a person


if __name__ == "__main__":
    sys.exit(main())
