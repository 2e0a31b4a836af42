"""Any bytes, from any side: nothing falls over, nothing grows without limit."""

from __future__ import annotations

import asyncio
import json
import os
import random
import time
from pathlib import Path

import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from devices.drivers.receipt_printer.status import BLOCK_MAX, KEPT_MAX, Demux
from devices.drivers.scanner import Scanner, ScannerProfile
from devices.messages import Adopt, Beat
from devices.simulators.paper_language import acts_of, as_text
from devices.simulators.receipt_printer import PrinterSim
from devices.topics import Topics
from devices.transport import Inbox
from hub.clock import Clock
from hub.ports import Command, Document
from tests.devices.decoder import stream
from tests.devices.decoders import DECODERS, NO_DECODER
from tests.devices.rig import Bells

SEED = int(os.environ.get("FUZZ_SEED", "1"))
FRESH_EVERY = 100_000  # bytes
ROOT = Path(__file__).parents[2]

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["id", "args", "deadline", "page", "x"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(st.binary(max_size=300) | JSON.map(lambda found: json.dumps(found).encode()))
def test_any_payload_is_a_message_or_is_refused(payload: bytes) -> None:
    for form in (Command, Beat, Adopt):
        try:
            made = form.model_validate_json(payload)
        except ValidationError:
            continue
        assert form.model_validate_json(made.model_dump_json()) == made


def test_a_block_without_its_name_is_refused_even_where_it_could_be_guessed() -> None:
    assert Document.model_validate({"blocks": [{"block": "text", "text": "A12"}]}).blocks[0].block == "text"
    with pytest.raises(ValidationError, match="block"):
        Document.model_validate({"blocks": [{"text": "A12"}]})


@given(st.lists(st.text(max_size=12) | st.sampled_from(["store", "s1", "dev", "host", "h1", "do", "screen", "beat"]), max_size=8))
def test_any_topic_has_one_meaning_or_none(levels: list[str]) -> None:
    route = Topics("s1", "h1").route("/".join(levels))
    if route is not None:
        assert levels[:2] == ["store", "s1"]
        assert "+" not in route.id
        assert "#" not in route.id


@given(st.lists(st.binary(max_size=400), max_size=12))
def test_any_answer_of_a_printer_is_sorted_or_dropped_within_limits(pieces: list[bytes]) -> None:
    heard = Demux()
    for piece in pieces:
        heard.feed(piece)
    assert max(len(heard.realtime), len(heard.sensor), len(heard.blocks)) <= KEPT_MAX
    assert all(len(block) <= BLOCK_MAX for block in heard.blocks)


@given(st.lists(st.integers(0, 255), max_size=60), st.lists(st.integers(1, 7), max_size=20))
def test_answers_mean_the_same_in_any_pieces(answer: list[int], sizes: list[int]) -> None:
    whole, pieces, data = Demux(), Demux(), bytes(answer)
    whole.feed(data)
    for size in [*sizes, len(data)]:
        pieces.feed(data[:size])
        data = data[size:]
    assert (list(whole.realtime), list(whole.sensor), list(whole.blocks)) == (
        list(pieces.realtime),
        list(pieces.sensor),
        list(pieces.blocks),
    )


@given(st.lists(st.binary(max_size=200), max_size=8))
def test_a_simulated_printer_takes_any_bytes(pieces: list[bytes]) -> None:
    sim = PrinterSim.on_tcp("p")
    for piece in pieces:
        sim.received(piece)
    assert sim.state()["waiting_bytes"] <= sum(map(len, pieces))
    for act in acts_of(b"".join(pieces)):
        as_text(act)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.binary(min_size=1, max_size=300), max_size=8))
def test_a_scanner_driver_takes_any_bytes_and_announces_only_codes(pieces: list[bytes]) -> None:
    async def story() -> Bells:
        link, bells = Inbox(), Bells()
        driver = Scanner(ScannerProfile(), link, Clock())
        driver.bell = bells.bell
        for piece in [*pieces, b"\r"]:
            link.put(piece)
            await driver.poll()
        return bells

    bells = asyncio.run(story())
    assert all(a.name == "scan" and 0 < len(a.body["code"]) <= 256 for a in bells.announced)


def test_every_module_that_decodes_is_fuzzed() -> None:
    files = [
        file for folder in ("drivers", "simulators") for file in (ROOT / "devices" / folder).rglob("*.py") if file.name != "__main__.py"
    ]
    there = {".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for file in files}
    listed = {decoder.module for decoder in DECODERS.values()} | set(NO_DECODER)
    assert there - listed == set()
    assert {name for name in listed if name.startswith(("devices.drivers", "devices.simulators"))} - there == set()


def fuzz(name: str, size: int) -> None:
    """So many bytes into one decoder; it may only refuse by its own errors."""
    decoder, rng, fed = DECODERS[name], random.Random(f"{SEED} {name}"), 0
    while fed < size:
        take = decoder.make()
        for piece in stream(decoder, rng, min(FRESH_EVERY, size - fed)):
            fed += len(piece)
            try:
                take(piece)
            except decoder.refuses:
                continue
            except Exception as fell:
                raise AssertionError(f"{name}, seed {SEED}, near byte {fed}: {piece!r}") from fell


@pytest.mark.parametrize("name", DECODERS)
def test_a_decoder_only_refuses(name: str) -> None:
    fuzz(name, 20_000)


@pytest.mark.soak
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", DECODERS)
def test_ten_million_bytes_into_a_decoder(name: str) -> None:
    fuzz(name, 100_000)  # so that what it keeps for good is there
    process, began = psutil.Process(), time.monotonic()
    before = process.memory_info().rss
    fuzz(name, 10_000_000)
    grown_mb, took_s = (process.memory_info().rss - before) / 1e6, time.monotonic() - began
    print(f"{name}: seed {SEED}, {took_s:.0f} s, {grown_mb:.1f} MB")
    assert grown_mb <= 20
