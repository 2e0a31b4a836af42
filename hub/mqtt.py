"""The way to the shop's broker for every process: MQTT 3.1.1 by paho, driven by the event loop.

paho's own thread would hand every message from thread to thread, which costs more than the message; only connecting, which
blocks, is done beside the loop. Each connection has a client of its own, so nothing is kept in memory to be sent late and
twice: what must not be lost lies in a database of its sender, and is sent again after each connect.
"""

# ruff: noqa: ARG001, ARG002 - paho names the arguments of its callbacks
from __future__ import annotations

import asyncio
import json
import random
import socket
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import structlog
from paho.mqtt.client import Client, MQTTMessage, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.reasoncodes import ReasonCode

from hub.errors import MachineError

log = structlog.get_logger()

CONNECT_S = 5.0
PAUSE_S_MIN, PAUSE_S_MAX = 0.5, 5.0
KEEPALIVE_S = 10
LOOK_S = 1.0
IN_FLIGHT_MAX = 100


class BrokerUnknown(MachineError):
    """The file that says where the shop's broker is, and who we are to it, is missing or cannot be understood."""

    code = "broker_unknown"
    hint = "Start the shop with `chairside run`: it writes the credentials of the broker."


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """Where the broker is and who we are to it. The password is never shown."""

    host: str
    port: int
    tls: bool
    user: str
    password: str
    ca: str | None = None  # file with the authority of a broker with TLS, beside the system's

    def __repr__(self) -> str:
        return f"Broker({self.user}@{self.host}:{self.port})"

    @classmethod
    def from_file(cls, file: Path) -> Broker:
        """Read {"url", "user", "password", "ca"?}. Raises BrokerUnknown."""
        try:
            kept = json.loads(file.read_text("utf-8"))
            parts = urlsplit(str(kept["url"]))
            host, port = parts.hostname, parts.port
        except (OSError, ValueError, KeyError, TypeError) as why:
            raise BrokerUnknown(file=file.name, why=type(why).__name__) from why
        if parts.scheme not in {"mqtt", "mqtts"} or not host:
            raise BrokerUnknown(file=file.name, why="url must be mqtt://host:port or mqtts://host:port")
        tls = parts.scheme == "mqtts"
        user, password = kept.get("user") or parts.username or "", kept.get("password") or parts.password or ""
        return cls(host=host, port=port or (8883 if tls else 1883), tls=tls, user=user, password=password, ca=kept.get("ca"))


@dataclass(frozen=True, slots=True)
class Message:
    """One message. `taken` acknowledges it, where that is done by hand; without it the broker sends it again."""

    topic: str
    payload: bytes
    retained: bool
    taken: Callable[[], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Who speaks: its client id, what the broker says for it when it dies (topic, payload; retained; or None), and what it hears.

    `keeps_session`: the broker keeps what comes while we are away, and messages are acknowledged by hand.
    """

    client_id: str
    will: tuple[str, bytes] | None
    topics: Sequence[str]
    keeps_session: bool = False


class Mqtt:
    """A connection that is made again for as long as `run` runs.

    Set the callbacks before. They run on the loop, one at a time; what one of them raises is logged and goes no further.
    """

    def __init__(self, broker: Callable[[], Broker], party: Party) -> None:
        self._broker, self._party = broker, party
        self.on_connect: Callable[[], None] = _nothing
        self.on_disconnect: Callable[[], None] = _nothing
        self.on_message: Callable[[Message], None] = _nothing
        self.on_published: Callable[[int], None] = _nothing
        self.connected = False
        self.connects = 0
        self._client: Client | None = None
        self._watched: Any = None  # the socket the loop looks at
        self._lost = asyncio.Event()
        self._said = ""

    async def run(self) -> None:
        """Connect, and again whenever the connection is lost; leave in order when cancelled."""
        self._loop = asyncio.get_running_loop()
        pause = PAUSE_S_MIN
        try:
            while True:
                before = self.connects
                try:
                    await self._connect()
                    await self._keep()
                except (OSError, ValueError, MachineError) as why:  # ValueError: an address or an authority that is none
                    self._say(str(why) or type(why).__name__)
                pause = PAUSE_S_MIN if self.connects > before else min(pause * 2, PAUSE_S_MAX)
                await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - spreads the shop's processes, guards nothing
        finally:
            self._leave()

    def publish(self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False) -> int | None:
        """Hand a message to the broker; its number, told by `on_published`, or None when there is no connection."""
        client = self._client
        if client is None or not self.connected:
            return None
        sent = client.publish(topic, payload, qos=qos, retain=retain)
        self._flush(client)
        return sent.mid if sent.rc == MQTTErrorCode.MQTT_ERR_SUCCESS else None

    # the connection

    async def _connect(self) -> None:
        """Up to the socket; the broker's word comes to `_welcomed`. Raises OSError, ValueError, BrokerUnknown."""
        broker, party = self._broker(), self._party
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=party.client_id,
            clean_session=not party.keeps_session,
            protocol=MQTTv311,
            manual_ack=party.keeps_session,
        )
        client.username_pw_set(broker.user, broker.password)
        if broker.tls:
            client.tls_set_context(ssl.create_default_context(cafile=broker.ca))
        if party.will:
            client.will_set(*party.will, qos=1, retain=True)
        client.connect_timeout = CONNECT_S
        client.max_inflight_messages_set(IN_FLIGHT_MAX)
        client.on_socket_open = _without_nagle
        client.on_socket_close = self._closing
        client.on_connect = self._welcomed
        client.on_disconnect = self._gone
        client.on_message = self._came
        client.on_publish = self._arrived
        self._lost = asyncio.Event()
        await asyncio.to_thread(client.connect, broker.host, broker.port, KEEPALIVE_S)
        self._client = client
        self._watched = client.socket()
        self._loop.add_reader(self._watched, self._readable, client)
        self._flush(client)

    async def _keep(self) -> None:
        """Until the connection is lost; paho sends and counts its pings when it is asked to look."""
        client = self._client
        while client and not self._lost.is_set():
            try:
                async with asyncio.timeout(LOOK_S):
                    await self._lost.wait()
            except TimeoutError:
                client.loop_misc()
                self._flush(client)

    def _leave(self) -> None:
        client, self._client = self._client, None
        was_connected, self.connected = self.connected, False
        if was_connected:
            _safely(self.on_disconnect)
        if client is not None:
            client.on_disconnect = None
            client.disconnect()  # written at once, and the socket closed behind it
            if (sock := client.socket()) is not None:
                self._closing(client, None, sock)
                sock.close()

    def _readable(self, client: Client) -> None:
        try:
            client.loop_read()
            while isinstance(sock := client.socket(), ssl.SSLSocket) and sock.pending():  # read from the wire, so nobody will wake us
                client.loop_read()
        except Exception:  # what is no MQTT makes paho fall anywhere; it would be asked to read it again for ever
            log.exception("broker not understood", user=self._party.client_id)
            self._leave()
            self._lost.set()
            return
        self._flush(client)

    def _flush(self, client: Client) -> None:
        """Write what waits; what the wire does not take now, when it does."""
        if client.want_write():
            client.loop_write()
        sock = client.socket()
        if sock is not None and client.want_write():
            self._loop.add_writer(sock, self._flush, client)
        elif sock is not None:
            self._loop.remove_writer(sock)

    def _say(self, why: str) -> None:
        """Tried again for ever, told once."""
        if why != self._said:
            log.warning("broker away", user=self._party.client_id, why=why)
        self._said = why

    # paho's callbacks

    def _closing(self, client: Client, userdata: Any, sock: Any) -> None:
        if sock is self._watched:  # one that failed to connect was never looked at
            self._watched = None
            self._loop.remove_reader(sock)
            self._loop.remove_writer(sock)

    def _welcomed(self, client: Client, userdata: Any, flags: Any, reason: ReasonCode, properties: Any) -> None:
        if reason.is_failure:
            self._say(f"refused: {reason}")
            return
        if self._party.topics:
            client.subscribe([(topic, 1) for topic in self._party.topics])
        self.connected, self._said = True, ""
        self.connects += 1
        log.info("broker connected", user=self._party.client_id)
        _safely(self.on_connect)

    def _gone(self, client: Client, userdata: Any, flags: Any, reason: ReasonCode, properties: Any) -> None:
        if self.connected:
            self.connected = False
            log.warning("broker lost", user=self._party.client_id, why=str(reason))
            _safely(self.on_disconnect)
        self._lost.set()

    def _came(self, client: Client, userdata: Any, message: MQTTMessage) -> None:
        def taken() -> None:
            if message.qos and self._party.keeps_session:
                client.ack(message.mid, message.qos)
                self._flush(client)

        _safely(self.on_message, Message(message.topic, bytes(message.payload), message.retain, taken))

    def _arrived(self, client: Client, userdata: Any, mid: int, reason: ReasonCode, properties: Any) -> None:
        _safely(self.on_published, mid)


def _safely(callback: Callable[..., None], *args: Any) -> None:
    """An exception would travel through paho into the loop, and leave it half way through a packet."""
    try:
        callback(*args)
    except Exception:  # the fault of one message must name itself and leave the connection alone
        log.exception("message not handled")


def _nothing(*_: Any) -> None:
    """Nobody has asked to be told."""


def _without_nagle(client: Client, userdata: Any, sock: Any) -> None:
    """Without this a round trip takes 44 ms instead of 2."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
