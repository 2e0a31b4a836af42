"""The wire between a shop and head office: subjects, and every message with its limits.

Up: `up.<store>` (JetStream) carries journal lines, `hb.<store>` the heartbeat, `ask.<store>.<verb>` a question.
Down: `rpc.<store>.<verb>` a remote verb, `dn.<store>` a nudge. Everything is JSON, version 1. Both ends read messages
with `from_bytes`, which refuses what is not exactly right: nothing from the wire is used unread.

Pydantic is not used here: the bridge must stay small (docs/head-office.md), and the shapes are few.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any, Literal, Self, cast, get_args

import orjson

from hub.errors import MachineError

VERSION = 1
LINES_PER_MESSAGE = 100
MESSAGE_BYTES_WISHED = 256 * 1024
MESSAGE_BYTES_MAX = 4 * 1024 * 1024
DEVICES_MAX = 200
HASHES_MAX = 64
HEARTBEAT_S = 15.0
OFFLINE_AFTER_S = 45.0
INTEGER_MAX = 2**53

HubState = Literal["alive", "silent", "stopped"]
Verdict = Literal["ok", "old_epoch", "adopt"]  # adopt: old, but a person at head office said this copy is the shop now
_STORE = re.compile(r"[a-z0-9-]{1,32}")
_CONTROL = re.compile(r"[\x00-\x1f]")


class Malformed(MachineError):
    """A message that is not what the contract says; it is counted and dropped."""

    code = "malformed_message"
    hint = "Both ends must run a version that speaks this contract; see docs/head-office.md."


def up(store: str) -> str:
    """Journal lines of `store`, kept by JetStream."""
    return f"up.{store}"


def heartbeat(store: str) -> str:
    """The heartbeat of `store`."""
    return f"hb.{store}"


def ask(store: str, verb: str) -> str:
    """A question of `store` to head office."""
    return f"ask.{store}.{verb}"


def rpc(store: str, verb: str) -> str:
    """A remote verb for `store`."""
    return f"rpc.{store}.{verb}"


def down(store: str) -> str:
    """A nudge to `store`."""
    return f"dn.{store}"


def inbox(who: str) -> str:
    """Prefix of the answers to `who`: a store, or `hq`."""
    return f"_INBOX_{who}"


def is_store(text: str) -> bool:
    """Whether `text` can name a store."""
    return _STORE.fullmatch(text) is not None


def pack(message: Any) -> bytes:
    """A plain message as it travels."""
    return orjson.dumps(message)


def unpack(data: bytes) -> dict[str, Any]:
    """Any message as a dict. Raises Malformed."""
    if len(data) > MESSAGE_BYTES_MAX:
        raise Malformed(why="too_large", bytes=len(data))
    try:
        found = orjson.loads(data)
    except orjson.JSONDecodeError as why:
        raise Malformed(why="not_json") from why
    if not isinstance(found, dict):
        raise Malformed(why="not_an_object")
    return found


@dataclass(frozen=True, slots=True)
class WireLine:
    """One journal line as it travels; `body` is the journal's exact JSON text, which the hash seals."""

    seq: int
    epoch: int
    at: str
    actor: str
    role: str
    station: str
    kind: str
    body: str
    hash: bytes

    @classmethod
    def read(cls, found: Any) -> Self:
        """A line of a message. Raises Malformed."""
        if not isinstance(found, list) or len(found) != 9:
            raise Malformed(why="not_a_line")
        seq, epoch, at, actor, role, station, kind, body, seal = found
        return cls(
            seq=_number("seq", seq, least=1),
            epoch=_number("epoch", epoch, least=1),
            at=_moment("at", at),
            actor=_text("actor", actor, 200),
            role=_text("role", role, 200),
            station=_text("station", station, 200),
            kind=_text("kind", kind, 200),
            body=_json_object(body),
            hash=_hash("hash", seal),
        )

    def as_list(self) -> list[Any]:
        """The nine fields in the order of the seal, the hash as hex."""
        return [self.seq, self.epoch, self.at, self.actor, self.role, self.station, self.kind, self.body, self.hash.hex()]

    def facts(self) -> dict[str, Any]:
        """The body as a dict."""
        return cast("dict[str, Any]", orjson.loads(self.body))


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Up to 100 lines in order. `epoch` is the shop's at sending, `round` the number of the agreement they follow."""

    store: str
    epoch: int
    round: int
    lines: tuple[WireLine, ...]

    @property
    def message_id(self) -> str:
        """The same lines of the same round are the same message to JetStream; of another round they are not."""
        return f"{self.store}-{self.epoch}-{self.lines[0].seq}-{self.lines[-1].seq}-{self.round}"

    def to_bytes(self) -> bytes:
        """The message."""
        lines = [line.as_list() for line in self.lines]
        return pack({"v": VERSION, "store": self.store, "epoch": self.epoch, "round": self.round, "lines": lines})

    @classmethod
    def from_bytes(cls, data: bytes, store: str) -> Self:
        """A message that came on `store`'s own subject. Raises Malformed."""
        found = _of_version(unpack(data))
        if found.get("store") != store:
            raise Malformed(why="foreign_store")
        lines = found.get("lines")
        if not isinstance(lines, list) or not 1 <= len(lines) <= LINES_PER_MESSAGE:
            raise Malformed(why="lines")
        read = tuple(WireLine.read(line) for line in lines)
        if any(after.seq != before.seq + 1 for before, after in pairwise(read)):
            raise Malformed(why="lines_not_in_order")
        epoch = _number("epoch", found.get("epoch"), least=1)
        if read[-1].epoch > epoch:
            raise Malformed(why="epoch_above_the_shops")
        return cls(store=store, epoch=epoch, round=_number("round", found.get("round")), lines=read)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceSeen:
    """One device as the shop's broker shows it."""

    kind: str = ""
    name: str = ""
    health: str = "unknown"
    reason: str = ""
    sentence: str = ""
    since: str = ""
    simulated: bool = False

    @classmethod
    def read(cls, found: Any) -> Self:
        """Raises Malformed."""
        if not isinstance(found, dict):
            raise Malformed(why="device")
        names = ("kind", "name", "health", "reason", "sentence", "since")
        texts = {name: _text(name, found.get(name, ""), 500) for name in names}
        return cls(**texts, simulated=found.get("simulated") is True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """What a shop says of itself every 15 s, and at once when it changed. Times are ISO UTC; `n` counts in a session."""

    store: str
    name: str = ""
    epoch: int
    seq: int
    hub: HubState
    hub_since: str
    devices: Mapping[str, DeviceSeen] = field(default_factory=dict)
    version: str = ""
    sent_at: str
    session: str
    n: int

    def to_bytes(self) -> bytes:
        """The message."""
        return pack({"v": VERSION, **asdict(self)})

    @classmethod
    def from_bytes(cls, data: bytes, store: str) -> Self:
        """A message that came on `store`'s own subject. Raises Malformed."""
        found = _of_version(unpack(data))
        if found.get("store") != store:
            raise Malformed(why="foreign_store")
        devices = found.get("devices")
        if not isinstance(devices, dict) or len(devices) > DEVICES_MAX or any(len(key) > 64 for key in devices):
            raise Malformed(why="devices")
        if found.get("hub") not in get_args(HubState):
            raise Malformed(why="hub")
        return cls(
            store=store,
            name=_text("name", found.get("name", ""), 200),
            epoch=_number("epoch", found.get("epoch"), least=1),
            seq=_number("seq", found.get("seq")),
            hub=cast("HubState", found["hub"]),
            hub_since=_moment("hub_since", found.get("hub_since")),
            devices={key: DeviceSeen.read(value) for key, value in devices.items()},
            version=_text("version", found.get("version", ""), 64),
            sent_at=_moment("sent_at", found.get("sent_at")),
            session=_text("session", found.get("session"), 64),
            n=_number("n", found.get("n")),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Head office's contiguous head of one shop, and its verdict on who asked. `receipts`: highest number by till."""

    epoch: int
    seq: int
    hash: bytes
    verdict: Verdict = "ok"
    receipts: Mapping[str, int] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        """The message."""
        return pack({"v": VERSION, **asdict(self), "hash": self.hash.hex()})

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """The answer to a hello or a heartbeat. Raises Malformed."""
        found = _of_version(unpack(data))
        receipts = found.get("receipts")
        if not isinstance(receipts, dict) or found.get("verdict") not in get_args(Verdict):
            raise Malformed(why="answer")
        return cls(
            epoch=_number("epoch", found.get("epoch")),
            seq=_number("seq", found.get("seq")),
            hash=_hash("hash", found.get("hash")),
            verdict=cast("Verdict", found["verdict"]),
            receipts={_text("till", till, 64): _number("receipt", number) for till, number in receipts.items()},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """The bridge's first words: the head of the shop's journal and the first seq of each of its epochs."""

    epoch: int
    seq: int
    hash: bytes
    epochs: Sequence[tuple[int, int]]
    session: str

    def to_bytes(self) -> bytes:
        """The message."""
        return pack({"v": VERSION, **asdict(self), "hash": self.hash.hex()})

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Raises Malformed."""
        found = _of_version(unpack(data))
        epochs = found.get("epochs")
        if not isinstance(epochs, list) or not all(isinstance(pair, list) and len(pair) == 2 for pair in epochs):
            raise Malformed(why="epochs")
        return cls(
            epoch=_number("epoch", found.get("epoch"), least=1),
            seq=_number("seq", found.get("seq")),
            hash=_hash("hash", found.get("hash")),
            epochs=tuple((_number("epoch", e, least=1), _number("seq", s, least=1)) for e, s in epochs),
            session=_text("session", found.get("session"), 64),
        )


def read_seqs(data: bytes) -> list[int]:
    """The numbers whose hashes are asked for, at most 64. Raises Malformed."""
    return _list_of(unpack(data).get("seqs"), lambda seq: _number("seq", seq))


def _list_of(found: Any, read: Callable[[Any], int]) -> list[int]:
    if not isinstance(found, list) or len(found) > HASHES_MAX:
        raise Malformed(why="list")
    return [read(one) for one in found]


def _of_version(found: dict[str, Any]) -> dict[str, Any]:
    if found.get("v") != VERSION:
        raise Malformed(why="version")
    return found


def _number(name: str, found: Any, *, least: int = 0) -> int:
    if not isinstance(found, int) or isinstance(found, bool) or not least <= found <= INTEGER_MAX:
        raise Malformed(why=name)
    return found


def _text(name: str, found: Any, limit: int) -> str:
    if not isinstance(found, str) or len(found) > limit or _CONTROL.search(found):
        raise Malformed(why=name)
    return found


def _moment(name: str, found: Any) -> str:
    text = _text(name, found, 40)
    try:
        aware = datetime.fromisoformat(text).tzinfo is not None
    except ValueError as why:
        raise Malformed(why=name) from why
    if not aware:
        raise Malformed(why=name)
    return text


def _hash(name: str, found: Any) -> bytes:
    try:
        read = bytes.fromhex(_text(name, found, 64))
    except ValueError as why:
        raise Malformed(why=name) from why
    if len(read) != 32:
        raise Malformed(why=name)
    return read


def _json_object(found: Any) -> str:
    if not isinstance(found, str):
        raise Malformed(why="body")
    try:
        if isinstance(orjson.loads(found), dict):
            return found
    except orjson.JSONDecodeError as why:
        raise Malformed(why="body") from why
    raise Malformed(why="body")
