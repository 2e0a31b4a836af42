"""What was asked and how it ended, durable before anyone is told. One queue per device, first come first served.

A command is stored before its MQTT acknowledgement and answered from here when it comes again. What was open when the
host stopped is settled at the next start: nothing written, it runs; held in a stopped printer, the driver resumes it
without writing; anything else is unknown. Arguments are wiped when a command ends: they may hold a guest's name.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from devices.driver import Result
from devices.errors import DeviceError, NotWithdrawn, Withdrawn
from devices.reasons import reason as words
from hub.clock import Clock
from hub.db import Db, Row, Tx
from hub.ports import Command, Done, Outcome

WAITING_MAX = 200
KEPT = timedelta(days=40)
KEPT_MAX = 20_000
UNTOLD_AT_ONCE = 500


@dataclass(slots=True, kw_only=True)
class Stored:
    """An open command. `wrote`: bytes with an effect may be out. `held`: why the device stopped in the middle.

    `armed`: the file says already that bytes may be out, though none are: a command that begins at once costs one fsync
    instead of two. A host killed in those milliseconds leaves a job flagged that was never begun, never one printed twice.
    """

    device: str
    verb: str
    command: Command
    wrote: bool = False
    held: str = ""
    armed: bool = field(default=False, compare=False)
    running: bool = field(default=False, compare=False)
    withdrawn: bool = field(default=False, compare=False)  # somebody else prints it: it may never begin
    ending: bool = field(default=False, compare=False)  # how it ended is being written: nobody else may begin or end it

    @property
    def expires(self) -> datetime | None:
        """The deadline as a time. The log never stores one that is none."""
        return datetime.fromisoformat(self.command.deadline) if self.command.deadline else None

    def expired(self, now: datetime) -> bool:
        """Whether it is too late to begin, or was withdrawn; what has begun never expires."""
        return not self.wrote and (self.withdrawn or (self.expires is not None and now >= self.expires))

    @property
    def never_began(self) -> Result:
        """How it ends when it is too late to begin."""
        return Result.failed("withdrawn" if self.withdrawn else "expired")


@dataclass(frozen=True, slots=True)
class Ended:
    """An answer on its way: for whom, and what to say."""

    device: str
    done: Done


class JobLog:
    """`load` once before use."""

    def __init__(self, db: Db, clock: Clock) -> None:
        self._db, self._clock = db, clock
        self._open: dict[str, list[Stored]] = {}
        self._broken: set[str] = set()  # devices whose last written command ended unknown

    def load(self) -> None:
        """Take up the open commands of the last run."""
        for row in self._db.all("SELECT * FROM commands WHERE outcome IS NULL ORDER BY seq"):
            self._open.setdefault(row["device"], []).append(_stored(row))
        last = "SELECT device, outcome, max(seq) FROM commands WHERE wrote = 1 AND outcome IS NOT NULL GROUP BY device"
        self._broken = {row["device"] for row in self._db.all(last) if row["outcome"] == Outcome.UNKNOWN}

    async def settle(self) -> list[Ended]:
        """End what was being written, but not held, when the host stopped: nobody can know how it went."""
        torn = [s for s in self._all() if s.wrote and not s.held]
        return [await self.finish(s, Result.unknown("restarted_while_printing" if s.verb == "print" else "cut_short")) for s in torn]

    async def accept(self, device: str, verb: str, command: Command, *, at_once: bool = False) -> Stored | Ended | None:
        """Store a new command; Ended when it ended before, None when it is still open. Raises StorageFailed.

        `at_once`: it will be begun now, so it is armed.
        """
        known, found = await self._db.write(self._accept, device, verb, command, int(at_once))
        if known and found is not None:
            return Ended(device, _done(found)) if found["outcome"] else None
        stored = Stored(device=device, verb=verb, command=command, armed=at_once)
        waiting = self._open.setdefault(device, [])
        waiting.append(stored)
        if len(waiting) > WAITING_MAX:
            return await self.finish(stored, Result.failed("queue_full"))
        return stored

    def waiting(self, device: str) -> int:
        """How many commands are open."""
        return len(self._open.get(device, ()))

    def head(self, device: str) -> Stored | None:
        """The command whose turn it is."""
        return next(self._line(device), None)

    def next(self, device: str, urgent: Iterable[str]) -> Stored | None:
        """What to begin now: the drawer must not wait for the receipts that wait."""
        return next((s for s in self._line(device) if s.verb in urgent), None) or self.head(device)

    def running(self, device: str) -> Stored | None:
        """The command that is being carried out."""
        return next((s for s in self._line(device) if s.running), None)

    def urgent(self, device: str, verbs: Iterable[str]) -> Stored | None:
        """The first command with one of `verbs` that waits."""
        return next((s for s in self._line(device) if s.verb in verbs and not s.running), None)

    def of(self, device: str) -> list[Stored]:
        """Every open command of a device, in order."""
        return list(self._line(device))

    def broke_off(self, device: str) -> bool:
        """Whether the last command that wrote anything ended unknown."""
        return device in self._broken

    def late(self) -> list[Stored]:
        """What waits and may not begin any more."""
        now = self._clock.now()
        return [s for s in self._all() if not (s.running or s.ending) and s.expired(now)]

    async def writing(self, stored: Stored) -> None:
        """Durable: from now on bytes may be out. Raises StorageFailed or Withdrawn, then nothing may be written."""
        if stored.withdrawn:
            raise Withdrawn(command=stored.command.id)
        armed, stored.wrote = stored.armed, True  # from here on nobody can withdraw it
        if not armed:
            try:
                await self._db.write(self._mark, stored, "wrote", 1)
            except BaseException:
                stored.wrote = False
                raise
        stored.armed = False

    def withdraw(self, device: str, command: str) -> Stored:
        """It may never begin from now on. Raises NotWithdrawn when bytes of it may be out, or when it is not open."""
        stored = next((s for s in self._open.get(device, ()) if s.command.id == command and not s.wrote), None)
        if stored is None:
            raise NotWithdrawn(device=device, command=command)
        stored.withdrawn = True
        return stored

    async def disarm(self, device: str) -> None:
        """What is armed was not begun after all, and waits. Raises StorageFailed."""
        for stored in self.of(device):
            await self._disarm(stored)

    async def _disarm(self, stored: Stored) -> None:
        if stored.armed:
            await self._db.write(self._mark, stored, "wrote", 0)
            stored.armed = False

    async def held(self, stored: Stored, why: str) -> None:
        """The device stopped with the job in it, or (empty) goes on. Durable when bytes are out, else only known here."""
        await self._disarm(stored)
        if stored.wrote and stored.held != why:
            await self._db.write(self._mark, stored, "held", why)
        stored.held = why

    async def finish(self, stored: Stored, result: Result) -> Ended:
        """Durable: how it ended, before anyone is told. What has ended before keeps the end it had."""
        done = Done(
            id=stored.command.id,
            outcome=result.outcome,
            retry_safe=result.retry_safe,
            reason=result.reason,
            sentence=words(result.reason).sentence if result.reason else "",
            result=dict(result.answer),
        )
        stored.ending = True
        try:
            before = await self._db.write(self._finish, stored, done)
        finally:
            stored.ending = False
        done = _done(before) if before else done
        line = self._open.get(stored.device, [])
        if stored in line:
            line.remove(stored)
        if stored.wrote:
            (self._broken.add if done.outcome is Outcome.UNKNOWN else self._broken.discard)(stored.device)
        return Ended(stored.device, done)

    def untold(self) -> list[Ended]:
        """Answers the broker has not acknowledged yet, oldest first; not those whoever ended the command is just about to tell."""
        rows = self._db.all("SELECT * FROM commands WHERE outcome IS NOT NULL AND told = 0 ORDER BY seq LIMIT ?", (UNTOLD_AT_ONCE,))
        ending = {(s.device, s.command.id) for s in self._all() if s.ending}
        return [Ended(row["device"], _done(row)) for row in rows if (row["device"], row["id"]) not in ending]

    async def told(self, answers: Iterable[tuple[str, str]]) -> None:
        """(device, id) whose answers the broker has."""
        await self._db.write(self._told, list(answers))

    async def forget_old(self) -> None:
        """Drop answers older than 40 days, and all but the newest 20,000."""
        await self._db.write(self._forget, (self._clock.now() - KEPT).isoformat())

    def _line(self, device: str) -> Iterator[Stored]:
        """What is open and not just ending."""
        return (stored for stored in self._open.get(device, ()) if not stored.ending)

    def _all(self) -> Iterator[Stored]:
        return (stored for line in list(self._open.values()) for stored in list(line))

    def _accept(self, tx: Tx, device: str, verb: str, command: Command, wrote: int) -> tuple[bool, Row | None]:
        found = tx.one("SELECT * FROM commands WHERE device = ? AND id = ?", (device, command.id))
        if found is None:
            tx.insert(
                "commands",
                device=device,
                id=command.id,
                verb=verb,
                args=json.dumps(command.args, ensure_ascii=False),
                deadline=command.deadline,
                came_at=self._clock.now().isoformat(),
                wrote=wrote,
            )
        return found is not None, found

    def _mark(self, tx: Tx, stored: Stored, column: str, value: int | str) -> None:
        tx.execute(
            f"UPDATE commands SET {column} = ? WHERE device = ? AND id = ?",  # noqa: S608 - names from code
            (value, stored.device, stored.command.id),
        )

    def _finish(self, tx: Tx, stored: Stored, done: Done) -> Row | None:
        """None, or the row of a command that had ended already: whoever ended it was cancelled before he could say so."""
        changed = tx.execute(
            "UPDATE commands SET outcome = ?, retry_safe = ?, reason = ?, result = ?, ended_at = ?, args = '{}', held = '', "
            "wrote = ? WHERE device = ? AND id = ? AND outcome IS NULL",
            (
                done.outcome.value,
                int(done.retry_safe),
                done.reason,
                json.dumps(done.result, ensure_ascii=False),
                self._clock.now().isoformat(),
                int(stored.wrote),
                stored.device,
                stored.command.id,
            ),
        )
        if changed.rowcount:
            return None
        return tx.one("SELECT * FROM commands WHERE device = ? AND id = ?", (stored.device, stored.command.id))

    def _told(self, tx: Tx, answers: list[tuple[str, str]]) -> None:
        tx.executemany("UPDATE commands SET told = 1 WHERE device = ? AND id = ?", answers)

    def _forget(self, tx: Tx, before: str) -> None:
        tx.execute("DELETE FROM commands WHERE outcome IS NOT NULL AND ended_at < ?", (before,))
        tx.execute("DELETE FROM commands WHERE outcome IS NOT NULL AND seq <= (SELECT max(seq) FROM commands) - ?", (KEPT_MAX,))


def result_of(error: DeviceError | None, stored: Stored) -> Result:
    """How a command ended that a driver left by raising: `error`, or None for a fault of the driver itself."""
    if stored.wrote and error:
        return Result.unknown("lost_while_printing" if stored.verb == "print" else "cut_short")
    if stored.wrote:
        return Result.unknown("driver_failed")
    return Result.failed(error.reason if error else "driver_failed")


def _stored(row: Row) -> Stored:
    command = Command(id=row["id"], deadline=row["deadline"], args=json.loads(row["args"]))
    return Stored(device=row["device"], verb=row["verb"], command=command, wrote=bool(row["wrote"]), held=row["held"])


def _done(row: Row) -> Done:
    return Done(
        id=row["id"],
        outcome=Outcome(row["outcome"]),
        retry_safe=bool(row["retry_safe"]),
        reason=row["reason"],
        sentence=words(row["reason"]).sentence if row["reason"] else "",
        result=json.loads(row["result"]),
    )
