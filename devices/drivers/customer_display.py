"""Pole displays of two lines of twenty columns. They answer nothing: what they show is known only as what the line took.

Two languages (`dialect`), as the manuals of such displays give them:

- `escpos`: ESC `@` sets up anew, FF clears, ESC `t` n chooses the page of characters, US `$` x y sets the cursor, from 1 on.
- `cd5220`: ESC `Q` `A` text CR is the upper line, ESC `Q` `B` text CR the lower one, FF clears.

In `ascii` and in GBK a character takes as many columns as bytes, so that lines are set in bytes.
"""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from devices.driver import Bell, Condition, Driver, Identity, Job, NoArguments, Pace, Profile, Result
from devices.errors import DeviceError
from devices.transport import Transport
from hub.clock import Clock
from hub.ports import DisplayLine

COLUMNS = 20
AGAIN_S = 30.0  # a display that lost its power for a moment shows nothing, and says nothing of it
AT_ONCE_S = 0.002  # what has come already is read
WRITE_S = 10.0  # longer than any `write_wait_s`: the line's own limit would say that the cable is gone
CLEAR = b"\x0c"
Charset = Literal["ascii", "gbk"]
_YEN, _YEN_IN_GBK = "\u00a5", "\uffe5"
_NEAREST = {
    _YEN: "Y",
    "\u00d7": "x",
    "\u00f7": "/",
    "\u2044": "/",
    "\u00b7": ".",
    "\u2022": ".",
    "\u3002": ".",
    "\u3001": ",",
    "\u2018": "'",
    "\u2019": "'",
    "\u201c": '"',
    "\u201d": '"',
    "\u2010": "-",
    "\u2013": "-",
    "\u2014": "-",
    "\u2212": "-",
    "\u3010": "[",
    "\u3011": "]",
    "\u00df": "ss",
    "\u00e6": "ae",
    "\u00f8": "o",
}


class NotTaken(DeviceError):
    """The display, or the line to it, did not take the bytes in time."""

    code = "display_not_taking"
    hint = "Check the power and the cable of the display."
    reason = "not_taken"


class TooWide(ValueError):
    """A right side that has no room on the display; it is never cut, because it may be a price."""


class DisplayProfile(Profile):
    """How this display speaks and what it can show."""

    dialect: Literal["escpos", "cd5220"] = "escpos"
    charset: Charset = "ascii"  # gbk: it has a Chinese font, two columns a character
    code_page: int = Field(0, ge=0, le=255)  # of `escpos`
    forget_s: float = Field(60, ge=1, le=3600)  # what is older is cleared: it was meant for the guest before
    write_wait_s: float = Field(1, ge=0.05, le=3)


class Show(BaseModel):
    """`show`: the upper and the lower line."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lines: tuple[DisplayLine, DisplayLine]


def set_line(line: DisplayLine, charset: Charset) -> bytes:
    """Twenty columns: the right side whole at the right edge, of the left one what fits beside it. Raises TooWide."""
    right = b"".join(_spelled(line.right, charset)).strip()
    if len(right) > COLUMNS:
        raise TooWide
    room = COLUMNS - len(right) - bool(right)
    left = b""
    for char in _spelled(line.left, charset):
        if len(left) + len(char) > room:
            break
        left += char
    return left.ljust(COLUMNS - len(right)) + right


def _spelled(text: str, charset: Charset) -> Iterator[bytes]:
    """Each character in the bytes of the display, never a control character."""
    for char in unicodedata.normalize("NFC", text):
        yield _spell(char, charset)


@lru_cache(maxsize=4096)
def _spell(char: str, charset: Charset) -> bytes:
    if char.isspace():
        return b" "
    if unicodedata.category(char) in {"Cc", "Cf"}:
        return b""
    if charset == "gbk" and not unicodedata.name(char, "").startswith("LATIN "):  # its é is as wide as a Chinese character
        try:
            return (_YEN_IN_GBK if char == _YEN else char).encode("gbk")
        except UnicodeEncodeError:
            pass  # it has no such character: the nearest one
    bare = (c for c in unicodedata.normalize("NFKD", char) if unicodedata.category(c) not in {"Mn", "Me"})
    return "".join(_NEAREST.get(c, c) for c in bare).encode("ascii", "replace")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Content:
    lines: tuple[bytes, bytes]
    since: float  # of the monotonic clock


class CustomerDisplay(Driver):
    """One display. It shows what was last shown for at most `forget_s`; what is not known to be meant for now is cleared."""

    kind: ClassVar[str] = "customer_display"
    profile: ClassVar[type[DisplayProfile]] = DisplayProfile
    verbs: ClassVar[Mapping[str, type[BaseModel]]] = {"show": Show, "clear": NoArguments, "status": NoArguments}
    pace: ClassVar[Pace] = Pace(poll_s=1.0, poll_wait_s=8.0, miss_s=0.5, back_off_s_max=4.0)

    def __init__(self, profile: DisplayProfile, link: Transport, clock: Clock) -> None:
        self._profile, self._link, self._clock = profile, link, clock
        self._content: _Content | None = None
        self._written_at = 0.0
        self.bell = Bell(announce=lambda _: None, show=lambda _: None)

    def follow(self, before: Driver) -> None:
        """What was shown before the link broke is shown again."""
        if isinstance(before, CustomerDisplay):
            self._content = before._content  # noqa: SLF001 - two of one kind

    async def identify(self) -> Identity:
        """Whether the line can be opened; a display says nothing of itself. Raises CannotConnect."""
        await self._link.open()
        return Identity()

    async def start(self, bell: Bell) -> None:
        """Set it up and show the last content again, or nothing. Raises LinkLost or NotTaken."""
        await super().start(bell)
        self._forget()
        await self._write(self._set_up() + self._picture(self._content))

    async def poll(self) -> Condition:
        """Clear what is too old, and write again what has stood for a while. Raises LinkLost or NotTaken."""
        await self._link.read(AT_ONCE_S)  # it says nothing; only that the cable is gone comes this way
        if self._forget() or self._clock.monotonic() - self._written_at >= AGAIN_S:
            await self._write(self._picture(self._content))
        return Condition(figures={"showing": self._content is not None})

    async def run(self, job: Job) -> Result:
        """`show` and `clear`: done when the line took it. Raises LinkLost or NotTaken; then the next connection shows nothing.

        No byte is announced as out: to show the same twice does no harm.
        """
        if job.verb == "status":
            self.bell.show(await self.poll())
            return Result.done()
        shown: _Content | None = None
        if job.verb == "show":
            try:
                upper, lower = (set_line(line, self._profile.charset) for line in job.args.lines)
            except TooWide:
                return Result.refused("too_wide")
            shown = _Content(lines=(upper, lower), since=self._clock.monotonic())
        self._content = None  # a write that breaks off leaves who knows what standing there; the next connection clears it
        await self._write(self._picture(shown))
        self._content = shown
        return Result.done()

    async def stop(self) -> None:
        """Let go of the line."""
        await self._link.close()

    def _forget(self) -> bool:
        """Whether the content has just become too old."""
        old = self._content is not None and self._clock.monotonic() - self._content.since >= self._profile.forget_s
        if old:
            self._content = None
        return old

    def _set_up(self) -> bytes:
        """Clears as well, and ends whatever command the link broke in."""
        return b"\x1b@" + CLEAR if self._profile.dialect == "escpos" else b"\r" + CLEAR

    def _picture(self, content: _Content | None) -> bytes:
        """The whole display, also for one that has just been switched on. Nothing is cleared first: that would flicker."""
        if content is None:
            return CLEAR
        upper, lower = content.lines
        if self._profile.dialect == "cd5220":
            return b"\x1bQA" + upper + b"\r\x1bQB" + lower + b"\r"
        return b"\x1bt" + bytes((self._profile.code_page,)) + b"\x1f$\x01\x01" + upper + b"\x1f$\x01\x02" + lower

    async def _write(self, data: bytes) -> None:
        try:
            async with asyncio.timeout(self._profile.write_wait_s):
                await self._link.write(data, WRITE_S)
        except TimeoutError:
            raise NotTaken(bytes=len(data)) from None
        self._written_at = self._clock.monotonic()
