"""The decoders of things on the broker, of keyboards, and of what the network tells."""

from __future__ import annotations

import json
import struct
from types import SimpleNamespace
from typing import Any

from devices import announced, keyboard, lean_mqtt, templates
from devices.drivers.sensor import Sensor, SensorProfile
from devices.network import services, tables
from devices.simulators.third_parties import Plug
from devices.things import ThingBox, Things
from hub.clock import Clock
from hub.mqtt import Broker
from tests.devices.decoder import Decoder, Take

_D = "devices.drivers."


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


class Nowhere:
    """A simulated thing's line to no broker."""

    async def connect(self, will: tuple[str, str], topics: tuple[str, ...], heard: Any) -> None:
        """It is not there."""

    def publish(self, topic: str, payload: str, *, retain: bool = False) -> None:
        """Nobody hears."""

    async def vanish(self) -> None:
        """It never was there."""


_PLUG = Plug("fuzzed", Nowhere())
_CONFIGS = {topic: json.dumps(said).encode() for topic, said in _PLUG._configs().items()}
_TOLD = {topic: json.dumps(said).encode() for topic, said in _PLUG._told().items()}


def _config(data: bytes) -> None:
    announced.joined([announced.read_config(next(iter(_CONFIGS)), data)])


def _exchange() -> Take:
    things = Things(SimpleNamespace(connected=False))  # type: ignore[arg-type]
    topics = [topic.encode() for topic in _CONFIGS]

    def take(data: bytes) -> None:
        things._came(topics[len(data) % len(topics)], data, True)
        things._came(b"homeassistant/" + data[:40], data[40:], True)
        things.announced()

    return take


def _sensor() -> Take:
    entities = announced.joined([announced.read_config(*config) for config in _CONFIGS.items()]).entities
    topics = [*_TOLD, *(one.topic for entity in entities for one in entity.presence)]
    driver = Sensor(SensorProfile(entities=entities), ThingBox("fuzzed"), Clock())

    def take(data: bytes) -> None:
        for topic in topics:
            driver.heard(topic, data, len(data) % 2 == 0)
        assert len(driver._known.values) <= announced.ENTITIES_MAX
        assert set(driver._known.raw) <= set(topics)

    return take


def _template(data: bytes) -> None:
    template, _, payload = data.partition(b"\n")
    templates.last_name(_text(template))
    read = templates.reader(_text(template))
    said = read(_text(payload), lambda: templates.document(payload))
    if said is not templates.MISSING:
        templates.as_word(said)
        templates.as_number(said)


def _mqtt() -> Take:
    lean = lean_mqtt.LeanMqtt(Broker(host="", port=0, tls=False, user="", password=""), "fuzzed")
    line = lean_mqtt._Line(lean._took)

    def take(data: bytes) -> None:
        line.get_buffer(0)[: len(data)] = data
        line.buffer_updated(len(data))
        assert len(line._rest) <= lean_mqtt.PACKET_MAX + 5

    return take


def _service(data: bytes) -> None:
    words = _text(data).split("\n")
    txt = dict(word.partition("=")[::2] for word in words[3:])
    for kind in services.TYPES:
        said = services.Said(type=kind, name=words[0], host="h", address=words[-1], port=len(data), txt=txt)
        services.candidates_of([said, said])


def _pressed(*keys: int) -> bytes:
    return b"".join(struct.pack("@qqHHi", 0, 0, 1, key, down) + struct.pack("@qqHHi", 0, 0, 0, 0, 0) for key in keys for down in (1, 0))


_MQTT = (
    b"\x30\x07\x00\x01a{\x22x}",
    b"\x90\x03\x00\x01\x80",
    b"\xd0\x00",
    b"\x20\x02\x00\x05",
    lean_mqtt._packet(0x30, b"\x00\x01a" + 300 * b"x"),
)
_ARP = b"IP address HW type Flags HW address Mask Device\n192.0.2.1 0x1 0x2 00:26:ab:01:02:03 * eth0\n"

OF_THINGS: dict[str, Decoder] = {
    "sensor_messages": Decoder(module=_D + "sensor", make=_sensor, valid=(*_TOLD.values(), b"Online", b"Offline")),
    "announced": Decoder(module="devices.announced", make=lambda: _config, valid=tuple(_CONFIGS.values()), refuses=(announced.Garbage,)),
    "things": Decoder(module="devices.things", make=_exchange, valid=(*_CONFIGS.values(), b"")),
    "templates": Decoder(
        module="devices.templates",
        make=lambda: _template,
        valid=(
            b"{{ value_json.a['b'][0] | float | round(1) }}\n" + b'{"a": {"b": [1.25]}}',
            b"{{ iif(value_json.open, 'ON', 'OFF') }}\n" + b'{"open": true}',
            b"{% if value_json.a == 'x' %}ON{% else %}OFF{% endif %}\n" + b'{"a": "x"}',
        ),
        refuses=(templates.NotUnderstood,),
    ),
    "lean_mqtt": Decoder(module="devices.lean_mqtt", make=_mqtt, valid=_MQTT),
    "keyboard": Decoder(
        module="devices.keyboard",
        make=lambda: keyboard.Keys().feed,
        valid=(_pressed(7, 8, 28), _pressed(42, 30, 28), _pressed(56, 82, 80, 73), struct.pack("@qqHHi", 0, 0, 0, 3, 0)),
    ),
    "arp": Decoder(module="devices.network.tables", make=lambda: lambda data: tables.arp(_text(data)), valid=(_ARP,)),
    "leases": Decoder(
        module="devices.network.tables",
        make=lambda: lambda data: tables.leases(_text(data), 1.0),
        valid=(b"1767225600 00:26:ab:01:02:03 192.0.2.7 printer 01:00\n", b"0 00:26:ab:01:02:03 192.0.2.8 * *\n"),
    ),
    "services": Decoder(
        module="devices.network.services",
        make=lambda: _service,
        valid=(b"HP Laser\nrp=ipp/print\nx\nty=HP\nuuid=5d3c1a52-0000-4000-8000-51a11a7ed001\n192.0.2.7",),
    ),
}
