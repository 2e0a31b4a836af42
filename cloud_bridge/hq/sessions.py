"""Who may look: an operator code, exchanged for a session of the server's. Neither is kept in the clear.

The code is made at the first start and told once. A link for one use stands in `entry.json` as well, new at each start.
Making a new code ends every session made with the one before.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from cloud_bridge.hq.database import Database
from cloud_bridge.hq.files import read_json, write_json
from hub.access import Actor, Role
from hub.clock import Clock
from hub.errors import PersonError

log = structlog.get_logger()

IDLE = timedelta(hours=12)
ABSOLUTE = timedelta(days=7)
SAVE_AFTER = timedelta(minutes=5)
ONE_USE = timedelta(hours=12)
WRONG_A_MINUTE = 5
COOKIE = "chairside_hq"
OPERATOR = Actor(id="operator", role=Role.TECHNICIAN, station="hq")  # head office has one kind of person so far
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # 32: none that is mistaken for another


class CodeRefused(PersonError):
    """The code is not the one of this head office, or was used already."""

    code = "code_refused"
    hint = "Check the code, or make a new one: python -m cloud_bridge.hq new-code."
    status = 401


class TooManyCodes(PersonError):
    """Codes are being tried faster than a person types."""

    code = "too_many_codes"
    hint = "Wait a minute and try again."
    status = 429


class OperatorCode:
    """The code on disk, as an argon2 hash in `<data>/operator.json`; another process may renew it."""

    def __init__(self, data: Path) -> None:
        self._file = data / "operator.json"
        self._id: tuple[int, str] = (-1, "")

    def make_if_missing(self) -> str | None:
        """The new code when there was none; it cannot be had again."""
        return None if self._file.exists() else self.renew()

    def renew(self) -> str:
        """A new code, 100 random bits; the former one and its sessions end."""
        letters = [secrets.choice(_LETTERS) for _ in range(20)]
        code = "-".join("".join(letters[at : at + 5]) for at in range(0, 20, 5))
        write_json(self._file, {"id": secrets.token_hex(8), "hash": PasswordHasher().hash(_plain(code))}, mode=0o600)
        return code

    def id(self) -> str:
        """Which code is in force; cheap to ask again and again."""
        changed = self._file.stat().st_mtime_ns if self._file.exists() else 0
        if changed != self._id[0]:
            self._id = (changed, str(read_json(self._file).get("id", "")))
        return self._id[1]

    def fits(self, code: str) -> bool:
        """Whether this is the code. Takes tens of milliseconds of CPU."""
        try:
            return PasswordHasher().verify(str(read_json(self._file).get("hash", "")), _plain(code))
        except (Argon2Error, InvalidHashError):
            return False


@dataclass(slots=True)
class _Session:
    code_id: str
    made_at: datetime
    seen_at: datetime
    saved_at: datetime


class Sessions:
    """Sessions in memory and in PostgreSQL, by the hash of their token."""

    def __init__(self, database: Database, code: OperatorCode, clock: Clock) -> None:
        self._database, self._code, self._clock = database, code, clock
        self._sessions: dict[bytes, _Session] = {}
        self._one_use: dict[bytes, datetime] = {}
        self._wrong: list[float] = []
        self._checking = asyncio.Lock()

    async def start(self) -> None:
        """Load sessions of before a restart, so that open pages come back by themselves. Raises StorageFailed."""
        await self._database.all("DELETE FROM sessions WHERE made_at < %s", (self._clock.now() - ABSOLUTE,))
        for row in await self._database.all("SELECT token_hash, code_id, made_at, seen_at FROM sessions"):
            self._sessions[bytes(row["token_hash"])] = _Session(row["code_id"], row["made_at"], row["seen_at"], row["seen_at"])

    def one_use_code(self) -> str:
        """A code for one log-in within 12 hours, for a link."""
        code = secrets.token_hex(16)
        self._one_use[_digest(code)] = self._clock.now() + ONE_USE
        return code

    async def log_in(self, code: str, former: str = "") -> str:
        """A new session's token for the operator code or a one-use code; the browser's `former` session ends.

        Raises CodeRefused, TooManyCodes, StorageFailed.
        """
        now = self._clock.now()
        if self._one_use.pop(_digest(code.strip()), now) <= now:  # the default is "over"
            async with self._checking:
                self._check_pace()
                if not await asyncio.to_thread(self._code.fits, code):
                    self._wrong.append(self._clock.monotonic())
                    log.warning("log-in refused", wrong_this_minute=len(self._wrong))
                    raise CodeRefused
        await self.end(former)
        token = secrets.token_urlsafe(32)
        session = _Session(self._code.id(), now, now, now)
        await self._database.all(
            "INSERT INTO sessions (token_hash, code_id, made_at, seen_at) VALUES (%s, %s, %s, %s)",
            (_digest(token), session.code_id, now, now),
        )
        self._sessions[_digest(token)] = session
        log.info("operator logged in")
        return token

    def actor_of(self, token: str) -> Actor | None:
        """Who this token stands for now, None when for nobody; being asked keeps it alive."""
        if not self.is_valid(token):
            return None
        self._sessions[_digest(token)].seen_at = self._clock.now()
        return OPERATOR

    def is_valid(self, token: str) -> bool:
        """The same without keeping it alive: for pages that look by themselves."""
        session = self._sessions.get(_digest(token)) if token else None
        return session is not None and not self._is_over(session, self._clock.now())

    async def end(self, token: str) -> None:
        """Log out. Raises StorageFailed."""
        if token and self._sessions.pop(_digest(token), None) is not None:
            await self._database.all("DELETE FROM sessions WHERE token_hash = %s", (_digest(token),))

    async def save(self) -> None:
        """Write down when sessions were last used, and drop the ended ones; now and then. Raises StorageFailed."""
        now = self._clock.now()
        for digest, session in list(self._sessions.items()):
            if self._is_over(session, now):
                del self._sessions[digest]
                await self._database.all("DELETE FROM sessions WHERE token_hash = %s", (digest,))
            elif session.seen_at - session.saved_at >= SAVE_AFTER:
                session.saved_at = session.seen_at
                await self._database.all("UPDATE sessions SET seen_at = %s WHERE token_hash = %s", (session.seen_at, digest))

    def _is_over(self, session: _Session, now: datetime) -> bool:
        return now - session.seen_at > IDLE or now - session.made_at > ABSOLUTE or session.code_id != self._code.id()

    def _check_pace(self) -> None:
        now = self._clock.monotonic()
        self._wrong = [at for at in self._wrong if now - at < 60]
        if len(self._wrong) >= WRONG_A_MINUTE:
            raise TooManyCodes


def _plain(code: str) -> str:
    return code.upper().replace("-", "").replace(" ", "")[:100]


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
