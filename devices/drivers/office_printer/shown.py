"""What an office printer shows of itself and of a job, in our words (RFC 8011, PWG 5100.9 and 5100.13)."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

from devices.driver import Identity
from devices.drivers.office_printer import ipp
from devices.drivers.office_printer.ipp import Attributes

ASKED_WHO = ("printer-make-and-model", "printer-uuid", "printer-device-id", "printer-firmware-string-version", "document-format-supported")
ASKED_HOW = (
    "printer-state",
    "printer-state-reasons",
    "printer-is-accepting-jobs",
    "queued-job-count",
    "marker-names",
    "marker-levels",
    "document-format-supported",
)
SUPPLIES_MAX = 8
_WORDS = (  # the most urgent first
    ("paper_jam", ("media-jam",)),
    ("cover_open", ("cover-open", "door-open", "interlock-open")),
    ("paper_out", ("media-empty", "media-needed", "input-tray-missing", "input-media-supply-empty")),
    ("toner_out", ("toner-empty", "marker-supply-empty", "marker-supply-missing", "developer-empty")),
    ("output_full", ("output-area-full", "output-tray-missing", "marker-waste-full")),
    ("buffer_full", ("spool-area-full",)),
    ("printer_paused", ("paused", "moving-to-paused")),
    ("toner_low", ("toner-low", "marker-supply-low", "developer-low")),
    ("paper_low", ("media-low", "input-media-supply-low")),
)
_STOPPING = frozenset({"paper_jam", "cover_open", "paper_out", "toner_out", "output_full", "buffer_full", "printer_paused"})
_SEVERITIES = ("-error", "-warning")


class PrinterState(IntEnum):
    """`printer-state`."""

    IDLE = 3
    PROCESSING = 4
    STOPPED = 5


class JobState(IntEnum):
    """`job-state`."""

    PENDING = 3
    HELD = 4
    PROCESSING = 5
    STOPPED = 6
    CANCELED = 7
    ABORTED = 8
    COMPLETED = 9


def reason(keywords: Iterable[str]) -> str:
    """The most urgent of `printer-state-reasons`; empty when there is none. What it only reports (`-report`) is no reason."""
    bare = set()
    for keyword in keywords:
        severity = next((end for end in _SEVERITIES if keyword.endswith(end)), "")
        bare.add(keyword.removesuffix(severity))
    return next((ours for ours, theirs in _WORDS if bare & set(theirs)), "")


def stopped_by(printer: Attributes) -> str:
    """Why no job should be sent now; empty when one may."""
    if ipp.number(printer, "printer-state") == PrinterState.STOPPED:
        why = reason(ipp.texts(printer, "printer-state-reasons"))
        return why if why in _STOPPING else "printer_error"
    return "printer_busy" if printer.get("printer-is-accepting-jobs") == (False,) else ""


def identity(printer: Attributes) -> Identity:
    """Its UUID is the one it announces; without one, the serial number of its IEEE 1284 device id."""
    device_id = dict(part.partition(":")[::2] for part in ipp.text(printer, "printer-device-id", 500).split(";"))
    serial = next((device_id[name].strip() for name in ("SN", "SERN", "SERIALNUMBER") if device_id.get(name)), "")
    uuid = ipp.text(printer, "printer-uuid").lower().removeprefix("urn:uuid:")
    return Identity(
        model=ipp.text(printer, "printer-make-and-model", 80),
        serial=(uuid or serial)[:80],
        firmware=ipp.text(printer, "printer-firmware-string-version", 80),
    )


def supplies(printer: Attributes) -> dict[str, int | str | None]:
    """How full its cartridges are, as far as it tells: a level below nothing means that it does not know."""
    names, levels = ipp.texts(printer, "marker-names"), printer.get("marker-levels", ())
    known = [
        (level, "".join(letter for letter in name if letter.isprintable())[:40])
        for name, level in zip(names, levels, strict=False)
        if isinstance(level, int) and 0 <= level <= 100
    ]
    return {
        "supply_low_pct": min((level for level, _ in known), default=None),
        "supplies": ", ".join(f"{name} {level} %" for level, name in known[:SUPPLIES_MAX]),
    }
