"""Things in four dialects, as Zigbee2MQTT, Tasmota, Shelly (by a script) and ESPHome announce themselves and speak."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from devices.simulators.things import COMMON, Celsius, ThingSim, Watts
from devices.simulators.verbs import Args, Nothing


class LeakSensor(ThingSim):
    """A battery sensor on the floor, behind Zigbee2MQTT."""

    dialect = "zigbee2mqtt"
    verbs: ClassVar[Mapping[str, type[Args]]] = {**COMMON, "leak": Nothing, "dry": Nothing, "low_battery": Nothing}

    def _first(self) -> dict[str, Any]:
        return {"water_leak": False, "battery": 97, "linkquality": 120}

    def _presence(self) -> tuple[str, str, str]:
        return f"sim-zigbee2mqtt/{self.called}/availability", '{"state":"online"}', '{"state":"offline"}'

    def _configs(self) -> dict[str, dict[str, Any]]:
        shared = {
            "availability": [{"topic": self._presence()[0], "value_template": '{{ value_json["state"] }}'}],
            "availability_mode": "all",
            "device": {
                "identifiers": [self.uid],
                "manufacturer": "SIMULATED",
                "model": "Water leak sensor (SJCGQ11LM)",
                "name": self.called,
            },
            "origin": {"name": "Zigbee2MQTT", "sw": "2.1.0"},
            "state_topic": f"sim-zigbee2mqtt/{self.called}",
        }
        entities: dict[str, dict[str, Any]] = {
            "binary_sensor/{}/water_leak": {
                "device_class": "moisture",
                "payload_on": True,
                "payload_off": False,
                "value_template": '{{ value_json["water_leak"] }}',
            },
            "sensor/{}/battery": {"device_class": "battery", "unit_of_measurement": "%", "value_template": "{{ value_json.battery }}"},
            "sensor/{}/linkquality": {"unit_of_measurement": "lqi", "value_template": "{{ value_json.linkquality }}"},
            "update/{}/update": {"value_template": "{{ value_json['update']['state'] }}", "command_topic": "sim-zigbee2mqtt/update"},
        }
        return {
            f"homeassistant/{where.format(self.uid)}/config": {**shared, **said, "unique_id": f"{self.uid}_{where.split('/')[2]}"}
            for where, said in entities.items()
        }

    def _told(self) -> dict[str, Any]:
        return {f"sim-zigbee2mqtt/{self.called}": self.values}

    def _deed(self, verb: str, args: Any) -> None:  # noqa: ARG002
        if verb == "low_battery":
            self.values["battery"] = 4
        else:
            self.values["water_leak"] = verb == "leak"


class Plug(ThingSim):
    """A plug that measures, with Tasmota."""

    dialect = "tasmota"
    verbs: ClassVar[Mapping[str, type[Args]]] = {**COMMON, "draw": Watts, "stuck": Nothing}

    def _first(self) -> dict[str, Any]:
        return {"on": True, "watts": 12.5, "kwh": 3.141}

    def _presence(self) -> tuple[str, str, str]:
        return f"tele/sim-tasmota/{self.called}/LWT", "Online", "Offline"

    def _command_topics(self) -> tuple[str, ...]:
        return (f"cmnd/sim-tasmota/{self.called}/POWER",)

    def _configs(self) -> dict[str, dict[str, Any]]:
        shared = {
            "~": f"tele/sim-tasmota/{self.called}",
            "avty_t": "~/LWT",
            "pl_avail": "Online",
            "pl_not_avail": "Offline",
            "dev": {"ids": [self.uid], "name": self.called, "mdl": "Sonoff S31", "sw": "13.4.0(tasmota)", "mf": "SIMULATED"},
        }
        energy = {"stat_t": "~/SENSOR", "unit_of_meas": "W", "dev_cla": "power"}
        return {
            f"homeassistant/switch/{self.uid}_RL_1/config": {
                **shared,
                "name": "Plug",
                "stat_t": f"stat/sim-tasmota/{self.called}/RESULT",
                "cmd_t": self._command_topics()[0],
                "val_tpl": "{{value_json.POWER}}",
                "pl_off": "OFF",
                "pl_on": "ON",
                "uniq_id": f"{self.uid}_RL_1",
            },
            f"homeassistant/sensor/{self.uid}_POWER/config": {
                **shared,
                **energy,
                "val_tpl": "{{value_json['ENERGY']['Power']}}",
                "uniq_id": f"{self.uid}_POWER",
            },
            f"homeassistant/sensor/{self.uid}_TOTAL/config": {
                **shared,
                **energy,
                "unit_of_meas": "kWh",
                "dev_cla": "energy",
                "val_tpl": "{{value_json['ENERGY'].Total}}",
                "uniq_id": f"{self.uid}_TOTAL",
            },
        }

    def _told(self) -> dict[str, Any]:
        power = self.values["watts"] if self.values["on"] else 0
        return {
            f"stat/sim-tasmota/{self.called}/RESULT": {"POWER": "ON" if self.values["on"] else "OFF"},
            f"tele/sim-tasmota/{self.called}/SENSOR": {
                "ENERGY": {"Power": power, "Total": self.values["kwh"]},
                "Uptime": self.values.get("flood", 0),
            },
        }

    def _obey(self, payload: str) -> None:
        if payload in {"ON", "OFF"} and "stuck" not in self._faults:
            self.values["on"] = payload == "ON"

    def _deed(self, verb: str, args: Any) -> None:
        if verb == "draw":
            self.values["watts"] = args.watts
        else:
            self._faults.add("stuck")


class Door(ThingSim):
    """A contact at a door, announced by a script of a Shelly for the whole device at once."""

    dialect = "shelly"
    verbs: ClassVar[Mapping[str, type[Args]]] = {**COMMON, "open_door": Nothing, "close_door": Nothing, "low_battery": Nothing}

    def _first(self) -> dict[str, Any]:
        return {"open": False, "battery": 88}

    def _presence(self) -> tuple[str, str, str]:
        return f"sim-shelly/{self.called}/online", "true", "false"

    def _configs(self) -> dict[str, dict[str, Any]]:
        return {
            f"homeassistant/device/{self.uid}/config": {
                "dev": {"cns": [["mac", self.uid]], "name": self.called, "mf": "SIMULATED", "mdl": "BLU Door/Window"},
                "o": {"name": "shelly-script"},
                "~": f"sim-shelly/{self.called}",
                "avty_t": "~/online",
                "pl_avail": "true",
                "pl_not_avail": "false",
                "cmps": {
                    "door": {
                        "p": "binary_sensor",
                        "dev_cla": "door",
                        "stat_t": "~/status/contact:0",
                        "val_tpl": "{{ iif(value_json.open, 'ON', 'OFF') }}",
                        "uniq_id": f"{self.uid}-door",
                    },
                    "battery": {
                        "p": "sensor",
                        "dev_cla": "battery",
                        "unit_of_meas": "%",
                        "stat_t": "~/status/devicepower:0",
                        "val_tpl": "{{ value_json.battery.percent | float | round(0) }}",
                        "uniq_id": f"{self.uid}-battery",
                    },
                    "light": {"p": "light", "cmd_t": "~/rpc", "uniq_id": f"{self.uid}-light"},
                },
            }
        }

    def _told(self) -> dict[str, Any]:
        return {
            f"sim-shelly/{self.called}/status/contact:0": {"id": 0, "open": self.values["open"], "n": self.values.get("flood", 0)},
            f"sim-shelly/{self.called}/status/devicepower:0": {"id": 0, "battery": {"percent": self.values["battery"]}},
        }

    def _deed(self, verb: str, args: Any) -> None:  # noqa: ARG002
        if verb == "low_battery":
            self.values["battery"] = 3
        else:
            self.values["open"] = verb == "open_door"


class Climate(ThingSim):
    """A thermometer with ESPHome, which keeps its states on the broker."""

    dialect = "esphome"
    verbs: ClassVar[Mapping[str, type[Args]]] = {**COMMON, "warm": Celsius}
    retains = True

    def _first(self) -> dict[str, Any]:
        return {"temperature": 21.5, "humidity": 47}

    def _presence(self) -> tuple[str, str, str]:
        return f"sim-esphome/{self.called}/status", "online", "offline"

    def _configs(self) -> dict[str, dict[str, Any]]:
        units = {"temperature": "°C", "humidity": "%"}
        return {
            f"homeassistant/sensor/sim-{self.called}/{what}/config": {
                "dev_cla": what,
                "unit_of_meas": unit,
                "stat_cla": "measurement",
                "name": what.title(),
                "stat_t": f"sim-esphome/{self.called}/sensor/{what}/state",
                "avty_t": self._presence()[0],
                "uniq_id": f"ESPsensor{what}{self.uid}",
                "dev": {"ids": self.uid, "name": self.called, "sw": "esphome v2024.6.1", "mdl": "esp32dev", "mf": "SIMULATED Espressif"},
            }
            for what, unit in units.items()
        }

    def _told(self) -> dict[str, Any]:
        return {f"sim-esphome/{self.called}/sensor/{what}/state": str(self.values[what]) for what in ("temperature", "humidity")}

    def _deed(self, verb: str, args: Any) -> None:  # noqa: ARG002
        self.values["temperature"] = args.celsius


THINGS: Mapping[str, type[ThingSim]] = {"water": LeakSensor, "plug": Plug, "door": Door, "climate": Climate}
