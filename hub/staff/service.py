"""Who works here, and proof by PIN of who is at a station."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from hub.access import SYSTEM, Actor, Right, Role
from hub.clock import Clock
from hub.db import Db, Tx
from hub.errors import NotAllowed, NotFound
from hub.ids import TapId
from hub.journal import Journal
from hub.sessions import Sessions
from hub.staff import tables
from hub.staff.events import PinSet, StaffAdded, StaffChanged, StaffUnlocked, StepUpApproved
from hub.staff.model import (
    PIN_DIGITS_MIN,
    LastOwner,
    LoginName,
    OwnerExists,
    PinTooShort,
    StaffDraft,
    StaffId,
    StaffMember,
    check_pin_rules,
    may_manage,
)
from hub.staff.pins import PinHasher
from hub.staff.proof import PinProof
from hub.staff.tables import PinRow
from hub.taps import first_result, remember
from hub.vault import Vault


@dataclass(frozen=True, slots=True)
class _Known:
    """What is kept in memory: everyone by id in the order they joined, and who has a PIN."""

    members: dict[str, StaffMember]
    with_pin: set[str]


class Staff:
    """The people of the shop. `db` is open and migrated, the vault open."""

    def __init__(self, db: Db, journal: Journal, clock: Clock, vault: Vault, sessions: Sessions) -> None:
        self._db, self._journal, self._sessions = db, journal, sessions
        self._pins = PinHasher(vault)
        self._proof = PinProof(db, journal, clock, self._pins)
        self._lock = threading.Lock()
        self._changes = 0  # of staff or PINs, so that nothing read before one of them is kept
        self._known: _Known | None = None

    def stylists(self) -> list[StaffMember]:
        """Everyone active whom guests can ask for, in the order they joined."""
        return [member for member in self._all().members.values() if member.stylist and member.active]

    def member(self, staff_id: str) -> StaffMember:
        """One person, active or not. Raises NotFound."""
        if member := self._all().members.get(staff_id):
            return member
        raise NotFound(staff=staff_id)

    def everyone(self, actor: Actor) -> list[StaffMember]:
        """All staff, those who left too. Raises NotAllowed."""
        actor.must(Right.CHANGE_STAFF)
        return list(self._all().members.values())

    def for_login(self) -> list[LoginName]:
        """Who can log in: active, with a PIN."""
        known = self._all()
        return [LoginName(m.id, m.name, m.role) for m in known.members.values() if m.active and m.id in known.with_pin]

    async def set_up_owner(self, name: str, pin: str) -> StaffMember:
        """The first person of a new shop. Raises OwnerExists when there is staff, or what `add` raises."""
        draft = StaffDraft(name=name, role=Role.OWNER).checked()
        check_pin_rules(pin, draft.role)
        member = _member(StaffId.new(), draft)
        return await self._db.write(self._set_up_owner, member, await self._hashed(member, pin))

    async def add(self, actor: Actor, draft: StaffDraft, tap_id: TapId, pin: str | None = None) -> StaffMember:
        """A new person, with a PIN if one is given.

        Raises NotAllowed, also for a role that may do as much as the actor's own; InvalidInput, PinTooShort, PinTooSimple.
        """
        draft = draft.checked()
        _must_manage(actor, draft.role)
        if pin is not None:
            check_pin_rules(pin, draft.role)
        member = _member(StaffId.new(), draft)
        hashed = None if pin is None else await self._hashed(member, pin)
        return await self._db.write(self._add, actor, member, hashed, tap_id)

    async def change(self, actor: Actor, staff_id: str, draft: StaffDraft, tap_id: TapId) -> StaffMember:
        """Everything of a person at once. A leave or another role ends her sessions; a leave or a role with longer PINs, her PIN.

        Raises NotAllowed, NotFound, InvalidInput, LastOwner.
        """
        return await self._db.write(self._change, actor, staff_id, draft.checked(), tap_id)

    async def set_pin(self, actor: Actor, staff_id: str, pin: str, tap_id: TapId, old_pin: str | None = None) -> None:
        """A new PIN for a person; ends all her sessions. Her own she changes by giving the old one.

        Raises NotAllowed, NotFound, PinTooShort, PinTooSimple; WrongPin or TooManyTries for the old one.
        """
        member = self.member(staff_id)
        if actor.id != member.id:
            _must_manage(actor, member.role)
        elif old_pin is None:
            raise NotAllowed(right=Right.CHANGE_STAFF, needs="old_pin")
        check_pin_rules(pin, member.role)
        hashed = await self._hashed(member, pin)
        if actor.id != member.id:
            await self._db.write(self._set_pin, actor, member, hashed, tap_id)
        elif await self._db.write(first_result, tap_id, "staff.set_pin", member.id) is None:
            await self._proof.of(member.id, old_pin or "", actor.station, lambda tx, me: self._set_pin(tx, actor, me, hashed, tap_id))

    async def check_pin(self, staff_id: str, pin: str, station: str) -> StaffMember:
        """The person, when this is her PIN. Raises WrongPin, or TooManyTries (then nothing was checked)."""
        return await self._proof.of(self.member(staff_id).id, pin, station, lambda _tx, member: member)

    async def log_in(self, staff_id: str, pin: str, station: str, instead_of: str | None = None) -> str:
        """The token of a new session, which takes the place of the browser's old one. Raises as `check_pin` does."""

        def start(tx: Tx, member: StaffMember) -> str:
            if instead_of is not None:
                self._sessions.end_in(tx, instead_of)
            return self._sessions.start_in(tx, _acting(member, station))

        return await self._proof.of(self.member(staff_id).id, pin, station, start)

    async def approve(self, staff_id: str, pin: str, right: Right, station: str) -> Actor:
        """Step-up: somebody who has the right vouches by her PIN for one act at another's station; journaled.

        Raises NotAllowed when her role lacks the right (no try is counted), WrongPin, TooManyTries.
        """
        _acting(self.member(staff_id), station).must(right)

        def approved(tx: Tx, member: StaffMember) -> Actor:
            actor = _acting(member, station)
            actor.must(right)
            self._journal.append(tx, actor, StepUpApproved(right=right))
            return actor

        return await self._proof.of(self.member(staff_id).id, pin, station, approved)

    async def unlock(self, actor: Actor, staff_id: str, tap_id: TapId, station: str | None = None) -> None:
        """Let a person, and if given a station, try again at once after too many wrong PINs. Raises NotAllowed, NotFound."""
        member = self.member(staff_id)
        _must_manage(actor, member.role)
        await self._db.write(self._unlock, actor, member.id, tap_id, station)

    def _all(self) -> _Known:
        with self._lock:
            if self._known is not None:
                return self._known
            seen = self._changes
        known = _Known({member.id: member for member in tables.everyone(self._db)}, tables.with_pin(self._db))
        with self._lock:
            if seen == self._changes:
                self._known = known
        return known

    def _forget(self) -> None:
        with self._lock:
            self._changes += 1
            self._known = None

    async def _hashed(self, member: StaffMember, pin: str) -> PinRow:
        return PinRow(await self._pins.hash(member.id, pin), PIN_DIGITS_MIN[member.role])

    def _set_up_owner(self, tx: Tx, member: StaffMember, pin: PinRow) -> StaffMember:
        if not tables.is_empty(tx):
            raise OwnerExists
        return self._insert(tx, SYSTEM, member, pin)

    def _add(self, tx: Tx, actor: Actor, member: StaffMember, pin: PinRow | None, tap_id: TapId) -> StaffMember:
        wish = _wish(member)
        if first := first_result(tx, tap_id, "staff.add", wish):
            return tables.get(tx, first) or member
        self._insert(tx, actor, member, pin)
        remember(tx, tap_id, "staff.add", member.id, wish)
        return member

    def _insert(self, tx: Tx, actor: Actor, member: StaffMember, pin: PinRow | None) -> StaffMember:
        tx.on_commit(self._forget)
        tables.insert(tx, member)
        self._journal.append(tx, actor, StaffAdded(staff=member.id, role=member.role, stylist=member.stylist))
        if pin is not None:
            tables.put_pin(tx, member.id, pin)
            self._journal.append(tx, actor, PinSet(staff=member.id))
        return member

    def _change(self, tx: Tx, actor: Actor, staff_id: str, draft: StaffDraft, tap_id: TapId) -> StaffMember:
        before = tables.get(tx, staff_id)
        if before is None:
            raise NotFound(staff=staff_id)
        after = _member(before.id, draft)
        _must_manage(actor, before.role)
        _must_manage(actor, after.role)
        if first_result(tx, tap_id, "staff.change", (staff_id, *_wish(after))):
            return before
        if _acts_as_owner(before) and not _acts_as_owner(after) and not tables.other_owners(tx, before.id):
            raise LastOwner(staff=before.id)
        tx.on_commit(self._forget)
        tables.update(tx, after)
        pin = tables.pin_of(tx, after.id)
        if not after.active or (pin and pin.digits_min < PIN_DIGITS_MIN[after.role]):
            tables.drop_pin(tx, after.id)
        if before.role is not after.role or not after.active:
            self._sessions.end_all_in(tx, after.id)
        event = StaffChanged(staff=after.id, role=after.role, stylist=after.stylist, active=after.active, skills=after.skills)
        self._journal.append(tx, actor, event)
        remember(tx, tap_id, "staff.change", after.id, (staff_id, *_wish(after)))
        return after

    def _set_pin(self, tx: Tx, actor: Actor, member: StaffMember, pin: PinRow, tap_id: TapId) -> None:
        if first_result(tx, tap_id, "staff.set_pin", member.id):
            return
        now = tables.get(tx, member.id)
        if now is None:
            raise NotFound(staff=member.id)
        if PIN_DIGITS_MIN[now.role] > pin.digits_min:
            raise PinTooShort(digits_min=PIN_DIGITS_MIN[now.role])  # promoted in this very moment
        tx.on_commit(self._forget)
        tables.put_pin(tx, member.id, pin)
        self._proof.unlock(tx, member.id)
        self._sessions.end_all_in(tx, member.id)
        self._journal.append(tx, actor, PinSet(staff=member.id))
        remember(tx, tap_id, "staff.set_pin", member.id, member.id)

    def _unlock(self, tx: Tx, actor: Actor, staff_id: StaffId, tap_id: TapId, station: str | None) -> None:
        if first_result(tx, tap_id, "staff.unlock", (staff_id, station)):
            return
        self._proof.unlock(tx, staff_id, station)
        self._journal.append(tx, actor, StaffUnlocked(staff=staff_id))
        remember(tx, tap_id, "staff.unlock", staff_id, (staff_id, station))


def _must_manage(actor: Actor, role: Role) -> None:
    actor.must(Right.CHANGE_STAFF)
    if not may_manage(actor, role):
        raise NotAllowed(right=Right.CHANGE_STAFF, role=actor.role, for_role=role)


def _acts_as_owner(member: StaffMember) -> bool:
    return member.active and member.role is Role.OWNER


def _acting(member: StaffMember, station: str) -> Actor:
    return Actor(id=member.id, role=member.role, station=station)


def _member(staff_id: StaffId, draft: StaffDraft) -> StaffMember:
    return StaffMember(id=staff_id, name=draft.name, role=draft.role, skills=draft.skills, stylist=draft.stylist, active=draft.active)


def _wish(member: StaffMember) -> tuple[object, ...]:
    return (member.name, str(member.role), member.skills, member.stylist, member.active)
