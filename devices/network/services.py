"""What devices say of themselves by multicast DNS (RFC 6762, 6763), as candidates. No I/O.

Everything here was said by somebody on the network: it is cut to size, cleaned, and never believed before the device was asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from devices.messages import Candidate

NAME_MAX = 60
IDENTITY_MAX = 80
RAW_PRINTS = 9100
_PATH = re.compile(r"/?[A-Za-z0-9][A-Za-z0-9._/-]{0,80}")
_IPV4 = re.compile(r"[0-9]{1,3}(\.[0-9]{1,3}){3}")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_MAC = re.compile(r"[0-9a-f]{2}([:-]?[0-9a-f]{2}){5}")
_LABELS = ("zebra", "zdesigner", "zd2", "zd4", "gk4", "gx4", "zt2", "zt4", "tsc ", "ttp-", "te2", "label", "godex", "dymo")
_RECEIPTS = (
    "tm-",
    "receipt",
    "pos58",
    "pos80",
    "pos-",
    "xprinter",
    "xp-",
    "gprinter",
    "gp-",
    "tsp1",
    "tsp6",
    "mc-print",
    "srp-",
    "ct-s",
    "rongta",
)
_OF_TYPE = {"_ipp._tcp": "ipp", "_ipps._tcp": "ipps", "_pdl-datastream._tcp": "tcp", "_printer._tcp": "lpd", "_nut._tcp": "nut"}
TYPES = tuple(_OF_TYPE)
_BEST = ("ipp", "ipps", "nut", "tcp", "lpd")  # of what one device announces


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """What the hub announces: the same name, port and words under each of its `types`. `host` as the certificate has it: `hub.local`."""

    name: str
    port: int
    host: str
    types: tuple[str, ...] = ("_chairside._tcp", "_https._tcp")
    words: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One announcement as it came: `type` such as `_ipp._tcp`, `name` of the instance, `host` it runs on, TXT by small letters."""

    type: str
    name: str
    host: str
    address: str
    port: int
    txt: Mapping[str, str] = field(default_factory=dict)

    @property
    def identity(self) -> str:
        """UUID or MAC, where it says one: stays the same when its address changes."""
        uuid = self.txt.get("uuid", "").lower().removeprefix("urn:uuid:")
        if _UUID.fullmatch(uuid):
            return uuid
        mac = self.txt.get("mac", "").lower()
        return re.sub("[:-]", "", mac) if _MAC.fullmatch(mac) else ""

    @property
    def kind(self) -> str:
        """The kind of device by its own words; empty when only a person can tell."""
        spoken = _OF_TYPE[self.type]
        if spoken == "nut":
            return "ups"
        words = f"{self.name} {' '.join(self.txt.get(key, '') for key in ('ty', 'product', 'note', 'usb_mdl', 'usb_mfg'))}".lower()
        if any(word in words for word in _LABELS):
            return "label_printer"
        if any(word in words for word in _RECEIPTS):
            return "receipt_printer"
        return "office_printer" if spoken.startswith("ipp") else ""

    @property
    def reached(self) -> str:
        """Its address; empty when nothing that can be used was said."""
        if not _IPV4.fullmatch(self.address) or any(int(part) > 255 for part in self.address.split(".")) or not 0 <= self.port <= 65535:
            return ""
        spoken = _OF_TYPE[self.type]
        if spoken == "lpd" and not self.port:  # keeps the name for a printer that does not speak it
            return ""
        if spoken == "lpd" or (self.kind in {"label_printer", "receipt_printer"} and spoken != "tcp"):
            return f"tcp://{self.address}:{RAW_PRINTS}"
        if not self.port:
            return ""
        if spoken.startswith("ipp"):
            path = self.txt.get("rp", "ipp/print")
            return f"{spoken}://{self.address}:{self.port}/{path.lstrip('/')}" if _PATH.fullmatch(path) else ""
        return f"tcp://{self.address}:{self.port}"

    def candidate(self) -> Candidate | None:
        """What a person is shown; None when it cannot be reached by what was said."""
        if not self.reached:
            return None
        guessed = ", port guessed" if self.reached.startswith("tcp:") and _OF_TYPE[self.type] not in {"tcp", "nut"} else ""
        return Candidate(
            kind=self.kind,
            name=clean(self.name) or self.address,
            address=self.reached,
            evidence=f"announced as {self.type}{guessed}",
            identity=self.identity,
        )


def clean(text: str) -> str:
    """A name somebody on the network gave, as it may be shown."""
    return "".join(letter for letter in text if letter.isprintable()).strip()[:NAME_MAX]


def candidates_of(said: Iterable[Said]) -> list[Candidate]:
    """One candidate for each device, by the best of what it announces; in the order of their names."""
    found: list[tuple[int, str, Candidate]] = []
    for one in said:
        if (made := one.candidate()) is not None:
            guessed = len(_BEST) if "guessed" in made.evidence else 0
            found.append((_BEST.index(_OF_TYPE[one.type]) + guessed, f"{one.host} {one.name}", made))
    kept: dict[str, Candidate] = {}
    names: set[str] = set()
    for _, name, made in sorted(found, key=lambda one: one[:2]):
        marks = {name, made.address, *filter(None, [made.identity])}  # a device has one name in all it announces
        if not marks & names:
            kept[made.address] = made
        names |= marks
    return sorted(kept.values(), key=lambda made: (made.name, made.address))
