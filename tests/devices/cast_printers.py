"""The printers of the fleet's stories: what came out of them is counted by what stands on it."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from typing import Any

from devices.simulators.label_printer import LabelPrinterSim
from devices.simulators.receipt_printer import PrinterSim
from devices.simulators.shelf import Receipt, Shelf
from hub.ports import Document, Text
from tests.devices.cast_part import OFFLINE, Fault, Part


class OrUnknown:
    """What is told of a drawer: how it stands, or None as long as the driver has not seen it move."""

    def __init__(self, *, so: bool) -> None:
        self._so = so

    def __eq__(self, told: object) -> bool:
        return told is None or told is self._so

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"{self._so} or unknown"


class Counted(Shelf):
    """A shelf that counts the complete receipts by what stands on them; it keeps none."""

    def __init__(self, prints: Counter[str]) -> None:
        super().__init__()
        self._prints = prints

    def put(self, receipt: Receipt) -> None:
        lines = receipt.lines()
        ends = [line for line in lines if line.startswith("end ") and line.replace("end", "begin") in lines]
        self._prints.update(line.removeprefix("end ") for line in ends)


class ReceiptPrinterPart(Part):
    kind = "receipt_printer"
    settles_s = 22.0  # a job waits for 8 s on a printer that fell silent

    def made(self) -> None:
        self.sim = PrinterSim.on_tcp(self.id)
        self.prints: Counter[str] = Counter()  # complete receipts, by what stands on them
        self.lied = False
        self.profile = {"monitored": True, "drawer_open_s_max": 3600}
        self.sim.shelf = Counted(self.prints)

    def faults(self, rng: random.Random) -> list[Fault]:
        lie = rng.choice(["prints_nothing", "says_offline", "hears_one"])
        self_healing: list[Fault] = [
            ("drop", {"after_bytes": rng.randrange(2500)}),
            ("half_write", {"after_bytes": rng.randrange(2500)}),
            ("garble", {"answers": rng.randint(1, 3)}),
            ("slow", {"bytes_per_s": rng.choice([500, 2000, 8000])}),
        ]
        states: list[Fault] = [(verb, {}) for verb in ("paper_low", "reload", "cover_open", "cover_close", "open_drawer", "close_drawer")]
        gone: list[Fault] = [(verb, {}) for verb in ("cut_cable", "power_off", "dont_answer", "plug_in")]
        return [*self_healing, *states, *gone, ("paper_out", {"after_lines": rng.choice([0, 1, 3])}), ("liar", {"how": lie})]

    async def do(self, fault: Fault) -> None:
        await super().do(fault)
        self.lied = self.lied or "prints_nothing" in str(fault)

    def truth(self) -> tuple[str, str]:
        sim = self.sim
        if not sim.end.plugged:
            return OFFLINE, ""
        if sim._mute or sim._off:
            return self._silent()
        why = "cover_open" if sim.cover else "" if sim.paper else "paper_out"
        why = why or ("says_offline" if sim._lie == "says_offline" else "paper_low" if sim.low else "")
        return ("degraded", why) if why else ("online", "")

    def figures(self) -> Mapping[str, Any]:
        sim = self.sim
        return {"drawer_open": OrUnknown(so=sim.drawer)} if sim.end.plugged and not (sim._mute or sim._off) else {}

    def command(self, rng: random.Random, tag: str) -> Fault:
        verb = rng.choice(["print", "print", "print", "kick", "status"])
        if verb != "print":
            return verb, {}
        filling = (Text(text=f"line {n}") for n in range(rng.choice([1, 5, 60])))
        document = Document(blocks=(Text(text=f"begin {tag}"), *filling, Text(text=f"end {tag}")))
        return "print", {"document": document.model_dump(), "copy": 0}

    def wrong_end(self, verb: str, tag: str, done: Mapping[str, Any]) -> str:
        copies = self.prints[tag]
        if copies > 1:
            return f"{copies} originals"
        if copies and done["retry_safe"]:
            return "printed, and may be asked for again"
        if verb == "print" and done["outcome"] == "done" and not copies and not self.lied:
            return "done, and not on paper"
        return ""


class LabelPrinterPart(Part):
    kind = "label_printer"
    settles_s = 22.0  # as above

    def made(self) -> None:
        language = ("zpl", "tspl")[self.number // 2 % 2]
        self.sim = LabelPrinterSim.on_tcp(self.id, language=language)
        self.prints: Counter[str] = Counter()
        self.profile = {"language": language, "monitored": True}
        print_one = self.sim._print_one

        def count() -> None:
            self.prints.update(self.sim._memory[0].texts)
            print_one()

        self.sim._print_one = count

    def faults(self, rng: random.Random) -> list[Fault]:
        plain = ("ribbon_out", "reload", "head_open", "head_close", "pause", "resume", "cut_cable", "plug_in", "dont_answer")
        return [
            *((verb, {}) for verb in plain),
            ("paper_out", {"after_labels": rng.choice([0, 1, 2])}),
            ("slow", {"seconds": rng.choice([0.1, 1, 3])}),
            ("drop", {"after_bytes": rng.randrange(600)}),
            ("garble", {"answers": rng.randint(1, 2)}),
        ]

    def truth(self) -> tuple[str, str]:
        sim = self.sim
        if not sim.end.plugged:
            return OFFLINE, ""
        if sim._mute:
            return self._silent()
        stops = {"head_open": sim.head_open, "paper_out": not sim.paper, "ribbon_out": not sim.ribbon, "printer_paused": sim.paused}
        why = next((why for why, is_so in stops.items() if is_so), "")
        return ("degraded", why) if why else ("online", "")

    def command(self, rng: random.Random, tag: str) -> Fault:
        if rng.random() < 0.3:
            return "status", {}
        return "print", {"label": {"lines": [{"text": tag}]}, "count": rng.randint(1, 3)}

    def wrong_end(self, verb: str, tag: str, done: Mapping[str, Any]) -> str:
        copies = self.prints[tag]
        if copies > 3:
            return f"{copies} labels"
        return "printed, and may be asked for again" if verb == "print" and copies and done["retry_safe"] else ""
