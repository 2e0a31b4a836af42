"""The office printer over IPP: printed once, or flagged.

A job goes: state of the printer → durable mark → Print-Job under a name of its own → Get-Job-Attributes until it is completed → done.
Stopped before the first byte: the job waits outside the printer. An answer that is lost: the job is looked for by its name (Get-Jobs) and
followed; what cannot be found, or was not sent whole, is unknown. Nothing is ever sent twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import ClassVar

from pydantic import BaseModel

from devices.driver import Bell, Condition, Driver, Identity, Job, NoArguments, Pace, Result
from devices.drivers.office_printer import ipp, shown
from devices.drivers.office_printer.ipp import Attributes
from devices.drivers.office_printer.pages import CannotSet, Sheets, sheets
from devices.drivers.office_printer.profile import CancelPrint, OfficePrinterProfile, PrintPages
from devices.drivers.office_printer.shown import JobState
from devices.drivers.office_printer.talk import NotWhole, PrinterRefuses, Talk, name_of
from devices.errors import CannotConnect, DeviceError
from devices.transport import Transport
from hub.clock import Clock

LOOK_S = 0.5
BUSY = range(0x0504, 0x0508)  # device error, temporary error, not accepting jobs, busy
NO_FORMAT = 0x040A


class OfficePrinter(Driver):
    """One printer. A connection is made for each question: it has other clients, and tells nothing by itself."""

    kind: ClassVar[str] = "office_printer"
    profile: ClassVar[type[OfficePrinterProfile]] = OfficePrinterProfile
    verbs: ClassVar[Mapping[str, type[BaseModel]]] = {"print": PrintPages, "cancel": CancelPrint, "status": NoArguments}
    urgent: ClassVar[frozenset[str]] = frozenset({"cancel", "status"})
    lasting: ClassVar[frozenset[str]] = frozenset({"print"})
    pace: ClassVar[Pace] = Pace(poll_s=5.0, poll_wait_s=8.0, miss_s=1.0, back_off_s_max=15.0)

    def __init__(self, profile: OfficePrinterProfile, link: Transport, clock: Clock) -> None:
        self._profile, self._clock = profile, clock
        self._talk = Talk(link, profile.answer_wait_s)
        self._formats: tuple[str, ...] = ()
        self._figures: dict[str, int | float | str | bool | None] = {"answers_refused": 0, "glyphs_missing": 0}
        self.bell = Bell(announce=lambda _: None, show=lambda _: None)

    async def identify(self) -> Identity:
        """Make, UUID and firmware. Raises CannotConnect, LinkLost, Silent or PrinterRefuses."""
        return shown.identity(await self._talk.printer(shown.ASKED_WHO))

    async def poll(self) -> Condition:
        """How it is. Raises CannotConnect, LinkLost, Silent or PrinterRefuses."""
        return self._seen(await self._talk.printer(shown.ASKED_HOW))

    async def run(self, job: Job) -> Result:
        """Carry out print, cancel or status. Raises CannotConnect, LinkLost or Silent only when nothing was written."""
        if job.verb == "print":
            return await self._print(job, job.args)
        if job.verb == "cancel":
            return await self._cancel(job.args.id)
        self.bell.show(await self.poll())
        return Result.done()

    async def resume(self, job: Job) -> Result:
        """The printer kept the job when the host stopped: go on watching it. Never writes it again."""
        return await self._found_again(job, whole=True)

    async def stop(self) -> None:
        """Let go of the connection."""
        await self._talk.close()

    # the job

    async def _print(self, job: Job, order: PrintPages) -> Result:
        held, tried = "", False
        made: Sheets | None = None
        while not job.expired(self._clock.now()):
            try:
                printer = await self._talk.printer(shown.ASKED_HOW)
            except DeviceError:
                if not held:
                    raise
                return Result.failed("unreachable") if tried else Result.later("unreachable")  # switched off to clear the jam
            self.bell.show(self._seen(printer))
            stopped = shown.stopped_by(printer)
            if not stopped:
                try:
                    if made is None:
                        made = await asyncio.to_thread(sheets, order.document, order.copy_no, self._formats)
                except CannotSet as why:
                    return Result.refused(why.reason)
                self._figures["glyphs_missing"] = made.glyphs_missing
                if not tried:
                    await job.before_writing()
                    tried = True
                result = await self._sent(job, made)
                if result is not None:
                    return result
                stopped = "printer_busy"
            if stopped != held:
                await job.moved("held", stopped)
                held = stopped
            await self._clock.sleep(LOOK_S)
        return Result.failed("expired")

    async def _sent(self, job: Job, made: Sheets) -> Result | None:
        """How it ended; None when the printer took nothing because it has no room or no time now."""
        try:
            answer = await self._talk.print(job.id, made, self._profile.silent_s_max)
        except CannotConnect:
            return Result.failed("unreachable")
        except PrinterRefuses as why:
            return Result.refused(why.reason)
        except DeviceError as why:
            return await self._found_again(job, whole=not isinstance(why, NotWhole))
        if answer.status in BUSY:
            return None
        if not answer.ok:
            return Result.refused("no_format" if answer.status == NO_FORMAT else "printer_refuses")
        await job.moved("printing", "")
        return await self._followed(job, ipp.number(answer.jobs[0], "job-id") if answer.jobs else None)

    async def _found_again(self, job: Job, *, whole: bool) -> Result:
        """The job, looked for by its name until the printer answers. One that was not sent whole must not come out."""
        until = self._clock.monotonic() + self._profile.silent_s_max
        while True:
            try:
                found = await self._talk.job_named(job.id)
                break
            except DeviceError:
                if self._clock.monotonic() > until:
                    return Result.unknown("lost_while_printing")
                await self._clock.sleep(LOOK_S)
        number = ipp.number(found, "job-id") if found else None
        if number is None:
            return Result.unknown("lost_while_printing")
        if whole:
            return await self._followed(job, number)
        await self._cancel(job.id)
        return Result.unknown("lost_while_printing")

    async def _followed(self, job: Job, number: int | None) -> Result:
        """Watch it until it has ended; while something stops it the time does not run."""
        held = ""
        began = last_word = self._clock.monotonic()
        while True:
            try:
                found = await self._known(job.id, number)
                if found is None:
                    return Result.unknown("no_confirmation")
                if ended := _ended(found):
                    return ended
                number = ipp.number(found, "job-id")
                stopped = await self._stopped(found)
            except DeviceError:
                if self._clock.monotonic() - last_word > self._profile.silent_s_max:
                    return Result.unknown("lost_while_printing")
            else:
                last_word = self._clock.monotonic()
                began = last_word if stopped else began
                if last_word - began > self._profile.confirm_s_max:
                    return Result.unknown("no_confirmation")
                if stopped != held:
                    await job.moved("held" if stopped else "printing", stopped)
                    held = stopped
            await self._clock.sleep(LOOK_S)

    async def _known(self, command: str, number: int | None) -> Attributes | None:
        """The job of a command. A printer may count anew after it was switched off: then its number is that of somebody else's."""
        found = await self._talk.job(number) if number is not None else None
        if found is None or ipp.text(found, "job-name", 255) not in {"", name_of(command)}:
            return await self._talk.job_named(command)
        return found

    async def _stopped(self, found: Attributes) -> str:
        """What keeps the printer from printing it. Raises as `poll`."""
        printer = await self._talk.printer(shown.ASKED_HOW)
        self.bell.show(self._seen(printer))
        if why := shown.stopped_by(printer):
            return why
        return "printer_paused" if ipp.number(found, "job-state") in {JobState.HELD, JobState.STOPPED} else ""

    async def _cancel(self, command: str) -> Result:
        """Raises as `poll`."""
        found = await self._talk.job_named(command)
        number = ipp.number(found, "job-id") if found else None
        if number is None or not found or _ended(found):
            return Result.refused("no_such_job")
        return Result.done() if await self._talk.cancel(number) else Result.refused("no_such_job")

    def _seen(self, printer: Attributes) -> Condition:
        self._formats = ipp.texts(printer, "document-format-supported") or self._formats
        self._figures |= {
            "answers_refused": self._talk.refused,
            "queued": ipp.number(printer, "queued-job-count"),
            **shown.supplies(printer),
        }
        why = shown.stopped_by(printer) or shown.reason(ipp.texts(printer, "printer-state-reasons"))
        return Condition(reason=why or ("no_font" if self._figures["glyphs_missing"] else ""), figures=dict(self._figures))


def _ended(found: Attributes) -> Result | None:
    """None while it has not ended. Of one that was given up nobody knows how much came out, unless the printer says: nothing."""
    state = ipp.number(found, "job-state")
    if state == JobState.COMPLETED:
        return Result.done()
    if state not in {JobState.CANCELED, JobState.ABORTED}:
        return None
    why = "job_canceled" if state == JobState.CANCELED else "job_aborted"
    counts = [ipp.number(found, name) for name in ("job-impressions-completed", "job-media-sheets-completed")]
    told = [count for count in counts if count is not None]
    return Result.refused(why) if told and not any(told) else Result.unknown(why)
