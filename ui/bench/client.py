"""Asks the bench of simulated devices, a program of its own on loopback, over its HTTP API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx

from hub.errors import MachineError

ANSWER_WITHIN_S = 3.0


class BenchSilent(MachineError):
    """The program with the simulated devices does not answer, or refused."""

    code = "bench_silent"
    hint = "Start the simulated devices and try again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Sim:
    """One simulated device: where it listens, how it is, and what can be done to it."""

    id: str
    kind: str
    name: str
    address: str
    state: dict[str, Any]
    verbs: tuple[str, ...] = ()


class BenchClient:
    """The other end of the wire, in a person's hand."""

    def __init__(self, url: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._http = httpx.AsyncClient(base_url=url, timeout=ANSWER_WITHIN_S, transport=transport, trust_env=False)

    async def sims(self) -> list[Sim]:
        """Every simulated device. Raises BenchSilent."""
        answer = await self._ask("GET", "/sims")
        try:
            return [
                Sim(
                    id=str(row["id"]),
                    kind=str(row["kind"]),
                    name=str(row.get("name", row["id"])),
                    address=str(row["address"]),
                    state=dict(row["state"]),
                    verbs=tuple(row.get("verbs", ())),
                )
                for row in answer.json()
            ]
        except (KeyError, TypeError, ValueError, AttributeError) as strange:
            raise BenchSilent(path="/sims") from strange

    async def do(self, sim: str, verb: str, **args: Any) -> None:
        """Give a simulated device a fault, heal it, or make it act. Raises BenchSilent."""
        await self._ask("POST", f"/sims/{sim}/do/{verb}", json=args)

    async def paper(self, sim: str, last: int) -> bytes:
        """A PNG of the last `last` receipts of a simulated printer. Raises BenchSilent."""
        return (await self._ask("GET", f"/sims/{sim}/paper.png", params={"last": last})).content

    async def close(self) -> None:
        """Let go of the connection."""
        await self._http.aclose()

    async def _ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        try:
            answer = await self._http.request(method, path, **more)
        except httpx.HTTPError as failed:
            raise BenchSilent(path=path) from failed
        if answer.is_error:
            raise BenchSilent(path=path, status=answer.status_code)
        return answer
