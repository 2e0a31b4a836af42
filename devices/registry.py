"""The devices a person adopted, kept in devices.db. A removed one leaves a tombstone, so that its topics are cleared for sure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from devices.driver import Identity
from devices.errors import AlreadyAdopted, NoSuchDevice
from devices.transport import Address
from hub.clock import Clock
from hub.db import Db, IntegrityError, Row, Tx
from hub.ports import DeviceInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """One adopted device. `profile` are the settings of its kind; `enabled` is the person's wish."""

    id: str
    kind: str
    name: str
    address: str
    roles: tuple[str, ...] = ()
    profile: Mapping[str, Any]
    enabled: bool = True
    model: str = ""
    serial: str = ""
    firmware: str = ""
    identity: str = ""  # as it announced itself when it was taken in; empty when it did not

    def info(self, capabilities: tuple[str, ...]) -> DeviceInfo:
        """What the shop is told of it. An address that cannot be read is no reason not to be listed."""
        scheme, _, rest = self.address.partition("://")
        return DeviceInfo(
            kind=self.kind,
            name=self.name,
            model=self.model,
            serial=self.serial,
            transport=scheme,
            roles=self.roles,
            capabilities=capabilities,
            driver=self.kind,
            firmware=self.firmware,
            simulated="simulated=1" in rest,
        )

    def identified(self, identity: Identity) -> Device:
        """This device with what it said of itself; what it does not tell stays as known."""
        return replace(
            self,
            model=identity.model or self.model,
            serial=identity.serial or self.serial,
            firmware=identity.firmware or self.firmware,
        )


class Registry:
    """Reads are from memory; `load` once before use."""

    def __init__(self, db: Db, clock: Clock) -> None:
        self._db, self._clock = db, clock
        self._devices: dict[str, Device] = {}
        self.removed: set[str] = set()

    def load(self) -> None:
        """Read everything."""
        for row in self._db.all("SELECT * FROM devices ORDER BY adopted_at, id"):
            if row["removed_at"]:
                self.removed.add(row["id"])
            else:
                self._devices[row["id"]] = _device(row)

    def all(self) -> list[Device]:
        """Every adopted device, oldest first."""
        return list(self._devices.values())

    def get(self, device_id: str) -> Device:
        """Raises NoSuchDevice."""
        try:
            return self._devices[device_id]
        except KeyError:
            raise NoSuchDevice(device=device_id) from None

    def at(self, address: str) -> Device | None:
        """The device adopted at `address`, marks of simulation aside."""
        return next((d for d in self._devices.values() if place_of(d.address) == place_of(address)), None)

    def known_as(self, identity: str) -> Device | None:
        """The device that announced itself so, or has it for a serial number."""
        return next((d for d in self._devices.values() if identity and identity in {d.identity, d.serial}), None)

    async def add(self, device: Device) -> None:
        """Keep a new device. Raises AlreadyAdopted when the id or the address is taken, now or by a tombstone."""
        await self._db.write(self._insert, device)
        self._devices[device.id] = device
        self.removed.discard(device.id)

    async def change(self, device: Device) -> None:
        """Keep new values of a known device."""
        await self._db.write(self._update, device)
        self._devices[device.id] = device

    async def remove(self, device_id: str) -> None:
        """Forget a device. Raises NoSuchDevice."""
        self.get(device_id)
        await self._db.write(self._remove, device_id)
        self._devices.pop(device_id, None)
        self.removed.add(device_id)

    def _insert(self, tx: Tx, device: Device) -> None:
        values = {
            "kind": device.kind,
            "name": device.name,
            "roles": json.dumps(device.roles),
            "address": device.address,
            "profile": json.dumps(dict(device.profile)),
            "enabled": int(device.enabled),
            "model": device.model,
            "serial": device.serial,
            "firmware": device.firmware,
            "adopted_at": self._clock.now().isoformat(),
            "identity": device.identity,
        }
        tx.execute("DELETE FROM devices WHERE id = ? AND removed_at IS NOT NULL", (device.id,))
        try:
            tx.insert("devices", id=device.id, **values)
        except IntegrityError as taken:
            raise AlreadyAdopted(device=device.id, address=device.address) from taken

    def _update(self, tx: Tx, device: Device) -> None:
        tx.execute(
            "UPDATE devices SET name = ?, roles = ?, address = ?, profile = ?, enabled = ?, model = ?, serial = ?, firmware = ?, identity = ? "
            "WHERE id = ? AND removed_at IS NULL",
            (
                device.name,
                json.dumps(device.roles),
                device.address,
                json.dumps(dict(device.profile)),
                int(device.enabled),
                device.model,
                device.serial,
                device.firmware,
                device.identity,
                device.id,
            ),
        )

    def _remove(self, tx: Tx, device_id: str) -> None:
        tx.execute("UPDATE devices SET removed_at = ? WHERE id = ?", (self._clock.now().isoformat(), device_id))


@lru_cache(maxsize=1024)  # asked of every device for every beat of a page
def place_of(address: str) -> str:
    """An address without its options. Raises BadAddress."""
    parsed = Address.parse(address)
    return f"{parsed.scheme}://{parsed.host}:{parsed.port}{parsed.path}"


def _device(row: Row) -> Device:
    return Device(
        id=row["id"],
        kind=row["kind"],
        name=row["name"],
        address=row["address"],
        roles=tuple(json.loads(row["roles"])),
        profile=json.loads(row["profile"]),
        enabled=bool(row["enabled"]),
        model=row["model"],
        serial=row["serial"],
        firmware=row["firmware"],
        identity=row["identity"],
    )
