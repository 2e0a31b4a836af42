"""What a simulated office printer tells of itself and of its jobs: the attributes of RFC 8011 and PWG 5100.9."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from devices.simulators.ipp_language import Asked, Told

UUID = "5d3c1a52-0000-4000-8000-51a11a7ed001"
FORMATS = ("application/pdf", "image/jpeg")
UP_TIME_S = 100
PENDING, PROCESSING, STOPPED, CANCELED, ABORTED, COMPLETED = 3, 5, 6, 7, 8, 9
REASONS = {  # what a person did to it, and the keyword of PWG 5100.9 it tells
    "jam": "media-jam-error",
    "cover_open": "door-open-error",
    "paper_out": "media-empty-error",
    "toner_out": "toner-empty-error",
    "pause": "paused",
    "toner_low": "toner-low-warning",
}


@dataclass(slots=True)
class PrintJob:
    """One job; it stays in the list of jobs when it has ended."""

    number: int
    name: str
    user: str
    mime: str
    data: bytes
    pages: int
    state: int = PENDING
    printed: int = 0  # pages of it that came out

    @property
    def open(self) -> bool:
        """Whether something of it may still come out."""
        return self.state < CANCELED


def of_job(job: PrintJob, uri: str, *, stopped: bool) -> list[Told]:
    """A job, as far as it tells."""
    state = STOPPED if job.state == PROCESSING and stopped else job.state
    why = {
        STOPPED: "printer-stopped",
        CANCELED: "job-canceled-by-user",
        ABORTED: "aborted-by-system",
        COMPLETED: "job-completed-successfully",
    }
    return [
        ("job-uri", 0x45, [f"{uri.removesuffix('/ipp/print')}/jobs/{job.number}"]),
        ("job-id", 0x21, [job.number]),
        ("job-printer-uri", 0x45, [uri]),
        ("job-name", 0x42, [job.name]),
        ("job-originating-user-name", 0x42, [job.user]),
        ("job-state", 0x23, [state]),
        ("job-state-reasons", 0x44, [why.get(state, "none")]),
        ("job-impressions-completed", 0x21, [job.printed]),
        ("time-at-creation", 0x21, [job.number]),
        ("time-at-processing", 0x21, [job.number]) if job.state > PENDING else ("time-at-processing", 0x13, [b""]),
        ("time-at-completed", 0x21, [job.number]) if not job.open else ("time-at-completed", 0x13, [b""]),
        ("job-printer-up-time", 0x21, [UP_TIME_S]),
    ]


def of_printer(name: str, uri: str, formats: tuple[str, ...], jobs: list[PrintJob], faults: set[str]) -> list[Told]:
    """The printer itself."""
    busy = any(job.state == PROCESSING for job in jobs)
    black = 0 if "toner_out" in faults else 6 if "toner_low" in faults else 80
    return [
        ("printer-uri-supported", 0x45, [uri]),
        ("uri-security-supported", 0x44, ["none"]),
        ("uri-authentication-supported", 0x44, ["none"]),
        ("printer-name", 0x42, [name]),
        ("printer-info", 0x41, [f"SIMULATED {name}"]),
        ("printer-make-and-model", 0x41, ["SIMULATED A4"]),
        ("printer-uuid", 0x45, [f"urn:uuid:{UUID}"]),
        ("printer-firmware-string-version", 0x41, ["1.0"]),
        ("printer-state", 0x23, [5 if faults - {"toner_low"} else 4 if busy else 3]),
        ("printer-state-reasons", 0x44, [REASONS[fault] for fault in sorted(faults)] or ["none"]),
        ("printer-is-accepting-jobs", 0x22, [True]),
        ("queued-job-count", 0x21, [sum(job.open for job in jobs)]),
        ("ipp-versions-supported", 0x44, ["1.1", "2.0"]),
        ("operations-supported", 0x23, [2, 4, 8, 9, 10, 11]),
        ("charset-configured", 0x47, ["utf-8"]),
        ("charset-supported", 0x47, ["utf-8", "us-ascii"]),
        ("natural-language-configured", 0x48, ["en"]),
        ("generated-natural-language-supported", 0x48, ["en"]),
        ("document-format-default", 0x49, ["application/octet-stream"]),
        ("document-format-supported", 0x49, [*formats, "application/octet-stream"]),
        ("compression-supported", 0x44, ["none"]),
        ("pdl-override-supported", 0x44, ["attempted"]),
        ("printer-up-time", 0x21, [UP_TIME_S]),
        ("marker-names", 0x42, ["Black Toner", "Drum"]),
        ("marker-levels", 0x21, [black, -2]),
    ]


def only(asked: Asked, told: Iterable[Told], group: str) -> list[Told]:
    """What was asked for; all of it when nothing was."""
    wanted = set(asked.attributes.get("requested-attributes", ["all"]))
    return [attribute for attribute in told if wanted & {"all", group, attribute[0]}]
