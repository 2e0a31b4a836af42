"""The pages of devices and of MQTT name everything there is."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest
from pydantic import BaseModel

import hub.ports
from devices import messages
from devices.drivers import KINDS, driver_of
from devices.reasons import REASONS
from devices.simulators.card_reader import CardReaderSim
from devices.simulators.card_terminal import TerminalSim
from devices.simulators.customer_display import DisplaySim
from devices.simulators.label_printer import LabelPrinterSim
from devices.simulators.network_gear import WifiGearSim
from devices.simulators.office_printer import OfficePrinterSim
from devices.simulators.receipt_printer import PrinterSim
from devices.simulators.scanner import TypingScannerSim
from devices.simulators.third_parties import THINGS
from devices.simulators.ups import UpsSim
from devices.simulators.ups_agent import UpsAgentSim
from hub.ports import Health, Message, Outcome

DOCS = Path(__file__).parents[2] / "docs"
MQTT = (DOCS / "mqtt.md").read_text("utf-8")
DEVICES = (DOCS / "devices.md").read_text("utf-8")


def models() -> list[type[BaseModel]]:
    found = [*vars(hub.ports).values(), *vars(messages).values()]
    skipped = {Message, messages.NoArgs, messages.OneDevice, messages.Enable}
    return sorted({m for m in found if inspect.isclass(m) and issubclass(m, Message) and m not in skipped}, key=lambda m: m.__name__)


@pytest.mark.parametrize("model", models(), ids=lambda m: m.__name__)
def test_every_message_is_on_the_mqtt_page_with_every_field(model: type[BaseModel]) -> None:
    start = MQTT.find(f"### {model.__name__}\n")
    part = (
        MQTT[start:].split("\n### ")[0]
        if start >= 0
        else next((line for line in MQTT.splitlines() if line.startswith(f"- `{model.__name__}`")), "")
    )
    assert part, f"{model.__name__} is not on the page"
    missing = [name for name in model.model_fields if name != "block" and f"`{name}`" not in part]
    assert missing == []


def test_every_reason_is_on_the_page_as_it_is_said() -> None:
    missing = [code for code, words in REASONS.items() if f"| `{code}` | {words.sentence} | {words.action} |" not in MQTT]
    assert missing == []


def test_every_state_and_outcome_is_on_the_page() -> None:
    assert [word for word in (*Health, *Outcome) if f"`{word}`" not in MQTT] == []


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_its_profile_its_verbs_and_its_honest_list(kind: str) -> None:
    made = driver_of(kind)
    part = DEVICES.split(f"(`{kind}`)")[1].split("\n## ")[0]
    assert [name for name in made.profile.model_fields if f"`{name}`" not in part] == []
    assert all(f"| {word} |" in part for word in ("done", "todo", "exempt"))
    assert [verb for verb in made.verbs if f"`{verb}`" not in MQTT] == []


def test_every_verb_of_a_simulator_is_listed() -> None:
    part = DEVICES.split("## The bench")[1]
    sims = (
        PrinterSim,
        LabelPrinterSim,
        OfficePrinterSim,
        TypingScannerSim,
        CardReaderSim,
        TerminalSim,
        UpsSim,
        UpsAgentSim,
        WifiGearSim,
        DisplaySim,
        *THINGS.values(),
    )
    assert [verb for sim in sims for verb in sim.verbs if f"`{verb}`" not in part] == []
