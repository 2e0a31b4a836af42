"""Every decoder of the device host and of its simulators: what is fed to it, and which errors are its own way to refuse.

A module of drivers or simulators that is neither in DECODERS nor in NO_DECODER fails `test_fuzz.py`: a new kind must join.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any

from pydantic import ValidationError

from devices.drivers import hub_board, scale
from devices.drivers.codes import NotACode, read_code
from devices.drivers.label_printer import tspl, zpl
from devices.drivers.label_printer.language import NotAStatus
from devices.drivers.listening import FRAME_MAX, Framer
from devices.drivers.network_gear.change import error_status, set_request
from devices.drivers.receipt_printer.status import BLOCK_MAX, KEPT_MAX, Demux
from devices.drivers.snmp.values import text
from devices.drivers.ups.nut import Answer, NotALine, Refused, TooMuch, words
from devices.errors import BadAddress
from devices.messages import Adopt, Beat, Change
from devices.simulators import snmp_agent
from devices.simulators.customer_display import DisplaySim
from devices.simulators.label_printer import LabelPrinterSim
from devices.simulators.network_gear import NetworkGearSim
from devices.simulators.paper_language import acts_of, as_text
from devices.simulators.receipt_printer import PrinterSim
from devices.simulators.scale import ScaleSim
from devices.simulators.ups import UpsSim
from devices.topics import Topics
from devices.transport import Address
from hub.ports import Command
from tests.devices.decoder import Decoder, Take
from tests.devices.decoders_of_kinds import OF_KINDS
from tests.devices.decoders_of_simulators import OF_SIMULATORS
from tests.devices.decoders_of_things import OF_THINGS
from tests.devices.memory_wire import MemoryEnd

TODAY = date(2026, 3, 1)
NO_DECODER = {  # module -> why
    "devices.drivers": "the table of kinds",
    "devices.drivers.card_terminal.codes": "a table",
    "devices.drivers.card_terminal.dialogue": "who speaks when: its bytes go through wire and zvt",
    "devices.drivers.customer_display": "a display answers nothing",
    "devices.drivers.drawing": "draws",
    "devices.drivers.label_printer": "names",
    "devices.drivers.label_printer.driver": "its bytes go through zpl and tspl",
    "devices.drivers.label_printer.label": "a document",
    "devices.drivers.label_printer.language": "a contract",
    "devices.drivers.lettering": "sets text",
    "devices.drivers.network_gear": "rows, by ports",
    "devices.drivers.network_gear.ports": "rows of a library; its texts go through snmp.values",
    "devices.drivers.network_gear.profile": "settings",
    "devices.drivers.office_printer": "names",
    "devices.drivers.office_printer.driver": "its bytes go through http and ipp",
    "devices.drivers.office_printer.pages": "sets pages",
    "devices.drivers.office_printer.profile": "settings",
    "devices.drivers.office_printer.talk": "who speaks when: its bytes go through http and ipp",
    "devices.drivers.presence": "beats, by messages",
    "devices.drivers.receipt_printer": "names",
    "devices.drivers.receipt_printer.drawer": "levels, by status",
    "devices.drivers.receipt_printer.driver": "its bytes go through status",
    "devices.drivers.receipt_printer.escpos": "writes bytes",
    "devices.drivers.receipt_printer.layout": "sets text",
    "devices.drivers.receipt_printer.profile": "settings",
    "devices.drivers.scanner": "its bytes go through listening and codes",
    "devices.drivers.sensor.availability": "its words go through sensor",
    "devices.drivers.snmp": "names",
    "devices.drivers.snmp.agent": "its bytes go through a library, what that makes of them through snmp.values, ups.mib and network_gear",
    "devices.drivers.snmp.profile": "settings",
    "devices.drivers.ups": "its bytes go through nut, its rows through mib",
    "devices.drivers.ups.reading": "a contract",
    "devices.simulators": "names",
    "devices.simulators.bench": "an HTTP API with models",
    "devices.simulators.card_reader": "sends",
    "devices.simulators.characters": "its bytes go through paper_language and customer_display",
    "devices.simulators.hub_board": "writes files",
    "devices.simulators.ipp_told": "tells",
    "devices.simulators.keys": "types",
    "devices.simulators.mqtt_line": "its bytes go through a library, its messages through things",
    "devices.simulators.on_snmp": "its bytes go through snmp_agent, by network_gear",
    "devices.simulators.on_wire": "a base class",
    "devices.simulators.paper": "draws what paper_language understood",
    "devices.simulators.presence": "sends",
    "devices.simulators.scanner": "sends",
    "devices.simulators.shelf": "keeps what it wrote itself",
    "devices.simulators.terminal_wire": "its bytes go through terminal_language",
    "devices.simulators.ups_agent": "a tree of values, asked through snmp_agent",
    "devices.simulators.verbs": "models",
    "devices.simulators.wire": "passes on; LineServer cuts lines, by ups",
}


def _demux() -> Take:
    heard = Demux()

    def take(data: bytes) -> None:
        heard.feed(data)
        assert max(len(heard.realtime), len(heard.sensor), len(heard.blocks)) <= KEPT_MAX
        assert all(len(block) <= BLOCK_MAX for block in heard.blocks)

    return take


def _framer() -> Take:
    framer = Framer()

    def take(data: bytes) -> None:
        for frame in framer.feed(data):
            assert 0 < len(frame) <= FRAME_MAX

    return take


def _nut() -> Take:
    answers = [Answer("VAR ups")]

    def take(data: bytes) -> None:
        try:
            answers[0].take(data)
        except (Refused, TooMuch):
            answers[0] = Answer("VAR ups")

    return take


def _words_of_lines(data: bytes) -> None:
    for line in data.split(b"\n"):
        words(line)


class _Board:
    """The files of a board, every one of them the same bytes."""

    def __init__(self, data: bytes) -> None:
        self._text = data.decode("utf-8", "replace")

    def has(self, _name: str) -> bool:
        return True

    def text(self, _name: str) -> str:
        return self._text

    first = text

    def free_bytes(self) -> int:
        return 0


def _simulated(sim: Any) -> Callable[[], Take]:
    def make() -> Take:
        made = sim()
        made.end = MemoryEnd(lambda _: None)
        return made.received  # type: ignore[no-any-return]

    return make


def _gear() -> Take:
    sim = NetworkGearSim.on_udp("fuzzed")
    return lambda data: sim.received(data, ("127.0.0.1", 1))


def _paper(data: bytes) -> None:
    for act in acts_of(data):
        as_text(act)


def _model(form: Any) -> Take:
    return form.model_validate_json  # type: ignore[no-any-return]


def _question(kind: int, *oids: str, first: int = 0, second: int = 0) -> bytes:
    """An SNMP v2c question, by the simulator's own encoder."""
    names = (snmp_agent.object_id(tuple(map(int, oid.split(".")))) for oid in oids)
    bindings = b"".join(snmp_agent.tlv(snmp_agent.SEQUENCE, name + snmp_agent.tlv(snmp_agent.NULL, b"")) for name in names)
    pdu = b"".join(
        (snmp_agent.number(7), snmp_agent.number(first), snmp_agent.number(second), snmp_agent.tlv(snmp_agent.SEQUENCE, bindings))
    )
    return snmp_agent.tlv(snmp_agent.SEQUENCE, snmp_agent.number(1) + snmp_agent.octets("public") + snmp_agent.tlv(kind, pdu))


_RECEIPT = b"\x1b@\x1ba\x01\x1d!\x11" + "春风".encode("gbk") + b"\n\x1c&" + "合计".encode("gbk") + b"\x1c.\n\x1dk\x43\x0d6901234567892"
_QR = b"\x1d(k\x04\x001A2\x00\x1d(k\x06\x001P0abc\x1d(k\x03\x001Q0\x1dV\x42\x00\x1dr\x01\x10\x04\x02\x1bp\x00\x32\x32\x1dv0\x00\x02\x00\x02\x00abcd"
_HS = b"\x02030,0,0,0320,000,0,0,0,000,0,0,0\x03\r\n\x02000,0,0,0,1,2,6,0,00000000,1,000\x03\r\n\x021234,0\x03\r\n"
_ZPL = (
    b"^XA^CI0^MNY^PW480^LL320^LH0,0^FO10,10^ADN,18,10^FH_^FDhello_2C^FS^FO10,60^BY2^BEN,80,Y,N^FD690123456789^FS^PQ2^XZ\r\n",
    b"^XA^FO0,0^GFA,4,4,2,FFFF0000^FS^FO1,1^BQN,2,5^FDQA,abc^FS^XZ",
    b"~HS",
    b"~HI~JX",
)
_TSPL = (
    b'\r\nSIZE 60 mm,40 mm\r\nGAP 2 mm,0 mm\r\nDIRECTION 1\r\nCLS\r\nTEXT 1,2,"2",0,1,1,"hi"\r\nBARCODE 1,1,"EAN13",80,1,0,2,2,"6901234567892"\r\n',
    b"BITMAP 0,0,2,2,0,abcd\r\nPRINT 1,2\r\n",
    b"\x1b!?",
)
_NUT = (
    b'BEGIN LIST VAR ups\nVAR ups ups.status "OL CHRG"\nVAR ups ups.model "650 \\"desk\\""\nEND LIST VAR ups\n',
    b"ERR DATA-STALE\n",
    b"BEGIN LIST UPS\nEND LIST UPS\n",
)
_COMMAND = json.dumps(
    {"id": "01a2031e-faa1-75d5-8170-89cae5b39610", "args": {"x": [1, {"y": None}]}, "deadline": "2026-03-01T00:00:00+00:00"}
)
_BEAT = json.dumps({"page": "kiosk", "version": "1", "visible": True, "session": "a"})
_ADOPT = json.dumps({"kind": "scale", "name": "s", "address": "socket://127.0.0.1:1", "roles": ["a"], "profile": {"dialect": "cas"}})
_BOARD = (b"MemAvailable: 61000 kB\n", b"/dev/root / ext4 ro,noatime 0 0\n", b"0x0a 0x09\n", b"50005\n", b"86400.12 17.0\n")
_BULK = _question(0xA5, "1.3.6.1.2.1.2.2.1.3", second=20)
_SNMP = (
    _question(0xA0, "1.3.6.1.2.1.1.1.0"),
    _question(0xA1, "1.3.6.1.2.1.2.2.1.3"),
    _BULK,
    set_request(b"public", 9, "1.3.6.1.2.1.105.1.1.1.3.1.1", 2),
)

_D = "devices.drivers."
_S = "devices.simulators."
DECODERS: dict[str, Decoder] = {
    "printer_status": Decoder(
        module=_D + "receipt_printer.status", make=_demux, valid=(b"\x12\x12\x12", b"\x18\0\x0f\0", b"\0", b"_SIM\0")
    ),
    "scanner_frames": Decoder(module=_D + "listening", make=_framer, valid=(b"6901234567892\r\n", b"]C10106901234567892\r", b"M1\0")),
    "codes": Decoder(
        module=_D + "codes",
        make=lambda: lambda data: read_code(data, TODAY),
        valid=(b"6901234567892", b"]E06901234567892", b"]C1010690123456789217261231\x1d21A", b"https://a.example/1", "会员".encode()),
        refuses=(NotACode,),
    ),
    "scale_toledo": Decoder(
        module=_D + "scale",
        make=lambda: scale.toledo,
        valid=(b"\x0201.250\r", b"\x02?\x01\r", b"\x0200.000N\r"),
        refuses=(scale.NotAWeight,),
    ),
    "scale_sics": Decoder(
        module=_D + "scale",
        make=lambda: scale.sics,
        valid=(b"S S    100.5 g\r\n", b"S D  -1 kg\r\n", b"S +\r\n"),
        refuses=(scale.NotAWeight,),
    ),
    "scale_cas": Decoder(
        module=_D + "scale",
        make=lambda: scale.cas,
        valid=(b"\x01\x02S 01.250kg\x5d\x03\x04", b"\x01\x02U-00.100kg\x40\x03\x04"),
        refuses=(scale.NotAWeight,),
    ),
    "nut_answer": Decoder(module=_D + "ups.nut", make=_nut, valid=_NUT),
    "nut_words": Decoder(module=_D + "ups.nut", make=lambda: _words_of_lines, valid=_NUT, refuses=(NotALine,)),
    "zpl_status": Decoder(module=_D + "label_printer.zpl", make=lambda: zpl.status, valid=(_HS,), refuses=(NotAStatus,)),
    "zpl_name": Decoder(module=_D + "label_printer.zpl", make=lambda: zpl.name, valid=(b"\x02ZD420,V1,8,8192KB\x03\r\n",)),
    "tspl_status": Decoder(module=_D + "label_printer.tspl", make=lambda: tspl.status, valid=(b"\0", b"\x20"), refuses=(NotAStatus,)),
    "snmp_set_answer": Decoder(
        module=_D + "network_gear.change",
        make=lambda: lambda data: error_status(data, 9),
        valid=(bytes.fromhex("302b020101") + b"\x04\x06public\xa2\x1e\x02\x01\x09\x02\x01\x00\x02\x01\x000\x13", *_SNMP),
    ),
    "snmp_text": Decoder(module=_D + "snmp.values", make=lambda: text, valid=(b"GigabitEthernet1/0/1\r\n ", "椅位".encode("gbk"))),
    "board_files": Decoder(module=_D + "hub_board", make=lambda: lambda data: hub_board.read(_Board(data)), valid=_BOARD),  # type: ignore[arg-type]
    "sim_receipt_printer": Decoder(
        module=_S + "receipt_printer",
        make=_simulated(lambda: PrinterSim.on_tcp("fuzzed")),
        valid=(_RECEIPT, _QR, b"\x10\x04\x01", b"\x1da\xff"),
    ),
    "sim_paper": Decoder(module=_S + "paper_language", make=lambda: _paper, valid=(_RECEIPT, _QR)),
    "sim_zpl": Decoder(module=_S + "label_language", make=_simulated(lambda: LabelPrinterSim.on_tcp("fuzzed")), valid=_ZPL),
    "sim_tspl": Decoder(
        module=_S + "label_printer", make=_simulated(lambda: LabelPrinterSim.on_tcp("fuzzed", language="tspl")), valid=_TSPL
    ),
    "sim_display_escpos": Decoder(
        module=_S + "customer_display",
        make=_simulated(lambda: DisplaySim.on_tcp("fuzzed")),
        valid=(b"\x1b@\x0c", b"\x1bt\0\x1f$\x01\x01", "合计".encode("gbk")),
    ),
    "sim_display_cd5220": Decoder(
        module=_S + "customer_display",
        make=_simulated(lambda: DisplaySim.on_tcp("fuzzed", dialect="cd5220")),
        valid=(b"\x1bQAab\r\x1bQBcd\r", b"\x0c"),
    ),
    "sim_scale_toledo": Decoder(module=_S + "scale", make=_simulated(lambda: ScaleSim.on_tcp("fuzzed")), valid=(b"W", b"WW")),
    "sim_scale_sics": Decoder(
        module=_S + "scale", make=_simulated(lambda: ScaleSim.on_tcp("fuzzed", dialect="mt_sics")), valid=(b"SI\r\n", b"I2\r\n")
    ),
    "sim_scale_cas": Decoder(
        module=_S + "scale", make=_simulated(lambda: ScaleSim.on_tcp("fuzzed", dialect="cas")), valid=(b"\x05", b"\x11")
    ),
    "sim_ups": Decoder(
        module=_S + "ups",
        make=lambda: UpsSim("fuzzed")._hear,
        valid=(b"LIST VAR ups", b"LIST UPS", b"GET VAR ups ups.status", b"VER", b'GET UPSDESC "ups"'),
    ),
    "sim_snmp": Decoder(module=_S + "network_gear", make=_gear, valid=_SNMP),
    "sim_snmp_request": Decoder(
        module=_S + "snmp_agent", make=lambda: snmp_agent.Request.read, valid=_SNMP, refuses=(snmp_agent.Malformed,)
    ),
    "mqtt_command": Decoder(module="devices.host", make=lambda: _model(Command), valid=(_COMMAND.encode(),), refuses=(ValidationError,)),
    "mqtt_beat": Decoder(module="devices.messages", make=lambda: _model(Beat), valid=(_BEAT.encode(),), refuses=(ValidationError,)),
    "mqtt_adopt": Decoder(module="devices.messages", make=lambda: _model(Adopt), valid=(_ADOPT.encode(),), refuses=(ValidationError,)),
    "mqtt_change": Decoder(module="devices.messages", make=lambda: _model(Change), valid=(_ADOPT.encode(),), refuses=(ValidationError,)),
    "mqtt_topic": Decoder(
        module="devices.topics",
        make=lambda: lambda data: Topics("s1", "h1").route(data.decode("utf-8", "replace")),
        valid=(b"store/s1/dev/d/do/print", b"store/s1/screen/kiosk-1/beat"),
    ),
    "address": Decoder(
        module="devices.transport",
        make=lambda: lambda data: Address.parse(data.decode("utf-8", "replace")),
        valid=(b"tcp://127.0.0.1:9100?shared=1", b"serial:///dev/x?baud=9600", b"screen://k"),
        refuses=(BadAddress,),
    ),
    **OF_KINDS,
    **OF_THINGS,
    **OF_SIMULATORS,
}
