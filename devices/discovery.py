"""What could be adopted. Passive: ports are listed, never opened, and nothing unknown is ever written to."""

from __future__ import annotations

import asyncio
import http.client
import json
from pathlib import Path
from typing import Any

from devices.keyboard import device_of
from devices.messages import Candidate
from devices.things import Things

BENCH_WAIT_S = 2.0
BENCH_BYTES_MAX = 256 * 1024
THINGS_SHOWN_MAX, EVIDENCE_MAX = 100, 200  # all candidates fit into one message
_PRINTER_WORDS = ("printer", "epson", "star_tsp", "xprinter", "gprinter", "pos58", "pos80")
_SCANNER_WORDS = ("scanner", "barcode", "honeywell", "zebra", "symbol", "datalogic", "newland", "imager")
_CARD_WORDS = ("rfid", "nfc", "sycreader", "card_reader", "cardreader")


async def candidates(bench_port: int, dev: Path = Path("/dev")) -> list[Candidate]:
    """Serial lines and keyboards by stable name, USB printer ports, and the simulated devices of a running bench.

    A keyboard is only named here, never opened: it may be the one a person types on.
    """
    found = await asyncio.to_thread(_ports, dev)
    return [*found, *await asyncio.to_thread(_on_bench, bench_port)]


def announced(things: Things | None) -> list[Candidate]:
    """What announces itself on the broker; one of which nothing is understood is listed, so that nobody looks for it."""
    found = []
    for thing in things.announced()[:THINGS_SHOWN_MAX] if things else []:
        knows = ", ".join(entity.name for entity in thing.entities)
        strange = f"not understood: {', '.join(thing.not_understood)}" if thing.not_understood else ""
        found.append(
            Candidate(
                kind="sensor",
                name=thing.name,
                address=f"mqtt:///{thing.uid}{'?simulated=1' if thing.simulated else ''}",
                evidence="; ".join(filter(None, ("announces itself over MQTT", knows, strange)))[:EVIDENCE_MAX],
                simulated=thing.simulated,
            )
        )
    return found


def _ports(dev: Path) -> list[Candidate]:
    found = [
        Candidate(
            kind=_guess(link.name), name=link.name.removeprefix("usb-"), address=f"serial://{link}", evidence=f"serial {link.parent.name}"
        )
        for link in _stable_names(dev / "serial", "*")
    ]
    return found + _keyboards(dev / "input") + [_usb_printer(port) for port in sorted((dev / "usb").glob("lp*"))]


def _stable_names(folder: Path, pattern: str) -> list[Path]:
    """One name for each device file: adapters without a serial number share one by id, so the others keep their path."""
    by_device = {link.resolve(): link for names in ("by-path", "by-id") for link in sorted((folder / names).glob(pattern))}
    return list(by_device.values())


def _keyboards(folder: Path) -> list[Candidate]:
    """One candidate for each device, however many nodes it types on."""
    first: dict[tuple[Path, str], Path] = {}
    for link in _stable_names(folder, "*-event-kbd"):
        first.setdefault((link.parent, device_of(link.name)), link)
    return [
        Candidate(kind=_guess(name), name=name.removeprefix("usb-"), address=f"hid://{link}", evidence=f"keyboard {parent.name}")
        for (parent, name), link in first.items()
    ]


def _usb_printer(port: Path) -> Candidate:
    return Candidate(kind="receipt_printer", name=f"USB {port.name}", address=f"usb://{port}", evidence="printer port of the kernel")


def _guess(name: str) -> str:
    low = name.lower()
    if any(word in low for word in _PRINTER_WORDS):
        return "receipt_printer"
    if any(word in low for word in _CARD_WORDS):
        return "card_reader"
    return "scanner" if any(word in low for word in _SCANNER_WORDS) else ""


def _on_bench(port: int) -> list[Candidate]:
    """Nothing when no bench runs."""
    try:
        sims = _ask(port)
        return [
            Candidate(kind=sim["kind"], name=sim["name"], address=sim["address"], evidence="SIMULATED, on the bench", simulated=True)
            for sim in sims
        ]
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return []


def _ask(port: int) -> list[dict[str, Any]]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=BENCH_WAIT_S)
    try:
        connection.request("GET", "/sims")
        answer = connection.getresponse()
        sims = json.loads(answer.read(BENCH_BYTES_MAX))
    finally:
        connection.close()
    return list(sims) if answer.status == 200 else []
