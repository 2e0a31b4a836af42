"""The hub's loop and its writer stay on one core; the hashing of PINs does not."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hub import cores
from hub.db import Db
from hub.migrations import migrate
from hub.staff.pins import PinHasher
from hub.vault import KEYS_SCHEMA, Vault

EVERY = os.sched_getaffinity(0)


def cores_of_a_writer(folder: Path) -> set[int]:
    db = Db(folder / "shop.db")
    db.open()
    try:
        return db.write_at_start(lambda _tx: os.sched_getaffinity(0))
    finally:
        db.close()


def cores_of_the_hashing(folder: Path) -> set[int]:
    keys = Db(folder / "keys.db")
    keys.open()
    migrate(keys, KEYS_SCHEMA)
    vault = Vault(folder / "secrets", keys)
    vault.open()
    try:
        return PinHasher(vault)._threads.submit(os.sched_getaffinity, 0).result()
    finally:
        keys.close()


def test_the_writer_runs_on_the_core_of_the_loop_and_the_hashing_of_pins_on_any(tmp_path: Path) -> None:
    with ThreadPoolExecutor(1, initializer=cores.share_one) as loop:
        mine = loop.submit(os.sched_getaffinity, 0).result()
        assert len(mine) == 1
        assert loop.submit(cores_of_a_writer, tmp_path).result() == mine
        assert loop.submit(cores_of_the_hashing, tmp_path).result() == EVERY
    assert os.sched_getaffinity(0) == EVERY


def test_a_core_that_is_taken_away_stops_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cores, "_ALLOWED", {9_999})
    with ThreadPoolExecutor(1, initializer=cores.use_any) as hashing:
        assert hashing.submit(os.sched_getaffinity, 0).result() == EVERY
        hashing.submit(cores.share_one).result()
        assert hashing.submit(os.sched_getaffinity, 0).result() == EVERY
