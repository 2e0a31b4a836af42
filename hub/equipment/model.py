"""Devices as the hub sees them, and what is to be printed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from hub.errors import MachineError, PersonError
from hub.ids import Id
from hub.ports import DeviceInfo, DeviceState, Health, PrintKind

KICK_WITHIN_S = 10  # a drawer that opens later than this opens on nobody
_VERSION_AT = 14  # where a UUID's text says its version


class JobId(Id):
    """One thing to print."""


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


class DeviceBusy(MachineError):
    """The device host did not answer in time."""

    code = "device_host_silent"
    hint = "The device host is not answering. Wait a few seconds; if it stays, restart the hub."


class DeviceRefused(PersonError):
    """The device host refused: wrong address, wrong kind of device, or a name that is taken."""

    code = "device_refused"
    hint = "Check the cable, the address and the kind of device, then try again."


class CannotWeigh(PersonError):
    """The scale has no weight to give: it moves, has too much on it, or less than nothing."""

    code = "cannot_weigh"
    hint = "Let the pan come to rest with something on it that it can weigh, then weigh again."


class NotSettled(PersonError):
    """Only an uncertain or failed job waits for a person's word."""

    code = "job_needs_nobody"
    hint = "This job is not waiting for anyone. Look at the list again."
