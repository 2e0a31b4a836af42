"""MQTT 3.1.1 at QoS 0 and nothing else, for what comes thousands of times a second.

paho reads every packet in three system calls and makes several objects of it; here one read holds hundreds of packets, and each costs a slice
and a call. What must not be lost goes through hub/mqtt.py. https://docs.oasis-open.org/mqtt/mqtt/v3.1.1/mqtt-v3.1.1.html
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import ssl
from collections.abc import Callable, Iterable, Iterator
from typing import cast

import structlog

from hub.mqtt import Broker

log = structlog.get_logger()

READ_AT_ONCE = 32 * 1024  # as much as is worked off in one go: under 5 ms
PACKET_MAX = 128 * 1024
UNSENT_MAX = 1024 * 1024
CONNECT_S = 5.0
KEEPALIVE_S = 10
PAUSE_S_MIN, PAUSE_S_MAX = 0.5, 5.0
TOPICS_A_PACKET = 64
CONNACK, PUBLISH, SUBACK = 2, 3, 9
_PING, _GOODBYE = b"\xc0\x00", b"\xe0\x00"
Heard = Callable[[bytes, bytes, bool], None]


class NotMqtt(ValueError):
    """Bytes no broker sends."""


def packets(data: bytes) -> Iterator[tuple[int, bytes, int]]:
    """(first byte, body, where the next packet begins) of each whole packet. Raises NotMqtt."""
    at, end = 0, len(data)
    while at + 2 <= end:
        length, shift, body = 0, 0, at + 1
        while True:
            if body >= end:
                return
            byte = data[body]
            body += 1
            length |= (byte & 127) << shift
            if byte < 128:
                break
            shift += 7
            if shift > 21:
                raise NotMqtt("length")
        if length > PACKET_MAX:
            raise NotMqtt(length)
        if body + length > end:
            return
        yield data[at], data[body : body + length], body + length
        at = body + length


class LeanMqtt:
    """A connection that is made again for as long as `run` runs. Set the callbacks before; what they raise is logged."""

    def __init__(self, broker: Broker, client_id: str) -> None:
        self._broker, self._id = broker, client_id
        self.on_connect: Callable[[], None] = lambda: None
        self.on_message: Heard = lambda *_: None
        self.connected = False
        self.figures = {"connects": 0, "unsent": 0, "topics_refused": 0, "faults": 0}
        self._line: _Line | None = None
        self._said = ""
        self._packet = 0

    async def run(self) -> None:
        """Connect, and again whenever the connection is lost; leave in order when cancelled."""
        pause = PAUSE_S_MIN
        try:
            while True:
                before = self.figures["connects"]
                try:
                    await self._one_connection()
                except (OSError, TimeoutError, ValueError) as why:
                    self._say(str(why) or type(why).__name__)
                finally:
                    self._hang_up()
                pause = PAUSE_S_MIN if self.figures["connects"] > before else min(pause * 2, PAUSE_S_MAX)
                await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - spreads the shop's processes, guards nothing
        finally:
            self._hang_up()

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> bool:
        """Hand a message to the broker; False when there is no connection, or it takes nothing any more."""
        name = topic.encode()
        return self._send(0x31 if retain else 0x30, len(name).to_bytes(2, "big") + name + payload)

    def subscribe(self, topics: Iterable[str]) -> None:
        """Hear of these topics; call again after each connect."""
        self._ask(0x82, topics, b"\x00")

    def unsubscribe(self, topics: Iterable[str]) -> None:
        """Hear of them no more."""
        self._ask(0xA2, topics, b"")

    def _ask(self, kind: int, topics: Iterable[str], behind: bytes) -> None:
        listed = [topic.encode() for topic in topics]
        for at in range(0, len(listed), TOPICS_A_PACKET):
            self._packet = self._packet % 0xFFFF + 1
            names = b"".join(len(name).to_bytes(2, "big") + name + behind for name in listed[at : at + TOPICS_A_PACKET])
            self._send(kind, self._packet.to_bytes(2, "big") + names)

    def _send(self, kind: int, body: bytes) -> bool:
        if self._line is None or not self.connected or not self._line.send(_packet(kind, body)):
            self.figures["unsent"] += 1
            return False
        return True

    async def _one_connection(self) -> None:
        broker = self._broker
        context = ssl.create_default_context(cafile=broker.ca) if broker.tls else None
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(CONNECT_S):
            _, line = await loop.create_connection(lambda: _Line(self._took), broker.host, broker.port, ssl=context)
        self._line = line
        line.send(_connect(self._id, broker.user, broker.password))
        while True:
            line.spoke = False
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(KEEPALIVE_S):
                    await line.ended.wait()
            if line.ended.is_set():
                raise OSError(line.why or "the broker hung up")
            if line.pinged and not line.spoke:
                raise OSError("the broker is silent")
            line.pinged = line.send(_PING)
            if not line.pinged:
                raise OSError("the broker takes nothing")

    def _took(self, first: int, body: bytes) -> None:
        kind = first >> 4
        if kind == PUBLISH:
            end = 2 + (body[0] << 8 | body[1])
            if first & 6 or end > len(body):  # at QoS 0 a topic is followed by its payload
                raise NotMqtt("publish")
            try:
                self.on_message(body[2:end], body[end:], bool(first & 1))
            except Exception:  # the fault of one message must name itself and leave the connection alone
                self.figures["faults"] += 1
                if self.figures["faults"] in {1, 10, 100} or self.figures["faults"] % 1000 == 0:
                    log.exception("message not handled", faults=self.figures["faults"])
        elif kind == CONNACK:
            self._welcomed(body)
        elif kind == SUBACK:
            self.figures["topics_refused"] += sum(code >= 128 for code in body[2:])

    def _welcomed(self, body: bytes) -> None:
        if len(body) != 2 or body[1]:
            raise NotMqtt(f"refused: {body[1] if len(body) == 2 else '?'}")
        self.connected, self._said = True, ""
        self.figures["connects"] += 1
        log.info("broker connected", user=self._id)
        self.on_connect()

    def _hang_up(self) -> None:
        line, self._line = self._line, None
        self.connected = False
        if line is not None:
            line.hang_up()

    def _say(self, why: str) -> None:
        """Tried again for ever, told once."""
        if why != self._said:
            log.warning("broker away", user=self._id, why=why)
        self._said = why


class _Line(asyncio.BufferedProtocol):
    def __init__(self, took: Callable[[int, bytes], None]) -> None:
        self._took = took
        self._buffer = bytearray(READ_AT_ONCE)
        self._rest = b""
        self._transport: asyncio.Transport | None = None
        self.ended = asyncio.Event()
        self.spoke = self.pinged = False
        self.why = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def get_buffer(self, sizehint: int) -> bytearray:  # noqa: ARG002 - asyncio names it
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        self.spoke = True
        data = self._rest + bytes(memoryview(self._buffer)[:nbytes])
        done = 0
        try:
            for first, body, end in packets(data):
                self._took(first, body)
                done = end
        except (NotMqtt, IndexError) as why:
            self.why, done = str(why), len(data)
            self.hang_up()
        self._rest = data[done:]

    def connection_lost(self, exc: Exception | None) -> None:
        self.why = self.why or str(exc or "")
        self.ended.set()

    def send(self, data: bytes) -> bool:
        transport = self._transport
        if transport is None or transport.is_closing() or transport.get_write_buffer_size() > UNSENT_MAX:
            return False
        transport.write(data)
        return True

    def hang_up(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(_GOODBYE)
            self._transport.close()


def _packet(kind: int, body: bytes) -> bytes:
    left, length = len(body), bytearray()
    while True:
        left, seven = left >> 7, left & 127
        length.append(seven | 128 if left else seven)
        if not left:
            return bytes((kind,)) + bytes(length) + body


def _connect(client_id: str, user: str, password: str) -> bytes:
    flags = 0x02 | (0x80 if user else 0) | (0x40 if user and password else 0)
    fields = [client_id, *([user] if user else []), *([password] if user and password else [])]
    said = b"".join(len(text.encode()).to_bytes(2, "big") + text.encode() for text in fields)
    return _packet(0x10, b"\x00\x04MQTT\x04" + bytes((flags,)) + (2 * KEEPALIVE_S).to_bytes(2, "big") + said)
