"""A whole fleet under random faults: what is told of every device is true, every command ends once, nothing leaks."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import structlog

from devices.drivers import KINDS
from hub.clock import Clock
from tests.devices.cast import CAST, NOT_IN_CAST
from tests.devices.fleet_story import Story, keep_errors, make_story
from tests.devices.virtual_time import LoopClock, run_virtually

SEED = int(os.environ.get("FLEET_SEED", "1"))
MB = 1_000_000
GROWS_MB_MAX = 20


@pytest.fixture
def errors() -> Iterator[list[str]]:
    """What was logged as an error."""
    found: list[str] = []
    keep_errors(found)
    yield found
    structlog.reset_defaults()


def in_virtual_time(count: int, seconds: float, folder: Path, seed: int = SEED) -> tuple[Story, float]:
    """The story when it is over, and by how many MB the process grew in its second half."""
    grown: list[float] = []
    process = psutil.Process()
    with pytest.MonkeyPatch.context() as patched:

        def story(clock: LoopClock) -> Story:
            return make_story(patched, count, clock, folder, seed)

        def at_half() -> None:
            grown.append(process.memory_info().rss)

        played = run_virtually(story, lambda made: made.play(seconds, at_half))
    return played, (process.memory_info().rss - grown[0]) / MB


def true_throughout(story: Story, errors: list[str]) -> None:
    print(f"seed {SEED}: {story.faults} faults, {story.looks} looks, {story.stalls} stalls, commands {dict(story.ended.most_common())}")
    assert errors == []
    assert not story.untrue, "\n".join(story.untrue[:40])


def test_every_kind_is_in_the_cast() -> None:
    assert set(CAST) | set(NOT_IN_CAST) == set(KINDS)
    assert not set(CAST) & set(NOT_IN_CAST)


def test_twenty_devices_in_three_minutes_of_faults_are_told_of_truly(tmp_path: Path, errors: list[str]) -> None:
    story, _ = in_virtual_time(20, 180, tmp_path)
    true_throughout(story, errors)
    assert story.faults > 100


def test_the_same_seed_is_the_same_story(tmp_path: Path) -> None:
    digests = set()
    for run in ("a", "b"):
        (tmp_path / run).mkdir()
        digests.add(in_virtual_time(12, 40, tmp_path / run)[0].digest)
    assert len(digests) == 1


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_two_hundred_devices_in_an_hour_of_faults_are_told_of_truly(tmp_path: Path, errors: list[str]) -> None:
    story, grown_mb = in_virtual_time(200, 3600, tmp_path)
    print(f"grown by {grown_mb:.1f} MB")
    true_throughout(story, errors)
    assert grown_mb <= GROWS_MB_MAX


@pytest.mark.soak
@pytest.mark.real_time
@pytest.mark.timeout(900)
def test_two_hundred_devices_in_five_real_minutes_over_tcp(tmp_path: Path, errors: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    story = make_story(monkeypatch, 200, Clock(), tmp_path, SEED, on_tcp=True)
    process, seen = psutil.Process(), []
    asyncio.run(story.play(300, lambda: seen.append(process.memory_info().rss)))
    true_throughout(story, errors)
    assert (process.memory_info().rss - seen[0]) / MB <= GROWS_MB_MAX
