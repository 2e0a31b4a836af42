"""The bench's HTTP API on loopback: the simulated devices in hand. Everything it says is marked as simulated."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any

from fastapi import FastAPI, HTTPException, Query, Request, Response
from pydantic import ValidationError

from devices.simulators import paged, paper
from devices.simulators.card_reader import CardReaderSim
from devices.simulators.card_terminal import TerminalSim
from devices.simulators.customer_display import DisplaySim
from devices.simulators.internet import InternetSim
from devices.simulators.label_printer import LabelPrinterSim
from devices.simulators.mqtt_line import MqttLine
from devices.simulators.network_gear import NetworkGearSim, WifiGearSim
from devices.simulators.office_printer import OfficePrinterSim
from devices.simulators.receipt_printer import PrinterSim
from devices.simulators.scale import ScaleSim
from devices.simulators.scanner import ScannerSim, TypingScannerSim
from devices.simulators.things import ThingSim
from devices.simulators.third_parties import THINGS
from devices.simulators.ups import UpsSim
from devices.simulators.ups_agent import UpsAgentSim
from devices.simulators.wire import TcpEnd, UdpEnd

Sim = (
    PrinterSim
    | LabelPrinterSim
    | OfficePrinterSim
    | ScannerSim
    | ScaleSim
    | UpsSim
    | UpsAgentSim
    | NetworkGearSim
    | DisplaySim
    | CardReaderSim
    | TerminalSim
    | InternetSim
    | ThingSim
)
LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})
RECEIPTS_SHOWN_MAX = 50
TRY_AGAIN_S = 1.0


class Bench:
    """One of each kind on a wire, the second way of a UPS, a network device with Wi-Fi, and with the credentials in `mqtt` four third-party things on the broker. Their ports are kept in `data`, so that adopted addresses stay good after a restart."""

    def __init__(self, data: Path, mqtt: Path | None = None) -> None:
        self._ports_file = data / "ports.json"
        data.mkdir(parents=True, exist_ok=True)
        ports = json.loads(self._ports_file.read_text("utf-8")) if self._ports_file.exists() else {}
        self.sims: dict[str, Sim] = {
            "printer": PrinterSim.on_tcp("printer", ports.get("printer", 0), data / "printer"),
            "scanner": ScannerSim.on_tcp("scanner", ports.get("scanner", 0)),
            "scale": ScaleSim.on_tcp("scale", ports.get("scale", 0)),
            "ups": UpsSim.on_tcp("ups", ports.get("ups", 0)),
            "labels": LabelPrinterSim.on_tcp("labels", ports.get("labels", 0)),
            "switch": NetworkGearSim.on_udp("switch", ports.get("switch", 0)),
            "wifi": WifiGearSim.on_udp("wifi", ports.get("wifi", 0)),
            "ups-card": UpsAgentSim.on_udp("ups-card", ports.get("ups-card", 0)),
            "display": DisplaySim.on_tcp("display", ports.get("display", 0)),
            "typing-scanner": TypingScannerSim.on_keys("typing-scanner", data.absolute() / "typing-scanner-event-kbd"),
            "cards": CardReaderSim.on_tcp("cards", ports.get("cards", 0)),
            "internet": InternetSim("internet", data.resolve() / "internet"),
            "office": OfficePrinterSim.on_tcp("office", ports.get("office", 0)),
            "terminal": TerminalSim.on_tcp("terminal", ports.get("terminal", 0)),
        }
        self._things = {name: thing(name, MqttLine(mqtt)) for name, thing in THINGS.items()} if mqtt else {}
        self.sims.update(self._things)

    async def start(self) -> None:
        """Plug everything in; a port another program took meanwhile is replaced by a free one."""
        self._coming = asyncio.create_task(self._bring_things())
        for sim in self.sims.values():
            if isinstance(sim, ThingSim):
                continue
            try:
                await sim.start()
            except OSError:
                if isinstance(sim.end, TcpEnd | UdpEnd):
                    sim.end.port = 0
                await sim.start()
        part = self._ports_file.with_suffix(".part")
        part.write_text(
            json.dumps(
                {name: end.port for name, sim in self.sims.items() if isinstance(end := getattr(sim, "end", None), TcpEnd | UdpEnd)}
            ),
            "utf-8",
        )
        part.replace(self._ports_file)

    async def stop(self) -> None:
        """Take everything off the wire."""
        self._coming.cancel()
        await asyncio.gather(self._coming, return_exceptions=True)
        for sim in self.sims.values():
            await sim.stop()

    async def _bring_things(self) -> None:
        """Onto the broker, as soon as there is one."""
        for sim in self._things.values():
            while not sim.plugged:
                try:
                    await sim.start()
                except (OSError, ValueError, KeyError, TimeoutError):
                    await asyncio.sleep(TRY_AGAIN_S)

    def described(self, name: str) -> dict[str, Any]:
        """One simulated device as the API shows it."""
        sim = self.sims[name]
        return {
            "id": name,
            "kind": sim.kind,
            "name": f"SIMULATED {name}",
            "address": sim.address,
            "simulated": True,
            "state": sim.state(),
            "verbs": {verb: args.model_json_schema().get("properties", {}) for verb, args in sim.verbs.items()},
        }


def bench_app(bench: Bench) -> FastAPI:
    """The API. Only this machine may use it, and no page of another origin."""
    app = FastAPI(title="Chairside bench (SIMULATED)", docs_url=None, redoc_url=None)
    app.middleware("http")(_only_from_here)
    _hands(app, bench)
    _papers(app, bench)
    return app


async def _only_from_here(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    host = request.headers.get("host", "").rsplit(":", 1)[0]
    origin = request.headers.get("origin")
    if host not in LOOPBACK or (origin and origin.split("//")[-1].rsplit(":", 1)[0] not in LOOPBACK):
        return Response("only from this machine", status_code=403)
    return await call_next(request)


def _hands(app: FastAPI, bench: Bench) -> None:
    """What there is, and what can be done to it."""

    @app.get("/healthz")
    async def healthz() -> dict[str, Any]:
        return {"ok": True, "simulated": True}

    @app.get("/sims")
    async def sims() -> list[dict[str, Any]]:
        return [bench.described(name) for name in bench.sims]

    @app.post("/sims/{name}/do/{verb}")
    async def do(name: str, verb: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        sim = _sim(bench, name)
        if verb not in sim.verbs:
            raise HTTPException(404, f"{name} has no verb {verb}; it has {', '.join(sim.verbs)}")
        try:
            args = sim.verbs[verb].model_validate(body or {})
        except ValidationError as wrong:
            raise HTTPException(422, [{"loc": e["loc"], "msg": e["msg"]} for e in wrong.errors()]) from wrong
        return await sim.do(verb, args)


def _papers(app: FastAPI, bench: Bench) -> None:
    """What the printers have put out."""

    @app.get("/sims/{name}/paper.png")
    async def paper_png(name: str, last: Annotated[int, Query(ge=0, le=RECEIPTS_SHOWN_MAX)] = 1) -> Response:
        sim = _sim(bench, name)
        if isinstance(sim, OfficePrinterSim):
            job = next((job for job in reversed(sim.jobs) if job.printed), None)
            picture = await asyncio.to_thread(paged.sheet, job.mime if job else "", job.data if job else b"")
        else:
            sim = _printer(bench, name)
            shown = sim.shelf.receipts[-last:] if last else []
            picture = await asyncio.to_thread(paper.png, shown, sim.unfinished())
        return Response(picture, media_type="image/png", headers={"Cache-Control": "no-store", "X-Simulated": "1"})

    @app.get("/sims/{name}/receipts")
    async def receipts(name: str, last: Annotated[int, Query(ge=1, le=200)] = RECEIPTS_SHOWN_MAX) -> list[dict[str, Any]]:
        return [receipt.as_json() for receipt in _printer(bench, name).shelf.receipts[-last:]]


def _sim(bench: Bench, name: str) -> Sim:
    if name not in bench.sims:
        raise HTTPException(404, f"no simulated device {name}")
    return bench.sims[name]


def _printer(bench: Bench, name: str) -> PrinterSim:
    sim = _sim(bench, name)
    if not isinstance(sim, PrinterSim):
        raise HTTPException(404, f"{name} has no paper")
    return sim
