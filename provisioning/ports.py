"""Which TCP ports this shop's processes listen on: the configured one, or in development the next that is free."""

from __future__ import annotations

import errno
import socket
from dataclasses import dataclass
from pathlib import Path

import psutil
import structlog

from hub.errors import PersonError
from provisioning.private_files import read_json, write_private_json

log = structlog.get_logger()

TRIES_MAX = 200


class PortTaken(PersonError):
    """Another program listens on the port; nothing was started."""

    code = "port_taken"
    hint = "Stop the named program, or set another port in the settings file."


class PortForbidden(PersonError):
    """The system does not let this user listen on the port; nothing was started."""

    code = "port_forbidden"
    hint = "Set a port of 1024 or above in the settings file."


@dataclass(frozen=True, slots=True)
class Owner:
    """The process that listens on a port; `pid` 0 when the system does not tell us."""

    pid: int
    name: str

    def __str__(self) -> str:
        return f"{self.name} (pid {self.pid})" if self.pid else "a program of another user"


def owner_of(port: int) -> Owner:
    """Who listens on `port` of this machine."""
    try:
        listeners = [c for c in psutil.net_connections("tcp") if c.status == psutil.CONN_LISTEN and c.laddr and c.laddr.port == port]
        pid = next((c.pid for c in listeners if c.pid), 0)
        return Owner(pid, _name_of(psutil.Process(pid))) if pid else Owner(0, "")
    except psutil.Error:
        return Owner(0, "")


def _name_of(process: psutil.Process) -> str:
    """A Python program is better known by what it runs: `python -m hub`."""
    name: str = process.name()
    if not name.startswith("python"):
        return name
    return " ".join([name, *process.cmdline()[1:3]])


class Ports:
    """Chooses ports, remembers them in `<store-dir>/ports.json`, so that a second start takes the same ones.

    A remembered port counts only while the configured one has not changed. `moved` tells what was taken by whom.
    """

    def __init__(self, file: Path, *, development: bool) -> None:
        self._file, self._development = file, development
        self._remembered = read_json(file)
        self._chosen: dict[str, dict[str, int]] = {}
        self.moved: list[str] = []

    def choose(self, name: str, wanted: int, host: str = "127.0.0.1") -> int:
        """A port for `name` that can be listened on now. Raises PortForbidden, or outside development PortTaken naming the owner."""
        port = self._free(name, wanted, host)
        self._chosen[name] = {"wanted": wanted, "port": port}
        return port

    def known(self, name: str, wanted: int) -> int:
        """The port `name` had at the last start, while the configured one has not changed."""
        return self._last(name, wanted)

    def remember(self) -> None:
        """Write down what was chosen; what was not asked for this time is kept."""
        self._remembered.update(self._chosen)
        write_private_json(self._file, self._remembered)

    def _free(self, name: str, wanted: int, host: str) -> int:
        last = self._last(name, wanted) if self._development else wanted
        others = range(wanted, min(wanted + TRIES_MAX, 65536)) if self._development else range(0)
        ours = {entry["port"] for entry in self._chosen.values()}
        candidates: list[int] = [last, *others]
        for port in candidates:
            if port not in ours and _can_listen(host, port):
                if port != last:
                    self._say_moved(name, last, port)
                return port
        raise PortTaken(port=wanted, wanted_by=name, owner=self._owner(wanted))

    def _last(self, name: str, wanted: int) -> int:
        entry = self._remembered.get(name)
        if not isinstance(entry, dict) or entry.get("wanted") != wanted or not isinstance(entry.get("port"), int):
            return wanted
        return int(entry["port"])

    def _say_moved(self, name: str, asked: int, port: int) -> None:
        owner = self._owner(asked)
        self.moved.append(f"{name}: port {asked} is taken by {owner}, using {port}")
        log.warning("port taken", wanted_by=name, port=asked, owner=owner, instead=port)

    def _owner(self, port: int) -> str:
        ours = next((other for other, entry in self._chosen.items() if entry["port"] == port), None)
        return f"this shop's {ours}" if ours else str(owner_of(port))


def _can_listen(host: str, port: int) -> bool:
    """Whether a server could listen there now. Raises PortForbidden, or OSError when the address is not this machine's."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError as refused:
            if refused.errno == errno.EADDRINUSE:
                return False
            if refused.errno == errno.EACCES:
                raise PortForbidden(port=port) from refused
            raise
    return True
