"""The devices of the fleet's stories: per kind how one is made, what befalls it, how long that may take to show, and what is true of it then.

A new kind joins with one class in CAST, or says in NOT_IN_CAST why it cannot; `test_fleet.py` fails until it does.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

from devices.simulators.customer_display import DisplaySim
from devices.simulators.hub_board import BoardSim
from devices.simulators.network_gear import NetworkGearSim
from devices.simulators.presence import ScreenSim
from devices.simulators.scale import CAPACITY_MG, ScaleSim
from devices.simulators.scanner import Garbage, ScannerSim, ScanOne
from devices.simulators.ups import UpsSim
from tests.devices.cast_more import CardReaderPart, CardTerminalPart, OfficePrinterPart
from tests.devices.cast_part import OFFLINE, Fault, Part
from tests.devices.cast_printers import LabelPrinterPart, ReceiptPrinterPart


class ScannerPart(Part):
    kind = "scanner"
    settles_s = 6.0

    def made(self) -> None:
        self.sim = ScannerSim.on_tcp(self.id)
        self.bad = 0  # in a row
        self.codes = 0

    def faults(self, rng: random.Random) -> list[Fault]:
        return [("unplug", {}), ("plug_in", {}), ("garbage", {"bytes_hex": "ff00fe0d" * rng.randint(1, 4)})]

    async def do(self, fault: Fault) -> None:
        if fault[0] == "garbage":
            heard = (await self.sim.do("garbage", Garbage(bytes_hex=fault[1]["bytes_hex"])))["heard"]
            self.bad = self.bad + 2 * fault[1]["bytes_hex"].count("0d") if heard else self.bad
            return
        await super().do(fault)
        if fault[0] == "unplug":
            self.bad = 0  # a new connection counts anew

    def switched_off(self) -> None:
        self.bad = 0

    async def heal(self) -> None:
        await self.do(("plug_in", {}))

    def truth(self) -> tuple[str, str]:
        if not self.sim.end.plugged:
            return OFFLINE, ""
        return ("degraded", "garbage") if self.bad >= 5 else ("online", "")

    async def use(self, rng: random.Random) -> Callable[[], str]:
        self.codes += 1
        code = f"M{self.number}-{self.codes}"
        self.events.clear()
        heard = (await self.sim.do("scan", ScanOne(code=code, suffix=rng.choice(["\r", "\n", "\r\n"]))))["heard"]
        self.bad = 0

        def wrong() -> str:
            seen = [body["code"] for name, body in self.events if name == "scan"]
            return "" if seen == [code] else f"scanned {code} (heard: {heard}), told {seen}"

        return wrong


class ScalePart(Part):
    kind = "scale"

    def made(self) -> None:
        dialect = ("toledo_8217", "mt_sics", "cas")[self.number % 3]
        self.sim = ScaleSim.on_tcp(self.id, dialect=dialect)
        self.profile = {"dialect": dialect}

    def faults(self, rng: random.Random) -> list[Fault]:
        return [
            ("put", {"mg": rng.choice([0, 1000 * rng.randrange(15_000), 1000 * rng.randrange(15_000), 20_000_000, -50_000])}),
            ("jiggle", {}),
            ("settle", {}),
            ("dont_answer", {}),
            ("late", {"seconds": rng.choice([0.1, 0.3, 1.0, 3.0])}),
            ("garble", {"answers": rng.randint(1, 3)}),
            ("half_write", {"after_bytes": rng.randrange(6)}),
            ("unplug", {}),
            ("plug_in", {}),
        ]

    async def heal(self) -> None:
        await super().heal()
        await self.do(("put", {"mg": 0}))

    def truth(self) -> tuple[str, str]:
        sim = self.sim
        if not sim.end.plugged or sim._mute or sim._late_s > 0.5:
            return OFFLINE, ""
        if sim.mg > CAPACITY_MG and sim.dialect != "cas":  # that dialect only never comes to rest
            return "degraded", "over_capacity"
        moving_first = sim.moving and sim.dialect == "toledo_8217"
        return ("degraded", "under_zero") if sim.mg < 0 and not moving_first else ("online", "")

    def figures(self) -> Mapping[str, Any]:
        sim = self.sim
        if self.truth()[0] != "online":
            return {}
        return {"mg": None if sim.moving or sim.mg > CAPACITY_MG else sim._shown}

    def command(self, rng: random.Random, tag: str) -> Fault:
        return ("weigh", {"within_s": rng.choice([1, 5])}) if rng.random() < 0.5 else ("status", {})


class UpsPart(Part):
    kind = "ups"
    settles_s = 22.0

    def made(self) -> None:
        self.sim = UpsSim.on_tcp(self.id)
        self.serial = False

    def faults(self, rng: random.Random) -> list[Fault]:
        plain = (
            "mains_off",
            "mains_off",
            "mains_on",
            "replace_battery",
            "stale",
            "driver_gone",
            "wait",
            "dont_answer",
            "unplug",
            "plug_in",
        )
        return [
            *((verb, {}) for verb in plain),
            ("battery", {"pct": rng.choice([5, 50, 100]), "minutes": rng.choice([1, 20])}),
            ("load", {"pct": rng.choice([20, 130])}),
            ("garble", {"answers": rng.randint(1, 2)}),
            ("half_write", {"after_bytes": rng.randrange(200)}),
        ]

    async def heal(self) -> None:
        for fault in (("heal", {}), ("mains_on", {}), ("battery", {"pct": 100, "minutes": 30}), ("load", {"pct": 20})):
            await self.do(fault)

    def truth(self) -> tuple[str, str]:
        sim = self.sim
        if not sim.end.plugged or sim._mute:
            return OFFLINE, ""
        if sim._trouble:
            return "degraded", "ups_driver_gone" if sim._trouble == "driver_gone" else "ups_stale"
        status = sim.status.split()
        why = ("battery_low" if "LB" in status else "on_battery") if "OB" in status else ""
        why = why or ("ups_overload" if "OVER" in status else "replace_battery" if "RB" in status else "")
        return ("degraded", why) if why else ("online", "")


class DisplayPart(Part):
    kind = "customer_display"
    settles_s = 45.0  # a display that is stuck is noticed when it is written again

    def made(self) -> None:
        dialect = ("escpos", "cd5220")[self.number % 2]
        self.sim = DisplaySim.on_tcp(self.id, dialect=dialect)
        self.profile = {"dialect": dialect, "charset": "gbk"}
        self.serial = True

    def in_memory(self) -> None:
        """A line that takes nothing while the display is stuck; what a real one keeps on the way hides it longer."""
        super().in_memory()
        self.sim.end.room = 0

    def faults(self, rng: random.Random) -> list[Fault]:
        # what lies between us and a display on TCP takes bytes for ever
        return [("power_cycle", {}), ("unplug", {}), ("plug_in", {}), *([] if self.on_tcp else [("stuck", {}), ("stuck", {})])]

    def truth(self) -> tuple[str, str]:
        return (OFFLINE, "") if not self.sim.end.plugged or self.sim._stuck else ("online", "")

    def command(self, rng: random.Random, tag: str) -> Fault:
        lines = [{"left": tag[:12], "right": "¥1.00"}, {"left": "谢谢", "right": ""}]
        return ("show", {"lines": lines}) if rng.random() < 0.7 else (rng.choice(["clear", "status"]), {})

    def wrong_when_well(self) -> str:
        unknown = self.sim.unknown
        return f"{unknown} commands it does not know" if unknown else ""


class GearPart(Part):
    kind = "network_gear"
    settles_s = 50.0

    def made(self) -> None:
        self.sim = NetworkGearSim.on_udp(self.id)
        self.profile = {"answer_wait_s": 0.5}

    def in_memory(self) -> None:
        """Its library has a socket of its own, so it is on loopback, where virtual time waits for it."""
        self.on_tcp = True

    def faults(self, rng: random.Random) -> list[Fault]:
        plain = ("reboot", "poe_overload", "dont_answer", "wrong_community", "unplug", "plug_in")
        return [
            *((verb, {}) for verb in plain),
            ("port_down", {"port": rng.randint(1, 48)}),
            ("port_up", {"port": rng.randint(1, 48)}),
            ("too_big", {"rows": rng.choice([8, 30])}),
            ("garble", {"answers": rng.randint(1, 3)}),
            ("errors", {"port": rng.randint(1, 48), "count": 1000}),
        ]

    async def heal(self) -> None:
        await super().heal()
        for port in self.sim.ports.values():
            port.up = True

    def truth(self) -> tuple[str, str]:
        sim = self.sim
        if not sim.end.plugged or sim._mute or sim.community != "public":
            return OFFLINE, ""
        return ("degraded", "poe_overload") if sim._overloaded else ("online", "")

    def figures(self) -> Mapping[str, Any]:
        if self.truth()[0] == OFFLINE:
            return {}
        return {"ports": 48, "ports_up": sum(port.up for port in self.sim.ports.values())}

    def command(self, rng: random.Random, tag: str) -> Fault:
        return rng.choice(["status", "ports"]), {}


class PresencePart(Part):
    """Its beats come by MQTT; the host makes the device by itself."""

    kind = "presence"
    settles_s = 22.0

    def made(self) -> None:
        self.id = f"screen-kiosk-{self.number}"
        self.publish: Callable[[str, str], None] = lambda _topic, _payload: None
        self.sim = ScreenSim(lambda topic, payload: self.publish(topic, payload), f"store/s1/screen/kiosk-{self.number}/beat", "kiosk")

    def in_memory(self) -> None:
        """It has no wire."""

    async def start(self) -> None:
        self.sim.start()

    async def do(self, fault: Fault) -> None:
        verb = fault[0]
        if verb == "stop":
            await self.sim.stop()
        elif verb == "start":
            self.sim.start()
        else:
            self.sim.hide(hidden=verb == "hide")
        if verb == "load_again":
            self.sim.load_again()

    def faults(self, rng: random.Random) -> list[Fault]:
        return [(verb, {}) for verb in ("stop", "start", "hide", "show", "load_again")]

    async def heal(self) -> None:
        await self.do(("show", {}))
        self.sim.start()

    def truth(self) -> tuple[str, str]:
        if self.sim._beating is None:
            return OFFLINE, ""
        return ("online", "") if self.sim._said["visible"] else ("degraded", "page_hidden")


class BoardPart(Part):
    kind = "hub_board"
    settles_s = 60.0
    _WORST_FIRST = ("read_only", "fill_disk", "under_voltage", "wear_out", "heat", "slow_down", "use_memory", "lose_clock")
    _REASONS = ("disk_read_only", "disk_full", "under_voltage", "disk_worn", "too_hot", "throttled", "memory_low", "clock_not_set")

    def made(self) -> None:
        self.sim = BoardSim(self.id, self.folder / self.id)
        self.address = self.sim.address

    def in_memory(self) -> None:
        """It is a folder."""

    def faults(self, rng: random.Random) -> list[Fault]:
        power = {"under_voltage", "slow_down"} & set(self.sim._faults)  # one file holds both
        return [(verb, {}) for verb in (*self._WORST_FIRST, "unplug", "plug_in") if not (power and verb in {"under_voltage", "slow_down"})]

    def truth(self) -> tuple[str, str]:
        state = self.sim.state()
        if not state["plugged"]:
            return OFFLINE, ""
        why = next((why for verb, why in zip(self._WORST_FIRST, self._REASONS, strict=True) if verb in state["faults"]), "")
        return ("degraded", why) if why else ("online", "")


CAST: Mapping[str, type[Part]] = {
    part.kind: part
    for part in (
        ReceiptPrinterPart,
        LabelPrinterPart,
        ScannerPart,
        ScalePart,
        UpsPart,
        DisplayPart,
        GearPart,
        PresencePart,
        BoardPart,
        CardReaderPart,
        CardTerminalPart,
        OfficePrinterPart,
    )
}
NOT_IN_CAST = {  # kind -> why
    "internet": "asks over sockets of its own, TCP too, and takes the time of the real clock: nothing of it follows virtual time",
    "sensor": "has no wire but a connection to the broker beside the host's, which these stories do not replace",
}
