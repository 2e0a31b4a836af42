"""The shop's MQTT 3.1.1 broker: our own nats-server, or any other by URL.

Every party has a credential of its own in `<store-dir>/secrets/mqtt-<party>.json`: {"url", "user", "password"}. The
configuration holds bcrypt hashes only; cost 4 is enough for random 128-bit passwords and takes 3 ms a connect. Nothing
durable lives in the broker, so its files need no fsync and may be thrown away: publishers say their state again on every connect.
"""

from __future__ import annotations

import fcntl
import json
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import bcrypt
import psutil
import structlog

from hub.errors import MachineError, PersonError
from hub.settings import Settings
from provisioning import parties
from provisioning.parties import BaseRefused, Party, ThirdParty
from provisioning.private_files import private_dir, read_json, write_private, write_private_json

log = structlog.get_logger()

PAYLOAD_BYTES_MAX = 64 * 1024
CONNECTIONS_MAX = 256
STORE_BYTES_MAX = 256 * 1024 * 1024
MEMORY_BYTES_MAX = 16 * 1024 * 1024
BCRYPT_COST = 4
CHECK_S_MAX = 10
DEFAULT_MQTT_PORT = 1883


class BrokerRefused(MachineError):
    """nats-server does not take the configuration; the one before stays in force."""

    code = "broker_refused"
    hint = "This is a fault of the program: send the sentence and the log of the broker to support."


class BrokerNeverStarted(PersonError):
    """This shop has no broker yet."""

    code = "broker_never_started"
    hint = "Start the shop once with `chairside run`, then let the thing in."


class NoSuchCredential(PersonError):
    """Neither a device nor a thing has this name."""

    code = "no_such_credential"
    hint = "Look at the names of the files mqtt-dev-… and mqtt-thing-… in the folder secrets of the shop."


class BrokerUrlRefused(PersonError):
    """`broker.url` is not the address of an MQTT broker."""

    code = "broker_url_refused"
    hint = "Write it as mqtt://user:password@host:1883, or leave it empty to run our own broker."


def nats_server() -> Path:
    """The binary that was installed beside this Python."""
    return Path(sys.executable).parent / "nats-server"


class ForeignBroker:
    """A broker somebody else runs: nothing is started, every party gets its URL."""

    own = False

    def __init__(self, settings: Settings, *, with_bench: bool = False) -> None:
        self._settings, self._with_bench = settings, with_bench
        self._secrets = settings.store_dir / "secrets"
        self.host, self.port, self._user, self._password = _read_url(settings.broker.url)

    def prepare(self) -> None:
        """Write the secrets of all parties."""
        private_dir(self._secrets)
        for party in _household(self._settings, with_bench=self._with_bench):
            self._give(party)

    def add_device(self, device_id: str) -> Path:
        """Write the secret of a device; returns its file. Its rights are the business of whoever runs the broker."""
        return self._give(parties.device(self._settings.store_id, device_id))

    def add_thing(self, third: ThirdParty) -> Path:
        """Write the secret of a third-party thing; as above."""
        return self._give(parties.thing(third))

    def remove(self, name: str) -> None:
        """Forget the secret of a device or thing. Its rights are the business of whoever runs the broker. Raises NoSuchCredential."""
        _forget(self._secrets, self._settings.store_id, name)

    def _give(self, party: Party) -> Path:
        path = self._secrets / f"mqtt-{party.file}.json"
        write_private_json(path, {"url": f"mqtt://{self.host}:{self.port}", "user": self._user, "password": self._password, **party.about})
        return path


class OwnBroker:
    """nats-server as a child. `prepare` writes what it needs, `argv` starts it, `add_device` lets one more in."""

    own = True

    def __init__(self, settings: Settings, *, port: int, with_bench: bool = False) -> None:
        self._settings, self._with_bench = settings, with_bench
        self.host, self.port = "127.0.0.1", port
        self._secrets = settings.store_dir / "secrets"
        self._dir = settings.store_dir / "broker"
        self._config = self._dir / "nats-server.conf"
        self._pid_file = self._dir / "nats-server.pid"

    def prepare(self) -> None:
        """Write secrets and configuration, checked by nats-server itself. Raises BrokerRefused."""
        private_dir(self._secrets)
        private_dir(self._dir)
        self._write_config()

    def argv(self) -> tuple[str, ...]:
        """The command that runs it."""
        return (str(nats_server()), "-c", str(self._config))

    def forget(self) -> None:
        """Throw away what it kept: sessions and retained messages come back with the next connect of their owners."""
        kept = self._dir / "jetstream"
        if kept.is_dir():
            shutil.rmtree(kept)
        else:
            kept.unlink(missing_ok=True)

    def add_device(self, device_id: str) -> Path:
        """Let a device in without dropping anyone; returns the file with its secret. Again for the same device: no change.

        It can log in within half a second. Raises NameRefused, or BrokerRefused and then nothing has changed.
        """
        return self._let_in(parties.device(self._settings.store_id, device_id))

    def add_thing(self, third: ThirdParty) -> Path:
        """Let a third-party thing in, and the device host hear it. Raises BaseRefused, BrokerRefused; then nothing has changed."""
        for other in self._things():
            if other.name != third.name and other.overlaps(third):
                raise BaseRefused(base=third.base, taken_by=other.name)
        return self._let_in(parties.thing(third))

    def _let_in(self, party: Party) -> Path:
        path = self._secret_file(party)
        known = path.exists()
        self._give(party)
        try:
            self._write_config()
        except BrokerRefused:
            if not known:
                path.unlink()
            raise
        self.reload()
        return path

    def remove(self, name: str) -> None:
        """Take the credential of a device or thing away and drop its connection; nobody else is dropped. Raises NoSuchCredential."""
        _forget(self._secrets, self._settings.store_id, name)
        self._write_config()
        self.reload()

    def reload(self) -> bool:
        """Tell the running server to read its configuration again; False when none runs."""
        process = self._running()
        if process is None:
            return False
        process.send_signal(signal.SIGHUP)
        log.info("broker reloads", pid=process.pid)
        return True

    def _running(self) -> psutil.Process | None:
        try:
            process = psutil.Process(int(self._pid_file.read_text()))
            ours = str(self._config) in process.cmdline()
        except (FileNotFoundError, ValueError, psutil.Error):
            return None
        return process if ours else None

    def _write_config(self) -> None:
        with (self._dir / ".lock").open("w") as lock:  # two devices added at once must both be in it
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._write_checked()

    def _write_checked(self) -> None:
        draft = self._config.with_suffix(".draft")
        write_private(draft, json.dumps(self._configuration(), indent=2))
        said = subprocess.run(
            [str(nats_server()), "-t", "-c", str(draft)], capture_output=True, text=True, timeout=CHECK_S_MAX, check=False
        )
        if said.returncode:
            draft.unlink()
            raise BrokerRefused(said=(said.stderr or said.stdout).strip()[-500:])
        draft.replace(self._config)

    def _configuration(self) -> dict[str, Any]:
        return {
            "server_name": f"chairside-{self._settings.store_id}",
            "listen": "127.0.0.1:-1",  # the NATS port cannot be turned off: loopback, random, and no user may use it
            "pid_file": str(self._pid_file),
            "max_payload": PAYLOAD_BYTES_MAX,
            "max_connections": CONNECTIONS_MAX,
            "jetstream": {"store_dir": str(self._dir), "max_mem": MEMORY_BYTES_MAX, "max_file": STORE_BYTES_MAX},
            "mqtt": {"listen": f"{self.host}:{self.port}", "ack_wait": "5s", "max_ack_pending": 100},
            "accounts": {"SHOP": {"jetstream": "enabled", "users": self._users()}},
        }

    def _users(self) -> list[dict[str, Any]]:
        things = self._things()
        everyone = [
            *_household(self._settings, with_bench=self._with_bench, things=things),
            *self._devices(),
            *(parties.thing(third) for third in things),
        ]
        before = read_json(self._secrets / "broker-users.json")
        hashes = {p.user: _hash(self._password(p), before.get(p.user, "")) for p in everyone}
        if hashes != before:
            write_private_json(self._secrets / "broker-users.json", hashes)
        return [_user(party, hashes[party.user]) for party in everyone]

    def _devices(self) -> list[Party]:
        """The secrets are the list of devices: there is no second one to disagree with."""
        ids = sorted(path.stem.removeprefix("mqtt-dev-") for path in self._secrets.glob("mqtt-dev-*.json"))
        return [parties.device(self._settings.store_id, device_id) for device_id in ids]

    def _things(self) -> list[ThirdParty]:
        """As above, for the things of others."""
        found = []
        for path in sorted(self._secrets.glob("mqtt-thing-*.json")):
            kept = read_json(path)
            try:
                name = path.stem.removeprefix("mqtt-thing-")
                found.append(ThirdParty(name=name, dialect=str(kept.get("dialect")), base=str(kept.get("base"))))
            except PersonError as refused:  # a file cut short must not keep the shop from its broker
                log.warning("third party not let in", file=path.name, why=refused.sentence())
        return found

    def _password(self, party: Party) -> str:
        return str(read_json(self._give(party))["password"])

    def _give(self, party: Party) -> Path:
        path = self._secret_file(party)
        before = read_json(path)
        wanted = {
            "url": f"mqtt://{self.host}:{self.port}",
            "user": party.user,
            "password": str(before.get("password") or secrets.token_urlsafe(16)),  # 128 random bits
            **party.about,
        }
        if before != wanted:
            write_private_json(path, wanted)
        return path

    def _secret_file(self, party: Party) -> Path:
        return self._secrets / f"mqtt-{party.file}.json"


Broker = OwnBroker | ForeignBroker


def broker_for(settings: Settings, *, port: int, with_bench: bool = False) -> Broker:
    """The broker the settings ask for. Raises BrokerUrlRefused."""
    if settings.broker.url:
        return ForeignBroker(settings, with_bench=with_bench)
    return OwnBroker(settings, port=port, with_bench=with_bench)


def broker_in_force(settings: Settings) -> Broker:
    """The broker as the shop last started it, to let somebody in while it runs. Raises BrokerUrlRefused, BrokerNeverStarted."""
    if settings.broker.url:
        return ForeignBroker(settings)
    before = read_json(settings.store_dir / "broker" / "nats-server.conf")
    try:
        port = int(before["mqtt"]["listen"].rpartition(":")[2])
        users = {user["user"] for user in before["accounts"]["SHOP"]["users"]}
    except (KeyError, TypeError, ValueError) as why:
        raise BrokerNeverStarted(folder=settings.store_dir) from why
    return OwnBroker(settings, port=port, with_bench="bench" in users)


def _forget(secrets_dir: Path, store: str, name: str) -> None:
    file = parties.device(store, name).file
    found = [path for path in (secrets_dir / f"mqtt-{file}.json", secrets_dir / f"mqtt-thing-{name}.json") if path.exists()]
    if not found:
        raise NoSuchCredential(name=name)
    for path in found:
        path.unlink()


def _household(settings: Settings, *, with_bench: bool, things: Sequence[ThirdParty] = ()) -> list[Party]:
    store = settings.store_id
    heard = (*things, *(parties.simulated() if with_bench else ()))
    always = [parties.hub(store), parties.host(store, settings.devices.host_id, things=heard), parties.bridge(store), parties.doctor(store)]
    return [*always, parties.bench(store)] if with_bench else always


def _user(party: Party, password_hash: str) -> dict[str, Any]:
    return {
        "user": party.user,
        "password": password_hash,
        "allowed_connection_types": ["MQTT"],
        "permissions": {"publish": _allow(party.publish), "subscribe": _allow(_with_parents(party.subscribe))},
    }


def _allow(subjects: Sequence[str]) -> dict[str, list[str]]:
    """An empty list would allow everything, a deny-list has been passed by before: name a subject nobody uses."""
    return {"allow": list(subjects) or ["nothing.at.all"]}


def _with_parents(subjects: Sequence[str]) -> list[str]:
    """MQTT's `a/#` hears `a` too: the broker makes two subscriptions of it, and both need the right."""
    return [*subjects, *(s.removesuffix(".>") for s in subjects if s.endswith(".>"))]


def _hash(password: str, before: str) -> str:
    """The hash of `password`, the same as `before` while it fits: a changed hash would drop the party at a reload."""
    if before and bcrypt.checkpw(password.encode(), before.encode()):
        return before
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(BCRYPT_COST, prefix=b"2a")).decode()


def _read_url(url: str) -> tuple[str, int, str, str]:
    try:
        parts = urlsplit(url)
        port = parts.port or DEFAULT_MQTT_PORT
    except ValueError as wrong:
        raise BrokerUrlRefused(why=str(wrong)) from wrong
    if parts.scheme != "mqtt" or not parts.hostname:
        raise BrokerUrlRefused(scheme=parts.scheme or "none", host=parts.hostname or "none")
    return parts.hostname, port, unquote(parts.username or ""), unquote(parts.password or "")
