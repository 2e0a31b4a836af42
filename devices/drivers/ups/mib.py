"""A UPS that is asked itself over SNMP: UPS-MIB (RFC 1628), or APC's PowerNet-MIB where the first is absent.

Traps of scale, all seen in recordings: estimated time is whole minutes in UPS-MIB and ticks of 10 ms at APC; a battery's voltage is in
tenths of a volt, that of the mains in whole volts (see `mains_v`); -1 is told for what is not known.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping

from devices.driver import Identity
from devices.drivers.snmp.agent import Agent, Value
from devices.drivers.snmp.profile import SnmpProfile
from devices.drivers.snmp.values import text, whole
from devices.drivers.ups.reading import NothingKnown, Reading, mains_v
from devices.errors import WrongDevice
from devices.transport import Transport

_UPS, _APC = "1.3.6.1.2.1.33.1", "1.3.6.1.4.1.318.1.1.1"
TEXT_MAX = 60
LINES_MAX = 8  # phases in and out
ALARMS_MAX = 32
INPUT_VOLTS, LOADS, ALARMS = f"{_UPS}.3.3.1.3", f"{_UPS}.4.4.1.5", f"{_UPS}.6.2.1.2"
IDENTITY = {"maker": f"{_UPS}.1.1.0", "model": f"{_UPS}.1.2.0", "firmware": f"{_UPS}.1.3.0"}
STANDARD = {
    "battery": f"{_UPS}.2.1.0",  # upsBatteryStatus: unknown(1), batteryNormal(2), batteryLow(3), batteryDepleted(4)
    "minutes": f"{_UPS}.2.3.0",
    "charge": f"{_UPS}.2.4.0",
    "battery_dv": f"{_UPS}.2.5.0",
    "source": f"{_UPS}.4.1.0",  # upsOutputSource: other(1), none(2), normal(3), bypass(4), battery(5), booster(6), reducer(7)
}
APC = {
    "model": f"{_APC}.1.1.1.0",
    "firmware": f"{_APC}.1.2.1.0",
    "serial": f"{_APC}.1.2.3.0",
    "battery": f"{_APC}.2.1.1.0",  # upsBasicBatteryStatus: unknown(1), batteryNormal(2), batteryLow(3), batteryInFaultCondition(4)
    "charge": f"{_APC}.2.2.1.0",
    "ticks": f"{_APC}.2.2.3.0",
    "replace": f"{_APC}.2.2.4.0",  # noBatteryNeedsReplacing(1), batteryNeedsReplacing(2)
    "battery_v": f"{_APC}.2.2.8.0",
    "input_v": f"{_APC}.3.2.1.0",
    "output": f"{_APC}.4.1.1.0",  # upsBasicOutputStatus
    "load": f"{_APC}.4.2.3.0",
}
_OTHER, _NONE, _BYPASS, _BATTERY = 1, 2, 4, 5
_LOW = frozenset({3, 4})
# upsWellKnownAlarms, by their last number
_BATTERY_BAD, _ON_BATTERY, _LOW_BATTERY, _DEPLETED, _OVERLOAD, _ON_BYPASS, _OUTPUT_OFF, _NO_NEWS = 1, 2, 3, 4, 8, 9, 14, 20
_FAULTS = frozenset({5, 7, 13, 16, 17, 18, 19})  # too hot or cold, output, charger, fan, fuse, general, failed test
_APC_ON_BATTERY, _APC_UNKNOWN, _APC_LOW, _APC_IN_FAULT = 3, 1, 3, 4
_APC_OFF = frozenset({5, 7, 8, 11})  # timedSleeping, off, rebooting, sleepingUntilPowerReturn
_APC_BYPASS = frozenset({6, 9, 10})  # by software, by switch, by a failure
_APC_FAILED = 10


class NoUps(WrongDevice):
    """What answers knows neither of the two ways a UPS is described."""

    reason = "no_ups_there"


class Mib:
    """One UPS. Which of the two MIBs it has is found out at `identify`."""

    def __init__(self, profile: SnmpProfile, link: Transport) -> None:
        self.ignored: int | None = None
        self._profile, self._link = profile, link
        self._agent: Agent | None = None
        self._read: Callable[[Agent], Awaitable[Reading]] | None = None

    async def identify(self) -> Identity:
        """Raises CannotConnect, NoAnswer, Refused, NotUnderstood or NoUps."""
        agent = await self._asked()
        if await self._reader(agent) is read_standard:
            said = await agent.get(*IDENTITY.values())
            told = {name: text(said.get(oid), TEXT_MAX) for name, oid in IDENTITY.items()}
            made = told["model"] if told["maker"].lower() in told["model"].lower() else f"{told['maker']} {told['model']}"
            return Identity(model=made[:TEXT_MAX], firmware=told["firmware"])
        said = await agent.get(APC["model"], APC["serial"], APC["firmware"])
        serial, firmware = text(said.get(APC["serial"])), text(said.get(APC["firmware"]))
        return Identity(model=f"APC {text(said.get(APC['model']))}"[:TEXT_MAX], serial=serial, firmware=firmware)

    async def look(self) -> Reading:
        """Raises NothingKnown, CannotConnect, NoAnswer, Refused, NotUnderstood or NoUps."""
        agent = await self._asked()
        return await (await self._reader(agent))(agent)

    async def close(self) -> None:
        """Let go of both sockets."""
        self._agent = self._read = None
        await self._link.close()

    async def _asked(self) -> Agent:
        if self._agent is None:
            self._agent = await Agent.reached(self._profile, self._link)
        return self._agent

    async def _reader(self, agent: Agent) -> Callable[[Agent], Awaitable[Reading]]:
        if self._read is None:
            there = await agent.get(STANDARD["source"], APC["output"])
            if not there:
                raise NoUps
            self._read = read_standard if STANDARD["source"] in there else read_apc
        return self._read


async def read_standard(agent: Agent) -> Reading:
    """UPS-MIB. Raises NothingKnown where it tells no source of its output, and what the agent raises."""
    said = await agent.get(*STANDARD.values())
    row = {name: said.get(oid) for name, oid in STANDARD.items()}
    volts = await agent.column(INPUT_VOLTS, rows_max=LINES_MAX)
    loads = await agent.column(LOADS, rows_max=LINES_MAX)
    alarms = alarms_of((await agent.column(ALARMS, rows_max=ALARMS_MAX)).values())
    return understood(row, list(volts.values()), list(loads.values()), alarms)


def understood(row: Mapping[str, Value], volts: list[Value], loads: list[Value], alarms: frozenset[int]) -> Reading:
    """What the columns of UPS-MIB mean together. Raises NothingKnown."""
    source = whole(row["source"])
    if _NO_NEWS in alarms or (source in {None, _OTHER} and _ON_BATTERY not in alarms):
        raise NothingKnown("ups_stale")
    battery = known(row["battery_dv"])
    load = max((load for load in map(known, loads) if load is not None), default=None)
    return Reading(
        on_battery=source == _BATTERY or _ON_BATTERY in alarms,
        low=whole(row["battery"]) in _LOW or bool(alarms & {_LOW_BATTERY, _DEPLETED}),
        off=source == _NONE or _OUTPUT_OFF in alarms,
        overload=_OVERLOAD in alarms or (load or 0) > 100,
        bypass=source == _BYPASS or _ON_BYPASS in alarms,
        fault=bool(alarms & _FAULTS),
        replace=_BATTERY_BAD in alarms,
        battery_pct=percent(row["charge"]),
        minutes_left=known(row["minutes"]),
        load_pct=load,
        input_v=mains_v(known(volts[0]) if volts else None),  # the first line: the others are 0 where there is one phase
        battery_v=None if battery is None else battery / 10,
    )


async def read_apc(agent: Agent) -> Reading:
    """PowerNet-MIB. Raises NothingKnown where the card has lost its UPS, and what the agent raises."""
    said = await agent.get(*APC.values())
    return understood_apc({name: said.get(oid) for name, oid in APC.items()})


def understood_apc(row: Mapping[str, Value]) -> Reading:
    """What PowerNet-MIB says. Raises NothingKnown."""
    output, battery, ticks = whole(row["output"]), whole(row["battery"]), known(row["ticks"])
    if output in {None, _APC_UNKNOWN}:
        raise NothingKnown("ups_stale")
    volts, load = known(row["battery_v"]), known(row["load"])
    return Reading(
        on_battery=output == _APC_ON_BATTERY,
        low=battery == _APC_LOW,
        off=output in _APC_OFF,
        overload=load is not None and load > 100,
        bypass=output in _APC_BYPASS,
        fault=output == _APC_FAILED,
        replace=whole(row["replace"]) == 2 or battery == _APC_IN_FAULT,
        battery_pct=percent(row["charge"]),
        minutes_left=None if ticks is None else ticks // 6000,
        load_pct=load,
        input_v=mains_v(known(row["input_v"])),
        battery_v=None if volts is None else float(volts),
    )


def alarms_of(rows: Iterable[Value]) -> frozenset[int]:
    """The well-known alarms that are present, by their last number; a maker's own are no concern of ours."""
    prefix = f"{_UPS}.6.3."
    found = (row.removeprefix(prefix) for row in rows if isinstance(row, str) and row.startswith(prefix))
    return frozenset(int(alarm) for alarm in found if alarm.isdecimal() and len(alarm) <= 3)


def known(value: Value) -> int | None:
    """A number; below nothing is what agents say for what they do not know."""
    number = whole(value)
    return number if number is not None and number >= 0 else None


def percent(value: Value) -> int | None:
    """0 to 100, else it is not known."""
    number = known(value)
    return number if number is not None and number <= 100 else None
