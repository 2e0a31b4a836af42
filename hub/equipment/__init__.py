"""The hub's view of devices, and the print desk."""

from hub.equipment.card_terminal import CardTerminals, Ways
from hub.equipment.labels import AssetLabels
from hub.equipment.link import MqttLink
from hub.equipment.model import POWERS_HUB, Device, DeviceChange, DeviceRefused, DeviceSpec, JobState, PrintJob
from hub.equipment.network import Network
from hub.equipment.power import PowerWatch, ShutdownPlan
from hub.equipment.printing import PrintDesk
from hub.equipment.self_test import SelfTests
from hub.equipment.sensors import Sensors
from hub.equipment.service import Equipment

__all__ = [
    "POWERS_HUB",
    "AssetLabels",
    "CardTerminals",
    "Device",
    "DeviceChange",
    "DeviceRefused",
    "DeviceSpec",
    "Equipment",
    "JobState",
    "MqttLink",
    "Network",
    "PowerWatch",
    "PrintDesk",
    "PrintJob",
    "SelfTests",
    "Sensors",
    "ShutdownPlan",
    "Ways",
]
