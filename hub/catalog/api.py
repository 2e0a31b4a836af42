"""The catalogue over HTTP."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from hub.catalog.columns import Kind, Problem
from hub.catalog.importing import Importing
from hub.catalog.model import Product, ProductDraft, ProductId, Service, ServiceDraft, ServiceId, Shop, ShopDraft
from hub.catalog.price_list import Imported
from hub.catalog.service import SEARCH_MAX, Catalog
from hub.catalog.sheets import FILE_BYTES_MAX
from hub.errors import InvalidInput
from hub.web import CurrentActor, TapIdHeader, shop_of

router = APIRouter(prefix="/catalog", tags=["catalog"])


async def catalog_of(request: Request) -> Catalog:
    """The catalogue of the shop this process runs."""
    return shop_of(request).catalog


CatalogOf = Annotated[Catalog, Depends(catalog_of)]
Limit = Annotated[int, Query(ge=1, le=SEARCH_MAX)]
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportAnswer:
    """What a file would do (`rows` good lines, of them added, changed, same), its problems, and what was done if asked."""

    kind: Kind
    rows: int
    added: int
    changed: int
    same: int
    problems: tuple[Problem, ...]
    applied: Imported | None


@router.get("/shop")
async def shop(actor: CurrentActor, catalog: CatalogOf) -> Shop:  # noqa: ARG001 - whoever is logged in may ask, here and below
    """The shop itself."""
    return catalog.shop()


@router.put("/shop")
async def change_shop(body: ShopDraft, tap_id: TapIdHeader, actor: CurrentActor, catalog: CatalogOf) -> Shop:
    """Change the shop's details."""
    return await catalog.change_shop(actor, body, tap_id)


@router.get("/services")
async def services(actor: CurrentActor, catalog: CatalogOf) -> list[Service]:  # noqa: ARG001
    """The menu."""
    return catalog.services_offered()


@router.get("/services/{service_id}")
async def service(service_id: ServiceId, actor: CurrentActor, catalog: CatalogOf) -> Service:  # noqa: ARG001
    """One service, also a retired one."""
    return catalog.service(service_id)


@router.post("/services", status_code=201)
async def add_service(body: ServiceDraft, tap_id: TapIdHeader, actor: CurrentActor, catalog: CatalogOf) -> Service:
    """Put a service on the menu."""
    return await catalog.add_service(actor, body, tap_id)


@router.put("/services/{service_id}")
async def change_service(
    service_id: ServiceId, body: ServiceDraft, tap_id: TapIdHeader, actor: CurrentActor, catalog: CatalogOf
) -> Service:
    """Describe a service anew."""
    return await catalog.change_service(actor, service_id, body, tap_id)


@router.post("/services/{service_id}/retire")
async def retire_service(service_id: ServiceId, tap_id: TapIdHeader, actor: CurrentActor, catalog: CatalogOf) -> Service:
    """Take a service off the menu."""
    return await catalog.retire_service(actor, service_id, tap_id)


@router.get("/products")
async def products(actor: CurrentActor, catalog: CatalogOf, search: str = "", limit: Limit = 50) -> list[Product]:  # noqa: ARG001
    """Offered products by code, barcode or name; without a search the favourites first."""
    return catalog.search_products(search, limit)


@router.get("/products/barcode/{code}")
async def product_by_barcode(code: str, actor: CurrentActor, catalog: CatalogOf) -> Product:  # noqa: ARG001
    """What a scanner has read."""
    return catalog.product_by_barcode(code)


@router.get("/products/{product_id}")
async def product(product_id: ProductId, actor: CurrentActor, catalog: CatalogOf) -> Product:  # noqa: ARG001
    """One product, also a retired one."""
    return catalog.product(product_id)


@router.post("/products", status_code=201)
async def add_product(body: ProductDraft, tap_id: TapIdHeader, actor: CurrentActor, catalog: CatalogOf) -> Product:
    """Put a product on the list."""
    return await catalog.add_product(actor, body, tap_id)


@router.put("/products/{product_id}")
async def change_product(
    product_id: ProductId, body: ProductDraft, tap_id: TapIdHeader, actor: CurrentActor, catalog: CatalogOf
) -> Product:
    """Describe a product anew."""
    return await catalog.change_product(actor, product_id, body, tap_id)


@router.post("/products/{product_id}/retire")
async def retire_product(product_id: ProductId, tap_id: TapIdHeader, actor: CurrentActor, catalog: CatalogOf) -> Product:
    """Sell a product no longer."""
    return await catalog.retire_product(actor, product_id, tap_id)


@router.post("/import", openapi_extra={"requestBody": {"required": True, "content": {"text/csv": {}, XLSX: {}}}})
async def take_in(request: Request, kind: Kind, tap_id: TapIdHeader, actor: CurrentActor, *, apply: bool = False) -> ImportAnswer:
    """A CSV or XLSX file as the body: what it would do to the shop; with `apply=1` it is done, whole or not at all."""
    importing = Importing(shop_of(request).catalog)
    plan = await importing.plan(actor, await _body(request), kind)
    applied = await importing.apply(actor, plan, tap_id) if apply and not plan.problems else None
    return ImportAnswer(
        kind=plan.kind,
        rows=len(plan.rows),
        added=plan.added,
        changed=plan.changed,
        same=plan.same,
        problems=plan.problems,
        applied=applied,
    )


async def _body(request: Request) -> bytes:
    """The uploaded file. Raises InvalidInput as soon as it is larger than any list may be."""
    content = bytearray()
    async for part in request.stream():
        content += part
        if len(content) > FILE_BYTES_MAX:
            raise InvalidInput(body_bytes_max=FILE_BYTES_MAX)
    return bytes(content)
