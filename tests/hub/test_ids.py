"""Ids are UUIDv7, unique, and in the order in which they were made."""

from __future__ import annotations

import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
import time_machine

from hub.ids import TapId


def test_an_id_is_a_uuid_of_version_7_with_the_time_in_front() -> None:
    before = time.time_ns() // 1_000_000
    made = uuid.UUID(TapId.new())
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert before <= made.int >> 80 <= time.time_ns() // 1_000_000
    assert TapId.parse(str(made)) == str(made)


def test_ids_made_by_many_at_once_differ_and_those_of_one_come_in_order() -> None:
    with ThreadPoolExecutor(8) as pool:
        series = list(pool.map(lambda _: [TapId.new() for _ in range(2000)], range(8)))
    assert all(made == sorted(made) for made in series)
    assert len({one for made in series for one in made}) == 16_000


def test_a_clock_that_is_set_back_does_not_make_newer_ids_older() -> None:
    first = TapId.new()
    with time_machine.travel(0, tick=False):
        second, third = TapId.new(), TapId.new()
    assert first < second < third


@pytest.mark.parametrize("text", ["", "x" * 36, "01A200A0-EBB8-7F36-9B9C-D601532B37A7", "01a200a0ebb87f369b9cd601532b37a7", "' OR 1=1 --"])
def test_what_is_no_id_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=".*"):
        TapId.parse(text)
