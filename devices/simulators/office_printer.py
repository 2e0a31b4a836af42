"""An office printer that behaves like one: it takes jobs over IPP, prints page after page, and while it is stopped it keeps what it was sent."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from pydantic import Field

from devices.simulators import ipp_language as ipp
from devices.simulators.ipp_language import Asked, PostReader
from devices.simulators.ipp_told import ABORTED, CANCELED, COMPLETED, FORMATS, PROCESSING, PrintJob, of_job, of_printer, only
from devices.simulators.on_wire import OnWire
from devices.simulators.verbs import AfterBytes, Args, Garble, Nothing

KEPT = 20
_A_PAGE = re.compile(rb"/Type */Page\b(?!s)")


class PagesLeft(Args):
    """The tray is empty now, or after some more pages."""

    after_pages: int = Field(0, ge=0, le=1000)


class SlowPages(Args):
    """How long one page takes; 0 is no time at all."""

    seconds: float = Field(1, ge=0, le=60)


@dataclass(slots=True)
class _Tray:
    """What the mechanism is in."""

    faults: set[str] = field(default_factory=set)
    pages_left: int | None = None
    page_s: float = 0.0
    dont_answer: bool = False
    garble: int = 0
    drop_in: int | None = None
    lose_answer: bool = False
    busy: bool = False
    abort_jobs: bool = False
    forget_jobs: bool = False


class OfficePrinterSim(OnWire):
    """SIMULATED. Pulling the cable keeps its jobs; `heal` cancels those that are open."""

    scheme: ClassVar[str] = "ipp"
    kind: ClassVar[str] = "office_printer"
    verbs: ClassVar[Mapping[str, type[Args]]] = {
        "paper_out": PagesLeft,
        "jam": Nothing,
        "cover_open": Nothing,
        "toner_low": Nothing,
        "toner_out": Nothing,
        "pause": Nothing,
        "mend": Nothing,
        "slow": SlowPages,
        "busy": Nothing,
        "abort_jobs": Nothing,
        "forget_jobs": Nothing,
        "lose_answer": Nothing,
        "drop": AfterBytes,
        "cut_cable": Nothing,
        "plug_in": Nothing,
        "dont_answer": Nothing,
        "garble": Garble,
        "heal": Nothing,
    }

    def __init__(self, name: str, formats: tuple[str, ...] = FORMATS) -> None:
        super().__init__(name)
        self.formats = formats
        self.jobs: list[PrintJob] = []
        self._next = 1
        self._tray = _Tray()
        self._reader = PostReader()
        self._worker: asyncio.TimerHandle | None = None

    @property
    def address(self) -> str:
        """How a device host reaches it."""
        return super().address.replace("?", "/ipp/print?")

    @property
    def uri(self) -> str:
        """Its own name for itself."""
        return self.address.split("?")[0]

    async def stop(self) -> None:
        """Take it off the wire."""
        self._rest()
        await super().stop()

    def state(self) -> dict[str, Any]:
        """What a person standing before it would see."""
        last = self.jobs[-1] if self.jobs else None
        return {
            "plugged": self.end.plugged,
            "paper": "out" if "paper_out" in self._tray.faults else "ok",
            "cover": "open" if "cover_open" in self._tray.faults else "closed",
            "pages": sum(job.printed for job in self.jobs),
            "waiting_jobs": sum(job.open for job in self.jobs),
            "last_job": {"name": last.name, "state": last.state, "mime": last.mime, "pages": last.pages} if last else None,
            "faults": self._faults(),
        }

    def _faults(self) -> list[str]:
        tray = self._tray
        other = {
            "slow": tray.page_s,
            "busy": tray.busy,
            "abort_jobs": tray.abort_jobs,
            "forget_jobs": tray.forget_jobs,
            "lose_answer": tray.lose_answer,
            "drop": tray.drop_in is not None,
            "dont_answer": tray.dont_answer,
            "garble": tray.garble,
        }
        return [*sorted(tray.faults - {"paper_out", "cover_open"}), *(name for name, on in other.items() if on)]

    @property
    def stopped(self) -> bool:
        """Whether it prints nothing for now."""
        return bool(self._tray.faults - {"toner_low"})

    async def do(self, verb: str, args: Args) -> dict[str, Any]:
        """What a person (or a fault) does to it."""
        tray = self._tray
        match verb, args:
            case "paper_out", PagesLeft(after_pages=0):
                tray.faults.add(verb)
            case "paper_out", PagesLeft():
                tray.pages_left = args.after_pages
            case "mend", _:
                tray.faults.clear()
                tray.pages_left = None
            case "slow", SlowPages():
                tray.page_s = args.seconds
            case "drop", AfterBytes():
                tray.drop_in = args.after_bytes
            case "garble", Garble():
                tray.garble = args.answers
            case (("busy" | "lose_answer" | "abort_jobs" | "forget_jobs" | "dont_answer"), _):
                setattr(tray, verb, True)
            case "cut_cable", _:
                await self.end.pull()
            case (("plug_in" | "heal"), _):
                await self._mend(verb)
            case _:
                tray.faults.add(verb)
        self._work()
        return self.state()

    async def _mend(self, verb: str) -> None:
        if verb == "heal":
            self._rest()
            self._tray = _Tray()
            for job in self.jobs:
                job.state = CANCELED if job.open else job.state
        await self.end.plug_in()

    # the wire

    def opened(self) -> None:
        """A client came."""
        self._reader = PostReader()

    def received(self, data: bytes) -> None:
        """Bytes came."""
        tray = self._tray
        if tray.drop_in is not None:
            if len(data) >= tray.drop_in:
                data, tray.drop_in = data[: tray.drop_in], None
                for body in self._reader.bodies(data):
                    self._hear(body)
                self.end.drop()
                return
            tray.drop_in -= len(data)
        for body in self._reader.bodies(data):
            self._hear(body)

    def _hear(self, body: bytes | None) -> None:
        if body is None:
            self.end.send(b"HTTP/1.1 100 Continue\r\n\r\n")
            return
        asked = ipp.read(body)
        if asked is None:
            self.end.send(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
            return
        said = self._answer(asked)
        if self._tray.lose_answer and asked.operation == 2:
            self._tray.lose_answer = False
            self.end.drop()
            return
        if self._tray.dont_answer:
            return
        if self._tray.garble:
            self._tray.garble -= 1
            said = bytes(byte ^ 0x5A for byte in said)
        self.end.send(said)

    def _answer(self, asked: Asked) -> bytes:
        if why := _refused(asked):
            return ipp.answer(asked, why)
        match asked.operation:
            case 0x02 | 0x04:
                return self._take(asked)
            case 0x08 | 0x09:
                return self._about_job(asked)
            case 0x0A:
                return self._list(asked)
            case 0x0B:
                told = of_printer(self.name, self.uri, self.formats, self.jobs, self._tray.faults)
                return ipp.answer(asked, ipp.OK, [(4, only(asked, told, "printer-description"))])
        return ipp.answer(asked, ipp.NO_OPERATION)

    def _take(self, asked: Asked) -> bytes:
        mime = asked.first("document-format") or self.formats[0]
        if mime == "application/octet-stream":
            mime = "application/pdf" if asked.document.startswith(b"%PDF") else "image/jpeg"
        if mime not in self.formats:
            return ipp.answer(asked, ipp.NO_FORMAT)
        if asked.operation == 0x04:
            return ipp.answer(asked, ipp.OK)
        if self._tray.busy:
            return ipp.answer(asked, ipp.BUSY)
        pages = max(1, len(_A_PAGE.findall(asked.document))) if mime == FORMATS[0] else 1
        name, user = (str(asked.first(key) or "") for key in ("job-name", "requesting-user-name"))
        job = PrintJob(self._next, name, user, mime, asked.document, pages)
        self._next += 1
        self.jobs = [*self.jobs, job][-KEPT:]
        if self._tray.abort_jobs:
            job.state = ABORTED
        self._work()
        return ipp.answer(asked, ipp.OK, [(2, of_job(job, self.uri, stopped=self.stopped))])

    def _about_job(self, asked: Asked) -> bytes:
        number = asked.first("job-id") or int((re.findall(r"[0-9]+$", str(asked.first("job-uri"))) or ["0"])[0][:9])
        job = next((job for job in self.jobs if job.number == number), None)
        if job is None:
            return ipp.answer(asked, ipp.NOT_FOUND)
        if asked.operation == 0x09:
            return ipp.answer(asked, ipp.OK, [(2, only(asked, of_job(job, self.uri, stopped=self.stopped), "job-description"))])
        if not job.open:
            return ipp.answer(asked, ipp.NOT_POSSIBLE)
        job.state = CANCELED
        self._work()
        return ipp.answer(asked, ipp.OK)

    def _list(self, asked: Asked) -> bytes:
        which = asked.first("which-jobs") or "not-completed"
        if "requested-attributes" not in asked.attributes:
            asked.attributes["requested-attributes"] = ["job-id", "job-uri"]
        found = [job for job in self.jobs if job.open == (which == "not-completed")]
        found = found if which == "not-completed" else found[::-1]
        limit = asked.first("limit")
        limit = limit if isinstance(limit, int) and limit > 0 else KEPT
        return ipp.answer(
            asked, ipp.OK, [(2, only(asked, of_job(job, self.uri, stopped=self.stopped), "job-description")) for job in found[:limit]]
        )

    # the mechanism

    def _work(self) -> None:
        """Print what is in memory: all of it, or one page and then the next."""
        while not self.stopped and self._worker is None and (job := next((job for job in self.jobs if job.open), None)):
            job.state = PROCESSING
            if self._tray.page_s:
                self._worker = asyncio.get_running_loop().call_later(self._tray.page_s, self._go_on, job)
            else:
                self._print_page(job)

    def _go_on(self, job: PrintJob) -> None:
        self._worker = None
        if not self.stopped and job.open:  # else the page is begun again when it goes on
            self._print_page(job)
        self._work()

    def _print_page(self, job: PrintJob) -> None:
        tray = self._tray
        job.printed += 1
        if job.printed >= job.pages:
            job.state = COMPLETED
            if tray.forget_jobs:
                self.jobs.remove(job)
        if tray.pages_left is not None:
            tray.pages_left -= 1
            if tray.pages_left <= 0:
                tray.pages_left = None
                tray.faults.add("paper_out")

    def _rest(self) -> None:
        if self._worker is not None:
            self._worker.cancel()
            self._worker = None


def _refused(asked: Asked) -> int:
    """Why it cannot be answered at all (RFC 8011, 4.1); 0 when it can."""
    names = list(asked.attributes)
    if asked.version[0] not in {1, 2}:
        return ipp.NO_VERSION
    if names[:2] != ["attributes-charset", "attributes-natural-language"] or asked.number < 1 or asked.groups[:1] != [1]:
        return ipp.BAD_REQUEST
    if asked.first("attributes-charset") not in {"utf-8", "us-ascii"}:
        return ipp.BAD_CHARSET
    return 0 if "printer-uri" in names or "job-uri" in names else ipp.BAD_REQUEST
