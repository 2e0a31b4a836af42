"""The hub's side of MQTT as device tests need it: it listens to everything of the store, sends commands and waits for answers."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from paho.mqtt.client import Client, MQTTMessage, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion

from hub.ids import Id
from tests.devices.rig import free_port, until

ROOT = Path(__file__).parents[2]


class Broker:
    """A real nats-server as MQTT 3.1.1 broker, on a free port."""

    def __init__(self, folder: Path, tls: str = "") -> None:
        self.folder, self.port, self.tls = folder, free_port(), tls
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        conf = self.folder / "nats.conf"
        users = ", ".join(f'{{ user: {name}, password: secret, allowed_connection_types: ["MQTT"] }}' for name in ("hub", "host", "other"))
        conf.write_text(
            f'host: 127.0.0.1\nport: {free_port()}\nserver_name: shop\nmax_payload: 65536\njetstream {{ store_dir: "{self.folder}/js" }}\n'
            f'mqtt {{ listen: "127.0.0.1:{self.port}", ack_wait: "1s"{self.tls} }}\naccounts {{ SHOP {{ jetstream: enabled, users: [ {users} ] }} }}\n'
        )
        program = Path(sys.executable).parent / "nats-server"
        with (self.folder / "nats.log").open("ab") as out:
            self._process = subprocess.Popen([str(program), "-c", str(conf)], stdout=out, stderr=out)
        for _ in range(500):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            if self._process.poll() is not None:
                break
            threading.Event().wait(0.01)  # asked again after a moment, at most for five seconds
        raise AssertionError((self.folder / "nats.log").read_text())

    def stop(self, *, hard: bool = False) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(signal.SIGKILL if hard else signal.SIGTERM)
            process.wait(10)

    def secret(self, store_dir: Path, user: str = "host") -> None:
        """The credentials file the device host reads."""
        file = store_dir / "secrets" / "mqtt-host.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({"url": f"mqtt://127.0.0.1:{self.port}", "user": user, "password": "secret"}))
        file.chmod(0o600)


@dataclass
class Heard:
    topic: str
    body: Any
    retained: bool


@dataclass
class Shop:
    """A client with the rights of the hub."""

    port: int
    store: str = "s1"
    keeps_session: bool = False  # the broker keeps for it what comes while it is away
    heard: list[Heard] = field(default_factory=list)
    last: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        clean = not self.keeps_session
        self.client = Client(CallbackAPIVersion.VERSION2, client_id=f"hub-{Id.new()}", protocol=MQTTv311, clean_session=clean)
        self.client.username_pw_set("hub", "secret")
        self.client.on_message = self._came
        self.client.on_connect = lambda c, *_: c.subscribe(f"store/{self.store}/#", qos=1)
        self.client.on_subscribe = lambda *_: setattr(self, "listening", True)
        self.client.on_socket_open = lambda _c, _u, s: s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.listening = False

    async def connect(self) -> None:
        self.client.connect("127.0.0.1", self.port)
        self.client.loop_start()
        await until(lambda: self.listening)

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def _came(self, client: Client, userdata: Any, message: MQTTMessage) -> None:
        try:
            body = json.loads(message.payload) if message.payload else None
        except (ValueError, RecursionError):
            body = None  # what a test sends to be refused comes by here too
        self.last[message.topic] = body
        self.heard.append(Heard(message.topic, body, message.retain))

    def publish(self, topic: str, payload: str | bytes, *, retain: bool = False) -> None:
        self.client.publish(topic, payload, qos=1, retain=retain)

    def command(self, device: str, verb: str, args: Any = None, **more: Any) -> str:
        """Send a command to a device; its id."""
        command = {"id": Id.new(), "args": args or {}, **more}
        self.publish(f"store/{self.store}/dev/{device}/do/{verb}", json.dumps(command))
        return str(command["id"])

    def bodies(self, topic: str) -> list[Any]:
        return [h.body for h in list(self.heard) if h.topic == f"store/{self.store}/{topic}"]

    def answers(self, device: str, command: str) -> list[Any]:
        return [body for body in self.bodies(f"dev/{device}/done") if body["id"] == command]

    async def answer(self, device: str, command: str, within_s: float = 5.0) -> Any:
        return (await until(lambda: self.answers(device, command), within_s))[0]

    async def ask_host(self, verb: str, args: Any = None, within_s: float = 8.0) -> Any:
        """A command to the host itself and its answer."""
        command = {"id": Id.new(), "args": args or {}}
        self.publish(f"store/{self.store}/host/h1/do/{verb}", json.dumps(command))
        return (await until(lambda: [b for b in self.bodies("host/h1/done") if b["id"] == command["id"]], within_s))[0]

    async def adopt(self, kind: str, address: str, **more: Any) -> str:
        """Adopt and give the device's id."""
        answer = await self.ask_host("adopt", {"kind": kind, "name": f"the {kind}", "address": address, **more})
        assert answer["outcome"] == "done", answer
        return str(answer["result"]["device"])

    def state(self, device: str) -> Any:
        return self.last.get(f"store/{self.store}/dev/{device}/state") or {}

    async def health(self, device: str, wanted: str, within_s: float = 8.0) -> Any:
        """Wait until a device's state has this health; the state."""
        await until(lambda: self.state(device).get("health") == wanted, within_s)
        return self.state(device)

    def jobs(self, device: str) -> list[tuple[str, str]]:
        return [(b["state"], b["reason"]) for b in self.bodies(f"dev/{device}/event/job")]


class HostProcess:
    """`python -m devices` as a process of its own."""

    def __init__(self, store_dir: Path) -> None:
        self.store_dir = store_dir
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        environment["CHAIRSIDE_DEVICES__WATCH_INTERNET"] = "false"  # no test asks a machine that is not this one
        with (self.store_dir / "host.log").open("ab") as out:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "devices", "--store-dir", str(self.store_dir)], cwd=ROOT, stdout=out, stderr=out, env=environment
            )

    def kill(self) -> None:
        """As a power cut does it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None

    def terminate(self) -> int:
        """As systemd does it; the exit code."""
        assert self._process is not None
        self._process.terminate()
        code = self._process.wait(10)
        self._process = None
        return code

    def log(self) -> str:
        return (self.store_dir / "host.log").read_text()


async def running(host: HostProcess, shop: Shop, before: str = "") -> str:
    """Wait until the host says it is online; its session."""

    def online() -> str:
        state = shop.last.get(f"store/{shop.store}/host/h1/state") or {}
        return str(state["session"]) if state.get("health") == "online" and state["session"] != before else ""

    try:
        return str(await until(online, 10.0))
    except AssertionError as never:
        raise AssertionError(host.log()) from never
