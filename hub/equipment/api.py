"""Devices and print jobs over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, SecretStr

from hub.equipment.labels import AssetLabels
from hub.equipment.model import Device, DeviceChange, DeviceSpec, Moment, PrintJob
from hub.equipment.network import Network
from hub.equipment.network_model import Cable, Card, Picture, Place, Progress
from hub.equipment.sensors import Sensors
from hub.equipment.service import Equipment
from hub.ports import Reading, Weight
from hub.web import CurrentActor, TapIdHeader, shop_of

router = APIRouter(tags=["equipment"])


async def _equipment(request: Request) -> Equipment:
    return shop_of(request).equipment


EquipmentOf = Annotated[Equipment, Depends(_equipment)]


async def _sensors(request: Request) -> Sensors:
    return shop_of(request).sensors


SensorsOf = Annotated[Sensors, Depends(_sensors)]


async def _network(request: Request) -> Network:
    return shop_of(request).network


async def _labels(request: Request) -> AssetLabels:
    return shop_of(request).asset_labels


NetworkOf = Annotated[Network, Depends(_network)]
LabelsOf = Annotated[AssetLabels, Depends(_labels)]


class CardName(BaseModel):
    """Whose network card it is."""

    name: str


class SweepWish(BaseModel):
    """Where to ask around; empty: around the device host. With a community over SNMP too."""

    subnet: str = ""
    community: SecretStr | None = None


class Enabled(BaseModel):
    """A person's wish."""

    enabled: bool


class Wanted(BaseModel):
    """How a plug should be."""

    on: bool
    outlet: str = "switch"


class Fallback(BaseModel):
    """The printer that stands in; empty: none does."""

    fallback: str = ""


class Settlement(BaseModel):
    """Whether the paper came out."""

    printed: bool


@router.get("/devices")
async def devices(actor: CurrentActor, equipment: EquipmentOf) -> list[Device]:
    """Every device and what it shows."""
    return equipment.devices(actor)


@router.get("/devices/candidates")
async def candidates(actor: CurrentActor, equipment: EquipmentOf) -> list[dict[str, Any]]:
    """What the device host has found and nobody has adopted."""
    return await equipment.candidates(actor)


@router.post("/devices", status_code=201)
async def adopt(body: DeviceSpec, tap_id: TapIdHeader, actor: CurrentActor, equipment: EquipmentOf) -> str:
    """Adopt a device."""
    return await equipment.adopt(actor, body, tap_id)


@router.post("/devices/{device}/test", status_code=201)
async def test_print(device: str, tap_id: TapIdHeader, actor: CurrentActor, equipment: EquipmentOf) -> PrintJob:
    """Print a test receipt."""
    return await equipment.test_print(actor, device, tap_id)


@router.post("/devices/{device}/change")
async def change(device: str, body: DeviceChange, tap_id: TapIdHeader, actor: CurrentActor, equipment: EquipmentOf) -> None:
    """Another name or use, or another device in its place."""
    await equipment.change(actor, device, body, tap_id)


@router.post("/devices/{device}/enable")
async def enable(device: str, body: Enabled, tap_id: TapIdHeader, actor: CurrentActor, equipment: EquipmentOf) -> None:
    """Switch a device off or on."""
    await equipment.enable(actor, device, tap_id, enabled=body.enabled)


@router.post("/devices/{device}/fallback")
async def fallback(device: str, body: Fallback, actor: CurrentActor, equipment: EquipmentOf) -> None:
    """Which printer prints what this one cannot."""
    await equipment.printers.choose_fallback(actor, device, body.fallback)


@router.get("/devices/{device}/history")
async def history(device: str, actor: CurrentActor, equipment: EquipmentOf, limit: int = 50) -> list[Moment]:
    """How a device was, newest first."""
    return equipment.history(actor, device, min(max(limit, 1), 200))


@router.post("/devices/{device}/weigh")
async def weigh(device: str, actor: CurrentActor, equipment: EquipmentOf) -> Weight:
    """What lies on a scale and has come to rest."""
    return await equipment.weigh(actor, device)


@router.get("/devices/{device}/self-test")
async def self_test(device: str, actor: CurrentActor, request: Request) -> Response:
    """The result file of its last self-test."""
    return Response(shop_of(request).self_tests.file(actor, device), media_type="application/json")


@router.get("/devices/{device}/readings")
async def readings(device: str, actor: CurrentActor, sensors: SensorsOf) -> dict[str, Reading]:
    """What a sensor measured last."""
    return dict(sensors.readings(actor, device))


@router.post("/devices/{device}/switch")
async def switch(device: str, body: Wanted, actor: CurrentActor, sensors: SensorsOf) -> None:
    """Switch a plug on or off."""
    await sensors.switch(actor, device, on=body.on, outlet=body.outlet)


@router.get("/print-jobs")
async def jobs(actor: CurrentActor, equipment: EquipmentOf, limit: int = 50) -> list[PrintJob]:
    """The newest print jobs."""
    return equipment.jobs(actor, min(max(limit, 1), 1000))


@router.post("/print-jobs/{job_id}/reprint", status_code=201)
async def reprint(job_id: str, tap_id: TapIdHeader, actor: CurrentActor, equipment: EquipmentOf) -> PrintJob:
    """One more, marked as a copy."""
    return await equipment.reprint(actor, job_id, tap_id)


@router.post("/print-jobs/{job_id}/settle", status_code=201)
async def settle(job_id: str, body: Settlement, tap_id: TapIdHeader, actor: CurrentActor, equipment: EquipmentOf) -> PrintJob:
    """A person says whether an uncertain job came out."""
    return await equipment.settle(actor, job_id, body.printed, tap_id)


@router.post("/devices/{device}/label", status_code=201)
async def print_label(device: str, tap_id: TapIdHeader, actor: CurrentActor, labels: LabelsOf) -> None:
    """Print the label of a device."""
    await labels.print_asset_label(actor, device, tap_id)


@router.get("/devices/{device}/places")
async def places(device: str, actor: CurrentActor, network: NetworkOf) -> list[Cable]:
    """Where a device hung, newest first."""
    return network.places_of(actor, device)


@router.put("/devices/{device}/place")
async def plug(device: str, body: Place, tap_id: TapIdHeader, actor: CurrentActor, network: NetworkOf) -> None:
    """Record where a device hangs."""
    await network.plug(actor, device, body, tap_id)


@router.get("/network")
async def picture(actor: CurrentActor, network: NetworkOf) -> Picture:
    """The network from the hub outwards."""
    return await network.picture(actor)


@router.get("/network/strangers")
async def strangers(actor: CurrentActor, network: NetworkOf) -> list[Card]:
    """Network cards nobody knows."""
    return network.strangers(actor)


@router.put("/network/cards/{mac}")
async def know(mac: str, body: CardName, tap_id: TapIdHeader, actor: CurrentActor, network: NetworkOf) -> Card:
    """Say whose network card it is."""
    return await network.know(actor, mac, body.name, tap_id)


@router.post("/network/sweep", status_code=202)
async def sweep(body: SweepWish, actor: CurrentActor, network: NetworkOf) -> Progress:
    """Ask around in the shop's network; what is found stands among the candidates."""
    return await network.sweep(actor, body.subnet, body.community.get_secret_value() if body.community else None)
