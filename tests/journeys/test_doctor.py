"""The doctor at a real shop: well, with a dead host, with a dead broker; and on paper."""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys

import hub.doctor
from tests.harness import Browser, wait_until
from ui.station.doctor import Finding


def doctor(shop, *more):
    (shop.folder / "ports.json").write_text(json.dumps({"web": {"wanted": 8080, "port": shop.web}}))
    argv = [sys.executable, "-m", "provisioning.cli", "doctor", "--store-dir", str(shop.folder), "--language", "en", *more]
    told = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False, env=shop.env)
    return told.returncode, told.stdout


def test_a_shop_that_is_well_is_told_so_and_the_findings_are_printed(shop, manager):
    code, told = doctor(shop, "--print")
    assert code == 0, told
    assert all(f"well  {part}" in told for part in ("Hub", "Storage", "Message broker", "Device host")), told
    assert told.splitlines()[-1] == "It is printed, too."
    assert any("Findings of the hub" in line for line in shop.printed()[-1]["lines"])


def test_a_printer_without_paper_is_named_with_what_to_do_and_does_not_make_the_shop_broken(shop, manager):
    bench = Browser(shop.bench)
    bench.post("/sims/printer/do/paper_out", {})
    wait_until(lambda: any(d["health"] == "degraded" for d in manager.get("/api/v1/devices")))
    code, told = doctor(shop)
    assert (code, "The printer has no paper. Put in a new roll and close the cover." in told) == (0, True), told
    bench.post("/sims/printer/do/heal", {})


def test_a_dead_host_and_a_dead_broker_are_told_apart(shop, manager):
    shop.kill("devices")
    wait_until(lambda: "broken  Device host" in doctor(shop)[1])
    shop.kill("broker")
    code, told = doctor(shop)
    assert (code, "broken  Message broker" in told, "Device host" in told) == (1, True, False), told
    shop.start("broker", "devices")


def test_with_a_dead_network_it_prints_without_being_asked(shop, manager, monkeypatch):
    monkeypatch.setattr(hub.doctor, "of_network", lambda: Finding(part="network", tone="bad", says="no_cable"))
    before, told = len(shop.printed()), []
    wish = argparse.Namespace(language="zh_CN", port=shop.web, print=False)
    assert asyncio.run(hub.doctor.visit(shop.settings, wish, told.append)) == 1
    assert told[-1] == "诊断结果已打印。"
    wait_until(lambda: len(shop.printed()) > before)
    assert any("没有插网线" in line for line in shop.printed()[-1]["lines"])
