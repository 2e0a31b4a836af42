"""The hub's view of devices, and the print desk."""

from hub.equipment.labels import AssetLabels
from hub.equipment.link import MqttLink
from hub.equipment.model import Device, DeviceChange, DeviceRefused, DeviceSpec, JobState, PrintJob
from hub.equipment.network import Network
from hub.equipment.printing import PrintDesk
from hub.equipment.service import Equipment

__all__ = [
    "AssetLabels",
    "Device",
    "DeviceChange",
    "DeviceRefused",
    "DeviceSpec",
    "Equipment",
    "JobState",
    "MqttLink",
    "Network",
    "PrintDesk",
    "PrintJob",
]
