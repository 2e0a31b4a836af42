"""Card readers, card terminals and office printers of the fleet's stories: what was paid and what came out is counted at the device itself."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from devices.drivers.office_printer.talk import name_of
from devices.simulators.card_reader import CardReaderSim, Garbage, Held
from devices.simulators.card_terminal import Entry, TerminalSim
from devices.simulators.ipp_told import COMPLETED, PrintJob
from devices.simulators.office_printer import OfficePrinterSim
from hub.ports import Document, Text
from tests.devices.cast_part import OFFLINE, Fault, Part
from tests.devices.memory_wire import MemoryEnd, MemoryLine

PAID_AT = datetime(2026, 3, 1, 12, tzinfo=UTC)  # by the terminal's own clock, the same in every run
OTHER_MINOR = 999_999_999


class CardReaderPart(Part):
    kind = "card_reader"
    settles_s = 6.0

    def made(self) -> None:
        self.sim = CardReaderSim.on_tcp(self.id)
        self.bad = 0  # in a row
        self.cards = 0

    def faults(self, rng: random.Random) -> list[Fault]:
        return [("unplug", {}), ("plug_in", {}), ("garbage", {"bytes_hex": "ff00fe0d" * rng.randint(1, 4)})]

    async def do(self, fault: Fault) -> None:
        if fault[0] == "garbage":
            heard = (await self.sim.do("garbage", Garbage(bytes_hex=fault[1]["bytes_hex"])))["heard"]
            self.bad += 2 * fault[1]["bytes_hex"].count("0d") if heard else 0
            return
        await super().do(fault)
        if fault[0] == "unplug":
            self.bad = 0  # a new connection counts anew

    def switched_off(self) -> None:
        self.bad = 0

    async def heal(self) -> None:
        await self.do(("plug_in", {}))

    def truth(self) -> tuple[str, str]:
        if not self.sim.end.plugged:
            return OFFLINE, ""
        return ("degraded", "no_card_number") if self.bad >= 5 else ("online", "")

    async def use(self, rng: random.Random) -> Callable[[], str]:
        """A card that lies on the reader for a while: it is one card."""
        self.cards += 1
        number = f"{self.number:03}{self.cards:07}"
        self.events.clear()
        heard = (await self.sim.do("card", Held(number=number, times=rng.randint(1, 4))))["heard"]
        self.bad = 0

        def wrong() -> str:
            seen = [body["number"] for name, body in self.events if name == "card"]
            return "" if seen == [number] else f"held {number} to it (heard: {heard}), told {seen}"

        return wrong


class CardTerminalPart(Part):
    """Every payment has an amount of its own, so what was taken for it is found in the terminal's ledger."""

    kind = "card_terminal"
    settles_s = 60.0  # a command of before may wait for its answers first

    def made(self) -> None:
        self.sim = TerminalSim.on_tcp(self.id, serial=self.serial)
        self.profile = {"framing": "serial" if self.serial else "tcp", "silence_s_max": 8.0, "payment_s_max": 30.0}
        self.booked: Counter[int] = Counter()  # by amount
        book = self.sim._book

        def booked(minor: int, currency: int, act: str) -> Entry:
            entry = book(minor, currency, act)
            entry.at = PAID_AT
            self.booked[minor] += act == "pay"
            return entry

        self.sim._book = booked

    def in_memory(self) -> None:
        """Over a connection it knows one client from the next, as on TCP."""
        super().in_memory()
        end, opened, clients = self.sim.end, self.sim.opened, [0]

        def came() -> None:
            clients[0] += 1
            opened()

        end.opened, self.sim._clients = came, lambda: clients[0]

    def faults(self, rng: random.Random) -> list[Fault]:
        guest = ("approve", "card_removed", "customer_cancels", "auto_reverse", "no_result")
        gone = ("dont_answer", "no_answer_after_ack", "drop_after_authorisation", "unplug", "plug_in")
        return [
            *((verb, {}) for verb in (*guest, *gone, "end_of_day_due", "paper_out", "reload")),
            ("decline", {"code": rng.choice([5, 51, 0x78])}),
            ("other_amount", {"minor": OTHER_MINOR}),
            ("late", {"seconds": rng.choice([0.1, 0.5, 1.0])}),
            ("garble", {"answers": rng.randint(1, 3)}),
            ("half_write", {"after_bytes": rng.randrange(60)}),
        ]

    def truth(self) -> tuple[str, str]:
        sim = self.sim
        if not sim.end.plugged:
            return OFFLINE, ""
        if sim._mute:
            return OFFLINE, ""
        why = "end_of_day_due" if sim._day_due else "" if sim.paper else "terminal_paper_out"
        return ("degraded", why) if why else ("online", "")

    def command(self, rng: random.Random, tag: str) -> Fault:
        if rng.random() < 0.6:
            return "pay", {"amount_minor": _amount(tag), "currency": "CNY", "reference": tag}
        return rng.choice(["status", "repeat_receipt", "end_of_day", "abort"]), {}

    def wrong_end(self, verb: str, tag: str, done: Mapping[str, Any]) -> str:
        if verb != "pay":
            return ""
        times = self.booked[_amount(tag)]
        if times > 1:
            return f"paid {times} times"
        if done["outcome"] == "done" and not times:
            return "done, and not paid"
        taken = _amount(tag) in self.sim.taken()
        return "paid, and told that it was not" if taken and (done["retry_safe"] or done["outcome"] in {"refused", "failed"}) else ""


def _amount(tag: str) -> int:
    return int(tag[1:])


class _Printer(OfficePrinterSim):
    """Its own name for itself is the same on any wire."""

    @property
    def uri(self) -> str:
        return "ipp://printer.local/ipp/print"


class _NamedLine(MemoryLine):
    uri = "ipp://printer.local/ipp/print"


class OfficePrinterPart(Part):
    kind = "office_printer"
    settles_s = 40.0
    _WORST_FIRST = ("jam", "cover_open", "paper_out", "toner_out", "pause", "toner_low")
    _REASONS = ("paper_jam", "cover_open", "paper_out", "toner_out", "printer_paused", "toner_low")

    def made(self) -> None:
        self.sim = _Printer.on_tcp(self.id)
        self.serial, self.address = False, f"ipp://{self.id}:1/ipp/print?simulated=1"
        self.profile = {"answer_wait_s": 1.0, "silent_s_max": 5.0, "confirm_s_max": 60.0}
        self.sent: Counter[str] = Counter()  # jobs the printer took, by name
        self.began: set[str] = set()
        self.whole: set[str] = set()
        take, print_page = self.sim._take, self.sim._print_page

        def took(asked: Any) -> bytes:
            before = self.sim._next
            said: bytes = take(asked)
            self.sent[str(asked.first("job-name"))] += self.sim._next - before
            return said

        def printed(job: PrintJob) -> None:
            self.began.add(job.name)
            print_page(job)
            if job.state == COMPLETED:
                self.whole.add(job.name)

        self.sim._take, self.sim._print_page = took, printed

    def in_memory(self) -> None:
        end = MemoryEnd(self.sim.received, self.sim.opened)
        self.sim.end, self.link = end, _NamedLine(end, connection=True)
        self.link.keeps_open = False

    def faults(self, rng: random.Random) -> list[Fault]:
        plain = ("jam", "cover_open", "toner_low", "toner_out", "pause", "mend", "cut_cable", "plug_in", "dont_answer")
        jobs = ("busy", "abort_jobs", "forget_jobs", "lose_answer")
        return [
            *((verb, {}) for verb in (*plain, *jobs)),
            ("paper_out", {"after_pages": rng.randrange(3)}),
            ("slow", {"seconds": rng.choice([0.1, 1, 3])}),
            ("drop", {"after_bytes": rng.randrange(3000)}),
            ("garble", {"answers": rng.randint(1, 3)}),
        ]

    def truth(self) -> tuple[str, str]:
        sim = self.sim
        if not sim.end.plugged:
            return OFFLINE, ""
        if sim._tray.dont_answer:
            return OFFLINE, ""
        why = next((why for verb, why in zip(self._WORST_FIRST, self._REASONS, strict=True) if verb in sim._tray.faults), "")
        return ("degraded", why) if why else ("online", "")

    def command(self, rng: random.Random, tag: str) -> Fault:
        if rng.random() < 0.4:
            return "status", {}
        document = Document(blocks=(Text(text=f"page {tag}"),))
        return "print", {"document": document.model_dump(), "copy": 0}

    def wrong_end(self, verb: str, tag: str, done: Mapping[str, Any]) -> str:
        name = name_of(done["id"])
        if self.sent[name] > 1:
            return f"sent {self.sent[name]} times"
        if name in self.began and done["retry_safe"]:
            return "printed, and may be asked for again"
        return "done, and not on paper" if verb == "print" and done["outcome"] == "done" and name not in self.whole else ""
