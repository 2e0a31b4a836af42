"""Which shops may talk to head office, and the configuration of its NATS server that follows from it.

The list is `<data>/shops.json`: a bcrypt hash a shop, no password. A shop may publish and hear its own subjects and
nothing else. Whoever changes the list writes the configuration anew, has it checked, and only then tells the server.
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import bcrypt
import orjson

from cloud_bridge.contract import MESSAGE_BYTES_MAX, is_store
from cloud_bridge.hq.files import read_json, write_json, write_secret
from hub.clock import Clock
from hub.errors import InvalidInput, MachineError
from hub.settings import HeadOffice

NATS = Path(sys.executable).parent / "nats-server"
_LISTEN = re.compile(r'^listen: ".*:(\d+)"$', re.MULTILINE)
BCRYPT_COST = 4  # the passwords are random 128 bit: the cost only has to keep the file from being the password


class ConfigRefused(MachineError):
    """The NATS server finds its configuration wrong; the old one stays in force."""

    code = "nats_config_refused"
    hint = "Nothing was changed. This is a defect of ours: report it with the sentence given."


class Shops:
    """The list of shops, on disk; safe to change from another process while head office runs."""

    def __init__(self, data: Path, settings: HeadOffice) -> None:
        self._data, self._settings = data, settings
        self._list = data / "shops.json"
        self.config = data / "nats" / "hq.conf"
        self._pid = data / "nats" / "nats.pid"
        self._tls = data / "tls"
        self._names: tuple[int, list[str]] = (-1, [])

    def names(self) -> list[str]:
        """Every shop that may connect; cheap to ask again and again."""
        changed = self._list.stat().st_mtime_ns if self._list.exists() else 0
        if changed != self._names[0]:
            self._names = (changed, sorted(read_json(self._list)))
        return self._names[1]

    @property
    def is_tls(self) -> bool:
        """Whether `<data>/tls` holds server.crt and server.key; then shops and browsers come by TLS."""
        return all((self._tls / name).exists() for name in ("server.crt", "server.key"))

    @property
    def host(self) -> str:
        """Where the NATS server listens: the set address, but never beyond this machine without TLS."""
        return self._settings.host if self.is_tls else "127.0.0.1"

    @property
    def port(self) -> int:
        """The set port, or the one a running server holds: an errand started with other settings must not move it."""
        held = _LISTEN.search(self.config.read_text()) if self._server_pid() else None
        return int(held[1]) if held else self._settings.nats_port

    @property
    def url(self) -> str:
        """Where shops on this machine or beyond connect."""
        shown = "127.0.0.1" if self.host in {"0.0.0.0", "::"} else self.host
        return f"{'tls' if self.is_tls else 'nats'}://{shown}:{self.port}"

    def own_password(self) -> str:
        """Password of head office itself at its NATS server; made on first use."""
        file = self._data / "secrets" / "nats-hq"
        if not file.exists():
            write_secret(file, secrets.token_hex(16))
        return file.read_text().strip()

    def add(self, store: str, credentials: Path, *, name: str = "") -> bool:
        """Let `store` connect and write its credentials file; True when it got a new password.

        A file that already fits is kept, so this may be called on every start. Otherwise the shop's former password
        ends. Raises InvalidInput for a name that cannot be a topic, ConfigRefused.
        """
        if not is_store(store):
            raise InvalidInput(store=store, rule="a-z, 0-9 and -, at most 32")
        with self._locked():
            shops = read_json(self._list)
            held = _read_credentials(credentials)
            known = shops.get(store, {})
            fits = held.get("user") == store and _matches(held.get("password"), known.get("hash"))
            password = held["password"] if fits else secrets.token_hex(16)
            wanted = {"url": self.url, "user": store, "password": password} | self._ca()
            if not fits or name not in {"", known.get("name")}:
                added_at = known.get("added_at") or Clock().now().isoformat()
                digest = known["hash"] if fits else bcrypt.hashpw(password.encode(), bcrypt.gensalt(BCRYPT_COST)).decode()
                shops[store] = {"name": name or known.get("name", ""), "added_at": added_at, "hash": digest}
                write_json(self._list, shops, mode=0o600)
            if held != wanted:
                write_secret(credentials, orjson.dumps(wanted, option=orjson.OPT_INDENT_2).decode())
            self.write_config()
            self._tell_server()
        return not fits

    def remove(self, store: str) -> None:
        """End the shop's access; it alone is dropped at once. What it sent stays."""
        with self._locked():
            shops = read_json(self._list)
            if shops.pop(store, None):
                write_json(self._list, shops, mode=0o600)
                self.write_config()
                self._tell_server()

    def write_config(self) -> None:
        """The NATS configuration from the list, checked before it takes the place of the old. Raises ConfigRefused."""
        fresh = self.config.with_name("hq.fresh.conf")
        write_secret(fresh, self._config_text(read_json(self._list)))
        checked = subprocess.run([str(NATS), "-t", "-c", str(fresh)], capture_output=True, text=True, check=False)
        if checked.returncode != 0:
            raise ConfigRefused(said=checked.stderr.strip()[-300:])
        fresh.replace(self.config)

    def _config_text(self, shops: dict[str, Any]) -> str:
        quoted = orjson.dumps
        users = [f"{{ user: hq, password: {quoted(self.own_password()).decode()} }}"]
        for store, known in sorted(shops.items()):
            sends = [f"up.{store}", f"mx.{store}", f"hb.{store}", f"ask.{store}.>", "_INBOX_hq.>"]
            hears = [f"rpc.{store}.>", f"dn.{store}", f"_INBOX_{store}.>"]
            users.append(
                f'{{ user: "{store}", password: {quoted(known["hash"]).decode()}, permissions: {{'
                f" publish: {{ allow: {quoted(sends).decode()} }}, subscribe: {{ allow: {quoted(hears).decode()} }} }} }}"
            )
        tls = f'tls {{ cert_file: "{self._tls}/server.crt", key_file: "{self._tls}/server.key" }}' if self.is_tls else ""
        listed = "\n    ".join(users)
        return f"""\
# Written by cloud_bridge.hq from shops.json; changes here are lost.
server_name: hq
listen: "{self.host}:{self.port}"
pid_file: "{self._pid}"
max_payload: {MESSAGE_BYTES_MAX}
max_connections: 12000
ping_interval: "20s"
ping_max: 2
write_deadline: "10s"
{tls}
jetstream {{ store_dir: "{self.config.parent / "js"}", sync_interval: always, max_mem: 64MB, max_file: 4GB }}
accounts {{
  HQ {{ jetstream: enabled, users: [
    {listed}
  ] }}
  SYS {{ }}
}}
system_account: SYS
"""

    def _ca(self) -> dict[str, str]:
        return {"ca": str(self._tls / "ca.crt")} if self.is_tls and (self._tls / "ca.crt").exists() else {}

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self._data.mkdir(parents=True, exist_ok=True)
        with (self._data / ".shops.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _tell_server(self) -> None:
        """SIGHUP to the running NATS server; one that does not run reads the new configuration when it starts."""
        if pid := self._server_pid():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGHUP)

    def _server_pid(self) -> int | None:
        """The running NATS server, when there is one and it is ours."""
        try:
            pid = int(self._pid.read_text())
            started_with = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except (OSError, ValueError):
            return None
        return pid if str(self.config).encode() in started_with else None


def _read_credentials(file: Path) -> dict[str, Any]:
    try:
        return read_json(file)
    except (ValueError, OSError):
        return {}


def _matches(password: Any, digest: Any) -> bool:
    return isinstance(password, str) and isinstance(digest, str) and bcrypt.checkpw(password.encode(), digest.encode())
