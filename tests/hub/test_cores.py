"""The hub's loop and its writer stay on one core; the hashing of PINs does not."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hub import cores
from hub.db import Db

EVERY = os.sched_getaffinity(0)


def cores_of_a_writer(folder: Path) -> set[int]:
    db = Db(folder / "shop.db")
    db.open()
    try:
        return db.write_at_start(lambda _tx: os.sched_getaffinity(0))
    finally:
        db.close()


def test_the_writer_runs_on_the_core_of_the_loop_and_long_work_on_any(tmp_path: Path) -> None:
    with ThreadPoolExecutor(1, initializer=cores.share_one) as loop:
        mine = loop.submit(os.sched_getaffinity, 0).result()
        assert len(mine) == 1
        assert loop.submit(cores_of_a_writer, tmp_path).result() == mine
        hashing = loop.submit(ThreadPoolExecutor, 1, initializer=cores.use_any).result()
        assert loop.submit(lambda: hashing.submit(os.sched_getaffinity, 0).result()).result() == EVERY
        hashing.shutdown()
    assert os.sched_getaffinity(0) == EVERY


def test_a_core_that_is_taken_away_stops_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cores, "_ALLOWED", {9_999})
    with ThreadPoolExecutor(1, initializer=cores.use_any) as hashing:
        assert hashing.submit(os.sched_getaffinity, 0).result() == EVERY
        hashing.submit(cores.share_one).result()
        assert hashing.submit(os.sched_getaffinity, 0).result() == EVERY
