"""The processes of one shop and, beside it, a head office: which ones run, with which ports, secrets and settings."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hub.clock import Clock
from hub.settings import Settings
from provisioning.broker import Broker, OwnBroker, broker_for
from provisioning.local_ca import Names, certificate, names_here
from provisioning.ports import Ports
from provisioning.private_files import private_dir, shared_secret
from provisioning.supervise import Plan, Supervisor

ROOT = Path(__file__).resolve().parents[1]
EVERYWHERE = "0.0.0.0"
CRASHES_BEFORE_FORGETTING = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the person who starts the shop asked for."""

    demo: bool = False
    with_hq: bool = True
    with_bench: bool = True
    lan: bool = False
    config: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A process with pages: its port on this machine, where it writes its entry links, the authority its HTTPS is by.

    `extra` are pages of it that need no entry link.
    """

    name: str
    port: int
    entry: Path
    authority: Path | None = None
    extra: Mapping[str, str] = field(default_factory=dict)


class Shop:
    """Everything that is decided before the first process starts: ports, credentials, certificate, environment."""

    def __init__(self, settings: Settings, wishes: Wishes, clock: Clock) -> None:
        self.settings, self._wishes = settings, wishes
        self.dir = private_dir(settings.store_dir)
        self.secrets = private_dir(self.dir / "secrets")
        self.runs_hq = wishes.with_hq and not settings.hq.url
        self.runs_bridge = self.runs_hq or bool(settings.hq.url)
        self.lan = wishes.lan or settings.web.lan
        self._listens = EVERYWHERE if self.lan and settings.web.host == "127.0.0.1" else settings.web.host
        self._ports = Ports(self.dir / "ports.json", development=settings.development)
        self._choose_ports()
        self.broker: Broker = broker_for(settings, port=self.mqtt_port, with_bench=wishes.with_bench)
        self.broker.prepare()
        shared_secret(self.secrets / "bridge-token")
        self._names = names_here(settings.web.names) if self.lan else Names(hosts=("localhost",), addresses=())
        self._tls = certificate(self.dir / "tls", self._names, clock) if self.lan else None

    @property
    def moved_ports(self) -> list[str]:
        """Sentences about ports that were taken by others."""
        return self._ports.moved

    @property
    def off_command(self) -> tuple[str, ...]:
        """What switches this computer off when its battery is nearly empty."""
        return self.settings.power.off_command

    def places(self) -> list[Place]:
        """Where pages are to be found."""
        authority = self._tls.authority if self._tls else None
        shown = self._names.all()[-1] if self.lan else self._listens
        base = f"{'https' if self.lan else 'http'}://{shown}:{self.web_port}"
        extra = {"bench": f"{base}/bench"} if self._wishes.with_bench else {}
        found = [Place(name="hub", port=self.web_port, entry=self.dir / "entry.json", authority=authority, extra=extra)]
        if self.runs_hq:
            found.append(Place(name="hq", port=self.hq_port, entry=self.hq_dir / "entry.json"))
        return found

    @property
    def hq_dir(self) -> Path:
        """The data of the head office beside the shop."""
        return self.dir / "hq"

    def plans(self, supervisor: Supervisor) -> Iterator[Plan]:
        """The processes in the order they start."""
        if isinstance(self.broker, OwnBroker):
            yield broker_plan(self.broker)
        here = ("--store-dir", str(self.dir), *self._config_argument())
        yield self._python("hub", "hub", *here, *(["--demo"] if self._wishes.demo else []))
        yield self._python("devices", "devices", *here, *(["--announce"] if self.lan else []))
        if self.runs_bridge:
            yield self._bridge_plan(supervisor, *here)
        if self._wishes.with_bench:
            mqtt = str(self.secrets / "mqtt-bench.json")
            yield self._python(
                "bench", "devices.simulators", "--port", str(self.bench_port), "--data", str(self.dir / "bench"), "--mqtt", mqtt
            )
        if self.runs_hq:
            yield self._python("hq", "cloud_bridge.hq", "--data", str(self.hq_dir), *self._config_argument())

    def env(self) -> dict[str, str]:
        """Our decisions, as settings the children read; what a person set in the environment stays beside them."""
        chosen = {
            "CHAIRSIDE_STORE_DIR": str(self.dir),
            "CHAIRSIDE_WEB__HOST": self._listens,
            "CHAIRSIDE_WEB__PORT": str(self.web_port),
            "CHAIRSIDE_WEB__LAN": str(self.lan).lower(),
            "CHAIRSIDE_BROKER__PORT": str(self.mqtt_port),
            "CHAIRSIDE_DEVICES__BENCH_PORT": str(self.bench_port),
        }
        if self.lan:
            chosen["CHAIRSIDE_WEB__NAMES"] = json.dumps(self._names.all())  # the hub prints the last
        if self.runs_hq:
            chosen |= {
                "CHAIRSIDE_HQ__URL": f"nats://127.0.0.1:{self.nats_port}",
                "CHAIRSIDE_HQ__CREDENTIALS": str(self.secrets / "hq.json"),
                **_office_ports(self.hq_port, self.nats_port, self.postgres_port),
            }
        return {**chosen, **python_env()}

    def _choose_ports(self) -> None:
        wanted, office = self.settings, self.settings.head_office
        self.web_port = self._ports.choose("web", wanted.web.port, self._listens)
        self.mqtt_port = wanted.broker.port if wanted.broker.url else self._ports.choose("broker", wanted.broker.port)
        self.bench_port = wanted.devices.bench_port
        if self._wishes.with_bench:
            self.bench_port = self._ports.choose("bench", wanted.devices.bench_port)
        self.hq_port, self.nats_port, self.postgres_port = office.port, office.nats_port, office.postgres_port
        if self.runs_hq:
            self.hq_port = self._ports.choose("head office", office.port, office.host)
            self.nats_port = self._ports.choose("head office's NATS", office.nats_port)
            if not office.postgres_dsn:
                self.postgres_port = self._ports.choose("head office's database", office.postgres_port)
        self._ports.remember()

    def _bridge_plan(self, supervisor: Supervisor, *here: str) -> Plan:
        bridge = self._python("bridge", "cloud_bridge", *here)
        if not self.runs_hq:
            return bridge
        store, credentials = self.settings.store_id, str(self.secrets / "hq.json")
        add_shop = ("add-shop", "--data", str(self.hq_dir), "--store", store, "--write", credentials, *self._config_argument())
        helper = self._python("hq-add-shop", "cloud_bridge.hq", *add_shop)

        async def known_at_head_office(crashes: int) -> None:
            """Head office keeps the password when it fits and follows a port that moved: asked once at every start."""
            if crashes == 0 or not (self.secrets / "hq.json").exists():
                await supervisor.run_once(helper)

        return Plan(name=bridge.name, argv=bridge.argv, env=bridge.env, before=known_at_head_office)

    def _python(self, name: str, module: str, *arguments: str) -> Plan:
        return Plan(name=name, argv=(sys.executable, "-m", module, *arguments), env=self.env())

    def _config_argument(self) -> tuple[str, ...]:
        return ("--config", str(self._wishes.config)) if self._wishes.config else ()


class HeadOffice:
    """A head office by itself, without a shop."""

    def __init__(self, settings: Settings, data: Path, config: Path | None) -> None:
        self.dir, self._config = private_dir(data), config
        self._settings = settings
        office = settings.head_office
        self._ports = Ports(self.dir / "ports.json", development=settings.development)
        self.port = self._ports.choose("head office", office.port, office.host)
        self.nats_port = self._ports.choose("head office's NATS", office.nats_port, office.host)
        self.postgres_port = office.postgres_port
        if not office.postgres_dsn:
            self.postgres_port = self._ports.choose("head office's database", office.postgres_port)
        self._ports.remember()

    @property
    def moved_ports(self) -> list[str]:
        """Sentences about ports that were taken by others."""
        return self._ports.moved

    @property
    def off_command(self) -> tuple[str, ...]:
        """A head office has no UPS of its own to look at."""
        return ()

    def places(self) -> list[Place]:
        """Where pages are to be found."""
        return [Place(name="hq", port=self.port, entry=self.dir / "entry.json")]

    def plans(self, _: Supervisor) -> Iterator[Plan]:
        """The one process; it starts its own servers."""
        env = _office_ports(self.port, self.nats_port, self.postgres_port)
        config = ("--config", str(self._config)) if self._config else ()
        argv = (sys.executable, "-m", "cloud_bridge.hq", "--data", str(self.dir), *config)
        yield Plan(name="hq", argv=argv, env={**env, **python_env()})


def broker_plan(broker: OwnBroker) -> Plan:
    """The broker; when it crashes again and again it starts with nothing remembered, which costs nothing."""

    async def forget_if_broken(crashes: int) -> None:
        if crashes >= CRASHES_BEFORE_FORGETTING:
            broker.forget()

    return Plan(name="broker", argv=broker.argv(), before=forget_if_broken)


def python_env() -> dict[str, str]:
    """The parts of the project are found wherever the command is given, and no folder that lies there is taken for one."""
    return {"PYTHONPATH": str(ROOT), "PYTHONSAFEPATH": "1"}


def _office_ports(pages: int, nats: int, postgres: int) -> dict[str, str]:
    return {
        "CHAIRSIDE_HEAD_OFFICE__PORT": str(pages),
        "CHAIRSIDE_HEAD_OFFICE__NATS_PORT": str(nats),
        "CHAIRSIDE_HEAD_OFFICE__POSTGRES_PORT": str(postgres),
    }
