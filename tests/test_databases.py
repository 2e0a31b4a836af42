"""The schema of every file a shop keeps is dumped at each release and must migrate to today's; a released step is never edited."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from cloud_bridge import cursor
from devices import schema as devices_schema
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


def restored(kept: Path, to: Path) -> Path:
    old = opened(to, ())
    for statement in split_statements(kept.read_text()):
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
