"""The decoders of the simulators that came with those kinds."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from devices.drivers.card_terminal import wire
from devices.drivers.internet import question
from devices.drivers.office_printer import http, ipp
from devices.simulators import ipp_language, paged, terminal_language
from devices.simulators.card_terminal import TerminalSim
from devices.simulators.internet import InternetSim
from devices.simulators.office_printer import OfficePrinterSim
from devices.simulators.terminal_language import Said, SerialEars, TcpEars, amount, two
from devices.simulators.third_parties import Plug
from tests.devices.decoder import Decoder, Take
from tests.devices.decoders_of_kinds import ASKED, FRAMED, PLAIN, asked_of, at_once
from tests.devices.decoders_of_things import Nowhere
from tests.devices.memory_wire import MemoryEnd

_S = "devices.simulators."


def _ears(*, serial: bool) -> Callable[[], Take]:
    def ignore(_: object) -> None:
        """Nobody does anything."""

    return lambda: (SerialEars(ignore, ignore, ignore) if serial else TcpEars(ignore)).feed


def _terminal_sim() -> Take:
    sim = TerminalSim.on_tcp("fuzzed")
    sim.end = MemoryEnd(lambda _: None)  # type: ignore[assignment]
    sim.ack_wait_s = 0

    def take(data: bytes) -> None:
        for control in ("0600", "0501", "0601", "0630", "0650", "0620", "ffff"):
            at_once(sim._carry_out(Said(control, data)))

    return take


def _posts() -> Take:
    reader = ipp_language.PostReader()
    return lambda data: list(reader.bodies(data))


def _office_sim() -> Take:
    sim = OfficePrinterSim.on_tcp("fuzzed")
    sim.end.send = lambda _: True  # type: ignore[method-assign,assignment]
    return sim._hear


def _thing() -> Take:
    sim = Plug("fuzzed", Nowhere())
    sim.plugged = True
    return lambda data: sim._heard("cmnd/sim-tasmota/fuzzed/POWER", data)


def _internet_sim() -> Take:
    sim = InternetSim("fuzzed", Path("/nonexistent"))

    def take(data: bytes) -> None:
        sim._asked(data, ("127.0.0.1", 1))
        sim._echo(sim._far, data, ("127.0.0.1", 1), beyond=True)

    return take


def _jpeg() -> bytes:
    out = io.BytesIO()
    Image.new("L", (8, 8), 90).save(out, "JPEG")
    return out.getvalue()


TILL = tuple(wire.framed(plain) for plain in (b"\x06\x01\x0a" + amount(5) + two(0x49, 978), b"\x06\x20\x03\0\0\0"))
_PDF = (
    b"%PDF-1.4\n/Type /Page /MediaBox [0 0 595 842]\n170 0 0 255 20 20 cm\n"
    b"<</Subtype /Image /Width 8/Height 2/Decode[1 0]/Filter /FlateDecode>>\nstream\n"
    + bytes.fromhex("789c63680000820081")
    + b"\nendstream"
)
_STRANGE = (asked_of(ipp.Op.GET_JOBS, (ipp.KEYWORD, "limit", ["5"])), asked_of(ipp.Op.GET_JOBS, (ipp.INTEGER, "which-jobs", [1])))

OF_SIMULATORS: dict[str, Decoder] = {
    "sim_zvt_tcp": Decoder(module=_S + "terminal_language", make=_ears(serial=False), valid=PLAIN),
    "sim_zvt_serial": Decoder(module=_S + "terminal_language", make=_ears(serial=True), valid=(*TILL, *FRAMED)),
    "sim_zvt_fields": Decoder(
        module=_S + "terminal_language", make=lambda: terminal_language.asked, valid=(amount(5) + two(0x49, 978), b"\x87\0\7")
    ),
    "sim_terminal": Decoder(
        module=_S + "card_terminal", make=_terminal_sim, valid=(amount(5) + two(0x49, 978), b"\0\0\0\x87\0\1", b"\0\0\0\x9e")
    ),
    "sim_ipp_posts": Decoder(
        module=_S + "ipp_language",
        make=_posts,
        valid=tuple(http.post("h", "/ipp/print", len(body)) + body for body in ASKED),
    ),
    "sim_ipp": Decoder(module=_S + "ipp_language", make=lambda: ipp_language.read, valid=ASKED),
    "sim_office_printer": Decoder(module=_S + "office_printer", make=_office_sim, valid=(*ASKED, *_STRANGE)),
    "sim_pages": Decoder(module=_S + "paged", make=lambda: lambda data: paged.sheet("application/pdf", data), valid=(_PDF,)),
    "sim_pictures": Decoder(module=_S + "paged", make=lambda: lambda data: paged.sheet("image/jpeg", data), valid=(_jpeg(),)),
    "sim_internet": Decoder(module=_S + "internet", make=_internet_sim, valid=(question(7, "a.example"),)),
    "sim_thing": Decoder(module=_S + "things", make=_thing, valid=(b"ON", b"OFF")),
    "sim_plug": Decoder(module=_S + "third_parties", make=_thing, valid=(b"ON", b"OFF")),
}
