"""The device host: joins registry, job log, supervisors and the broker, and refuses what it does not know."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
from pydantic import ValidationError

from devices.desk import Desk
from devices.driver import Result
from devices.errors import NoSuchDevice
from devices.fleet import Fleet
from devices.job_log import Ended, JobLog, Stored
from devices.lean_mqtt import LeanMqtt
from devices.lines import Lines
from devices.messages import Adopt, Beat
from devices.mqtt_link import PAYLOAD_MAX, MqttLink
from devices.network.services import Sign
from devices.network.surroundings import Lookout, Surroundings
from devices.post import HOST, Post
from devices.readings import Readings
from devices.reasons import reason as words
from devices.registry import Device, Registry
from devices.schema import STEPS
from devices.things import Things
from devices.topics import Route, Topics
from hub.clock import Clock
from hub.db import Db
from hub.errors import ChairsideError
from hub.ids import Id
from hub.migrations import migrate
from hub.mqtt import Broker, Message, Party
from hub.ports import Command, DeviceState, Done, Health

if TYPE_CHECKING:
    from devices.network.mdns import Mdns

log = structlog.get_logger()

SCREENS_MAX = 64
BOARD, INTERNET = "hub-board", "internet"
HOST_STATE_EVERY_S = 30
FORGET_EVERY_S = 3600
GOODBYE_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class HostConfig:
    """What one host needs to know."""

    store_id: str
    host_id: str
    bench_port: int
    data: Path  # the SQLite file
    record: Path | None = None  # a folder that keeps every byte of every device
    mdns: bool = False  # hear what announces itself
    mdns_addresses: tuple[str, ...] = ()  # of this machine, to hear and announce on; empty: all
    sign: Sign | None = None  # announce the hub
    board: str = ""  # address of the board this host runs on; empty: it is not watched
    internet: str = ""  # address of the way to the Internet; empty: it is not watched
    lookout: Lookout = field(default_factory=Lookout)  # how it looks at the shop's network


class Host:
    """Made before the loop runs, because the database is migrated then; `run` once; `close` at the end."""

    def __init__(self, config: HostConfig, broker: Broker, clock: Clock) -> None:
        self._clock, self._config = clock, config
        self._by_itself = {BOARD: ("hub_board", config.board), INTERNET: ("internet", config.internet)}
        self._db = Db(config.data)
        self._db.open()
        migrate(self._db, STEPS)
        self.topics = Topics(config.store_id, config.host_id)
        self._session = Id.new()
        self._since = clock.now().isoformat()
        self.refused: Counter[str] = Counter()
        self.registry = Registry(self._db, clock)
        self.job_log = JobLog(self._db, clock)
        self.things = Things(LeanMqtt(broker, f"chairside-{config.store_id}-things-{config.host_id}"))
        will = (self.topics.host_state, self._state(Health.OFFLINE, "host_stopped").model_dump_json().encode())
        client_id = f"chairside-{config.store_id}-host-{config.host_id}"
        party = Party(client_id=client_id, will=will, topics=self.topics.subscriptions, keeps_session=True)
        self.link = MqttLink(broker, party)
        self.link.on_connect, self.link.on_message = self._on_connect, self._on_message
        self._readings = Readings(self.things.link.publish, clock)
        self._post = Post(self.link, self._readings, self.topics, self.job_log, self._session)
        self.fleet = Fleet(self.registry, self.job_log, self._post, clock, Lines(record=config.record, things=self.things))
        self._around = Surroundings(self._db, clock, config.lookout, self._post)
        self._desk = Desk(self.registry, self.fleet, clock, config.bench_port, self._around)
        self._host_work = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop` is set. Everything is let go of when it returns."""
        self.registry.load()
        self.job_log.load()
        self._around.load()
        await self.job_log.settle()
        for device, (kind, address) in self._by_itself.items():
            if address:
                await self._take_in(device, kind, address)
        self.fleet.start()
        duties = (
            self.link.run(),
            self.things.link.run(),
            self._readings.run(),
            self._around.run(),
            self._hear(),
            self._keep_house(),
            self._serve_desk(),
        )
        tasks = {asyncio.create_task(duty) for duty in duties}
        try:
            stopping = asyncio.create_task(stop.wait())
            ended, _ = await asyncio.wait({stopping, *tasks}, return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
            for task in ended - {stopping}:
                task.result()  # a duty only ends by failing: say so and let the process be restarted
        finally:
            await self._around.stop()
            await self.fleet.stop()
            await self._goodbye()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _take_in(self, device: str, kind: str, address: str) -> None:
        """The board and the way to the Internet are there without anybody adopting them, until somebody removes them."""
        known = next((one for one in self.registry.all() if one.id == device), None)
        if known is not None and known.address != address:
            await self.registry.change(replace(known, address=address))
        elif known is None and device not in self.registry.removed:
            await self.registry.add(Device(id=device, kind=kind, name="", address=address, profile={}))

    def close(self) -> None:
        """Close the database. Idempotent."""
        self._db.close()

    # from the broker

    async def _on_connect(self) -> None:
        self._post.connected()
        self._post.host(self._state(Health.ONLINE))
        self.fleet.repeat()
        await self._post.settle()

    async def _on_message(self, message: Message) -> None:
        """One message: stored or refused, then acknowledged; not acknowledged only when it could not be stored."""
        route = self.topics.route(message.topic)
        if route is None:
            self._refuse("foreign_topic", message)
        elif len(message.payload) > PAYLOAD_MAX:
            self._refuse("too_large", message)
        elif message.retained:
            self._refuse("retained", message)  # a command is for now; one that lies around would be run at every start
        elif route.kind == "screen":
            await self._beat(route.id, message)
        else:
            await self._command(route, message)

    async def _command(self, route: Route, message: Message) -> None:
        device = HOST if route.kind == "host" else route.id
        if device != HOST:
            try:
                self.registry.get(device)
            except NoSuchDevice:
                self._refuse("unknown_device", message)
                if device in self.registry.removed:  # any other may belong to another host of this shop
                    self._answer_refused(device, message.payload, Result.failed("removed"))
                return
        try:
            command = Command.model_validate_json(message.payload)
            _check_deadline(command)
        except (ValidationError, ValueError):
            self._refuse("malformed", message)
            self._answer_refused(device, message.payload, Result.refused("malformed"))
            return
        try:
            accepted = await self.job_log.accept(device, route.verb, command, at_once=self.fleet.writes_at_once(device, route.verb))
        except ChairsideError as why:
            self.refused["not_stored"] += 1
            log.warning("command not stored; the hub sends it again", why=why.sentence())
            return
        message.taken()
        await self._accepted(device, accepted)

    async def _accepted(self, device: str, accepted: Stored | Ended | None) -> None:
        if isinstance(accepted, Ended):
            self._post.ended(accepted)
        elif accepted is not None and device == HOST:
            self._host_work.set()
        elif accepted is not None:
            await self.fleet.command_came(device)

    def _answer_refused(self, device: str, payload: bytes, how: Result) -> None:
        """Whoever sent it may be waiting; an answer needs an id that is one."""
        with contextlib.suppress(ValidationError, ValueError, TypeError, AttributeError, RecursionError):
            named = Command.model_validate({"id": json.loads(payload).get("id")})
            sentence = words(how.reason).sentence
            said = Done(id=named.id, outcome=how.outcome, retry_safe=how.retry_safe, reason=how.reason, sentence=sentence)
            self._post.answer(device, said)

    async def _beat(self, screen: str, message: Message) -> None:
        try:
            beat = Beat.model_validate_json(message.payload)
        except ValidationError:
            self._refuse("malformed", message)
            return
        message.taken()
        known = self.registry.at(f"screen://{screen}")
        if known is None:
            if sum(d.kind == "presence" for d in self.registry.all()) >= SCREENS_MAX:
                self.refused["too_many_screens"] += 1
                return
            # only the hub may publish beats, and only for screens it has paired: no person need adopt them again
            wish = Adopt(
                kind="presence",
                name=screen if screen.startswith(beat.page) else f"{beat.page} {screen}",
                address=f"screen://{screen}",
                roles=("screen",),
                id=self._screen(screen),
            )
            known = await self._desk.take_in(wish, ask=False)
        self.fleet.beat(known.id, message.payload)

    def _screen(self, screen: str) -> str:
        """A device id that can be read, where it is free."""
        wanted = "screen-" + re.sub(r"[^a-z0-9-]", "-", screen.lower())[:25]
        return Id.new() if any(device.id == wanted for device in self.registry.all()) else wanted

    def _refuse(self, why: str, message: Message) -> None:
        self.refused[why] += 1
        count = self.refused[why]
        if count in {1, 10, 100} or count % 1000 == 0:  # a flood must not fill the log
            log.warning("message refused", why=why, topic=message.topic[:200], bytes=len(message.payload), count=count)
        message.taken()

    # duties

    async def _serve_desk(self) -> None:
        while True:
            head = self.job_log.head(HOST)
            if head is None:
                self._host_work.clear()
                await self._host_work.wait()
                continue
            head.running = True
            result = Result.failed("expired") if head.expired(self._clock.now()) else await self._desk.answer(head)
            try:
                self._post.ended(await self.job_log.finish(head, result))
            except ChairsideError as why:
                log.warning("answer not stored", verb=head.verb, why=why.sentence())
                await self._clock.sleep(1)

    async def _hear(self) -> None:
        """What announces itself in the shop, and the hub among it."""
        if not self._config.mdns:
            await asyncio.Event().wait()
        found = await asyncio.to_thread(import_module, "devices.network.mdns")
        mdns: Mdns = found.Mdns(self._clock, self._config.sign, self._config.mdns_addresses)
        self._desk.services = mdns.candidates
        await mdns.run()

    async def _keep_house(self) -> None:
        """Every second: what is too late, what the broker has not got; now and then: the host's state, old answers."""
        seconds = 0
        while True:
            try:
                for late in self.job_log.late():
                    self._post.ended(await self.job_log.finish(late, late.never_began))
                await self._post.settle()
                if seconds % FORGET_EVERY_S == 0:
                    await self.job_log.forget_old()
            except ChairsideError as why:
                log.warning("housekeeping waits", why=why.sentence())
            if seconds % HOST_STATE_EVERY_S == 0:
                self._post.host(self._state(Health.ONLINE))
            await self._clock.sleep(1)
            seconds += 1

    async def _goodbye(self) -> None:
        """Say that we stop, as the last will would, and give the broker a moment to take it."""
        self._post.host(self._state(Health.OFFLINE, "host_stopped"))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GOODBYE_S):
                await self.link.flushed()

    def _state(self, health: Health, why: str = "") -> DeviceState:
        said = words(why) if why else None
        counts = self.fleet.counts() if health is Health.ONLINE else {}
        refused = self.refused + Counter(announcement=self.things.configs_refused)
        figures = {**counts, **{f"refused_{name}": count for name, count in refused.items()}}
        return DeviceState(
            health=health,
            reason=why,
            sentence=said.sentence if said else "",
            action=said.action if said else "",
            since=self._since,
            session=self._session,
            figures=figures,
        )


def _check_deadline(command: Command) -> None:
    """Raises ValueError for a deadline that is no time with a zone."""
    if command.deadline is not None and datetime.fromisoformat(command.deadline).tzinfo is None:
        raise ValueError(command.deadline)
