"""The queue ticket: a number, the services, the wait, and a code that opens the visit at the till."""

from __future__ import annotations

from hub.catalog import Catalog
from hub.clock import Clock
from hub.ports import Columns, Document, Feed, Qr, Rule, Text
from hub.staff import Staff
from hub.visits.model import Visit
from hub.words import words


def ticket_document(visit: Visit, catalog: Catalog, staff: Staff, clock: Clock) -> Document:
    """The ticket of a visit, in the guest's language."""
    word = words(visit.language)
    wait = word["minutes"].format(n=visit.wait_s // 60) if visit.wait_s else word["no_wait"]
    stylist = [Columns(left=word["wished"], right=staff.member(visit.wanted_stylist).name)] if visit.wanted_stylist else []
    return Document(
        blocks=(
            Text(text=catalog.shop().name, align="center", bold=True),
            Text(text=clock.local(visit.arrived_at).strftime("%Y-%m-%d %H:%M"), align="center"),
            Feed(),
            Text(text=word["your_number"], align="center"),
            Text(text=str(visit.ticket), align="center", bold=True, size=4),
            Feed(),
            Columns(left=word["wait"], right=wait),
            *stylist,
            Rule(),
            *(Text(text=catalog.service(s).names.of(visit.language)) for s in visit.services),
            Rule(),
            Qr(data=visit.ticket_code),
            Text(text=word["listen"], align="center"),
        )
    )
