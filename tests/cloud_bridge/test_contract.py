"""Nothing from the wire is used unread: what is not exactly right is refused, and nothing falls over."""

from __future__ import annotations

from contextlib import suppress

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud_bridge import contract
from cloud_bridge.contract import Batch, DeviceSeen, Heartbeat, Hello, Known, Malformed, WireLine

AT = "2026-03-02T10:00:00.000+00:00"
LINE = WireLine(1, 1, AT, "mei", "reception", "desk", "SaleCompleted", '{"total":12800}', bytes(range(32)))
BATCH = Batch(store="s1", epoch=1, round=3, lines=(LINE,))
BEAT = Heartbeat(
    store="s1",
    epoch=1,
    seq=9,
    hub="alive",
    hub_since=AT,
    sent_at=AT,
    session="a",
    n=1,
    devices={"p1": DeviceSeen(kind="scanner", health="online")},
)
KNOWN = Known(epoch=1, seq=9, hash=bytes(32), receipts={"t1": 7})
HELLO = Hello(epoch=1, seq=9, hash=bytes(32), epochs=((1, 1), (2, 5)), session="a")
READERS = {
    "batch": (BATCH.to_bytes(), lambda data: Batch.from_bytes(data, "s1")),
    "heartbeat": (BEAT.to_bytes(), lambda data: Heartbeat.from_bytes(data, "s1")),
    "known": (KNOWN.to_bytes(), Known.from_bytes),
    "hello": (HELLO.to_bytes(), Hello.from_bytes),
}


def test_every_message_comes_back_as_it_was_sent() -> None:
    assert [read(data) for data, read in READERS.values()] == [BATCH, BEAT, KNOWN, HELLO]


def test_a_message_of_another_shop_is_refused() -> None:
    with pytest.raises(Malformed, match="foreign_store"):
        Batch.from_bytes(BATCH.to_bytes(), "s2")
    with pytest.raises(Malformed, match="foreign_store"):
        Heartbeat.from_bytes(BEAT.to_bytes(), "s2")


def test_a_message_that_is_too_large_is_refused_unread() -> None:
    with pytest.raises(Malformed, match="too_large"):
        contract.unpack(b" " * (contract.MESSAGE_BYTES_MAX + 1))


def test_lines_out_of_order_are_refused() -> None:
    message = orjson.loads(BATCH.to_bytes())
    message["lines"] = [message["lines"][0], message["lines"][0]]
    with pytest.raises(Malformed, match="order"):
        Batch.from_bytes(orjson.dumps(message), "s1")


@pytest.mark.parametrize("name", READERS)
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_any_damage_to_a_message_is_refused_or_harmless(name: str, data: st.DataObject) -> None:
    """One value anywhere in a good message replaced by any JSON value, or its bytes cut or changed."""
    good, read = READERS[name]
    if data.draw(st.booleans()):
        at = data.draw(st.integers(0, len(good) - 1))
        damaged = good[:at] + data.draw(st.binary(max_size=4)) + good[at + data.draw(st.integers(0, 6)) :]
    else:
        message = orjson.loads(good)
        key = data.draw(st.sampled_from(sorted(message)))
        message[key] = data.draw(ANY)
        damaged = orjson.dumps(message)
    with suppress(Malformed):
        read(damaged)


ANY = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
