"""Changes of the catalogue, each inside the writer's transaction: rows and journal line together, a repeated tap once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hub.access import Actor
from hub.catalog import tables
from hub.catalog.events import CatalogImported, Change, ProductChanged, ServiceChanged, ShopChanged, ShopSetUp
from hub.catalog.kept import Changes
from hub.catalog.model import BarcodeTaken, CodeTaken, ImportId, Product, ProductDraft, ProductId, Service, ServiceDraft, ServiceId
from hub.catalog.price_list import Imported, ListedProduct, ListedService, PriceListKind, check_barcodes, compare
from hub.catalog.shop import AlreadySetUp, Shop, ShopDraft
from hub.catalog.values import Reason, ValueRefused
from hub.clock import Clock
from hub.db import Tx
from hub.errors import NotFound
from hub.ids import TapId
from hub.journal import Journal
from hub.taps import first_result, remember

_THE_SHOP = "shop"


class Changing:
    """The acts of `Catalog`; every method runs in the writer."""

    def __init__(self, journal: Journal, clock: Clock, changes: Changes) -> None:
        self._journal, self._clock, self._changes = journal, clock, changes

    def set_up(self, tx: Tx, actor: Actor, draft: ShopDraft, tap_id: TapId) -> Shop:
        """The shop is described for the first time. Raises AlreadySetUp."""
        now = tables.shop(tx)
        if first_result(tx, tap_id, "set_up_shop", draft) and now:
            return now
        if now:
            raise AlreadySetUp(at=now.set_up_at)
        shop = _shop_of(draft, set_up_at=self._clock.now().isoformat())
        self._keep_shop(tx, shop)
        self._journal.append(tx, actor, ShopSetUp(demo=shop.demo, open_days=_open_days(shop)))
        remember(tx, tap_id, "set_up_shop", _THE_SHOP, draft)
        return shop

    def change_shop(self, tx: Tx, actor: Actor, draft: ShopDraft, tap_id: TapId) -> Shop:
        """The shop is described anew."""
        now = tables.shop(tx)
        if now is None or now.set_up_at is None:
            raise NotFound(shop="not set up")
        if first_result(tx, tap_id, "change_shop", draft):
            return now
        if draft.currency != now.currency:
            raise ValueRefused(Reason.CURRENCY_FIXED, "currency", draft.currency)
        shop = _shop_of(replace(draft, demo=now.demo), set_up_at=now.set_up_at)
        if shop != now:
            self._keep_shop(tx, shop)
            self._journal.append(tx, actor, ShopChanged(open_days=_open_days(shop)))
        remember(tx, tap_id, "change_shop", _THE_SHOP, draft)
        return shop

    def add_service(self, tx: Tx, actor: Actor, draft: ServiceDraft, tap_id: TapId) -> Service:
        """A new service."""
        if done := first_result(tx, tap_id, "add_service", draft):
            return _service(tx, ServiceId(done))
        service = Service.of(ServiceId.new(), draft)
        _check_code(tx, "services", service)
        self._changes.mark()
        tables.add_services(tx, [service])
        self._tell_service(tx, actor, None, service)
        remember(tx, tap_id, "add_service", service.id, draft)
        return service

    def change_service(self, tx: Tx, actor: Actor, id: ServiceId, draft: ServiceDraft | None, tap_id: TapId) -> Service:  # noqa: A002
        """A service described anew; without a draft it is retired."""
        now = _service(tx, id)
        wish = (id, draft)
        if first_result(tx, tap_id, "change_service", wish):
            return now
        after = Service.of(id, draft) if draft else replace(now, active=False)
        if after != now:
            _check_code(tx, "services", after)
            self._changes.mark()
            tables.change_services(tx, [after])
            self._tell_service(tx, actor, now, after)
        remember(tx, tap_id, "change_service", id, wish)
        return after

    def add_product(self, tx: Tx, actor: Actor, draft: ProductDraft, tap_id: TapId) -> Product:
        """A new product."""
        if done := first_result(tx, tap_id, "add_product", draft):
            return _product(tx, ProductId(done))
        product = Product.of(ProductId.new(), draft)
        _check_code(tx, "products", product)
        _check_barcode(tx, product)
        tables.add_products(tx, [product])
        self._tell_product(tx, actor, None, product)
        remember(tx, tap_id, "add_product", product.id, draft)
        return product

    def change_product(self, tx: Tx, actor: Actor, id: ProductId, draft: ProductDraft | None, tap_id: TapId) -> Product:  # noqa: A002
        """A product described anew; without a draft it is retired."""
        now = _product(tx, id)
        wish = (id, draft)
        if first_result(tx, tap_id, "change_product", wish):
            return now
        after = Product.of(id, draft) if draft else replace(now, active=False)
        if after != now:
            _check_code(tx, "products", after)
            _check_barcode(tx, after)
            tables.change_products(tx, [(now, after)])
            self._tell_product(tx, actor, now, after)
        remember(tx, tap_id, "change_product", id, wish)
        return after

    def take_in_services(self, tx: Tx, actor: Actor, listed: Sequence[ListedService], tap_id: TapId) -> Imported:
        """A whole list of services."""
        if done := first_result(tx, tap_id, "take_in_services", listed):
            return tables.price_list(tx, ImportId(done))
        found = compare({service.code: service for service in tables.services(tx)}, listed)
        self._changes.mark()
        tables.add_services(tx, found.added)
        tables.change_services(tx, [after for _, after in found.changed])
        for service in found.added:
            self._tell_service(tx, actor, None, service)
        for before, after in found.changed:
            self._tell_service(tx, actor, before, after)
        imported = self._imported(tx, actor, PriceListKind.SERVICES, (len(found.added), len(found.changed), found.same))
        remember(tx, tap_id, "take_in_services", imported.id, listed)
        return imported

    def take_in_products(self, tx: Tx, actor: Actor, listed: Sequence[ListedProduct], tap_id: TapId) -> Imported:
        """A whole list of products."""
        if done := first_result(tx, tap_id, "take_in_products", listed):
            return tables.price_list(tx, ImportId(done))
        now = {product.code: product for product in tables.products(tx)}
        found = compare(now, listed)
        check_barcodes(now.values(), found)
        tables.change_products(tx, found.changed)  # first: a new product may take the barcode a known one lets go
        tables.add_products(tx, found.added)
        for product in found.added:
            self._tell_product(tx, actor, None, product)
        for before, after in found.changed:
            self._tell_product(tx, actor, before, after)
        imported = self._imported(tx, actor, PriceListKind.PRODUCTS, (len(found.added), len(found.changed), found.same))
        remember(tx, tap_id, "take_in_products", imported.id, listed)
        return imported

    def _keep_shop(self, tx: Tx, shop: Shop) -> None:
        self._changes.mark()
        tables.put_shop(tx, shop)

    def _imported(self, tx: Tx, actor: Actor, what: PriceListKind, counts: tuple[int, int, int]) -> Imported:
        added, changed, same = counts
        imported = Imported(id=ImportId.new(), what=what, added=added, changed=changed, same=same)
        tables.add_price_list(tx, imported, self._clock.now().isoformat())
        self._journal.append(tx, actor, CatalogImported(price_list=imported.id, what=what, added=added, changed=changed, same=same))
        return imported

    def _tell_service(self, tx: Tx, actor: Actor, before: Service | None, after: Service) -> None:
        told = ServiceChanged(
            service=after.id,
            change=_change(before, after),
            price=after.price,
            price_was=(before or after).price,
            tax=after.tax,
            minutes=after.minutes,
            working_minutes=after.working_minutes,
            active=after.active,
        )
        self._journal.append(tx, actor, told)

    def _tell_product(self, tx: Tx, actor: Actor, before: Product | None, after: Product) -> None:
        told = ProductChanged(
            product=after.id,
            change=_change(before, after),
            price=after.price,
            price_was=(before or after).price,
            tax=after.tax,
            stocked=after.stocked,
            active=after.active,
        )
        self._journal.append(tx, actor, told)


def _check_code(tx: Tx, table: str, entry: Service | Product) -> None:
    owner = tables.owner_of_code(tx, table, entry.code)
    if owner not in {None, entry.id}:
        raise CodeTaken(code=entry.code)


def _check_barcode(tx: Tx, product: Product) -> None:
    owner = tables.product_by_barcode(tx, product.barcode) if product.barcode else None
    if owner and owner.id != product.id:
        raise BarcodeTaken(code=product.code, other=owner.code)


def _service(tx: Tx, id: ServiceId) -> Service:  # noqa: A002
    service = tables.service(tx, id)
    if service is None:
        raise NotFound(service=id)
    return service


def _product(tx: Tx, id: ProductId) -> Product:  # noqa: A002
    product = tables.product(tx, id)
    if product is None:
        raise NotFound(product=id)
    return product


def _change(before: Service | Product | None, after: Service | Product) -> Change:
    if before is None:
        return Change.ADDED
    if before.active == after.active:
        return Change.CHANGED
    return Change.OFFERED_AGAIN if after.active else Change.RETIRED


def _shop_of(draft: ShopDraft, set_up_at: str) -> Shop:
    return Shop(
        name=draft.name,
        zone=draft.zone,
        currency=draft.currency,
        address=draft.address,
        phone=draft.phone,
        opening=draft.opening,
        set_up_at=set_up_at,
        demo=draft.demo,
    )


def _open_days(shop: Shop) -> int:
    return sum(1 for hours in shop.opening if hours)
