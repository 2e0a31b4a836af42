"""The NATS server of head office as a child, the stream it keeps, and head office's own connection to it."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import nats.js.errors
import structlog
from nats.aio.client import Client
from nats.js.api import DiscardPolicy, RetentionPolicy, StorageType, StreamConfig

from cloud_bridge.contract import inbox
from cloud_bridge.hq.child import READY_S_MAX, Child, Program
from cloud_bridge.hq.shops import NATS, Shops
from hub.settings import HeadOffice

log = structlog.get_logger()

STREAM = "UP"
STREAM_BYTES_MAX = 2 * 1024**3
DUPLICATES_S = 600


class NatsServer:
    """Configuration from the list of shops, data under `<data>/nats`."""

    def __init__(self, data: Path, settings: HeadOffice, shops: Shops) -> None:
        self._shops, self._port = shops, settings.nats_port
        self.child = Child(
            Program(
                name="nats-server",
                argv=[str(NATS), "-c", str(shops.config)],
                log=data / "logs" / "nats.log",
                ready=self._greets,
            )
        )

    async def start(self) -> None:
        """Write the configuration, start, wait for the greeting. Raises ConfigRefused, ServerDidNotStart."""
        self._shops.write_config()
        await self.child.start()

    async def connect(self) -> Client:
        """Head office's own connection; it comes back by itself for ever."""
        client = Client()
        await client.connect(
            self._shops.url,
            user="hq",
            password=self._shops.own_password(),
            inbox_prefix=inbox("hq"),
            max_reconnect_attempts=-1,
            reconnect_time_wait=1,
            ping_interval=20,
            error_cb=_say,
            tls=_on_this_machine() if self._shops.is_tls else None,
        )
        await _keep_stream(client)
        return client

    async def _greets(self) -> bool:
        try:
            reader, writer = await asyncio.wait_for(asyncio.open_connection("127.0.0.1", self._port), 1)
            said = await asyncio.wait_for(reader.readline(), 1)
        except (OSError, TimeoutError):
            return False
        writer.close()
        return said.startswith(b"INFO ")


async def _keep_stream(client: Client) -> None:
    """The one stream of all shops. Taken in means removed; full means refused, and the shop's journal holds the rest."""
    wanted = StreamConfig(
        name=STREAM,
        subjects=["up.*"],
        retention=RetentionPolicy.WORK_QUEUE,
        storage=StorageType.FILE,
        discard=DiscardPolicy.NEW,
        max_bytes=STREAM_BYTES_MAX,
        duplicate_window=DUPLICATES_S,
    )
    stream = client.jetstream()
    end = asyncio.get_running_loop().time() + READY_S_MAX
    while True:
        try:
            await stream.add_stream(wanted)
            return
        except nats.js.errors.BadRequestError:
            await stream.update_stream(wanted)
            return
        except nats.js.errors.ServiceUnavailableError:  # for a moment after a start, and after each reload of the configuration
            if asyncio.get_running_loop().time() > end:
                raise
        await asyncio.sleep(0.05)


def _on_this_machine() -> ssl.SSLContext:
    """Head office talks to its own child over loopback: the certificate names the outside, so its name is not compared."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


async def _say(error: Exception) -> None:
    log.warning("nats", error=str(error) or type(error).__name__)
