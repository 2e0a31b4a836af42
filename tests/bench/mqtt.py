"""Third-party sensors: from the bridge's publish to what the hub knows. Broker, device host and source are processes of their own.

`python tests/bench/mqtt.py` prints the figures; `measure(folder)` gives them to `make bench`.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from hub.access import SYSTEM  # noqa: E402
from hub.app import Shop  # noqa: E402
from hub.equipment import DeviceSpec  # noqa: E402
from hub.ids import TapId  # noqa: E402
from hub.settings import Settings  # noqa: E402
from provisioning.broker import OwnBroker  # noqa: E402
from provisioning.parties import ThirdParty  # noqa: E402

SENSORS, UPDATES, LOOKS, LOOKS_A_SECOND = 50, 90_000, 1200, 100
WARM_UP = 200  # the first words of a sensor change its state too
WAIT_S = 60.0
BASE = "zigbee2mqtt"
FINAL = -1.0  # the temperature each sensor ends with
Figures = dict[str, tuple[float, str, str]]


def _field(text: str) -> bytes:
    return len(text.encode()).to_bytes(2, "big") + text.encode()


def _packet(kind: int, body: bytes) -> bytes:
    left, length = len(body), b""
    while True:
        left, seven = left >> 7, left & 127
        length += bytes((seven | (128 if left else 0),))
        if not left:
            return bytes((kind,)) + length + body


def _said(n: int, celsius: float) -> bytes:
    """What Zigbee2MQTT tells of a climate sensor."""
    body = f'{{"battery":97,"humidity":47.1,"linkquality":120,"temperature":{celsius:.6f},"voltage":3000}}'
    return _packet(0x30, _field(f"{BASE}/climate{n:02}") + body.encode())


def _wire(secret: dict[str, str]) -> socket.socket:
    host, port = secret["url"].removeprefix("mqtt://").split(":")
    wire = socket.create_connection((host, int(port)), timeout=WAIT_S)
    wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    head = b"\x00\x04MQTT\x04\xc2\x00\x00" + _field(f"bench-{os.urandom(4).hex()}") + _field(secret["user"]) + _field(secret["password"])
    wire.sendall(_packet(0x10, head))
    assert wire.recv(4) == b"\x20\x02\x00\x00"
    return wire


def _announce(wire: socket.socket) -> None:
    units = {"temperature": "°C", "humidity": "%", "battery": "%"}
    for n in range(SENSORS):
        for what, unit in units.items():
            config = {
                "device": {"identifiers": [f"climate{n:02}"], "name": f"climate{n:02}"},
                "device_class": what,
                "state_topic": f"{BASE}/climate{n:02}",
                "unique_id": f"climate{n:02}_{what}",
                "unit_of_measurement": unit,
                "value_template": f"{{{{ value_json.{what} }}}}",
            }
            wire.sendall(_packet(0x31, _field(f"homeassistant/sensor/climate{n:02}/{what}/config") + json.dumps(config).encode()))


def source(secret: dict[str, str], how: str) -> None:
    """The bridge: `flood` all updates as fast as the broker takes them, or `calm` so many a second; a value is the time of its sending."""
    wire = _wire(secret)
    print("ready", flush=True)
    sys.stdin.readline()
    if how == "flood":
        print(time.monotonic(), flush=True)
        for at in range(0, UPDATES - SENSORS, SENSORS):
            wire.sendall(b"".join(_said(n, 20 + at / UPDATES) for n in range(SENSORS)))
        wire.sendall(b"".join(_said(n, FINAL) for n in range(SENSORS)))
    else:
        begun = time.monotonic()
        for at in range(LOOKS):
            time.sleep(max(0.0, begun + at / LOOKS_A_SECOND - time.monotonic()))
            wire.sendall(_said(at % SENSORS, time.monotonic()))
    sys.stdin.readline()


@contextmanager
def _source(secret: Path, how: str) -> Iterator[Callable[[], str]]:
    child = subprocess.Popen([sys.executable, __file__, how, str(secret)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdin
    assert child.stdout
    assert child.stdout.readline() == "ready\n"

    def go() -> str:
        child.stdin.write("\n")
        child.stdin.flush()
        return child.stdout.readline() if how == "flood" else ""

    try:
        yield go
    finally:
        child.kill()
        child.wait()


def _bare(secret: Path) -> tuple[float, float]:
    """The broker alone: updates a second into a reader that only counts, and the median of one message, in ms."""
    wire = _wire(json.loads(secret.read_text()))
    wire.sendall(_packet(0x82, b"\x00\x01" + _field(f"{BASE}/+") + b"\x00"))
    assert wire.recv(5) == b"\x90\x03\x00\x01\x00"
    with _source(secret, "flood") as go:
        begun, last = float(go()), _said(SENSORS - 1, FINAL)
        tail = b""
        while not tail.endswith(last):
            tail = (tail + wire.recv(1 << 18))[-len(last) :]
        rate = UPDATES / (time.monotonic() - begun)
    took, rest = [], b""
    with _source(secret, "calm") as go:
        go()
        while len(took) < LOOKS:
            rest += wire.recv(1 << 18)
            came = time.monotonic()
            while b'"temperature":' in rest and b"}" in rest:
                packet, _, rest = rest.partition(b"}")
                took.append(came - float(packet.partition(b'"temperature":')[2].partition(b",")[0]))
    wire.close()
    return rate, statistics.median(took) * 1000


class _Watch:
    """What the hub learns, and when."""

    def __init__(self, shop: Shop) -> None:
        self.took: list[float] = []
        self._final: set[str] = set()
        self.all_final = asyncio.Event()
        keep = shop.sensors._on_reading

        def timed(levels: list[str], payload: bytes) -> None:
            keep(levels, payload)
            if levels[3] == "temperature":
                value = json.loads(payload)["value"]
                self.took.append(time.monotonic() - value)
                if value == FINAL:
                    self._final.add(levels[1])
                    if len(self._final) == SENSORS:
                        self.all_final.set()

        shop.link.listen("dev/+/reading/+", timed)


async def _through(shop: Shop, things: Path) -> tuple[float, list[float], int]:
    """Updates a second until the hub knows the last of all sensors; the ways of single ones, in s; messages worked off."""
    watch = _Watch(shop)
    await shop.start()
    announcer = await asyncio.to_thread(lambda: _wire(json.loads(things.read_text())))
    _announce(announcer)
    try:
        async with asyncio.timeout(WAIT_S):
            devices = [await _adopt(shop, f"climate{n:02}") for n in range(SENSORS)]
            with _source(things, "calm") as go:
                go()
                while len(watch.took) < LOOKS:
                    await asyncio.sleep(0.05)
                took = watch.took[WARM_UP:LOOKS]
            with _source(things, "flood") as go:
                begun = float(await asyncio.to_thread(go))
                await watch.all_final.wait()
                rate = UPDATES / (time.monotonic() - begun)
            heard = 0
            for device in devices:
                heard += int((await shop.equipment.look(SYSTEM, device)).figures["messages"] or 0)
    finally:
        announcer.close()
        await shop.stop()
    return rate, took, heard


async def _adopt(shop: Shop, uid: str) -> str:
    while True:
        with suppress(Exception):  # the host or the announcement is not there yet; the time is limited outside
            return await shop.equipment.adopt(SYSTEM, DeviceSpec(kind="sensor", name=uid, address=f"mqtt:///{uid}"), TapId.new())
        await asyncio.sleep(0.1)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _up(port: int) -> None:
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        threading.Event().wait(0.02)
    raise TimeoutError(port)


def measure(folder: Path) -> Figures:
    """The two figures of the issue, beside what the broker alone does."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = Settings(store_dir=folder)
    broker = OwnBroker(settings, port=_free_port())
    broker.prepare()
    things = broker.add_thing(ThirdParty(name="zigbee", dialect="zigbee2mqtt", base=BASE))
    log = (folder / "bench.log").open("wb")
    children: list[subprocess.Popen[Any]] = [subprocess.Popen(broker.argv(), stdout=log, stderr=log)]
    try:
        _up(broker.port)
        limit_rate, limit_ms = _bare(things)
        children.append(subprocess.Popen([sys.executable, "-m", "devices", "--store-dir", str(folder)], cwd=ROOT, stdout=log, stderr=log))
        shop = Shop(settings)
        try:
            rate, took, heard = asyncio.run(_through(shop, things))
        finally:
            shop.close()
    finally:
        for child in reversed(children):
            child.kill()
            child.wait()
        log.close()
    assert heard >= UPDATES + LOOKS, f"{UPDATES + LOOKS - heard} updates were lost"
    ways = sorted(1000 * one for one in took)
    beside = f"the broker alone: {limit_rate:.0f}/s, {limit_ms:.2f} ms; {SENSORS} sensors, {UPDATES} updates, none lost"
    return {
        "mqtt_ingest_per_s": (rate, "1/s", beside),
        "mqtt_update_p50_ms": (ways[len(ways) // 2], "ms", f"at {LOOKS_A_SECOND}/s; the broker alone {limit_ms:.2f} ms"),
        "mqtt_update_p99_ms": (ways[len(ways) * 99 // 100], "ms", f"at {LOOKS_A_SECOND}/s, {len(ways)} updates"),
    }


if __name__ == "__main__":
    if len(sys.argv) == 3:
        source(json.loads(Path(sys.argv[2]).read_text()), sys.argv[1])
    else:
        with tempfile.TemporaryDirectory() as kept:
            for name, (value, unit, noted) in measure(Path(kept)).items():
                print(f"{name}: {value:.2f} {unit} ({noted})")
