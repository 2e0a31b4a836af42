"""What the doctor says: one finding a line, on a console or on the paper of a receipt printer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from hub.ports import Columns, Document, Rule, Text
from ui.station.printing import DEVICE_KINDS
from ui.station.reasons import HEALTH, joined, words
from ui.texts import N_, Texts

Tone = Literal["good", "warn", "bad"]
MARKS: Mapping[Tone, str] = {"good": N_("well"), "warn": N_("look at it"), "bad": N_("broken")}
PARTS: Mapping[str, str] = {
    "network": N_("Network"),
    "hub": N_("Hub"),
    "broker": N_("Message broker"),
    "host": N_("Device host"),
    "hq": N_("Head office"),
    "disk": N_("Storage"),
    "devices": N_("Devices"),
}
PRINTED, NOT_PRINTED = N_("It is printed, too."), N_("The printer did not print it.")
SAYS: Mapping[str, tuple[str, str]] = {
    "no_cable": (N_("No network cable is plugged in and no Wi-Fi is joined."), N_("Plug in the cable of the hub; look at its lamp.")),
    "no_address": (N_("The network gives the hub no address."), N_("Switch the router off and on, wait two minutes.")),
    "no_way_out": (N_("The hub knows no way out of the shop's network."), N_("Switch the router off and on, wait two minutes.")),
    "hub_silent": (N_("The hub does not answer."), N_("Switch the hub off and on; if it stays so, call support.")),
    "broker_silent": (N_("The message broker does not answer."), N_("Switch the hub off and on; if it stays so, call support.")),
    "hq_silent": (N_("Head office is not heard. The shop runs on without it."), ""),
    "no_devices": (N_("No device has been taken in."), ""),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was looked at (a key of PARTS), and how it is (a key of SAYS, or a reason of a device). Of a device: its name, kind, health and reason."""

    part: str
    tone: Tone
    says: str = ""
    name: str = ""
    kind: str = ""
    health: str = ""
    sentence: str = ""
    action: str = ""


def said(t: Texts, finding: Finding) -> tuple[str, str]:
    """The name of what was looked at, and what is so with it and what to do."""
    if finding.says in SAYS:
        sentence, action = SAYS[finding.says]
        told = joined(t, t(sentence), t(action) if action else "")
    else:
        told = joined(t, *words(t, finding.says, finding.sentence, finding.action)) if finding.says else ""
    if not finding.kind:
        return t(PARTS[finding.part]), told
    name = finding.name or t(DEVICE_KINDS.get(finding.kind, finding.kind))
    states = {str(health): label for health, (_, label) in HEALTH.items()}
    return name, told or (t(states[finding.health]) if finding.tone != "good" else "")


def paper(t: Texts, findings: list[Finding], at: str) -> Document:
    """The findings for a receipt printer: what is wrong first."""
    worst_first = sorted(findings, key=lambda f: ("bad", "warn", "good").index(f.tone))
    blocks: list[Text | Rule | Columns] = [
        Text(text=t("Findings of the hub"), align="center", bold=True),
        Columns(left="", right=at),
        Rule(),
    ]
    for finding in worst_first:
        name, told = said(t, finding)
        blocks.append(Columns(left=name[:60], right=t(MARKS[finding.tone]), bold=finding.tone == "bad"))
        if told and finding.tone != "good":
            blocks.append(Text(text=told))
    return Document(blocks=tuple(blocks))
