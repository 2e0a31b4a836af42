"""The hub next door over its own HTTP, as any client: is it well, and please raise the epoch.

A few lines over a socket instead of an HTTP library: the bridge must stay small.
"""

from __future__ import annotations

import asyncio
import ssl
from enum import StrEnum
from pathlib import Path

from cloud_bridge.contract import Known, pack
from hub.errors import MachineError
from hub.settings import Web

PROBE_S_MAX = 2.0
RECOVERY_S_MAX = 30.0
ANSWER_BYTES_MAX = 64 * 1024


class HubDoesNotAnswer(MachineError):
    """The hub did not do what was asked of it."""

    code = "hub_does_not_answer"
    hint = "Start the hub, or look at its log: head office waits for it to begin a new epoch."


class Answer(StrEnum):
    """What came of asking the hub how it is."""

    WELL = "well"
    REFUSED = "refused"  # nobody listens
    NONE = "none"  # somebody listens and says nothing, or nothing good


class LocalHub:
    """The hub of this shop."""

    def __init__(self, store_dir: Path, web: Web) -> None:
        self._token = store_dir / "secrets" / "bridge-token"
        self._ca = store_dir / "tls" / "ca.pem"
        self._web = web

    async def probe(self) -> Answer:
        """Ask /healthz, at most 2 s."""
        try:
            status = await asyncio.wait_for(self._request("GET", "/healthz", b"", {}), PROBE_S_MAX)
        except ConnectionRefusedError:
            return Answer.REFUSED
        except (OSError, TimeoutError, ValueError, asyncio.IncompleteReadError):
            return Answer.NONE
        return Answer.WELL if status == 200 else Answer.NONE

    async def recover(self, known: Known) -> None:
        """Have the hub begin a new epoch above `known.epoch`, with receipts above the known ones. Raises HubDoesNotAnswer."""
        body = pack({"known_epoch": known.epoch, "known_seq": known.seq, "receipts": dict(known.receipts)})
        try:
            headers = {"Authorization": f"Bearer {self._token.read_text().strip()}", "Content-Type": "application/json"}
            status = await asyncio.wait_for(self._request("POST", "/api/v1/recovery", body, headers), RECOVERY_S_MAX)
        except (OSError, TimeoutError, ValueError, asyncio.IncompleteReadError) as why:
            raise HubDoesNotAnswer(why=type(why).__name__) from why
        if not 200 <= status < 300:
            raise HubDoesNotAnswer(status=status)

    async def _request(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> int:
        """The status of one request; the answer's body is not needed. Raises OSError, ValueError, IncompleteReadError."""
        host = "127.0.0.1" if self._web.host in {"0.0.0.0", "::", "localhost"} else self._web.host
        tls = self._tls()
        named = "localhost" if tls else None  # the certificate's name for this machine
        reader, writer = await asyncio.open_connection(host, self._web.port, ssl=tls, server_hostname=named, limit=ANSWER_BYTES_MAX)
        try:
            head = {"Host": f"{host}:{self._web.port}", "Content-Length": str(len(body)), "Connection": "close", **headers}
            lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in head.items()), "", ""]
            writer.write("\r\n".join(lines).encode() + body)
            await writer.drain()
            first = await reader.readuntil(b"\r\n")
            return int(first.split()[1])
        except IndexError as why:
            raise ValueError(first) from why
        finally:
            writer.close()

    def _tls(self) -> ssl.SSLContext | None:
        """With `--lan` the hub speaks HTTPS only, with a certificate of the shop's own CA."""
        return ssl.create_default_context(cafile=self._ca if self._ca.exists() else None) if self._web.lan else None
