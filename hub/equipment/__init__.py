"""The hub's view of devices, and the print desk."""

from hub.equipment.card_terminal import CardTerminals, Ways
from hub.equipment.link import MqttLink
from hub.equipment.model import Device, DeviceChange, DeviceRefused, DeviceSpec, JobState, PrintJob
from hub.equipment.printing import PrintDesk
from hub.equipment.service import Equipment

__all__ = [
    "CardTerminals",
    "Device",
    "DeviceChange",
    "DeviceRefused",
    "DeviceSpec",
    "Equipment",
    "JobState",
    "MqttLink",
    "PrintDesk",
    "PrintJob",
    "Ways",
]
