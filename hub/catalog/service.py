"""Keeping the catalogue, and asking it."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from hub.access import Actor, Right
from hub.catalog import tables
from hub.catalog.changing import Changing
from hub.catalog.kept import Changes, Kept
from hub.catalog.model import NoLongerSold, Product, ProductDraft, ProductId, Service, ServiceDraft, ServiceId, UnknownBarcode
from hub.catalog.price_list import Imported, ListedProduct, ListedService
from hub.catalog.shop import NOT_SET_UP, Shop, ShopDraft
from hub.catalog.values import ValueRefused, plain, scanned_barcode, shown
from hub.clock import Clock
from hub.db import Db, Tx
from hub.errors import NotFound
from hub.ids import TapId
from hub.journal import Journal

SEARCH_MAX = 200


class Catalog:
    """The shop itself and what it sells."""

    def __init__(self, db: Db, journal: Journal, clock: Clock) -> None:
        self._db, self._clock = db, clock
        changes = Changes(db)
        self._changing = Changing(journal, clock, changes)
        self._shop = Kept(changes, self._read_shop)
        self._services = Kept(changes, lambda: {service.id: service for service in tables.services(db)})
        self._offered = Kept(changes, lambda: tuple(s for s in self._services.get().values() if s.active))

    # ---- the shop

    def shop(self) -> Shop:
        """The shop; NOT_SET_UP before its owner has described it."""
        return self._shop.get()

    def is_set_up(self) -> bool:
        """Whether the owner has described the shop."""
        return self.shop().set_up_at is not None

    async def set_up(self, actor: Actor, draft: ShopDraft, tap_id: TapId) -> Shop:
        """Describe the shop for the first time. Raises NotAllowed or AlreadySetUp."""
        actor.must(Right.SET_UP_SHOP)
        return await self._db.write(self._changing.set_up, actor, draft, tap_id)

    async def change_shop(self, actor: Actor, draft: ShopDraft, tap_id: TapId) -> Shop:
        """Change the shop's details; `currency` and `demo` stay as they were set up.

        Raises NotAllowed, NotFound before set-up, ValueRefused for another currency: every amount kept is in the first one.
        """
        actor.must(Right.SET_UP_SHOP)
        return await self._db.write(self._changing.change_shop, actor, draft, tap_id)

    # ---- services

    def services_offered(self) -> list[Service]:
        """The menu, in the order the services were added."""
        return list(self._offered.get())

    def every_service(self) -> list[Service]:
        """Retired ones too."""
        return list(self._services.get().values())

    def service(self, id: ServiceId) -> Service:  # noqa: A002
        """One service, also a retired one. Raises NotFound."""
        service = self._services.get().get(id)
        if service is None:
            raise NotFound(service=id)
        return service

    def service_for_sale(self, tx: Tx, id: ServiceId) -> Service:  # noqa: A002
        """Step of a sale: the service as it is now, also one retired while the guest was in the chair. Raises NotFound."""
        service = tables.service(tx, id)
        if service is None:
            raise NotFound(service=id)
        return service

    async def add_service(self, actor: Actor, draft: ServiceDraft, tap_id: TapId) -> Service:
        """Put a service on the menu. Raises NotAllowed or CodeTaken."""
        actor.must(Right.CHANGE_CATALOG)
        return await self._db.write(self._changing.add_service, actor, draft, tap_id)

    async def change_service(self, actor: Actor, id: ServiceId, draft: ServiceDraft, tap_id: TapId) -> Service:  # noqa: A002
        """Describe a service anew; what was sold keeps the price it was sold at. Raises NotAllowed, NotFound or CodeTaken."""
        actor.must(Right.CHANGE_CATALOG)
        return await self._db.write(self._changing.change_service, actor, id, draft, tap_id)

    async def retire_service(self, actor: Actor, id: ServiceId, tap_id: TapId) -> Service:  # noqa: A002
        """Take a service off the menu; it is never deleted. `change_service` offers it again. Raises NotAllowed or NotFound."""
        actor.must(Right.CHANGE_CATALOG)
        return await self._db.write(self._changing.change_service, actor, id, None, tap_id)

    # ---- products

    def product(self, id: ProductId) -> Product:  # noqa: A002
        """One product, also a retired one. Raises NotFound."""
        return _found(tables.product(self._db, id), id)

    def product_for_sale(self, tx: Tx, id: ProductId) -> Product:  # noqa: A002
        """Step of a sale: the product as it is now, also one retired since it was put in the basket. Raises NotFound."""
        place = ("product", id)
        product = tx.known[place] = tx.known.get(place) or _found(tables.product(tx, id), id)
        return product

    def product_by_barcode(self, code: str) -> Product:
        """What a scanner has read: EAN-13, UPC-A, or a GS1 code of it. Raises UnknownBarcode, or NoLongerSold for a retired product."""
        try:
            product = tables.product_by_barcode(self._db, scanned_barcode(code))
        except ValueRefused as no_code:
            raise UnknownBarcode(barcode=shown(code)) from no_code
        if product is None:
            raise UnknownBarcode(barcode=shown(code))
        if not product.active:
            raise NoLongerSold(product=product.id, code=product.code)
        return product

    def search_products(self, text: str, limit: int = 50) -> list[Product]:
        """Offered products by code, by the beginning of the barcode, and by words of any name, nearest first; at most 200."""
        limit, bare = max(1, min(limit, SEARCH_MAX)), plain(text)
        if not bare:
            return self.favourite_products(limit)
        found = {product.id: product for product in tables.by_prefix(self._db, "code", bare.upper(), limit)}
        if len(found) < limit and bare[0].isdigit():
            found |= {product.id: product for product in tables.by_prefix(self._db, "barcode", bare.replace(" ", ""), limit)}
        if len(found) < limit:
            found |= {product.id: product for product in tables.by_words(self._db, bare, limit)}
        return list(found.values())[:limit]

    def every_product(self) -> list[Product]:
        """Retired ones too; for lists and exports, not for pages."""
        return tables.products(self._db)

    def favourite_products(self, limit: int) -> list[Product]:
        """What the till shows without a search: favourites first, then the others in the order they were added."""
        return tables.favourites(self._db, max(1, min(limit, SEARCH_MAX)))

    async def add_product(self, actor: Actor, draft: ProductDraft, tap_id: TapId) -> Product:
        """Put a product on the shelf list. Raises NotAllowed, CodeTaken or BarcodeTaken."""
        actor.must(Right.CHANGE_CATALOG)
        return await self._db.write(self._changing.add_product, actor, draft, tap_id)

    async def change_product(self, actor: Actor, id: ProductId, draft: ProductDraft, tap_id: TapId) -> Product:  # noqa: A002
        """Describe a product anew; what was sold keeps its price. Raises NotAllowed, NotFound, CodeTaken or BarcodeTaken."""
        actor.must(Right.CHANGE_CATALOG)
        return await self._db.write(self._changing.change_product, actor, id, draft, tap_id)

    async def retire_product(self, actor: Actor, id: ProductId, tap_id: TapId) -> Product:  # noqa: A002
        """Sell a product no longer; it is never deleted. `change_product` offers it again. Raises NotAllowed or NotFound."""
        actor.must(Right.CHANGE_CATALOG)
        return await self._db.write(self._changing.change_product, actor, id, None, tap_id)

    # ---- price lists

    async def take_in_services(self, actor: Actor, listed: Sequence[ListedService], tap_id: TapId) -> Imported:
        """Add and change every listed service, or none. Raises NotAllowed, or ValueRefused when a code comes twice."""
        actor.must(Right.CHANGE_CATALOG)
        return await self._db.write(self._changing.take_in_services, actor, listed, tap_id)

    async def take_in_products(self, actor: Actor, listed: Sequence[ListedProduct], tap_id: TapId) -> Imported:
        """Add and change every listed product, or none. Raises NotAllowed, BarcodeTaken, or ValueRefused for a code that comes twice."""
        actor.must(Right.CHANGE_CATALOG)
        return await self._db.write(self._changing.take_in_products, actor, listed, tap_id)

    def _read_shop(self) -> Shop:
        shop = tables.shop(self._db) or NOT_SET_UP
        self._clock.zone = ZoneInfo(shop.zone)  # the business day turns where the shop stands
        return shop


def _found(product: Product | None, id: ProductId) -> Product:  # noqa: A002
    if product is None:
        raise NotFound(product=id)
    return product
