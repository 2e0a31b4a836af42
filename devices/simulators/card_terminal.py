"""A card terminal with a guest before it: it keeps its own ledger of what was really taken, whatever the till came to know of it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar

from pydantic import Field

from devices.simulators.terminal_language import CARD, TERMINAL_ID, Said, amount, asked, bcd, llvar, tlv, two
from devices.simulators.terminal_wire import TerminalWire
from devices.simulators.verbs import AfterBytes, Args, Garble, Late, Nothing

NO_CARD_S = 30.0
SHOWN_MAX = 20
YES = "8000"
CANCELLED, BUSY, CANNOT, NO_PAPER, DAY_OPEN, GONE = "6c", "9c", "83", "cc", "f0", "b4"


class Decline(Args):
    """The bank says no, or the terminal does: its result code."""

    code: int = Field(0x05, ge=1, le=255)


class OtherAmount(Args):
    """It takes so much, whatever it is asked for."""

    minor: int = Field(100, ge=1, le=10**9)


@dataclass(slots=True)
class Entry:
    """One transaction that the bank knows. `back`: it was given back, by a reversal or because the till did not hear of it."""

    number: int
    minor: int
    currency: int
    act: str  # pay, reverse
    at: datetime
    back: bool = False


class TerminalSim(TerminalWire):
    """SIMULATED. A guest with a good card, unless told otherwise."""

    kind: ClassVar[str] = "card_terminal"
    verbs: ClassVar[Mapping[str, type[Args]]] = {
        "approve": Nothing,
        "decline": Decline,
        "no_card": Nothing,
        "insert_card": Nothing,
        "card_removed": Nothing,
        "customer_cancels": Nothing,
        "end_of_day_due": Nothing,
        "paper_out": Nothing,
        "reload": Nothing,
        "other_amount": OtherAmount,
        "no_result": Nothing,
        "auto_reverse": Nothing,
        "late": Late,
        "dont_answer": Nothing,
        "no_answer_after_ack": Nothing,
        "drop_after_authorisation": Nothing,
        "garble": Garble,
        "half_write": AfterBytes,
        "unplug": Nothing,
        "plug_in": Nothing,
        "heal": Nothing,
    }

    def __init__(self, name: str, *, serial: bool = False, blocks: bool = False) -> None:
        super().__init__(name, serial=serial)
        self.ledger: list[Entry] = []
        self.commands: list[str] = []  # control fields that came, but for acknowledgements
        self.days_closed = self.printed = 0
        self.paper = True
        self._blocks, self._till_prints = blocks, False
        self._work: asyncio.Task[None] | None = None
        self._card, self._cancel = asyncio.Event(), asyncio.Event()
        self._screen = "ready"
        self._no_faults()

    def _no_faults(self) -> None:
        self._well_wired()
        self._guest, self._code = "approve", 0
        self._mute_after_ack = self._drops = self._tells_no_result = self._auto_reverses = self._day_due = False
        self._takes: int | None = None

    async def stop(self) -> None:
        """Take it off the wire."""
        if self._work is not None:
            self._work.cancel()
            await asyncio.gather(self._work, return_exceptions=True)
        await super().stop()

    async def finished(self) -> None:
        """Until nothing runs at it any more."""
        if self._work is not None:
            await asyncio.gather(self._work, return_exceptions=True)

    def taken(self) -> list[int]:
        """The amounts that guests have really paid and not got back."""
        return [entry.minor for entry in self.ledger if entry.act == "pay" and not entry.back]

    def state(self) -> dict[str, Any]:
        """What a person sees."""
        shown = [{"number": e.number, "minor": e.minor, "act": e.act, "back": e.back} for e in self.ledger[-SHOWN_MAX:]]
        return {
            "plugged": self.end.plugged,
            "screen": self._screen,
            "guest": self._guest,
            "paper": "ok" if self.paper else "out",
            "taken_minor": sum(self.taken()),
            "ledger": shown,
            "days_closed": self.days_closed,
            "faults": self._faults(),
        }

    def _faults(self) -> list[str]:
        found = {
            "unplug": not self.end.plugged,
            "dont_answer": self._mute,
            "no_answer_after_ack": self._mute_after_ack,
            "drop_after_authorisation": self._drops,
            "no_result": self._tells_no_result,
            "auto_reverse": self._auto_reverses,
            "other_amount": self._takes is not None,
            "end_of_day_due": self._day_due,
            "late": self._late_s,
            "garble": self._garble,
            "half_write": self._half_in is not None,
        }
        return [name for name, on in found.items() if on]

    async def do(self, verb: str, args: Args) -> dict[str, Any]:
        """What a guest, a cashier or a fault does to it."""
        match verb, args:
            case "decline", Decline():
                self._guest, self._code = "decline", args.code
            case "other_amount", OtherAmount():
                self._takes = args.minor
            case "late", Late():
                self._late_s = args.seconds
            case "garble", Garble():
                self._garble = args.answers
            case "half_write", AfterBytes():
                self._half_in = args.after_bytes
            case (("approve" | "no_card" | "card_removed" | "customer_cancels"), _):
                self._guest = verb
            case _:
                await self._hand(verb)
        return self.state()

    async def _hand(self, verb: str) -> None:
        flags = {
            "dont_answer": "_mute",
            "no_answer_after_ack": "_mute_after_ack",
            "drop_after_authorisation": "_drops",
            "no_result": "_tells_no_result",
            "auto_reverse": "_auto_reverses",
            "end_of_day_due": "_day_due",
        }
        if verb in flags:
            setattr(self, flags[verb], True)
        elif verb == "insert_card":
            self._card.set()
        elif verb in {"paper_out", "reload"}:
            self.paper = verb == "reload"
        elif verb == "unplug":
            await self.end.pull()
        else:
            if verb == "heal":
                self._no_faults()
                self.paper = True
            await self.end.plug_in()

    # the till

    def heard(self, said: Said) -> None:
        """One command at a time."""
        self.commands.append(said.control)
        if self._work is not None and not self._work.done() and not (self._ending and self._acked.is_set()):
            self._beside(said.control)
            return
        self._work = asyncio.get_running_loop().create_task(self._serve(said, self._work, self._clients()))

    def _beside(self, control: str) -> None:
        """A command while another one runs: it may be stopped while it waits for a card; anything else must wait."""
        if control == "06b0" and self._screen == "insert card":
            self._put_said(Said(YES))
            self._cancel.set()
        else:
            self._put_said(Said("84" + BUSY))

    # what it does

    async def _serve(self, said: Said, before: asyncio.Task[None] | None, client: int) -> None:
        if before is not None:  # only its end is left
            await asyncio.wait({before})
        self._client, self._ending = client, False
        self._cancel.clear()
        try:
            await self._carry_out(said)
        finally:
            self._screen = "ready"
            self._card.clear()

    async def _carry_out(self, said: Said) -> None:
        fields = asked(said.data)
        match said.control:
            case "0600":
                self._till_prints = len(said.data) > 3 and said.data[3] & 0x82 == 0x82
                await self._say(YES)
                await self._tell("060f", b"\x19\x00\x29" + bytes.fromhex(TERMINAL_ID) + b"\x49\x09\x78")
            case "0501":
                await self._say(YES)
                await self._tell("060f", bytes.fromhex(DAY_OPEN if self._day_due else "00" if self.paper else NO_PAPER))
            case "0601" if (minor := bcd(fields.get(0x04))) is not None and (currency := bcd(fields.get(0x49))) is not None:
                await self._pay(minor, currency)
            case "0630" if (number := bcd(asked(said.data[3:]).get(0x87))) is not None:
                await self._reverse(number)
            case "0650":
                await self._close_day()
            case "0620":
                await self._repeat()
            case _:
                await self._say("84" + CANNOT)

    async def _pay(self, minor: int, currency: int) -> None:
        if why := DAY_OPEN if self._day_due else "" if self.paper else NO_PAPER:
            await self._say("84" + why)
            return
        await self._say(YES)
        if self._mute_after_ack:
            self._mute = True
        if not await self._card_came():
            return
        self._screen = "enter PIN"
        await self._tell("04ff", b"\x01\x01")
        self._screen = "asking the bank"
        await self._tell("04ff", b"\x04")
        if self._guest == "decline":
            await self._tell("040f", bytes([0x27, self._code]) + amount(minor))
            await self._tell("061e", bytes([self._code]))
            return
        entry = self._book(minor if self._takes is None else self._takes, currency, "pay")
        if self._drops:
            self._mute = True
            self.end.drop()
        await self._ended(entry)

    async def _card_came(self) -> bool:
        """Whether a card was put in, and stayed in."""
        self._screen = "insert card"
        await self._tell("04ff", b"\x0a\x01")
        if self._guest == "no_card":
            card, cancel = (asyncio.ensure_future(event.wait()) for event in (self._card, self._cancel))
            try:
                await asyncio.wait({card, cancel}, timeout=NO_CARD_S, return_when=asyncio.FIRST_COMPLETED)
            finally:
                card.cancel()
                cancel.cancel()
        if self._guest == "customer_cancels" or self._cancel.is_set() or (self._guest == "no_card" and not self._card.is_set()):
            await self._tell("061e", bytes.fromhex(CANCELLED))
            return False
        if self._guest == "card_removed":
            await self._tell("04ff", b"\x0c")
            await self._tell("061e", b"\x66")
            return False
        return True

    def _book(self, minor: int, currency: int, act: str) -> Entry:
        entry = Entry(len(self.ledger) % 9999 + 1, minor, currency, act, datetime.now(UTC))
        self.ledger.append(entry)
        return entry

    async def _ended(self, entry: Entry) -> None:
        self._screen = "take the card out"
        known = self._tells_no_result or await self._tell("040f", _status(entry))
        if not known and self._auto_reverses:
            entry.back = True
            return
        await self._receipts(entry)
        await self._tell("060f")

    async def _receipts(self, entry: Entry) -> None:
        lines = [f"SIMULATED {self.name}", f"Beleg {entry.number:04d}", f"Karte {CARD[:4]} {CARD[4:8]} {CARD[8:12]} {CARD[12:]}"]
        lines += [f"{'ZAHLUNG' if entry.act == 'pay' else 'STORNO'} {entry.minor / 100:.2f}", "Genehmigt 971382"]
        if not self._till_prints:
            self.printed += 1
        elif self._blocks:
            for kind, title in ((1, "Händlerbeleg"), (2, "Kundenbeleg")):
                texts = b"".join(tlv("07", line.encode("cp437")) for line in [title, *lines])
                await self._tell("06d3", b"\x06" + tlv("", tlv("1f07", bytes([kind])) + tlv("25", texts)))
        else:
            for line in lines:
                await self._tell("06d1", b"\x00" + line.encode("cp437"))
            await self._tell("06d1", b"\xff\x02")

    async def _reverse(self, number: int) -> None:
        found = next((e for e in reversed(self.ledger) if e.number == number and e.act == "pay"), None)
        if found is None or found.back:
            await self._say(YES)
            await self._tell("061e", bytes.fromhex(GONE if found else "b5"))
            return
        await self._say(YES)
        await self._tell("04ff", b"\x04")
        found.back = True
        entry = self._book(found.minor if self._takes is None else self._takes, found.currency, "reverse")
        if self._drops:
            self._mute = True
            self.end.drop()
        await self._ended(entry)

    async def _close_day(self) -> None:
        await self._say(YES)
        await self._tell("04ff", b"\x0f")
        self.days_closed += 1
        self._day_due = False
        await self._tell("040f", b"\x27\x00" + amount(sum(self.taken()) % 10**12))
        await self._tell("060f")

    async def _repeat(self) -> None:
        """What it executed last, as far as it counts."""
        last = next((e for e in reversed(self.ledger) if e.act == "reverse" or not (e.back and self._auto_reverses)), None)
        await self._say(YES)
        if last is None:
            await self._tell("061e", bytes.fromhex(CANNOT))
            return
        await self._tell("040f", _status(last))
        await self._tell("060f")


def _status(entry: Entry) -> bytes:
    """Status information of one transaction, with all that terminals tell."""
    return (
        b"\x27\x00"
        + amount(entry.minor)
        + two(0x49, entry.currency)
        + b"\x0b"
        + bytes.fromhex(f"{entry.number:06d}")
        + b"\x0c"
        + bytes.fromhex(f"{entry.at:%H%M%S}")
        + two(0x0D, int(f"{entry.at:%m%d}"))
        + two(0x87, entry.number)
        + b"\x29"
        + bytes.fromhex(TERMINAL_ID)
        + llvar(0x22, bytes.fromhex(CARD))
        + b"\x3b971382\x00\x00"
        + b"\x8a\x0a"
        + llvar(0x8B, b"VISA\x00")
        + b"\x06"
        + tlv("", tlv("2f", tlv("1f10", b"\x01")))
    )
