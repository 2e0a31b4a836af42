"""A board as a folder of the files a Raspberry Pi's kernel keeps, with the faults such a board gets."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from devices.simulators.verbs import Args, Nothing

_FIRMWARE = "sys/devices/platform/soc/soc:firmware/get_throttled"
_CARD = "sys/class/mmc_host/mmc0/mmc0:0001"
_WELL = {
    "proc/device-tree/model": "Raspberry Pi 5 Model B Rev 1.0 SIMULATED\0",
    "proc/device-tree/serial-number": "simulated0000001\0",
    "proc/uptime": "86400.12 170000.00\n",
    "proc/meminfo": "MemTotal:        4050000 kB\nMemFree:          900000 kB\nMemAvailable:    2600000 kB\n",
    "proc/mounts": "/dev/root / ext4 ro,relatime 0 0\n/dev/mmcblk0p2 / ext4 rw,noatime 0 0\n",
    "sys/class/thermal/thermal_zone0/temp": "51121\n",
    _FIRMWARE: "0\n",
    f"{_CARD}/life_time": "0x01 0x02\n",
    f"{_CARD}/pre_eol_info": "0x01\n",
    "run/systemd/timesync/synchronized": "",
    "free_bytes": "24000000000",
}
_FAULTS: Mapping[str, Mapping[str, str | None]] = {
    "under_voltage": {_FIRMWARE: "50005\n"},
    "slow_down": {_FIRMWARE: "20002\n"},
    "heat": {"sys/class/thermal/thermal_zone0/temp": "86400\n"},
    "fill_disk": {"free_bytes": "120000000"},
    "wear_out": {f"{_CARD}/life_time": "0x0a 0x09\n"},
    "read_only": {"proc/mounts": "/dev/mmcblk0p2 / ext4 rw,noatime 0 0\n/dev/mmcblk0p2 / ext4 ro,noatime 0 0\n"},
    "use_memory": {"proc/meminfo": "MemTotal: 4050000 kB\nMemAvailable: 61000 kB\n"},
    "lose_clock": {"run/systemd/timesync/synchronized": None},
    "garble": {name: "\x00\xff nonsense\n" for name in _WELL if name != "free_bytes"},
}


class BoardSim:
    """SIMULATED. `folder` is its root."""

    kind: ClassVar[str] = "hub_board"
    verbs: ClassVar[Mapping[str, type[Args]]] = {**dict.fromkeys((*_FAULTS, "unplug", "plug_in", "heal"), Nothing)}
    end: None = None

    def __init__(self, name: str, folder: Path) -> None:
        self.name, self._folder = name, folder
        self._faults: list[str] = []

    @property
    def address(self) -> str:
        """How a device host reaches it."""
        return f"board://{self._folder}?simulated=1"

    async def start(self) -> None:
        """Switch it on."""
        self._write(_WELL)
        for fault in self._faults:
            self._write(_FAULTS[fault])

    async def stop(self) -> None:
        """Switch it off."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def state(self) -> dict[str, Any]:
        """What is wrong with it."""
        plugged = self._folder.is_dir()
        return {"plugged": plugged, "faults": [*self._faults, *([] if plugged else ["unplug"])]}

    async def do(self, verb: str, args: Args) -> dict[str, Any]:  # noqa: ARG002 - no verb of a board takes any
        """What happens to it."""
        if verb == "unplug":
            await self.stop()
        elif verb in {"plug_in", "heal"}:
            self._faults = [] if verb == "heal" else self._faults
            await self.start()
        else:
            self._faults.append(verb)
            if self._folder.is_dir():  # else it shows when the board is switched on
                self._write(_FAULTS[verb])
        return self.state()

    def _write(self, files: Mapping[str, str | None]) -> None:
        for name, content in files.items():
            file = self._folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            if content is None:
                file.unlink(missing_ok=True)
            else:
                file.write_text(content, "utf-8")
