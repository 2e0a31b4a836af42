from __future__ import annotations

import json
import queue
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import psutil
import pytest

from hub.settings import Settings
from provisioning.broker import OwnBroker
from provisioning.private_files import private_dir

WAIT_S_MAX = 10.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(true: Callable[[], Any], what: str = "it", within_s: float = WAIT_S_MAX) -> Any:
    """Ask `true` again until it says so; fails after `within_s`."""
    end = time.monotonic() + within_s
    while True:
        found = true()
        if found:
            return found
        assert time.monotonic() < end, f"waited {within_s} s for {what}"
        time.sleep(0.01)


def answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def gone(pid: int) -> bool:
    """No such process any more, or only its name in the table."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


class Party:
    """A client of the broker, as a device host or the hub would be one."""

    def __init__(self, secret: dict[str, str], will: tuple[str, str] | None = None, client_id: str = "") -> None:
        host, port = secret["url"].removeprefix("mqtt://").split(":")
        self.heard: queue.Queue[tuple[str, bytes, bool]] = queue.Queue()
        self.refused: list[str] = []
        self.drops = 0
        self._acked: dict[int, list[int]] = {}
        self._connected = False
        self.client = mqtt.Client(
            mqtt.CallbackAPIVersion.VERSION2, client_id=client_id or f"test-{id(self)}", protocol=mqtt.MQTTv311, clean_session=not client_id
        )
        if secret["user"]:
            self.client.username_pw_set(secret["user"], secret["password"])
        if will:
            self.client.will_set(will[0], will[1], qos=1, retain=True)
        self.client.on_connect = self._on_connect
        self.client.on_disconnect = self._on_disconnect
        self.client.on_message = lambda _c, _u, m: self.heard.put((m.topic, bytes(m.payload), bool(m.retain)))
        self.client.on_subscribe = lambda _c, _u, mid, codes, _p: self._acked.__setitem__(mid, [c.value for c in codes])
        self.client.reconnect_delay_set(1, 1)
        self.client.connect(host, int(port), keepalive=30)
        self.client.loop_start()

    def _on_connect(self, _c: Any, _u: Any, _f: Any, code: Any, _p: Any) -> None:
        self._connected = not code.is_failure
        if code.is_failure:
            self.refused.append(str(code))

    def _on_disconnect(self, *_: Any) -> None:
        self._connected = False
        self.drops += 1

    @property
    def connected(self) -> bool:
        return self._connected

    def here(self) -> Party:
        until(lambda: self._connected, "the connection")
        return self

    def subscribe(self, topic: str) -> int:
        """The broker's answer: a QoS, or 128 when refused."""
        _, mid = self.client.subscribe(topic, qos=1)
        assert mid is not None
        until(lambda: mid in self._acked, f"SUBACK of {topic}")
        return self._acked[mid][0]

    def publish(self, topic: str, payload: str | bytes, *, qos: int = 1, retain: bool = False) -> None:
        self.client.publish(topic, payload, qos=qos, retain=retain).wait_for_publish(WAIT_S_MAX)

    def next(self, within_s: float = WAIT_S_MAX) -> tuple[str, bytes, bool]:
        return self.heard.get(timeout=within_s)

    def hears_nothing(self) -> bool:
        return self.heard.empty()

    def vanish(self) -> None:
        """The cable is cut: no DISCONNECT is said."""
        sock = self.client.socket()
        self.client.on_disconnect = None
        self.client.loop_stop()
        assert sock is not None
        sock.shutdown(socket.SHUT_RDWR)
        sock.close()

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


class RunningBroker:
    def __init__(self, store_dir: Path) -> None:
        self.settings = Settings(store_id="s1", store_dir=store_dir)
        self.broker = OwnBroker(self.settings, port=free_port(), with_bench=True)
        private_dir(store_dir)
        self.broker.prepare()
        self._log = (store_dir / "broker.log").open("wb")
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(self.broker.argv(), stdout=self._log, stderr=self._log)
        until(lambda: answers(self.broker.port), "the broker")

    def stop(self) -> None:
        self.process.kill()
        self.process.wait(5)

    def secret(self, party: str) -> dict[str, str]:
        found: dict[str, str] = json.loads((self.settings.store_dir / "secrets" / f"mqtt-{party}.json").read_text())
        return found

    def said(self) -> str:
        return (self.settings.store_dir / "broker.log").read_text()


@pytest.fixture
def running(tmp_path: Path) -> Iterator[RunningBroker]:
    broker = RunningBroker(tmp_path / "store")
    yield broker
    broker.stop()


@pytest.fixture
def connect() -> Iterator[Callable[..., Party]]:
    """Make clients that are closed at the end."""
    made: list[Party] = []

    def _connect(*args: Any, **more: Any) -> Party:
        made.append(Party(*args, **more))
        return made[-1]

    yield _connect
    for party in made:
        party.close()
