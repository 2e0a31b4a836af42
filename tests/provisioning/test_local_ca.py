from __future__ import annotations

import ipaddress
import socket
import ssl
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID

from hub.clock import MovedClock
from provisioning.local_ca import Certificate, Names, certificate, names_here

TODAY = datetime.now(UTC)
SHOP = Names(
    hosts=("localhost", "salon", "salon.local"), addresses=(ipaddress.ip_address("127.0.0.1"), ipaddress.ip_address("192.168.1.20"))
)


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock(TODAY)


def test_a_tablet_that_trusts_the_shop_reaches_it_by_name_and_address(tmp_path: Path, clock: MovedClock) -> None:
    made = certificate(tmp_path, SHOP, clock)
    with _served(made) as port:
        for name in ("localhost", "salon", "salon.local", "127.0.0.1", "192.168.1.20"):
            assert _shake_hands(port, name, made.authority) in {"TLSv1.3", "TLSv1.2"}


def test_a_tablet_refuses_the_hub_under_another_name_and_without_the_authority(tmp_path: Path, clock: MovedClock) -> None:
    made = certificate(tmp_path, SHOP, clock)
    with _served(made) as port, pytest.raises(ssl.SSLCertVerificationError):
        _shake_hands(port, "192.168.1.99", made.authority)
    with _served(made) as port, pytest.raises(ssl.SSLCertVerificationError):
        _shake_hands(port, "salon", None)


def test_the_shops_authority_cannot_vouch_for_a_bank(tmp_path: Path, clock: MovedClock) -> None:
    certificate(tmp_path, SHOP, clock)
    forged = _signed_for("bank.example", tmp_path)
    with _served(forged) as port, pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree"):
        _shake_hands(port, "bank.example", tmp_path / "ca.pem")


def test_keys_are_for_their_owner_alone_and_the_authority_is_for_everyone(tmp_path: Path, clock: MovedClock) -> None:
    made = certificate(tmp_path, SHOP, clock)
    assert stat.S_IMODE(made.key.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "ca.key").stat().st_mode) == 0o600
    assert stat.S_IMODE(made.authority.stat().st_mode) == 0o644


def test_a_second_start_keeps_both_certificates(tmp_path: Path, clock: MovedClock) -> None:
    before = _contents(certificate(tmp_path, SHOP, clock))
    clock.forward(days=300)
    assert _contents(certificate(tmp_path, SHOP, clock)) == before


def test_a_certificate_near_its_end_is_renewed_by_the_same_authority(tmp_path: Path, clock: MovedClock) -> None:
    before = _contents(certificate(tmp_path, SHOP, clock))
    clock.forward(days=368)
    after = _contents(certificate(tmp_path, SHOP, clock))
    assert after[0] != before[0]
    assert after[2] == before[2]


def test_a_new_address_gives_a_new_certificate_by_the_same_authority(tmp_path: Path, clock: MovedClock) -> None:
    before = _contents(certificate(tmp_path, SHOP, clock))
    moved = Names(hosts=SHOP.hosts, addresses=(ipaddress.ip_address("10.0.0.7"),))
    after = _contents(certificate(tmp_path, moved, clock))
    assert after[0] != before[0]
    assert after[2] == before[2]


def test_an_authority_that_would_end_first_is_renewed_with_its_certificate(tmp_path: Path, clock: MovedClock) -> None:
    before = _contents(certificate(tmp_path, SHOP, clock))
    clock.forward(days=3650 - 390)
    after = _contents(certificate(tmp_path, SHOP, clock))
    assert after[2] != before[2]
    certificate_made = x509.load_pem_x509_certificate(after[0])
    certificate_made.verify_directly_issued_by(x509.load_pem_x509_certificate(after[2]))


@pytest.mark.parametrize("file", ["ca.pem", "ca.key", "server.pem", "server.key"])
def test_a_file_damaged_by_a_power_cut_is_made_anew(tmp_path: Path, clock: MovedClock, file: str) -> None:
    certificate(tmp_path, SHOP, clock)
    (tmp_path / file).write_bytes(b"")
    made = certificate(tmp_path, SHOP, clock)
    with _served(made) as port:
        assert _shake_hands(port, "salon", made.authority)


def test_this_machines_names_hold_its_host_name_and_only_private_addresses() -> None:
    names = names_here()
    assert names.hosts[0] == "localhost"
    assert any(host.endswith(".local") for host in names.hosts)
    assert ipaddress.ip_address("127.0.0.1") in names.addresses
    assert all(address.is_private for address in names.addresses)


def test_a_name_a_person_has_set_is_vouched_for_too(tmp_path: Path, clock: MovedClock) -> None:
    names = names_here(["Till.Salon.Example", "192.168.7.7"])
    made = certificate(tmp_path, names, clock)
    with _served(made) as port:
        assert _shake_hands(port, "till.salon.example", made.authority)
        assert _shake_hands(port, "192.168.7.7", made.authority)
    with _served(made) as port, pytest.raises(ssl.SSLCertVerificationError):
        _shake_hands(port, "other.salon.example", made.authority)


def _contents(made: Certificate) -> list[bytes]:
    return [made.chain.read_bytes(), made.key.read_bytes(), made.authority.read_bytes()]


@contextmanager
def _served(made: Certificate) -> Iterator[int]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.chain, made.key)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(8)
        thread = threading.Thread(target=_serve, args=(listener, context))
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def _serve(listener: socket.socket, context: ssl.SSLContext) -> None:
    while True:
        try:
            taken, _ = listener.accept()
        except OSError:
            return
        with taken:
            try:
                context.wrap_socket(taken, server_side=True).recv(1)
            except OSError:
                continue


def _shake_hands(port: int, name: str, authority: Path | None) -> str | None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if authority:
        context.load_verify_locations(authority)
    with socket.create_connection(("127.0.0.1", port)) as plain, context.wrap_socket(plain, server_hostname=name) as sealed:
        return sealed.version()


def _signed_for(name: str, folder: Path) -> Certificate:
    """What someone who stole the shop's key might try."""
    ca = x509.load_pem_x509_certificate((folder / "ca.pem").read_bytes())
    key = serialization.load_pem_private_key((folder / "ca.key").read_bytes(), None)
    forged = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(ca.subject)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(ca.not_valid_before_utc)
        .not_valid_after(ca.not_valid_after_utc)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    chain = folder / "forged.pem"
    chain.write_bytes(forged.public_bytes(serialization.Encoding.PEM) + (folder / "ca.pem").read_bytes())
    return Certificate(chain=chain, key=folder / "ca.key", authority=folder / "ca.pem")
