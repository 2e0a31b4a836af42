"""What can go wrong between the host and a device. `reason` is a code of devices/reasons.py."""

from __future__ import annotations

from typing import ClassVar

from devices.reasons import reason as words
from hub.errors import InvalidInput, MachineError, NotFound, PersonError


class DeviceError(MachineError):
    """Something between us and the device went wrong; `reason` is a code of devices/reasons.py."""

    code = "device_failed"
    reason: ClassVar[str] = "driver_failed"

    @property
    def words(self) -> str:
        """The sentence for people."""
        return words(self.reason).sentence


class CannotConnect(DeviceError):
    """The address does not answer; nothing was written."""

    code = "device_unreachable"
    hint = "Check that the device is switched on and its cable is plugged in."
    reason = "unreachable"


class LinkLost(DeviceError):
    """The link broke after it was open."""

    code = "device_link_lost"
    hint = "Check the cable and the power of the device."
    reason = "link_lost"


class Silent(DeviceError):
    """The link is open but the device says nothing."""

    code = "device_silent"
    hint = "Switch the device off and on again."
    reason = "silent"


class WrongDevice(DeviceError):
    """Another device answers than the one adopted."""

    code = "device_is_another"
    hint = "Plug the right device in, or adopt the new one."
    reason = "wrong_device"


class RegistrationRefused(DeviceError):
    """A card terminal is there and does not let us in."""

    code = "registration_refused"
    hint = "Check the password of the terminal."
    reason = "registration_refused"


class BadAddress(InvalidInput):
    """An address no transport can be made of."""

    code = "bad_address"
    hint = "Use tcp://host:port, serial:///dev/serial/by-id/…?baud=9600, socket://host:port, hid:///dev/input/by-id/…-event-kbd, usb:///dev/usb/lp0, snmp://host:161 or ipp://host/ipp/print."


class NoSuchDevice(NotFound):
    """No device of this id is adopted here."""

    code = "no_such_device"
    hint = "It may have been removed. Look at the list of devices."


class NoSuchKind(InvalidInput):
    """There is no driver for this kind."""

    code = "no_such_kind"
    hint = "Choose one of the kinds in docs/devices.md."


class AlreadyAdopted(PersonError):
    """The id or the address belongs to another device."""

    code = "already_adopted"
    hint = "Remove the other device first."


class Withdrawn(PersonError):
    """The command was given to another device before it began here."""

    code = "withdrawn"


class NotWithdrawn(PersonError):
    """The command has begun, or has ended: it cannot be given to another device."""

    code = "not_withdrawn"
    hint = "Look at the paper before printing a copy."
