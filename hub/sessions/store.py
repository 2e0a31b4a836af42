"""Server-side sessions: a random token in a cookie, its SHA-256 in the shop's database, the living ones in memory.

Memory is what requests are answered from, so that a request costs no query; every start and end is durable first in the
database, which memory is filled from at a restart. When a session was last used is written once a minute.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

from hub.access import Actor, Right, Role
from hub.clock import Clock
from hub.db import Db, Tx
from hub.errors import InvalidInput, NotAllowed, NotFound, PersonError
from hub.ids import Id
from hub.journal import Journal
from hub.sessions import tables
from hub.sessions.backoff import Backoff, Limit
from hub.sessions.events import PairingCodeMade, ScreenPaired, ScreenUnpaired, SessionEnded, SessionStarted
from hub.sessions.steady import Steady
from hub.vault import Vault

TOKEN_BYTES = 32
TOKEN_CHARS_MAX = 128  # longer ones are not even hashed
LIVE_PER_ACTOR = 20  # the one unused for longest gives way
KEEP_EVERY_S = 60
SCREEN_ROLES = frozenset({Role.KIOSK, Role.BOARD})
CODE_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # nothing that looks or sounds like something else
CODE_LENGTH = 8
CODES_MAX = 50
CODE_MINUTES_MAX = 24 * 60
_STATION = re.compile(r"[A-Za-z0-9._-]{1,32}")
_ANYONE_GUESSING = Limit(subject="code", free=30, first_wait_s=10, longest_wait_s=60, forget_s=3600)


class ScreenId(Id):
    """A paired kiosk, board or browser."""


class CodeWrong(PersonError):
    """No such pairing code, or it was used or is too old; nothing was changed."""

    code = "pairing_code_wrong"
    hint = "Check the code, or have a new one made: a code works once and for a short time."
    status = 403


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionLimits:
    """How long sessions last, in seconds. `lock_s`: unused that long, a person's session waits for the PIN; None: never."""

    idle_s: int = 2 * 3600
    absolute_s: int = 16 * 3600
    lock_s: int | None = None
    screen_s: int = 400 * 24 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """A paired screen; times in UTC."""

    id: ScreenId
    role: Role
    station: str
    paired_at: datetime
    seen_at: datetime


@dataclass(slots=True)
class _Live:
    actor: Actor
    started: datetime
    seen: datetime
    kept: datetime  # `seen` as the database has it


class Sessions:
    """Who holds which token. `db` is open and migrated."""

    def __init__(self, db: Db, journal: Journal, clock: Clock, vault: Vault, limits: SessionLimits | None = None) -> None:
        self._db, self._journal, self._clock, self._vault = db, journal, clock, vault
        self._limits = limits or SessionLimits()
        self._time = Steady(clock, tables.latest_known(db))
        self._backoff = Backoff(db, clock)
        self._lock = threading.Lock()  # the loop reads, the writer adds and removes
        self._live: dict[bytes, _Live] = {}
        for row in tables.all_sessions(db):
            seen = datetime.fromisoformat(row["seen_at"])
            self._live[row["token"]] = _Live(tables.actor_in(row), datetime.fromisoformat(row["started_at"]), seen, seen)

    async def start(self, actor: Actor) -> str:
        """A new session; returns its token, to be given to this browser only."""
        return await self._db.write(self.start_in, actor)

    def start_in(self, tx: Tx, actor: Actor) -> str:
        """Step of a log-in: the session starts if the transaction holds."""
        self._journal.append(tx, actor, SessionStarted())
        return self._add(tx, actor)

    def actor_of(self, token: str) -> Actor | None:
        """Who holds this token now, which counts as use; None when it is unknown, over or locked."""
        live = self._holding(token)
        now = self._time.now()
        if live is None or self._is_locked(live, now):
            return None
        live.seen = now
        return live.actor

    def holder_of(self, token: str) -> Actor | None:
        """Who holds this token, locked or not; asking does not count as use."""
        live = self._holding(token)
        return live.actor if live else None

    def unlock(self, token: str, actor_id: str) -> bool:
        """Go on with a locked session after its own holder's PIN was checked; False when it is not hers or is over."""
        live = self._holding(token)
        if live is None or live.actor.id != actor_id:
            return False
        live.seen = self._time.now()
        return True

    async def end(self, token: str) -> None:
        """End this session; idempotent."""
        await self._db.write(self.end_in, token)

    def end_in(self, tx: Tx, token: str) -> None:
        """Step: end this session."""
        hashed = _hashed(token)
        if actor := tables.holder(tx, hashed):
            self._journal.append(tx, actor, SessionEnded())
            self._remove(tx, [hashed])

    async def end_all_of(self, actor_id: str) -> int:
        """End every session of a person or screen; returns how many there were."""
        return await self._db.write(self.end_all_in, actor_id)

    def end_all_in(self, tx: Tx, actor_id: str) -> int:
        """Step of a PIN change or a leave; returns how many there were."""
        ended = tables.tokens_of(tx, actor_id)
        self._remove(tx, ended)
        return len(ended)

    async def run(self) -> None:
        """Write every minute which sessions were used, and end those that are over; for ever."""
        while True:
            await self._clock.sleep(KEEP_EVERY_S)
            await self.keep()

    async def keep(self) -> None:
        """Write now when sessions were last used and end those that are over; also called at an orderly stop."""
        now = self._time.now()
        with self._lock:
            idle = all(live.seen <= live.kept and not self._is_over(live, now) for live in self._live.values())
        if not idle:
            await self._db.write(self._keep)

    async def new_code(self, actor: Actor, role: Role, station: str, minutes: int) -> str:
        """A code of 8 letters and digits that pairs one screen. Only the system makes codes for other roles than screens'.

        Raises NotAllowed; InvalidInput for a station, a role or minutes that cannot be, or when too many codes wait.
        """
        actor.must(Right.PAIR_SCREENS)
        if role not in SCREEN_ROLES and actor.role is not Role.SYSTEM:
            raise NotAllowed(right=Right.PAIR_SCREENS, role=actor.role, for_role=role)
        if not _STATION.fullmatch(station):
            raise InvalidInput(station=station)
        if not 1 <= minutes <= CODE_MINUTES_MAX:
            raise InvalidInput(minutes=minutes)
        code = "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH))
        await self._db.write(self._new_code, actor, code, Actor(id="", role=role, station=station), minutes)
        return code

    async def redeem(self, code: str, station: str | None = None) -> str:
        """The token of a new screen for a valid code, which is used up. `station`: where it is typed, if known.

        Raises CodeWrong, or TooManyTries after too many wrong codes at this place or in the whole shop.
        """
        limits = [_ANYONE_GUESSING]
        if station is not None:
            limits.append(Limit(subject=f"code:{station[:64]}", forget_s=24 * 3600))
        token = await self._db.write(self._redeem, _typed(code), limits)
        if token is None:
            raise CodeWrong
        return token

    def screens(self, actor: Actor) -> list[Screen]:
        """Every paired screen, the newest first. Raises NotAllowed."""
        actor.must(Right.PAIR_SCREENS)
        with self._lock:
            live = [each for each in self._live.values() if each.actor.role in SCREEN_ROLES]
        found = [_screen(each) for each in live]
        return sorted(found, key=lambda screen: screen.paired_at, reverse=True)

    async def unpair(self, actor: Actor, screen: ScreenId) -> None:
        """Take a screen's access away, as when a tablet is lost. Raises NotAllowed, NotFound."""
        actor.must(Right.PAIR_SCREENS)
        await self._db.write(self._unpair, actor, screen)

    def _holding(self, token: str) -> _Live | None:
        if len(token) > TOKEN_CHARS_MAX:
            return None
        live = self._live.get(_hashed(token))
        return None if live is None or self._is_over(live, self._time.now()) else live

    def _is_over(self, live: _Live, now: datetime) -> bool:
        limits = self._limits
        if live.actor.role in SCREEN_ROLES:
            return now - live.started >= timedelta(seconds=limits.screen_s)
        return now - live.seen >= timedelta(seconds=limits.idle_s) or now - live.started >= timedelta(seconds=limits.absolute_s)

    def _is_locked(self, live: _Live, now: datetime) -> bool:
        lock_s = self._limits.lock_s
        return lock_s is not None and live.actor.role not in SCREEN_ROLES and now - live.seen >= timedelta(seconds=lock_s)

    def _add(self, tx: Tx, actor: Actor) -> str:
        now = self._time.now()
        mine = sorted(tables.tokens_of(tx, actor.id), key=lambda token: live.seen if (live := self._live.get(token)) else now)
        self._remove(tx, mine[: max(0, len(mine) - LIVE_PER_ACTOR + 1)])
        token = secrets.token_urlsafe(TOKEN_BYTES)
        hashed = _hashed(token)
        tables.insert_session(tx, hashed, actor, now)
        tx.on_commit(lambda: self._begun(hashed, _Live(actor, now, now, now)))
        return token

    def _begun(self, hashed: bytes, live: _Live) -> None:
        with self._lock:
            self._live[hashed] = live

    def _remove(self, tx: Tx, tokens: list[bytes]) -> None:
        tables.delete_sessions(tx, tokens)
        tx.on_commit(lambda: self._ended(tokens))

    def _ended(self, tokens: list[bytes]) -> None:
        with self._lock:
            for token in tokens:
                self._live.pop(token, None)

    def _keep(self, tx: Tx) -> None:
        now = self._time.now()
        with self._lock:
            live = list(self._live.items())
        self._remove(tx, [token for token, each in live if self._is_over(each, now)])
        used = [(token, each, each.seen) for token, each in live if each.seen > each.kept]
        tables.move_seen(tx, [(token, seen) for token, _, seen in used])
        tx.on_commit(lambda: _kept(used))

    def _new_code(self, tx: Tx, actor: Actor, code: str, screen: Actor, minutes: int) -> None:
        now = self._time.now()
        if tables.count_codes(tx, now) >= CODES_MAX:
            raise InvalidInput(codes_waiting_max=CODES_MAX)
        tables.insert_code(tx, self._code_hash(code), screen, now + timedelta(minutes=minutes))
        self._journal.append(tx, actor, PairingCodeMade(role=screen.role, for_station=screen.station, minutes=minutes))

    def _redeem(self, tx: Tx, code: str, limits: list[Limit]) -> str | None:
        counted = self._backoff.count(tx, limits)
        found = tables.take_code(tx, self._code_hash(code), self._time.now())
        if found is None:
            return None  # not raised: the count of this try must stay
        self._backoff.forgive(tx, counted)
        screen = Actor(id=ScreenId.new(), role=Role(found["role"]), station=found["station"])
        self._journal.append(tx, screen, ScreenPaired())
        return self._add(tx, screen)

    def _unpair(self, tx: Tx, actor: Actor, screen: ScreenId) -> None:
        if not self.end_all_in(tx, screen):
            raise NotFound(screen=screen)
        self._journal.append(tx, actor, ScreenUnpaired(screen=screen))

    def _code_hash(self, code: str) -> bytes:
        return self._vault.blind(f"pairing code\x1f{code}")


def _kept(used: list[tuple[bytes, _Live, datetime]]) -> None:
    for _, each, seen in used:
        each.kept = seen


def _hashed(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _typed(code: str) -> str:
    """As people type it: any case, with spaces or hyphens."""
    return re.sub(r"[\s-]", "", code).upper()[: CODE_LENGTH + 1]


def _screen(live: _Live) -> Screen:
    return Screen(id=ScreenId(live.actor.id), role=live.actor.role, station=live.actor.station, paired_at=live.started, seen_at=live.seen)
