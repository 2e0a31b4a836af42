"""The contract of a driver: protocol only. It owns no thread, no retry and no topic; the supervisor does.

A driver gets a profile (its settings), a Transport and a Clock. `identify` is read-only and comes first on every
connection; `poll` is one bounded cycle; `run` carries out one command and says how it ended. Anything a driver raises
but the errors below is a fault of the driver: the supervisor names it and goes on with the other devices.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from devices.transport import Transport
from hub.clock import Clock
from hub.ports import Command, Outcome

Figures = Mapping[str, int | float | str | bool | None]


class Profile(BaseModel):
    """Settings of one device of a kind; unknown keys are refused at adoption."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class NoArguments(BaseModel):
    """Arguments of a verb that takes none."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often a device is looked at and how soon it is tried again, all in seconds."""

    poll_s: float  # pause between two polls
    poll_wait_s: float  # limit of one identify or poll
    miss_s: float = 0.5  # pause after a miss
    misses: int = 3  # in a row, then offline
    back_off_s_max: float = 8.0  # the longest pause between two tries while offline


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What the device says it is. `serial` is empty when it does not tell. `learned` are profile values found out by asking."""

    model: str = ""
    serial: str = ""
    firmware: str = ""
    learned: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What a reachable device shows now: well (`reason` empty), or working with a reason why it is not well."""

    reason: str = ""
    figures: Figures = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How a command ended, and what was asked for. `put_back`: not ended at all, nothing was written; it may be run later."""

    outcome: Outcome
    retry_safe: bool = False
    reason: str = ""
    put_back: bool = False
    answer: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def done(cls, reason: str = "", answer: Mapping[str, Any] | None = None) -> Result:
        """It happened."""
        return cls(outcome=Outcome.DONE, reason=reason, answer=answer or {})

    @classmethod
    def failed(cls, reason: str, answer: Mapping[str, Any] | None = None) -> Result:
        """It did not happen and nothing reached the device: it may be asked for again."""
        return cls(outcome=Outcome.FAILED, retry_safe=True, reason=reason, answer=answer or {})

    @classmethod
    def refused(cls, reason: str, answer: Mapping[str, Any] | None = None) -> Result:
        """It did not happen, and asked again it would fail again."""
        return cls(outcome=Outcome.FAILED, reason=reason, answer=answer or {})

    @classmethod
    def unknown(cls, reason: str, answer: Mapping[str, Any] | None = None) -> Result:
        """Nobody can tell; a person must look. Never tried again by a machine."""
        return cls(outcome=Outcome.UNKNOWN, reason=reason, answer=answer or {})

    @classmethod
    def later(cls, reason: str) -> Result:
        """Nothing was written; the job goes back to the head of the queue."""
        return cls(outcome=Outcome.FAILED, retry_safe=True, reason=reason, put_back=True)


@dataclass(slots=True, kw_only=True)
class Job:
    """One command on its way through a driver.

    `before_writing` must be awaited before the first byte that can have an effect: it makes "bytes may be out" durable.
    `moved` tells the shop that the job prints or is held; a held job lets urgent commands pass.
    """

    command: Command
    verb: str
    args: Any  # the verb's own model, already checked
    expires: datetime | None
    before_writing: Callable[[], Awaitable[None]]
    moved: Callable[[str, str], Awaitable[None]]  # ("printing", "") or ("held", reason)
    after_break: bool = False
    withdrawn: Callable[[], bool] = lambda: False  # whether another device was given it meanwhile

    @property
    def id(self) -> str:
        """The command's id."""
        return self.command.id

    def expired(self, now: datetime) -> bool:
        """Whether it is too late to begin, or somebody else does it."""
        return self.withdrawn() or (self.expires is not None and now >= self.expires)


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """A momentary fact for `event/<name>`; `body` is JSON-ready."""

    name: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One value for `reading/<name>`; None: not known any more. `unit` as the device says it; `at`: since when it is so."""

    name: str
    value: int | float | bool | None
    unit: str
    at: datetime


def _unheard(_: Measured) -> None:
    """Nobody has asked."""


@dataclass(slots=True, kw_only=True)
class Bell:
    """How a driver tells of what happens between the supervisor's questions."""

    announce: Callable[[Announcement], None]
    show: Callable[[Condition], None]  # the device's condition changed while a command runs
    read: Callable[[Measured], None] = _unheard


class Driver(ABC):
    """One device of one kind."""

    kind: ClassVar[str]
    profile: ClassVar[type[Profile]]
    verbs: ClassVar[Mapping[str, type[BaseModel]]]
    urgent: ClassVar[frozenset[str]] = frozenset()  # may run while another command is held
    interrupts: ClassVar[frozenset[str]] = frozenset()  # may run beside another command whatever that one does, such as to stop it
    lasting: ClassVar[frozenset[str]] = frozenset()  # verbs with an effect nobody takes back; they await `Job.before_writing`
    pace: ClassVar[Pace]
    private: ClassVar[bool] = False  # its bytes are recorded nowhere: numbers of guests' cards and payment codes are among them
    _clock: Clock

    @abstractmethod
    def __init__(self, profile: Any, link: Transport, clock: Clock) -> None: ...

    def follow(self, before: Driver) -> None:  # noqa: B027 - most kinds keep nothing
        """Take over from the driver of the connection before what must outlive a connection. Called once, before `identify`."""

    @abstractmethod
    async def identify(self) -> Identity:
        """Ask who is there; changes nothing on the device. Raises CannotConnect, LinkLost or WrongDevice."""

    async def start(self, bell: Bell) -> None:
        """Get ready to be polled; `bell` is rung from then on. Raises CannotConnect or LinkLost."""
        self.bell = bell

    @abstractmethod
    async def poll(self) -> Condition:
        """One bounded look. Raises CannotConnect, LinkLost or Silent: a miss."""

    def pause_s(self) -> float:
        """How long to wait before the next poll."""
        return self.pace.poll_s

    async def rest(self) -> None:
        """Wait for as long; a driver whose device tells of itself listens meanwhile. May be cancelled. Raises LinkLost."""
        await self._clock.sleep(self.pause_s())

    @abstractmethod
    async def run(self, job: Job) -> Result:
        """Carry out `job`. Raises CannotConnect or LinkLost only when nothing was written."""

    async def resume(self, job: Job) -> Result:  # noqa: ARG002 - the printer's own needs it
        """A job that was held with bytes already in the device when the host stopped. Never writes it again."""
        return Result.unknown("restarted_while_held")

    @abstractmethod
    async def stop(self) -> None:
        """Let go of the device. Idempotent, never raises."""
