"""What the hub and the device host say to each other, and what the hub asks of the outside.

Everything here crosses MQTT as JSON (DESIGN: `store/<store>/dev/<id>/do/<verb>` and `…/done`); docs/mqtt.md is the reference.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, Protocol

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from hub.ids import Id, TapId

DOCUMENT_BLOCKS_MAX = 400
TEXT_MAX = 500


class Message(BaseModel):
    """A JSON message; unknown fields are refused. What a refused one held is not said: it may be somebody's card."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Text(Message):
    """One paragraph; long text wraps. `size` multiplies height and width. `font`: how Chinese is told, other than the printer's profile says."""

    block: Literal["text"] = "text"
    text: str = Field(max_length=TEXT_MAX)
    align: Literal["left", "center", "right"] = "left"
    bold: bool = False
    size: int = Field(1, ge=1, le=4)
    font: Literal["gbk", "gb18030", "utf8", "raster"] | None = None


class Columns(Message):
    """A left text and a right one on one line; the left one wraps when they do not fit."""

    block: Literal["columns"] = "columns"
    left: str = Field(max_length=TEXT_MAX)
    right: str = Field(max_length=TEXT_MAX)
    bold: bool = False
    size: int = Field(1, ge=1, le=2)


class Rule(Message):
    """A line across the paper."""

    block: Literal["rule"] = "rule"


class Qr(Message):
    """A QR code, centred."""

    block: Literal["qr"] = "qr"
    data: str = Field(min_length=1, max_length=TEXT_MAX)
    module_dots: int = Field(6, ge=2, le=12)


class Ean13(Message):
    """An EAN-13 barcode with its digits, centred."""

    block: Literal["ean13"] = "ean13"
    digits: str = Field(pattern=r"^\d{13}$")


class Feed(Message):
    """Empty lines."""

    block: Literal["feed"] = "feed"
    lines: int = Field(1, ge=1, le=10)


Block = Annotated[Text | Columns | Rule | Qr | Ean13 | Feed, Field(discriminator="block")]


class Document(Message):
    """What a printer shall put on paper: lines, styles and codes, never a picture of them. Cut at the end."""

    blocks: tuple[Block, ...] = Field(max_length=DOCUMENT_BLOCKS_MAX)


class Command(Message):
    """One wish to a device. Sent again with the same `id` it is the same wish. Past `deadline` (ISO UTC) it is never run."""

    id: str = Field(pattern=r"^[0-9a-f-]{36}$")
    deadline: str | None = None
    args: dict[str, Any] = {}


class Outcome(StrEnum):
    """How a command ended. Unknown is never tried again by a machine."""

    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Done(Message):
    """The answer to a command. `retry_safe`: nothing reached the paper, the drawer or the money. `result`: what was asked for."""

    id: str
    outcome: Outcome
    retry_safe: bool = False
    reason: str = ""
    sentence: str = ""
    result: dict[str, Any] = {}


class Health(StrEnum):
    """What a device shows of itself."""

    CONNECTING = "connecting"
    ONLINE = "online"
    DEGRADED = "degraded"
    OFFLINE = "offline"
    UNKNOWN = "unknown"
    DISABLED = "disabled"


class DeviceState(Message):
    """Retained on `…/state`. `sentence` tells a person what is wrong, `action` what to do; `since` is ISO UTC."""

    health: Health
    reason: str = ""
    sentence: str = ""
    action: str = ""
    since: str
    session: str = ""
    figures: dict[str, int | float | str | bool | None] = {}


class DeviceInfo(Message):
    """Retained on `…/info`."""

    kind: str
    name: str
    model: str = ""
    serial: str = ""
    transport: str
    roles: tuple[str, ...] = ()
    capabilities: tuple[str, ...] = ()
    driver: str = ""
    firmware: str = ""
    simulated: bool = False


class JobProgress(Message):
    """`event/job`: a print job moved while its command is still open: printing, or held with the reason."""

    id: str
    state: Literal["printing", "held"]
    reason: str = ""
    sentence: str = ""
    action: str = ""


class Scan(Message):
    """`event/scan`: one code read, and what it tells of an article; a code that tells nothing of it has these fields empty.

    `gtin` has 14 digits, dates are ISO days, `weight_mg` milligrams; `item` and `price` (minor units) are those of a shop's own scale.
    Only the shop knows whether `code` is a payment code: it is shown whole nowhere.
    """

    code: str = Field(min_length=1, max_length=256, repr=False)
    symbology: str = "other"
    gtin: str | None = None
    sscc: str | None = None
    lot: str | None = None
    serial: str | None = None
    expiry: str | None = None
    best_before: str | None = None
    weight_mg: int | None = Field(None, ge=0)
    item: str | None = None
    price: int | None = Field(None, ge=0)

    @property
    def article(self) -> str:
        """What a catalogue is asked for."""
        return self.gtin or self.code


class Card(Message):
    """`event/card`: a card was held to a reader. `number` is shown whole nowhere."""

    number: str = Field(pattern=r"^[0-9A-F]{4,20}$", repr=False)


class DrawerOpened(Message):
    """`event/drawer_opened`. `by_command`: a kick opened it, not a key or a hand; `at` is when it was seen open, ISO UTC."""

    by_command: bool
    at: AwareDatetime


class Weight(Message):
    """`event/weight`, and the result of `weigh`: what lies on a scale and has come to rest, in milligrams."""

    mg: int = Field(ge=0)


class Reading(Message):
    """`reading/<name>`: one value a device measured, null when it is not known any more; `unit` as the device says it, `at` since when."""

    value: int | float | bool | None
    unit: str = Field("", max_length=16)
    at: str = Field(max_length=40)


class DisplayLine(Message):
    """One line of a customer display. The right side stands whole at the right edge, of the left one what fits beside it."""

    left: str = Field("", max_length=200)
    right: str = Field("", max_length=200)


class CardTransaction(Message):
    """What a card terminal told of one transaction: the result of `pay`, `reverse`, `end_of_day` and `repeat_receipt`. None or empty: not told.

    `code` is the terminal's own result in two hexadecimal digits, `00` when all is well. Of a card's number only the last four digits
    are ever here. `receipt` are the lines for the guest, `shop_receipt` those for the shop, when the till is to print them.
    """

    code: str = ""
    amount_minor: int | None = None
    currency: str = ""
    receipt_no: int | None = None
    trace_no: int | None = None
    terminal: str = ""
    auth_code: str = ""
    card: str = ""
    card_name: str = ""
    at: str = ""
    reference: str = ""
    receipt: tuple[str, ...] = ()
    shop_receipt: tuple[str, ...] = ()


class PaymentStep(Message):
    """`event/payment`: what happens at a card terminal while command `id` runs. `reason` is a code of the table of reasons."""

    id: str
    reason: str
    sentence: str = ""
    action: str = ""


class LatePayment(Message):
    """`event/payment_late`: a terminal told how a transaction ended after its command had ended here. `repeat_receipt` proves it."""

    approved: bool
    amount_minor: int | None = None
    receipt_no: int | None = None


class PrintKind(StrEnum):
    """What is printed; each kind has one function that makes its document from its source."""

    RECEIPT = "receipt"
    REFUND = "refund"
    TICKET = "ticket"
    Z_REPORT = "z_report"
    TEST = "test"


class CardAct(StrEnum):
    """What a card terminal is asked for."""

    PAY = "pay"
    REVERSE = "reverse"
    END_OF_DAY = "end_of_day"


class CardState(StrEnum):
    """Where it is. Unknown: nobody can tell yet whether it happened; only the terminal's last receipt or a person ends that."""

    ASKED = "asked"
    APPROVED = "approved"
    DECLINED = "declined"
    UNKNOWN = "unknown"


class CardAttemptId(Id):
    """One thing asked of a card terminal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardAttempt:
    """One thing asked of a card terminal, kept before it is asked. `amount` is in minor units.

    `told` is what the terminal said of it; `reason` is a code of the table of reasons, why it is declined or unknown.
    """

    id: CardAttemptId
    act: CardAct
    device: str
    amount: int
    currency: str
    reference: str
    state: CardState
    reason: str
    told: CardTransaction
    at: datetime
    reverses: CardAttemptId | None = None


class CardTerminal(Protocol):
    """Money by card. Each call returns when the terminal has said how it ended, or when nobody can wait longer: then `asked` or `unknown`."""

    async def pay(self, actor: Any, device: str, amount: int, reference: str, tap_id: TapId) -> CardAttempt:
        """Take `amount` minor units; `reference` names what it is for. Raises NotAllowed, NotFound, DeviceBusy or TerminalInDoubt."""

    async def abort(self, actor: Any, device: str) -> None:
        """Stop the payment that runs; it ends as declined. Raises TerminalRefused when it is too late, or DeviceBusy."""

    async def reverse(self, actor: Any, payment: CardAttemptId, tap_id: TapId) -> CardAttempt:
        """Give a payment back. Raises NotAllowed, NotReversible, DeviceBusy or TerminalInDoubt."""

    async def settle_unknown(self, actor: Any, attempt: CardAttemptId) -> CardAttempt:
        """Ask the terminal for its last receipt and compare. Raises CannotTell when a person must decide."""


class PrintDesk(Protocol):
    """Where a capability leaves what must go on paper, inside the transaction that causes it."""

    def queue(self, tx: Any, kind: PrintKind, source: str, *, till: str = "", kick: bool = False) -> None:
        """Step: one original of `source`; printed once, or flagged. `kick` opens the till's drawer too: within seconds or never."""
