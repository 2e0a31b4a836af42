"""The kernel's table of neighbours and the leases of dnsmasq, read as text. A line that cannot be understood is left out.

`/proc/net/arp` (proc(5)): address, hardware type (1: Ethernet), flags (2: complete), hardware address, mask, interface.
`dnsmasq.leases` (dnsmasq(8), --dhcp-leasefile): end of the lease in seconds of Unix time (0: never), MAC, address, name or `*`, client id.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address

BYTES_MAX = 256 * 1024
ROWS_MAX = 2048
NAME_MAX = 60
_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")
_ETHERNET, _COMPLETE = 0x1, 0x2
_GROUP, _LOCAL = 0x01, 0x02  # bits of the first octet of a MAC (IEEE 802)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One machine that was heard of. `name` is what it calls itself, cleaned; empty when it does not tell."""

    mac: str
    ip: str
    name: str = ""


def arp(text: str, interface: str = "") -> list[Heard]:
    """The complete rows of /proc/net/arp, those of one interface where it is named."""
    found = []
    for line in text.splitlines()[1 : ROWS_MAX + 1]:
        fields = line.split()
        if len(fields) != 6 or (interface and fields[5] != interface):
            continue
        kind, flags = _hexadecimal(fields[1]), _hexadecimal(fields[2])
        if kind == _ETHERNET and flags is not None and flags & _COMPLETE:
            found += _heard(fields[3], fields[0], "")
    return found


def leases(text: str, now_s: float) -> list[Heard]:
    """The leases that hold; those of IPv6 and of other hardware than Ethernet are left out."""
    found = []
    for line in text.splitlines()[:ROWS_MAX]:
        fields = line.split(" ")
        if len(fields) >= 4 and fields[0].isascii() and fields[0].isdigit() and len(fields[0]) < 20:
            ends = int(fields[0])
            if not ends or ends > now_s:
                found += _heard(fields[1], fields[2], fields[3])
    return found


def is_random(mac: str) -> bool:
    """Whether a phone or a laptop made this MAC up (locally administered): it says nothing of whose it is."""
    return bool(int(mac[:2], 16) & _LOCAL)


def _heard(mac: str, ip: str, name: str) -> list[Heard]:
    mac = mac.lower()
    if not _MAC.fullmatch(mac) or mac == "00:00:00:00:00:00" or int(mac[:2], 16) & _GROUP:
        return []
    try:
        address = str(IPv4Address(ip))
    except AddressValueError:
        return []
    shown = "" if name == "*" else "".join(letter for letter in name if letter.isprintable())[:NAME_MAX]
    return [Heard(mac=mac, ip=address, name=shown)]


def _hexadecimal(word: str) -> int | None:
    try:
        return int(word, 16)
    except ValueError:
        return None
