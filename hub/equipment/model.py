"""Devices as the hub sees them, and what is to be printed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from hub.errors import MachineError, PersonError
from hub.ids import Id
from hub.ports import DeviceInfo, DeviceState, DisplayLine, Health, PrintKind

KICK_WITHIN_S = 10  # a drawer that opens later than this opens on nobody
# what a customer display must be able to do: Chinese, ¥, both edges, all its columns
TEST_LINES = (DisplayLine(left="中文 Test", right="¥1,280.00"), DisplayLine(left="0123456789", right="ABCDEFGHI"))
_VERSION_AT = 14  # where a UUID's text says its version

POWERS_HUB = "powers_hub"  # the role of a UPS the hub itself hangs on


class JobId(Id):
    """One thing to print."""


class Alarm(StrEnum):
    """What a sensor finds that needs someone at once."""

    WATER_LEAK = "water_leak"
    TOO_WARM = "too_warm"
    TOO_COLD = "too_cold"


class JobState(StrEnum):
    """Where a job is. Printed once, or flagged: uncertain and failed wait for a person."""

    QUEUED = "queued"
    PRINTING = "printing"
    HELD = "held"
    PRINTED = "printed"
    UNCERTAIN = "uncertain"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintJob:
    """One job. `copy` is 0 for the original; `sentence` and `action` tell a person why it waits and what to do.

    `command` is what the device knows it by; `kick_until` (ISO UTC): the drawer is opened along with it, not later than that.
    """

    id: JobId
    kind: PrintKind
    source: str
    till: str
    device: str | None
    state: JobState
    copy: int
    reason: str
    sentence: str
    action: str
    at: datetime
    command: str
    kick_until: str | None
    meant_for: str = ""  # the printer it should have come out of; empty when `device` is that one

    @property
    def kick_command(self) -> str:
        """The drawer's command id: the same at every resend, another one than the paper's."""
        return f"{self.id[:_VERSION_AT]}4{self.id[_VERSION_AT + 1 :]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A device as last told over MQTT; `health` is unknown while its host or the broker is away."""

    id: str
    info: DeviceInfo | None
    state: DeviceState | None
    health: Health


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """Since when a device was how, and why."""

    at: datetime
    health: Health
    reason: str


class DeviceSpec(BaseModel):
    """What a person says when she adopts a device; `address` is a URL such as tcp://10.0.0.9:9100 or serial:///dev/….

    Without an `id` the device host gives one.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str | None = Field(None, pattern=r"^[a-z0-9-]{1,32}$")
    kind: str = Field(pattern=r"^[a-z_]{1,32}$")
    name: str = Field(min_length=1, max_length=60)
    address: str = Field(max_length=200)
    roles: tuple[str, ...] = ()
    profile: dict[str, Any] = {}


class DeviceChange(BaseModel):
    """What a person changes of an adopted device; what is None stays."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str | None = Field(None, min_length=1, max_length=60)
    address: str | None = Field(None, max_length=200)
    roles: tuple[str, ...] | None = None
    profile: dict[str, Any] | None = None


class DeviceBusy(MachineError):
    """The device host did not answer in time."""

    code = "device_host_silent"
    hint = "The device host is not answering. Wait a few seconds; if it stays, restart the hub."


class DeviceRefused(PersonError):
    """The device host refused: wrong address, wrong kind of device, or a name that is taken."""

    code = "device_refused"
    hint = "Check the cable, the address and the kind of device, then try again."


class NoFallback(PersonError):
    """Only another receipt printer of this shop can stand in for one."""

    code = "no_fallback"
    hint = "Choose another receipt printer of this shop."


class CannotWeigh(PersonError):
    """The scale has no weight to give: it moves, has too much on it, or less than nothing."""

    code = "cannot_weigh"
    hint = "Let the pan come to rest with something on it that it can weigh, then weigh again."


class CannotShow(PersonError):
    """The customer display did not take the lines, or the right side of one is wider than it."""

    code = "cannot_show"
    hint = "Check the power and the cable of the display, then try again."


class NotUnderTest(PersonError):
    """Nobody has begun a self-test of this device, or the hub restarted meanwhile."""

    code = "not_under_test"
    hint = "Begin the self-test of this device again."


class CannotSwitch(PersonError):
    """The plug did not switch, or did not say so."""

    code = "cannot_switch"
    hint = "Look at the plug before you switch it again."


class NotSettled(PersonError):
    """Only an uncertain or failed job waits for a person's word."""

    code = "job_needs_nobody"
    hint = "This job is not waiting for anyone. Look at the list again."


class TerminalInDoubt(PersonError):
    """Nobody knows yet how the last thing asked of this terminal ended; asking again could take the money twice."""

    code = "terminal_in_doubt"
    hint = "Ask the terminal for its last receipt, or decide what happened; then go on."


class TerminalTaken(PersonError):
    """Something else runs at this terminal."""

    code = "terminal_taken"
    hint = "Wait until it is over, then try again."


class TerminalRefused(PersonError):
    """The terminal did not do it."""

    code = "terminal_refused"
    hint = "Look at the terminal."


class NotReversible(PersonError):
    """Only a payment that was approved, with a receipt number, and not given back yet can be reversed."""

    code = "not_reversible"
    hint = "Give the money back another way."


class NotInDoubt(PersonError):
    """It is known how this ended."""

    code = "not_in_doubt"
    hint = "Nothing need be decided. Look at the list again."


class CannotTell(PersonError):
    """The terminal's last receipt neither proves the payment nor proves that there was none."""

    code = "cannot_tell"
    hint = "Look at the receipts of the terminal, then decide whether the money was taken."
