"""The schema of every file a shop keeps is dumped at each release and must migrate to today's; a released step is never edited."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from cloud_bridge import cursor
from devices import schema as devices_schema
from hub.access import SYSTEM
from hub.app import SCHEMA, Shop
from hub.clock import Clock
from hub.db import Db
from hub.first_start import take_demo
from hub.migrations import Migration, migrate, split_statements
from hub.settings import Settings
from hub.vault import KEYS_SCHEMA

KEPT = Path(__file__).parent / "databases"
STEPS: dict[str, tuple[Migration, ...]] = {
    "shop": SCHEMA,
    "keys": KEYS_SCHEMA,
    "devices": devices_schema.STEPS,
    "bridge": cursor.STEPS,
}
FILLED = ("ledger_accounts",)  # tables a step fills
RELEASED = sorted(KEPT.glob("*.sql"))


def steps_of(kept: Path) -> tuple[Migration, ...]:
    """Of a dump called <file>-<version>.sql."""
    return STEPS[kept.stem.partition("-")[0]]


def schema_of(db: Db) -> list[str]:
    """What the database would be made of, without SQLite's own tables."""
    rows = db.all("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY type, name")
    return [" ".join(row["sql"].split()) for row in rows]


def opened(path: Path, steps: tuple[Migration, ...]) -> Db:
    db = Db(path)
    db.open()
    migrate(db, steps)
    return db


def dump(folder: Path, steps: tuple[Migration, ...]) -> str:
    """A database made by `steps` and the record of them, as a script."""
    db = opened(folder / "new.db", steps)
    rows = db.all(
        "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' AND name NOT GLOB 'product_words_*' ORDER BY rowid"
    )
    script = [row["sql"] + ";" for row in rows]
    script += [f"INSERT INTO migrations (name) VALUES ('{row['name']}');" for row in db.all("SELECT name FROM migrations ORDER BY rowid")]
    for table in {row["name"] for row in rows}.intersection(FILLED):
        script += [f"INSERT INTO {table} VALUES ('{row[0]}');" for row in db.all(f"SELECT * FROM {table} ORDER BY 1")]
    db.close()
    return "\n".join(script) + "\n"


def restored(kept: Path, to: Path, rows: str = "") -> Path:
    old = opened(to, ())
    for statement in split_statements(kept.read_text() + rows):
        if not statement.startswith("CREATE TABLE migrations"):
            old.write_at_start(lambda tx, statement=statement: tx.execute(statement))
    old.close()
    return to


@pytest.mark.parametrize("kept", RELEASED, ids=lambda file: file.stem)
def test_each_file_of_each_released_version_becomes_todays(kept: Path, tmp_path: Path) -> None:
    old = opened(restored(kept, tmp_path / "old.db"), steps_of(kept))
    new = opened(tmp_path / "new.db", steps_of(kept))
    assert schema_of(old) == schema_of(new)
    old.close()
    new.close()


@pytest.mark.parametrize("kept", [file for file in RELEASED if file.stem.startswith("shop-")], ids=lambda file: file.stem)
def test_a_shop_of_each_released_version_sells_on(kept: Path, tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    restored(kept, tmp_path / "store" / "shop.db")
    shop = Shop(Settings(store_dir=tmp_path / "store"), Clock())
    try:
        asyncio.run(take_demo(shop))
        assert shop.catalog.services_offered()
    finally:
        shop.close()


SHIFTS_OF_OLD = """
    INSERT INTO receipt_numbers VALUES ('t1', 1, 'a'), ('t1', 2, 'b'), ('t1', 3, 'c'), ('t1', 4, 'r');
    INSERT INTO shifts VALUES ('one', 't1', '2026-01-01T02:00:00+00:00', 'me', 100, '2026-01-01T12:00:00+00:00', 100, 100, 1);
    INSERT INTO shifts VALUES ('none', 't1', '2026-01-02T02:00:00+00:00', 'me', 100, '2026-01-02T12:00:00+00:00', 100, 100, 2);
    INSERT INTO shifts VALUES ('open', 't1', '2026-01-03T02:00:00+00:00', 'me', 100, NULL, NULL, NULL, NULL);
    INSERT INTO sales VALUES ('a', 't1', 1, 'one', '2026-01-01', '2026-01-01T03:00:00+00:00', 'CNY', 1000, 60, NULL, 'me');
    INSERT INTO sales VALUES ('b', 't1', 2, 'one', '2026-01-01', '2026-01-01T04:00:00+00:00', 'CNY', 500, 30, NULL, 'me');
    INSERT INTO sales VALUES ('c', 't1', 4, 'open', '2026-01-03', '2026-01-03T04:00:00+00:00', 'CNY', 700, 40, NULL, 'me');
    INSERT INTO sale_tenders VALUES ('a', 1, 'cash', 600, 600, ''), ('a', 2, 'card', 400, NULL, 'S'), ('b', 1, 'cash', 500, 500, '');
    INSERT INTO refunds VALUES ('r', 'b', 't1', 3, 'one', '2026-01-01', '2026-01-01T05:00:00+00:00', 500, 'me');
    """


def test_reports_of_shifts_closed_before_they_were_kept_are_kept_as_they_were(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    restored(KEPT / "shop-0.1.0.sql", tmp_path / "store" / "shop.db", SHIFTS_OF_OLD)
    shop = Shop(Settings(store_dir=tmp_path / "store"), Clock())
    try:
        empty, full = shop.pos.z_reports(SYSTEM)
    finally:
        shop.close()
    assert (full.sales, full.gross, full.refunds, full.refunded, full.tax) == (2, 1500, 1, 500, 60)
    assert (full.first_receipt, full.last_receipt, full.by_tender) == (1, 2, {"cash": 600, "card": 400})
    assert (empty.sales, empty.gross, empty.refunds, empty.first_receipt, empty.by_tender) == (0, 0, 0, None, {})


@pytest.mark.parametrize("kept", RELEASED, ids=lambda file: file.stem)
def test_a_released_step_is_as_it_was_released(kept: Path, tmp_path: Path) -> None:
    """Red when one was edited: write a new step instead, and keep a new dump at the next release."""
    released = kept.read_text()
    assert dump(tmp_path, steps_of(kept)[: released.count("INSERT INTO migrations")]) == released


def test_the_first_release_of_every_file_is_kept() -> None:
    assert {file.stem.partition("-")[0] for file in RELEASED} == set(STEPS)


if __name__ == "__main__":  # at a release: python -m tests.test_databases VERSION
    import sys
    import tempfile

    for name, steps in STEPS.items():
        with tempfile.TemporaryDirectory() as folder:
            (KEPT / f"{name}-{sys.argv[1]}.sql").write_text(dump(Path(folder), steps))
