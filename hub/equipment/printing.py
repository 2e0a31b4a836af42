"""The print desk: jobs are kept with the act that causes them, sent to the device host, and end printed or flagged.

A job's command id stays the same until its outcome is known, so a resend after any restart is the same wish. Only when
the host says that nothing reached the paper does the job get a new command.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import structlog

from hub.access import SYSTEM
from hub.clock import Clock
from hub.db import Db, Tx
from hub.equipment import tables
from hub.equipment.events import PrintJobMoved
from hub.equipment.link import MqttLink
from hub.equipment.model import KICK_WITHIN_S, JobId, JobState, PrintJob
from hub.equipment.printers import Printers, Way
from hub.errors import ChairsideError
from hub.ids import Id
from hub.journal import Journal
from hub.ports import Command, Document, Done, JobProgress, Outcome, PrintKind

log = structlog.get_logger()

RETRY_S = 2.0
FRESH_MAX = 500
WITHDRAWN = "withdrawn"
ROLE_OF = {PrintKind.TICKET: "ticket", PrintKind.Z_REPORT: "report"}
RECEIPT_ROLE = "receipt"
_ENDS = {Outcome.DONE: JobState.PRINTED, Outcome.FAILED: JobState.FAILED, Outcome.UNKNOWN: JobState.UNCERTAIN}


@dataclass(frozen=True, slots=True)
class Paper:
    """Which paper of which act, for which till."""

    kind: PrintKind
    source: str
    till: str = ""


@dataclass(frozen=True, slots=True)
class Why:
    """Why a job waits, for people."""

    reason: str = ""
    sentence: str = ""
    action: str = ""


NO_PRINTER = Why("no_printer", "No printer has been set up for this.", "Add a printer in the office, under Devices.")
NOT_MADE = Why("document_failed", "What should be printed could not be put together.", "Call support and give them the number of this job.")


class PrintDesk:
    """Implements hub.ports.PrintDesk. A job goes to another printer only while the host says that it never began."""

    def __init__(self, db: Db, journal: Journal, clock: Clock, link: MqttLink) -> None:
        self._db, self._journal, self._clock, self._link = db, journal, clock, link
        self._documents: dict[PrintKind, Callable[[str], Document]] = {}
        self._printers: Printers | None = None
        self._withdraw: Callable[[str, str], None] = lambda _device, _command: None
        self._sent: dict[str, JobId] = {}  # command id -> job, since the last connect
        self._held: set[str] = set()
        self._wakeup: asyncio.Event = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._fresh: deque[PrintJob] = deque(maxlen=FRESH_MAX)  # just committed: sent without asking the database
        self._look = True  # whether any other open job may have its turn
        db.after_commit(self._committed)
        link.on_connect(self.send_again)

    def makes(self, kind: PrintKind, document_of: Callable[[str], Document]) -> None:
        """Register who turns a source into a document."""
        self._documents[kind] = document_of

    def chooses(self, printers: Printers, withdraw: Callable[[str, str], None]) -> None:
        """Register who knows which printer prints what, and who asks a host to let go of (device, command)."""
        self._printers, self._withdraw = printers, withdraw

    def queue(self, tx: Tx, kind: PrintKind, source: str, *, till: str = "", kick: bool = False) -> None:
        """Step: one original of `source`; `kick` opens the drawer with it, within ten seconds or never."""
        self._insert(tx, Paper(kind, source, till), kick=kick)

    def copy(self, tx: Tx, job: PrintJob) -> PrintJob:
        """Step: one more of a job's paper, marked as a copy."""
        row = tx.one("SELECT max(copy) + 1 FROM print_jobs WHERE kind = ? AND source = ?", (str(job.kind), job.source))
        return self._insert(tx, Paper(job.kind, job.source, job.till), copy=int(row[0]) if row else 1)

    def test(self, tx: Tx, device: str, source: str) -> PrintJob:
        """Step: a test receipt on one device."""
        return self._insert(tx, Paper(PrintKind.TEST, source), device=device)

    async def run(self) -> None:
        """Send what is queued, for ever."""
        self._loop = asyncio.get_running_loop()
        while True:
            self._wakeup.clear()
            if self._look:
                self._look = False
                for job in map(tables.job_of, self._db.all(tables.OPEN_JOBS)):
                    await self._send(job)
            while self._fresh:
                await self._send(self._fresh.popleft())
            await self._wakeup.wait()

    def send_again(self) -> None:
        """Send whatever is open once more: the broker came back, or a host says that it lives; what it has, it has once."""
        self._sent.clear()
        self.wake()

    def wake(self) -> None:
        """Look again at what is open: a printer came, or a pause is over."""
        self._look = True
        self._wakeup.set()

    async def finished(self, device: str, done: Done) -> None:
        """A device's answer to a command of ours; an answer to anything else, such as a kick, is nothing to us."""
        if self._db.one(tables.BY_COMMAND, (done.id,)) is None:
            return
        await self._db.write(self._finish, device, done)
        self._sent.pop(done.id, None)
        self._held.discard(done.id)
        if done.reason == WITHDRAWN:
            self.wake()
        elif done.outcome is Outcome.FAILED and done.retry_safe:
            asyncio.get_running_loop().call_later(RETRY_S, self.wake)

    async def progressed(self, progress: JobProgress) -> None:
        """A device works on a job, or holds it. Work that was not held before needs no keeping: its outcome follows."""
        if progress.state == "printing" and progress.id not in self._held:
            return
        (self._held.add if progress.state == "held" else self._held.discard)(progress.id)
        why = Why(progress.reason, progress.sentence, progress.action)
        await self._db.write(self._move, progress.id, JobState(progress.state), why, None)
        if progress.state == "held":
            self.wake()

    def _insert(self, tx: Tx, paper: Paper, *, copy: int = 0, device: str | None = None, kick: bool = False) -> PrintJob:
        now = self._clock.now()
        job_id = JobId.new()
        way = Way(device) if device else self._way_for(paper.kind)
        job = PrintJob(
            id=job_id,
            kind=paper.kind,
            source=paper.source,
            till=paper.till,
            device=way.device if way else None,
            meant_for=way.meant_for if way else "",
            state=JobState.QUEUED,
            copy=copy,
            reason="",
            sentence="",
            action="",
            at=now,
            command=job_id,
            kick_until=(now + timedelta(seconds=KICK_WITHIN_S)).isoformat() if kick else None,
        )
        tables.insert(tx, job)
        tx.on_commit(lambda: self._queued(job))
        return job

    def _queued(self, job: PrintJob) -> None:
        if self._loop:  # else `run` looks at everything open when it begins
            self._look = self._look or len(self._fresh) == FRESH_MAX
            self._fresh.append(job)

    def _committed(self) -> None:
        if self._fresh and self._loop and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wakeup.set)

    def _way_for(self, kind: PrintKind) -> Way | None:
        return self._printers.way_for(ROLE_OF.get(kind, RECEIPT_ROLE)) if self._printers else None

    def _ask_back(self, job: PrintJob) -> None:
        """Where another printer could print it now; only the host knows whether it has begun."""
        here = Way(job.device or "", job.meant_for)
        if job.kind is not PrintKind.TEST and self._printers and self._printers.could_go(here):
            self._withdraw(here.device, job.command)

    async def _send(self, job: PrintJob) -> None:
        if not self._link.connected:
            return
        if job.command in self._sent:
            self._ask_back(job)
            return
        way = Way(job.device, job.meant_for) if job.device else self._way_for(job.kind)
        if way is None:
            if job.reason != NO_PRINTER.reason:
                await self._db.write(self._move, job.command, JobState.QUEUED, NO_PRINTER, None)
            return
        if not job.device:
            await self._db.write(_assign, job.id, way)
        device = way.device
        if job.kick_until and job.kick_until > self._clock.now().isoformat():
            drawer = way.meant_for or device  # money is in the drawer of this till, not in that of the printer that stands in
            self._link.send(f"dev/{drawer}/do/kick", Command(id=job.kick_command, deadline=job.kick_until), qos=0)
        try:
            args = {"document": self._documents[job.kind](job.source), "copy": job.copy}
        except (ChairsideError, ValueError, KeyError):
            log.exception("document could not be made", job=job.id, kind=job.kind)
            await self._db.write(self._move, job.command, JobState.FAILED, NOT_MADE, None)
            return
        self._sent[job.command] = job.id
        self._link.send(f"dev/{device}/do/print", Command(id=job.command, args=args), qos=0)

    def _finish(self, tx: Tx, device: str, done: Done) -> None:
        if done.outcome is Outcome.FAILED and done.retry_safe:
            row = tx.one(tables.BY_COMMAND, (done.id,))
            if row:
                self._move(tx, done.id, JobState.QUEUED, Why(done.reason, done.sentence), device)
                _renew(tx, row["id"])
            return
        self._move(tx, done.id, _ENDS[done.outcome], Why(done.reason, done.sentence), device)

    def _move(self, tx: Tx, command: str, state: JobState, why: Why, device: str | None) -> None:
        row = tx.one(tables.BY_COMMAND, (command,))
        if row is None or (row["state"], row["reason"]) == (state, why.reason):
            return
        job = tables.job_of(row)
        tx.execute(
            "UPDATE print_jobs SET state = ?, reason = ?, sentence = ?, action = ?, device = coalesce(?, device) WHERE id = ?",
            (str(state), why.reason, why.sentence, why.action, device, job.id),
        )
        if state not in {JobState.QUEUED, JobState.PRINTING}:
            self._journal.append(tx, SYSTEM, PrintJobMoved(job=job.id, print_kind=job.kind, source=job.source, state=state))


def _assign(tx: Tx, job: str, way: Way) -> None:
    """Durable before the command goes out: a resend after a crash must reach the same device, which knows the command."""
    tx.execute("UPDATE print_jobs SET device = ?, meant_for = ?, reason = '', sentence = '', action = '' WHERE id = ?", (*way, job))


def _renew(tx: Tx, job: str) -> None:
    """A new command for a job of which nothing reached the paper."""
    tx.execute("UPDATE print_jobs SET command = ?, device = NULL, state = 'queued' WHERE id = ?", (Id.new(), job))
