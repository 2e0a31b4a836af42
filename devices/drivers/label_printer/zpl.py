"""ZPL II, after Zebra's programming guide: labels between ^XA and ^XZ; ~HS and ~HI are answered at once, also by a stopped printer."""

from __future__ import annotations

import re
from collections.abc import Iterable

from devices.drivers.label_printer.label import Bars, Ink, LabelProfile, Picture, Words
from devices.drivers.label_printer.language import Language, NotAStatus, Status

ASK_NAME = b"~HI"
FONT_D = (18, 10)  # rows and dots of a character, which with its gap is 12 dots wide
_FRAME = re.compile(rb"\x02([^\x02\x03]{0,80})\x03")
_FLAG = re.compile(rb"[0-9]{1,8}")


def status(answer: bytes) -> Status:
    """Three frames, the answer to ~HS. Raises NotAStatus."""
    frames = [frame.split(b",") for frame in _FRAME.findall(answer)]
    if len(frames) != 3 or len(frames[0]) < 12 or len(frames[1]) < 9:
        raise NotAStatus
    paper_out, paused, formats, full, partial = (_number(frames[0][at]) for at in (1, 2, 4, 5, 7))
    head_open, ribbon_out, left = (_number(frames[1][at]) for at in (2, 3, 8))
    # every stop sets the pause flag too, so it comes last
    stops = {"head_open": head_open, "paper_out": paper_out, "ribbon_out": ribbon_out, "printer_paused": paused}
    return Status(
        stopped_by=next((why for why, is_so in stops.items() if is_so), ""),
        busy=bool(formats or partial or left),
        full=bool(full),
        labels_left=left,
    )


def _number(text: bytes) -> int:
    """Raises NotAStatus."""
    if not _FLAG.fullmatch(text):
        raise NotAStatus
    return int(text)


def name(answer: bytes) -> tuple[str, str, int | None]:
    """Model, firmware and dots per mm of an answer to ~HI; empty and None where it does not tell."""
    frame = _FRAME.search(answer)
    fields = [part.decode("ascii", "replace").strip()[:64] for part in frame[1].split(b",")] if frame else []
    model, firmware, dots = [*fields, "", "", ""][:3]
    return model, firmware, int(dots) if dots in {"8", "12"} else None


def say(inks: Iterable[Ink], profile: LabelProfile, count: int) -> bytes:
    """The whole label, `count` times."""
    media = "^MNY" if profile.gap_mm else "^MNN"
    head = f"^XA^CI0{media}^PW{profile.wide}^LL{profile.high}^LH0,0"
    return "".join((head, *map(_field, inks), f"^PQ{count}^XZ\r\n")).encode("ascii")


def _field(ink: Ink) -> str:
    match ink:
        case Words():
            size = ink.set_line.size
            rows, dots = (size * part for part in FONT_D)
            return f"^FO{ink.x},{ink.y + 6 * size}^ADN,{rows},{dots}^FH_^FD{_hidden(ink.set_line.text)}^FS"
        case Bars():  # the printer reckons the thirteenth digit
            return f"^FO{ink.x},{ink.y}^BY{ink.module}^BEN,{ink.rows},Y,N^FD{ink.digits[:12]}^FS"
        case Picture():
            data = b"".join(ink.rows)
            return f"^FO{ink.x},{ink.y}^GFA,{len(data)},{len(data)},{len(ink.rows[0])},{data.hex().upper()}^FS"


def _hidden(text: str) -> str:
    """Letters, digits and blanks as they are, anything else as ^FH tells it: what a person typed is never a command."""
    return "".join(char if char.isalnum() or char == " " else f"_{ord(char):02X}" for char in text)


ZPL = Language(
    ask=b"~HS",
    whole=lambda answer: answer.count(b"\x03") >= 3,
    status=status,
    plain=re.compile("[ -~]*"),
    say=say,
    wash=lambda _: b"~JX",  # forget the format that has not come whole
)
