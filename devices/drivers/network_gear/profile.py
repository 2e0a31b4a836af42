"""The settings of a switch, router or access point."""

from __future__ import annotations

from pydantic import Field

from devices.drivers.snmp.profile import SnmpProfile


class NetworkGearProfile(SnmpProfile):
    """Settings of a switch, router or access point."""

    errors_per_min_max: int = Field(60, ge=1)  # of one port, before it counts as bad
    poe_first_ifindex: int = Field(1, ge=1)  # the interface that PoE port 1 belongs to
