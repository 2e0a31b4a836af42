"""Third-party things as they announce themselves by Home Assistant's MQTT discovery; pure: bytes in, things out.

`homeassistant/<component>/[<node>/]<object>/config` for one entity, `homeassistant/device/[<node>/]<object>/config` for all of a device.
Names may be abbreviated and topics may begin or end with `~`. https://www.home-assistant.io/integrations/mqtt/#mqtt-discovery
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field

from devices.templates import MISSING, NotUnderstood, as_number, as_word, document, last_name, reader

PREFIX = "homeassistant/"
CONFIG_BYTES_MAX = 32 * 1024
ENTITIES_MAX = 24
TEXT_MAX = 60
UID = re.compile(r"[A-Za-z0-9._:-]{1,64}")
Value = int | float | bool | None
_TOPIC = re.compile(r"[^\x00-\x20+#\x7f-\xa0]{1,200}")  # no spaces: nats-server cuts whoever names such a topic
_NOT_THEIRS = ("store/", PREFIX, "$")
_TAKEN = frozenset({"sensor", "binary_sensor", "switch"})
_LONG = {
    "avty": "availability", "avty_mode": "availability_mode", "avty_t": "availability_topic", "avty_tpl": "availability_template",
    "cmd_t": "command_topic", "cmps": "components", "dev": "device", "dev_cla": "device_class", "ent_cat": "entity_category",
    "exp_aft": "expire_after", "obj_id": "object_id", "p": "platform", "pl_avail": "payload_available",
    "pl_not_avail": "payload_not_available", "pl_off": "payload_off", "pl_on": "payload_on", "stat_off": "state_off", "stat_on": "state_on",
    "stat_t": "state_topic", "t": "topic", "uniq_id": "unique_id", "unit_of_meas": "unit_of_measurement", "val_tpl": "value_template",
    "cns": "connections", "ids": "identifiers", "mdl": "model", "mf": "manufacturer", "sw": "sw_version",
}  # fmt: skip
_NAMES = {  # device class -> the name of the reading
    "moisture": "water", "door": "door", "opening": "door", "window": "door", "garage_door": "door",
}  # fmt: skip


class Part(BaseModel):
    """Something frozen that can be kept in a profile."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Presence(Part):
    """One topic that says whether the thing is there."""

    topic: str
    template: str = ""
    online: str = "online"
    offline: str = "offline"

    def read(self, payload: bytes) -> bool | None:
        """Whether it is there; None for a message that says neither."""
        said = _read(self.template, payload)
        word = "" if said is MISSING or isinstance(said, dict | list) else as_word(said)
        return True if word == self.online else False if word == self.offline else None


class Entity(Part):
    """One value of a thing, or a switch. `name` is that of its reading; an empty `state_topic` tells nothing."""

    key: str
    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")
    component: Literal["sensor", "binary_sensor", "switch"]
    device_class: str = ""
    unit: str = ""
    state_topic: str = ""
    template: str = ""
    on: str = "ON"
    off: str = "OFF"
    command_topic: str = ""
    command_on: str = "ON"
    command_off: str = "OFF"
    expire_s: float = 0
    presence: tuple[Presence, ...] = ()
    presence_mode: Literal["all", "any", "latest"] = "latest"

    def take(self, said: Any) -> Any:
        """The value in what the template read: a number, on or off, None for unknown; MISSING for what is none of these."""
        if said is None or (isinstance(said, str) and said in {"None", "unknown", "unavailable"}):
            return None
        if self.component == "sensor":
            number = as_number(said)
            return MISSING if number is None else number
        if isinstance(said, dict | list):
            return MISSING
        word = as_word(said)
        return True if word == self.on else False if word == self.off else MISSING


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """What one device announces. `not_understood` names what of it is not taken in."""

    uid: str
    name: str
    model: str = ""
    maker: str = ""
    firmware: str = ""
    entities: tuple[Entity, ...] = ()
    not_understood: tuple[str, ...] = ()

    @property
    def simulated(self) -> bool:
        """Whether it says of itself that it is a program."""
        return self.maker.startswith("SIMULATED")


class Garbage(ValueError):
    """A discovery message that is none."""


def read_config(topic: str, payload: bytes) -> Thing:
    """The part of a thing one message announces. Raises Garbage; never anything else."""
    levels = topic.removeprefix(PREFIX).split("/")
    if not topic.startswith(PREFIX) or len(levels) not in {3, 4} or levels[-1] != "config":
        raise Garbage("topic")
    if len(payload) > CONFIG_BYTES_MAX:
        raise Garbage("size")
    try:
        said = orjson.loads(payload)
    except orjson.JSONDecodeError:
        raise Garbage("json") from None
    if not isinstance(said, dict):
        raise Garbage("json")
    said = _long(said)
    device = said.get("device")
    device = _long(device) if isinstance(device, dict) else {}
    entities, strange = [], []
    for label, component, config in _components(levels, said):
        try:
            entities.append(_entity(label, component, config))
        except (ValueError, TypeError, KeyError, RecursionError):  # ValidationError and NotUnderstood are ValueErrors
            strange.append(_text(config.get("name")) or _text(label) or component)
    return Thing(
        uid=_uid(device, said, levels),
        name=_text(device.get("name")) or _text(said.get("name")) or _text(levels[-2]),
        model=_text(device.get("model")),
        maker=_text(device.get("manufacturer")),
        firmware=_text(device.get("sw_version")),
        entities=tuple(entities[:ENTITIES_MAX]),
        not_understood=tuple(f"{name}"[:TEXT_MAX] for name in strange[:ENTITIES_MAX]),
    )


def joined(parts: list[Thing]) -> Thing:
    """All parts of one thing as one; readings of the same name are numbered."""
    first = max(parts, key=lambda part: len(part.name) + len(part.model))
    entities: dict[str, Entity] = {}
    taken: dict[str, int] = {}
    for entity in sorted((e for part in parts for e in part.entities), key=lambda e: e.key):
        if entity.key in entities or len(entities) == ENTITIES_MAX:
            continue
        taken[entity.name] = count = taken.get(entity.name, 0) + 1
        entities[entity.key] = entity if count == 1 else entity.model_copy(update={"name": f"{entity.name[:28]}_{count}"})
    strange = tuple(dict.fromkeys(name for part in parts for name in part.not_understood))[:ENTITIES_MAX]
    return Thing(
        uid=first.uid,
        name=first.name,
        model=first.model,
        maker=first.maker,
        firmware=first.firmware,
        entities=tuple(entities.values()),
        not_understood=strange,
    )


def _components(levels: list[str], said: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Label, component and configuration of every entity; what the device says for all of them holds for each."""
    if levels[0] != "device":
        yield levels[-2], levels[0], said
        return
    shared = {name: value for name, value in said.items() if name not in {"components", "device", "origin", "o"}}
    components = said.get("components")
    if not isinstance(components, dict):
        return
    for label, config in list(components.items())[: 4 * ENTITIES_MAX]:
        if isinstance(config, dict) and len(config := _long(config)) > 1:  # with its platform alone it is taken away
            yield str(label), str(config.get("platform", "")), {**shared, **config}


def _entity(label: str, component: str, said: dict[str, Any]) -> Entity:
    """Raises ValueError for what is not understood."""
    if component not in _TAKEN or said.get("entity_category") == "config":
        raise NotUnderstood(component)
    base = said.get("~")
    base = base if isinstance(base, str) else ""
    template = _template(said.get("value_template"))
    on, off = _word(said, "payload_on", "ON"), _word(said, "payload_off", "OFF")
    kind = _text(said.get("device_class")).lower()
    command = _topic(said.get("command_topic"), base, may_be_empty=component != "switch")
    if component == "switch":
        command_on, command_off, on, off = on, off, _word(said, "state_on", on), _word(said, "state_off", off)
    else:
        command, command_on, command_off = "", "ON", "OFF"
    mode = said.get("availability_mode", "latest")
    return Entity(
        key=_text(said.get("unique_id")) or _text(said.get("object_id")) or _text(label),
        name="switch" if component == "switch" else _reading(kind, template, label),
        component=component,
        device_class=kind,
        unit=_text(said.get("unit_of_measurement"))[:16],
        state_topic=_topic(said.get("state_topic"), base, may_be_empty=component == "switch"),
        template=template,
        on=on,
        off=off,
        command_topic=command,
        command_on=command_on,
        command_off=command_off,
        expire_s=max(0, as_number(said.get("expire_after", 0)) or 0),
        presence=tuple(_presences(said, base)),
        presence_mode=mode if mode in {"all", "any", "latest"} else "latest",
    )


def _presences(said: dict[str, Any], base: str) -> Iterator[Presence]:
    several = said.get("availability")
    one = (
        {"topic": said["availability_topic"], "value_template": said.get("availability_template")} if "availability_topic" in said else None
    )
    listed = several if isinstance(several, list) else [several] if isinstance(several, dict) else [one] if one else []
    for found in listed[:4]:
        if not isinstance(found, dict):
            raise NotUnderstood("availability")
        found = _long(found)
        yield Presence(
            topic=_topic(found.get("topic"), base),
            template=_template(found.get("value_template")),
            online=_word({**said, **found}, "payload_available", "online"),
            offline=_word({**said, **found}, "payload_not_available", "offline"),
        )


def _reading(kind: str, template: str, label: str) -> str:
    wanted = _NAMES.get(kind) or kind or last_name(template) or label
    slug = re.sub(r"[^a-z0-9]+", "_", wanted.lower()).strip("_")[:32].strip("_")
    return slug if slug[:1].isalpha() else f"value_{slug}"[:32].rstrip("_")


def _template(said: Any) -> str:
    template = "" if said is None else said
    if not isinstance(template, str):
        raise NotUnderstood("template")
    reader(template)
    return template


def _topic(said: Any, base: str, *, may_be_empty: bool = False) -> str:
    if said is None and may_be_empty:
        return ""
    if not isinstance(said, str):
        raise NotUnderstood("topic")
    topic: str = said
    if base and topic.startswith("~"):
        topic = base + topic[1:]
    elif base and topic.endswith("~"):
        topic = topic[:-1] + base
    if not _TOPIC.fullmatch(topic) or topic.startswith(_NOT_THEIRS):
        raise NotUnderstood("topic")
    return topic


def _word(said: Mapping[str, Any], name: str, usual: str) -> str:
    value = said.get(name, usual)
    if value is None or isinstance(value, dict | list):
        raise NotUnderstood(name)
    return as_word(value)[:100]


def _long(said: Mapping[str, Any]) -> dict[str, Any]:
    return {_LONG.get(name, name): value for name, value in said.items()}


def _text(said: Any) -> str:
    if not isinstance(said, str | int) or isinstance(said, bool):
        return ""
    return "".join(letter for letter in str(said)[: 4 * TEXT_MAX] if letter.isprintable()).strip()[:TEXT_MAX]


def _uid(device: Mapping[str, Any], said: Mapping[str, Any], levels: list[str]) -> str:
    """The same for every message of a device; what could not stand in an address is hashed."""
    ids = device.get("identifiers")
    ids = ids[0] if isinstance(ids, list) and ids else ids
    links = device.get("connections")
    link = links[0][1] if isinstance(links, list) and links and isinstance(links[0], list) and len(links[0]) == 2 else ""
    named = _whole_text(ids) or _whole_text(link) or _whole_text(said.get("unique_id")) or "/".join(levels[:-1])
    return named if UID.fullmatch(named) else "id-" + hashlib.sha256(named.encode("utf-8", "replace")).hexdigest()[:24]


def _whole_text(said: Any) -> str:
    return str(said)[:1000] if isinstance(said, str | int) and not isinstance(said, bool) else ""


def _read(template: str, payload: bytes) -> Any:
    return reader(template)(payload.decode("utf-8", "replace"), lambda: document(payload))


__all__ = ["CONFIG_BYTES_MAX", "PREFIX", "UID", "Entity", "Garbage", "Presence", "Thing", "Value", "joined", "read_config"]
