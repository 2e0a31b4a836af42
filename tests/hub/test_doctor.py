"""What the doctor makes of what it sees."""

from __future__ import annotations

import psutil
import pytest

from hub.doctor import Heard, of_disk, of_hub, of_network, of_shop
from hub.ports import Text
from tests.devices.rig import free_port
from ui.station.doctor import Finding, paper, said
from ui.texts import of

WAY_OUT = "Iface Destination Gateway\neth0 00000000 0102A8C0\n"
NO_WAY_OUT = "Iface Destination Gateway\neth0 0002A8C0 00000000\n"


class Card:
    def __init__(self, *, up):
        self.isup = up


class Given:
    def __init__(self, address, family="AF_INET"):
        self.address, self.family = address, type("Family", (), {"name": family})


@pytest.mark.parametrize(
    ("up", "addresses", "routes", "says"),
    [
        (False, ["10.0.0.7"], WAY_OUT, "no_cable"),
        (True, ["169.254.3.4"], WAY_OUT, "no_address"),
        (True, [], WAY_OUT, "no_address"),
        (True, ["10.0.0.7"], NO_WAY_OUT, "no_way_out"),
        (True, ["10.0.0.7"], WAY_OUT, ""),
    ],
)
def test_no_cable_no_address_and_no_way_out_are_told_apart(monkeypatch, tmp_path, up, addresses, routes, says):
    monkeypatch.setattr(psutil, "net_if_stats", lambda: {"lo": Card(up=True), "eth0": Card(up=up)})
    monkeypatch.setattr(psutil, "net_if_addrs", lambda: {"lo": [Given("127.0.0.1")], "eth0": [Given(a) for a in addresses]})
    (tmp_path / "route").write_text(routes)
    assert of_network(tmp_path / "route").says == says


async def test_a_hub_that_does_not_answer_is_broken():
    assert (await of_hub(free_port())).says == "hub_silent"


def test_a_full_disk_is_broken(monkeypatch, tmp_path):
    assert of_disk(tmp_path).tone == "good"
    monkeypatch.setattr("hub.doctor.DISK_FREE_MIN", 1.1)
    assert of_disk(tmp_path).says == "disk_full"


def heard(host="online", **states):
    made = Heard()
    made.take(["host", "h1", "state"], f'{{"health": "{host}", "since": "x"}}'.encode())
    for device, state in states.items():
        made.take(["dev", device, "info"], b'{"kind": "receipt_printer", "name": "%b", "transport": "tcp"}' % device.encode())
        made.take(["dev", device, "state"], state)
    return made


def test_devices_are_told_with_their_reason_and_nothing_is_believed_of_them_when_their_host_is_dead():
    out = b'{"health": "degraded", "reason": "paper_out", "since": "x"}'
    by_name = {f.name: f for f in of_shop(heard(p1=b'{"health": "online", "since": "x"}', p2=out))}
    assert (by_name["p1"].tone, by_name["p2"].tone) == ("good", "warn")
    assert said(of("zh_CN"), by_name["p2"])[1].startswith("打印机没有纸了。")
    dead = {f.name: (f.tone, f.says) for f in of_shop(heard("offline", p2=out)) if f.name}
    assert dead == {"p2": ("bad", "")}


def test_the_printer_that_is_well_is_the_one_that_prints():
    well, ill = b'{"health": "online", "since": "x"}', b'{"health": "offline", "since": "x"}'
    assert heard(a=ill, b=well).printer == "b"
    assert heard().printer is None


def test_on_paper_what_is_broken_comes_first_and_what_is_well_takes_one_line():
    findings = [Finding(part="hub", tone="good"), Finding(part="network", tone="bad", says="no_cable")]
    document = paper(of("en"), findings, "2026-11-22 10:00")
    lines = [block.text if isinstance(block, Text) else getattr(block, "left", "") for block in document.blocks]
    assert lines[3:] == [
        "Network",
        "No network cable is plugged in and no Wi-Fi is joined. Plug in the cable of the hub; look at its lamp.",
        "Hub",
    ]
