"""HTTPS on the shop's own network: a certificate authority of this shop, and the hub's certificate made by it.

The authority can vouch for names ending in `.local`, for `localhost`, this machine's name and those set in `web.names`, for
private addresses, and for nothing else (name constraints): a tablet that trusts it is not at risk on the Internet. All lies in `<store-dir>/tls/`:
`ca.pem` (to be installed on tablets), `ca.key`, `server.pem` (with the chain), `server.key`.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import psutil
import structlog
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from hub.clock import Clock
from provisioning.private_files import private_dir, write_private

log = structlog.get_logger()

CA_DAYS = 3650
SERVER_DAYS = 397  # the longest that browsers take
RENEW_DAYS_BEFORE = 30
BACKDATED = timedelta(hours=24)  # a tablet's clock may be behind

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_PRIVATE = ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "::1/128", "fc00::/7", "fe80::/10")
_PRIVATE_NETWORKS = tuple(ipaddress.ip_network(net) for net in _PRIVATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What the hub is called on the shop's network."""

    hosts: tuple[str, ...]
    addresses: tuple[Address, ...]

    def all(self) -> tuple[str, ...]:
        """Names, then addresses, as text."""
        return (*self.hosts, *map(str, self.addresses))


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """Where the hub finds its certificate chain and key, and tablets the authority."""

    chain: Path
    key: Path
    authority: Path


def names_here(further: Iterable[str] = ()) -> Names:
    """The machine's host name, `<host>.local`, localhost, its private IPv4 addresses, and `further` names a person has set.

    The last address is the one the shop's network knows it by, as far as the machine can tell.
    """
    host = socket.gethostname().split(".")[0].lower()
    hosts = dict.fromkeys(["localhost", host, f"{host}.local"])
    addresses: dict[Address, None] = {}
    for name in further:
        if (address := _as_address(name)) is not None:
            addresses[address] = None
        else:
            hosts[name.lower()] = None
    found = [ipaddress.IPv4Address(e.address) for es in psutil.net_if_addrs().values() for e in es if e.family == socket.AF_INET]
    outward = _outward_address()
    for found_address in sorted(found, key=lambda a: (a == outward, not a.is_loopback)):
        addresses[found_address] = None
    return Names(hosts=tuple(hosts), addresses=tuple(a for a in addresses if _is_private(a)))


def certificate(folder: Path, names: Names, clock: Clock) -> Certificate:
    """The hub's certificate for `names`, made or renewed when it is missing, ends within 30 days or names other hosts.

    The authority stays the same for ten years, so that tablets need it once; it is renewed when it ends before a new
    server certificate would, or cannot vouch for this machine's name.
    """
    private_dir(folder)
    files = Certificate(chain=folder / "server.pem", key=folder / "server.key", authority=folder / "ca.pem")
    now = clock.now()
    ca, ca_key = _authority(folder, names, now)
    if not _still_good(files, names, ca, now):
        key = ec.generate_private_key(ec.SECP256R1())
        made = _server_certificate(key, names, ca, ca_key, now)
        write_private(files.key, _pem(key))
        write_private(files.chain, _pem_of(made) + _pem_of(ca), mode=0o644)
        log.info("server certificate made", names=names.all(), until=made.not_valid_after_utc.isoformat())
    return files


def _authority(folder: Path, names: Names, now: datetime) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    known = _load(folder / "ca.pem", folder / "ca.key")
    if known and known[0].not_valid_after_utc > now + timedelta(days=SERVER_DAYS) and _vouches_for(known[0], names):
        return known
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Chairside {socket.gethostname()}"[:64])])
    made = (
        _begun(name, name, key.public_key(), now, CA_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .add_extension(_only_here(names), critical=True)
        .sign(key, hashes.SHA256())
    )
    write_private(folder / "ca.key", _pem(key))
    write_private(folder / "ca.pem", _pem_of(made), mode=0o644)
    log.info("local authority made", until=made.not_valid_after_utc.isoformat())
    return made, key


def _server_certificate(
    key: ec.EllipticCurvePrivateKey, names: Names, ca: x509.Certificate, ca_key: ec.EllipticCurvePrivateKey, now: datetime
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names.hosts[0])])
    return (
        _begun(subject, ca.subject, key.public_key(), now, SERVER_DAYS)
        .add_extension(_alternative_names(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
        .sign(ca_key, hashes.SHA256())
    )


def _begun(subject: x509.Name, issuer: x509.Name, public: ec.EllipticCurvePublicKey, now: datetime, days: int) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now - BACKDATED + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )


def _still_good(files: Certificate, names: Names, ca: x509.Certificate, now: datetime) -> bool:
    known = _load(files.chain, files.key)
    if not known:
        return False
    server = known[0]
    try:
        server.verify_directly_issued_by(ca)
        named = server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
        return False
    return named == _alternative_names(names) and server.not_valid_after_utc - now > timedelta(days=RENEW_DAYS_BEFORE)


def _load(certificate_file: Path, key_file: Path) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None:
    """A certificate with the key that belongs to it; None when either is missing, damaged or of the other."""
    try:
        found = x509.load_pem_x509_certificate(certificate_file.read_bytes())
        key = serialization.load_pem_private_key(key_file.read_bytes(), password=None)
    except (FileNotFoundError, ValueError):
        return None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or found.public_key() != key.public_key():
        return None
    return found, key


def _alternative_names(names: Names) -> x509.SubjectAlternativeName:
    return x509.SubjectAlternativeName([*map(x509.DNSName, names.hosts), *map(x509.IPAddress, names.addresses)])


def _only_here(names: Names) -> x509.NameConstraints:
    hosts = dict.fromkeys(["localhost", "local", *(h for h in names.hosts if not h.endswith(".local"))])
    return x509.NameConstraints([*map(x509.DNSName, hosts), *map(x509.IPAddress, _PRIVATE_NETWORKS)], None)


def _vouches_for(ca: x509.Certificate, names: Names) -> bool:
    try:
        return ca.extensions.get_extension_for_class(x509.NameConstraints).value == _only_here(names)
    except x509.ExtensionNotFound:
        return False


def _as_address(name: str) -> Address | None:
    try:
        return ipaddress.ip_address(name)
    except ValueError:
        return None


def _outward_address() -> Address | None:
    """Our address on the way to anywhere else; nothing is sent. None without a network."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # an address that belongs to nobody (RFC 5737)
        except OSError:
            return None
        return ipaddress.ip_address(probe.getsockname()[0])


def _is_private(address: Address) -> bool:
    return any(address in net for net in _PRIVATE_NETWORKS)


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def _pem_of(made: x509.Certificate) -> bytes:
    return made.public_bytes(serialization.Encoding.PEM)
