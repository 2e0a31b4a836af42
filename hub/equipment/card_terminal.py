"""Money by card: what is asked of a terminal is kept before it is asked, and is asked once.

An attempt's id is its command's id, so sending it again after any restart is the same wish: the device host answers how it ended, or that
it came too late to begin. While one is unknown, its terminal is asked for nothing but its last receipt.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from pydantic import ValidationError

from hub.access import SYSTEM, Actor, Right
from hub.clock import Clock
from hub.db import Db, Tx
from hub.equipment import card_tables as tables
from hub.equipment.events import CardAsked, CardEnded, CardSettled
from hub.equipment.link import MqttLink
from hub.equipment.model import (
    CannotTell,
    DeviceBusy,
    NotInDoubt,
    NotReversible,
    TerminalInDoubt,
    TerminalRefused,
    TerminalTaken,
)
from hub.equipment.service import Equipment
from hub.errors import ChairsideError, InvalidInput, NotFound
from hub.ids import TapId
from hub.journal import Event, Journal
from hub.money import MAX_AMOUNT
from hub.ports import (
    CardAct,
    CardAttempt,
    CardAttemptId,
    CardState,
    CardTransaction,
    Command,
    Done,
    Health,
    Outcome,
)
from hub.taps import first_result, remember

log = structlog.get_logger()

KIND = "card_terminal"
BEGIN_WITHIN_S = 10.0
WAIT_S = 330.0  # longer than a terminal's own patience with a guest
ASK_WITHIN_S = 15.0
GIVEN_UP = timedelta(minutes=20)  # then a person may decide even what nobody answered
TEST_AMOUNT = 1
_ENDS = {Outcome.DONE: CardState.APPROVED, Outcome.FAILED: CardState.DECLINED, Outcome.UNKNOWN: CardState.UNKNOWN}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """How terminals are reached, and in what money the shop is."""

    link: MqttLink
    equipment: Equipment
    currency: Callable[[], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    act: CardAct
    device: str
    amount: int = 0
    reference: str = ""
    reverses: CardAttempt | None = None

    def key(self) -> tuple[Any, ...]:
        return (self.act, self.device, self.amount, self.reference, self.reverses.id if self.reverses else None)


class CardTerminals:
    """Implements hub.ports.CardTerminal."""

    def __init__(self, db: Db, journal: Journal, clock: Clock, ways: Ways) -> None:
        self._db, self._journal, self._clock = db, journal, clock
        self._link, self._equipment, self._currency = ways.link, ways.equipment, ways.currency
        self._open = {row["id"] for row in db.all(tables.OPEN) if row["state"] == CardState.ASKED}
        self._waiting: dict[str, asyncio.Future[CardAttempt]] = {}
        ways.link.on_connect(self.send_again)
        ways.link.listen("host/+/state", lambda _levels, _payload: self.send_again())
        ways.link.listen("dev/+/done", self._on_done)

    async def pay(self, actor: Actor, device: str, amount: int, reference: str, tap_id: TapId) -> CardAttempt:
        """Take `amount` minor units. Raises NotAllowed, InvalidInput, NotFound, DeviceBusy, TerminalTaken or TerminalInDoubt.

        Approved and declined are certain. Asked or unknown: look again, or settle; never ask for the money again.
        """
        actor.must(Right.SELL)
        if not 0 < amount <= MAX_AMOUNT or len(reference) > 40:
            raise InvalidInput(amount=amount)
        return await self._ask(actor, _Wish(act=CardAct.PAY, device=device, amount=amount, reference=reference), tap_id)

    async def reverse(self, actor: Actor, payment: CardAttemptId, tap_id: TapId) -> CardAttempt:
        """Give a payment back, at the terminal that took it. Raises NotAllowed, NotFound, NotReversible, and as `pay`."""
        actor.must(Right.REFUND)
        paid = self.attempt(payment)
        return await self._ask(actor, _Wish(act=CardAct.REVERSE, device=paid.device, amount=paid.amount, reverses=paid), tap_id)

    async def end_of_day(self, actor: Actor, device: str, tap_id: TapId) -> CardAttempt:
        """Close the terminal's day: it hands everything to the bank. Raises as `pay`."""
        actor.must(Right.HANDLE_SHIFT)
        return await self._ask(actor, _Wish(act=CardAct.END_OF_DAY, device=device), tap_id)

    async def self_test(self, actor: Actor, device: str, tap_id: TapId) -> tuple[CardAttempt, CardAttempt | None]:
        """Pay the smallest amount there is, and give it back when it was approved. Raises as `pay`."""
        actor.must(Right.CHANGE_DEVICES)
        actor.must(Right.REFUND)
        paid = await self._ask(actor, _Wish(act=CardAct.PAY, device=device, amount=TEST_AMOUNT, reference="self-test"), tap_id)
        if paid.state is not CardState.APPROVED:
            return paid, None
        given_back = await self._db.write(tables.reversal_of, paid.id)
        return paid, given_back or await self.reverse(actor, paid.id, TapId.new())

    async def abort(self, actor: Actor, device: str) -> None:
        """Stop the payment that runs. Raises NotAllowed, TerminalRefused when it is too late, or DeviceBusy."""
        actor.must(Right.SELL)
        done = await self._equipment.asking.device(device, "abort", {}, ASK_WITHIN_S)
        if done.outcome is not Outcome.DONE:
            raise TerminalRefused(device=device, reason=done.reason, sentence=done.sentence)

    async def settle_unknown(self, actor: Actor, attempt: CardAttemptId) -> CardAttempt:
        """Ask the terminal for its last receipt.

        One that none of our attempts has, over the same amount, proves it; one of an earlier attempt proves that nothing happened.
        Raises NotAllowed, NotInDoubt, DeviceBusy, or CannotTell: then a person decides.
        """
        actor.must(Right.SELL)
        doubted = self.attempt(attempt)
        if doubted.state is not CardState.UNKNOWN:
            raise NotInDoubt(attempt=attempt)
        if doubted.act is CardAct.END_OF_DAY:  # its receipt is of no payment
            raise CannotTell(attempt=attempt)
        done = await self._equipment.asking.device(doubted.device, "repeat_receipt", {}, ASK_WITHIN_S)
        if done.outcome is not Outcome.DONE:
            raise CannotTell(attempt=attempt, reason=done.reason)
        return await self._db.write(self._compare, actor, attempt, _told(done))

    async def decide(self, actor: Actor, attempt: CardAttemptId, happened: bool, tap_id: TapId) -> CardAttempt:  # noqa: FBT001
        """A person looked at the terminal's receipts. Raises NotAllowed or NotInDoubt."""
        actor.must(Right.REFUND)
        return await self._db.write(self._decide, actor, attempt, happened, tap_id)

    def attempt(self, attempt: str) -> CardAttempt:
        """One. Raises NotFound."""
        row = self._db.one(tables.BY_ID, (attempt,))
        if row is None:
            raise NotFound(attempt=attempt)
        return tables.attempt_of(row)

    def in_doubt(self, actor: Actor) -> list[CardAttempt]:
        """What is asked or unknown now: what someone must look after."""
        actor.must(Right.SELL)
        return [tables.attempt_of(row) for row in self._db.all(tables.OPEN)]

    def latest(self, actor: Actor, limit: int = 50) -> list[CardAttempt]:
        """The newest."""
        actor.must(Right.SEE_MONEY)
        return [tables.attempt_of(row) for row in self._db.all(tables.LATEST, (limit,))]

    def send_again(self) -> None:
        """Say everything open once more: the broker or a device host is back, and what it has, it has once."""
        for attempt_id in list(self._open):
            row = self._db.one(tables.BY_ID, (attempt_id,))
            if row is not None and row["state"] == CardState.ASKED:
                self._send(tables.attempt_of(row), row["deadline"])

    # an attempt

    async def _ask(self, actor: Actor, wish: _Wish, tap_id: TapId) -> CardAttempt:
        attempt, deadline = await self._db.write(self._begin, actor, wish, tap_id, self._why_not(wish.device))
        if not deadline and (now := self.attempt(attempt.id)).state is not CardState.ASKED:
            return now
        ended = self._waiting.setdefault(attempt.id, asyncio.get_running_loop().create_future())
        if deadline:
            self._open.add(attempt.id)
            self._send(attempt, deadline)
        try:
            return await asyncio.wait_for(asyncio.shield(ended), WAIT_S)
        except TimeoutError:
            return self.attempt(attempt.id)

    def _begin(self, tx: Tx, actor: Actor, wish: _Wish, tap_id: TapId, why_not: ChairsideError | None) -> tuple[CardAttempt, str]:
        """The attempt, and until when it may begin; no deadline when this tap has asked before."""
        act = f"equipment.card.{wish.act}"
        if known := first_result(tx, tap_id, act, wish.key()):
            return tables.get(tx, known), ""
        if why_not is not None:
            raise why_not
        if (before := tables.open_at(tx, wish.device)) is not None:
            raise (TerminalInDoubt if before.state is CardState.UNKNOWN else TerminalTaken)(device=wish.device, attempt=before.id)
        if wish.reverses is not None:
            _must_be_reversible(tx, wish.reverses.id)
        now = self._clock.now()
        attempt = CardAttempt(
            id=CardAttemptId.new(),
            act=wish.act,
            device=wish.device,
            amount=wish.amount,
            currency=self._currency(),
            reference=wish.reference,
            state=CardState.ASKED,
            reason="",
            told=CardTransaction(),
            at=now,
            reverses=wish.reverses.id if wish.reverses else None,
        )
        deadline = (now + timedelta(seconds=BEGIN_WITHIN_S)).isoformat()
        tables.insert(tx, attempt, deadline, actor.id)
        self._tell(tx, actor, attempt)
        remember(tx, tap_id, act, attempt.id, wish.key())
        return attempt, deadline

    def _why_not(self, device: str) -> ChairsideError | None:
        """Why nothing should even be begun: no such terminal, or none that can be reached."""
        found = next((d for d in self._equipment.devices(SYSTEM) if d.id == device and d.info and d.info.kind == KIND), None)
        if found is None:
            return NotFound(device=device)
        return None if found.health in {Health.ONLINE, Health.DEGRADED} else DeviceBusy(device=device)

    def _send(self, attempt: CardAttempt, deadline: str) -> None:
        args: dict[str, Any] = {}
        if attempt.act is not CardAct.END_OF_DAY:
            args = {"amount_minor": attempt.amount, "currency": attempt.currency, "reference": attempt.reference}
        if attempt.reverses is not None:
            args["receipt_no"] = self.attempt(attempt.reverses).told.receipt_no
        self._link.send(f"dev/{attempt.device}/do/{attempt.act}", Command(id=attempt.id, deadline=deadline, args=args))

    def _on_done(self, _levels: list[str], payload: bytes) -> None:
        done = Done.model_validate_json(payload)
        if done.id in self._open:
            self._link.later(self._finish(done))

    async def _finish(self, done: Done) -> None:
        ended = await self._db.write(self._end, done)
        self._open.discard(done.id)
        waiting = self._waiting.pop(done.id, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(ended)

    def _end(self, tx: Tx, done: Done) -> CardAttempt:
        attempt = tables.get(tx, done.id)
        if attempt.state is CardState.ASKED:
            state = _ENDS[done.outcome]
            tables.end(tx, attempt.id, state, done.reason, _told(done))
            self._tell(tx, SYSTEM, tables.get(tx, done.id))
        return tables.get(tx, done.id)

    def _tell(self, tx: Tx, actor: Actor, attempt: CardAttempt) -> None:
        what: dict[str, Any] = {"attempt": attempt.id, "act": attempt.act, "device": attempt.device}
        what |= {"amount": attempt.amount, "currency": attempt.currency}
        said: Event = CardAsked(**what) if attempt.state is CardState.ASKED else CardEnded(**what, ended=attempt.state)
        self._journal.append(tx, actor, said)

    # out of doubt

    def _compare(self, tx: Tx, actor: Actor, attempt: CardAttemptId, told: CardTransaction) -> CardAttempt:
        doubted = tables.get(tx, attempt)
        if doubted.state is not CardState.UNKNOWN:
            return doubted
        if told.receipt_no is not None and tables.is_of_another(tx, doubted, told):
            tables.end(tx, attempt, CardState.UNKNOWN, doubted.reason, CardTransaction())
            return self._settle(tx, actor, attempt, CardState.DECLINED, by_person=False)
        same = told.amount_minor == doubted.amount and told.currency in {"", doubted.currency}
        if told.code != "00" or told.receipt_no is None or not same:
            raise CannotTell(attempt=attempt, receipt_no=told.receipt_no)
        tables.end(tx, attempt, CardState.UNKNOWN, doubted.reason, told.model_copy(update={"reference": doubted.reference}))
        return self._settle(tx, actor, attempt, CardState.APPROVED, by_person=False)

    def _decide(self, tx: Tx, actor: Actor, attempt: CardAttemptId, happened: bool, tap_id: TapId) -> CardAttempt:  # noqa: FBT001
        if first_result(tx, tap_id, "equipment.card.decide", (attempt, happened)):
            return tables.get(tx, attempt)
        doubted = tables.get(tx, attempt)
        given_up = doubted.state is CardState.ASKED and self._clock.now() - doubted.at > GIVEN_UP
        if doubted.state is not CardState.UNKNOWN and not given_up:
            raise NotInDoubt(attempt=attempt)
        remember(tx, tap_id, "equipment.card.decide", attempt, (attempt, happened))
        return self._settle(tx, actor, attempt, CardState.APPROVED if happened else CardState.DECLINED, by_person=True)

    def _settle(self, tx: Tx, actor: Actor, attempt: CardAttemptId, state: CardState, *, by_person: bool) -> CardAttempt:
        tables.settle(tx, attempt, state, actor.id)
        self._journal.append(tx, actor, CardSettled(attempt=attempt, ended=state, by_person=by_person))
        tx.on_commit(lambda: self._open.discard(attempt))
        return tables.get(tx, attempt)


def _must_be_reversible(tx: Tx, payment: CardAttemptId) -> None:
    """Raises NotReversible."""
    paid = tables.get(tx, payment)
    good = paid.act is CardAct.PAY and paid.state is CardState.APPROVED and paid.told.receipt_no is not None
    if not good or tables.reversal_of(tx, payment) is not None:
        raise NotReversible(payment=payment)


def _told(done: Done) -> CardTransaction:
    """What the terminal said; nothing when the answer has no such form, as that of a command that never ran."""
    try:
        return CardTransaction.model_validate(done.result)
    except ValidationError:
        return CardTransaction()
