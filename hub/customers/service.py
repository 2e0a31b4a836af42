"""Guests' files: found by their number, read under watch, erased for good when they ask."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import orjson

from hub.access import SYSTEM, Actor, Right, Role
from hub.clock import Clock
from hub.customers import tables
from hub.customers.events import (
    CardCorrected,
    CardExported,
    CardRead,
    ConsentsRecorded,
    ConsentWithdrawn,
    CustomerEnrolled,
    CustomerErased,
)
from hub.customers.model import (
    CURRENT_NOTICE,
    FOUND_MAX,
    CardChanges,
    Channel,
    Consent,
    CustomerCard,
    CustomerFound,
    CustomerId,
    PhoneAndWishes,
    PhoneTaken,
    Purpose,
    masked_name,
)
from hub.customers.phone import last_four, masked
from hub.customers.tables import SealedPhone
from hub.db import Db, Row, Tx
from hub.errors import InvalidInput, NotAllowed, NotFound
from hub.ids import TapId
from hub.journal import Event, Journal
from hub.taps import first_result, remember
from hub.vault import Erased, Vault

PRIVACY_ROLES = frozenset({Role.MANAGER, Role.OWNER, Role.SYSTEM})  # who answers a guest's request for her data


class Customers:
    """The guests who gave their number. `db` is open and migrated, the vault open."""

    def __init__(self, db: Db, journal: Journal, clock: Clock, vault: Vault) -> None:
        self._db, self._journal, self._clock, self._vault = db, journal, clock, vault

    async def enrol(self, actor: Actor, wishes: PhoneAndWishes, tap_id: TapId) -> CustomerId:
        """The guest with this number, new or known; which of the two is not told.

        What a known guest did not agree to this time stays as she said before; her name is kept if she has one.
        Raises NotAllowed, PhoneInvalid, InvalidInput.
        """
        actor.must(Right.CHECK_IN)
        wishes = wishes.checked()
        while True:
            fresh = None
            if tables.read_id_by_phone(self._db, self._phone_index(wishes.phone)) is None:
                fresh = CustomerId.new()
                await self._vault.new_key(fresh)  # durable before any row is sealed with it
            customer = await self._db.write(self._enrol, actor, wishes, fresh, tap_id)
            if fresh is not None and customer != fresh:
                await self._vault.destroy(fresh)
            if customer is not None:
                return customer

    def masked_phone(self, customer: str) -> str:
        """`138****0000` for lists; empty for a guest who was erased or never was."""
        row = tables.card(self._db, customer)
        try:
            return masked(self._phone(row)) if row else ""
        except Erased:
            return ""

    def search(self, actor: Actor, last4: str) -> list[CustomerFound]:
        """Guests whose number ends in these four digits, masked, the newest first, at most 50. Raises NotAllowed, InvalidInput."""
        actor.must(Right.SEE_CUSTOMERS)
        if not (len(last4) == 4 and last4.isascii() and last4.isdigit()):
            raise InvalidInput(field="last4")
        found = []
        for row in tables.by_last4(self._db, self._last4_index(last4), FOUND_MAX):
            try:
                name = masked_name(self._open(row, "name"))
                found.append(CustomerFound(id=CustomerId(row["id"]), phone=masked(self._phone(row)), name=name))
            except Erased:
                continue  # the key is gone and the row will follow: she cannot be found any more
        return found

    async def read_card(self, actor: Actor, customer: str) -> CustomerCard:
        """A guest's file in clear; that it was read is journaled first. Raises NotAllowed, NotFound."""
        actor.must(Right.SEE_CUSTOMERS)
        await self._db.write(self._note, actor, customer, CardRead(customer=CustomerId(customer)))
        return self._card(customer)

    def consented(self, customer: str, purpose: Purpose) -> bool:
        """Whether the guest agrees to this purpose today, under a notice that still counts."""
        newest = tables.consent(self._db, customer, purpose)
        return newest is not None and newest.counts

    async def agree(self, actor: Actor, customer: str, purpose: Purpose, tap_id: TapId) -> None:
        """The guest agrees to one purpose, having been shown the newest notice. Raises NotAllowed, NotFound."""
        actor.must(Right.CHECK_IN)
        await self._db.write(self._agree, actor, customer, purpose, tap_id)

    async def withdraw(self, actor: Actor, customer: str, purpose: Purpose, tap_id: TapId) -> None:
        """The guest takes an agreement back. Raises NotAllowed, NotFound."""
        actor.must(Right.CHECK_IN)
        await self._db.write(self._withdraw, actor, customer, purpose, tap_id)

    async def correct(self, actor: Actor, customer: str, changes: CardChanges, tap_id: TapId) -> None:
        """Put right or add to a guest's file. Raises NotAllowed, NotFound, PhoneInvalid, InvalidInput, PhoneTaken."""
        actor.must(Right.SEE_CUSTOMERS)
        await self._db.write(self._correct, actor, customer, changes.checked(), tap_id)

    async def export(self, actor: Actor, customer: str) -> dict[str, Any]:
        """Everything kept of a guest as plain data, for her. Journaled. Raises NotAllowed, NotFound."""
        _must_answer_for_privacy(actor)
        await self._db.write(self._note, actor, customer, CardExported(customer=CustomerId(customer)))
        card = self._card(customer)
        said = [
            {"purpose": c.purpose, "given": c.given, "notice": c.notice, "channel": c.channel, "at": c.at.isoformat()}
            for c in tables.consents(self._db, customer)
        ]
        kept = {field: getattr(card, field) for field in ("id", "phone", "name", "notes", "language")}
        return {**kept, "since": card.since.isoformat(), "consents": said}

    async def erase(self, actor: Actor, customer: str, tap_id: TapId) -> None:
        """Erase a guest's personal data for good, in old backups too; what happened keeps her id. Raises NotAllowed, NotFound."""
        _must_answer_for_privacy(actor)
        await self._db.write(self._erase, actor, customer, tap_id)
        await self._vault.destroy(customer)  # when this fails, `finish_erasures` does it at the next start

    async def finish_erasures(self) -> int:
        """Erase again whom a restored backup brought back, and whom a power cut left half erased; returns how many. At start."""
        rows = set(tables.erased(self._db))
        keys = set(self._vault.destroyed())
        for customer in rows - keys:
            await self._vault.destroy(customer)
        return len(rows - keys) + await self._db.write(self._erase_again, sorted(keys - rows))

    def must_exist(self, tx: Tx, customer: str) -> None:
        """Step: raises NotFound for a guest who never was or was erased."""
        found = tables.state(tx, customer)
        if found is None or found["erased_at"] is not None:
            raise NotFound(customer=customer)

    def _enrol(self, tx: Tx, actor: Actor, wishes: PhoneAndWishes, fresh: CustomerId | None, tap_id: TapId) -> CustomerId | None:
        wish = self._wish(wishes.phone, wishes.name, wishes.language, wishes.consents, wishes.notice)
        if first := first_result(tx, tap_id, "customers.enrol", wish):
            return CustomerId(first)
        customer = tables.id_by_phone(tx, self._phone_index(wishes.phone))
        if customer is None:
            if fresh is None:
                return None  # erased since she was looked up: to be tried again with a key of her own
            customer = fresh
            tables.insert(tx, customer, self._sealed_phone(customer, wishes.phone), wishes.language, self._clock.now())
            self._journal.append(tx, actor, CustomerEnrolled(customer=customer, language=wishes.language))
        else:
            tables.set_language(tx, customer, wishes.language)
        state = tables.state(tx, customer)
        if wishes.name and state and not state["named"]:
            tables.set_name(tx, customer, self._vault.seal(customer, wishes.name, field="name"))
        self._record_consents(tx, actor, customer, wishes)
        remember(tx, tap_id, "customers.enrol", customer, wish)
        return customer

    def _record_consents(self, tx: Tx, actor: Actor, customer: CustomerId, wishes: PhoneAndWishes) -> None:
        said = []
        for purpose in Purpose:
            before, given = tables.consent_in(tx, customer, purpose), purpose in wishes.consents
            if before is None or (given and (not before.given or before.notice != wishes.notice)):
                said.append(self._consent(actor, purpose, wishes.notice, given=given))
        if not said:
            return
        tables.add_consents(tx, customer, actor.id, said)
        event = ConsentsRecorded(
            customer=customer,
            notice=wishes.notice,
            channel=Channel.of(actor.role),
            given=tuple(consent.purpose for consent in said if consent.given),
            refused=tuple(consent.purpose for consent in said if not consent.given),
        )
        self._journal.append(tx, actor, event)

    def _agree(self, tx: Tx, actor: Actor, customer: str, purpose: Purpose, tap_id: TapId) -> None:
        if first_result(tx, tap_id, "customers.agree", (customer, purpose)):
            return
        self.must_exist(tx, customer)
        remember(tx, tap_id, "customers.agree", customer, (customer, purpose))
        notice = CURRENT_NOTICE.version
        newest = tables.consent_in(tx, customer, purpose)
        if newest and newest.given and newest.notice == notice:
            return
        tables.add_consents(tx, customer, actor.id, [self._consent(actor, purpose, notice, given=True)])
        event = ConsentsRecorded(customer=CustomerId(customer), notice=notice, channel=Channel.of(actor.role), given=(purpose,), refused=())
        self._journal.append(tx, actor, event)

    def _withdraw(self, tx: Tx, actor: Actor, customer: str, purpose: Purpose, tap_id: TapId) -> None:
        if first_result(tx, tap_id, "customers.withdraw", (customer, purpose)):
            return
        self.must_exist(tx, customer)
        remember(tx, tap_id, "customers.withdraw", customer, (customer, purpose))
        newest = tables.consent_in(tx, customer, purpose)
        if newest is None or not newest.given:
            return
        tables.add_consents(tx, customer, actor.id, [self._consent(actor, purpose, newest.notice, given=False)])
        event = ConsentWithdrawn(customer=CustomerId(customer), purpose=purpose, channel=Channel.of(actor.role))
        self._journal.append(tx, actor, event)

    def _correct(self, tx: Tx, actor: Actor, customer: str, changes: CardChanges, tap_id: TapId) -> None:
        wish = self._wish(customer, changes.phone, changes.name, changes.notes, changes.language)
        if first_result(tx, tap_id, "customers.correct", wish):
            return
        self.must_exist(tx, customer)
        if changes.phone is not None:
            if tables.id_by_phone(tx, self._phone_index(changes.phone)) not in (None, customer):
                raise PhoneTaken
            tables.set_phone(tx, customer, self._sealed_phone(customer, changes.phone))
        if changes.name is not None:
            tables.set_name(tx, customer, self._sealed_or_none(customer, "name", changes.name))
        if changes.notes is not None:
            tables.set_notes(tx, customer, self._sealed_or_none(customer, "notes", changes.notes))
        if changes.language is not None:
            tables.set_language(tx, customer, changes.language)
        self._journal.append(tx, actor, CardCorrected(customer=CustomerId(customer), fields=changes.fields()))
        remember(tx, tap_id, "customers.correct", customer, wish)

    def _erase(self, tx: Tx, actor: Actor, customer: str, tap_id: TapId) -> None:
        if first_result(tx, tap_id, "customers.erase", customer):
            return
        found = tables.state(tx, customer)
        if found is None:
            raise NotFound(customer=customer)
        if found["erased_at"] is None:
            tables.erase(tx, customer, self._clock.now())
            self._journal.append(tx, actor, CustomerErased(customer=CustomerId(customer)))
        remember(tx, tap_id, "customers.erase", customer, customer)

    def _erase_again(self, tx: Tx, customers: list[str]) -> int:
        back = [customer for customer in customers if (found := tables.state(tx, customer)) and found["erased_at"] is None]
        for customer in back:
            tables.erase(tx, customer, self._clock.now())
            self._journal.append(tx, SYSTEM, CustomerErased(customer=CustomerId(customer)))
        return len(back)

    def _note(self, tx: Tx, actor: Actor, customer: str, event: Event) -> None:
        self.must_exist(tx, customer)
        self._journal.append(tx, actor, event)

    def _card(self, customer: str) -> CustomerCard:
        row = tables.card(self._db, customer)
        if row is None:
            raise NotFound(customer=customer)
        said = {consent.purpose: consent for consent in tables.consents(self._db, customer)}
        return CustomerCard(
            id=CustomerId(row["id"]),
            phone=self._phone(row),
            name=self._open(row, "name"),
            notes=self._open(row, "notes"),
            language=row["language"],
            since=datetime.fromisoformat(row["since"]),
            consents=tuple(said.values()),
        )

    def _consent(self, actor: Actor, purpose: Purpose, notice: str, *, given: bool) -> Consent:
        return Consent(purpose=purpose, given=given, notice=notice, channel=Channel.of(actor.role), at=self._clock.now())

    def _phone(self, row: Row) -> str:
        return self._open(row, "phone")

    def _open(self, row: Row, field: str) -> str:
        return self._vault.unseal(row["id"], row[field], field=field) if row[field] is not None else ""

    def _sealed_or_none(self, customer: str, field: str, text: str) -> bytes | None:
        return self._vault.seal(customer, text, field=field) if text else None

    def _sealed_phone(self, customer: str, phone: str) -> SealedPhone:
        sealed = self._vault.seal(customer, phone, field="phone")
        return SealedPhone(sealed=sealed, index=self._phone_index(phone), last4_index=self._last4_index(last_four(phone)))

    def _phone_index(self, phone: str) -> bytes:
        return self._vault.blind(f"phone\x1f{phone}")

    def _last4_index(self, last4: str) -> bytes:
        return self._vault.blind(f"last4\x1f{last4}")[:16]

    def _wish(self, *parts: object) -> str:
        """What was wished, blinded: a tap is remembered for long, and a phone number has too few digits to hide in a plain hash."""
        return self._vault.blind("wish\x1f" + orjson.dumps(parts).decode()).hex()


def _must_answer_for_privacy(actor: Actor) -> None:
    if actor.role not in PRIVACY_ROLES:
        raise NotAllowed(right="answer_privacy_request", role=actor.role)
