"""The decoders of card readers and terminals, office printers, the Internet, and UPSes and network gear over SNMP."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Coroutine, Mapping
from datetime import date
from types import SimpleNamespace
from typing import Any

from devices.drivers import card_reader, gs1, in_store, internet
from devices.drivers.card_reader import CardReaderProfile
from devices.drivers.card_terminal import CardTerminal, TerminalProfile, wire, zvt
from devices.drivers.card_terminal.dialogue import Heard
from devices.drivers.card_terminal.receipt import LINES_MAX
from devices.drivers.card_terminal.told import transaction
from devices.drivers.listening import Refused
from devices.drivers.network_gear import around, wifi
from devices.drivers.office_printer import http, ipp, shown
from devices.drivers.ups import mib
from devices.drivers.ups.reading import NothingKnown
from devices.simulators.office_printer import OfficePrinterSim
from devices.simulators.terminal_language import CARD, Said, amount, llvar, tlv, two
from hub.clock import Clock
from tests.devices.decoder import Decoder, Take

TODAY = date(2026, 3, 1)
_D = "devices.drivers."
_S = "devices.simulators."


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def at_once(asked: Coroutine[Any, Any, Any]) -> Any:
    """What is asked of somebody who answers at once."""
    try:
        asked.send(None)
    except StopIteration as ended:
        return ended.value
    raise AssertionError("it waits")


class _Line:
    """A transport that has what came, and takes what is said."""

    keeps_open = proves_presence = True

    def __init__(self) -> None:
        self.came = b""

    async def open(self) -> None:
        """It is."""

    async def write(self, data: bytes, within_s: float) -> None:
        """Nobody listens."""

    async def read(self, within_s: float) -> bytes:
        came, self.came = self.came, b""
        return came

    async def close(self) -> None:
        """It stays."""


class _Agent:
    """Answers every question over SNMP out of the same bytes."""

    def __init__(self, data: bytes) -> None:
        pieces = [data[at : at + 1 + data[at] % 9] for at in range(0, min(len(data), 400), 7)]
        self._values = [self._value(piece) for piece in pieces if piece] or [None]
        self._indices = [tuple(piece) for piece in pieces]

    @staticmethod
    def _value(piece: bytes) -> Any:
        match piece[0] % 7:
            case 0:
                return None
            case 1:
                return int.from_bytes(piece[1:], "big", signed=True)
            case 2:
                return ".".join(map(str, piece))
            case 3:
                return mib.ALARMS.removesuffix(".2.1.2").replace(".6", f".6.3.{piece[-1] % 25}")
            case 4:
                return float(piece[-1]) - 7
            case _:
                return piece

    async def get(self, *oids: str) -> Mapping[str, Any]:
        return {oid: self._values[sum(oid.encode()) % len(self._values)] for oid in oids if sum(oid.encode()) % 5}

    async def column(self, oid: str, reaches: tuple[int, ...] = (), rows_max: int = 512) -> Mapping[tuple[int, ...], Any]:
        shift = sum(oid.encode())
        lengths = {around.ARP: 5, around.CHASSIS: 3, around.FORWARDED: 6, around.FORWARDED_BY_VLAN: 7}
        rows = {}
        for at, index in enumerate(self._indices[:rows_max]):
            wanted = lengths.get(oid, 1 + shift % 3)
            rows[(*index, *range(wanted))[: wanted if at % 4 else wanted + 1]] = self._values[(shift + at) % len(self._values)]
        return rows


# card readers and terminals


def _cards() -> Take:
    profiles = [
        CardReaderProfile(),
        CardReaderProfile(frame="stx_etx", number="hex", digits=8, checksum="xor"),
        CardReaderProfile(number="hex_as_decimal", digits=16),
    ]

    def take(data: bytes) -> None:
        for profile in profiles:
            try:
                assert re.fullmatch(r"[0-9A-F]{8,20}", card_reader.number_of(data, profile))
            except Refused:
                continue

    return take


def _wire(kind: type[wire.Plain | wire.Serial]) -> Callable[[], Take]:
    def make() -> Take:
        line = _Line()
        there = [kind(line)]

        def take(data: bytes) -> None:
            line.came = data
            at_once(there[0].more(0))
            try:
                while at_once(there[0].take()) is not None:
                    pass
            except zvt.NotZvt:
                there[0] = kind(line)  # the driver connects again
                raise
            assert len(there[0]._heard) <= 2 * zvt.DATA_MAX + 16

        return take

    return make


def _zvt(data: bytes) -> None:
    apdu, taken = zvt.first_apdu(data)
    assert taken <= len(data)
    assert (apdu is None) == (taken == 0)
    fields = zvt.bitmaps(data)
    zvt.objects(data)
    assert all(len(content) <= len(data) for content in fields.values())
    zvt.terminal_state(data)


def _transaction(data: bytes) -> None:
    """A conversation in which the same bytes are told as everything there is."""
    heard = Heard(fields=zvt.bitmaps(data), told_status=True, over=zvt.Apdu(zvt.ABORT if data[:1] < b"\x80" else zvt.COMPLETION, data))
    for control in (zvt.PRINT_LINE, zvt.PRINT_BLOCK):
        heard.papers.add(zvt.Apdu(control, data))
    told = transaction(heard)
    assert len(told.receipt) + len(told.shop_receipt) <= 2 * LINES_MAX
    assert CARD not in told.model_dump_json()
    heard.no()


def _terminal() -> Take:
    driver = CardTerminal(TerminalProfile(), _Line(), Clock())
    driver._job = "j"

    def take(data: bytes) -> None:
        driver._stray(zvt.Apdu(zvt.STATUS, data))
        driver._stepped(zvt.Apdu(zvt.PROGRESS, data))

    return take


_STATUS = b"\x27\x00" + amount(1250) + two(0x49, 978) + b"\x0b\x00\x00\x07" + two(0x87, 7) + llvar(0x22, bytes.fromhex(CARD))
_BLOCK = b"\x06" + tlv("", tlv("1f07", b"\x02") + tlv("25", tlv("07", b"Karte " + CARD.encode()) + tlv("07", b"Summe 12,50")))
_SAID = (
    Said("8000"),
    Said("849c"),
    Said("040f", _STATUS),
    Said("04ff", b"\x0a\x01"),
    Said("060f", b"\x19\x00\x29\x52\x50\x00\x41"),
    Said("061e", b"\x6c"),
    Said("06d1", b"\x00Summe 12,50 " + CARD.encode()),
    Said("06d3", _BLOCK),
    Said("06d1", b"\x00" + 260 * b"x"),
)
PLAIN, FRAMED = tuple(said.plain() for said in _SAID), tuple(said.frame() for said in _SAID)

# office printers


def _reply() -> Take:
    there = [http.Reply()]

    def take(data: bytes) -> None:
        try:
            there[0].take(data)
        except http.NotHttp:
            there[0] = http.Reply()
            raise
        if there[0].complete:
            there[0] = http.Reply()

    return take


def _ipp_answer(data: bytes) -> None:
    answer = ipp.read(data)
    for found in (answer.printer, *answer.jobs):
        shown.stopped_by(found)
        shown.identity(found)
        shown.supplies(found)
        ipp.number(found, "job-id")


def asked_of(op: ipp.Op, *about: ipp.Wanted) -> bytes:
    target: list[ipp.Wanted] = [(ipp.URI, "printer-uri", ["ipp://127.0.0.1:1/ipp/print"])]
    return ipp.request(op, 7, [*target, *about])


ASKED = (
    asked_of(ipp.Op.GET_PRINTER_ATTRIBUTES, (ipp.KEYWORD, "requested-attributes", shown.ASKED_HOW)),
    asked_of(ipp.Op.GET_JOBS, (ipp.INTEGER, "limit", [5]), (ipp.KEYWORD, "which-jobs", ["completed"])),
    asked_of(ipp.Op.GET_JOB_ATTRIBUTES, (ipp.INTEGER, "job-id", [1])),
    asked_of(ipp.Op.PRINT_JOB, (ipp.NAME, "job-name", ["a"]), (ipp.MIME, "document-format", ["application/pdf"])) + b"%PDF /Type /Page ",
    asked_of(ipp.Op.CANCEL_JOB, (ipp.INTEGER, "job-id", [1])),
)


def answered() -> tuple[bytes, ...]:
    """What the simulated printer says to these, over HTTP."""
    sim, said = OfficePrinterSim.on_tcp("valid"), []
    sim.end.send = lambda data: bool(said.append(data) or True)  # type: ignore[method-assign,assignment,func-returns-value]
    for body in ASKED:
        sim._hear(body)
    return tuple(said)


ANSWERED = answered()
_CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"


def _routes(data: bytes) -> None:
    internet.default_route(_text(data))
    internet.resolvers(_text(data))


def _ups(data: bytes) -> None:
    for read in (mib.read_standard, mib.read_apc):
        try:
            at_once(read(_Agent(data))).reason(low=False)  # type: ignore[arg-type]
        except NothingKnown:
            continue


def _around(data: bytes) -> None:
    agent: Any = _Agent(data)
    ports: Any = {n: SimpleNamespace(name=f"port {n}") for n in range(1, 60)}
    for told in (*at_once(around.read_neighbours(agent, ports)), *at_once(around.read_addresses(agent, ports))):
        json.dumps(told.told())
    at_once(around.count_neighbours(agent))


def _in_store(data: bytes) -> None:
    digits = (re.sub(r"[^0-9]", "", data.decode("ascii", "replace")) + 13 * "0")[:13]
    for pattern in ("21IIIIIWWWWWC", "22IIIIIVPPPPC", "02IIIIVWWWWWC"):
        in_store.InStore(pattern).facts_of(digits)


def _gs1(data: bytes) -> None:
    text = _text(data)
    gs1.facts_of(gs1.elements_of_link(text) if "://" in text else gs1.elements_of(text), TODAY)


_VALUES = (bytes(range(0, 250, 3)), bytes(range(200)), bytes([1, 3, 5, 6] * 20), bytes([8, 1, 0, 2, 200, 7, 7, 1, 9] * 12))
_ROUTE = b"Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\n" + b"eth0\t00000000\t010200C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n"
_WEB = b"https://a.example/01/06901234567892/10/AB?17=261231"

OF_KINDS: dict[str, Decoder] = {
    "card_numbers": Decoder(module=_D + "card_reader", make=_cards, valid=(b"0012345678", b"\x021A2B3C4D70\r\n", b"00000000075BCD15")),
    "gs1": Decoder(
        module=_D + "gs1",
        make=lambda: _gs1,
        valid=(b"010690123456789217261231\x1d3103001250", b"10AB\x1d21X", _WEB),
        refuses=(gs1.NotGs1,),
    ),
    "in_store": Decoder(module=_D + "in_store", make=lambda: _in_store, valid=(b"2112345012505", b"2212345912340")),
    "zvt": Decoder(module=_D + "card_terminal.zvt", make=lambda: _zvt, valid=(*PLAIN, _STATUS, _BLOCK), refuses=(zvt.NotZvt,)),
    "zvt_plain": Decoder(module=_D + "card_terminal.wire", make=_wire(wire.Plain), valid=PLAIN, refuses=(zvt.NotZvt,)),
    "zvt_serial": Decoder(
        module=_D + "card_terminal.wire", make=_wire(wire.Serial), valid=(*FRAMED, b"\x06", b"\x15"), refuses=(zvt.NotZvt,)
    ),
    "terminal_told": Decoder(module=_D + "card_terminal.told", make=lambda: _transaction, valid=(_STATUS, _BLOCK, b"\x6c")),
    "terminal_receipt": Decoder(module=_D + "card_terminal.receipt", make=lambda: _transaction, valid=(_BLOCK, b"\xff\x02", b"\x00Summe")),
    "terminal_unasked": Decoder(module=_D + "card_terminal", make=_terminal, valid=(_STATUS, b"\x0a\x01")),
    "http_reply": Decoder(
        module=_D + "office_printer.http",
        make=_reply,
        valid=(*ANSWERED, _CHUNKED, b"HTTP/1.1 100 Continue\r\n\r\n"),
        refuses=(http.NotHttp,),
    ),
    "ipp_answer": Decoder(
        module=_D + "office_printer.ipp",
        make=lambda: _ipp_answer,
        valid=tuple(said.partition(b"\r\n\r\n")[2] for said in ANSWERED),
        refuses=(ipp.NotIpp,),
    ),
    "ipp_shown": Decoder(
        module=_D + "office_printer.shown",
        make=lambda: _ipp_answer,
        valid=(ANSWERED[0].partition(b"\r\n\r\n")[2],),
        refuses=(ipp.NotIpp,),
    ),
    "ups_mib": Decoder(module=_D + "ups.mib", make=lambda: _ups, valid=_VALUES),
    "gear_around": Decoder(module=_D + "network_gear.around", make=lambda: _around, valid=_VALUES),
    "gear_wifi": Decoder(
        module=_D + "network_gear.wifi",
        make=lambda: lambda data: at_once(wifi.read_wifi(_Agent(data), f"1.3.6.1.4.1.{_text(data[:6])}")),  # type: ignore[arg-type]
        valid=(b"14823.", b"25506.1" + bytes(range(90)), *_VALUES),
    ),
    "internet_files": Decoder(module=_D + "internet", make=lambda: _routes, valid=(_ROUTE, b"nameserver 192.0.2.1\n")),
    "internet_names": Decoder(
        module=_D + "internet",
        make=lambda: lambda data: internet.answers_it(data, 7),
        valid=(b"\0\7\x81\x83" + internet.question(7, "a.example")[4:],),
    ),
}
