"""The queue of the day."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from hub.access import Actor, Right
from hub.catalog import Catalog
from hub.clock import Clock
from hub.customers import Customers
from hub.db import Db, Tx
from hub.errors import NotFound
from hub.ids import TapId
from hub.journal import Event, Journal
from hub.ports import PrintDesk, PrintKind
from hub.staff import Staff
from hub.staff.model import StaffId
from hub.taps import first_result, remember
from hub.visits import tables, waiting
from hub.visits.events import (
    GuestCalled,
    GuestCameBack,
    GuestCheckedIn,
    GuestLeft,
    GuestPaid,
    GuestPutBack,
    GuestSeated,
    ServiceFinished,
    ServiceStarted,
)
from hub.visits.model import TICKET_CODE, NobodyCanDoThis, NothingChosen, Stage, Visit, VisitId, Wait, WalkIn

SERVICES_MAX = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardRow:
    """What the wall shows of one guest: never a name."""

    ticket: int
    stage: Stage
    stylist_name: str
    wait_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """What a visit stands on."""

    catalog: Catalog
    staff: Staff
    customers: Customers
    printing: PrintDesk


class Visits:
    """From the door to the till."""

    def __init__(self, db: Db, journal: Journal, clock: Clock, door: Door) -> None:
        self._db, self._journal, self._clock = db, journal, clock
        self._catalog, self._staff, self._customers, self._printing = door.catalog, door.staff, door.customers, door.printing

    def estimate(self, wish: WalkIn) -> Wait:
        """What she would wait. Raises NothingChosen, NotFound for a service that is not offered, or NobodyCanDoThis."""
        if not 0 < len(wish.services) <= SERVICES_MAX:
            raise NothingChosen(services=len(wish.services))
        for service in wish.services:
            if not self._catalog.service(service).active:
                raise NotFound(service=service)
        return waiting.estimate(wish, self._in_the_shop(), self._staff.stylists(), self._catalog.service, self._clock.now())

    async def check_in(self, actor: Actor, wish: WalkIn, tap_id: TapId) -> Visit:
        """Give a guest a number, a place in the queue and a printed ticket.

        Raises NothingChosen, NotFound for an unknown service, or NobodyCanDoThis.
        """
        actor.must(Right.CHECK_IN)
        wait = self.estimate(wish)
        return await self._db.write(self._check_in, actor, wish, wait, tap_id)

    async def call(self, actor: Actor, visit: VisitId, tap_id: TapId) -> Visit:
        """Show her number on the board."""
        return await self._move(actor, visit, Stage.CALLED, tap_id)

    async def put_back(self, actor: Actor, visit: VisitId, tap_id: TapId) -> Visit:
        """She waits again at her old place."""
        return await self._move(actor, visit, Stage.WAITING, tap_id)

    async def seat(self, actor: Actor, visit: VisitId, stylist: StaffId, tap_id: TapId) -> Visit:
        """Give her a chair and a stylist. Raises NobodyCanDoThis when that stylist lacks the skill or has left."""
        able = [s.id for s in self._staff.stylists() if waiting.can_do(s, self.visit(actor, visit).services)]
        if stylist not in able:
            raise NobodyCanDoThis(stylist=stylist)
        return await self._move(actor, visit, Stage.SEATED, tap_id, stylist)

    async def start(self, actor: Actor, visit: VisitId, tap_id: TapId) -> Visit:
        """The service begins."""
        return await self._move(actor, visit, Stage.IN_SERVICE, tap_id)

    async def finish(self, actor: Actor, visit: VisitId, tap_id: TapId) -> Visit:
        """The service is done; she goes to the till."""
        return await self._move(actor, visit, Stage.SERVED, tap_id)

    async def leave(self, actor: Actor, visit: VisitId, tap_id: TapId) -> Visit:
        """She went away without a service."""
        return await self._move(actor, visit, Stage.LEFT, tap_id)

    async def come_back(self, actor: Actor, visit: VisitId, tap_id: TapId) -> Visit:
        """She had been marked as gone, and waits again at her old place."""
        return await self._move(actor, visit, Stage.WAITING, tap_id)

    def queue(self, actor: Actor) -> list[Visit]:
        """Everyone in the shop today, by ticket."""
        actor.must(Right.SEE_QUEUE)
        return self._in_the_shop()

    def visit(self, actor: Actor, visit_id: VisitId) -> Visit:
        """One visit. Raises NotFound."""
        actor.must(Right.SEE_QUEUE)
        row = self._db.one(tables.BY_ID, (visit_id,))
        if row is None:
            raise NotFound(visit=visit_id)
        return tables.visit_of(row)

    def visit_by_code(self, actor: Actor, code: str) -> Visit:
        """The visit of a scanned ticket. Raises NotFound for anything that is no ticket."""
        if not code.startswith(TICKET_CODE):
            raise NotFound(code="not a ticket")
        return self.visit(actor, VisitId(code.removeprefix(TICKET_CODE)))

    def board(self, actor: Actor) -> list[BoardRow]:
        """What the wall shows: called first, then who waits, then who is served."""
        actor.must(Right.SEE_BOARD)
        names = {s.id: s.name for s in self._staff.stylists()}
        now = self._clock.now()
        rows = []
        for visit in self._in_the_shop():
            who = visit.stylist or visit.wanted_stylist
            left = visit.wait_s - int((now - visit.arrived_at).total_seconds())
            rows.append(
                BoardRow(ticket=visit.ticket, stage=visit.stage, stylist_name=names.get(who, "") if who else "", wait_s=max(left, 0))
            )
        return rows

    def paid(self, tx: Tx, actor: Actor, visit_id: VisitId) -> Visit:
        """Step of a sale: the visit ends in the transaction of its payment."""
        return self._moved(tx, actor, tables.get(tx, visit_id), Stage.PAID)

    def _in_the_shop(self) -> list[Visit]:
        today = self._clock.business_day().isoformat()
        return [tables.visit_of(row) for row in self._db.all(tables.IN_THE_SHOP, (today,))]

    def _check_in(self, tx: Tx, actor: Actor, wish: WalkIn, wait: Wait, tap_id: TapId) -> Visit:
        if known := first_result(tx, tap_id, "visits.check_in", wish):
            return tables.get(tx, known)
        if wish.customer:
            self._customers.must_exist(tx, wish.customer)
        now, day = self._clock.now(), self._clock.business_day()
        visit = Visit(
            id=VisitId.new(),
            ticket=tables.next_ticket(tx, day),
            day=day,
            stage=Stage.WAITING,
            arrived_at=now,
            services=wish.services,
            language=wish.language,
            wanted_stylist=wish.stylist,
            stylist=None,
            customer=wish.customer,
            wait_s=wait.to_s,
            moved_at=now,
            started_at=None,
        )
        tables.insert(tx, visit)
        self._journal.append(tx, actor, GuestCheckedIn(visit=visit.id, ticket=visit.ticket, services=wish.services, wait_s=wait.to_s))
        self._printing.queue(tx, PrintKind.TICKET, visit.id)
        remember(tx, tap_id, "visits.check_in", visit.id, wish)
        return visit

    async def _move(self, actor: Actor, visit: VisitId, stage: Stage, tap_id: TapId, stylist: StaffId | None = None) -> Visit:
        actor.must(Right.MOVE_QUEUE)
        return await self._db.write(self._move_step, actor, (visit, stylist), stage, tap_id)

    def _move_step(self, tx: Tx, actor: Actor, wish: tuple[VisitId, StaffId | None], stage: Stage, tap_id: TapId) -> Visit:
        act, (visit_id, stylist) = f"visits.{stage}", wish
        visit = tables.get(tx, visit_id)
        if first_result(tx, tap_id, act, wish):
            return visit
        if stylist:
            visit = replace(visit, stylist=stylist)
        visit = self._moved(tx, actor, visit, stage)
        remember(tx, tap_id, act, visit.id, wish)
        return visit

    def _moved(self, tx: Tx, actor: Actor, visit: Visit, stage: Stage) -> Visit:
        moved = visit.moved_to(stage, self._clock.now())
        tables.update(tx, moved)
        self._journal.append(tx, actor, _announcement(visit, moved))
        return moved


def _announcement(before: Visit, after: Visit) -> Event:
    """What to tell of a move; back to waiting means something else for one who had left."""
    if after.stage is Stage.SEATED and after.stylist:
        return GuestSeated(visit=after.id, ticket=after.ticket, stylist=after.stylist)
    if after.stage is Stage.WAITING and before.stage is Stage.LEFT:
        return GuestCameBack(visit=after.id, ticket=after.ticket)
    return _TOLD[after.stage](visit=after.id, ticket=after.ticket)


_TOLD: dict[Stage, Callable[..., Event]] = {
    Stage.CALLED: GuestCalled,
    Stage.WAITING: GuestPutBack,
    Stage.IN_SERVICE: ServiceStarted,
    Stage.SERVED: ServiceFinished,
    Stage.PAID: GuestPaid,
    Stage.LEFT: GuestLeft,
}
