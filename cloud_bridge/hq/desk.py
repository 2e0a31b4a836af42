"""Head office answers its shops: heartbeats, hellos, questions for hashes; and calls them: nudges and remote verbs.

Who speaks is told by the subject, which the NATS server lets only that shop publish. An answer goes only into the
asker's own inbox: a shop cannot make head office speak to another one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import nats.errors
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg

from cloud_bridge import contract
from cloud_bridge.contract import Heartbeat, Hello, Known, Malformed, Verdict, pack
from cloud_bridge.hq import books
from cloud_bridge.hq.chain import Place
from cloud_bridge.hq.database import Database
from cloud_bridge.hq.fleet import Fleet
from cloud_bridge.hq.ingest import News
from hub.clock import Clock
from hub.errors import ChairsideError, MachineError

log = structlog.get_logger()

PING_S_MAX = 5.0
NUDGE_S_MIN = 1.0
SESSIONS_KEPT = 8


class ShopDoesNotAnswer(MachineError):
    """A remote verb found nobody, or no answer in time."""

    code = "shop_does_not_answer"
    hint = "The shop goes on by itself. Look at when it was last heard, and try again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Pong:
    """What a shop answered to a ping. `round_trip_ms` was measured here; `round` counts the bridge's agreements with us."""

    store: str
    round_trip_ms: float
    at: str
    hub: str
    epoch: int
    seq: int
    round: int


class Desk:
    """The talk with all shops over one connection."""

    def __init__(self, client: Client, database: Database, fleet: Fleet, clock: Clock) -> None:
        self._client, self._database, self._fleet, self._clock = client, database, fleet, clock
        self._nudged: dict[str, float] = {}
        self._sessions: dict[str, list[str]] = {}  # newest last
        self.figures = {"heartbeats": 0, "questions": 0, "malformed": 0}

    async def start(self) -> None:
        """Listen from now on."""
        await self._client.subscribe("hb.*", cb=self._guarded(self._heartbeat))
        await self._client.subscribe("ask.*.*", cb=self._guarded(self._question))

    async def tell(self, news: News) -> None:
        """After a commit: shops with a gap are asked to send again from the last contiguous number."""
        self._fleet.ingested(news)
        for store in news.resend:
            now = self._clock.monotonic()
            if now - self._nudged.get(store, -NUDGE_S_MIN) >= NUDGE_S_MIN:
                self._nudged[store] = now
                await self._client.publish(contract.down(store), pack({"v": contract.VERSION, "nudge": "resend"}))

    async def ping(self, store: str) -> Pong:
        """Ask the shop's bridge for a sign of life. Raises ShopDoesNotAnswer."""
        began = self._clock.monotonic()
        try:
            answer = await self._client.request(contract.rpc(store, "ping"), pack({"v": contract.VERSION}), timeout=PING_S_MAX)
            found = contract.unpack(answer.data)
            return Pong(
                store=store,
                round_trip_ms=(self._clock.monotonic() - began) * 1000,
                at=str(found["at"]),
                hub=str(found["hub"]),
                epoch=int(found["epoch"]),
                seq=int(found["seq"]),
                round=int(found["round"]),
            )
        except (nats.errors.Error, OSError) as why:
            raise ShopDoesNotAnswer(shop=store, why=type(why).__name__) from why
        except (Malformed, KeyError, TypeError, ValueError) as wrong:
            raise ShopDoesNotAnswer(shop=store, why="answer_not_understood") from wrong

    def _guarded(self, handle: Callable[[Msg, str, str], Awaitable[None]]) -> Callable[[Msg], Awaitable[None]]:
        async def safely(message: Msg) -> None:
            _, store, verb = (*message.subject.split("."), "")[:3]
            try:
                await handle(message, store, verb)
            except Malformed as wrong:
                self.figures["malformed"] += 1
                log.warning("message not understood", subject=message.subject, why=str(wrong))
                await self._count_malformed(store, message, wrong)
            except (ChairsideError, nats.errors.Error) as failed:
                log.warning("question not answered", subject=message.subject, why=str(failed))

        return safely

    async def _heartbeat(self, message: Msg, store: str, _verb: str) -> None:
        beat = Heartbeat.from_bytes(message.data, store)
        self.figures["heartbeats"] += 1
        head = self._fleet.head(store)
        is_old = beat.epoch < head.epoch
        if is_old:
            await self._alarm(
                store, "old_epoch", str(beat.epoch), {"epoch": beat.epoch, "known_epoch": head.epoch, "session": beat.session}
            )
        await self._watch_sessions(beat)
        self._fleet.heard(beat, fenced=is_old)
        await self._answer(message, store, _known(head, "old_epoch" if is_old else "ok").to_bytes())

    async def _question(self, message: Msg, store: str, verb: str) -> None:
        self.figures["questions"] += 1
        if verb == "hello":
            await self._hello(message, store)
        elif verb == "hashes":
            await self._hashes(message, store)
        else:
            raise Malformed(why="verb")

    async def _hello(self, message: Msg, store: str) -> None:
        hello = Hello.from_bytes(message.data)
        row = await self._database.one("SELECT epoch, seq, hash, adopted_session FROM shops WHERE store = %s", (store,))
        head = Place(row["epoch"], row["seq"], row["hash"]) if row else Place(0, 0, bytes(32))
        numbers = await self._database.all("SELECT till, max(receipt_no) AS highest FROM sales WHERE store = %s GROUP BY till", (store,))
        is_old = hello.epoch < head.epoch
        is_adopted = is_old and row is not None and row["adopted_session"] == hello.session
        if is_old and not is_adopted:
            facts = {"epoch": hello.epoch, "seq": hello.seq, "known_epoch": head.epoch, "known_seq": head.seq, "session": hello.session}
            await self._alarm(store, "old_epoch", str(hello.epoch), facts)
        verdict: Verdict = "adopt" if is_adopted else "old_epoch" if is_old else "ok"
        answer = _known(head, verdict, {row["till"]: row["highest"] for row in numbers})
        await self._answer(message, store, answer.to_bytes())

    async def _hashes(self, message: Msg, store: str) -> None:
        seqs = contract.read_seqs(message.data)
        rows = await self._database.all("SELECT seq, hash FROM events WHERE store = %s AND seq = ANY(%s)", (store, seqs))
        found = {str(row["seq"]): row["hash"].hex() for row in rows}
        await self._answer(message, store, pack({"v": contract.VERSION, "hashes": found}))

    async def _answer(self, message: Msg, store: str, data: bytes) -> None:
        if message.reply.startswith(contract.inbox(store) + "."):
            await self._client.publish(message.reply, data)

    async def _watch_sessions(self, beat: Heartbeat) -> None:
        """Two bridges of one shop take turns: a session that another had followed speaks again."""
        sessions = self._sessions.setdefault(beat.store, [])
        if sessions and sessions[-1] == beat.session:
            return
        if beat.session in sessions:
            sessions.remove(beat.session)
            await self._alarm(beat.store, "two_bridges", "", {"session": beat.session, "epoch": beat.epoch})
        sessions.append(beat.session)
        del sessions[:-SESSIONS_KEPT]

    async def _alarm(self, store: str, kind: str, subject: str, facts: dict[str, object]) -> None:
        await self._database.all(*books.alarm_sql(store, kind, subject, facts))
        self._fleet.changed()

    async def _count_malformed(self, store: str, message: Msg, wrong: Malformed) -> None:
        reason = f"{message.subject.split('.')[0]}_{wrong.facts.get('why')}"
        try:
            await self._database.all(*books.refuse_sql(store, reason, message.data[:2048]))
        except ChairsideError as failed:
            log.warning("could not be counted", store=store, why=str(failed))


def _known(head: Place, verdict: Verdict, receipts: dict[str, int] | None = None) -> Known:
    return Known(epoch=head.epoch, seq=head.seq, hash=head.hash, verdict=verdict, receipts=receipts or {})
