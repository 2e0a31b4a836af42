"""The board the hub itself runs on: power, heat, storage, memory and clock, read from the files the kernel keeps.

Sources: the firmware's `get_throttled` (bit 0 under-voltage, 1 slowed, 2 throttled, 3 soft temperature limit, all of now), thermal
zone 0, `life_time` and `pre_eol_info` of eMMC (JEDEC 84-B50: steps of a tenth), /proc/meminfo, /proc/mounts, systemd-timesyncd's mark.
What a board does not have is left out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from pydantic import BaseModel, Field

from devices.driver import Bell, Condition, Driver, Figures, Identity, Job, NoArguments, Pace, Profile, Result
from devices.transport import Files
from hub.clock import Clock

LOOK_S = 4.0
MB = 1_000_000
WORN_STEP, WORN_SOON = 9, 2  # of eMMC: nine tenths of its life used, or its own warning
UNSYNCED_AFTER_S = 600  # so long after the start nobody expects a clock to be right
_THROTTLED = "sys/devices/platform/soc/soc:firmware/get_throttled"
_HEAT = "sys/class/thermal/thermal_zone0/temp"
_WEAR = "sys/class/mmc_host/*/*/life_time"
_END_OF_LIFE = "sys/class/mmc_host/*/*/pre_eol_info"
_MODEL, _SERIAL = "proc/device-tree/model", "proc/device-tree/serial-number"
_SYNCED = "run/systemd/timesync"


class BoardProfile(Profile):
    """From when on something is wrong."""

    hot_c: int = Field(80, ge=40, le=110)  # where a Raspberry Pi begins to slow down
    disk_free_mb_min: int = Field(500, ge=10, le=1_000_000)
    memory_free_mb_min: int = Field(80, ge=10, le=100_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """What was read; None where this board does not tell."""

    heat_c: float | None
    throttled: int | None
    disk_free_mb: int
    read_only: bool
    wear_step: int | None
    end_of_life: int | None
    memory_free_mb: int | None
    synced: bool | None
    up_s: float


class HubBoard(Driver):
    """One board."""

    kind: ClassVar[str] = "hub_board"
    profile: ClassVar[type[BoardProfile]] = BoardProfile
    verbs: ClassVar[Mapping[str, type[BaseModel]]] = {"status": NoArguments}
    pace: ClassVar[Pace] = Pace(poll_s=15.0, poll_wait_s=6.0, miss_s=2.0, back_off_s_max=30.0)

    def __init__(self, profile: BoardProfile, link: Files, clock: Clock) -> None:
        self._profile, self._link, self._clock = profile, link, clock
        self.bell = Bell(announce=lambda _: None, show=lambda _: None)

    async def identify(self) -> Identity:
        """Its model and serial number. Raises CannotConnect."""
        await self._link.open()
        model, serial = await asyncio.to_thread(lambda: (self._link.text(_MODEL), self._link.text(_SERIAL)))
        return Identity(model=(model or "").strip("\0\n ")[:64], serial=(serial or "").strip("\0\n ")[:64])

    async def poll(self) -> Condition:
        """Read everything once. Raises LinkLost."""
        async with asyncio.timeout(LOOK_S):  # a dying card answers late, or never
            board = await asyncio.to_thread(read, self._link)
        return Condition(reason=self._wrong_with(board), figures=_figures(board))

    async def run(self, job: Job) -> Result:  # noqa: ARG002 - every verb is answered alike
        """`status`: look now."""
        self.bell.show(await self.poll())
        return Result.done()

    async def stop(self) -> None:
        """Nothing is held."""
        await self._link.close()

    def _wrong_with(self, board: Board) -> str:
        """The worst first."""
        bits = board.throttled or 0
        wrong = {
            "disk_read_only": board.read_only,
            "disk_full": board.disk_free_mb < self._profile.disk_free_mb_min,
            "under_voltage": bool(bits & 0x1),
            "disk_worn": (board.wear_step or 0) >= WORN_STEP or (board.end_of_life or 0) >= WORN_SOON,
            "too_hot": board.heat_c is not None and board.heat_c >= self._profile.hot_c,
            "throttled": bool(bits & 0xE),
            "memory_low": board.memory_free_mb is not None and board.memory_free_mb < self._profile.memory_free_mb_min,
            "clock_not_set": board.synced is False and board.up_s > UNSYNCED_AFTER_S,
        }
        return next((reason for reason, is_so in wrong.items() if is_so), "")


def read(files: Files) -> Board:
    """Every source once; blocks. Raises LinkLost when the files are gone."""
    up = (files.text("proc/uptime") or "0").split()
    return Board(
        heat_c=_scaled(files.text(_HEAT), 1000),
        throttled=_number(files.text(_THROTTLED), 16),
        disk_free_mb=files.free_bytes() // MB,
        read_only=_is_read_only(files.text("proc/mounts") or ""),
        wear_step=max((int(word, 16) for word in (files.first(_WEAR) or "").split() if _is_hex(word)), default=None),
        end_of_life=_number(files.first(_END_OF_LIFE), 16),
        memory_free_mb=_memory_mb(files.text("proc/meminfo") or ""),
        synced=files.text(f"{_SYNCED}/synchronized") is not None if files.has(_SYNCED) else None,
        up_s=float(up[0]) if up and up[0].replace(".", "", 1).isdigit() else 0.0,
    )


def _figures(board: Board) -> Figures:
    bits = board.throttled
    return {
        "heat_c": None if board.heat_c is None else round(board.heat_c),
        "under_voltage": None if bits is None else bool(bits & 0x1),
        "under_voltage_since_start": None if bits is None else bool(bits & 0x10000),
        "disk_free_mb": board.disk_free_mb,
        "disk_worn_pct": None if board.wear_step is None else min(100, board.wear_step * 10),
        "memory_free_mb": board.memory_free_mb,
        "clock_set": board.synced,
    }


def _is_read_only(mounts: str) -> bool:
    """Whether the root file system is: what the kernel does with a card that fails. The last line of a place counts."""
    options = [fields[3] for line in mounts.splitlines() if len(fields := line.split()) >= 4 and fields[1] == "/"]
    return bool(options) and "ro" in options[-1].split(",")


def _memory_mb(meminfo: str) -> int | None:
    for line in meminfo.splitlines():
        name, _, rest = line.partition(":")
        if name == "MemAvailable" and (amount := rest.split()) and amount[0].isdigit():
            return int(amount[0]) * 1024 // MB
    return None


def _is_hex(word: str) -> bool:
    return _number(word, 16) is not None


def _number(text: str | None, base: int) -> int | None:
    try:
        return None if text is None else int(text.strip(), base)
    except ValueError:
        return None


def _scaled(text: str | None, by: int) -> float | None:
    number = _number(text, 10)
    return None if number is None else number / by
