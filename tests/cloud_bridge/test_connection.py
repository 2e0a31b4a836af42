"""The way to head office: credentials, TLS, a link that is cut, stuck or not there yet."""

from __future__ import annotations

import asyncio
import json
import secrets
import ssl
import urllib.request
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from urllib.error import URLError

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from cloud_bridge import connection, pulse
from cloud_bridge.connection import Credentials, CredentialsRefused, Link, LinkLost, LinkState
from cloud_bridge.contract import Known
from cloud_bridge.hq.fleet import Presence
from cloud_bridge.local_hub import Answer, HubDoesNotAnswer, LocalHub
from cloud_bridge.tasks import ended
from hub.clock import Clock
from hub.settings import Web
from tests.cloud_bridge.parts import Hq, HubDouble, Office, Process, Shop, bridge_of, free_port, until


class Wire:
    """A TCP way to head office that can be cut, or stuck: open, but nothing passes."""

    def __init__(self, to: int) -> None:
        self.to, self.port = to, free_port()
        self.is_stuck = False
        self.connections = 0
        self._writers: list[asyncio.StreamWriter] = []

    async def lay(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    async def cut(self) -> None:
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        their_reader, their_writer = await asyncio.open_connection("127.0.0.1", self.to)
        self._writers += [writer, their_writer]
        await asyncio.gather(self._pass(reader, their_writer), self._pass(their_reader, writer), return_exceptions=True)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            if not self.is_stuck:
                writer.write(data)
                await writer.drain()
        writer.close()


@pytest.fixture
async def wire(shop: Shop, office: Office) -> AsyncIterator[Wire]:
    """The shop's only way to head office."""
    found = Wire(office.settings.nats_port)
    await found.lay()
    file = shop.dir / "secrets" / "hq.json"
    held = json.loads(file.read_text())
    file.write_text(json.dumps(held | {"url": f"nats://127.0.0.1:{found.port}"}))
    yield found
    await found.cut()


async def test_a_cut_wire_costs_the_shop_nothing_and_everything_comes_later(
    shop: Shop, hub: HubDouble, office: Office, hq: Hq, wire: Wire
) -> None:
    async with bridge_of(shop) as bridge:
        await shop.fill(10)
        await until(lambda: office.count(shop.store) == 10)
        await wire.cut()
        await until(lambda: not bridge.link.is_up)
        await shop.fill(40)
        await wire.lay()
        await until(lambda: office.count(shop.store) == 50, 20)
    assert sorted(office.seqs(shop.store)) == [(1, n) for n in range(1, 51)]


async def test_a_link_that_is_open_but_stuck_is_given_up_and_made_anew(
    shop: Shop, hub: HubDouble, office: Office, hq: Hq, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "ANSWER_S_MAX", 0.3)
    monkeypatch.setattr(pulse, "SILENCE_S_MAX", 1.0)
    monkeypatch.setattr(pulse, "RETRY_S", 0.1)
    async with bridge_of(shop) as bridge:
        await until(lambda: hq.fleet.shop(shop.store).presence is Presence.ONLINE)
        wire.is_stuck = True
        bridge.pulse.beat_soon()
        await until(lambda: not bridge.link.is_up, 10)
        wire.is_stuck = False
        await shop.fill(5)
        await until(lambda: office.count(shop.store) == 5, 20)
    assert wire.connections >= 2


async def test_a_link_that_flaps_is_tried_less_and_less_often(shop: Shop, office: Office, hq: Hq, wire: Wire) -> None:
    waits: list[float] = []

    class Noted(Clock):
        async def sleep(self, seconds: float) -> None:
            waits.append(seconds)
            await asyncio.sleep(0)

    link = Link(shop.store, shop.dir / "secrets" / "hq.json", Noted())
    running = asyncio.create_task(link.run())
    try:
        for turn in range(8):
            await until(lambda: link.is_up)
            await link.drop("flapping")
            await until(lambda turn=turn: len(waits) > turn)
    finally:
        await ended([running])
    assert waits[-1] > 5
    assert max(waits) <= 15


async def test_credentials_that_come_later_are_found(shop: Shop, hub: HubDouble, office: Office, hq: Hq) -> None:
    file = shop.dir / "secrets" / "hq.json"
    held = file.read_text()
    file.unlink()
    async with bridge_of(shop) as bridge:
        await until(lambda: bridge.link.state is LinkState.NO_HEAD_OFFICE)
        with pytest.raises(LinkLost):
            await bridge.link.ask("ask.x.hello", b"")
        file.write_text(held)
        await until(lambda: bridge.link.is_up)


async def test_a_shop_that_was_removed_is_dropped_at_once_and_says_so(shop: Shop, hub: HubDouble, office: Office, hq: Hq) -> None:
    async with bridge_of(shop) as bridge:
        await until(lambda: bridge.link.is_up)
        office.shops.remove(shop.store)
        await until(lambda: bridge.link.state is LinkState.REFUSED, 20)
        assert not bridge.link.is_up


@pytest.mark.parametrize(
    ("held", "why"),
    [
        ('{"url": "nats://10.0.0.5:4222", "user": "s1", "password": "x"}', "only tls"),
        ('{"url": "nats://hq.example:4222", "user": "s1", "password": "x"}', "only tls"),
        ('{"url": "http://127.0.0.1:4222", "user": "s1", "password": "x"}', "only tls"),
        ('{"url": "nats://127.0.0.1:4222"}', "KeyError"),
        ("[]", "TypeError"),
        ("{", "JSONDecodeError"),
    ],
)
def test_credentials_that_would_travel_in_the_clear_or_make_no_sense_are_refused(tmp_path: Path, held: str, why: str) -> None:
    (tmp_path / "hq.json").write_text(held)
    with pytest.raises(CredentialsRefused, match=why):
        Credentials.read(tmp_path / "hq.json")


async def test_over_tls_the_shop_comes_in_and_a_stranger_in_head_offices_place_gets_nothing(
    tmp_path: Path, processes: Callable[..., Process]
) -> None:
    data, port = tmp_path / "hq", free_port()
    ca = _certificates(data / "tls")
    env = {
        "CHAIRSIDE_HEAD_OFFICE__PORT": str(port),
        "CHAIRSIDE_HEAD_OFFICE__NATS_PORT": str(free_port()),
        "CHAIRSIDE_HEAD_OFFICE__POSTGRES_PORT": str(free_port()),
    }
    processes("cloud_bridge.hq", "--data", str(data), env=env)
    await until(lambda: _is_healthy(port, ca), 40)
    shop = Shop("s1", tmp_path / "store")
    file = shop.dir / "secrets" / "hq.json"
    added = processes("cloud_bridge.hq", "add-shop", "--data", str(data), "--store", "s1", "--write", str(file), env=env)
    assert added.popen
    assert added.popen.wait(20) == 0
    held = json.loads(file.read_text())
    assert held["url"].startswith("tls://")
    async with bridge_of(shop) as bridge:
        await shop.fill(3)
        await until(lambda: bridge.cursor.seq == 3, 20)
    file.write_text(json.dumps(held | {"ca": str(_certificates(tmp_path / "stranger"))}))
    async with bridge_of(shop) as bridge:
        await until(lambda: bridge.link.state is LinkState.CONNECTING)
        with pytest.raises(AssertionError):
            await until(lambda: bridge.link.is_up, 1)
    shop.db.close()


async def test_without_a_token_the_hub_is_not_asked_and_a_wrong_one_is_refused(shop: Shop, hub: HubDouble) -> None:
    known = Known(epoch=1, seq=0, hash=bytes(32))
    local, token = LocalHub(shop.dir, Web(port=shop.web_port)), shop.dir / "secrets" / "bridge-token"
    assert await local.probe() is Answer.WELL
    await local.recover(known)
    hub.token = "another"
    with pytest.raises(HubDoesNotAnswer, match="401"):
        await local.recover(known)
    token.unlink()
    with pytest.raises(HubDoesNotAnswer, match="FileNotFoundError"):
        await local.recover(known)
    await hub.stop()
    assert await local.probe() is Answer.REFUSED
    assert len(hub.recoveries) == 1


def _is_healthy(port: int, ca: Path) -> bool:
    try:
        with urllib.request.urlopen(
            f"https://127.0.0.1:{port}/healthz", timeout=2, context=ssl.create_default_context(cafile=ca)
        ) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


def _certificates(folder: Path) -> Path:
    """A CA and a server certificate for 127.0.0.1; returns the CA's file."""
    folder.mkdir(parents=True)
    now, ca_key, key = datetime.now(UTC), ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Test {secrets.token_hex(4)}")])
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "head office")])

    def signed(subject: x509.Name, public: ec.EllipticCurvePublicKey, extension: x509.ExtensionType) -> x509.Certificate:
        made = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(ca_name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
        )
        made = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        return made.add_extension(extension, critical=False).sign(ca_key, hashes.SHA256())

    ca = signed(ca_name, ca_key.public_key(), x509.BasicConstraints(ca=True, path_length=0))
    server = signed(name, key.public_key(), x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]))
    pem = serialization.Encoding.PEM
    (folder / "ca.crt").write_bytes(ca.public_bytes(pem))
    (folder / "server.crt").write_bytes(server.public_bytes(pem))
    (folder / "server.key").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return folder / "ca.crt"
