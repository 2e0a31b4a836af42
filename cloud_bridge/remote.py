"""What head office may ask of a shop: an allow-list of verbs. None of today's changes anything."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import structlog
from nats.aio.msg import Msg

from cloud_bridge import contract
from cloud_bridge.connection import Link, LinkLost
from cloud_bridge.contract import Malformed, pack, unpack
from cloud_bridge.shop_journal import JournalAway, ShopJournal
from cloud_bridge.shop_watch import ShopWatch
from cloud_bridge.uplink import Uplink
from hub.clock import Clock

log = structlog.get_logger()

_ANSWERS_TO = contract.inbox("hq") + "."


class Remote:
    """Answers `rpc.<store>.<verb>` and heeds the nudges on `dn.<store>`."""

    def __init__(self, link: Link, journal: ShopJournal, uplink: Uplink, watch: ShopWatch, clock: Clock) -> None:
        self._link, self._journal, self._uplink, self._watch, self._clock = link, journal, uplink, watch, clock
        self._verbs: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {"ping": self._ping}
        self.refused = 0

    def listen(self) -> None:
        """From the next connection on."""
        self._link.hear(contract.rpc(self._link.store, ">"), self._asked)
        self._link.hear(contract.down(self._link.store), self._nudged)

    async def _asked(self, message: Msg) -> None:
        """Run an allowed verb and answer head office, and nobody else."""
        verb = message.subject.split(".", 2)[2]
        run = self._verbs.get(verb)
        try:
            if run is None or not message.reply.startswith(_ANSWERS_TO):
                raise Malformed(why="verb_or_asker", verb=verb)
            answer = run(unpack(message.data))
        except Malformed as wrong:
            self.refused += 1
            log.warning("remote verb refused", why=str(wrong))
            answer = {"error": wrong.code, "verb": verb}
        if message.reply.startswith(_ANSWERS_TO):
            try:
                await self._link.say(message.reply, pack({"v": contract.VERSION, **answer}))
            except LinkLost as lost:
                log.info("answer not sent", verb=verb, why=str(lost))

    async def _nudged(self, message: Msg) -> None:
        try:
            nudge = unpack(message.data).get("nudge")
        except Malformed as wrong:
            self.refused += 1
            log.warning("nudge not understood", why=str(wrong))
            return
        if nudge == "resend":
            self._uplink.again()

    def _ping(self, _asked: dict[str, Any]) -> dict[str, Any]:
        try:
            head = self._journal.head()
            epoch, seq = head.epoch, head.seq
        except JournalAway:
            epoch, seq = 1, 0
        return {
            "store": self._link.store,
            "at": self._clock.now().isoformat(timespec="milliseconds"),
            "hub": self._watch.picture().hub,
            "epoch": epoch,
            "seq": seq,
            "round": self._uplink.round,
        }
