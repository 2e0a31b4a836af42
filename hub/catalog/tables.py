"""The catalogue's rows. Reads work on the writer's transaction and on a reader alike; entries are retired, never removed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol, cast

import orjson

from hub.catalog.model import ImportId, Names, Product, ProductId, Service, ServiceId, parse_phases, phases_text
from hub.catalog.price_list import Imported, PriceListKind
from hub.catalog.shop import Shop, Week
from hub.catalog.words import wanted_words, words_of
from hub.db import Row, Tx
from hub.errors import NotFound
from hub.migrations import Migration

SCHEMA = Migration(
    "0020-catalog",
    """
    CREATE TABLE shop (
      one INTEGER PRIMARY KEY CHECK (one = 1), name TEXT NOT NULL, zone TEXT NOT NULL, currency TEXT NOT NULL,
      address TEXT NOT NULL, phone TEXT NOT NULL, opening TEXT NOT NULL, set_up_at TEXT NOT NULL,
      demo INTEGER NOT NULL CHECK (demo IN (0, 1))) STRICT;
    CREATE TABLE services (
      n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, code TEXT NOT NULL UNIQUE, category TEXT NOT NULL,
      zh_cn TEXT NOT NULL, zh_tw TEXT NOT NULL, en TEXT NOT NULL, phases TEXT NOT NULL,
      price INTEGER NOT NULL CHECK (price >= 0), tax INTEGER NOT NULL CHECK (tax BETWEEN 0 AND 10000),
      active INTEGER NOT NULL CHECK (active IN (0, 1))) STRICT;
    CREATE TABLE products (
      n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, code TEXT NOT NULL UNIQUE, category TEXT NOT NULL,
      zh_cn TEXT NOT NULL, zh_tw TEXT NOT NULL, en TEXT NOT NULL, barcode TEXT UNIQUE,
      price INTEGER NOT NULL CHECK (price >= 0), tax INTEGER NOT NULL CHECK (tax BETWEEN 0 AND 10000),
      stocked INTEGER NOT NULL CHECK (stocked IN (0, 1)), active INTEGER NOT NULL CHECK (active IN (0, 1)),
      favourite INTEGER NOT NULL CHECK (favourite IN (0, 1))) STRICT;
    CREATE INDEX products_shown ON products (active, favourite DESC, n);
    CREATE VIRTUAL TABLE product_words USING fts5(words, content='', contentless_delete=1, detail=full, prefix='1 2 3', tokenize='unicode61');
    CREATE TABLE price_lists (
      id TEXT PRIMARY KEY, at TEXT NOT NULL, what TEXT NOT NULL, added INTEGER NOT NULL, changed INTEGER NOT NULL,
      same INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    """,
)

_SERVICE = "id, code, category, zh_cn, zh_tw, en, phases, price, tax, active"
_PRODUCT = "id, code, category, zh_cn, zh_tw, en, barcode, price, tax, stocked, active, favourite"
_SERVICE_BY_ID = f"SELECT {_SERVICE} FROM services WHERE id = ?"  # noqa: S608 - names from code, here and below
_PRODUCT_BY_ID = f"SELECT {_PRODUCT} FROM products WHERE id = ?"  # noqa: S608
_HIGHEST = "\U0010ffff"


class Reads(Protocol):
    """A transaction or a database."""

    def one(self, sql: str, values: Sequence[Any] = ()) -> Row | None:
        """The first row, or None."""

    def all(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """Every row."""


def shop(reads: Reads) -> Shop | None:
    """The shop, None before set-up."""
    row = reads.one("SELECT name, zone, currency, address, phone, opening, set_up_at, demo FROM shop")
    if row is None:
        return None
    name, zone, currency, address, phone, opening, set_up_at, demo = row
    week = cast("Week", tuple(tuple(hours) if hours else None for hours in orjson.loads(opening)))
    return Shop(name=name, zone=zone, currency=currency, address=address, phone=phone, opening=week, set_up_at=set_up_at, demo=bool(demo))


def put_shop(tx: Tx, shop: Shop) -> None:
    """Keep the shop as it is now."""
    opening = orjson.dumps(shop.opening).decode()
    tx.execute(
        "INSERT OR REPLACE INTO shop VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?)",
        (shop.name, shop.zone, shop.currency, shop.address, shop.phone, opening, shop.set_up_at, shop.demo),
    )


def services(reads: Reads) -> list[Service]:
    """All services, retired ones too, in the order they were added."""
    return [_service(row) for row in reads.all(f"SELECT {_SERVICE} FROM services ORDER BY n")]  # noqa: S608


def service(reads: Reads, id: ServiceId) -> Service | None:  # noqa: A002
    """One service by its id."""
    row = reads.one(_SERVICE_BY_ID, (id,))
    return _service(row) if row else None


def add_services(tx: Tx, added: Iterable[Service]) -> None:
    """New services, after those already there."""
    tx.executemany(
        f"INSERT INTO services ({_SERVICE}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
        [(s.id, s.code, s.category, *_names(s.names), phases_text(s.phases), s.price, s.tax, s.active) for s in added],
    )


def change_services(tx: Tx, changed: Iterable[Service]) -> None:
    """Existing services as they are now."""
    tx.executemany(
        "UPDATE services SET code = ?, category = ?, zh_cn = ?, zh_tw = ?, en = ?, phases = ?, price = ?, tax = ?, active = ? WHERE id = ?",
        [(s.code, s.category, *_names(s.names), phases_text(s.phases), s.price, s.tax, s.active, s.id) for s in changed],
    )


def owner_of_code(reads: Reads, table: str, code: str) -> str | None:
    """Id of the entry of `table` (services or products) that has the code."""
    row = reads.one(f"SELECT id FROM {table} WHERE code = ?", (code,))  # noqa: S608
    return str(row[0]) if row else None


def products(reads: Reads) -> list[Product]:
    """All products, retired ones too; for imports only, pages search."""
    return [_product(row) for row in reads.all(f"SELECT {_PRODUCT} FROM products ORDER BY n")]  # noqa: S608


def product(reads: Reads, id: ProductId) -> Product | None:  # noqa: A002
    """One product by its id."""
    row = reads.one(_PRODUCT_BY_ID, (id,))
    return _product(row) if row else None


def product_by_code(reads: Reads, code: str) -> Product | None:
    """One product by the shop's own code."""
    row = reads.one(f"SELECT {_PRODUCT} FROM products WHERE code = ?", (code,))  # noqa: S608
    return _product(row) if row else None


def product_by_barcode(reads: Reads, barcode: str) -> Product | None:
    """One product by its EAN-13."""
    row = reads.one(f"SELECT {_PRODUCT} FROM products WHERE barcode = ?", (barcode,))  # noqa: S608
    return _product(row) if row else None


def favourites(reads: Reads, limit: int) -> list[Product]:
    """Offered products, favourites first, each in the order they were added."""
    sql = f"SELECT {_PRODUCT} FROM products WHERE active = 1 ORDER BY favourite DESC, n LIMIT ?"  # noqa: S608
    return [_product(row) for row in reads.all(sql, (limit,))]


def by_prefix(reads: Reads, column: str, prefix: str, limit: int) -> list[Product]:
    """Offered products whose `column` (code or barcode) begins with `prefix`, in its order."""
    sql = f"SELECT {_PRODUCT} FROM products WHERE {column} >= ? AND {column} < ? AND +active = 1 ORDER BY {column} LIMIT ?"  # noqa: S608
    return [_product(row) for row in reads.all(sql, (prefix, prefix + _HIGHEST, limit))]


def by_words(reads: Reads, text: str, limit: int) -> list[Product]:
    """Offered products that have every word of `text` in a name or code, in the order they were added."""
    wanted = wanted_words(text)
    if not wanted:
        return []
    columns = ", ".join(f"p.{column}" for column in _PRODUCT.split(", "))
    sql = f"""SELECT {columns} FROM product_words w JOIN products p ON p.n = w.rowid
              WHERE w.product_words MATCH ? AND +p.active = 1 ORDER BY w.rowid LIMIT ?"""  # noqa: S608
    return [_product(row) for row in reads.all(sql, (wanted, limit))]


def add_products(tx: Tx, added: Sequence[Product]) -> None:
    """New products, after those already there, with their words."""
    row = tx.one("SELECT max(n) FROM products")
    first = (row[0] or 0) + 1 if row else 1
    tx.executemany(
        f"INSERT INTO products (n, {_PRODUCT}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
        [
            (n, p.id, p.code, p.category, *_names(p.names), p.barcode, p.price, p.tax, p.stocked, p.active, p.favourite)
            for n, p in enumerate(added, first)
        ],
    )
    tx.executemany("INSERT INTO product_words (rowid, words) VALUES (?, ?)", [(n, words_of(p)) for n, p in enumerate(added, first)])


def change_products(tx: Tx, changed: Sequence[tuple[Product, Product]]) -> None:
    """Existing products, before and after."""
    for _, product in changed:
        tx.known.pop(("product", product.id), None)
    # two products may swap their barcodes: both let go before either takes hold
    freed = [(after.id,) for before, after in changed if before.barcode != after.barcode]
    tx.executemany("UPDATE products SET barcode = NULL WHERE id = ?", freed)
    tx.executemany(
        """UPDATE products SET code = ?, category = ?, zh_cn = ?, zh_tw = ?, en = ?, barcode = ?, price = ?, tax = ?, stocked = ?,
           active = ?, favourite = ? WHERE id = ?""",
        [(p.code, p.category, *_names(p.names), p.barcode, p.price, p.tax, p.stocked, p.active, p.favourite, p.id) for _, p in changed],
    )
    renamed = [after for before, after in changed if words_of(before) != words_of(after)]
    tx.executemany("DELETE FROM product_words WHERE rowid = (SELECT n FROM products WHERE id = ?)", [(p.id,) for p in renamed])
    tx.executemany(
        "INSERT INTO product_words (rowid, words) SELECT n, ? FROM products WHERE id = ?", [(words_of(p), p.id) for p in renamed]
    )


def add_price_list(tx: Tx, imported: Imported, at: str) -> None:
    """Remember that a list was taken in at `at` (ISO UTC)."""
    tx.insert("price_lists", id=imported.id, at=at, what=imported.what, added=imported.added, changed=imported.changed, same=imported.same)


def price_list(tx: Tx, id: ImportId) -> Imported:  # noqa: A002
    """What a list taken in before did."""
    row = tx.one("SELECT what, added, changed, same FROM price_lists WHERE id = ?", (id,))
    if row is None:
        raise NotFound(price_list=id)
    return Imported(id=id, what=PriceListKind(row[0]), added=row[1], changed=row[2], same=row[3])


def _service(row: Row) -> Service:
    id_, code, category, zh_cn, zh_tw, en, phases, price, tax, active = row
    return Service(
        id=ServiceId(id_),
        code=code,
        category=category,
        names=Names(zh_CN=zh_cn, zh_TW=zh_tw, en=en),
        phases=parse_phases(phases),
        price=price,
        tax=tax,
        active=bool(active),
    )


def _product(row: Row) -> Product:
    id_, code, category, zh_cn, zh_tw, en, barcode, price, tax, stocked, active, favourite = row
    return Product(
        id=ProductId(id_),
        code=code,
        names=Names(zh_CN=zh_cn, zh_TW=zh_tw, en=en),
        barcode=barcode,
        price=price,
        tax=tax,
        stocked=bool(stocked),
        active=bool(active),
        category=category,
        favourite=bool(favourite),
    )


def _names(names: Names) -> tuple[str, str, str]:
    return names.zh_CN, names.zh_TW, names.en
