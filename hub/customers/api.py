"""Guests' files over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request

from hub.customers.model import CardChanges, CustomerCard, CustomerFound, CustomerId, PhoneAndWishes, Purpose
from hub.customers.service import Customers
from hub.web import CurrentActor, TapIdHeader, shop_of

router = APIRouter(prefix="/customers", tags=["customers"])


async def _customers(request: Request) -> Customers:
    return shop_of(request).customers


CustomersOf = Annotated[Customers, Depends(_customers)]


@router.post("", status_code=201)
async def enrol(body: PhoneAndWishes, tap_id: TapIdHeader, actor: CurrentActor, customers: CustomersOf) -> dict[str, CustomerId]:
    """A guest gives her number; whether she was known is not told."""
    return {"customer": await customers.enrol(actor, body, tap_id)}


@router.get("")
async def search(last4: Annotated[str, Query(max_length=8)], actor: CurrentActor, customers: CustomersOf) -> list[CustomerFound]:
    """Guests by the last four digits, masked."""
    return customers.search(actor, last4)


@router.get("/{customer}")
async def read_card(customer: CustomerId, actor: CurrentActor, customers: CustomersOf) -> CustomerCard:
    """One file in clear."""
    return await customers.read_card(actor, customer)


@router.patch("/{customer}", status_code=204)
async def correct(customer: CustomerId, body: CardChanges, tap_id: TapIdHeader, actor: CurrentActor, customers: CustomersOf) -> None:
    """Put a file right."""
    await customers.correct(actor, customer, body, tap_id)


@router.delete("/{customer}", status_code=204)
async def erase(customer: CustomerId, tap_id: TapIdHeader, actor: CurrentActor, customers: CustomersOf) -> None:
    """Erase a guest's personal data for good."""
    await customers.erase(actor, customer, tap_id)


@router.get("/{customer}/export")
async def export(customer: CustomerId, actor: CurrentActor, customers: CustomersOf) -> dict[str, Any]:
    """A copy of everything kept of her."""
    return await customers.export(actor, customer)


@router.put("/{customer}/consents/{purpose}", status_code=204)
async def agree(customer: CustomerId, purpose: Purpose, tap_id: TapIdHeader, actor: CurrentActor, customers: CustomersOf) -> None:
    """She agrees to one purpose."""
    await customers.agree(actor, customer, purpose, tap_id)


@router.delete("/{customer}/consents/{purpose}", status_code=204)
async def withdraw(customer: CustomerId, purpose: Purpose, tap_id: TapIdHeader, actor: CurrentActor, customers: CustomersOf) -> None:
    """She takes an agreement back."""
    await customers.withdraw(actor, customer, purpose, tap_id)
