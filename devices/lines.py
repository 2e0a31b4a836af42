"""How each device is reached, and which driver speaks with it there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from devices.driver import Driver, Profile
from devices.drivers import driver_of
from devices.recording import Tee
from devices.registry import Device
from devices.things import ThingBox, Things
from devices.transport import Address, Files, Inbox, Transport, Udp, transport_to
from hub.clock import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """`record`: a folder, and every byte of every device is kept there. `things`: those of third parties on the broker; without, none is reached."""

    record: Path | None = None
    things: Things | None = None

    def assembled(self, device: Device, clock: Clock) -> tuple[Profile, Transport, Driver]:
        """Profile, transport and driver of a device. Raises NoSuchKind, BadAddress, or ValidationError for its profile."""
        kind = driver_of(device.kind)
        profile = kind.profile.model_validate(dict(device.profile))
        link = self._to(Address.parse(device.address))
        if not kind.private and not isinstance(link, Inbox | Files | Udp | ThingBox):  # these have no bytes of ours to keep
            link = Tee(link, self.record / f"{device.id}.jsonl" if self.record else None)
        return profile, link, kind(profile, link, clock)

    def let_go(self, link: Transport) -> None:
        """Nobody needs it any more."""
        if isinstance(link, ThingBox) and self.things:
            self.things.release(link)

    def _to(self, address: Address) -> Transport:
        if address.scheme != "mqtt":
            return transport_to(address)
        return self.things.box(address.path[1:]) if self.things else ThingBox(address.path[1:])
