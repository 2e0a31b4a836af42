"""What third parties announce and say: every form really used is read, anything else is named or counted, and nothing is run."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.announced import CONFIG_BYTES_MAX, ENTITIES_MAX, UID, Garbage, Presence, Thing, joined, read_config
from devices.lean_mqtt import PACKET_MAX, NotMqtt, packets
from devices.templates import MISSING, NotUnderstood, as_number, document, reader
from devices.things import CONFIGS_MAX
from devices.transport import Address
from tests.devices.test_fuzz import JSON
from tests.devices.things_rig import InProcess

DOC = {"a": {"b": [1, {"c": 2.345}], "on": True}, "state": "ON", "n": "7", "x y": 3, "no": None}


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("", json.dumps(DOC)),
        ("{{ value_json.state }}", "ON"),
        ("{{value_json.state}}", "ON"),
        ("{{ value_json['state'] }}", "ON"),
        ('{{ value_json["x y"] }}', 3),
        ("{{ value_json.a.b[1].c }}", 2.345),
        ("{{ value_json['a'].b[0] }}", 1),
        ("{{- value_json.a.on -}}", True),
        ("{{ value_json.n | float }}", 7.0),
        ("{{ value_json.n|int }}", 7),
        ("{{ value_json.a.b[1].c | round(1) }}", 2.3),
        ("{{ value_json.a.b[1].c | float(0) | round(2) }}", 2.35),
        ("{{ value_json.state | is_defined }}", "ON"),
        ("{{ value_json.gone | default('OFF') }}", "OFF"),
        ("{{ value_json.gone | default(3) }}", 3.0),
        ("{{ value_json.gone | float(0) }}", MISSING),
        ("{{ value_json.gone.further }}", MISSING),
        ("{{ value_json.state.further }}", MISSING),
        ("{{ value_json.state | float }}", MISSING),
        ("{{ value_json.no }}", None),
        ("{{ iif(value_json.a.on, 'ON', 'OFF') }}", "ON"),
        ("{{ iif(value_json.state == 'OFF', 'open', 'closed') }}", "closed"),
        ("{% if value_json.a.on %}1{% else %}0{% endif %}", "1"),
        ("{%- if value_json.state != 'ON' -%} yes {%- else -%} no {%- endif -%}", "no"),
        ("{% if value_json.gone %}1{% else %}0{% endif %}", MISSING),
    ],
)
def test_the_forms_really_used_are_read(template: str, value: Any) -> None:
    payload = json.dumps(DOC)
    found = reader(template)(payload, lambda: document(payload.encode()))
    assert found is MISSING if value is MISSING else found == value


@pytest.mark.parametrize(
    "template",
    [
        "{{ value_json.a + 1 }}",
        "{{ states('sensor.x') }}",
        "{{ value_json.__class__.__mro__ | join }}",
        "{{ ''.__class__ }}",
        "{% for x in range(10**9) %}{% endfor %}",
        "{{ value_json.a }} {{ value_json.b }}",
        "{{ value_json.a | regex_replace('a','b') }}",
        "{{ value_json[value_json.a] }}",
        "{% set x = 1 %}{{ x }}",
        "{{ value_json" + ".a" * 9 + " }}",
        "{{ value_json.a }}" + " " * 500,
        "plain",
    ],
)
def test_anything_else_is_not_understood(template: str) -> None:
    with pytest.raises(NotUnderstood):
        reader(template)


@given(st.text(max_size=60) | st.text(alphabet="{}%| value_json.abc['\"]()=!iif,0123else", max_size=120), st.binary(max_size=60))
def test_any_template_reads_any_message_or_is_refused(template: str, payload: bytes) -> None:
    try:
        read = reader(template)
    except NotUnderstood:
        return
    read(payload.decode("utf-8", "replace"), lambda: document(payload))


@pytest.mark.parametrize(
    ("said", "number"),
    [(1, 1), ("21.50", 21.5), (True, None), ("nan", None), ("inf", None), (1e300, None), ("", None), ([1], None), ("1" * 400, None)],
)
def test_a_number_is_finite_and_of_this_world(said: Any, number: float | None) -> None:
    assert as_number(said) == number


def announced(config: Any, topic: str = "homeassistant/sensor/x/config") -> Thing:
    return read_config(topic, json.dumps(config).encode())


def test_abbreviations_and_the_base_topic_mean_the_long_names() -> None:
    short = {"~": "home/x", "stat_t": "~/state", "avty_t": "lwt/~", "uniq_id": "u", "dev": {"ids": ["d1"], "mdl": "M"}, "exp_aft": 30}
    thing = announced(short)
    [entity] = thing.entities
    assert (thing.uid, thing.model) == ("d1", "M")
    assert (entity.state_topic, entity.presence, entity.expire_s) == ("home/x/state", (Presence(topic="lwt/home/x"),), 30)


def test_a_whole_device_is_announced_at_once_and_one_part_taken_away() -> None:
    config = {
        "dev": {"ids": "d2", "name": "Basin"},
        "o": {"name": "bridge"},
        "stat_t": "b/state",
        "cmps": {
            "t": {"p": "sensor", "dev_cla": "temperature", "val_tpl": "{{ value_json.t }}", "uniq_id": "t"},
            "w": {"p": "binary_sensor", "dev_cla": "moisture", "val_tpl": "{{ value_json.w }}", "uniq_id": "w"},
            "old": {"p": "sensor"},
            "odd": {"p": "climate", "uniq_id": "c", "name": "Heater"},
        },
    }
    thing = announced(config, "homeassistant/device/basin/config")
    assert [(e.name, e.state_topic) for e in thing.entities] == [("temperature", "b/state"), ("water", "b/state")]
    assert thing.not_understood == ("Heater",)


def test_parts_of_one_device_are_one_thing_and_readings_of_one_name_are_numbered() -> None:
    broker = InProcess()
    for n in range(3):
        config = {"dev": {"ids": ["strip"]}, "stat_t": f"s/{n}", "cmd_t": f"s/{n}/set", "uniq_id": f"o{n}"}
        broker.host.publish(f"homeassistant/switch/strip/{n}/config", json.dumps(config).encode())
    [thing] = broker.things.announced()
    assert [e.name for e in thing.entities] == ["switch", "switch_2", "switch_3"]
    broker.host.publish("homeassistant/switch/strip/1/config", b"")
    assert len(broker.things.announced()[0].entities) == 2


@pytest.mark.parametrize(
    "topic", ["store/s1/dev/p1/do/print", "homeassistant/status", "$SYS/x", "a/+", "a/#", "a b", "a\x00", "", 7, "x" * 201]
)
def test_a_topic_that_is_not_a_thing_s_own_is_never_listened_to_or_spoken_on(topic: Any) -> None:
    for name in ("stat_t", "cmd_t", "avty_t"):
        config = {"stat_t": "s", "cmd_t": "s/set", "uniq_id": "u", name: topic}
        thing = read_config("homeassistant/switch/x/config", json.dumps(config).encode())
        assert thing.entities == ()
        assert thing.not_understood != ()


@pytest.mark.parametrize(
    ("topic", "payload", "why"),
    [
        ("homeassistant/sensor/x/config", b"x" * (CONFIG_BYTES_MAX + 1), "size"),
        ("homeassistant/sensor/x/config", b"{", "json"),
        ("homeassistant/sensor/x/config", b"[]", "json"),
        ("homeassistant/sensor/x/state", b"{}", "topic"),
        ("homeassistant/sensor/config", b"{}", "topic"),
        ("other/sensor/x/config", b"{}", "topic"),
    ],
)
def test_what_is_no_announcement_is_named(topic: str, payload: bytes, why: str) -> None:
    with pytest.raises(Garbage, match=why):
        read_config(topic, payload)


def test_the_number_of_announcements_and_of_their_parts_has_a_limit() -> None:
    broker = InProcess()
    cmps = {str(n): {"p": "sensor", "stat_t": f"t/{n}", "uniq_id": str(n)} for n in range(500)}
    broker.host.publish("homeassistant/device/big/config", json.dumps({"dev": {"ids": "big"}, "cmps": cmps}).encode())
    assert len(broker.things.thing("big").entities) == ENTITIES_MAX  # type: ignore[union-attr]
    for n in range(CONFIGS_MAX + 5):
        broker.host.publish(f"homeassistant/sensor/n{n}/config", json.dumps({"stat_t": "t", "uniq_id": f"n{n}"}).encode())
    assert broker.things.configs_refused == 6


KEYS = st.sampled_from(
    [
        "~",
        "stat_t",
        "cmd_t",
        "avty",
        "avty_t",
        "val_tpl",
        "dev",
        "ids",
        "cns",
        "name",
        "uniq_id",
        "cmps",
        "p",
        "dev_cla",
        "exp_aft",
        "pl_on",
        "t",
    ]
)
CONFIGS = st.dictionaries(KEYS, st.recursive(JSON, lambda inner: st.dictionaries(KEYS, inner, max_size=4), max_leaves=8), max_size=8)


@given(st.sampled_from(["sensor", "binary_sensor", "switch", "device"]), CONFIGS)
def test_any_announcement_gives_a_thing_that_can_be_adopted_or_is_refused(component: str, config: dict[str, Any]) -> None:
    try:
        thing = read_config(f"homeassistant/{component}/x/config", json.dumps(config).encode())
    except Garbage:
        return
    assert UID.fullmatch(thing.uid)
    assert Address.parse(f"mqtt:///{thing.uid}").path[1:] == thing.uid
    for entity in joined([thing]).entities:
        assert not set("+# \x00") & set(entity.state_topic + entity.command_topic)
        entity.take(reader(entity.template)("x", lambda: MISSING))


@given(st.binary(max_size=400), st.binary(max_size=400))
def test_any_bytes_of_two_messages_are_worked_off(announcement: bytes, state: bytes) -> None:
    broker = InProcess()
    broker.host.publish("homeassistant/sensor/x/config", announcement)
    broker.spread("x/1", state)
    broker.things.announced()


@given(st.binary(max_size=300), st.integers(1, 50))
def test_any_bytes_from_a_broker_are_packets_or_are_refused_in_any_pieces(data: bytes, size: int) -> None:
    def heard(pieces: list[bytes]) -> list[tuple[int, bytes]] | None:
        found, rest = [], b""
        for piece in pieces:
            rest += piece
            done = 0
            try:
                for first, body, end in packets(rest):
                    found.append((first, body))
                    done = end
            except NotMqtt:
                return None
            rest = rest[done:]
            assert len(rest) <= PACKET_MAX
        return found

    assert heard([data]) == heard([data[at : at + size] for at in range(0, len(data), size)])
