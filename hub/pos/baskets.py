"""Open baskets: server-side drafts that survive a reload, a crash and a change of station. Prices are read afresh."""

from __future__ import annotations

from hub.access import Actor, Right
from hub.catalog.model import ProductId, ServiceId
from hub.clock import Clock
from hub.db import Db, Row, Tx
from hub.errors import InvalidInput, NotFound
from hub.ids import Id, TapId
from hub.migrations import Migration
from hub.pos.model import LINES_MAX, QUANTITY_MAX, Basket, BasketClosed, BasketId, BasketLine, LineKind, LineWish
from hub.pos.payment_codes import NoPaymentOpen
from hub.pos.shift import Counter
from hub.staff.model import StaffId
from hub.taps import first_result, remember
from hub.visits import Visit, VisitId

SCHEMA = Migration(
    "0051-baskets",
    """
    CREATE TABLE baskets (
      id TEXT PRIMARY KEY, till TEXT NOT NULL, visit TEXT, ticket INTEGER, state TEXT NOT NULL CHECK (state IN ('open', 'paid', 'cleared')),
      touched_at TEXT NOT NULL) STRICT;
    CREATE UNIQUE INDEX one_open_basket_a_visit ON baskets (visit) WHERE state = 'open' AND visit IS NOT NULL;
    CREATE INDEX open_baskets_of_till ON baskets (till, touched_at) WHERE state = 'open';
    CREATE TABLE basket_lines (
      id TEXT PRIMARY KEY, basket TEXT NOT NULL REFERENCES baskets (id), kind TEXT NOT NULL, item TEXT NOT NULL,
      quantity INTEGER NOT NULL CHECK (quantity > 0), stylist TEXT) STRICT;
    CREATE INDEX basket_lines_of ON basket_lines (basket);
    """,
)
_OPEN_OF_VISIT = "SELECT id FROM baskets WHERE state = 'open' AND visit = ?"
_EMPTY_OF_TILL = """
    SELECT id FROM baskets b WHERE state = 'open' AND visit IS NULL AND till = ?
      AND NOT EXISTS (SELECT 1 FROM basket_lines WHERE basket = b.id)"""
LANGUAGE = "zh_CN"


class LineId(Id):
    """One line of a basket."""


class Baskets:
    """What guests are about to pay for."""

    def __init__(self, db: Db, clock: Clock, counter: Counter) -> None:
        self._db, self._clock, self._catalog, self._visits = db, clock, counter.catalog, counter.visits
        self._payment_codes = counter.payment_codes

    async def open_basket(self, actor: Actor, till: str, visit: VisitId | None, tap_id: TapId) -> Basket:
        """The open basket of a visit (begun with her services), or an empty one of the till. Raises NotFound."""
        actor.must(Right.SELL)
        guest = self._visits.visit(actor, visit) if visit else None
        basket_id = await self._db.write(self._open, till, guest, tap_id)
        return self.basket(actor, basket_id)

    def basket(self, actor: Actor, basket_id: BasketId) -> Basket:
        """An open basket at today's prices. Raises NotFound, BasketClosed."""
        actor.must(Right.SELL)
        row = self._db.one("SELECT * FROM baskets WHERE id = ?", (basket_id,))
        if row is None:
            raise NotFound(basket=basket_id)
        if row["state"] != "open":
            raise BasketClosed(basket=basket_id)
        return self._basket_of(row)

    def current_basket(self, actor: Actor, till: str) -> Basket | None:
        """The one last touched at this till."""
        actor.must(Right.SELL)
        row = self._db.one("SELECT * FROM baskets WHERE till = ? AND state = 'open' ORDER BY touched_at DESC LIMIT 1", (till,))
        return self._basket_of(row) if row else None

    async def add_line(self, actor: Actor, basket: BasketId, wish: LineWish, tap_id: TapId) -> Basket:
        """Add to the basket; the same product again raises its quantity. Raises NotFound, InvalidInput, BasketClosed."""
        actor.must(Right.SELL)
        if not 1 <= wish.quantity <= QUANTITY_MAX:
            raise InvalidInput(quantity=wish.quantity)
        self._priced(wish.kind, wish.item)
        await self._db.write(self._add, basket, wish, tap_id)
        return self.basket(actor, basket)

    async def add_scanned(self, actor: Actor, basket: BasketId, code: str, tap_id: TapId) -> Basket:
        """Add one piece of what was scanned. Raises UnknownBarcode, or NoPaymentOpen for a guest's payment code."""
        actor.must(Right.SELL)
        if whose := self._payment_codes.provider_of(code):
            raise NoPaymentOpen(provider=whose)
        product = self._catalog.product_by_barcode(code)
        return await self.add_line(actor, basket, LineWish(kind=LineKind.PRODUCT, item=product.id), tap_id)

    async def change_quantity(self, actor: Actor, basket: BasketId, line: str, quantity: int, tap_id: TapId) -> Basket:
        """Set a line's quantity; nought takes it away. Raises NotFound, InvalidInput, BasketClosed."""
        actor.must(Right.SELL)
        if not 0 <= quantity <= QUANTITY_MAX:
            raise InvalidInput(quantity=quantity)
        await self._db.write(self._set, basket, line, ("quantity", quantity), tap_id)
        return self.basket(actor, basket)

    async def assign_stylist(self, actor: Actor, basket: BasketId, line: str, stylist: StaffId | None, tap_id: TapId) -> Basket:
        """Who did the work of a line. Raises NotFound, BasketClosed."""
        actor.must(Right.SELL)
        await self._db.write(self._set, basket, line, ("stylist", stylist), tap_id)
        return self.basket(actor, basket)

    async def clear_basket(self, actor: Actor, basket: BasketId, tap_id: TapId) -> None:
        """Drop the draft. Raises BasketClosed when it was paid meanwhile."""
        actor.must(Right.SELL)
        await self._db.write(self._clear, basket, tap_id)

    def _priced(self, kind: LineKind, item: str) -> tuple[str, int]:
        """Name and price of today. Raises NotFound."""
        if kind is LineKind.PRODUCT:
            product = self._catalog.product(ProductId(item))
            return product.names.of(LANGUAGE), product.price
        service = self._catalog.service(ServiceId(item))
        return service.names.of(LANGUAGE), service.price

    def _basket_of(self, row: Row) -> Basket:
        lines = []
        for line in self._db.all("SELECT * FROM basket_lines WHERE basket = ? ORDER BY rowid", (row["id"],)):
            kind = LineKind(line["kind"])
            name, price = self._priced(kind, line["item"])
            lines.append(
                BasketLine(
                    id=line["id"],
                    kind=kind,
                    item=line["item"],
                    name=name,
                    quantity=line["quantity"],
                    price=price,
                    stylist=StaffId(line["stylist"]) if line["stylist"] else None,
                )
            )
        visit = VisitId(row["visit"]) if row["visit"] else None
        return Basket(id=BasketId(row["id"]), till=row["till"], visit=visit, ticket=row["ticket"], lines=tuple(lines))

    def _open(self, tx: Tx, till: str, guest: Visit | None, tap_id: TapId) -> BasketId:
        visit = guest.id if guest else None
        if known := first_result(tx, tap_id, "pos.open_basket", (till, visit)):
            return BasketId(known)
        row = tx.one(_OPEN_OF_VISIT, (visit,)) if visit else tx.one(_EMPTY_OF_TILL, (till,))
        basket = BasketId(row["id"]) if row else BasketId.new()
        now = self._clock.now().isoformat()
        if row:
            tx.execute("UPDATE baskets SET till = ?, touched_at = ? WHERE id = ?", (till, now, basket))
        else:
            tx.insert("baskets", id=basket, till=till, visit=visit, ticket=guest.ticket if guest else None, state="open", touched_at=now)
            for service in guest.services if guest else ():
                _insert_line(tx, basket, LineWish(kind=LineKind.SERVICE, item=service, stylist=guest.stylist if guest else None))
        remember(tx, tap_id, "pos.open_basket", basket, (till, visit))
        return basket

    def _add(self, tx: Tx, basket: BasketId, wish: LineWish, tap_id: TapId) -> None:
        if first_result(tx, tap_id, "pos.add_line", (basket, wish)):
            return
        self._touch(tx, basket)
        same = tx.one(
            "SELECT id, quantity FROM basket_lines WHERE basket = ? AND kind = 'product' AND kind = ? AND item = ?",
            (basket, str(wish.kind), wish.item),
        )
        if same:
            quantity = min(same["quantity"] + wish.quantity, QUANTITY_MAX)
            tx.execute("UPDATE basket_lines SET quantity = ? WHERE id = ?", (quantity, same["id"]))
        else:
            row = tx.one("SELECT count(*) FROM basket_lines WHERE basket = ?", (basket,))
            if row and row[0] >= LINES_MAX:
                raise InvalidInput(lines=row[0])
            _insert_line(tx, basket, wish)
        remember(tx, tap_id, "pos.add_line", basket, (basket, wish))

    def _set(self, tx: Tx, basket: BasketId, line: str, change: tuple[str, int | str | None], tap_id: TapId) -> None:
        column, value = change
        wish = (basket, line, value)
        if first_result(tx, tap_id, f"pos.{column}", wish):
            return
        self._touch(tx, basket)
        if value == 0 and column == "quantity":
            done = tx.execute("DELETE FROM basket_lines WHERE id = ? AND basket = ?", (line, basket))
        else:
            done = tx.execute(f"UPDATE basket_lines SET {column} = ? WHERE id = ? AND basket = ?", (value, line, basket))  # noqa: S608
        if not done.rowcount:
            raise NotFound(line=line)
        remember(tx, tap_id, f"pos.{column}", line, wish)

    def _clear(self, tx: Tx, basket: BasketId, tap_id: TapId) -> None:
        if not first_result(tx, tap_id, "pos.clear_basket", basket):
            close(tx, basket, "cleared")
            remember(tx, tap_id, "pos.clear_basket", basket, basket)

    def _touch(self, tx: Tx, basket: BasketId) -> None:
        done = tx.execute("UPDATE baskets SET touched_at = ? WHERE id = ? AND state = 'open'", (self._clock.now().isoformat(), basket))
        if not done.rowcount:
            raise BasketClosed(basket=basket)


def close(tx: Tx, basket: BasketId, state: str) -> None:
    """Step: the draft is over. Raises BasketClosed when it already was."""
    if not tx.execute("UPDATE baskets SET state = ? WHERE id = ? AND state = 'open'", (state, basket)).rowcount:
        raise BasketClosed(basket=basket)


def _insert_line(tx: Tx, basket: BasketId, wish: LineWish) -> None:
    values = {"kind": str(wish.kind), "item": wish.item, "quantity": wish.quantity, "stylist": wish.stylist}
    tx.insert("basket_lines", id=LineId.new(), basket=basket, **values)
