"""Every released schema is kept as a dump and must migrate to today's; a released step is never edited."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from hub.app import SCHEMA, Shop
from hub.clock import Clock
from hub.db import Db
from hub.first_start import take_demo
from hub.migrations import migrate, split_statements
from hub.settings import Settings

KEPT = Path(__file__).parent / "databases"
RELEASED = sorted(KEPT.glob("shop-*.sql"))


def schema_of(db: Db) -> list[str]:
    """What the database would be made of, without SQLite's own tables."""
    rows = db.all("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY type, name")
    return [" ".join(row["sql"].split()) for row in rows]


def dump(folder: Path, steps: int | None = None) -> str:
    """A database made by the first `steps` (default: all) and the record of them, as a script."""
    db = Db(folder / "new.db")
    db.open()
    migrate(db, SCHEMA[:steps])
    rows = db.all(
        "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' AND name NOT GLOB 'product_words_*' ORDER BY rowid"
    )
    names = [row["name"] for row in db.all("SELECT name FROM migrations ORDER BY rowid")]
    accounts = [row["account"] for row in db.all("SELECT account FROM ledger_accounts ORDER BY account")]
    db.close()
    script = [row["sql"] + ";" for row in rows]
    script += [f"INSERT INTO migrations (name) VALUES ('{name}');" for name in names]
    script += [f"INSERT INTO ledger_accounts VALUES ('{account}');" for account in accounts]
    return "\n".join(script) + "\n"


@pytest.mark.parametrize("kept", RELEASED, ids=lambda file: file.stem)
def test_a_shop_of_each_released_version_becomes_todays_shop(kept: Path, tmp_path: Path) -> None:
    folder = tmp_path / "store"
    old = Db(folder / "shop.db")
    old.open()
    for statement in split_statements(kept.read_text()):
        old.write_at_start(lambda tx, statement=statement: tx.execute(statement))
    old.close()
    shop = Shop(Settings(store_dir=folder), Clock())
    try:
        new = Db(tmp_path / "new.db")
        new.open()
        migrate(new, SCHEMA)
        assert schema_of(shop.db) == schema_of(new)
        new.close()
        asyncio.run(take_demo(shop))
        assert shop.catalog.services_offered()
    finally:
        shop.close()


@pytest.mark.parametrize("kept", RELEASED, ids=lambda file: file.stem)
def test_a_released_step_is_as_it_was_released(kept: Path, tmp_path: Path) -> None:
    """Red when one was edited: write a new step instead, and keep a new dump at the next release."""
    released = kept.read_text()
    assert dump(tmp_path, released.count("INSERT INTO migrations")) == released


def test_the_first_release_is_kept() -> None:
    assert RELEASED
