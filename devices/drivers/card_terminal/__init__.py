"""A card terminal that speaks ZVT, over TCP (port 20007) or a serial line.

Nothing is asked of it twice: an authorisation that was written and not answered is unknown, and the terminal itself is asked for its last
receipt before anybody asks for the money again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from devices.driver import Announcement, Bell, Condition, Driver, Identity, Job, NoArguments, Pace, Profile, Result
from devices.drivers.card_terminal import codes, zvt
from devices.drivers.card_terminal.dialogue import Dialogue, Heard, Patience
from devices.drivers.card_terminal.told import NUMERIC, transaction
from devices.drivers.card_terminal.wire import Plain, Serial, Wire
from devices.drivers.card_terminal.zvt import Apdu
from devices.errors import LinkLost, RegistrationRefused, Silent
from devices.reasons import reason as words
from devices.transport import Transport
from hub.clock import Clock
from hub.ports import CardTransaction, LatePayment, PaymentStep

AT_ONCE_S = 0.001
TILL_PRINTS, TERMINAL_PRINTS = 0x9E, 0x98  # intermediate status, amounts only from the till; receipts line by line, or by itself
STATUS_AND_NO_PAPER = bytes((zvt.SERVICE, 0x03))
STATE_WAIT_S = 10.0
Currency = Literal["CNY", "TWD", "HKD", "EUR", "USD"]


class TerminalProfile(Profile):
    """How this terminal is spoken to."""

    framing: Literal["tcp", "serial"] = "tcp"
    password: str = Field("000000", pattern=r"^\d{6}$", repr=False)
    prints: Literal["terminal", "till"] = "terminal"  # who puts receipts on paper
    answer_wait_s: float = Field(5, ge=0.05, le=30)  # for an acknowledgement: T3
    silence_s_max: float = Field(180, ge=0.2, le=600)  # between two messages while it works: T4
    payment_s_max: float = Field(300, ge=0.2, le=900)  # for the whole of a payment


class Pay(BaseModel):
    """`pay`: an amount in minor units. `reference` comes back in the answer; the terminal does not get it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    amount_minor: int = Field(ge=1, le=zvt.AMOUNT_MAX)
    currency: Currency
    reference: str = Field("", max_length=40)


class Reverse(BaseModel):
    """`reverse`: the payment with this receipt number. With an amount, the terminal must say that it gave back that much."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    receipt_no: int = Field(ge=0, le=9999)
    amount_minor: int | None = Field(None, ge=1, le=zvt.AMOUNT_MAX)
    currency: Currency | None = None
    reference: str = Field("", max_length=40)


class CardTerminal(Driver):
    """One terminal. It tells `payment` at each step of a transaction, and `payment_late` of one that ended too late."""

    kind: ClassVar[str] = "card_terminal"
    profile: ClassVar[type[TerminalProfile]] = TerminalProfile
    verbs: ClassVar[Mapping[str, type[BaseModel]]] = {
        "pay": Pay,
        "abort": NoArguments,
        "reverse": Reverse,
        "end_of_day": NoArguments,
        "repeat_receipt": NoArguments,
        "status": NoArguments,
    }
    urgent: ClassVar[frozenset[str]] = frozenset({"abort"})
    interrupts: ClassVar[frozenset[str]] = frozenset({"abort"})
    lasting: ClassVar[frozenset[str]] = frozenset({"pay", "reverse", "end_of_day"})
    private: ClassVar[bool] = True
    pace: ClassVar[Pace] = Pace(poll_s=5.0, poll_wait_s=20.0, miss_s=0.5, back_off_s_max=8.0)

    def __init__(self, profile: TerminalProfile, link: Transport, clock: Clock) -> None:
        self._profile, self._link, self._clock = profile, link, clock
        self._last_receipt: int | None = None
        self._job, self._step = "", ""
        self._paying = self._registered = False
        self.bell = Bell(announce=lambda _: None, show=lambda _: None)
        self._connect()

    def follow(self, before: Driver) -> None:
        """The number of the last receipt is no part of a connection."""
        if isinstance(before, CardTerminal):
            self._last_receipt = before._last_receipt  # noqa: SLF001 - one of ours

    async def identify(self) -> Identity:
        """Log in to it, which moves no money. Raises CannotConnect, LinkLost, Silent or RegistrationRefused."""
        await self._link.open()
        self._connect()
        return await self._register()

    async def poll(self) -> Condition:
        """Ask how it is. Raises LinkLost, Silent or RegistrationRefused."""
        await self._talk.hear_out(AT_ONCE_S)
        if not self._registered:
            await self._register()
        return Condition(reason=await self._not_ready(), figures=self._figures())

    async def rest(self) -> None:
        """Hear what it tells unasked. Raises LinkLost."""
        await self._talk.hear_out(self.pause_s())

    async def run(self, job: Job) -> Result:
        """Carry out a command. Raises only before anything was written that moves money."""
        if job.verb == "abort":
            return await self._abort()
        await self._talk.hear_out(AT_ONCE_S)
        if job.verb == "status":
            self.bell.show(await self.poll())
            return Result.done()
        if job.verb == "repeat_receipt":
            return await self._last()
        if why := await self._not_ready(but="end_of_day_due" if job.verb == "end_of_day" else ""):
            return Result.failed(why)
        return await self._transact(job)

    async def resume(self, job: Job) -> Result:  # noqa: ARG002 - the contract names it
        """Never written again."""
        return Result.unknown("payment_unknown")

    async def stop(self) -> None:
        """Let go of the line."""
        await self._link.close()

    # a transaction

    async def _transact(self, job: Job) -> Result:
        heard = Heard()
        await job.before_writing()
        self._job, self._step, self._paying = job.id, "", job.verb == "pay"
        patience = Patience(silence_s=self._profile.silence_s_max, whole_s=self._profile.payment_s_max)
        try:
            await self._talk.hold(self._command(job), patience, heard)
        except LinkLost:
            await self._link.close()
        except Silent:
            pass  # what it told until then decides
        finally:
            self._job, self._paying = "", False
        told = transaction(heard, getattr(job.args, "reference", ""))
        if heard.told_status and told.receipt_no is not None:
            self._last_receipt = told.receipt_no
        return _outcome(job, heard, told)

    def _command(self, job: Job) -> Apdu:
        args: Any = job.args
        if job.verb == "pay":
            return Apdu(zvt.AUTHORISATION, zvt.amount_bmp(args.amount_minor) + _currency_bmp(args.currency))
        if job.verb == "end_of_day":
            return Apdu(zvt.END_OF_DAY, self._password())
        which = bytes((zvt.RECEIPT,)) + zvt.bcd(args.receipt_no, 2)
        return Apdu(zvt.REVERSAL, self._password() + which)

    async def _abort(self) -> Result:
        if not (self._paying and self._talk.running):
            return Result.refused("nothing_to_abort")
        code = await self._talk.abort()
        return Result.refused(codes.reason_of(code)) if code else Result.done()

    # questions

    async def _last(self) -> Result:
        heard = await self._asked(Apdu(zvt.REPEAT_RECEIPT, self._password() + STATUS_AND_NO_PAPER))
        told = transaction(heard)
        if heard.refused is None and heard.told_status:
            self._last_receipt = told.receipt_no or self._last_receipt
            return Result.done(answer=told.model_copy(update={"code": _hex(heard.told_code)}).model_dump(mode="json"))
        return Result.refused(codes.reason_of(heard.refused or heard.code or zvt.LONG), {"code": told.code})

    async def _not_ready(self, but: str = "") -> str:
        """Why it takes no command now, `but` for one reason; empty when it does, or does not tell."""
        heard = await self._asked(Apdu(zvt.STATUS_ENQUIRY, self._password()))
        code = heard.refused if heard.refused is not None else heard.code
        if code is None and heard.over is not None:
            code = zvt.terminal_state(heard.over.data)
        why = codes.state_reason(code)
        return "" if why in {but, "terminal_cannot"} else why  # an old terminal does not know the question

    async def _register(self) -> Identity:
        setting = TILL_PRINTS if self._profile.prints == "till" else TERMINAL_PRINTS
        heard = await self._asked(Apdu(zvt.REGISTRATION, self._password() + bytes((setting,))))
        code = heard.refused if heard.refused is not None else heard.code
        if code == zvt.AGAIN_LATER:  # it still works on what a connection before asked for
            return Identity()
        if code:
            raise RegistrationRefused(code=_hex(code))
        self._registered = True
        told = zvt.bitmaps(heard.over.data if heard.over else b"")
        return Identity(serial=told.get(zvt.TERMINAL, b"").hex())

    async def _asked(self, question: Apdu) -> Heard:
        """A question that moves nothing. Raises LinkLost or Silent."""
        heard = Heard()
        await self._talk.hold(question, Patience(silence_s=self._profile.answer_wait_s, whole_s=STATE_WAIT_S), heard)
        return heard

    # what it tells

    def _connect(self) -> None:
        self._wire: Wire = Serial(self._link) if self._profile.framing == "serial" else Plain(self._link)
        self._talk = Dialogue(self._wire, self._profile.answer_wait_s, self._clock)
        self._talk.stray, self._talk.step = self._stray, self._stepped
        self._registered = False

    def _stepped(self, apdu: Apdu) -> None:
        why = codes.step_of(apdu.data[0] if apdu.data else zvt.LONG)
        if self._job and why != self._step:
            self._step = why
            said = words(why)
            step = PaymentStep(id=self._job, reason=why, sentence=said.sentence, action=said.action)
            self.bell.announce(Announcement(name="payment", body=step.model_dump()))

    def _stray(self, apdu: Apdu) -> None:
        if apdu.control != zvt.STATUS:
            return
        fields = zvt.bitmaps(apdu.data)
        code = zvt.result_code(apdu, fields)
        if code is None:
            return
        number = zvt.number_of(fields.get(zvt.RECEIPT))
        late = LatePayment(approved=code == 0, amount_minor=zvt.number_of(fields.get(zvt.AMOUNT)), receipt_no=number)
        self.bell.announce(Announcement(name="payment_late", body=late.model_dump()))

    def _figures(self) -> dict[str, int | float | str | bool | None]:
        return {"last_receipt_no": self._last_receipt, "answers_refused": self._wire.refused}

    def _password(self) -> bytes:
        return bytes.fromhex(self._profile.password)


def _outcome(job: Job, heard: Heard, told: CardTransaction) -> Result:
    """What the terminal's words mean for the money."""
    answer = told.model_dump(mode="json")
    if (no := heard.no()) is not None:
        return Result.refused(codes.reason_of(no), answer)
    said_over = heard.over is not None and heard.over.control == zvt.COMPLETION
    said_yes = heard.said_yes or (job.verb == "end_of_day" and heard.told_code is None)  # closing a day may end without a result
    if not (said_over and said_yes) or heard.told_code:
        return Result.unknown("payment_unknown", answer)
    if job.verb != "end_of_day" and _differs(job.args, told):
        return Result.unknown("amount_differs", answer)
    return Result.done(answer=answer)


def _differs(asked: Any, told: CardTransaction) -> bool:
    """Whether the terminal names another amount or currency than it was asked for."""
    amount = asked.amount_minor is not None and told.amount_minor not in {None, asked.amount_minor}
    return amount or bool(asked.currency and told.currency not in {"", asked.currency})


def _currency_bmp(currency: str) -> bytes:
    return bytes((zvt.CURRENCY,)) + zvt.bcd(NUMERIC[currency], 2)


def _hex(code: int | None) -> str:
    return "" if code is None else f"{code:02X}"


__all__ = ["CardTerminal", "Pay", "Reverse", "TerminalProfile"]
